"""What the chart calls evidence, notices, ways to make up, patterns and help. The words for events: care/audit/tags.py."""

from typing import Any

from flask_babel import lazy_gettext as _

from webapp.care.attendance.presence import EvidenceType
from webapp.care.make_ups.make_ups import MakeUpKind
from webapp.notify.kinds import NoticeKind

EVIDENCE: dict[str, Any] = {
    EvidenceType.JOINED: _("joined"),
    EvidenceType.LEFT: _("left"),
    EvidenceType.PRESENT: _("marked as here"),
    EvidenceType.ABSENT: _("marked as not here"),
    EvidenceType.ENDED: _("meeting ended"),
    EvidenceType.TAPPED: _("tapped Join"),
    EvidenceType.WAITING: _("waits to be let in"),
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
    NoticeKind.SESSION_REINSTATED: _("session takes place after all"),
    NoticeKind.SESSION_CORRECTED: _("time of a session corrected"),
    NoticeKind.PLACE_GIVEN: _("a place was given"),
    NoticeKind.PLACE_TAKEN: _("a place was taken back"),
    NoticeKind.SCHEDULE_CHANGED: _("several times changed"),
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
    NoticeKind.REFLECTION_ANSWERED: _("an answer to their reflection"),
    NoticeKind.MESSAGE: _("a message waits"),
    NoticeKind.PARTNER_NEWS: _("something new from somebody who lets them know"),
    NoticeKind.TASK_URGENT: _("an urgent task"),
    NoticeKind.TEST_NOTICE: _("a test notice"),
    NoticeKind.INVITATION: _("an invitation"),
    NoticeKind.SIGN_IN_LINK: _("a sign-in link"),
    NoticeKind.SIGN_IN_CHANGED: _("their sign-in changed"),
    NoticeKind.CALENDAR_LINK_MADE: _("a calendar link was made"),
    NoticeKind.ACCOUNT_CHANGED: _("how they are reached changed, or a copy was taken"),
}
WAY: dict[str, Any] = {
    MakeUpKind.SESSION: _("another session"),
    MakeUpKind.RECORDING: _("a recording"),
    MakeUpKind.ASSIGNMENT: _("an assignment"),
    MakeUpKind.OTHER: _("in another way"),
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
