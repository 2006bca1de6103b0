"""Catch-up notes between partners: nobody but the two reads them, under the writer's consent, and each arrives once (M8, P1, P3, R7)."""

import io
import json
import re
import uuid
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.care.evenings import COUPLES, DAY, HOUR, missed, room, seat_of, shares, was_there
from tests.pages import constant
from webapp.care import leaving
from webapp.care.contact.messages import Message
from webapp.care.couples import partner_notes
from webapp.care.couples.partner_notes import NoteText, PartnerNote
from webapp.care.materials import drafts
from webapp.care.privacy.consents import Category
from webapp.notify.announcing.announce import announce, skip_past_events
from webapp.notify.outbox import Notification

CANARY = "Canary: breathing out slowly helped me"
AGAIN = "Canary two: fifteen minutes after dinner"


@pytest.fixture
def hour(store, world, clock):
    """A couples hour of yesterday, in which Ben was and Maya was not."""
    made = room(
        store, world.tessa, [world.maya, world.ben], clock.now() - DAY, clock.now() - 3 * DAY,
        kind=COUPLES, title="Private title", ref="hour",
    )  # fmt: skip
    was_there(store, seat_of(store, made, world.ben), world.tessa, clock.now() - 20 * HOUR)
    made.confirm(store, "staff", by=world.tessa, now=clock.now() - 20 * HOUR)
    store.commit()
    return made


@pytest.fixture
def share(store, world, clock):
    """Ben lets Maya read his notes, and the other way round."""
    given = [
        shares(store, a, b, Category.CATCH_UP, clock.now())
        for a, b in ((world.ben, world.maya), (world.maya, world.ben))
    ]
    store.commit()
    clock.forward(minutes=1)
    return given


@pytest.fixture
def send(visit, world):
    """`send(hour)`: Ben writes a note about it; answers the response."""

    def sent(session, body=CANARY, who=None, **more):
        form = {"session": str(session.id), "body": body, "request_id": str(uuid.uuid4())} | more
        return visit(who or world.ben).post("/together/notes", form)

    return sent


def count(store, table):
    return store.scalar(select(func.count()).select_from(table)) or 0


def text_of(store, words=CANARY):
    return next(each for each in store.scalars(select(NoteText)) if each.body == words)


def test_from_together_to_a_note_sent_it_is_three_taps(visit, store, world, hour, share):
    """Write a note, the latest session is chosen, Send."""
    ben = visit(world.ben)
    assert "/together/notes/new" in ben.get("/together").text
    page = ben.get("/together/notes/new").text
    assert re.search(rf'value="{hour.id}"[^>]*checked', page)
    for prompt in ("What helped me", "What we agreed to try", "What I'd like us to talk about"):
        assert prompt in page
    assert "stays in the room" in page
    answer = ben.post("/together/notes", {"session": str(hour.id), "body": CANARY})
    assert answer.status_code == 303
    assert CANARY in ben.follow(answer).text


def test_the_other_finds_it_new_on_together_and_on_the_card_and_reading_moves_the_ring(
    visit, store, world, hour, share, send
):
    send(hour)
    maya = visit(world.maya)
    page = maya.get("/together").text
    assert "A note from Ben" in page
    assert "Ben wrote to you" in page
    assert "New" in page
    assert "Private title" not in page
    card = maya.get("/catch-up").text
    assert "Ben wrote a note for you" in card
    assert "0 of 2" in card
    note = store.scalars(select(PartnerNote)).one()
    assert CANARY in maya.get(f"/together/notes/{note.id}").text
    assert "1 of 2" in maya.get("/catch-up").text
    assert ">New<" not in maya.get("/together").text


def test_an_edit_is_new_again_and_keeps_what_was_before(visit, store, world, hour, share, send, clock):  # fmt: skip
    send(hour)
    maya, note = visit(world.maya), store.scalars(select(PartnerNote)).one()
    maya.get(f"/together/notes/{note.id}")
    clock.forward(minutes=2)
    send(hour, AGAIN)
    assert count(store, PartnerNote) == 1
    assert "New" in maya.get("/together").text
    page = maya.get(f"/together/notes/{note.id}").text
    assert page.index(AGAIN) < page.index("How it was before") < page.index(CANARY)


def test_a_question_goes_back_and_is_answered(visit, store, world, hour, share, send, clock):
    send(hour)
    maya, ben = visit(world.maya), visit(world.ben)
    note = store.scalars(select(PartnerNote)).one()
    path = f"/together/notes/{note.id}"
    ben.get(path)
    clock.forward(minutes=1)
    maya.post(f"{path}/answers", {"body": "Which evening?"})
    assert "New" in ben.get("/together").text
    assert "Which evening?" in ben.get(path).text
    clock.forward(minutes=1)
    ben.post(f"{path}/answers", {"body": "Sunday."})
    assert "Sunday." in maya.get(path).text


def test_the_same_note_sent_again_is_one_note_and_its_draft_is_gone(
    visit, store, database, world, hour, share, send, clock
):
    """R7: a phone sends it until it hears that it arrived."""
    drafts.save(store, partner_notes.draft_about(world.maya.id), "So far", by=world.ben, now=clock.now())  # fmt: skip
    skip_past_events(store)
    store.commit()
    once = str(uuid.uuid4())
    ben = visit(world.ben)
    form = {"session": str(hour.id), "body": CANARY, "request_id": once, "reported_at": "2026-03-04T18:00:00-05:00"}  # fmt: skip
    for _ in range(3):
        answer = ben.post("/together/notes", form, headers={"Accept": "application/json"})
        assert answer.json == {"taken": True}
    assert (count(store, PartnerNote), count(store, NoteText)) == (1, 1)
    assert drafts.of(store, world.ben, partner_notes.draft_about(world.maya.id)) is None
    announce(database, clock.now())
    [told] = store.scalars(select(Notification).where(Notification.person_id == world.maya.id))
    assert (told.kind, told.consent_category) == ("partner_news", "catch_up")


def test_what_one_took_back_is_gone_for_the_other_and_stays_in_ones_own_copy(
    visit, store, world, hour, share, send
):
    send(hour)
    ben, text = visit(world.ben), text_of(store)
    assert visit(world.maya).post(f"/together/notes/texts/{text.id}/taken-back").status_code == 404
    assert ben.post(f"/together/notes/texts/{text.id}/taken-back").status_code == 303
    maya = visit(world.maya)
    assert "A note from Ben" not in maya.get("/together").text
    assert maya.get(f"/together/notes/{text.note_id}").status_code == 404
    assert "wrote a note" not in maya.get("/catch-up").text
    assert CANARY in copy_of(visit, world.ben)
    assert CANARY not in copy_of(visit, world.maya)


def copy_of(visit, person):
    answer = visit(person).post("/me/my-data")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as folder:
        return json.dumps(json.loads(folder.read("my-data.json")))


def test_no_copy_and_no_export_holds_what_the_other_wrote(visit, store, world, hour, share, send):
    send(hour)
    visit(world.maya).get(f"/together/notes/{text_of(store).note_id}")
    assert CANARY not in copy_of(visit, world.maya)


STAFF = ("carla", "colin", "tessa", "susan", "cody", "ada")


@pytest.mark.parametrize("who", STAFF)
def test_no_page_of_staff_holds_a_word_of_it(visit, store, world, hour, share, send, who):
    send(hour)
    note = text_of(store).note_id
    visit(world.maya).post(f"/together/notes/{note}/answers", {"body": AGAIN})
    staff = visit(getattr(world, who))
    for client in (world.maya, world.ben):
        for page in ("", "/messages", "/make-ups", "/sharing"):
            assert "Canary" not in staff.get(f"/staff/people/{client.id}{page}").text
    for page in ("", "/tasks", f"/sessions/{hour.id}", "/messages", "/hand-ins"):
        assert "Canary" not in staff.get(f"/staff{page}").text
    assert staff.get(f"/together/notes/{note}").status_code == 404


def test_one_shows_ones_own_to_the_care_team_once_and_never_the_others(
    visit, store, world, hour, share, send
):
    send(hour)
    text = text_of(store)
    for _ in range(2):
        visit(world.ben).post(f"/together/notes/texts/{text.id}/care-team")
    assert [each.body for each in store.scalars(select(Message))] == [CANARY]
    assert CANARY in visit(world.colin).get(f"/staff/people/{world.ben.id}/messages").text
    answer = visit(world.maya).post(f"/together/notes/texts/{text.id}/care-team")
    assert answer.status_code == 404


def test_without_a_consent_nothing_is_sent_and_the_way_to_sign_is_shown(
    visit, store, world, hour, send
):
    answer = send(hour)
    assert answer.status_code == 409
    assert count(store, PartnerNote) == 0
    page = visit(world.ben).get("/together/notes/new").text
    assert f"/me/sharing/new?recipient={world.maya.id}&amp;category=catch_up" in page


@pytest.mark.parametrize("how", ["revoked", "paused"])
def test_after_a_consent_ended_what_had_arrived_stays_and_nothing_new_comes(
    visit, store, database, world, hour, share, send, clock, how
):
    """P3: to the byte; and a pause by staff is not to be told from a note that nobody has read."""
    send(hour)
    note = text_of(store).note_id
    maya = visit(world.maya)
    maya.get(f"/together/notes/{note}")
    instant = clock.forward(minutes=1)
    paths = ("/together", f"/together/notes/{note}", "/catch-up")
    before = [_at(maya, path, clock, instant) for path in paths]
    if how == "revoked":
        share[0].revoke(store, by=world.ben, now=clock.now())
    else:
        share[0].pause(store, by=world.carla, now=clock.now())
    skip_past_events(store)
    store.commit()
    clock.forward(seconds=20)
    partner_notes.write(store, world.ben, hour, AGAIN, by=world.ben, now=clock.now())
    partner_notes.answer(store, store.get_one(PartnerNote, note), AGAIN, by=world.ben, now=clock.now())  # fmt: skip
    store.commit()
    announce(database, clock.now())
    assert [_at(maya, path, clock, instant) for path in paths] == before
    told = select(Notification).where(Notification.person_id == world.maya.id)
    assert store.scalars(told).all() == []
    if how == "paused":
        assert send(hour, AGAIN).status_code == 303
        assert AGAIN in visit(world.ben).get(f"/together/notes/{note}").text
        share[0].resume(store, by=world.carla, now=clock.now())
        store.commit()
        clock.forward(minutes=2)
        assert AGAIN in visit(world.maya).get(f"/together/notes/{note}").text


def _at(person, path, clock, instant):
    clock.set(instant)
    answer = person.get(path)
    return answer.status_code, constant(answer.text), sorted(answer.headers.keys())


def test_a_supporter_writes_about_what_they_were_let_know_and_needs_no_consent(
    visit, store, world, clock, send
):
    gone = missed(store, world.carla, world.june, clock.now())
    gone.session.confirm(store, "staff", by=world.carla, now=clock.now())
    store.commit()
    assert send(gone.session, who=world.henry).status_code == 422
    shares(store, world.june, world.henry, Category.MISSED_SESSION, clock.now())
    store.commit()
    clock.forward(minutes=1)
    page = visit(world.henry).get("/together").text
    assert f"/together/notes/new?session={gone.session_id}" in page
    assert send(gone.session, who=world.henry).status_code == 303
    june = visit(world.june)
    assert "A note from Henry" in june.get("/together").text
    note = text_of(store).note_id
    assert june.post(f"/together/notes/{note}/answers", {"body": "Thanks"}).status_code == 409


def test_one_can_write_only_about_what_one_was_in_or_was_let_know(
    visit, store, world, hour, share, send, clock
):
    other = room(store, world.carla, [world.maya], clock.now() - 2 * DAY, clock.now() - 3 * DAY, title="Hers", ref="hers")  # fmt: skip
    ahead = room(store, world.tessa, [world.maya, world.ben], clock.now() + DAY, clock.now(), title="Ahead", ref="ahead")  # fmt: skip
    store.commit()
    for session in (other, ahead):
        assert send(session).status_code == 422
    assert send(hour, "  ").status_code == 422
    assert send(hour, "x" * 5001).status_code == 422
    assert send(hour, request_id="no").status_code == 422
    assert count(store, NoteText) == 0


def test_nobody_else_finds_a_note_and_former_partners_write_no_more(
    visit, store, world, hour, share, send, clock
):
    send(hour)
    note = text_of(store).note_id
    for who in (world.june, world.henry, world.charlie, world.carla, world.tessa, world.aiko):
        person = visit(who)
        assert person.get(f"/together/notes/{note}").status_code == 404
        assert person.post(f"/together/notes/{note}/answers", {"body": "Hi"}).status_code == 404
    leaving.end_couple(store, world.maya_and_ben, by=None, now=clock.now())
    store.commit()
    assert CANARY in visit(world.maya).get(f"/together/notes/{note}").text
    assert send(hour, AGAIN).status_code == 404
    answer = visit(world.maya).post(f"/together/notes/{note}/answers", {"body": "Hi"})
    assert answer.status_code == 403


def test_a_note_gone_with_the_consent_that_carried_it(visit, store, world, hour, share, send, clock):  # fmt: skip
    """It shows until the consent would have ended by itself, like everything that was let know."""
    send(hour)
    clock.forward(days=91)
    assert "A note from Ben" not in visit(world.maya).get("/together").text
    assert "Your note for Maya" in visit(world.ben).get("/together").text
    assert timedelta(days=90) > partner_notes.BEHIND
