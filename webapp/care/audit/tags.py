"""Event tags: one row each with its value, the fields an event of it carries, its meaning, and its words in a client's chart."""

from enum import StrEnum
from typing import Self

from webapp.refusals import N_


class Tag(StrEnum):
    """What happened: past tense, subject first. The value is what the event feed and the audit log show.

    A row reads: value, names of the fields (ids, enum values, numbers and instants only; `events.record` refuses any
    other), meaning, words in the chart, look (help, wait, danger or none), icon (templates/ui/icon.html). Tags without
    chart words are about a program, or shown by their rung.
    """

    fields: frozenset[str]
    meaning: str
    words: str
    """Follows a time of day in the chart; empty for tags that no client's chart shows."""
    look: str
    icon: str

    def __new__(
        cls,
        value: str,
        fields: str = "",
        meaning: str = "",
        words: str = "",
        look: str = "",
        icon: str = "",
    ) -> Self:
        tag = str.__new__(cls, value)
        tag._value_ = value
        tag.fields = frozenset(fields.split())
        tag.meaning, tag.words, tag.look, tag.icon = meaning, words, look, icon
        return tag

    # fmt: off
    PROGRAM_CREATED = ("program:created", "",
        N_("A program was set up."))
    POLICY_CHANGED = ("program:policy:changed", "version",
        N_("A new version of the attendance policy begins."))
    HELP_PHONE_SET = ("program:help_phone:set", "",
        N_("The number of the help desk was set, changed or taken away."))
    PERSON_ADDED = ("person:added", "person kind",
        N_("Someone joined the program's register."), N_("Joined the program"), "help", "person")
    PERSON_CHANGED = ("person:changed", "person",
        N_("Someone's entry was changed."), N_("Details changed"), "", "person")
    PERSON_STATUS_CHANGED = ("person:status:changed", "person status",
        N_("Someone became active, paused or discharged."), N_("Status changed"), "", "person")
    ROLE_GIVEN = ("person:role:given", "person role",
        N_("A staff member took on a role."), N_("Took on a role"), "", "team")
    ROLE_TAKEN = ("person:role:taken", "person role",
        N_("A staff member left a role."), N_("Left a role"), "", "team")
    ADDRESS_ADDED = ("person:address:added", "person address channel",
        N_("A phone, e-mail address or device may be written to."), N_("May be written to at a new address"), "", "mail")
    ADDRESS_STOPPED = ("person:address:stopped", "person address channel why",
        N_("An address is written to no more."), N_("An address is written to no more"), "", "mail")
    ADDRESS_RESUMED = ("person:address:resumed", "person address channel",
        N_("START came from a number that a stop word had ended: it is written to again (P9)."),
        N_("An address is written to again"), "", "mail")
    ADDRESS_MARKED = ("person:address:marked_unsafe", "person address channel",
        N_("Somebody else may see what comes to an address: nobody writes or calls there (P9)."),
        N_("An address is not safe to use"), "wait", "info")
    ADDRESS_SAFE_AGAIN = ("person:address:safe_again", "person address channel",
        N_("An address is not marked unsafe any more."), N_("An address is safe again"), "", "mail")
    ADDRESS_SWITCHED_OFF = ("person:address:switched_off", "person address channel",
        N_("A person said no to notices at an address."), N_("Said no to notices at an address"), "", "mail")
    ADDRESS_TESTED = ("person:address:tested", "person address",
        N_("A person asked for a test notice."), N_("Asked for a test notice"), "", "bell")
    PREFERENCES_CHANGED = ("person:preferences:changed", "person",
        N_("A person changed how they are reminded."), N_("Changed their reminders"), "", "settings")
    COUPLE_FORMED = ("couple:formed", "couple",
        N_("Two people are looked after as a couple."), N_("Looked after as a couple"), "", "together")
    COUPLE_ENDED = ("couple:ended", "couple",
        N_("Two people are no longer looked after as a couple."), N_("No longer looked after as a couple"), "", "together")
    ONE_DEVICE_SAID = ("client:one_device:said", "couple",
        N_("One of a couple said that the two join couples hours on one device; it counts while both say so (rule 7)."),
        N_("Said: we join couples hours on one device"), "", "together")
    ONE_DEVICE_ENDED = ("client:one_device:ended", "couple",
        N_("One of a couple took back that the two join couples hours on one device."),
        N_("Took back: couples hours on one device"), "", "together")
    CARE_TEAM_SET = ("client:care_team:set", "counselor supervisor coordinator",
        N_("A client's care team was named."), N_("Care team named"), "", "team")
    SERIES_PLANNED = ("series:planned", "series",
        N_("A weekly pattern of sessions was planned."), N_("Weekly sessions planned"), "", "schedule")
    SERIES_CHANGED = ("series:changed", "series",
        N_("A weekly pattern was changed."), N_("Weekly sessions changed"), "", "schedule")
    SESSION_PLANNED = ("session:planned", "",
        N_("A session was planned."), N_("Session planned"), "", "schedule")
    SESSION_CHANGED = ("session:changed", "host",
        N_("A session's host, place or title changed."), N_("Session changed"), "", "note")
    SESSION_MOVED = ("session:moved", "was_at starts_at ends_at sequence",
        N_("A session moved to another time."), N_("Session moved"), "", "clock")
    SESSION_CANCELLED = ("session:cancelled", "starts_at",
        N_("The program cancelled a session."), N_("Session called off"), "", "close")
    SESSION_REINSTATED = ("session:reinstated", "starts_at ends_at off_since",
        N_("A session that was cancelled takes place after all."), N_("Session takes place after all"), "", "check")
    SESSION_TIME_CORRECTED = ("session:time:corrected", "starts_at ends_at",
        N_("Somebody who leads corrected when a session took place (rule 14)."),
        N_("Time of the session corrected"), "", "clock")
    SESSION_CONFIRMED = ("session:presence:confirmed", "source",
        N_("Staff or the reconciled platform confirmed who was there."), N_("Room confirmed"), "", "check")
    SESSION_UNKNOWN = ("session:presence:unknown", "",
        N_("The evidence cannot say who was there; nobody is chased (rule 7)."),
        N_("Nobody could tell who was there"), "", "unsure")
    ROOM_LOOKED_AT = ("session:presence:looked_at", "",
        N_("Staff looked into a room and said that nobody else was there (rule 7)."), N_("Looked who is there"), "", "check")
    ROOM_LOOK_UNDONE = ("session:presence:look_undone", "",
        N_("Staff took back that nobody else was in a room."), N_("Took back a look into the room"), "", "note")
    GUEST_IDENTIFIED = ("session:guest:identified", "guest person",
        N_("Staff said who a guest of a session is, or the guest was recognized (rule 7)."), N_("Named in the room"), "help", "person")
    GUEST_UNKNOWN_AGAIN = ("session:guest:unknown_again", "guest person",
        N_("Who a guest of a session is was taken back."), N_("No longer named in the room"), "", "note")
    SEAT_GIVEN = ("seat:given", "number why",
        N_("A client has a place in a session."), N_("Has a place"), "", "chair")
    SEAT_RELEASED = ("seat:released", "why",
        N_("A client's place was given back."), N_("Place given back"), "", "chair")
    COMING_CONFIRMED = ("seat:coming:confirmed", "",
        N_("The client said: I'll be there."), N_("Said: I'll be there"), "help", "check")
    ANSWERED_FROM_NOTICE = ("seat:answered_from_notice", "asked_at",
        N_("The client answered from a reminder, by its link, its button or a text, without opening the app (rule 16)."),
        N_("Answered from a reminder"), "", "mail")
    JOIN_TAPPED = ("seat:join:tapped", "",
        N_("The client tapped Join: weak evidence of presence (rule 7)."), N_("Tapped Join"), "help", "join")
    TROUBLE_REPORTED = ("seat:trouble:reported", "",
        N_("The client has trouble connecting."), N_("Had trouble connecting"), "wait", "connection")
    PRESENCE_SEEN = ("seat:presence:seen", "type at source",
        N_("Evidence that someone was there, or left."), N_("Presence"), "help", "join")
    PRESENCE_CORRECTED = ("seat:presence:corrected", "type at",
        N_("Staff corrected the presence, with a reason (rule 10)."), N_("Presence corrected"), "", "note")
    ABSENCE_REPORTED = ("seat:absence:reported", "report reason notice_hours",
        N_("The client can't come, and said so."), N_("Told us they can't come"), "", "text")
    ABSENCE_WITHDRAWN = ("seat:absence:withdrawn", "report",
        N_("The client can come after all."), N_("Can come after all"), "help", "check")
    ABSENCE_EXCUSED = ("seat:absence:excused", "",
        N_("Staff excused an absence, with a reason."), N_("Absence excused"), "", "care")
    STEP_TAKEN = ("seat:step:taken", "rung occurrence due_at result why",
        N_("A rung of the ladder was taken, or stood down with the reason."))
    PARTNER_REMINDER_DUE = ("seat:partner_reminder:due", "recipient rung",
        N_("A reminder of a session fell due for a person whom the client's consent names."),
        N_("A reminder was due for a person they let know"), "", "bell")
    MAKE_UP_BOOKED = ("seat:make_up:booked", "make_up kind by_seat resource instead_of",
        N_("Another time was found for a missed session."), N_("Make-up booked"), "help", "catch-up")
    MAKE_UP_COMPLETED = ("seat:make_up:completed", "make_up",
        N_("A missed session was made up."), N_("Made up"), "help", "catch-up")
    MAKE_UP_CANCELLED = ("seat:make_up:cancelled", "make_up why",
        N_("A make-up was given up, with the reason; the place is free again."), N_("Make-up given up"), "", "close")
    MAKE_UP_LAPSED = ("seat:make_up:lapsed", "make_up",
        N_("A make-up went by without the client; another may be found."),
        N_("Make-up went by without them"), "wait", "catch-up")
    REFLECTION_HANDED_IN = ("seat:reflection:handed_in", "make_up",
        N_("The client wrote what they took from a recording or an assignment."), N_("Handed in a reflection"), "help", "text")
    REFLECTION_CONFIRMED = ("seat:reflection:confirmed", "make_up",
        N_("Staff confirmed that a recording or an assignment was done."), N_("Reflection confirmed"), "help", "check")
    REFLECTION_ANSWERED = ("seat:reflection:answered", "make_up",
        N_("Staff answered what the client wrote about a recording or an assignment."),
        N_("Reflection was answered"), "help", "text")
    WAITLIST_JOINED = ("seat:waitlist:joined", "entry wanted",
        N_("The client would come to a full session if a place gets free."),
        N_("Waits for a place in a full session"), "", "wait")
    WAITLIST_LEFT = ("seat:waitlist:left", "entry wanted why",
        N_("The client no longer waits for a place."), N_("No longer waits for a place"), "", "wait")
    PLACE_HELD = ("seat:place:held", "held until",
        N_("A place got free and is held for the first in line."),
        N_("A place came free and is held for them"), "help", "chair")
    PLACE_LET_GO = ("seat:place:let_go", "held why",
        N_("A held place was not taken; it goes to the next in line."),
        N_("The held place went to the next in line"), "", "chair")
    FOLLOW_UP_DONE = ("seat:follow_up:done", "",
        N_("What was missed was talked through and is covered (M21)."), N_("Talked through"), "help", "care")
    SUMMARY_PUBLISHED = ("session:summary:published", "summary version",
        N_("A session's summary, or one client's own part of it, may be read."),
        N_("A summary of their own was written"), "", "note")
    HOMEWORK_SET = ("homework:set", "homework",
        N_("Homework was set: for one client, or for everyone it is for."), N_("Homework was set for them"), "", "note")
    HOMEWORK_CHANGED = ("homework:changed", "homework",
        N_("The words or the day of homework changed; nobody is told anew."), N_("Their homework was changed"), "", "note")
    HOMEWORK_HANDED_IN = ("homework:handed_in", "homework hand_in",
        N_("A client handed homework in."), N_("Handed in homework"), "help", "text")
    HOMEWORK_ANSWERED = ("homework:answered", "homework hand_in",
        N_("Staff gave feedback on homework."), N_("Homework was answered"), "help", "text")
    HOMEWORK_REOPENED = ("homework:reopened", "homework hand_in",
        N_("Handed-in homework was opened again, to go on with it."), N_("Homework was opened again"), "", "text")
    RESOURCE_PUBLISHED = ("resource:published", "resource kind",
        N_("A reading, recording, link or assignment was put on the shelf: for one client, or for everyone."),
        N_("Something to read or watch was put there for them"), "", "book")
    RESOURCE_CHANGED = ("resource:changed", "resource kind",
        N_("Something on the shelf was changed; nobody is told anew."),
        N_("Something to read or watch was changed"), "", "book")
    RESOURCE_FINISHED = ("resource:finished", "resource",
        N_("A client read or watched something to the end."), N_("Read or watched something to the end"), "help", "book")
    MESSAGE_WRITTEN = ("client:message:written", "message",
        N_("The client or their care team wrote to each other."), N_("Message written"), "help", "text")
    PARTNER_NOTE_WRITTEN = ("client:partner_note:written", "note recipient",
        N_("Partners wrote to each other: a catch-up note, or a question or answer below it. Nobody else reads it."),
        N_("Wrote to each other as partners"), "", "text")
    AVAILABILITY_SET = ("client:availability:set", "",
        N_("The client said at which hours a make-up suits them."), N_("Said which times suit them"), "", "schedule")
    ACCOMMODATION_ASKED = ("client:accommodation:asked", "accommodation kind",
        N_("The client said what makes taking part possible for them (M25)."),
        N_("Said what helps them take part"), "help", "care")
    ACCOMMODATION_ENDED = ("client:accommodation:ended", "accommodation kind",
        N_("An accommodation is no longer needed."), N_("Needs one of their helps no longer"), "", "care")
    BACKUP_PLAN_WRITTEN = ("client:backup_plan:written", "plan",
        N_("The client wrote their own plan for the day when something comes up (M26)."),
        N_("Wrote their backup plan"), "help", "home")
    GROUP_TIME_CHANGED = ("client:group_time:changed", "was series",
        N_("The client moved to another time of the same group, for good (M27)."),
        N_("Changed to another time of the group"), "", "clock")
    FEED_OPENED = ("person:calendar_feed:opened", "person feed",
        N_("A person made a private calendar link."), N_("Made a calendar link"), "", "schedule")
    FEED_CLOSED = ("person:calendar_feed:closed", "person feed why",
        N_("A private calendar link ended."), N_("A calendar link ended"), "", "schedule")
    CRISIS_WORDS = ("client:crisis_words:found", "kind where owner supervisor",
        N_("Words of self-harm or crisis came in; counselor and supervisor are told at once, unless they were a moment ago (rule 16)."),
        N_("Words of crisis came in"), "danger", "call")
    CONTACT_MADE = ("client:contact:made", "contact channel outcome",
        N_("A two-way sign of life: a call, a reply, a message."), N_("Contact"), "help", "call")
    TASK_OPENED = ("task:opened", "kind owner due_at",
        N_("Work for a staff member."), N_("Task opened"), "wait", "tasks")
    TASK_JOINED = ("task:joined", "kind",
        N_("A further miss was added to an open review."), N_("Added to the open review"), "wait", "tasks")
    TASK_ACKNOWLEDGED = ("task:acknowledged", "kind",
        N_("The owner has seen the task."), N_("Task taken on"), "", "tasks")
    TASK_ATTEMPTED = ("task:attempted", "kind outcome due_at",
        N_("An attempt that leaves the task open."), N_("Tried to reach them"), "", "call")
    TASK_DONE = ("task:done", "kind outcome",
        N_("The task ended with an outcome."), N_("Task finished"), "help", "check")
    TASK_WITHDRAWN = ("task:withdrawn", "kind why",
        N_("What the task was for has resolved itself (rule 2)."), N_("Task no longer needed"), "", "check")
    TASK_NUDGED = ("task:nudged", "kind owner",
        N_("The task was due unacknowledged; its owner was reminded (rule 9)."), N_("Owner reminded of a task"), "", "bell")
    TASK_RAISED = ("task:raised", "kind supervisor",
        N_("Half an hour later: the supervisor was told too (rule 9)."), N_("Supervisor told of a waiting task"), "wait", "up")
    TASK_HANDED_OVER = ("task:handed_over", "kind owner",
        N_("The owner is away: the role's cover has the task (rule 9)."), N_("Task handed over"), "", "tasks")
    PLAN_MADE = ("client:plan:made", "plan",
        N_("A re-engagement plan was written with the client."), N_("Plan to rejoin written"), "help", "care")
    CONSENT_GRANTED = ("client:consent:granted", "consent recipient category",
        N_("A client allowed one named person to be told one thing."), N_("Consent given"), "", "key")
    CONSENT_REVOKED = ("client:consent:revoked", "consent recipient category",
        N_("A client took a consent back; it ends at once (P3)."), N_("Consent taken back"), "", "key")
    CONSENT_PAUSED = ("client:consent:paused", "consent recipient category",
        N_("Staff paused a consent for safety (P3)."), N_("Sharing paused for safety"), "", "key")
    CONSENT_RESUMED = ("client:consent:resumed", "consent recipient category",
        N_("Staff let a paused consent count again."), N_("Paused sharing counts again"), "", "key")
    EMERGENCY_ACCESS_BEGAN = ("client:emergency_access:began", "access person until",
        N_("Somebody outside the care team reaches a client for an emergency (P8)."),
        N_("Emergency access began"), "danger", "key")
    EMERGENCY_ACCESS_ENDED = ("client:emergency_access:ended", "access person until",
        N_("An emergency access was ended before its time."), N_("Emergency access ended"), "", "key")
    MESSAGE_SENT = ("person:message:sent", "person kind channel",
        N_("A notice was handed to a channel."), N_("Notice sent"), "", "send")
    CHART_READ = ("client:chart:read", "what",
        N_("Someone read clinical content (P7)."), N_("Somebody read the chart"), "", "person")
    SHARED_READ = ("client:shared:read", "",
        N_("A person whom a client lets know something opened the page that shows it (P7)."),
        N_("Somebody looked at what they share"), "", "together")
    LINK_ISSUED = ("person:link:issued", "person purpose",
        N_("A one-time sign-in link was made."), N_("A sign-in link was made for them"), "", "key")
    SIGNED_IN = ("person:signed_in", "person way",
        N_("A person signed in."), N_("Signed in"), "", "key")
    SIGNED_OUT = ("person:signed_out", "person why",
        N_("A login ended."), N_("Signed out"), "", "leave")
    PROVED_AGAIN = ("person:proved_again", "person way",
        N_("A person proved again who they are, within the same login."), N_("Confirmed again who they are"), "", "key")
    ACCOUNT_RECOVERED = ("person:account:recovered", "person",
        N_("A recovery link was used; every other login of the person ended, and their password."),
        N_("Came back in with a recovery link"), "", "key")
    CALLED_BACK = ("person:called_back", "person",
        N_("Staff called a person back on a number on file, before they issued a link."),
        N_("Called back before a sign-in link was made"), "", "call")
    PASSWORD_CHANGED = ("person:password:changed", "person",
        N_("A person chose a password."), N_("Chose a password"), "", "key")
    PASSKEY_ADDED = ("person:passkey:added", "person passkey",
        N_("A person can sign in with one more passkey."), N_("Added a passkey"), "", "key")
    PASSKEY_REMOVED = ("person:passkey:removed", "person passkey",
        N_("A passkey opens nothing any more."), N_("Removed a passkey"), "", "key")
    PASSKEY_DOUBTED = ("person:passkey:doubted", "person passkey",
        N_("A passkey was refused: its count went backwards, so a double of it may exist."),
        N_("A passkey was refused: there may be a copy of it"), "wait", "key")
    SECOND_FACTOR_BEGUN = ("person:second_factor:begun", "person",
        N_("A person began to set up an authenticator app."), N_("Began to set up an app for codes"), "", "key")
    SECOND_FACTOR_SET = ("person:second_factor:set", "person",
        N_("A person's authenticator app was confirmed with its first code."), N_("Set up an app for codes"), "", "key")
    SECOND_FACTOR_REMOVED = ("person:second_factor:removed", "person",
        N_("No authenticator app counts for this person any more."), N_("The app for codes counts no longer"), "", "key")
    RECOVERY_CODES_MADE = ("person:recovery_codes:made", "person",
        N_("A person has ten new recovery codes; the earlier ones are void."), N_("Made new recovery codes"), "", "key")
    OWN_COPY_TAKEN = ("person:own_copy:taken", "person",
        N_("A copy of all of a person's own data was made for them."), N_("A copy of their data was made"), "", "note")
    ORIENTED = ("client:oriented", "person version",
        N_("A client read the attendance policy of a version and said so (M11)."),
        N_("Read how attendance works"), "help", "book")
    TOKEN_CREATED = ("program:token:created", "token",
        N_("An API token was made."))
    TOKEN_REVOKED = ("program:token:revoked", "token",
        N_("An API token was revoked."))
    GAP_FOUND = ("program:gap:found", "what count",
        N_("Reconciliation found something that should have happened and had not (R5)."))
    # fmt: on
