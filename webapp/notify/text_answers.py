"""The automatic answers to text messages: a closed list of neutral words in English and Spanish (P5).

Whoever holds the phone reads them, so they say nothing of treatment, name nobody, and are the same for a number that nobody has. All
but the one for words of crisis fit into one text of the GSM alphabet, whatever the app's name is.
"""

from enum import StrEnum


class Answer(StrEnum):
    """An automatic answer."""

    CRISIS = "crisis"
    HELP = "help"
    STARTED = "started"
    COMING = "coming"
    NOT_COMING = "not_coming"
    STILL_NO = "still_no"
    TROUBLE = "trouble"
    THANKS = "thanks"
    ASK_BACK = "ask_back"


WORDS: dict[Answer, dict[str, str]] = {
    Answer.CRISIS: {
        "en": "You don't have to carry this alone. Call or text 988 now, free, day and night. In danger: call 911."
        " We have asked someone to get in touch with you.",
        "es": "No tienes que pasar por esto sin ayuda. Llama ahora al 988 y marca 2, o manda AYUDA al 988: gratis, a toda hora."
        " En peligro: llama al 911. Le pedimos a alguien que te busque.",
    },
    Answer.HELP: {
        "en": "{app_name}: reminders of your own times. A person reads what you write here. Reply STOP to end texts."
        " In an emergency call 911.",
        "es": "{app_name}: avisos de tus horarios. Una persona lee lo que escribas. Responde ALTO para no recibir textos."
        " Emergencia: 911.",
    },
    Answer.STARTED: {
        "en": "{app_name}: you get texts here again. Reply STOP to end texts.",
        "es": "{app_name}: vuelves a recibir textos. Responde ALTO para no recibir textos.",
    },
    Answer.COMING: {"en": "Thank you. See you then.", "es": "Gracias. Nos vemos."},
    Answer.NOT_COMING: {
        "en": "Thank you for telling us. You need not do anything else.",
        "es": "Gracias por avisarnos. No tienes que hacer nada mas.",
    },
    Answer.STILL_NO: {
        "en": "You told us that you can't come, and that stands. If you can after all, answer 1.",
        "es": "Nos avisaste que no puedes venir, y asi queda. Si al final puedes, responde 1.",
    },
    Answer.TROUBLE: {
        "en": "We have asked someone to help you get in. What to try now: {help_page}",
        "es": "Pedimos a alguien que te ayude a entrar. Prueba ahora esto: {help_page}",
    },
    Answer.THANKS: {
        "en": "Thank you. The people you work with read this, usually by the next working day. In an emergency call 911.",
        "es": "Gracias. Las personas que te conocen lo leen, normalmente el siguiente dia laboral. Emergencia: 911.",
    },
    Answer.ASK_BACK: {
        "en": "Thank you. Please answer with the link in the reminder, so that it reaches the right place.",
        "es": "Gracias. Por favor responde con el enlace del aviso, para que llegue al lugar correcto.",
    },
}
BOTH = {
    "en": " Español: llama al 988 y marca 2.",
    "es": " English: call or text 988.",
}
"""Added to the answer to words of crisis, since the language is a guess."""


def words(answer: Answer, language: str, app_name: str, base_url: str) -> str:
    """The answer in `language` (`en`, `es`; any other is answered in English). `base_url`: of our pages."""
    spoken = language if language in ("en", "es") else "en"
    help_page = f"{base_url.rstrip('/')}/help-connecting"
    said = WORDS[answer][spoken].format(app_name=app_name, help_page=help_page)
    return said + BOTH[spoken] if answer is Answer.CRISIS else said
