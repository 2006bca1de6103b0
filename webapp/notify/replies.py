"""Acts on text messages that come in (rule 16): stops, starts, answers a reminder, or passes words on to the care team.

A text is kept before anything else (operations/received_texts.py); acting on it is one transaction, in its request or, if that did
not get so far, by the worker. Words of crisis are acted on whatever else a text says.

Of whom a number is: of everybody with a text address there that no one has declared wrong, or with the number in the roster; of those
who are active, if any are. An answer is one person's only if no more than one of them has been asked something that is still open.
Other words from a number of several people go to no thread, where one might read another's: a task shows them to the coordinator.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select

from webapp import batches
from webapp.batches import Batch
from webapp.care.attendance import absences
from webapp.care.contact import (
    addresses,
    contacts,
    crises,
    crisis_words,
    help_calls,
    messages,
    reply_words,
    stop_words,
    task_owners,
    tasks,
)
from webapp.care.contact.addresses import Address, Channel
from webapp.care.contact.contacts import ContactChannel, Outcome
from webapp.care.contact.crises import Where
from webapp.care.contact.reply_words import Reply
from webapp.care.contact.tasks import Task, TaskKind
from webapp.care.directory.people import Kind, Person, RoleName
from webapp.care.directory.programs import Program
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Database, Store
from webapp.notify import answers
from webapp.notify.kinds import ASKING, Action
from webapp.notify.outbox import Notification
from webapp.notify.text_answers import Answer
from webapp.operations import rate_limits, received_texts
from webapp.operations.rate_limits import CRISIS_ANSWER, TEXT_ANSWER, TooMany
from webapp.operations.received_texts import ReceivedText, ShownText
from webapp.refusals import Refusal

THANKED_FOR = timedelta(hours=6)
"""How long a number is not told again who reads what it writes."""
LOOK_WITHIN = timedelta(hours=2)
"""When the coordinator should have looked at a text of which nobody knows whose it is."""
NEAR = timedelta(hours=1)
"""How long before a session a text of trouble is one of getting in: as long as its page puts Join first."""
ASKED_WITHIN = timedelta(days=8)
"""How far back a reminder may lie that a reply answers: clients choose up to a week."""
TEXTS = Batch("read texts", "text", ReceivedText.id, received_texts.program_of, 100)


def read_waiting(database: Database, now: datetime) -> int:
    """Chore: act on texts on which their request could not. They get no automatic answer any more. Returns how many."""

    def act_on_all(store: Store, texts: Sequence[ReceivedText]) -> int:
        for text in texts:
            act(store, text, now)
        return len(texts)

    return batches.run_batch(database, now, TEXTS, received_texts.waiting(now), act_on_all)


def act(store: Store, text: ReceivedText, now: datetime) -> Answer | None:
    """Do what the text asks for, once; returns the automatic answer it gets, if any. The same text again gets the same answer."""
    if text.is_heeded:
        return Answer(text.answer) if text.answer else None
    words, people = text.body, holders(store, text.phone)
    reply, crisis = _read(text), crisis_words.found(words)
    answer, in_thread = _do(store, text, reply, people, crisis, now)
    if crisis:
        _tell(store, text, people, in_thread, now)
        answer = Answer.CRISIS
    spanish = reply_words.is_spanish(words) or any(person.language == "es" for person in people)
    text.reply, text.heeded_at, text.language = reply.value, now, "es" if spanish else "en"
    answer = _allowed(store, text, people, answer, now)
    text.answer = answer and answer.value
    store.flush()
    shown = select(ShownText.task_id).where(ShownText.text_id == text.id)
    if store.scalar(shown.limit(1)) is None:
        text.settled_at, text.body = now, ""
    return answer


def holders(store: Store, phone: str) -> list[Person]:
    """The people whose number this is, oldest first; the active ones if there are any."""
    latest = (
        select(Address.person_id, Address.stopped_why)
        .where(Address.channel == Channel.SMS, Address.value == phone)
        .order_by(Address.id)
    )
    latest_why = {row.person_id: row.stopped_why for row in store.execute(latest)}
    written_to = {who for who, why in latest_why.items() if why in (None, addresses.STOP_WORD)}
    wrong = {who for who, why in latest_why.items() if why == stop_words.WRONG_NUMBER}
    in_roster = and_(Person.phone == phone, Person.id.not_in(wrong))
    theirs = or_(Person.id.in_(written_to), in_roster)
    found = select(Person).where(theirs, Person.kind != Kind.INTEGRATION).order_by(Person.id)
    people = list(store.scalars(found))
    return [person for person in people if person.active] or people


def _read(text: ReceivedText) -> Reply:
    """How the text is read; what the provider has read by itself stands."""
    reply = reply_words.read(text.body)
    if text.keyword == "STOP" and reply is not Reply.WRONG_NUMBER:
        return Reply.STOP
    if text.keyword in ("START", "HELP") and reply is Reply.WORDS:
        return Reply(text.keyword.lower())
    return reply


def _do(
    store: Store,
    text: ReceivedText,
    reply: Reply,
    people: list[Person],
    crisis: bool,
    now: datetime,
) -> tuple[Answer | None, bool]:
    """Act on the text, words of crisis aside; returns the answer for it, and whether the words stand in their client's thread."""
    match reply:
        case Reply.WRONG_NUMBER:
            stop_words.belongs_to_another(store, text.phone, now)
            return None, False
        case Reply.STOP:
            stop_words.stop(store, text.phone, now)
            more = crisis or reply_words.says_more(text.body)
            return None, more and _pass_on(store, text, people, now)
        case Reply.START:
            resumed = stop_words.start(store, text.phone, now)
            return Answer.STARTED if resumed and text.keyword is None else None, False
        case Reply.HELP:
            return None if text.keyword else Answer.HELP, False
        case Reply.COMING | Reply.NOT_COMING:
            asked = open_questions(store, text.phone, now)
            if len(asked) == 1 and reply is Reply.COMING and _still_no(store, asked[0], text, now):
                return Answer.STILL_NO if reply_words.is_bare_yes(text.body) else None, False
            if len(asked) == 1 and _answered(store, asked[0], reply, now):
                return Answer(reply.value), False
            if len(asked) > 1:
                _show(store, text, people, now)
                return Answer.ASK_BACK, False
    if not text.body.strip():
        return None, False
    if reply_words.is_trouble(text.body) and _call_help(store, people, now):
        return Answer.TROUBLE, _pass_on(store, text, people, now)
    return Answer.THANKS, _pass_on(store, text, people, now)


def _tell(
    store: Store, text: ReceivedText, people: list[Person], in_thread: bool, now: datetime
) -> None:
    """Open the urgent tasks: about each client who has this number or whose partner has it; for a number that nobody has, or only
    staff, in each program that it may concern. Words that stand in no thread are shown by the task."""
    writers = [person for person in people if person.kind in (Kind.CLIENT, Kind.SUPPORTER)]
    where = Where.TEXT if len(people) == 1 else Where.SHARED_NUMBER
    urgent = [crises.tell(store, each, where=where, by=None, now=now) for each in writers]
    for program_id in [] if writers else _homes(store, people):
        known = received_texts.open_tasks_of(text.phone, TaskKind.CRISIS, program_id)
        key = f"{TaskKind.CRISIS}:{text.id}:{program_id}"
        joined = store.scalar(known.limit(1))
        urgent.append(crises.tell_of_unknown(store, program_id, key, open_task=joined, now=now))
    for task in urgent if not in_thread else ():
        received_texts.show(store, text, task)


def _allowed(
    store: Store, text: ReceivedText, people: list[Person], answer: Answer | None, now: datetime
) -> Answer | None:
    """The answer, unless it would be one too many, goes where nobody may write (P9), or answers a machine. What says 988 goes out all the
    same, save for the last limit."""
    if answer is None:
        return None
    urgent = answer is Answer.CRISIS
    if not urgent and answer is not Answer.HELP and _closed(store, text.phone):
        return None
    if answer is Answer.THANKS:
        since = _last_start(store, people, now) or now - THANKED_FOR
        if reply_words.is_automatic(text.body) or received_texts.answered_since(
            store, text.phone, answer, since
        ):
            return None
    try:
        rate = CRISIS_ANSWER if urgent else TEXT_ANSWER
        rate_limits.spend(store, rate, text.phone, now=now)
    except TooMany:
        return None
    return answer


def _last_start(store: Store, people: list[Person], now: datetime) -> datetime | None:
    """When a session of theirs last began within `THANKED_FOR`: what is written since may answer a call, and is thanked for anew."""
    began = (
        select(func.max(Session.starts_at))
        .join(Seat, Seat.session_id == Session.id)
        .where(
            Seat.client_id.in_([person.id for person in people]), Seat.is_given, Session.is_on,
            Session.starts_at.between(now - THANKED_FOR, now),
        )
    )  # fmt: skip
    return store.scalar(began)


def _closed(store: Store, phone: str) -> bool:
    """Whether the number was stopped or marked unsafe."""
    rows = store.scalars(
        select(Address).where(Address.channel == Channel.SMS, Address.value == phone)
    ).all()
    unsafe = any(address.is_unsafe for address in rows)
    return unsafe or bool(rows and all(address.is_stopped for address in rows))


def open_questions(store: Store, phone: str, now: datetime) -> list[Seat]:
    """The seats about which this number was asked last, one a person, as far as that is still open: the session is on, not over, and
    at the time that the reminder named."""
    asked = (
        select(Notification.person_id, Notification.about_at, Seat)
        .join(Address, Address.id == Notification.address_id)
        .join(Seat, Seat.id == Notification.seat_id)
        .where(
            Address.channel == Channel.SMS, Address.value == phone, Notification.kind.in_(ASKING),
            Notification.sent_at > now - ASKED_WITHIN, Notification.person_id == Seat.client_id,
        )
        .order_by(Notification.sent_at.desc(), Notification.id.desc())
        .limit(50)
    )  # fmt: skip
    last: dict[int, tuple[datetime | None, Seat]] = {}
    for person_id, about_at, seat in store.execute(asked):
        last.setdefault(person_id, (about_at, seat))
    return [seat for about_at, seat in last.values() if _is_open(seat, about_at, now)]


def _is_open(seat: Seat, about_at: datetime | None, now: datetime) -> bool:
    session: Session = seat.session
    on = session.cancelled_at is None and now < session.ends_at and session.starts_at == about_at
    return on and seat.released_at is None and seat.client.active


def _still_no(store: Store, seat: Seat, text: ReceivedText, now: datetime) -> bool:
    """Whether they said before that they can't come, and this may be no more than thanks for our answer: the report stands, and the
    reply is contact, no more."""
    if store.scalar(absences.of(seat.id)) is None or reply_words.takes_back(text.body):
        return False
    contacts.record(
        store, seat.client, channel=ContactChannel.REPLY, outcome=Outcome.REACHED, by=seat.client,
        now=now, seat=seat,
    )  # fmt: skip
    return True


def _answered(store: Store, seat: Seat, reply: Reply, now: datetime) -> bool:
    """Do what the notice's button does; returns whether that could be done."""
    action = Action.CONFIRM if reply is Reply.COMING else Action.ABSENCE
    try:
        answers.give(store, seat, action, now=now)
    except Refusal:
        return False
    return True


def _call_help(store: Store, people: list[Person], now: datetime) -> bool:
    """Call the help desk as *Trouble connecting?* does (M15), for the one of them whose session is on or begins within the hour;
    returns whether there is exactly one. Of two nobody is guessed."""
    near = (
        select(Seat)
        .join(Session, Session.id == Seat.session_id)
        .where(
            Seat.client_id.in_([person.id for person in people if person.active]), Seat.is_given,
            Session.is_on, Session.ends_at >= now, Session.starts_at <= now + NEAR,
        )
        .order_by(Session.starts_at, Seat.id)
    )  # fmt: skip
    seats = store.scalars(near).all()
    if len({seat.client_id for seat in seats}) != 1:
        return False
    help_calls.report(store, seats[0], by=seats[0].client, now=now)
    return True


def _pass_on(store: Store, text: ReceivedText, people: list[Person], now: datetime) -> bool:
    """Pass the words on to whom they are for: to the thread of the one client who has this number, else to a task that shows them.
    Returns whether they stand in the thread."""
    if len(people) == 1 and people[0].kind == Kind.CLIENT:
        try:
            messages.send_text(store, people[0], text.body, now=now)
            return True
        except Refusal:  # nobody is named who could read there
            contacts.record(
                store, people[0], channel=ContactChannel.MESSAGE, outcome=Outcome.REACHED,
                by=people[0], now=now,
            )  # fmt: skip
    _show(store, text, people, now)
    return False


def _show(store: Store, text: ReceivedText, people: list[Person], now: datetime) -> None:
    """Show the text to the coordinators of the programs that it may concern. Texts of one number share one open task."""
    for program_id in _homes(store, people):
        known = received_texts.open_tasks_of(text.phone, TaskKind.TEXT, program_id)
        theirs = [person for person in people if person.program_id == program_id]
        task = store.scalar(known.limit(1)) or _open(store, text, theirs, program_id, now)
        received_texts.show(store, text, task)


def _homes(store: Store, people: list[Person]) -> list[int]:
    """The programs of these people; all of the installation for a number that nobody has."""
    homes = sorted({person.program_id for person in people})
    return homes or list(store.scalars(select(Program.id).order_by(Program.id)))


def _open(
    store: Store, text: ReceivedText, people: list[Person], program_id: int, now: datetime
) -> Task:
    known = task_owners.read(store, [person.id for person in people], now)
    one = people[0] if len(people) == 1 else None
    return tasks.open_one(
        store, key=f"{TaskKind.TEXT}:{text.id}:{program_id}", kind=TaskKind.TEXT, program_id=program_id,
        due_at=now + LOOK_WITHIN, now=now, brief={"people": [person.id for person in people]},
        client=one if one and one.kind == Kind.CLIENT else None,
        owner_id=known.of(one.id if one else None, program_id, RoleName.COORDINATOR),
    )  # fmt: skip
