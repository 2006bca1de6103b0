"""What the chart calls things: events, evidence, notices. Each line reads after a time of day."""

from typing import Any

from flask_babel import lazy_gettext as _

from webapp.care.presence import Evidence
from webapp.care.tags import Tag
from webapp.notify.kinds import NoticeKind
from webapp.web.chart import UNSENT as NOT_SENT
from webapp.web.staff.vocabulary import Word

ENTRY: dict[str, Word] = {
    Tag.PERSON_ADDED: Word(_("Joined the program"), "help", "person"),
    Tag.PERSON_CHANGED: Word(_("Details changed"), "", "person"),
    Tag.PERSON_STATUS_CHANGED: Word(_("Status changed"), "", "person"),
    Tag.ADDRESS_ADDED: Word(_("May be written to at a new address"), "", "mail"),
    Tag.ADDRESS_STOPPED: Word(_("An address is written to no more"), "", "mail"),
    Tag.PREFERENCES_CHANGED: Word(_("Changed their reminders"), "", "settings"),
    Tag.CARE_TEAM_SET: Word(_("Care team named"), "", "team"),
    Tag.SESSION_MOVED: Word(_("Session moved"), "", "clock"),
    Tag.SESSION_CANCELLED: Word(_("Session called off"), "", "close"),
    Tag.SESSION_CONFIRMED: Word(_("Room confirmed"), "", "check"),
    Tag.SESSION_UNKNOWN: Word(_("Nobody could tell who was there"), "", "unsure"),
    Tag.SEAT_GIVEN: Word(_("Has a place"), "", "chair"),
    Tag.SEAT_RELEASED: Word(_("Place given back"), "", "chair"),
    Tag.COMING_CONFIRMED: Word(_("Said: I'll be there"), "help", "check"),
    Tag.JOIN_TAPPED: Word(_("Tapped Join"), "help", "join"),
    Tag.TROUBLE_REPORTED: Word(_("Had trouble connecting"), "wait", "connection"),
    Tag.PRESENCE_SEEN: Word(_("Presence"), "help", "join"),
    Tag.PRESENCE_CORRECTED: Word(_("Presence corrected"), "", "note"),
    Tag.ABSENCE_REPORTED: Word(_("Told us they can't come"), "", "text"),
    Tag.ABSENCE_WITHDRAWN: Word(_("Can come after all"), "help", "check"),
    Tag.ABSENCE_EXCUSED: Word(_("Absence excused"), "", "care"),
    Tag.MAKE_UP_BOOKED: Word(_("Make-up booked"), "help", "catch-up"),
    Tag.MAKE_UP_COMPLETED: Word(_("Made up"), "help", "catch-up"),
    Tag.SUMMARY_PUBLISHED: Word(_("A summary of their own was written"), "", "note"),
    Tag.HOMEWORK_SET: Word(_("Homework was set for them"), "", "note"),
    Tag.HOMEWORK_HANDED_IN: Word(_("Handed in homework"), "help", "text"),
    Tag.HOMEWORK_ANSWERED: Word(_("Homework was answered"), "help", "text"),
    Tag.HOMEWORK_REOPENED: Word(_("Homework was opened again"), "", "text"),
    Tag.RESOURCE_PUBLISHED: Word(
        _("Something to read or watch was put there for them"), "", "book"
    ),
    Tag.RESOURCE_FINISHED: Word(_("Read or watched something to the end"), "help", "book"),
    Tag.FOLLOW_UP_DONE: Word(_("Talked through"), "help", "care"),
    Tag.CONTACT_MADE: Word(_("Contact"), "help", "call"),
    Tag.TASK_OPENED: Word(_("Task opened"), "wait", "tasks"),
    Tag.TASK_JOINED: Word(_("Added to the open review"), "wait", "tasks"),
    Tag.TASK_ACKNOWLEDGED: Word(_("Task taken on"), "", "tasks"),
    Tag.TASK_ATTEMPTED: Word(_("Tried to reach them"), "", "call"),
    Tag.TASK_DONE: Word(_("Task finished"), "help", "check"),
    Tag.TASK_WITHDRAWN: Word(_("Task no longer needed"), "", "check"),
    Tag.TASK_NUDGED: Word(_("Owner reminded of a task"), "", "bell"),
    Tag.TASK_RAISED: Word(_("Supervisor told of a waiting task"), "wait", "up"),
    Tag.TASK_HANDED_OVER: Word(_("Task handed over"), "", "tasks"),
    Tag.PLAN_MADE: Word(_("Plan to rejoin written"), "help", "care"),
    Tag.CONSENT_GRANTED: Word(_("Consent given"), "", "key"),
    Tag.CONSENT_REVOKED: Word(_("Consent taken back"), "", "key"),
    Tag.CONSENT_PAUSED: Word(_("Sharing paused for safety"), "", "key"),
    Tag.MESSAGE_SENT: Word(_("Notice sent"), "", "send"),
    NOT_SENT: Word(_("Notice not sent"), "", "send"),
}
EVIDENCE: dict[str, Any] = {
    Evidence.JOINED: _("joined"),
    Evidence.LEFT: _("left"),
    Evidence.PRESENT: _("marked as here"),
    Evidence.ABSENT: _("marked as not here"),
    Evidence.TAPPED: _("tapped Join"),
}
SOURCE: dict[str, Any] = {
    "staff": _("by staff"),
    "app": _("in the app"),
    "zoom": _("video platform"),
    "platform": _("video platform"),
}
NOTICE: dict[str, Any] = {
    NoticeKind.HEADS_UP: _("early reminder"),
    NoticeKind.SOON: _("reminder"),
    NoticeKind.DOORS_OPEN: _("doors are open"),
    NoticeKind.FIRST_CHECK: _("“your place is kept”"),
    NoticeKind.SECOND_CHECK: _("“your place is kept”, again"),
    NoticeKind.SESSION_MOVED: _("session moved"),
    NoticeKind.SESSION_CANCELLED: _("session called off"),
    NoticeKind.PARTNER_REMINDER: _("partner's reminder"),
    NoticeKind.TASK_OPENED: _("to the care team"),
    NoticeKind.TASK_OVERDUE: _("to the care team again"),
    NoticeKind.MARK_ROOM: _("to the coordinator"),
    NoticeKind.PLACE_HELD: _("a place is held"),
    NoticeKind.MAKE_UP_BOOKED: _("make-up booked"),
    NoticeKind.MAKE_UP_CANCELLED: _("make-up called off"),
    NoticeKind.MAKE_UP_LAPSED: _("other times for a make-up"),
    NoticeKind.CATCH_UP: _("something to catch up on"),
    NoticeKind.HOMEWORK_ANSWERED: _("feedback on homework"),
    NoticeKind.HOMEWORK_REOPENED: _("homework opened again"),
    NoticeKind.HOMEWORK_HANDED_IN: _("homework came in, to the counselor"),
    NoticeKind.REFLECTION_HANDED_IN: _("a reflection came in, to the counselor"),
    NoticeKind.MESSAGE: _("a message waits"),
}
UNSENT: dict[str, Any] = {
    "expired": _("no longer useful"),
    "cancelled": _("not needed any more"),
    "failed": _("could not be delivered"),
}
VIEW: dict[str, Any] = {
    "all": _("All"),
    "misses": _("Misses"),
    "contact": _("Contact"),
    "steps": _("Steps"),
}
PATTERN: dict[str, Any] = {
    "misses": _("Several misses within two weeks"),
    "same_slot": _("Mostly the same weekday or hour"),
    "technical": _("Technical trouble, more than once"),
    "falling_minutes": _("Fewer minutes, week by week"),
    "short_notice": _("Told shortly before, several times"),
    "together": _("Both partners away together"),
    "under_plan": _("Weekly hours below the plan"),
}
HELP: dict[str, Any] = {
    "one_to_one": _("One-to-one sessions"),
    "motivational_interviewing": _("Motivational interviewing"),
    "commitment_review": _("A talk about what they want from the program"),
    "other_times": _("Other times"),
    "technical_check": _("A technical check"),
    "level_of_care_review": _("A look at the level of care"),
    "family_support": _("Family support"),
    "connection_check": _("A connection check"),
    "phone_dial_in": _("Joining by phone"),
    "letter_for_an_employer": _("A letter for the employer"),
    "letter_for_a_school": _("A letter for the school"),
    "support_circle": _("The support circle"),
    "backup_plan": _("Their backup plan"),
    "recording": _("The recording"),
    "rest_first": _("Rest first"),
    "call_from_the_counselor": _("A call from the counselor"),
    "988": _("988, always"),
}
"""What may help: proposals of a pattern and resources of a plan's draft."""
