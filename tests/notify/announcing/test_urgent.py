"""Words of crisis: counselor and supervisor are told at once, on every channel, and the task climbs until somebody has it (rules 9, 16)."""

from datetime import timedelta

from webapp.care.contact import crises
from webapp.care.contact.crises import Where
from webapp.care.contact.tasks import Task
from webapp.care.directory.teams import Cover
from webapp.protocol.engine.overdue_tasks import tend


def words_of_crisis(post):
    def tell(store, cast):
        return crises.heed(
            store, cast.maya, "I want to die", where=Where.APP, by=cast.maya, now=post.clock.now()
        ).id

    return post.do(tell)


def told(post):
    post.run()
    return sorted((kind, channel, value) for kind, channel, value in post.sent())


def test_counselor_and_supervisor_are_told_at_once_on_every_channel_also_at_night(post, world):
    post.clock.set(post.clock.now().replace(hour=7))  # three in the morning in New York
    post.device(world.carla)
    words_of_crisis(post)
    carla, susan = world.carla, world.susan
    assert told(post) == [
        ("task_urgent", "email", carla.email), ("task_urgent", "email", susan.email),
        ("task_urgent", "push", "https://push.example/carla/phone"),
        ("task_urgent", "sms", carla.phone), ("task_urgent", "sms", susan.phone),
    ]  # fmt: skip


def test_further_words_tell_nobody_again_while_nobody_has_it(post, world):
    words_of_crisis(post)
    first = told(post)
    words_of_crisis(post)
    assert told(post) == first


def test_unacknowledged_it_climbs_to_the_owner_and_then_the_supervisor(post, world):
    words_of_crisis(post)
    at_once = len(told(post))
    post.clock.forward(minutes=11)
    tend(post.database, post.clock.now())
    nudged = told(post)
    assert len(nudged) == at_once + 2
    post.clock.forward(minutes=31)
    tend(post.database, post.clock.now())
    raised = told(post)
    assert len(raised) == len(nudged) + 2
    assert {kind for kind, _, _ in raised} == {"task_urgent"}


def test_the_cover_has_it_while_the_counselor_is_away(post, world):
    def away(store, cast):
        now = post.clock.now()
        store.add(
            Cover(
                person_id=cast.carla.id,
                covered_by_id=cast.colin.id,
                starts_at=now - timedelta(days=1),
                ends_at=now + timedelta(days=1),
            )
        )

    post.do(away)
    task_id = words_of_crisis(post)
    assert post.do(lambda store, cast: store.get(Task, task_id).owner_id == cast.colin.id)


def test_nobody_is_told_once_somebody_has_it(post, world):
    task_id = words_of_crisis(post)
    post.do(
        lambda store, cast: store.get(Task, task_id).acknowledge(
            store, by=cast.carla, now=post.clock.now()
        )
    )
    assert told(post) == []
