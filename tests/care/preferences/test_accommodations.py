"""Accommodations: asked for, changed, ended, and shown to the host."""

import pytest
from sqlalchemy import select

from tests.care.evenings import DAY, room, seat_of
from webapp.care.preferences import accommodations
from webapp.care.preferences.accommodations import Accommodation
from webapp.refusals import Forbidden, Invalid


class TestAccommodations:
    def test_the_host_sees_what_each_seat_needs(self, store, world, clock):
        group = room(store, world.carla, [world.maya, world.gus], clock.now() + DAY, clock.now())
        now, maya = clock.now(), world.maya
        accommodations.ask(store, maya, "support_animal", by=maya, now=now)
        accommodations.ask(store, maya, "interpreter", by=maya, now=now, detail="ASL")
        seat = seat_of(store, group, maya)
        found = accommodations.in_sessions(store, [group.id])
        assert {k: [(a.kind, a.detail) for a in v] for k, v in found.items()} == {
            seat.id: [("support_animal", None), ("interpreter", "ASL")]
        }

    def test_other_words_replace_the_old_ones(self, store, world, clock):
        for detail in ("ASL", "ASL", "Spanish"):
            accommodations.ask(
                store, world.maya, "interpreter", by=world.maya, now=clock.now(), detail=detail
            )
        assert [a.detail for a in store.scalars(accommodations.of(world.maya.id))] == ["Spanish"]
        assert len(store.scalars(select(Accommodation)).all()) == 2

    def test_what_is_no_longer_needed_ends(self, store, world, clock):
        made = accommodations.ask(store, world.maya, "captions", by=world.maya, now=clock.now())
        accommodations.end(store, made, by=world.maya, now=clock.now())
        assert store.scalars(accommodations.of(world.maya.id)).all() == []
        with pytest.raises(Forbidden):
            accommodations.ask(store, world.maya, "captions", by=world.ben, now=clock.now())

    @pytest.mark.parametrize(("kind", "field"), [("tea", "kind"), ("other", "detail")])
    def test_an_unknown_kind_or_a_missing_detail_is_refused(self, store, world, clock, kind, field):
        with pytest.raises(Invalid) as refused:
            accommodations.ask(store, world.maya, kind, by=world.maya, now=clock.now())
        assert refused.value.field == field
