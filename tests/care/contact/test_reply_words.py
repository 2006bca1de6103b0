"""Replies to texts as people write them are read for what they ask (rule 16, P9)."""

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.care.contact.reply_words import (
    Reply,
    is_automatic,
    is_spanish,
    is_trouble,
    read,
    says_more,
)

REPLIES = {
    Reply.STOP: [
        "STOP", "stop", "Stop.", '"stop"', "“STOP”", "«Stop»", "'Stop'", "S.T.O.P.", "s t o p", "STOPALL", "Stop all",
        "stop  all", "STOP ALL!!!", "Unsubscribe", "UNSUBSCRIBE.", "Cancel", "cancel.", "END", "Quit", "quit!",
        "REVOKE", "OptOut", "opt out", "Opt-out", "OPT-OUT", "Baja", "ALTO", "¡Alto!", "Parar", "¡Parar!", "pare",
        "basta", "Cancelar", "no más", "no más", "NO MÁS!!", "Stop 🛑", "🛑", "stop 🙏", "STOP please", "Please stop",
        "please STOP!", "stop pls", "Stop. Please.", "STOP\n-- \nMaya", "Stop - Maya", "STOP, Maya T.",
        "Stop\n\nSent from my iPhone", "STOP\nMaya Torres", "ＳＴＯＰ", "stooop", "STOPPP", "stop it", "Stop this",
        "stop texting me", "please stop texting me", "Stop sending me these", "stop sending me texts",
        "pls stop txting me", "can you stop texting me", "Could you please stop messaging me?",
        "I want you to stop texting me", "i'd like you to stop contacting me", "don't text me",
        "Do not contact me again", "dont text this number", "Don't send me any more texts", "don't send me these",
        "i don't want these texts", "I don't want any more messages", "no more texts", "no more messages please",
        "leave me alone", "lose my number", "remove me from your list", "take me off this list", "remove me",
        "remove me from all your texts", "cancel texts", "Quiero dejar de recibir mensajes",
        "I no longer wish to receive texts", "Don't want these", "please do not contact me any longer", "get me off your texting list", "no texts please", "take my number off",
        "unsubscribe me", "I want to unsubscribe", "how do i unsubscribe", "opt me out", "I want to opt out",
        "I'd like to opt out of texts", "who is this? stop", "Who is this? Stop texting me",
        "STOP it please, who are you", "STOP!! who is this", "STOP I never signed up for this", "Hi, stop. Thanks",
        "no me escriban más", "No me escriban", "no me escribas", "por favor no me manden más mensajes",
        "dejen de escribirme", "Dejen de mandarme mensajes por favor", "deje de enviarme textos",
        "no quiero más mensajes", "No quiero recibir mensajes", "no quiero que me escriban", "quiero darme de baja",
        "darme de baja", "denme de baja", "no más mensajes", "basta de mensajes", "quítenme de la lista",
        "borren mi número", "déjenme en paz", "alto por favor", "Baja, gracias", "ya basta", "just stop", "stop now",
        "STOP STOP STOP", '"Stop"  - Ben', "‘stop’", "stop!!1", "(stop)", "[STOP]", "*stop*", "~stop~", "stop…",
        ".stop", "Stop ✋🏽", "quit texting me", "cease all texts", "i said stop", "Ok stop", "stop the texts",
        "stop all these messages", "stop with the reminders", "Stop messaging this phone", "arrêt", "Arret",
    ],
    Reply.WRONG_NUMBER: [
        "wrong number", "Wrong #", "you got the wrong #!", "Wrong number!", "Sorry, wrong number", "you have the wrong number",
        "I think you've got the wrong number", "This is the wrong number, stop texting me", "wrong person",
        "this isn't Maya's phone", "This is not her number anymore", "número equivocado", "Numero equivocado",
        "se equivocó de número", "ya no es su número", "este no es el número de Maya",
    ],
    Reply.START: [
        "START", "start", "Unstop", "UNSTOP.", "alta", "Alta, por favor", "resume", "start please",
    ],
    Reply.HELP: [
        "HELP", "help", "Ayuda", "INFO", "info?", "ayuda por favor", "Help!",
    ],
    Reply.COMING: [
        "1", "1.", "1️⃣", "１", "①", "yes", "Yes!", "YES", "yep", "Yeah", "I'll be there", "i will be there",
        "I’ll be there!", "Yes, I'll be there", "Yes thanks", "Yes. Thank you!", "Sí", "si", "Sí", "sí, gracias",
        "claro", "Ahí estaré", "on my way", "omw", "👍", "👍🏽", "ok", "Ok thanks", "Sure", "confirm", "see you then",
        "Liked “My Day: You have a reminder. Reply STOP to end texts.”", "1 - Maya", "Yes\nMaya",
    ],
    Reply.NOT_COMING: [
        "2", "2.", "2️⃣", "no", "No.", "can't", "Can't make it", "I can’t make it", "i cant make it sorry",
        "Sorry, can't make it", "not coming", "I'm not coming", "I won't be there", "no puedo", "No puedo ir",
        "no voy a poder", "No podré ir", "2 sorry", "2, Maya", "won't make it", "cannot make it", "No, I can't", "👎",
    ],
    Reply.WORDS: [
        "I can't stop crying", "i cant stop crying", "can't stop thinking about it", "don't stop",
        "please don't stop texting me", "Don't stop sending these", "he won't stop texting me",
        "my ex won't stop messaging me", "I told him to stop texting me", "I will stop by", "I'll stop by the office",
        "stop by tomorrow at 5", "ending soon", "the end", "Cancel my appointment Thursday",
        "I need to cancel Thursday", "I quit drinking", "I quit my job today", "end of day works", "Running late",
        "2 minutes late", "1 question", "1 hour late", "2 of us are sick", "I'm at 1 Main St",
        "help me with the link", "I need help with zoom", "can you call me", "yes but I'll be late",
        "No me mandaron el link", "no me llegó el mensaje", "no me escribió nadie", "estoy de baja",
        "Can I come at 7", "When is it?", "Thanks", "Thank you!", "Gracias", "lol", "never mind",
        "I don't write well", "don't send homework yet", "i gave you the wrong number",
        "I want to opt out of Thursday's group", "I can't make it tomorrow", "why don't you text me anymore",
        "they don't text me back", "no dejen de escribirme", "Para mañana no puedo", "no tengo mensajes",
        "i have no messages", "End it all", "I want it to stop", "make it stop", "no sé", "I started a new job",
        "see you never", "alto riesgo", "stop worrying, I'll be there", "Laughed at “You have a reminder”",
        "I just can't", "bus stop is closed", "Let me be clear", "Can you take me off Thursday's session?",
        "get me out of this group please", "No messages from you yet?", "I don't want to text about it, call me",
        "drop me off at 6", "did you get it", "Full stop ahead on 95",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("meant", "text"), [(meant, text) for meant, texts in REPLIES.items() for text in texts]
)
def test_people_are_read_as_they_mean_it(meant, text):
    assert read(text) is meant
    assert read(unicodedata.normalize("NFD", text)) is meant
    assert read(unicodedata.normalize("NFC", text)) is meant


ALWAYS = [
    "stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out", "baja", "alto", "parar",
    "cancelar", "no más", "basta", "please stop", "stop texting me", "no me escriban más", "dejen de escribirme",
]  # fmt: skip
AROUND = st.text(
    st.sampled_from(" .!?¡¿\"'“”‘’«»()[]*~-—…\n\t🙏🛑😡👋🏽✋\u200b\ufe0f"), max_size=4
)
SIGNED = st.sampled_from(
    ["", "\nMaya", "\n-- \nMaya T.", " - Ben", ", thanks", "\n\nSent from my iPhone", "\nEnviado desde mi iPhone", ". Gracias", "!! Ty"]
)  # fmt: skip


def wide(text):
    """In full-width letters, as some keyboards write."""
    return "".join(
        chr(ord(letter) + 0xFEE0) if letter in string.ascii_letters else letter for letter in text
    )


@given(
    st.sampled_from(ALWAYS),
    st.sampled_from([str.lower, str.upper, str.title, str.swapcase, wide]),
    AROUND, AROUND, SIGNED, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]),
)  # fmt: skip
def test_a_stop_word_stops_whatever_is_around_it(word, written, before, after, signed, form):
    text = unicodedata.normalize(form, before + written(word) + after + signed)
    assert read(text) is Reply.STOP


@given(st.text(max_size=200))
def test_any_text_can_be_read(text):
    assert read(text) in Reply
    assert says_more(text) in (True, False)
    assert is_automatic(text) in (True, False)


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("STOP", False), ("stop. please", False), ("STOP - Maya", False), ("please stop texting me", False),
        ("no me escriban más", False), ("Stop, I moved to Boston", True), ("Stop texting me, my husband reads this", True),
    ],
)  # fmt: skip
def test_a_stop_that_says_more_is_told_from_a_bare_one(text, more):
    assert says_more(text) is more


@pytest.mark.parametrize(
    "text", ["sí", "no puedo ir", "Hola, no tengo internet", "claro, ahí estaré"]
)
def test_spanish_is_known_by_its_words(text):
    assert is_spanish(text)
    assert not is_spanish("I have no internet")


TROUBLE = [
    "can't get in",
    "can't find the link",
    "I can't hear you",
    "no internet",
    "no link",
    "no entra",
    "it won't let me in",
    "Zoom isn't working",
    "link doesn't work",
    "my wifi died",
    "the app keeps crashing",
    "where's the link?",
    "what's the passcode",
    "I got kicked out",
    "stuck in the waiting room",
    "nobody can hear me",
    "having trouble connecting",
    "having issues with zoom",
    "trying to log in",
    "send me the link pls",
    "let me in",
    "no puedo entrar",
    "no me deja entrar",
    "el link no funciona",
    "no tengo internet",
    "no encuentro el enlace",
    "no los oigo",
    "no me oyen",
    "se me fue el internet",
    "estoy en la sala de espera",
    "¿cuál es la contraseña?",
    "mándenme el link",
    "no sirve el link",
    "I need help with zoom",
    "help me with the link",
    "can you call me? my wifi died",
    "No me mandaron el link",
    "It's not letting me join",
    "my camera isn't working",
    "sin internet",
    "dead link",
    "tech issues",
    "how do I get on zoom",
    "It says wrong password",
    "problemas para conectarme",
    "no hay sonido",
    "didn't get the link",
    "I can't log on",
]
NO_TROUBLE = [
    "I can't stop crying",
    "running late",
    "can't make it",
    "no puedo ir",
    "thanks",
    "yes but I'll be late",
    "can you call me",
    "I quit my job today",
    "my kid is sick",
    "I was in the hospital",
    "no le veo sentido",
    "see you",
    "I can't see myself coming back",
    "I was at work",
    "Can I come at 7",
    "no sé",
    "Para mañana no puedo",
    "I lost my key",
    "Hello, is my 6 pm still on?",
    "bus broke down",
    "my car broke down",
    "no problem",
    "not yet",
    "trabajo hasta las 6",
    "no quiero ir",
    "estoy enferma",
    "me siento mal",
    "no puedo hablar ahora",
    "ya casi llego",
    "5 min",
    "stuck in traffic",
    "I'm still at work",
    "my boss won't let me leave",
]


@pytest.mark.parametrize("text", TROUBLE)
def test_trouble_with_getting_in_is_known(text):
    for form in ("NFC", "NFD"):
        assert is_trouble(unicodedata.normalize(form, f"Hi, {text.upper()}!! 😕"))


@pytest.mark.parametrize("text", NO_TROUBLE)
def test_other_words_are_no_trouble_with_getting_in(text):
    assert not is_trouble(text)
