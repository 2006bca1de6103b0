"""The vocabulary of events: the tags, and what each means. The fields they may carry: tag_fields.py."""

from enum import StrEnum


class Tag(StrEnum):
    """Past tense, subject first. The value is what the chart, the event feed and the audit log show."""

    PROGRAM_CREATED = "program:created"
    POLICY_CHANGED = "program:policy:changed"
    HELP_PHONE_SET = "program:help_phone:set"
    PERSON_ADDED = "person:added"
    PERSON_CHANGED = "person:changed"
    PERSON_STATUS_CHANGED = "person:status:changed"
    ROLE_GIVEN = "person:role:given"
    ROLE_TAKEN = "person:role:taken"
    ADDRESS_ADDED = "person:address:added"
    ADDRESS_STOPPED = "person:address:stopped"
    ADDRESS_MARKED = "person:address:marked_unsafe"
    ADDRESS_SAFE_AGAIN = "person:address:safe_again"
    ADDRESS_TESTED = "person:address:tested"
    PREFERENCES_CHANGED = "person:preferences:changed"
    COUPLE_FORMED = "couple:formed"
    COUPLE_ENDED = "couple:ended"
    CARE_TEAM_SET = "client:care_team:set"
    SERIES_PLANNED = "series:planned"
    SERIES_CHANGED = "series:changed"
    SESSION_PLANNED = "session:planned"
    SESSION_CHANGED = "session:changed"
    SESSION_MOVED = "session:moved"
    SESSION_CANCELLED = "session:cancelled"
    SESSION_CONFIRMED = "session:presence:confirmed"
    SESSION_UNKNOWN = "session:presence:unknown"
    SEAT_GIVEN = "seat:given"
    SEAT_RELEASED = "seat:released"
    COMING_CONFIRMED = "seat:coming:confirmed"
    JOIN_TAPPED = "seat:join:tapped"
    TROUBLE_REPORTED = "seat:trouble:reported"
    PRESENCE_SEEN = "seat:presence:seen"
    PRESENCE_CORRECTED = "seat:presence:corrected"
    ABSENCE_REPORTED = "seat:absence:reported"
    ABSENCE_WITHDRAWN = "seat:absence:withdrawn"
    ABSENCE_EXCUSED = "seat:absence:excused"
    STEP_TAKEN = "seat:step:taken"
    MAKE_UP_BOOKED = "seat:make_up:booked"
    MAKE_UP_COMPLETED = "seat:make_up:completed"
    MAKE_UP_CANCELLED = "seat:make_up:cancelled"
    MAKE_UP_LAPSED = "seat:make_up:lapsed"
    REFLECTION_HANDED_IN = "seat:reflection:handed_in"
    REFLECTION_CONFIRMED = "seat:reflection:confirmed"
    REFLECTION_ANSWERED = "seat:reflection:answered"
    WAITLIST_JOINED = "seat:waitlist:joined"
    WAITLIST_LEFT = "seat:waitlist:left"
    PLACE_HELD = "seat:place:held"
    PLACE_LET_GO = "seat:place:let_go"
    FOLLOW_UP_DONE = "seat:follow_up:done"
    SUMMARY_PUBLISHED = "session:summary:published"
    HOMEWORK_SET = "homework:set"
    HOMEWORK_CHANGED = "homework:changed"
    HOMEWORK_HANDED_IN = "homework:handed_in"
    HOMEWORK_ANSWERED = "homework:answered"
    HOMEWORK_REOPENED = "homework:reopened"
    RESOURCE_PUBLISHED = "resource:published"
    RESOURCE_CHANGED = "resource:changed"
    RESOURCE_FINISHED = "resource:finished"
    MESSAGE_WRITTEN = "client:message:written"
    AVAILABILITY_SET = "client:availability:set"
    ACCOMMODATION_ASKED = "client:accommodation:asked"
    ACCOMMODATION_ENDED = "client:accommodation:ended"
    BACKUP_PLAN_WRITTEN = "client:backup_plan:written"
    GROUP_TIME_CHANGED = "client:group_time:changed"
    FEED_OPENED = "person:calendar_feed:opened"
    FEED_CLOSED = "person:calendar_feed:closed"
    CONTACT_MADE = "client:contact:made"
    TASK_OPENED = "task:opened"
    TASK_JOINED = "task:joined"
    TASK_ACKNOWLEDGED = "task:acknowledged"
    TASK_ATTEMPTED = "task:attempted"
    TASK_DONE = "task:done"
    TASK_WITHDRAWN = "task:withdrawn"
    TASK_NUDGED = "task:nudged"
    TASK_RAISED = "task:raised"
    TASK_HANDED_OVER = "task:handed_over"
    PLAN_MADE = "client:plan:made"
    CONSENT_GRANTED = "client:consent:granted"
    CONSENT_REVOKED = "client:consent:revoked"
    CONSENT_PAUSED = "client:consent:paused"
    CONSENT_RESUMED = "client:consent:resumed"
    EMERGENCY_ACCESS_BEGAN = "client:emergency_access:began"
    EMERGENCY_ACCESS_ENDED = "client:emergency_access:ended"
    MESSAGE_SENT = "person:message:sent"
    CHART_READ = "client:chart:read"
    LINK_ISSUED = "person:link:issued"
    SIGNED_IN = "person:signed_in"
    SIGNED_OUT = "person:signed_out"
    PROVED_AGAIN = "person:proved_again"
    ACCOUNT_RECOVERED = "person:account:recovered"
    CALLED_BACK = "person:called_back"
    PASSWORD_CHANGED = "person:password:changed"
    PASSKEY_ADDED = "person:passkey:added"
    PASSKEY_REMOVED = "person:passkey:removed"
    PASSKEY_DOUBTED = "person:passkey:doubted"
    SECOND_FACTOR_BEGUN = "person:second_factor:begun"
    SECOND_FACTOR_SET = "person:second_factor:set"
    SECOND_FACTOR_REMOVED = "person:second_factor:removed"
    RECOVERY_CODES_MADE = "person:recovery_codes:made"
    ORIENTED = "client:oriented"
    TOKEN_CREATED = "program:token:created"
    TOKEN_REVOKED = "program:token:revoked"
    GAP_FOUND = "program:gap:found"


MEANING: dict[Tag, str] = {
    Tag.PROGRAM_CREATED: "A program was set up.",
    Tag.POLICY_CHANGED: "A new version of the attendance policy begins.",
    Tag.HELP_PHONE_SET: "The number of the help desk was set, changed or taken away.",
    Tag.PERSON_ADDED: "Someone joined the program's register.",
    Tag.PERSON_CHANGED: "Someone's entry was changed.",
    Tag.PERSON_STATUS_CHANGED: "Someone became active, paused or discharged.",
    Tag.ROLE_GIVEN: "A staff member took on a role.",
    Tag.ROLE_TAKEN: "A staff member left a role.",
    Tag.ADDRESS_ADDED: "A phone, e-mail address or device may be written to.",
    Tag.ADDRESS_STOPPED: "An address is written to no more.",
    Tag.ADDRESS_MARKED: "Somebody else may see what comes to an address: nobody writes or calls there (P9).",
    Tag.ADDRESS_SAFE_AGAIN: "An address is not marked unsafe any more.",
    Tag.ADDRESS_TESTED: "A person asked for a test notice.",
    Tag.PREFERENCES_CHANGED: "A person changed how they are reminded.",
    Tag.COUPLE_FORMED: "Two people are looked after as a couple.",
    Tag.COUPLE_ENDED: "Two people are no longer looked after as a couple.",
    Tag.CARE_TEAM_SET: "A client's care team was named.",
    Tag.SERIES_PLANNED: "A weekly pattern of sessions was planned.",
    Tag.SERIES_CHANGED: "A weekly pattern was changed.",
    Tag.SESSION_PLANNED: "A session was planned.",
    Tag.SESSION_CHANGED: "A session's host, place or title changed.",
    Tag.SESSION_MOVED: "A session moved to another time.",
    Tag.SESSION_CANCELLED: "The program cancelled a session.",
    Tag.SESSION_CONFIRMED: "Staff or the reconciled platform confirmed who was there.",
    Tag.SESSION_UNKNOWN: "The evidence cannot say who was there; nobody is chased (rule 7).",
    Tag.SEAT_GIVEN: "A client has a place in a session.",
    Tag.SEAT_RELEASED: "A client's place was given back.",
    Tag.COMING_CONFIRMED: "The client said: I'll be there.",
    Tag.JOIN_TAPPED: "The client tapped Join: weak evidence of presence (rule 7).",
    Tag.TROUBLE_REPORTED: "The client has trouble connecting.",
    Tag.PRESENCE_SEEN: "Evidence that someone was there, or left.",
    Tag.PRESENCE_CORRECTED: "Staff corrected the presence, with a reason (rule 10).",
    Tag.ABSENCE_REPORTED: "The client can't come, and said so.",
    Tag.ABSENCE_WITHDRAWN: "The client can come after all.",
    Tag.ABSENCE_EXCUSED: "Staff excused an absence, with a reason.",
    Tag.STEP_TAKEN: "A rung of the ladder was taken, or stood down with the reason.",
    Tag.MAKE_UP_BOOKED: "Another time was found for a missed session.",
    Tag.MAKE_UP_COMPLETED: "A missed session was made up.",
    Tag.MAKE_UP_CANCELLED: "A make-up was given up, with the reason; the place is free again.",
    Tag.MAKE_UP_LAPSED: "A make-up went by without the client; another may be found.",
    Tag.REFLECTION_HANDED_IN: "The client wrote what they took from a recording or an assignment.",
    Tag.REFLECTION_CONFIRMED: "Staff confirmed that a recording or an assignment was done.",
    Tag.REFLECTION_ANSWERED: "Staff answered what the client wrote about a recording or an assignment.",
    Tag.WAITLIST_JOINED: "The client would come to a full session if a place gets free.",
    Tag.WAITLIST_LEFT: "The client no longer waits for a place.",
    Tag.PLACE_HELD: "A place got free and is held for the first in line.",
    Tag.PLACE_LET_GO: "A held place was not taken; it goes to the next in line.",
    Tag.FOLLOW_UP_DONE: "What was missed was talked through and is covered (M21).",
    Tag.SUMMARY_PUBLISHED: "A session's summary, or one client's own part of it, may be read.",
    Tag.HOMEWORK_SET: "Homework was set: for one client, or for everyone it is for.",
    Tag.HOMEWORK_CHANGED: "The words or the day of homework changed; nobody is told anew.",
    Tag.HOMEWORK_HANDED_IN: "A client handed homework in.",
    Tag.HOMEWORK_ANSWERED: "Staff gave feedback on homework.",
    Tag.HOMEWORK_REOPENED: "Handed-in homework was opened again, to go on with it.",
    Tag.RESOURCE_PUBLISHED: "A reading, recording, link or assignment was put on the shelf: for one client, or for everyone.",
    Tag.RESOURCE_CHANGED: "Something on the shelf was changed; nobody is told anew.",
    Tag.RESOURCE_FINISHED: "A client read or watched something to the end.",
    Tag.MESSAGE_WRITTEN: "The client or their care team wrote to each other.",
    Tag.AVAILABILITY_SET: "The client said at which hours a make-up suits them.",
    Tag.ACCOMMODATION_ASKED: "The client said what makes taking part possible for them (M25).",
    Tag.ACCOMMODATION_ENDED: "An accommodation is no longer needed.",
    Tag.BACKUP_PLAN_WRITTEN: "The client wrote their own plan for the day when something comes up (M26).",
    Tag.GROUP_TIME_CHANGED: "The client moved to another time of the same group, for good (M27).",
    Tag.FEED_OPENED: "A person made a private calendar link.",
    Tag.FEED_CLOSED: "A private calendar link ended.",
    Tag.CONTACT_MADE: "A two-way sign of life: a call, a reply, a message.",
    Tag.TASK_OPENED: "Work for a staff member.",
    Tag.TASK_JOINED: "A further miss was added to an open review.",
    Tag.TASK_ACKNOWLEDGED: "The owner has seen the task.",
    Tag.TASK_ATTEMPTED: "An attempt that leaves the task open.",
    Tag.TASK_DONE: "The task ended with an outcome.",
    Tag.TASK_WITHDRAWN: "What the task was for has resolved itself (rule 2).",
    Tag.TASK_NUDGED: "The task was due unacknowledged; its owner was reminded (rule 9).",
    Tag.TASK_RAISED: "Half an hour later: the supervisor was told too (rule 9).",
    Tag.TASK_HANDED_OVER: "The owner is away: the role's cover has the task (rule 9).",
    Tag.PLAN_MADE: "A re-engagement plan was written with the client.",
    Tag.CONSENT_GRANTED: "A client allowed one named person to be told one thing.",
    Tag.CONSENT_REVOKED: "A client took a consent back; it ends at once (P3).",
    Tag.CONSENT_PAUSED: "Staff paused a consent for safety (P3).",
    Tag.CONSENT_RESUMED: "Staff let a paused consent count again.",
    Tag.EMERGENCY_ACCESS_BEGAN: "Somebody outside the care team reaches a client for an emergency (P8).",
    Tag.EMERGENCY_ACCESS_ENDED: "An emergency access was ended before its time.",
    Tag.MESSAGE_SENT: "A notice was handed to a channel.",
    Tag.CHART_READ: "Someone read clinical content (P7).",
    Tag.LINK_ISSUED: "A one-time sign-in link was made.",
    Tag.SIGNED_IN: "A person signed in.",
    Tag.SIGNED_OUT: "A login ended.",
    Tag.PROVED_AGAIN: "A person proved again who they are, within the same login.",
    Tag.ACCOUNT_RECOVERED: "A recovery link was used; every other login of the person ended, and their password.",
    Tag.CALLED_BACK: "Staff called a person back on a number on file, before they issued a link.",
    Tag.PASSWORD_CHANGED: "A person chose a password.",
    Tag.PASSKEY_ADDED: "A person can sign in with one more passkey.",
    Tag.PASSKEY_REMOVED: "A passkey opens nothing any more.",
    Tag.PASSKEY_DOUBTED: "A passkey was refused: its count went backwards, so a double of it may exist.",
    Tag.SECOND_FACTOR_BEGUN: "A person began to set up an authenticator app.",
    Tag.SECOND_FACTOR_SET: "A person's authenticator app was confirmed with its first code.",
    Tag.SECOND_FACTOR_REMOVED: "No authenticator app counts for this person any more.",
    Tag.RECOVERY_CODES_MADE: "A person has ten new recovery codes; the earlier ones are void.",
    Tag.ORIENTED: "A client read the attendance policy of a version and said so (M11).",
    Tag.TOKEN_CREATED: "An API token was made.",
    Tag.TOKEN_REVOKED: "An API token was revoked.",
    Tag.GAP_FOUND: "Reconciliation found something that should have happened and had not (R5).",
}
