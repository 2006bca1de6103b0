"""P1, P3, over real rows: in whatever order consents are given, ended and paused and notes written and taken back, what reaches the other
was written while the writer's consent counted, and what reached them stays until it would have ended, or its writer takes it back."""

from datetime import timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.care.evenings import COUPLES, DAY, room
from webapp.care import leaving
from webapp.care.couples import partner_notes
from webapp.care.couples.partner_notes import NoteText
from webapp.care.privacy import consents, shared_notes
from webapp.refusals import Refusal

ACTS = st.lists(
    st.tuples(
        st.sampled_from(["grant", "revoke", "pause", "resume", "write", "write", "answer", "take back", "part", "wait"]),
        st.integers(1, 40),
    ),
    min_size=4, max_size=18,
)  # fmt: skip
long = settings(
    max_examples=30, deadline=None, phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip


def test_no_interleaving_lets_a_note_through_that_its_consent_did_not_carry(store, world, clock):
    start = clock.now()

    @long
    @given(ACTS)
    def example(acts: list[tuple[str, int]]) -> None:
        with store.begin_nested() as undone:
            _live(store, world, start, acts)
            undone.rollback()
        store.expire_all()

    example()


def _live(store, world, start, acts) -> None:
    now = start
    hour = room(store, world.tessa, [world.maya, world.ben], now - DAY, now - 2 * DAY, kind=COUPLES, ref="hour")  # fmt: skip
    given: list[consents.Consent] = []
    arrived: set[int] = set()
    for what, number in acts:
        now += timedelta(minutes=number) if what != "wait" else number * DAY / 4
        try:
            _act(store, world, hour, given, what, number, now)
        except Refusal:
            continue
        store.flush()
        notes = shared_notes.of(store, world.maya, now)
        seen = {
            text.id: text
            for note in notes for text in (*note.versions, *note.answers)
            if text.by_id == world.ben.id
        }  # fmt: skip
        back = set(store.scalars(select(NoteText.id).where(NoteText.taken_back_at.is_not(None))))
        listed = [each for each in given if each.expires_at > now]
        counting = [each for each in listed if each.revoked_at is None and each.paused_at is None]
        for text in seen.values():
            assert any(each.signed_at <= text.written_at for each in listed), what
        assert not back & seen.keys()
        if not counting:
            assert seen.keys() <= arrived - back, what
            assert not listed or seen.keys() >= _carried(store, arrived - back, listed), what
        if counting:
            arrived |= seen.keys()


def _carried(store, ids, listed) -> set[int]:
    """Those that a consent which is still listed carried."""
    texts = store.scalars(select(NoteText).where(NoteText.id.in_(ids)))
    ends = [
        (each.signed_at, min(filter(None, (each.revoked_at, each.paused_at)))) for each in listed
        if each.paused_at is None or each.paused_at > each.signed_at
    ]  # fmt: skip
    return {each.id for each in texts if any(a <= each.written_at <= b for a, b in ends)}


def _act(store, world, hour, given, what, number, now) -> None:
    mine = {"by": world.ben, "now": now}
    match what:
        case "grant":
            given.append(
                consents.grant(
                    store, world.ben, world.maya, "catch_up", purpose="So that we talk", signature=f"Ben {now}",
                    expires_at=now + timedelta(days=number), **mine,
                )
            )  # fmt: skip
        case "revoke":
            consents.stop(store, world.ben, world.maya.id, "catch_up", **mine)
        case "pause" | "resume" if given:
            getattr(given[0], what)(store, by=world.colin, now=now)
        case "write":
            partner_notes.write(store, world.ben, hour, f"Words {now}", **mine)
        case "answer":
            for note in store.scalars(partner_notes.of(world.ben.id)).all():
                partner_notes.answer(store, note, f"More {now}", **mine)
        case "take back":
            if text := store.scalar(select(NoteText).order_by(NoteText.id.desc()).limit(1)):
                partner_notes.take_back(store, text, **mine)
        case "part":
            leaving.end_couple(store, world.maya_and_ben, by=None, now=now)
