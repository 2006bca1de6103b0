"""Rule 16: every reply to a text message is acted on, answered or passed on, whoever holds the phone (P5, P9, R8)."""

import base64
import hmac
import re
from datetime import timedelta
from itertools import count
from xml.etree import ElementTree

import pytest
from sqlalchemy import func, select

from webapp.care.attendance import presence
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.attendance.presence import Sighting
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact import addresses
from webapp.care.contact.addresses import Address, Channel
from webapp.care.contact.contacts import Contact
from webapp.care.contact.messages import Message, ReadMark
from webapp.care.contact.tasks import Task
from webapp.care.directory.people import Person
from webapp.care.make_ups.make_ups import MakeUp
from webapp.demo import cast
from webapp.notify import replies, text_answers
from webapp.notify.outbox import Notification
from webapp.notify.text_answers import Answer
from webapp.operations.received_texts import ReceivedText
from webapp.protocol.engine import engine

TOKEN = "token"
PATH = "/api/v1/hooks/sms"
BASE = "http://localhost:5000"
STRANGER = "+12125550999"
NEVER = re.compile(
    r"session|therap|counsel|treatment|program|group|patient|client|partner|miss|care|clinic|maya|ben|harbor|carla|sesi|terap",
    re.I,
)
"""What no automatic answer says (P5)."""


@pytest.fixture
def settings(settings):
    url = f"twilio://AC1:{TOKEN}@api.twilio.com?from=+15550100"
    return settings.model_copy(update={"sms_url": url, "base_url": BASE})


class Phone:
    """A telephone that writes to us by way of Twilio."""

    numbers = count(1)

    def __init__(self, app, number):
        self.app, self.number = app, number

    def writes(self, body, **more):
        """Send a text; returns the words of the automatic answer, or None."""
        form = {"MessageSid": f"SM{next(self.numbers)}", "From": self.number, "Body": body} | more
        return self.sends(form)

    def sends(self, form):
        signed = BASE + PATH + "".join(name + form[name] for name in sorted(form))
        digest = hmac.digest(TOKEN.encode(), signed.encode(), "sha1")
        answer = self.app.test_client().post(
            PATH, data=form, headers={"X-Twilio-Signature": base64.b64encode(digest).decode()}
        )
        assert (answer.status_code, answer.mimetype) == (200, "text/xml")
        said = ElementTree.fromstring(answer.data).findtext("Message")
        assert said is None or not NEVER.search(said), said
        return said


@pytest.fixture
def phone(app, world):
    """`phone(person)` or `phone("+1…")`."""
    return lambda owner: Phone(app, owner if isinstance(owner, str) else owner.phone)


@pytest.fixture
def asked(store, world, clock):
    """`asked(person, hours=2)`: a seat of theirs, about which their phone was asked by text a moment ago."""

    def made(person, kind="heads_up", session=None, **ahead):
        now = clock.now()
        room = session or cast.open_room(
            store,
            world.carla,
            [person],
            now + timedelta(**ahead),
            now=now - timedelta(days=3),
            minutes=60,
        )
        seat = next(seat for seat in room.seats if seat.client_id == person.id)
        about = select(Address).where(
            Address.person_id == person.id, Address.channel == Channel.SMS, ~Address.is_stopped
        )
        address = store.scalars(about.order_by(Address.id.desc())).first()
        store.add(
            Notification(
                person_id=person.id,
                channel="sms",
                address_id=address.id,
                kind=kind,
                client_id=person.id,
                seat_id=seat.id,
                session_id=room.id,
                about_at=room.starts_at,
                decided_at=now,
                due_at=now,
                not_after=room.ends_at,
                attempts=1,
                sent_at=now,
            )
        )
        store.commit()
        return seat

    return made


@pytest.fixture
def shared(store, world, clock):
    """Ben uses Maya's phone as well."""
    addresses.add(store, world.ben, Channel.SMS, world.maya.phone, by=None, now=clock.now())
    for old in store.scalars(select(Address).where(Address.person_id == world.ben.id)):
        if old.channel == Channel.SMS and old.value != world.maya.phone:
            old.stop(store, "removed", by=None, now=clock.now())
    store.get(Person, world.ben.id).phone = world.maya.phone
    store.commit()
    return world.maya.phone


def rows(store, row, **where):
    store.expire_all()
    return list(store.scalars(select(row).filter_by(**where).order_by(*row.__mapper__.primary_key)))


def live(store, phone):
    store.expire_all()
    return [each.usable for each in store.scalars(addresses.live(Channel.SMS, phone))]


def said_coming(store, seat):
    return len(rows(store, Event, tag=Tag.COMING_CONFIRMED.value, seat_id=seat.id))


# --- the two answers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", ["1", "1️⃣", "Yes!", "I’ll be there", "Sí", "Claro, ahí estaré", "👍"]
)
def test_one_and_yes_say_that_the_client_comes_to_the_session_last_asked_about(
    store, world, phone, asked, words
):
    seat = asked(world.maya, hours=20)
    assert phone(world.maya).writes(words) == text_answers.words(
        Answer.COMING, "es" if words[0] in "SC" else "en", "My Day", BASE
    )
    assert said_coming(store, seat) == 1
    [contact] = rows(store, Contact, client_id=world.maya.id)
    assert (contact.seat_id, contact.channel, contact.two_way) == (seat.id, "reply", True)
    assert rows(store, Message) == rows(store, Task) == []


@pytest.mark.parametrize(
    "words", ["2", "2.", "can't make it", "Sorry, I’m not coming", "no puedo", "No voy a poder ir"]
)
def test_two_and_cant_report_the_absence(store, world, phone, asked, words):
    seat = asked(world.maya, hours=20)
    assert phone(world.maya).writes(words)
    [report] = rows(store, AbsenceReport)
    assert (report.seat_id, report.by_id) == (seat.id, world.maya.id)
    assert rows(store, Message) == []


def test_the_later_of_two_questions_is_answered(store, world, phone, asked, clock):
    first = asked(world.maya, hours=30)
    clock.forward(hours=1)
    last = asked(world.maya, "soon", hours=1)
    phone(world.maya).writes("2")
    assert [report.seat_id for report in rows(store, AbsenceReport)] == [last.id]
    assert first.id != last.id


def test_one_after_two_takes_the_report_back(store, world, phone, asked):
    seat = asked(world.maya, hours=20)
    phone(world.maya).writes("2")
    phone(world.maya).writes("1")
    [report] = rows(store, AbsenceReport)
    assert report.withdrawn_at is not None
    assert said_coming(store, seat) == 1


@pytest.mark.parametrize(
    "polite", ["Ok", "👍", "k thx", "perfect", "Sure", "vale", "listo", "Great, see you soon", "Liked “Thank you for telling us.”"]
)  # fmt: skip
def test_thanks_for_our_answer_take_no_absence_back_and_are_contact(
    store, world, phone, asked, clock, polite
):
    seat = asked(world.maya, hours=20)
    phone(world.maya).writes("2")
    clock.forward(minutes=3)
    before = clock.now()
    assert phone(world.maya).writes(polite) is None
    [report] = rows(store, AbsenceReport)
    assert report.withdrawn_at is None
    assert said_coming(store, seat) == 0
    assert rows(store, Contact)[-1].at >= before
    assert rows(store, Message) == []


@pytest.mark.parametrize("words", ["yes", "Yep, thanks", "Sí"])
def test_a_yes_after_a_no_is_asked_what_it_is_to(store, world, phone, asked, words):
    asked(world.maya, hours=20)
    phone(world.maya).writes("2")
    language = "es" if words == "Sí" else "en"
    assert phone(world.maya).writes(words) == text_answers.words(
        Answer.STILL_NO, language, "My Day", BASE
    )
    [report] = rows(store, AbsenceReport)
    assert report.withdrawn_at is None


@pytest.mark.parametrize(
    "words", ["1", "Yes, I'll be there", "puedo ir", "ok, I can come", "ya voy"]
)
def test_who_says_that_they_come_after_a_no_takes_it_back(store, world, phone, asked, words):
    seat = asked(world.maya, hours=20)
    phone(world.maya).writes("2")
    phone(world.maya).writes(words)
    [report] = rows(store, AbsenceReport)
    assert report.withdrawn_at is not None
    assert said_coming(store, seat) == 1


@pytest.mark.parametrize("words", ["NO. wait 1", "2. Oops", "1 - actually 2", "No. Espera, 1"])
def test_who_corrects_themselves_is_read_by_people(store, world, phone, asked, words):
    asked(world.maya, hours=20)
    assert phone(world.maya).writes(words)
    assert rows(store, AbsenceReport) == rows(store, Event, tag=Tag.COMING_CONFIRMED.value) == []
    assert [message.body for message in rows(store, Message)] == [words]


def test_one_after_another_time_was_booked_is_left_to_people(store, world, phone, asked, clock):
    seat = asked(world.maya, hours=20)
    phone(world.maya).writes("2")
    store.add(
        MakeUp(seat_id=seat.id, kind="session", booked_at=clock.now(), booked_by_id=world.maya.id)
    )
    store.commit()
    phone(world.maya).writes("1")
    [report] = rows(store, AbsenceReport)
    assert report.withdrawn_at is None
    assert [message.body for message in rows(store, Message)] == ["1"]


@pytest.mark.parametrize("what", ["nothing asked", "over", "called off", "moved", "released"])
def test_an_answer_to_nothing_that_is_open_is_a_message(store, world, phone, asked, clock, what):
    if what != "nothing asked":
        seat = asked(world.maya, hours=2)
        if what == "over":
            clock.forward(hours=4)
        elif what == "called off":
            seat.session.cancel(store, "ill", by=None, now=clock.now())
        elif what == "moved":
            seat.session.move(
                store,
                seat.session.starts_at + timedelta(hours=1),
                seat.session.ends_at + timedelta(hours=1),
                by=None,
                now=clock.now(),
            )
        else:
            seat.release(store, by=None, now=clock.now())
        store.commit()
    assert phone(world.maya).writes("2") == text_answers.words(Answer.THANKS, "en", "My Day", BASE)
    assert rows(store, AbsenceReport) == []
    assert [message.body for message in rows(store, Message)] == ["2"]


@pytest.mark.parametrize("way", ["by text", "in the app"])
def test_who_takes_a_no_back_during_the_session_and_is_not_there_is_called_again(
    store, database, world, phone, asked, clock, visit, way
):
    def look():
        while engine.look(database, clock.now()):
            pass
        return [(task.is_open, task.outcome) for task in rows(store, Task, kind="outreach")]

    room = cast.open_room(
        store, world.carla, [world.maya, world.june], clock.now(), now=clock.now() - timedelta(days=3),
        minutes=90,
    )  # fmt: skip
    seat = asked(world.maya, session=room)
    clock.forward(minutes=61)
    came = Sighting("1", room, world.june, "joined", clock.now(), "zoom")
    presence.record(store, [came], by=None, now=clock.now())
    store.commit()
    assert look() == [(True, None)]
    phone(world.maya).writes("2")
    assert look() == [(False, "reported")]
    for _ in range(2):
        if way == "by text":
            phone(world.maya).writes("1")
        else:
            visit(world.maya).post(f"/seats/{seat.id}/absence/withdrawal")
    assert look() == [(False, "reported"), (True, None)]
    again = rows(store, Task, kind="outreach")[-1]
    assert again.owner_id == world.carla.id
    assert again.due_at <= clock.now() + timedelta(hours=1)


def test_an_answer_to_the_check_after_the_start_is_contact_anew(store, world, phone, asked, clock):
    seat = asked(world.maya, hours=2)
    phone(world.maya).writes("1")
    clock.forward(hours=2, minutes=6)
    asked(world.maya, "first_check", session=seat.session)
    phone(world.maya).writes("yes, on my way")
    assert len(rows(store, Contact, client_id=world.maya.id)) == 2
    assert said_coming(store, seat) == 2


# --- other words ----------------------------------------------------------------------------------------------------


def test_other_words_are_a_message_and_answered_once_in_a_while(store, world, phone, clock):
    thanks = text_answers.words(Answer.THANKS, "en", "My Day", BASE)
    assert phone(world.maya).writes("I can't stop crying") == thanks
    clock.forward(hours=1)
    assert phone(world.maya).writes("Running late, bus broke down") is None
    clock.forward(hours=6)
    assert phone(world.maya).writes("Can somebody call me?") == thanks
    sent = rows(store, Message, client_id=world.maya.id)
    assert [each.body for each in sent] == [
        "I can't stop crying", "Running late, bus broke down", "Can somebody call me?",
    ]  # fmt: skip
    assert {each.by_id for each in sent} == {world.maya.id}
    assert all(each.by_text for each in sent)
    assert len(rows(store, Contact, client_id=world.maya.id)) == 3
    assert live(store, world.maya.phone) == [True]


def test_a_client_who_speaks_spanish_is_answered_in_spanish(world, phone):
    assert phone(world.rosa).writes("running late") == text_answers.words(
        Answer.THANKS, "es", "My Day", BASE
    )


def test_texts_in_pieces_and_a_flood_are_one_message_until_somebody_has_read_it(
    store, world, phone, clock
):
    mine = phone(world.maya)
    answers = [mine.writes(f"piece {n}") for n in range(40)]
    assert [answer for answer in answers if answer] == answers[:1]
    [message] = rows(store, Message)
    assert message.body.splitlines() == [f"piece {n}" for n in range(40)]
    assert len(rows(store, Event, tag=Tag.MESSAGE_WRITTEN.value)) == 1
    assert len(rows(store, Contact)) == 40
    store.add(
        ReadMark(
            client_id=world.maya.id,
            person_id=world.carla.id,
            message_id=message.id,
            read_at=clock.now(),
        )
    )
    store.commit()
    mine.writes("after she read")
    assert [each.body for each in rows(store, Message)][1:] == ["after she read"]


def test_a_text_after_the_start_is_contact_and_answered_though_it_joins_an_unread_one(
    store, world, phone, asked, clock
):
    seat = asked(world.maya, minutes=1)
    thanks = text_answers.words(Answer.THANKS, "en", "My Day", BASE)
    assert phone(world.maya).writes("not yet") == thanks
    clock.forward(minutes=3)
    assert phone(world.maya).writes("I overslept") == thanks
    clock.forward(minutes=1)
    assert phone(world.maya).writes("so sorry about it") is None
    [message] = rows(store, Message)
    assert message.body.splitlines() == ["not yet", "I overslept", "so sorry about it"]
    starts_at = seat.session.starts_at
    at = [contact.at for contact in rows(store, Contact, client_id=world.maya.id)]
    assert [each >= starts_at for each in at] == [False, True, True]
    assert len(rows(store, Event, tag=Tag.CONTACT_MADE.value)) == 3


def test_an_automatic_reply_of_a_phone_is_kept_and_not_answered(store, world, phone):
    assert phone(world.maya).writes("I'm driving with Do Not Disturb turned on.") is None
    assert len(rows(store, Message)) == 1


def test_a_picture_leaves_a_word(store, world, phone):
    phone(world.maya).writes("", NumMedia="1")
    assert "picture" in rows(store, Message)[0].body


def test_a_client_without_care_team_is_heard_by_the_coordinators(store, world, phone):
    assert phone(world.charlie).writes("Is it at six?")
    [task] = rows(store, Task)
    assert (task.kind, task.client_id, task.owner_id) == ("text", world.charlie.id, world.cody.id)
    [contact] = rows(store, Contact, client_id=world.charlie.id)
    assert contact.two_way


# --- trouble at the door --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "minutes"),
    [
        ("can't get in", -1), ("can't find the link", 2), ("I can't hear you", -20), ("no internet", 30), ("no link", 1),
        ("no entra", -1), ("No puedo entrar", 5), ("no me deja entrar al zoom", -1), ("my wifi died", -3),
    ],
)  # fmt: skip
def test_trouble_around_a_session_calls_the_help_desk_and_is_answered_with_what_helps(
    store, world, phone, asked, words, minutes
):
    seat = asked(world.maya, minutes=minutes)
    answer = phone(world.maya).writes(words)
    language = "es" if words.lower().startswith(("no entra", "no pue", "no me")) else "en"
    assert answer == text_answers.words(Answer.TROUBLE, language, "My Day", BASE)
    assert f"{BASE}/help-connecting" in answer
    [task] = rows(store, Task)
    assert (task.kind, task.seat_id, task.owner_id) == ("tech_help", seat.id, world.theo.id)
    assert [message.body for message in rows(store, Message)] == [words]
    assert seat.id in {contact.seat_id for contact in rows(store, Contact)}
    phone(world.maya).writes(words)
    assert len(rows(store, Task)) == 1


@pytest.mark.parametrize("when", ["none", "later", "over", "called off"])
def test_trouble_away_from_any_session_is_a_message(store, world, phone, asked, clock, when):
    if when != "none":
        seat = asked(world.maya, hours=3 if when == "later" else 1)
        if when == "over":
            clock.forward(hours=2, minutes=1)
        elif when == "called off":
            seat.session.cancel(store, "ill", by=None, now=clock.now())
            store.commit()
    thanks = text_answers.words(Answer.THANKS, "en", "My Day", BASE)
    assert phone(world.maya).writes("can't get in") == thanks
    assert rows(store, Task) == []


def test_trouble_on_a_number_of_two_who_both_have_a_session_is_nobodys_guess(
    store, world, phone, shared, clock
):
    room = cast.open_room(
        store, world.tessa, [world.maya, world.ben], clock.now(), now=clock.now()
    )  # fmt: skip
    store.commit()
    assert room.seats
    phone(shared).writes("no link")
    assert [task.kind for task in rows(store, Task)] == ["text"]


# --- stop, start, help ----------------------------------------------------------------------------------------------


def test_stop_is_silent_and_start_takes_back_only_what_a_stop_word_did(store, world, phone, clock):
    mine = phone(world.maya)
    assert mine.writes("Please stop texting me!!") is None
    assert live(store, world.maya.phone) == []
    assert mine.writes("Alta")
    assert live(store, world.maya.phone) == [True]
    [address] = store.scalars(addresses.live(Channel.SMS, world.maya.phone))
    address.stop(store, "removed", by=None, now=clock.now())
    store.commit()
    assert mine.writes("START") is None
    assert live(store, world.maya.phone) == []


def test_start_does_not_make_an_unsafe_number_safe(store, world, phone, clock):
    maya = store.get(Person, world.maya.id)
    addresses.mark(store, maya, maya.phone, unsafe=True, by=maya, now=clock.now())
    store.commit()
    phone(world.maya).writes("STOP")
    phone(world.maya).writes("UNSTOP")
    assert live(store, world.maya.phone) == [False]


def test_a_stop_with_more_words_is_a_stop_and_a_message(store, world, phone):
    assert phone(world.maya).writes("STOP texting me. I moved to Boston with my sister") is None
    assert live(store, world.maya.phone) == []
    assert len(rows(store, Message)) == 1


def test_a_bare_stop_is_no_sign_of_life(store, world, phone):
    phone(world.maya).writes("STOP")
    assert rows(store, Contact) == rows(store, Message) == rows(store, Task) == []


@pytest.mark.parametrize("words", ["HELP", "Ayuda", "info?"])
def test_help_says_how_to_stop_to_anybody(world, phone, words):
    known, unknown = phone(world.maya).writes(words), phone(STRANGER).writes(words)
    assert known == unknown
    assert ("STOP" in known) or ("ALTO" in known)


def test_what_the_provider_answers_itself_is_not_answered_twice(store, world, phone):
    assert phone(world.maya).writes("HELP", OptOutType="HELP") is None
    assert phone(world.maya).writes("Arrete", OptOutType="STOP") is None
    assert live(store, world.maya.phone) == []
    assert phone(world.maya).writes("Commencer", OptOutType="START") is None
    assert live(store, world.maya.phone) == [True]


def test_nobody_is_answered_after_stop_or_on_an_unsafe_number(store, world, phone, clock):
    phone(world.maya).writes("STOP")
    assert phone(world.maya).writes("one more thing, I lost my key") is None
    ivy = store.get(Person, world.ivy.id)
    addresses.mark(store, ivy, ivy.phone, unsafe=True, by=ivy, now=clock.now())
    store.commit()
    assert phone(world.ivy).writes("hello there") is None
    assert len(rows(store, Message)) == 2


def test_a_wrong_number_is_stopped_marked_and_somebodys_task(store, world, phone, clock):
    assert phone(world.maya).writes("Sorry, you have the wrong number") is None
    assert live(store, world.maya.phone) == []
    [address] = rows(store, Address, value=world.maya.phone)
    assert address.is_unsafe
    [task] = rows(store, Task)
    assert (task.kind, task.client_id, task.owner_id) == (
        "wrong_number",
        world.maya.id,
        world.cody.id,
    )
    assert phone(world.maya).writes("START") is None
    assert live(store, world.maya.phone) == []
    phone(world.maya).writes("who is this maya person")
    assert rows(store, Message) == []


# --- words of crisis ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "I want to hurt myself", "kill my self", "kms", "suicid...", "I don't want to be here anymore",
        "end it all", "no quiero vivir", "quitarme la vida", "I think I took an overdose",
    ],
)  # fmt: skip
def test_words_of_crisis_are_answered_with_988_and_open_one_urgent_task(
    store, world, phone, words, clock
):
    answer = phone(world.maya).writes(words)
    assert "988" in answer
    [task] = rows(store, Task)
    assert (task.kind, task.client_id, task.owner_id) == ("crisis", world.maya.id, world.carla.id)
    assert task.due_at <= clock.now() + timedelta(minutes=10)
    [told] = rows(store, Event, tag=Tag.CRISIS_WORDS.value)
    assert f'"supervisor":{world.susan.id}' in told.canonical
    assert [message.body for message in rows(store, Message)] == [words]


def test_in_spanish_the_answer_says_to_press_two(world, phone):
    assert "marca 2" in phone(world.rosa).writes("quiero morirme")


def test_stop_and_crisis_both_happen(store, world, phone):
    assert "988" in phone(world.maya).writes("STOP. I'm going to kill myself")
    assert live(store, world.maya.phone) == []
    assert [task.kind for task in rows(store, Task)] == ["crisis"]
    assert len(rows(store, Message)) == 1


def told_of_crisis(store):
    """Who was to be told by each of the events of words of crisis."""
    found = rows(store, Event, tag=Tag.CRISIS_WORDS.value)
    return [(event.fields["owner"], event.fields["supervisor"]) for event in found]


def test_further_words_join_the_open_task_and_are_the_owners_anew_once_she_had_it(
    store, world, phone, clock
):
    phone(world.maya).writes("I want to die")
    phone(world.maya).writes("I want to die now")
    [task] = rows(store, Task)
    both = (world.carla.id, world.susan.id)
    assert told_of_crisis(store) == [both, (None, None)]
    task.acknowledge(store, by=store.get(Person, world.carla.id), now=clock.now())
    store.commit()
    clock.forward(minutes=1)
    assert "988" in phone(world.maya).writes("I took all my pills")
    [task] = rows(store, Task)
    assert not task.is_acknowledged
    assert told_of_crisis(store) == [both, (None, None), both]


def test_further_words_on_a_task_that_nobody_took_up_are_in_the_chart_and_tell_again(
    store, world, phone, clock
):
    phone(world.maya).writes("I want to die")
    for minutes in (4, 7, 2):
        clock.forward(minutes=minutes)
        phone(world.maya).writes("quiero acabar con todo")
    assert len(rows(store, Task)) == 1
    both = (world.carla.id, world.susan.id)
    assert told_of_crisis(store) == [both, (None, None), both, (None, None)]


def test_further_words_from_an_unknown_number_tell_again(store, world, phone, clock):
    phone(STRANGER).writes("im going to kill myself")
    clock.forward(minutes=11)
    phone(STRANGER).writes("I have a gun")
    assert len([task for task in rows(store, Task) if task.kind == "crisis"]) == 2
    assert len([told for told in told_of_crisis(store) if told[0]]) == 4


def test_two_machines_that_speak_of_crisis_come_to_an_end(world, phone):
    answers = [phone(world.maya).writes("Reach the suicide line at 988") for _ in range(20)]
    assert all(answers[:10])
    assert not any(answers[-3:])


def test_words_of_crisis_from_an_unknown_number_reach_somebody_of_each_program(store, world, phone):
    assert "988" in phone(STRANGER).writes("im going to kill myself")
    urgent = [task for task in rows(store, Task) if task.kind == "crisis"]
    assert {(task.program_id, task.owner_id, task.client_id) for task in urgent} == {
        (world.harbor.id, world.cody.id, None), (world.sunrise.id, world.pablo.id, None),
    }  # fmt: skip


def test_a_partners_words_of_crisis_reach_the_clients_team(store, world, phone):
    assert "988" in phone(world.henry).writes("I want to end it all")
    [task] = [task for task in rows(store, Task) if task.kind == "crisis"]
    assert (task.client_id, task.owner_id) == (world.june.id, world.carla.id)


def test_words_of_crisis_beat_a_wrong_number(store, world, phone):
    assert "988" in phone(world.maya).writes("wrong number, and I want to die")
    assert {task.kind for task in rows(store, Task)} == {"crisis", "wrong_number"}


# --- a number of nobody, or of two -----------------------------------------------------------------------------------


def test_a_text_from_a_number_nobody_knows_is_kept_for_the_coordinators_and_discloses_nothing(
    store, world, phone
):
    known = phone(world.maya).writes("Hello, is my 6 pm still on?")
    unknown = phone(STRANGER).writes("Hello, is my 6 pm still on?")
    assert known == unknown
    phone(STRANGER).writes("anybody?")
    waiting = rows(store, Task, kind="text")
    assert {(task.owner_id, task.client_id) for task in waiting} == {
        (world.cody.id, None), (world.pablo.id, None),
    }  # fmt: skip
    assert len(waiting) == 2
    kept = rows(store, ReceivedText, phone=STRANGER)
    assert [text.body for text in kept] == ["Hello, is my 6 pm still on?", "anybody?"]


def test_keywords_from_an_unknown_number_are_nobodys_work(store, world, phone):
    for words in ("STOP", "START", "HELP"):
        phone(STRANGER).writes(words)
    assert rows(store, Task) == []


def test_stop_on_a_shared_number_stops_it_for_both(store, world, phone, shared):
    phone(shared).writes("stop")
    assert live(store, shared) == []


def test_on_a_shared_number_an_answer_is_that_ones_who_was_asked(
    store, world, phone, shared, asked
):
    seat = asked(world.ben, hours=3)
    phone(shared).writes("2")
    [report] = rows(store, AbsenceReport)
    assert (report.seat_id, report.by_id) == (seat.id, world.ben.id)


def test_on_a_shared_number_with_two_open_questions_nobody_is_guessed(
    store, world, phone, shared, asked, clock
):
    room = cast.open_room(
        store,
        world.tessa,
        [world.maya, world.ben],
        clock.now() + timedelta(hours=3),
        now=clock.now(),
    )
    asked(world.maya, session=room)
    asked(world.ben, session=room)
    assert phone(shared).writes("2") == text_answers.words(Answer.ASK_BACK, "en", "My Day", BASE)
    assert rows(store, AbsenceReport) == rows(store, Contact) == []
    [task] = rows(store, Task)
    assert (task.kind, task.client_id, task.owner_id) == ("text", None, world.cody.id)


def test_other_words_from_a_shared_number_stand_in_neither_thread(store, world, phone, shared):
    phone(shared).writes("he read my messages, please be careful")
    assert rows(store, Message) == []
    assert [task.kind for task in rows(store, Task)] == ["text"]


def test_words_of_crisis_from_a_shared_number_are_urgent_for_both_teams(
    store, world, phone, shared
):
    phone(shared).writes("i want to die")
    urgent = [task for task in rows(store, Task) if task.kind == "crisis"]
    assert {(task.client_id, task.owner_id) for task in urgent} == {
        (world.maya.id, world.carla.id), (world.ben.id, world.colin.id),
    }  # fmt: skip
    assert {task.brief["where"] for task in urgent} == {"shared_number"}


# --- repeats and faults ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["2", "I have a question", "I want to die", "STOP"])
def test_the_same_text_again_acts_once_and_gets_the_same_answer(store, world, phone, asked, words):
    asked(world.maya, hours=3)
    form = {"MessageSid": "SMsame", "From": world.maya.phone, "Body": words}
    first = phone(world.maya).sends(form)
    counted = [len(rows(store, each)) for each in (Message, Contact, AbsenceReport, Task, Event)]
    assert [phone(world.maya).sends(form) for _ in range(3)] == [first] * 3
    assert counted == [
        len(rows(store, each)) for each in (Message, Contact, AbsenceReport, Task, Event)
    ]


def test_a_text_that_was_kept_and_not_acted_on_is_taken_up_by_the_worker(
    store, database, world, clock
):
    row = ReceivedText(
        sid="SMx", phone=world.maya.phone, body="I want to die", received_at=clock.now()
    )
    store.add(row)
    store.commit()
    assert replies.read_waiting(database, clock.now()) == 0
    clock.forward(minutes=1)
    assert replies.read_waiting(database, clock.now()) == 1
    assert [task.kind for task in rows(store, Task)] == ["crisis"]
    assert len(rows(store, Message)) == 1
    assert replies.read_waiting(database, clock.now()) == 0


def test_what_became_a_message_is_kept_nowhere_else(store, world, phone):
    phone(world.maya).writes("my words")
    [text] = rows(store, ReceivedText)
    assert (text.body, text.settled_at is not None) == ("", True)


@pytest.mark.parametrize(
    ("body", "sender"),
    [("x" * 5000, None), ("a\0b", None), ("<b>&amp;</b>", None), ("hi", "28849"), ("hi", "whatsapp:+12125550999"), ("", None)],
)  # fmt: skip
def test_odd_texts_do_no_harm(store, world, phone, body, sender):
    phone(sender or world.maya).writes(body)
    assert store.scalar(select(func.count()).select_from(Task)) == 0
