"""A client's own backup plan: versions, and who may write it."""

import pytest
from sqlalchemy import select

from webapp.care.preferences import backup_plans
from webapp.care.preferences.backup_plans import BackupPlan
from webapp.refusals import Forbidden, Invalid


class TestBackupPlan:
    def test_the_newest_version_counts_and_the_same_text_makes_no_new_one(
        self, store, world, clock
    ):
        for device in ("phone", "phone", "tablet"):
            backup_plans.write(
                store,
                world.maya,
                {"device": device, "place": "car"},
                by=world.maya,
                now=clock.now(),
            )
        assert store.scalar(backup_plans.of(world.maya.id)).parts == {
            "place": "car",
            "device": "tablet",
        }
        assert len(store.scalars(select(BackupPlan)).all()) == 2

    def test_it_is_the_clients_own(self, store, world, clock):
        with pytest.raises(Forbidden):
            backup_plans.write(store, world.maya, {"place": "x"}, by=world.ben, now=clock.now())
        with pytest.raises(Invalid) as refused:
            backup_plans.write(
                store, world.maya, {"dial_in": "1" * 1001}, by=world.maya, now=clock.now()
            )
        assert refused.value.field == "dial_in"
