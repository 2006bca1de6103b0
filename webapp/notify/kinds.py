"""The kinds of notice: each has a folder in templates/notices/, an urgency and buttons."""

from dataclasses import dataclass
from enum import StrEnum

from webapp.refusals import N_

ANSWERS = "/answers/"
"""Where a button's token is posted to (delivery/action_tokens.py)."""
REPLIES = "/reply/"
"""The page on which an e-mail's link asks once more before it answers."""


class NoticeKind(StrEnum):
    """The value is the folder's name; the first five are rungs of the ladder."""

    HEADS_UP = "heads_up"
    SOON = "soon"
    DOORS_OPEN = "doors_open"
    FIRST_CHECK = "first_check"
    SECOND_CHECK = "second_check"
    SESSION_MOVED = "session_moved"
    SESSION_CANCELLED = "session_cancelled"
    SESSION_REINSTATED = "session_reinstated"
    SESSION_CORRECTED = "session_corrected"
    PLACE_GIVEN = "place_given"
    PLACE_TAKEN = "place_taken"
    SCHEDULE_CHANGED = "schedule_changed"
    PARTNER_REMINDER = "partner_reminder"
    PARTNER_NEWS = "partner_news"
    PLACE_HELD = "place_held"
    MAKE_UP_BOOKED = "make_up_booked"
    MAKE_UP_CANCELLED = "make_up_cancelled"
    MAKE_UP_LAPSED = "make_up_lapsed"
    CATCH_UP = "catch_up"
    HOMEWORK_ANSWERED = "homework_answered"
    HOMEWORK_REOPENED = "homework_reopened"
    HOMEWORK_HANDED_IN = "homework_handed_in"
    REFLECTION_HANDED_IN = "reflection_handed_in"
    REFLECTION_ANSWERED = "reflection_answered"
    MESSAGE = "message"
    TASK_OPENED = "task_opened"
    TASK_OVERDUE = "task_overdue"
    TASK_URGENT = "task_urgent"
    MARK_ROOM = "mark_room"
    TEST_NOTICE = "test_notice"
    INVITATION = "invitation"
    SIGN_IN_LINK = "sign_in_link"
    SIGN_IN_CHANGED = "sign_in_changed"
    CALENDAR_LINK_MADE = "calendar_link_made"
    ACCOUNT_CHANGED = "account_changed"


class Action(StrEnum):
    """What a notification's button does, for one seat and nothing else (S9)."""

    CONFIRM = "confirm"
    JOIN = "join"
    ABSENCE = "absence"
    TROUBLE = "trouble"


BUTTONS = {
    Action.CONFIRM: N_("I'll be there"),
    Action.JOIN: N_("Join"),
    Action.ABSENCE: N_("Can't make it"),
    Action.TROUBLE: N_("Trouble connecting"),
}

REMINDERS = (NoticeKind.HEADS_UP, NoticeKind.SOON, NoticeKind.DOORS_OPEN)
CHECKS = (NoticeKind.FIRST_CHECK, NoticeKind.SECOND_CHECK)
ASKING = (*REMINDERS, *CHECKS)
"""Kinds that ask whether somebody comes: texts say how to answer, e-mails carry a link for each answer (rule 16)."""
ANSWERS_TO_GIVE = (Action.CONFIRM, Action.ABSENCE)
"""The two answers, 1 and 2."""
STAFF = (
    NoticeKind.TASK_OPENED, NoticeKind.TASK_OVERDUE, NoticeKind.TASK_URGENT, NoticeKind.MARK_ROOM,
)  # fmt: skip
HAND_INS = (NoticeKind.HOMEWORK_HANDED_IN, NoticeKind.REFLECTION_HANDED_IN)
"""To staff, but no task: nothing is due, so they wait for the end of quiet hours."""
BOOKINGS = frozenset(
    {NoticeKind.MAKE_UP_BOOKED, NoticeKind.MAKE_UP_CANCELLED, NoticeKind.SESSION_MOVED, NoticeKind.SESSION_CANCELLED}
)  # fmt: skip
"""What is told of a make-up that somebody else books, moves or gives up."""
CHANGES = frozenset(
    {NoticeKind.SESSION_MOVED, NoticeKind.SESSION_CANCELLED, NoticeKind.SESSION_REINSTATED, NoticeKind.SESSION_CORRECTED,
     NoticeKind.PLACE_GIVEN, NoticeKind.PLACE_TAKEN, NoticeKind.SCHEDULE_CHANGED}
)  # fmt: skip
"""What tells clients of changes of their own times, the last of several changes at once (rule 4)."""
FEEDBACK = frozenset(
    {NoticeKind.HOMEWORK_ANSWERED, NoticeKind.HOMEWORK_REOPENED, NoticeKind.REFLECTION_ANSWERED}
)
"""What staff answered or opened again, each about one thing that was handed in."""
FOLDED: dict[NoticeKind, frozenset[NoticeKind]] = {
    NoticeKind.MESSAGE: frozenset({NoticeKind.MESSAGE}),
    NoticeKind.PARTNER_NEWS: frozenset({NoticeKind.PARTNER_NEWS}),
    **dict.fromkeys(HAND_INS, frozenset(HAND_INS)),
    **{kind: frozenset({kind}) for kind in FEEDBACK},
    **dict.fromkeys(BOOKINGS, BOOKINGS),
}  # fmt: skip
"""Kind → the kinds with which it is folded into one notice, when they are about the same client (announcing/folding.py, S17)."""
NEWS = (
    NoticeKind.PLACE_HELD, NoticeKind.MAKE_UP_CANCELLED, NoticeKind.MAKE_UP_LAPSED,
    NoticeKind.CATCH_UP, NoticeKind.HOMEWORK_ANSWERED, NoticeKind.HOMEWORK_REOPENED, *HAND_INS,
    NoticeKind.REFLECTION_ANSWERED, NoticeKind.MESSAGE, NoticeKind.SESSION_CORRECTED, NoticeKind.PARTNER_NEWS,
)  # fmt: skip
"""About nothing that is coming up: in quiet hours they wait for the morning."""
SECURITY = (
    NoticeKind.SIGN_IN_CHANGED, NoticeKind.CALENDAR_LINK_MADE, NoticeKind.ACCOUNT_CHANGED,
)  # fmt: skip
"""How somebody signs in and is reached, and who else may read what is theirs (S3, S19)."""
LINKS = (NoticeKind.INVITATION, NoticeKind.SIGN_IN_LINK)
"""Sent by e-mail alone: they validate that very address (S3)."""


@dataclass(frozen=True, slots=True)
class Traits:
    """`urgency`: RFC 8030, 5.3; `high` wakes a sleeping phone. `buttons`: shown in this order; some phones show two."""

    urgency: str = "high"
    buttons: tuple[Action, ...] = ()


_OUTLOOK = (Action.CONFIRM, Action.ABSENCE)
_CHECK = (Action.JOIN, Action.ABSENCE, Action.TROUBLE)

TRAITS: dict[NoticeKind, Traits] = {kind: Traits() for kind in NoticeKind} | {
    NoticeKind.HEADS_UP: Traits("normal", _OUTLOOK),
    NoticeKind.SOON: Traits("high", _OUTLOOK),
    NoticeKind.DOORS_OPEN: Traits("high", (Action.JOIN, Action.ABSENCE)),
    NoticeKind.FIRST_CHECK: Traits("high", _CHECK),
    NoticeKind.SECOND_CHECK: Traits("high", _CHECK),
    **dict.fromkeys(NEWS, Traits("normal")),
    NoticeKind.PLACE_HELD: Traits("high"),
}
