"""Words of self-harm and crisis are found, however they are written; wide on purpose (rule 16)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.care.contact import crisis_words
from webapp.care.contact.crisis_words import ENGLISH, SPANISH, found

MEANT = [
    "I want to hurt myself", "kill my self", "kms", "K.M.S.", "k m s", "suicid…", "s u i c i d e", "s.u.i.c.i.d.e", "su1c1de",
    "su*cide", "sui cide", "k*ll myself", "k1ll mys3lf", "kiiiill myself", "killmyself", "KILL MYSLEF", "ＫＩＬＬ ＭＹＳＥＬＦ",
    "d!e i want to d!e", "I'm gonna kill myself", "i wanna die", "want 2 die", "i just wanna fucking die", "dont want to be here anymore",
    "I don’t want to be here any more", "I don't really want to be alive anymore", "end it all", "thinking about ending it all",
    "end my life", "overdose", "overdosing", "I OD'd", "took all my pills", "better off dead", "everyone would be better off without me",
    "i wish i was dead", "I can't do this anymore", "no reason to live", "whats the point of living", "unalive myself", "I have a gun",
    "i feel hopeless", "im not safe", "goodbye forever", "i cut myself again", "no quiero vivir", "ya no quiero vivir", "quitarme la vida",
    "me quiero morir", "QUIERO MORIRME", "hacerme daño", "me hice daño anoche", "no puedo más", "ya no aguanto", "sobredosis", "me voy a matar",
    "quiero desaparecer", "pienso en el suicidio", "me corté", "tomé todas las pastillas",
    "K.M.S. I do", "a k m s", "K.M.S.\n0", "i s.u.i.c.i.d.e", "STOP. I want to die", 'Liked "it". I want to die', "wrong number, i will kill myself", "2. i cant go on",
    "No pude más con todo esto", "estoy harta de todo, para qué seguir", "Harto de todo", "ya para q seguir", "I'm done. goodbye everyone",
    "Goodbye everyone!", "adiós a todos", "drank again, i hate myself", "i hate my self", "I give up", "honestly I just give up", "im giving up",
    "me rindo", "me odio", "odio mi vida", "what's even the point anymore", "nobody would miss me", "no one would even miss me",
    "I'm such a burden", "soy una carga para todos", "no sirvo para nada", "estoy cansada de todo", "me doy por vencida",
]  # fmt: skip
NOT_MEANT = [
    "I can't stop crying", "STOP", "1", "2", "yes", "HELP", "On my way", "running late, traffic", "can't make it tonight", "no puedo ir",
    "My kid is sick", "I'll be there", "can you call me? my wifi died", "dead battery", "estoy enferma", "ya voy", "how do I join",
    "Liked “You don't have to carry this alone. Call or text 988 now, free, day and night.”", "I quit smoking", "the end", "I'm done at 5", "I'm done with work, joining now", "goodbye, see you tomorrow", "Bye everyone, good night",
    "don't give up on me", "never give up", "I hate zoom", "I hate this app", "no pude entrar", "no pude llegar", "para qué hora es?",
    "¿para qué es el link?", "adiós, hasta mañana", "ya no puedo ir", "estoy cansada",
    "harta del tráfico", "what's the point of the form?", "what is the meeting id", "I gave you the form", "all done",
]  # fmt: skip


@pytest.mark.parametrize("text", MEANT)
def test_they_are_found(text):
    for form in ("NFC", "NFD"):
        assert found(unicodedata.normalize(form, text))
        assert found(unicodedata.normalize(form, f"Hi Carla,\n{text.upper()}!!! 😢\nMaya"))


@pytest.mark.parametrize("text", NOT_MEANT)
def test_ordinary_replies_are_not_taken_for_them(text):
    assert not found(text)


@pytest.mark.parametrize("line", [line for line in (ENGLISH + SPANISH).splitlines() if line])
def test_every_line_of_the_list_is_found_in_a_sentence(line):
    said = line.replace("*", "")
    assert found(said)
    assert found(f"...{said.title()}, and so on")


@given(st.sampled_from(MEANT), st.text(max_size=80), st.text(max_size=80))
def test_what_stands_around_them_hides_nothing(words, before, after):
    assert found(f"{before}\n{words}\n{after}")


def test_the_lists_are_plain_lines():
    lines = (ENGLISH + SPANISH).strip().splitlines()
    assert all(line == line.strip().lower() for line in lines if line)
    assert len(lines) > 250
    assert not found(None)
    assert not crisis_words.found("")


@pytest.mark.parametrize("sign", ["[", "1", "_", "k*", "a_", "\u0300", "- ", "`"])
def test_a_run_of_signs_costs_no_more_than_its_length(sign):
    """Whoever is signed in can send one; a search that grew with its square would take hours here."""
    assert not found(sign * 200_000)
    assert found(f"I want to k*ll myself {sign * 200_000}")
