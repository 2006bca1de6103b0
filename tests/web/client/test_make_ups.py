"""A client makes up for a session: offers after an absence report and on their own page, booking, waiting, reflections (M6)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.care.evenings import COUPLES, DAY, missed, room, seat_of, shares, was_there
from tests.counting import statements
from tests.pages import constant
from webapp.care import leaving
from webapp.care.make_ups import held_places, offers, settlement, waitlist
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.make_ups.waitlist import HeldPlace, WaitlistEntry
from webapp.care.materials import resources
from webapp.care.preferences import availability
from webapp.care.schedule import planning
from webapp.care.schedule.kinds import SessionKind
from webapp.care.schedule.sessions import Seat

WORDS = "What stayed with me is that asking early is easier than explaining later."


@pytest.fixture
def recording(store, world, clock):
    made, _ = resources.put(
        store, world.harbor, "rec", kind="recording", title="Sleep", minutes=50,
        url="https://video.example.org/9", makes_up=["group"], by=world.carla, now=clock.now(),
    )  # fmt: skip
    store.commit()
    return made


def made_up(store):
    store.expire_all()
    return list(store.scalars(select(MakeUp).order_by(MakeUp.id)))


def page_of(seat):
    return f"/seats/{seat.id}/make-ups"


def test_after_send_the_same_screen_offers_what_fits_and_one_tap_books_it(
    maya, seat_in, slot, store
):
    seat, skills = seat_in(hours=26, minutes=1), slot(3 * DAY)
    sent = maya.post(f"/seats/{seat.id}/absence", {}, htmx=True).text
    assert "Thanks for telling us 26 hours ahead" in sent
    assert f'hx-post="/seats/{seat.id}/make-ups" hx-target="#absence"' in sent
    assert f'name="session" value="{skills.id}"' in sent
    booked = maya.post(page_of(seat), {"session": skills.id}, htmx=True)
    assert booked.status_code == 200
    for words in ("Booked for you", "Skills", "Saturday, March 7", "1:00", "Change", "Give it up"):
        assert words in booked.text
    [made] = made_up(store)
    assert (made.seat_id, made.by_seat.session_id, made.booked_by_id) == (
        seat.id, skills.id, seat.client_id,
    )  # fmt: skip
    assert "Booked instead" in maya.get(f"/seats/{seat.id}/absence").text


def test_without_javascript_booking_leads_to_the_page_of_its_own(maya, gone, slot):
    answer = maya.post(page_of(gone), {"session": slot(DAY).id})
    assert (answer.status_code, answer.location) == (303, page_of(gone))
    assert "Booked for you" in maya.follow(answer).text


def test_other_offers_are_searched_after_a_change_not_before(
    maya, gone, slot, recording, store, monkeypatch
):
    """Booking and cancelling hold the write lock of an embedded database: nothing is searched under it."""
    skills = slot(DAY)
    for search in ("find", "waitable"):
        monkeypatch.setattr(offers, search, None)
    for form in ({"session": skills.id}, {"resource": recording.id}):
        assert maya.post(page_of(gone), form).status_code == 303
    assert maya.post(f"{page_of(gone)}/cancellation").status_code == 303
    assert [made.cancel_why for made in made_up(store)] == ["moved", "cancelled"]


def test_offers_say_in_words_what_speaks_for_them(maya, gone, slot, world, recording):
    slot(DAY, "Evening group", host=world.carla)
    slot(2 * DAY, "Other", host=world.carla)
    page = maya.get(page_of(gone)).text
    for words in ("same host", "same group", "any time", "50 min"):
        assert words in page
    assert page.index("Evening group") < page.index("Other") < page.index("Sleep")


def test_times_are_shown_in_the_clients_zone(visit, world, store, clock, slot):
    seat = missed(store, world.carla, world.ivy, clock.now())
    slot(DAY)
    assert "<br>12:00" in visit(world.ivy).get(page_of(seat)).text


def test_when_the_last_place_went_to_somebody_quicker_the_next_best_is_one_tap_away(
    maya, gone, slot, world, store
):
    full, better = slot(DAY, "Full", clients=[world.gus], capacity=1), slot(3 * DAY, "Better")
    answer = maya.post(page_of(gone), {"session": full.id}, htmx=True)
    assert answer.status_code == 409
    assert "Somebody was quicker" in answer.text
    assert answer.text.index("This one fits too") < answer.text.index(
        f'name="session" value="{better.id}"'
    )
    assert made_up(store) == []


def test_a_clash_is_said_calmly_with_the_next_best(maya, gone, slot, world, store):
    slot(DAY, "Own", clients=[world.maya], makes_up=())
    over, better = slot(DAY + timedelta(hours=1), "Overlaps"), slot(3 * DAY, "Better")
    answer = maya.post(page_of(gone), {"session": over.id}, htmx=True)
    assert answer.status_code == 409
    assert "You have something else at that time" in answer.text
    assert f'name="session" value="{better.id}"' in answer.text
    assert made_up(store) == []


@pytest.mark.parametrize("form", [{}, {"session": "x"}, {"session": "999999"}, {"resource": "7"}])
def test_what_does_not_exist_cannot_be_chosen(maya, gone, store, form):
    """R12."""
    answer = maya.post(page_of(gone), form, htmx=True)
    assert answer.status_code == 422
    assert "Choose one of the times." in answer.text
    assert made_up(store) == []


def test_another_programs_session_cannot_be_booked(maya, gone, slot, world, store):
    """S1."""
    foreign = slot(DAY, host=world.nora)
    assert maya.post(page_of(gone), {"session": foreign.id}, htmx=True).status_code == 422
    assert made_up(store) == []


def test_changing_keeps_the_first_until_the_other_is_certain(maya, gone, slot, store, world):
    first, second = slot(DAY, "First"), slot(2 * DAY, "Second")
    maya.post(page_of(gone), {"session": first.id})
    page = maya.get(f"{page_of(gone)}?change=yes", htmx=True).text
    assert "What you have stays yours" in page
    assert f'name="session" value="{second.id}"' in page
    assert f'name="session" value="{first.id}"' not in page
    maya.post(page_of(gone), {"session": second.id}, htmx=True)
    old, new = made_up(store)
    assert (old.cancel_why, new.instead_of_id, new.is_open) == ("moved", old.id, True)


def test_giving_it_up_frees_the_place_and_offers_again(maya, gone, slot, store):
    skills = slot(DAY)
    maya.post(page_of(gone), {"session": skills.id})
    answer = maya.post(f"{page_of(gone)}/cancellation", htmx=True)
    assert "We gave that back." in answer.text
    assert f'name="session" value="{skills.id}"' in answer.text
    assert made_up(store)[0].by_seat.released_at is not None
    assert maya.post(f"{page_of(gone)}/cancellation").status_code == 303


def test_a_make_up_that_took_place_cannot_be_cancelled_before_it_is_settled(
    visit, world, gone, slot, store, clock
):
    skills = slot(DAY)
    visit(world.maya).post(page_of(gone), {"session": skills.id})
    clock.set(skills.ends_at + timedelta(minutes=5))
    maya = visit(world.maya)
    page = maya.get(page_of(gone)).text
    assert "Once the room" in page
    assert "Give it up" not in page
    maya.post(f"{page_of(gone)}/cancellation")
    assert made_up(store)[0].is_open


def test_withdrawing_the_report_cancels_the_make_up(maya, seat_in, slot, store):
    seat = seat_in(hours=26)
    maya.post(f"/seats/{seat.id}/absence", {})
    maya.post(page_of(seat), {"session": slot(3 * DAY).id})
    maya.post(f"/seats/{seat.id}/absence/withdrawal", htmx=True)
    assert made_up(store)[0].cancelled_at is not None


def test_who_cannot_come_to_the_make_up_either_finds_another_on_the_same_screen(
    maya, gone, slot, store, database, clock
):
    first, second = slot(DAY, "First"), slot(2 * DAY, "Second")
    maya.post(page_of(gone), {"session": first.id})
    by_seat = made_up(store)[0].by_seat
    sent = maya.post(f"/seats/{by_seat.id}/absence", {}, htmx=True).text
    assert "That was to make up for Evening group" in sent
    assert f'hx-post="{page_of(gone)}"' in sent
    maya.post(page_of(gone), {"session": second.id}, htmx=True)
    assert [made.is_open for made in made_up(store)] == [False, True]
    settlement.settle(database, clock.now())
    assert [made.is_open for made in made_up(store)] == [False, True]


def test_a_session_still_ahead_is_reported_first(maya, seat_in, slot, store):
    seat = seat_in(hours=26)
    assert "still ahead" in maya.get(page_of(seat)).text
    assert maya.post(page_of(seat), {"session": slot(3 * DAY).id}, htmx=True).status_code == 409
    assert made_up(store) == []


def test_who_was_there_has_nothing_to_make_up(maya, gone, slot, store, world, clock):
    was_there(store, gone, world.carla, clock.now())
    store.commit()
    assert "Nothing to make up" in maya.get(page_of(gone)).text
    assert maya.post(page_of(gone), {"session": slot(DAY).id}, htmx=True).status_code == 409


def test_when_the_time_is_over_the_care_team_is_named(visit, world, gone, clock, slot):
    clock.forward(days=16)
    slot(DAY)
    page = visit(world.maya).get(page_of(gone)).text
    assert "This one lies a while back" in page
    assert "Carla Reyes can still find a way" in page


class TestCouples:
    @pytest.fixture
    def together(self, store, world, clock):
        """Maya and Ben were not in their couples hour."""
        hour = room(
            store, world.tessa, [world.maya, world.ben], clock.now() - DAY, clock.now() - 3 * DAY,
            title="Couples hour", kind=COUPLES,
        )  # fmt: skip
        store.commit()
        return seat_of(store, hour, world.maya)

    def test_joint_times_fit_both_and_book_both(self, maya, together, slot, store, world, clock):
        joint = slot(DAY, "Couples slot", makes_up=("couples",), capacity=2)
        shares(store, world.ben, world.maya, "schedule", clock.now())
        store.commit()
        page = maya.get(page_of(together)).text
        for words in ("Times that fit both of you", "for both of you", "Ben gets a place beside"):
            assert words in page
        booked = maya.post(page_of(together), {"session": joint.id}, htmx=True).text
        assert "Booked for both of you, Ben and you." in booked
        seats = store.scalars(select(Seat).where(Seat.session_id == joint.id)).all()
        assert {seat.client_id for seat in seats} == {world.maya.id, world.ben.id}

    @pytest.mark.parametrize("why", ["Ben's", "Ben's seat", "Maya's"])
    def test_why_a_joint_time_cannot_be_is_never_told(
        self, maya, together, slot, store, world, clock, why
    ):
        """P3: a client who may know the other's schedule learns whether a time suits both, and not whose it doesn't suit."""
        there = [world.ben] if why == "Ben's seat" else []
        shares(store, world.ben, world.maya, "schedule", clock.now() - DAY)
        joint = slot(DAY, "Couples slot", makes_up=("couples",), capacity=3, clients=there)
        if why in ("Ben's", "Maya's"):
            who = world.ben if why == "Ben's" else world.maya
            slot(DAY, "Elsewhere", clients=[who], makes_up=(), host=world.carla)
        page = maya.get(page_of(together)).text
        assert "Times that fit both of you" in page
        assert "Nothing open fits right now. For another time, ask Carla Reyes." in page
        answer = maya.post(page_of(together), {"session": joint.id}, htmx=True)
        assert answer.status_code == 409
        assert "That time isn&#39;t free for both of you any more." in answer.text
        assert made_up(store) == []

    @pytest.mark.parametrize("why", ["paused", "discharged", "Ben's", "Ben's seat", "Ben's hours"])
    def test_without_a_consent_nothing_of_the_partner_decides_which_times_there_are(
        self, maya, together, slot, store, world, clock, why
    ):
        """P11: the page, and the answer to booking, are the same whatever the partner has then."""
        joint = slot(DAY, "Couples slot", makes_up=("couples",), capacity=3)
        path, before = page_of(together), constant(maya.get(page_of(together)).text)
        assert f'value="{joint.id}"' in before
        if why == "Ben's":
            slot(DAY, "Elsewhere", clients=[world.ben], makes_up=(), host=world.carla)
        elif why == "Ben's seat":
            planning.give_seat(store, joint, world.ben, by=world.tessa, now=clock.now())
        elif why == "Ben's hours":
            hours = [(0, "08:00", "09:00")]
            availability.put(store, world.ben, hours, by=world.ben, now=clock.now())
        else:
            leaving.change_status(store, world.ben, why, by=None, now=clock.now())
        store.commit()
        if why != "Ben's seat":  # one place less is one place less, whoever has it
            assert constant(maya.get(path).text) == before
        answer = maya.post(path, {"session": joint.id}, htmx=True)
        assert answer.status_code == 200
        assert "Booked for both of you, Ben and you." in answer.text

    def test_a_consent_that_ended_leaves_the_times_as_they_were(
        self, maya, together, slot, store, world, clock
    ):
        """P3: nothing vanishes, nothing comes back, and nothing new is known."""
        slot(DAY, "Couples slot", makes_up=("couples",), capacity=2)
        both = slot(2 * DAY, "Both", makes_up=("couples",), capacity=2)
        slot(DAY, "Elsewhere", clients=[world.ben], makes_up=(), host=world.carla)
        given = shares(store, world.ben, world.maya, "schedule", clock.now())
        store.commit()
        clock.forward(minutes=1)
        before = constant(maya.get(page_of(together)).text)
        given.revoke(store, by=world.ben, now=clock.now())
        store.commit()
        assert constant(maya.get(page_of(together)).text) == before
        clock.forward(minutes=1)
        slot(2 * DAY, "New to Ben", clients=[world.ben], makes_up=(), host=world.carla)
        assert constant(maya.get(page_of(together)).text) == before
        answer = maya.post(page_of(together), {"session": both.id}, htmx=True)
        assert "Booked for both of you" in answer.text

    def test_one_place_alone_is_not_offered_and_both_wait_for_two(
        self, maya, together, slot, store, world, database, clock
    ):
        joint = slot(
            DAY, "Couples slot", makes_up=("couples",), capacity=2, clients=[world.rosa, world.leo]
        )
        maya.post(f"{page_of(together)}/waiting", {"session": joint.id}, htmx=True)
        [rosa, leo] = [seat_of(store, joint, who) for who in (world.rosa, world.leo)]
        rosa.release(store, by=world.cody, now=clock.now())
        store.commit()
        assert held_places.offer_freed(database, clock.now()) == 0
        leo.release(store, by=world.cody, now=clock.now())
        store.commit()
        assert held_places.offer_freed(database, clock.now()) == 1
        page = maya.get(page_of(together)).text
        assert "A place came free" in page
        [held] = store.scalars(select(HeldPlace))
        maya.post(f"/held-places/{held.id}/acceptance", htmx=True)
        taken = select(Seat.client_id).where(Seat.session_id == joint.id)
        assert set(store.scalars(taken.where(Seat.is_given))) == {
            world.maya.id, world.ben.id,
        }  # fmt: skip


class TestWaiting:
    @pytest.fixture
    def full(self, slot, world):
        return slot(3 * DAY, "Full", clients=[world.zoe], capacity=1)

    @pytest.fixture
    def held(self, maya, gone, full, store, world, clock, database):
        """Maya waited, and Zoe's place came free."""
        maya.post(f"{page_of(gone)}/waiting", {"session": full.id})
        seat_of(store, full, world.zoe).release(store, by=world.cody, now=clock.now())
        store.commit()
        held_places.offer_freed(database, clock.now())
        store.expire_all()
        return store.scalars(waitlist.live()).one()

    def test_a_place_in_line_is_one_place_and_says_which_session_it_is_for(
        self, maya, gone, full, store, world, clock
    ):
        """Joining again for another session names the first, and offers no second place."""
        other = missed(store, world.carla, world.maya, clock.now(), title="Other group")
        store.commit()
        maya.post(f"{page_of(gone)}/waiting", {"session": full.id})
        answer = maya.post(f"{page_of(other)}/waiting", {"session": full.id}, htmx=True)
        assert "in line for that one already, for another session" in answer.text
        page = maya.get(page_of(other)).text
        assert f'<a href="{page_of(gone)}">For' in page
        assert "Tell me if a place comes free" not in page
        assert "Leave the line" not in page
        assert f'<a href="{page_of(gone)}">For' not in maya.get(page_of(gone)).text
        assert len(store.scalars(select(WaitlistEntry)).all()) == 1

    def test_a_full_session_that_would_fit_can_be_waited_for_and_left(
        self, maya, gone, full, store
    ):
        assert "Tell me if a place comes free" in maya.get(page_of(gone)).text
        answer = maya.post(f"{page_of(gone)}/waiting", {"session": full.id}, htmx=True)
        assert "You&#39;re in line" in answer.text
        assert "number" not in constant(answer.text)
        entry = store.scalars(select(WaitlistEntry)).one()
        answer = maya.post(f"/waiting/{entry.id}/cancellation", htmx=True)
        assert "Leave the line" not in answer.text
        store.expire_all()
        assert entry.left_why == "left"

    def test_a_session_that_others_have_to_themselves_looks_like_none(
        self, maya, gone, store, world, clock
    ):
        """S1: neither its title, nor that it exists, nor a place in its line."""
        alone = room(
            store, world.carla, [world.gus], clock.now() + DAY, clock.now(), title="Gus alone",
            kind=SessionKind.INDIVIDUAL, capacity=1,
        )  # fmt: skip
        store.commit()
        for to in (page_of(gone), f"{page_of(gone)}/waiting"):
            theirs, none = [
                maya.post(to, {"session": number}, htmx=True) for number in (alone.id, 2**31 - 1)
            ]
            assert (theirs.status_code, theirs.text) == (none.status_code, none.text)
            assert "Choose one of the times." in theirs.text
        assert "Gus alone" not in maya.get(page_of(gone)).text
        assert store.scalar(select(WaitlistEntry)) is None

    def test_a_held_place_says_until_when_and_is_one_tap(self, maya, gone, held, store):
        page = maya.get(page_of(gone)).text
        assert "kept for you until Mar 4, 3:00" in page
        answer = maya.post(f"/held-places/{held.id}/acceptance", htmx=True)
        assert "Booked for you" in answer.text
        assert made_up(store)[0].by_seat_id == held.seat_id

    def test_letting_it_go_offers_other_times(self, maya, gone, held, store):
        answer = maya.post(f"/held-places/{held.id}/release", htmx=True)
        assert "goes to the next in line" in answer.text
        store.expire_all()
        assert held.ended_why == "declined"

    def test_once_the_hold_has_run_out_it_says_so(self, visit, world, held, clock, store):
        clock.set(held.until + timedelta(seconds=1))
        answer = visit(world.maya).post(f"/held-places/{held.id}/acceptance", htmx=True)
        assert answer.status_code == 409
        assert "no longer held" in answer.text
        assert made_up(store) == []

    def test_entries_and_held_places_of_others_are_404(self, visit, world, held, store):
        """S1."""
        for name in ("ben", "charlie", "zoe"):
            stranger = visit(getattr(world, name))
            assert stranger.post(f"/held-places/{held.id}/acceptance").status_code == 404
            assert stranger.post(f"/held-places/{held.id}/release").status_code == 404
            assert stranger.post(f"/waiting/{held.entry_id}/cancellation").status_code == 404
        store.expire_all()
        assert held.ended_at is None


class TestReflection:
    @pytest.fixture
    def chosen(self, maya, gone, recording):
        return maya.post(page_of(gone), {"resource": recording.id}, htmx=True)

    def test_a_recording_is_chosen_and_asks_for_a_few_sentences(self, chosen, recording):
        for words in (
            "Yours to do",
            "Sleep",
            "What stayed with you?",
            f"/resources/{recording.id}",
        ):
            assert words in chosen.text

    def test_handing_in_makes_up_for_it_at_once(self, maya, gone, chosen, store):
        answer = maya.post(f"{page_of(gone)}/reflection", {"body": WORDS}, htmx=True)
        for words in ("Made up", "Handed in", WORDS, "Your care team reads it"):
            assert words in answer.text
        assert made_up(store)[0].completed_at is not None

    def test_too_few_words_come_back_as_they_were(self, maya, gone, chosen, store):
        answer = maya.post(f"{page_of(gone)}/reflection", {"body": "Good."}, htmx=True)
        assert answer.status_code == 422
        assert "A sentence or two is enough: what stayed with you?" in answer.text
        assert "Good.</textarea>" in answer.text
        assert made_up(store)[0].completed_at is None

    def test_handing_in_nothing_leaves_the_page_as_it_was(self, maya, gone, chosen):
        answer = maya.post(f"{page_of(gone)}/reflection", {"body": " "}, htmx=True)
        assert answer.status_code == 422
        assert 'id="body-error"' in answer.text
        for words in ("Yours to do", "Change", "Give it up"):
            assert words in answer.text
        assert "Another time instead" not in answer.text

    def test_handing_in_without_having_chosen_is_refused(self, maya, gone):
        assert (
            maya.post(f"{page_of(gone)}/reflection", {"body": WORDS}, htmx=True).status_code == 409
        )


class TestTimesThatSuit:
    def test_chosen_times_are_stored_and_offers_follow(self, maya, gone, slot, store, world):
        slot(DAY, "At one", clients=())
        assert "At one" in maya.get(page_of(gone)).text
        evenings = [f"{day}-evening" for day in range(7)]
        answer = maya.post("/times", {"times": evenings, "seat": gone.id}, htmx=True)
        assert "Saved." in answer.text
        assert answer.text.count("checked") == 7
        assert "At one" not in maya.get(page_of(gone)).text
        maya.post("/times", {"times": ["3-afternoon"]})
        assert "At one" in maya.get(page_of(gone)).text

    def test_nothing_chosen_means_any_time(self, maya, store, world):
        maya.post("/times", {"times": ["0-morning", "0-morning", "9-morning", "x"]}, htmx=True)
        maya.post("/times", {})
        assert availability.of(store, [world.maya.id])[world.maya.id] == []

    def test_an_invalid_day_is_refused_and_changes_nothing(self, maya, store, world):
        """R12."""
        answer = maya.post("/times", {"times": ["9-morning"]}, htmx=True)
        assert answer.status_code == 422
        assert availability.of(store, [world.maya.id])[world.maya.id] == []

    def test_windows_of_other_hours_show_as_the_parts_they_cover(self, maya, store, world, clock):
        availability.put(
            store, world.maya, [(0, "06:00", "10:00"), (0, "10:00", "18:00")], by=None,
            now=clock.now(),
        )  # fmt: skip
        store.commit()
        page = maya.get("/times").text
        assert 'value="0-morning" checked' in page
        assert 'value="0-afternoon" checked' in page
        assert 'value="0-evening" checked' not in page


def test_somebody_elses_make_ups_are_404(visit, world, gone, slot, store):
    """S1."""
    skills = slot(DAY)
    for name in ("ben", "charlie", "henry", "aiko"):
        stranger = visit(getattr(world, name))
        assert stranger.get(page_of(gone)).status_code == 404
        assert stranger.post(page_of(gone), {"session": skills.id}).status_code == 404
        assert stranger.post(f"{page_of(gone)}/cancellation").status_code == 404
        assert stranger.post(f"{page_of(gone)}/waiting", {"session": skills.id}).status_code == 404
        assert stranger.post(f"{page_of(gone)}/reflection", {"body": WORDS}).status_code == 404
    assert made_up(store) == []


def test_a_form_from_another_site_books_nothing(maya, gone, slot, store):
    """S8."""
    form = {"session": slot(DAY).id}
    assert maya.post(page_of(gone), form, forged=True).status_code == 403
    assert made_up(store) == []


def test_the_places_page_leads_there(maya, gone):
    assert f'href="{page_of(gone)}"' in maya.get(f"/seats/{gone.id}").text


def test_a_page_costs_the_same_however_many_offers_there_are(maya, gone, slot, database):
    slot(DAY)
    maya.get(page_of(gone))
    with statements(database) as few:
        maya.get(page_of(gone))
    for number in range(6):
        slot((2 + number) * DAY, f"More {number}")
    with statements(database) as many:
        maya.get(page_of(gone))
    assert len(many) == len(few)
