"""What staff write for clients: drafts, previews, versions, who is notified, and recorded readings."""

from html import unescape

import pytest
from sqlalchemy import select

from tests.web.client.catch_up import hostile
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.catch_up.follow_ups import FollowUp
from webapp.care.materials import drafts, homework, resources, summaries
from webapp.care.materials.homework import HandIn, Homework
from webapp.care.materials.resources import Resource
from webapp.care.materials.summaries import Summary
from webapp.notify.announcing.announce import announce
from webapp.notify.kinds import NoticeKind
from webapp.notify.outbox import Notification

DAY = 60 * 24


@pytest.fixture
def over(room, world):
    """Yesterday's evening group of Carla's; Maya and Gus had places, and nobody saw either."""
    return room([world.maya, world.gus], -DAY)


@pytest.fixture
def task(store, world, clock, over):
    made, _ = homework.put(store, world.harbor, "hw", title="A list", session=over, by=world.carla, now=clock.now())  # fmt: skip
    store.commit()
    return made


@pytest.fixture
def handed_in(store, world, clock, task):
    made = homework.hand_in(store, task, "Bed, book, **lamp**.", by=world.maya, now=clock.now())
    store.commit()
    return made


def readings(store) -> list[tuple]:
    """Who read what of whom, and everything the events say about it."""
    found = store.scalars(select(Event).where(Event.tag == Tag.CHART_READ).order_by(Event.id))
    return [(event.by_id, event.client_id, event.fields) for event in found]


def summary_of(session, client=None) -> str:
    return f"/staff/sessions/{session.id}/summary" + (f"?for={client.id}" if client else "")


class TestSummaries:
    def test_the_sessions_page_links_to_writing_and_lists_materials_without_their_text(self, carla, over, world, store, clock):  # fmt: skip
        summaries.write(store, over, "About sleep.", by=world.carla, now=clock.now())
        store.commit()
        page = carla.get(f"/staff/sessions/{over.id}").text
        assert "Published, version 1" in page
        assert "About sleep." not in page
        assert [what for _, _, what in readings(store)] == []

    def test_publishing_names_and_notifies_the_same_people(self, carla, over, world, store, record_presence, clock, database):  # fmt: skip
        """What the page names is what the notices do."""
        record_presence(over, world.gus, over.starts_at)
        page = carla.get(summary_of(over)).text
        assert "Told now: Maya Torres." in page
        answer = carla.post(summary_of(over), {"body": "About **sleep**."})
        assert answer.location.endswith(f"/staff/sessions/{over.id}#after")
        assert "Published. Told now: Maya Torres." in carla.get(f"/staff/sessions/{over.id}").text
        announce(database, clock.now())
        notified = select(Notification.person_id).where(Notification.kind == NoticeKind.CATCH_UP)
        assert set(store.scalars(notified)) == {world.maya.id}

    def test_another_version_notifies_nobody(self, carla, over, store):
        for words in ("One", "Two"):
            carla.post(summary_of(over), {"body": words})
        page = carla.get(summary_of(over)).text
        assert "Version 2" in page
        assert "Nobody is told again" in page
        assert store.scalars(select(Summary.body).order_by(Summary.version)).all() == ["One", "Two"]

    def test_before_the_session_is_over_nobody_is_notified(self, carla, room, world):
        coming = room([world.maya], 60)
        assert "Nobody is told now" in carla.get(summary_of(coming)).text

    def test_a_personal_part_is_for_one(self, carla, over, world, store):
        page = carla.get(summary_of(over, world.maya)).text
        assert "For Maya Torres alone" in page
        carla.post(summary_of(over, world.maya), {"body": "Your lamp idea."})
        assert store.scalars(select(Summary.client_id)).one() == world.maya.id
        assert carla.get(summary_of(over, world.ben)).status_code == 404

    def test_a_host_without_care_of_a_client_neither_reads_nor_writes_their_own_part(
        self, room, store, world, clock, visit
    ):
        """S1: neither to read nor to write, nor that there is one; with the client in one's care it is there."""
        hosted = room([world.maya], -DAY, host=world.colin)
        summaries.write(store, hosted, "Your lamp.", by=world.carla, now=clock.now(), client=world.maya)  # fmt: skip
        store.commit()
        colin, carla = visit(world.colin), visit(world.carla)
        here, mine = summary_of(hosted), summary_of(hosted, world.maya)
        assert (colin.get(mine).status_code, colin.post(mine, {"body": "x"}).status_code) == (404, 404)  # fmt: skip
        for page in (colin.get(here), colin.get(f"/staff/sessions/{hosted.id}")):
            assert (page.status_code, "?for=" in page.text) == (200, False)
        assert "Your lamp." in carla.get(mine).text
        assert mine in carla.get(f"/staff/sessions/{hosted.id}").text

    def test_a_preview_shows_it_as_clients_will_and_publishes_nothing(self, carla, over, store, world):  # fmt: skip
        answer = carla.post(summary_of(over), {"body": "# Sleep\n\n**dark**", "do": "preview"}, htmx=True)  # fmt: skip
        assert "<strong>dark</strong>" in answer.text
        assert "# Sleep" in answer.text
        assert store.scalars(select(Summary)).all() == []
        kept = drafts.of(store, world.carla, f"summary:{over.id}:0")
        assert kept.body == "# Sleep\n\n**dark**"
        carla.post(summary_of(over), {"body": "# Sleep"})
        store.expire_all()
        assert drafts.of(store, world.carla, f"summary:{over.id}:0") is None

    def test_a_draft_comes_back_for_its_author_only(self, carla, over, visit, world):
        carla.post("/drafts", {"about": f"summary:{over.id}:0", "body": "half a", "edition": "0"})
        assert "half a</textarea>" in carla.get(summary_of(over)).text
        assert "half a" not in visit(world.susan).get(summary_of(over)).text

    def test_an_empty_summary_is_refused_with_the_form(self, carla, over, store):
        answer = carla.post(summary_of(over), {"body": " "}, htmx=True)
        assert answer.status_code == 422
        assert "Write a few words" in answer.text
        assert store.scalars(select(Summary)).all() == []

    def test_reading_a_summary_is_recorded_once(self, carla, over, world, store, clock):
        """P7: one event a reading, with nothing of the words in it."""
        summaries.write(store, over, "Your lamp idea.", by=world.carla, now=clock.now(), client=world.maya)  # fmt: skip
        store.commit()
        carla.get(summary_of(over))
        assert readings(store) == []
        carla.get(summary_of(over, world.maya))
        assert readings(store) == [(world.carla.id, world.maya.id, {"what": "summary"})]

    @pytest.mark.parametrize("wrote", hostile.CORPUS, ids=range(len(hostile.CORPUS)))
    def test_a_preview_runs_nothing(self, carla, over, wrote):
        """S11."""
        answer = carla.post(summary_of(over), {"body": wrote, "do": "preview"}, htmx=True)
        hostile.check(answer.text)


class TestHomework:
    def test_homework_is_set_for_everyone_with_a_due_date(self, carla, over, store):
        path = f"/staff/sessions/{over.id}/homework"
        assert "Told now: Maya Torres, Gus Kowalski." in carla.get(path).text
        form = {"title": "A list", "body": "Three *things*.", "whom": "everyone", "due_at": "2026-03-07T18:00"}  # fmt: skip
        assert carla.post(path, form).location.endswith("#after")
        made = store.scalars(select(Homework)).one()
        assert (made.for_everyone, made.session_id) == (True, over.id)
        assert made.due_at.isoformat() == "2026-03-07T23:00:00+00:00"

    def test_homework_is_set_for_some(self, carla, over, store, world):
        form = {"title": "A list", "whom": "some", "for": [str(world.gus.id)]}
        carla.post(f"/staff/sessions/{over.id}/homework", form)
        made = store.scalars(select(Homework)).one()
        assert [one.ref for one in store.scalars(homework.audience(made))] == ["gus"]

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            ({"title": " "}, "Give it a title."), ({"whom": "some"}, "Choose at least one"),
            ({"whom": "some", "for": ["999"]}, "Choose among your clients"), ({"due_at": "soon"}, "Choose a day"),
            ({"body": "a" * 20_001}, "Keep it under"),
        ],
    )  # fmt: skip
    def test_an_invalid_field_is_pointed_at_and_the_text_is_kept(self, carla, over, store, wrong, says):  # fmt: skip
        form = {"title": "A list", "body": "Three things.", "whom": "everyone"} | wrong
        answer = carla.post(f"/staff/sessions/{over.id}/homework", form, htmx=True)
        assert answer.status_code == 422
        assert says in unescape(answer.text)
        assert form["body"][:9] in answer.text
        assert store.scalars(select(Homework)).all() == []

    def test_a_host_writes_to_everyone_and_to_nobody_alone(self, visit, room, store, world):
        """P12: Colin hosts, and Maya is not in his care."""
        hosted, colin = room([world.maya, world.ben], -DAY, host=world.colin), visit(world.colin)
        for kind, model in (("homework", Homework), ("resources", Resource)):
            here = f"/staff/sessions/{hosted.id}/{kind}"
            form = {"title": "A list", "kind": "reading", "body": "Words.", "whom": "some"}
            assert "Maya Torres</span>" not in colin.get(here).text
            assert colin.post(here, form | {"for": [str(world.maya.id)]}).status_code == 422
            assert colin.post(here, form | {"for": [str(world.ben.id)]}).status_code == 303
            assert colin.post(here, form | {"whom": "everyone"}).status_code == 303
            assert len(store.scalars(select(model)).all()) == 2

    def test_what_is_for_clients_of_two_teams_is_changed_by_who_is_in_both(self, carla, visit, room, store, world, clock):  # fmt: skip
        """P12: Carla reads what Maya got, and neither changes nor withdraws what is Ben's too; Tessa looks after both."""
        both = room([world.maya, world.ben], -DAY, host=world.tessa)
        made, _ = homework.put(store, world.harbor, "hw", title="A list", session=both, clients=[world.maya, world.ben], by=world.tessa, now=clock.now())  # fmt: skip
        store.commit()
        here = f"/staff/homework/{made.id}"
        form = {"title": "A longer list", "whom": "some", "for": [str(world.maya.id), str(world.ben.id)]}  # fmt: skip
        page = carla.get(here).text
        assert "A list" in page
        assert "Ben Torres" not in page
        assert "Take it back" not in page
        assert f'hx-post="{here}"' not in page
        for path in (here, f"{here}/withdrawal"):
            assert carla.post(path, form).status_code == 404
        store.expire_all()
        assert (made.title, made.withdrawn_at) == ("A list", None)
        visit(world.tessa).post(here, form)
        store.expire_all()
        assert {one.ref for one in store.scalars(homework.audience(made))} == {"maya", "ben"}
        assert made.title == "A longer list"

    def test_the_clients_who_handed_in_are_listed_without_what_they_wrote(self, carla, task, handed_in, store):  # fmt: skip
        page = carla.get(f"/staff/homework/{task.id}").text
        assert "Gus Kowalski" in page
        assert "Not yet" in page
        assert "Bed, book" not in page
        assert readings(store) == []

    def test_withdrawn_homework_is_on_no_list(self, carla, task, visit, world, store):
        carla.post(f"/staff/homework/{task.id}/withdrawal")
        assert visit(world.maya).get(f"/homework/{task.id}").status_code == 404
        assert "Taken back" in carla.get(f"/staff/homework/{task.id}").text
        carla.post(f"/staff/homework/{task.id}", {"title": "A list", "whom": "everyone"})
        assert visit(world.maya).get(f"/homework/{task.id}").status_code == 200


class TestHandIns:
    def test_hand_ins_of_ones_own_clients_are_listed_until_there_is_feedback(
        self, carla, handed_in, visit, world
    ):
        assert "Maya Torres" in carla.get("/staff/hand-ins").text
        assert "Maya Torres" not in visit(world.colin).get("/staff/hand-ins").text

    def test_reading_a_hand_in_is_recorded_once(self, carla, handed_in, world, store):
        """P7: once a reading, and nothing clinical in the event."""
        assert "<strong>lamp</strong>" in carla.get(f"/staff/hand-ins/{handed_in.id}").text
        assert readings(store) == [(world.carla.id, world.maya.id, {"what": "hand_in"})]
        carla.get(f"/staff/hand-ins/{handed_in.id}")
        assert len(readings(store)) == 2

    def test_feedback_reaches_the_client(self, carla, handed_in, visit, world, task):
        path = f"/staff/hand-ins/{handed_in.id}/feedback"
        answer = carla.post(path, {"body": "A *good* list."}, htmx=True)
        assert answer.headers["HX-Redirect"] == f"/staff/hand-ins/{handed_in.id}"
        page = visit(world.maya).get(f"/homework/{task.id}").text
        assert "<em>good</em>" in page
        assert "Everything is answered" in carla.get("/staff/hand-ins").text

    def test_empty_feedback_is_refused(self, carla, handed_in, store):
        answer = carla.post(f"/staff/hand-ins/{handed_in.id}/feedback", {"body": ""}, htmx=True)
        assert answer.status_code == 422
        assert "Write a few words first." in answer.text

    def test_a_reopened_hand_in_can_be_changed_by_the_client(
        self, carla, handed_in, visit, world, task, store
    ):
        carla.post(f"/staff/hand-ins/{handed_in.id}/reopening")
        assert "Bed, book, **lamp**.</textarea>" in visit(world.maya).get(f"/homework/{task.id}").text  # fmt: skip
        page = carla.get(f"/staff/hand-ins/{handed_in.id}").text
        assert "Opened again" in page
        late = carla.post(f"/staff/hand-ins/{handed_in.id}/feedback", {"body": "x"})
        assert late.status_code == 422
        assert store.scalars(select(HandIn.feedback)).one() is None


class TestResources:
    FORM = {"kind": "recording", "title": "Sleep", "url": "https://media.example.org/s.mp4", "minutes": "24",
            "whom": "everyone", "makes_up": ["group"], "body": "The *talk*."}  # fmt: skip

    def test_a_recording_is_published(self, carla, over, store, visit, world):
        assert carla.post(f"/staff/sessions/{over.id}/resources", self.FORM).status_code == 303
        made = store.scalars(select(Resource)).one()
        assert (made.minutes, made.makes_up, made.session_id) == (24, ["group"], over.id)
        assert "media.example.org" in visit(world.maya).get(f"/resources/{made.id}").text
        assert visit(world.ben).get(f"/resources/{made.id}").status_code == 404

    @pytest.mark.parametrize(
        "wrong",
        [
            {"url": "http://x.example"},
            {"minutes": "many"},
            {"kind": "song"},
            {"title": ""},
            {"makes_up": ["sleep"]},
        ],
    )
    def test_an_invalid_field_is_pointed_at(self, carla, over, store, wrong):
        answer = carla.post(f"/staff/sessions/{over.id}/resources", self.FORM | wrong, htmx=True)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text or 'class="field-error"' in answer.text
        assert store.scalars(select(Resource)).all() == []

    def test_a_resource_is_changed_and_withdrawn(self, carla, over, store, visit, world, clock):
        made, _ = resources.put(store, world.harbor, "r", kind="reading", title="x", session=over, by=world.carla, now=clock.now())  # fmt: skip
        store.commit()
        carla.post(f"/staff/resources/{made.id}", self.FORM | {"title": "Better"})
        store.refresh(made)
        assert (made.title, made.ref) == ("Better", "r")
        carla.post(f"/staff/resources/{made.id}/withdrawal")
        assert visit(world.maya).get(f"/resources/{made.id}").status_code == 404


class TestFollowUps:
    def test_staff_sign_off_on_the_sessions_page_and_the_client_sees_it(self, carla, over, seat_of, world, visit, store):  # fmt: skip
        """M21."""
        seat = seat_of(over, world.maya)
        page = carla.get(f"/staff/sessions/{over.id}").text
        assert f"/staff/seats/{seat.id}/follow-up" in page
        answer = carla.post(f"/staff/seats/{seat.id}/follow-up", {"note": "On the phone."})
        assert answer.location == f"/staff/sessions/{over.id}#seat-{seat.id}"
        assert store.get(FollowUp, seat.id).note == "On the phone."
        client_page = visit(world.maya).get("/catch-up").text
        assert "Done" in client_page
        assert "On the phone." not in client_page

    def test_the_clients_page_shows_their_catch_up_progress(self, carla, over, world, task, handed_in):  # fmt: skip
        page = carla.get(f"/staff/people/{world.maya.id}").text
        assert "Catching up" in page
        assert "1/2" in page
        assert f"/staff/hand-ins/{handed_in.id}" in page

    def test_clients_who_attended_need_no_follow_up(
        self, carla, over, seat_of, world, record_presence
    ):
        record_presence(over, world.maya, over.starts_at)
        page = carla.get(f"/staff/sessions/{over.id}").text
        assert f"/staff/seats/{seat_of(over, world.maya).id}/follow-up" not in page


def test_staff_who_may_not_see_the_session_neither_write_nor_read(visit, over, task, handed_in, world, store, seat_of, clock):  # fmt: skip
    """S1: another counselor, another program, the technician, clients."""
    made, _ = resources.put(store, world.harbor, "r", kind="reading", title="x", session=over, by=world.carla, now=clock.now())  # fmt: skip
    store.commit()
    seat = seat_of(over, world.maya)
    for stranger in (world.colin, world.greta, world.nora, world.theo, world.maya, world.charlie):
        guest = visit(stranger)
        for path in (summary_of(over), f"/staff/sessions/{over.id}/homework", f"/staff/homework/{task.id}", f"/staff/sessions/{over.id}/resources", f"/staff/resources/{made.id}"):  # fmt: skip
            assert guest.get(path).status_code == 404, (stranger.ref, path)
            assert guest.post(path, {"title": "x", "body": "x", "kind": "link"}).status_code == 404
        assert guest.get(f"/staff/hand-ins/{handed_in.id}").status_code == 404
        for path in (f"hand-ins/{handed_in.id}/feedback", f"hand-ins/{handed_in.id}/reopening", f"seats/{seat.id}/follow-up", f"homework/{task.id}/withdrawal", f"resources/{made.id}/withdrawal"):  # fmt: skip
            assert guest.post(f"/staff/{path}", {"body": "x"}).status_code == 404
    assert store.scalars(select(Summary)).all() == []
    assert store.get(FollowUp, seat.id) is None
