"""P1, P3, over real rows: whatever is granted, ended, paused and done in whatever order, a partner is shown what was so while a consent
counted, and nothing since."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.care.evenings import DAY, HOUR, room, seat_of, was_there
from webapp.care import leaving
from webapp.care.attendance import absences
from webapp.care.couples import pictures
from webapp.care.make_ups import bookings
from webapp.care.materials import homework
from webapp.care.privacy import consents, shared
from webapp.care.privacy.consents import Category, Consent
from webapp.refusals import Refusal

CHANGES = ("report", "withdraw", "confirm", "see", "book", "move", "call off", "plan", "set", "hand in", "part")  # fmt: skip
ENDS = ("grant", "grant", "revoke", "pause", "resume", "expire")
ACTS = st.lists(
    st.tuples(st.sampled_from([*CHANGES, *ENDS, *ENDS]), st.sampled_from(list(Category)), st.integers(1, 30)),
    min_size=4, max_size=16,
)  # fmt: skip
long = settings(
    max_examples=25, deadline=None, phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip


class Life:
    """Maya's days, and a plain book of what Ben may know beside them."""

    def __init__(self, store: Any, world: Any, now: Any):
        self.store, self.world, self.now = store, world, now
        planned = now - 20 * DAY
        self.rooms = [
            room(store, world.carla, [world.maya], now + ahead, planned, ref=f"r{ahead}")
            for ahead in (-9 * DAY, -8 * DAY, -DAY, 2 * DAY, 3 * DAY)
        ]
        self.slot = room(store, world.colin, [], now + 4 * DAY, planned, ref="slot", makes_up=("group",))  # fmt: skip
        self.work = [homework.put(store, world.harbor, "h", title="Read", clients=[world.maya], by=world.carla, now=planned)[0]]  # fmt: skip
        self.given: list[Consent] = []
        self.last: dict[str, Any] = {}
        """Category → what Ben was shown while a consent counted."""

    @property
    def paused(self) -> bool:
        return any(each.paused_at is not None for each in self.given)

    def counts(self, category: str) -> bool:
        standing = [
            each for each in self.given
            if each.category == category and each.revoked_at is None and each.expires_at > self.now
        ]  # fmt: skip
        return any(each.paused_at is None for each in standing)

    def note_down(self) -> None:
        for category in Category:
            if self.counts(category):
                self.last[category] = pictures.live(self.store, self.world.maya, category, self.now)

    def expected(self) -> dict[str, Any]:
        listed = {each.category for each in self.given if each.expires_at > self.now}
        return {category: self.last.get(category, []) for category in listed}

    def shown(self) -> dict[str, Any]:
        found = shared.shown_to(self.store, self.world.ben, self.now)
        assert len(found) <= 1
        return dict(found[0].parts) if found else {}

    def act(self, what: str, category: str, number: int) -> None:
        store, maya = self.store, self.world.maya
        chosen = self.rooms[number % len(self.rooms)]
        seat, by = seat_of(store, chosen, maya), {"by": self.world.carla, "now": self.now}
        mine = {"by": maya, "now": self.now}
        match what:
            case "report":
                absences.report(store, seat, **mine)
            case "withdraw":
                if report := store.scalar(absences.of(seat.id)):
                    report.withdraw(store, **mine)
            case "confirm":
                chosen.confirm(store, "staff", **by)
            case "see":
                was_there(store, seat, self.world.carla, self.now)
            case "book":
                bookings.book(store, seat, self.slot, **mine)
            case "move":
                chosen.move(store, chosen.starts_at + HOUR, chosen.ends_at + HOUR, **by)
            case "call off":
                chosen.cancel(store, "Painting", **by)
            case "plan":
                self.rooms.append(room(store, self.world.carla, [maya], self.now + number * HOUR, self.now, ref=f"p{self.now}"))  # fmt: skip
            case "set":
                homework.put(store, self.world.harbor, f"{self.now}", title="More", clients=[maya], **by)  # fmt: skip
            case "hand in":
                homework.hand_in(store, self.work[0], "Done.", **mine)
            case "part":
                leaving.end_couple(store, self.world.maya_and_ben, by=None, now=self.now)
            case "grant":
                self.given.append(
                    consents.grant(
                        store, maya, self.world.ben, category, purpose="So that they know",
                        expires_at=self.now + timedelta(days=number), signature=f"Maya {self.now}", **mine,
                    )
                )  # fmt: skip
            case "revoke":
                consents.stop(store, maya, self.world.ben.id, category, **mine)
            case "pause" | "resume" if self.given:
                getattr(self.given[0], what)(store, **by)


def test_no_interleaving_of_consents_and_events_shows_more_than_was_allowed(store, world, clock):
    start = clock.now()

    @long
    @given(ACTS)
    def example(acts: list[tuple[str, Category, int]]) -> None:
        with store.begin_nested() as undone:
            life = Life(store, world, start)
            for what, category, number in acts:
                life.now += timedelta(minutes=number) if what != "expire" else number * DAY / 3
                life.note_down()
                try:
                    life.act(what, category, number)
                except Refusal:
                    continue
                store.flush()
                life.note_down()
                assert _coming(life.shown(), life) == _coming(life.expected(), life), what
            undone.rollback()
        store.expire_all()

    example()


def _coming(parts: dict[str, Any], life: Life) -> dict[str, Any]:
    """What a page shows of them: what is over by now is left out there."""
    shown = dict(parts)
    for category in (Category.SCHEDULE, Category.REMINDERS, Category.MAKE_UPS):
        if category in shown:
            shown[category] = [each for each in shown[category] if each.ends_at > life.now]
    if Category.MISSED_SESSION in shown:
        since = life.now - pictures.BEHIND
        shown[Category.MISSED_SESSION] = [each for each in shown[Category.MISSED_SESSION] if each.ends_at > since]  # fmt: skip
    return shown
