"""Responses to notes that a phone kept and sends again by script until the server has taken or refused them (R7)."""

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from webapp.refusals import Refusal
from webapp.web.page.filters import sentence


def by_script() -> bool:
    """Whether static/js/phone/outbox.js sent the request and expects JSON."""
    return request.accept_mimetypes.best == "application/json"


def answer(refusal: Refusal | None = None) -> ResponseReturnValue:
    """JSON that says the note is taken (200), or why it is refused, which the phone shows to the person."""
    if refusal is None:
        return jsonify(taken=True)
    return jsonify(code=refusal.code, detail=sentence(refusal)), refusal.status
