"""The refusals that verbs raise to say no, each with a sentence for people.

Nothing has changed when one is raised. `web/page/errors.py` and `web/api/contract/problems.py` show them. Sentences are marked with `N_` and translated where they are shown.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Mark a sentence for translation without translating it here."""
    return sentence


class Refusal(Exception):
    """A verb says no. `field` names the input at fault, if one is; `values` fill the sentence."""

    status = 409
    code = "refused"
    sentence = N_("That can't be done right now.")
    search: Callable[[], Any] | None = None
    """Finds `next_best`. Called only when it is wanted, after the refused transaction has ended, so that nobody waits for a
    lock meanwhile."""

    def __init__(self, sentence: str | None = None, *, field: str | None = None, **values: Any):
        self.sentence = sentence or self.sentence
        self.field = field
        self.values = values
        super().__init__(self.sentence % values if values else self.sentence)

    @cached_property
    def next_best(self) -> Any:
        """What could be done instead: the offer (`care/make_ups/offers.Offer`) that fits best, if there is one."""
        return self.search() if self.search else None


class Invalid(Refusal):
    """The input can't be used; `field` always says which (R12)."""

    status = 422
    code = "invalid"
    sentence = N_("This value can't be used.")


class Unknown(Refusal):
    """It does not exist, or this person may not know that it does: 404 either way (S1)."""

    status = 404
    code = "not-found"
    sentence = N_("There is nothing here by that name.")


class Forbidden(Refusal):
    status = 403
    code = "forbidden"
    sentence = N_("Your account can't do this.")


class Full(Refusal):
    code = "full"
    sentence = N_("This session has no free place.")


class Clash(Refusal):
    code = "clash"
    sentence = N_("You have something else at that time.")


class Cancelled(Refusal):
    code = "cancelled"
    sentence = N_("This session was cancelled.")


class TooLate(Refusal):
    code = "too-late"
    sentence = N_("This can no longer be changed.")


class AlreadyDone(Refusal):
    code = "already-done"
    sentence = N_("This has been done already.")


class Busy(Refusal):
    """Too much of one kind of costly work is going on in this process. Nothing was looked at."""

    status = 503
    code = "busy"
    sentence = N_("It's busy right now. Please try again in a moment.")
    retry_after = 5
    """Seconds."""


class Conflict(Refusal):
    code = "conflict"
    sentence = N_("Someone else changed this meanwhile.")
