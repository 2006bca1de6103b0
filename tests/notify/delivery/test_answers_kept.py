"""What a provider has accepted is written down, also when the database refuses once and when the worker is told to stop.

An answer that is forgotten is no lost notice, for its row is taken up again; but a letter would then come twice (R2).
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from tests.notify.delivery.test_deliver import waiting
from webapp.notify.channels.parcel import Parcel


@contextmanager
def refusing_to_record(database: Any) -> Iterator[None]:
    """The database does not take down what was sent, as when it is being restarted."""

    def refuse(connection, cursor, statement, *_: Any) -> None:
        if (
            statement.startswith("UPDATE notification")
            and "sent_at=" in statement.split("WHERE")[0]
        ):
            raise OperationalError(statement, None, Exception("the server is gone"))

    event.listen(database.writers, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        event.remove(database.writers, "before_cursor_execute", refuse)


class Slow:
    """A provider that answers when it is told to: after the worker has stopped waiting, and before it is gone."""

    def __init__(self) -> None:
        self.asked: list[Parcel] = []
        self.accepted: list[Parcel] = []
        self.answers = asyncio.Event()

    async def send(self, parcel: Parcel) -> None:
        self.asked.append(parcel)
        await self.answers.wait()
        self.accepted.append(parcel)

    async def close(self) -> None:
        """Nothing to give back."""


def test_an_answer_that_the_database_refused_is_recorded_later_and_nothing_is_sent_twice(
    post, world
):
    waiting(post)
    with refusing_to_record(post.database), pytest.raises(OperationalError):
        post.deliver()
    assert post.ends() == [("email", "open")]
    post.deliver()
    assert post.ends() == [("email", "sent")]
    assert len(post.email.sent) == 1


def test_a_worker_that_is_told_to_stop_records_answers_that_come_within_a_moment(post, world):
    slow = post.channels["email"] = Slow()
    waiting(post)
    while not slow.asked:
        post.courier.deliver(post.database, post.clock.now(), seconds=0.5)
    assert post.ends() == [("email", "open")]
    slow.answers.set()
    post.courier.close()
    assert len(slow.accepted) == 1
    assert post.ends() == [("email", "sent")]
