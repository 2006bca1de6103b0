"""Words, looks and icons for the values that the console shows. Kind, plain, never shaming."""

from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _

from webapp.care.attendance.absences import Reason
from webapp.care.attendance.standing import Standing
from webapp.care.contact.contacts import ContactChannel, Outcome
from webapp.care.contact.tasks import CLOSED, TaskKind
from webapp.care.directory.people import RoleName, Status
from webapp.care.materials.resources import ResourceKind
from webapp.care.preferences.accommodations import Need
from webapp.care.schedule.kinds import SessionKind
from webapp.protocol.ladder.rungs import Rung, State


class Word(NamedTuple):
    """How a value is shown. `look` is help, wait, danger or empty; `icon` a name of templates/ui/icon.html."""

    words: Any
    look: str = ""
    icon: str = "info"


STANDING: dict[str, Word] = {
    Standing.EXPECTED: Word(_("Expected"), "", "clock"),
    Standing.WAITING: Word(_("Waiting"), "wait", "chair"),
    Standing.ATTENDED: Word(_("There"), "help", "check"),
    Standing.PARTIAL: Word(_("There in part"), "help", "check"),
    Standing.EXCUSED: Word(_("Excused"), "", "care"),
    Standing.ABSENT_TOLD: Word(_("Told us"), "", "text"),
    Standing.MISSED: Word(_("Missed"), "wait", "chair"),
    Standing.MADE_UP: Word(_("Made up"), "help", "catch-up"),
    Standing.CANCELLED: Word(_("Cancelled"), "", "close"),
    Standing.UNKNOWN: Word(_("Not known"), "", "unsure"),
}
RUNG: dict[str, Word] = {
    Rung.HEADS_UP: Word(_("Early reminder"), "", "bell"),
    Rung.SOON: Word(_("Reminder"), "", "bell"),
    Rung.DOORS_OPEN: Word(_("Doors are open"), "", "join"),
    Rung.FIRST_CHECK: Word(_("“Your place is kept”"), "", "bell"),
    Rung.SECOND_CHECK: Word(_("“Your place is kept”, again"), "", "bell"),
    Rung.MARK_ROOM: Word(_("Somebody marks the room"), "", "chair"),
    Rung.OUTREACH: Word(_("Counselor reaches out"), "", "call"),
    Rung.ESCALATION: Word(_("Supervisor's review"), "", "team"),
    Rung.REENGAGEMENT: Word(_("Plan to rejoin"), "", "care"),
    Rung.PATTERN_REVIEW: Word(_("A look at the pattern"), "", "unsure"),
}
STATE: dict[str, Word] = {
    State.TAKEN: Word(_("Done"), "help"),
    State.DUE: Word(_("Due now"), "wait"),
    State.SKIP: Word(_("Let go")),
    State.HELD: Word(_("Holding"), "wait"),
    State.STOPPED: Word(_("Not needed")),
    State.LATER: Word(_("Ahead")),
    State.NOT_NEEDED: Word(_("Not needed")),
}
TASK: dict[str, Word] = {
    TaskKind.OUTREACH: Word(_("Reach out"), "", "call"),
    TaskKind.RELATIONAL: Word(_("Talk with the couple"), "", "together"),
    TaskKind.ESCALATION: Word(_("Review together"), "", "team"),
    TaskKind.REENGAGEMENT: Word(_("Plan the way back"), "", "care"),
    TaskKind.PATTERN_REVIEW: Word(_("Look at a pattern"), "", "unsure"),
    TaskKind.MARK_ROOM: Word(_("Mark the room"), "", "chair"),
    TaskKind.MATCH_GUEST: Word(_("Say who a guest is"), "", "person"),
    TaskKind.TECH_HELP: Word(_("Help connecting"), "", "connection"),
    TaskKind.EMERGENCY_REVIEW: Word(_("Review an emergency access"), "", "team"),
    TaskKind.SET_ASIDE: Word(_("Look after it by hand"), "", "unsure"),
    TaskKind.CRISIS: Word(_("Urgent: words of crisis"), "danger", "call"),
    TaskKind.TEXT: Word(_("Whose text is this?"), "", "text"),
    TaskKind.WRONG_NUMBER: Word(_("Ask for the right number"), "", "call"),
    TaskKind.TELL_CHANGE: Word(_("Tell them of a new time"), "", "call"),
}
OUTCOME: dict[str, Word] = {
    Outcome.REACHED: Word(_("Reached"), "help", "check"),
    Outcome.LEFT_MESSAGE: Word(_("Left a message"), "", "text"),
    Outcome.NO_ANSWER: Word(_("No answer"), "", "call"),
    Outcome.CALL_BACK_AT: Word(_("Call back at …"), "", "clock"),
    Outcome.WRONG_NUMBER: Word(_("Wrong number"), "", "close"),
    Outcome.DECLINED: Word(_("Declined"), "", "quiet"),
    CLOSED: Word(_("Close with a reason"), "", "note"),
}
ENDED: dict[str, Any] = {
    "joined": _("They joined after all."),
    "reported": _("They told us themselves."),
    "contact": _("They have been in touch."),
    "spoken": _("Somebody has spoken with them."),
    "excused": _("The absence was excused."),
    "cancelled": _("The session was called off."),
    "reached": _("Reached."),
    "declined": _("Declined, and that is all right."),
    "closed": _("Closed with a reason."),
    "planned": _("A plan was written."),
    "marked": _("The room was marked."),
    "couple_ended": _("They are no longer looked after as a couple."),
}
"""How a task ended; any other value is shown as it is."""
ROLE: dict[str, Any] = {
    RoleName.COUNSELOR: _("Counselor"),
    RoleName.COUPLES_THERAPIST: _("Couples therapist"),
    RoleName.SUPERVISOR: _("Supervisor"),
    RoleName.COORDINATOR: _("Coordinator"),
    RoleName.TECHNICIAN: _("Technician"),
    RoleName.ADMIN: _("Administrator"),
}
KIND: dict[str, Any] = {
    SessionKind.INDIVIDUAL: _("One-to-one"),
    SessionKind.GROUP: _("Group"),
    SessionKind.FAMILY: _("Family session"),
    SessionKind.COUPLES: _("Couple session"),
    SessionKind.PSYCHOEDUCATION: _("Psychoeducation"),
    SessionKind.SUPPORT_GROUP: _("Support group"),
    SessionKind.MEDICATION: _("Medication"),
    SessionKind.CASE_MANAGEMENT: _("Case management"),
    SessionKind.ACTIVITY: _("Activity"),
}
RESOURCE: dict[str, Any] = {
    ResourceKind.READING: Word(_("Reading"), "", "book"),
    ResourceKind.RECORDING: Word(_("Recording"), "", "play"),
    ResourceKind.LINK: Word(_("Link"), "", "connection"),
    ResourceKind.ASSIGNMENT: Word(_("Assignment"), "", "note"),
}
REASON: dict[str, Any] = {
    Reason.TECHNICAL: _("Technical trouble"),
    Reason.WORK: _("Work"),
    Reason.SCHOOL: _("School"),
    Reason.FAMILY: _("Family"),
    Reason.ILLNESS: _("Illness"),
    Reason.EMERGENCY: _("Emergency"),
    Reason.NOT_UP_TO_IT: _("Not up to it"),
    Reason.OTHER: _("Something else"),
    Reason.UNSAID: _("Prefers not to say"),
}
CHANNEL: dict[str, Word] = {
    ContactChannel.CALL: Word(_("Call"), "", "call"),
    ContactChannel.MESSAGE: Word(_("Message"), "", "text"),
    ContactChannel.REPLY: Word(_("Reply to a reminder"), "", "text"),
    ContactChannel.E_MAIL: Word(_("E-mail"), "", "mail"),
    ContactChannel.SMS: Word(_("Text message"), "", "text"),
    ContactChannel.IN_PERSON: Word(_("In person"), "", "person"),
    ContactChannel.APP: Word(_("In the app"), "", "device"),
    "push": Word(_("Notification"), "", "bell"),
}
STATUS: dict[str, Any] = {
    Status.ACTIVE: _("Active"),
    Status.PAUSED: _("Paused"),
    Status.DISCHARGED: _("Left the program"),
}
STEP: dict[str, Any] = {
    "make_up": _("A make-up session"),
    "other_times": _("Other times"),
    "one_to_one": _("One-to-one sessions"),
    "resources": _("Resources at home"),
    "check_ins": _("Short check-ins between sessions"),
    "tech_check": _("A technical check"),
    "family_support": _("Family support"),
    "transport": _("Practical help"),
}
"""Steps of a plan to rejoin."""
PLAN_STEP = {
    "connection_check": "tech_check", "phone_dial_in": "tech_check", "other_times": "other_times",
    "support_circle": "family_support", "one_to_one": "one_to_one", "recording": "resources",
    "call_from_the_counselor": "check_ins", "backup_plan": "resources",
}  # fmt: skip
"""What a drafted plan proposes as a resource → the step that it would be (`STEP`)."""
NEED: dict[str, Word] = {
    Need.SUPPORT_ANIMAL: Word(_("Support animal with them: welcome"), "help", "care"),
    Need.CAPTIONS: Word(_("Captions"), "help", "text"),
    Need.INTERPRETER: Word(_("Interpreter"), "help", "language"),
    Need.CAMERA_OFF: Word(_("Camera stays off"), "help", "join"),
    Need.OTHER: Word(_("Helps them"), "help", "care"),
}
"""Accommodations (M25)."""
PART: dict[str, Any] = {
    "place": _("Another place"),
    "device": _("Another device"),
    "childcare": _("For the children"),
    "dial_in": _("Calls in from"),
    "note": _("Besides"),
}
"""Parts of a client's own backup plan (M26)."""
