"""For each kind of task: what happened, and what to say or check. Never blame, always a next step; a voicemail names no
program (P5)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import gettext as _

from webapp.care.contact.crises import Where
from webapp.care.contact.tasks import Task, TaskKind
from webapp.care.schedule.sessions import Seat
from webapp.refusals import N_
from webapp.web.page.filters import ago, day_and_time

STORY: dict[str, str] = {
    TaskKind.OUTREACH: N_(
        "%(client)s had a place in %(session)s, %(when)s. We have not seen or heard from them since."
    ),
    TaskKind.RELATIONAL: N_(
        "%(client)s was not seen in %(session)s, %(when)s. You know the couple: what may lie between the two?"
    ),
    TaskKind.ESCALATION: N_(
        "%(client)s has been missed more than once in a row, and nobody has heard from them."
    ),
    TaskKind.REENGAGEMENT: N_(
        "%(client)s is in touch again after %(session)s, %(when)s. Now is a good moment to plan the way back together."
    ),
    TaskKind.PATTERN_REVIEW: N_(
        "Something repeats in how %(client)s can take part. It may want another time or another form."
    ),
    TaskKind.MARK_ROOM: N_(
        "Nothing tells us who was in %(session)s, %(when)s. Nobody is being chased; please say who was there."
    ),
    TaskKind.MATCH_GUEST: N_(
        "Somebody is in %(session)s, %(when)s, whom the platform does not name, and somebody is waited for. Nobody is being chased; please say who it is."
    ),
    TaskKind.TECH_HELP: N_(
        "%(client)s wants to join %(session)s and can't get in. They asked for help %(asked)s."
    ),
    TaskKind.EMERGENCY_REVIEW: N_(
        "Somebody outside the care team opened %(client)s's chart for an emergency. Look at the reason and at what was read, and write down what you make of it."
    ),
    TaskKind.SET_ASIDE: N_(
        "Something in %(count)s of the program's %(what)s can't be read, so no reminder or task comes of it by itself. Everything else goes on. Please look after it by hand, and tell your administrator."
    ),
    TaskKind.CRISIS: N_(
        "%(client)s may be in danger: words of self-harm or crisis came %(where)s, %(asked)s. 988 was given to them at once. Please get in touch now."
    ),
    TaskKind.TEXT: N_(
        "A text came, and it can't be told whose it is: %(whose)s. Please find out, and pass it on to whoever looks after them. Nothing was said to the sender about anybody."
    ),
    TaskKind.WRONG_NUMBER: N_(
        "Somebody else has the number we had for %(client)s, and said so. Nothing is sent there any more, and nobody should call it. Please ask %(client)s for the right one."
    ),
    TaskKind.TELL_CHANGE: N_(
        "Something changed in %(client)s's times, and there is no way to write to them: they have no address that works. Please tell them how their schedule is now, and ask where they would like to be written to."
    ),
}
WHERE: dict[str, str] = {
    Where.APP: N_("in the app"),
    Where.TEXT: N_("by text"),
    Where.SHARED_NUMBER: N_(
        "by text from a number that several people use, so they may be another's"
    ),
    Where.UNKNOWN_NUMBER: N_("by text from a number that nobody has"),
    Where.SYSTEM: N_("from another system"),
}


BOTH = N_(
    "%(client)s were not seen in %(session)s, %(when)s. You know the couple: what may lie between the two?"
)
"""A couple's evening that both partners missed (rule 8)."""
HEARD: dict[str, str] = {
    TaskKind.OUTREACH: N_(
        "%(client)s had a place in %(session)s, %(when)s. We have not seen them since, but they were in touch: %(heard)s."
    ),
    TaskKind.RELATIONAL: N_(
        "%(client)s was not seen in %(session)s, %(when)s, and was in touch afterwards: %(heard)s. You know the couple: what may lie between the two?"
    ),
    TaskKind.ESCALATION: N_(
        "%(client)s has been missed more than once in a row. They have been in touch since: %(heard)s."
    ),
}
"""The same once the client was in touch after the miss (rule 17)."""


SUBJECTS: dict[str, str] = {
    "": N_("entries"),
    "seat": N_("places in sessions"),
    "session": N_("sessions"),
    "series": N_("series of sessions"),
    "task": N_("tasks"),
    "person": N_("clients"),
    "make_up": N_("make-ups"),
    "held_place": N_("held places"),
    "waitlist_entry": N_("waiting lists"),
    "letter": N_("messages from the video platform"),
    "text": N_("text messages"),
    "event": N_("facts to tell people of"),
    "notification": N_("notices"),
}
"""What can be set aside, in words (`batches.SetAside.subject`)."""


UNPLANNED = N_(
    "%(series)s can't be planned as it stands: a session has no free place for a member, or the rule it repeats by can't be kept. All other series are planned. Give the member another place or the session more of them, or plan the series anew."
)


def story(task: Task, heard_at: datetime | None = None, missed: Sequence[Seat] = ()) -> str:
    """What happened, in one or two sentences. `heard_at`: when the client was last in touch, if since the miss (rule 17). `missed`:
    the seats that it is about."""
    both = list(dict.fromkeys(seat.client.name for seat in missed))
    if task.kind == TaskKind.RELATIONAL and len(both) > 1:
        names = _("%(one)s and %(other)s", one=both[0], other=both[1])
        return gettext(BOTH) % (_values(task) | {"client": names})
    if heard_at and task.kind in HEARD:
        return gettext(HEARD[task.kind]) % (_values(task) | {"heard": day_and_time(heard_at)})
    sentence = UNPLANNED if task.brief.get("titles") else STORY.get(task.kind)
    return gettext(sentence) % _values(task) if sentence else ""


def _values(task: Task) -> dict[str, Any]:
    session = task.session
    return {
        "client": task.client.name if task.client else _somebody(task),
        "where": gettext(WHERE.get(task.brief.get("where", ""), "")),
        "whose": _whose(task),
        "session": session.title if session else _("a session"),
        "when": day_and_time(session.starts_at) if session else "",
        "asked": ago(task.created_at),
        "series": ", ".join(f"“{title}”" for title in task.brief.get("titles", ())),
        "count": task.brief.get("count", 1),
        "what": gettext(SUBJECTS.get(task.brief.get("subject", ""), SUBJECTS[""])),
    }


def _somebody(task: Task) -> str:
    return _("a colleague") if task.kind == TaskKind.WRONG_NUMBER else _("Somebody")


def _whose(task: Task) -> str:
    """Why it can't be told whose a text is."""
    people = task.brief.get("people") or []
    if not people:
        return _("nobody here has the number")
    if len(people) > 1:
        return _("several people use the number")
    return _("its sender has no care team who could read it")


def script(task: Task, mine: str) -> list[str]:
    """Lines to say or check, as the task's brief asks for. `mine`: the reader's first name."""
    names = {"client": _first(task.client.name if task.client else ""), "me": mine}
    keys = [
        *OPENING.get(task.kind, ()),
        *task.brief.get("prompts", ()),
        *CLOSING.get(task.kind, ()),
    ]
    return [gettext(LINES[key]) % names for key in dict.fromkeys(keys) if key in LINES]


OPENING: dict[str, tuple[str, ...]] = {
    TaskKind.OUTREACH: ("greeting",),
    TaskKind.TECH_HELP: ("call_now", "check_in_order", "place_is_kept"),
}
CLOSING: dict[str, tuple[str, ...]] = {
    TaskKind.OUTREACH: ("next_one_easier", "voicemail", "not_safe"),
    TaskKind.RELATIONAL: ("each_alone",),
    TaskKind.ESCALATION: ("who_else",),
    TaskKind.REENGAGEMENT: ("in_their_words", "one_that_fits", "other_times", "one_check_in"),
}
"""Lines before and after the prompts in the task's brief."""
LINES: dict[str, str] = {
    "greeting": N_("“Hi %(client)s, this is %(me)s. I'm glad I caught you. Are you all right?”"),
    "place_is_kept": N_("“Your place is kept.” Say it early."),
    "what_got_in_the_way": N_("“What got in the way?” Then listen first."),
    "another_time": N_("“Let's find another time that fits.” Offer two."),
    "next_one_easier": N_("“What would make the next one easier?”"),
    "voicemail": N_("Voicemail: your first name and number, nothing else. Never name the program."),
    "not_safe": N_(
        "If they are not safe: stay on the line and follow the crisis plan. 988 helps too."
    ),
    "tension": N_("Tension: did something happen between the two before the session?"),
    "miscommunication": N_("Miscommunication: did each know what the other had planned?"),
    "practical_load": N_("Practical load: who has the children, the car, the quiet room?"),
    "each_alone": N_(
        "Speak with each alone first. Pass on nothing that was not meant to be passed on."
    ),
    "treatment_plan": N_("Treatment plan: does it still fit how things are?"),
    "risk_factors": N_("Risk: what do we know, and who has seen them last?"),
    "extra_check_in": N_("An extra one-to-one check-in: who, and when?"),
    "who_else": N_("Who else may we reach, by consent?"),
    "who_was_there": N_("Ask the host, look at the chat, then mark each person."),
    "who_is_this": N_("Ask them in the room who they are, then say so with one tap on its page."),
    "in_their_words": N_("“What was in the way?” Write it down in their words."),
    "one_that_fits": N_("Agree on one make-up that fits; for a couple, one that fits both."),
    "other_times": N_("Ask whether another time of day would be easier."),
    "one_check_in": N_("Set one short check-in for this week."),
    "read_their_words": N_("Read their own words first: in their messages, or below."),
    "call_at_once": N_("Call now. If nobody answers, try again in a few minutes, and another way."),
    "ask_directly": N_(
        "Ask directly: “Are you thinking about killing yourself?” It does no harm to ask."
    ),
    "stay_with_them": N_(
        "In danger now: stay on the line, call 911 on another, and follow the crisis plan. 988 can be called together."
    ),
    "who_is_near": N_("Who is with them, and who may be called, by consent?"),
    "write_down": N_("Write down what was said, what was agreed, and when you talk again."),
    "call_now": N_("Call them: they are sitting before a dark screen."),
    "check_in_order": N_(
        "Network, camera and microphone, then the browser. Else the phone dial-in."
    ),
}


def _first(name: str) -> str:
    return name.split(" ")[0]
