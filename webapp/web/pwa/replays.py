"""A note kept on a phone is sent again by script until we answer (R7): it asks for JSON, and is told in a word or a sentence."""

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from webapp.refusals import Refusal
from webapp.web.page.filters import sentence


def by_script() -> bool:
    """Whether static/js/phone/outbox.js is asking, not a page."""
    return request.accept_mimetypes.best == "application/json"


def answer(refusal: Refusal | None = None) -> ResponseReturnValue:
    """The note is taken (200), or why not: shown to the person, never swallowed."""
    if refusal is None:
        return jsonify(taken=True)
    return jsonify(code=refusal.code, detail=sentence(refusal)), refusal.status
