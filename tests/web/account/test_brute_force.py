"""S12: two workers on one database hold one rate between them: the guesser gets no more tries by asking both."""

import multiprocessing
from typing import Any

from tests.databases import opened
from tests.visiting import Visit
from webapp.care.accounts import passwords
from webapp.care.directory.people import Person
from webapp.config import Settings

WORDS, EMAIL = "three quiet blue boats", "maya@example.org"
WORKERS, GUESSES = 2, 12


def guess(url: str, instance: str, gate: Any, told: Any) -> None:
    """One worker: an application of its own, in a process of its own, under attack."""
    from webapp import create_app

    database = opened(url)
    app = create_app(Settings.load({}, instance), database)
    visitor = Visit(app)
    visitor.csrf_token()
    gate.wait()
    sent = [
        visitor.post("/sign-in", {"email": EMAIL, "password": f"guess number {n} of many"})
        for n in range(GUESSES)
    ]
    told.put([answer.status_code for answer in sent])
    database.dispose()


def test_s12_two_workers_hold_one_rate(fresh_database, world, clock, tmp_path):
    with fresh_database.writing() as store:
        maya = store.get_one(Person, world.maya.id)
        passwords.set_password(store, maya, WORDS, by=maya, now=clock.now())
        store.commit()
    Settings.load({}, tmp_path / "instance")
    url = fresh_database.url.render_as_string(hide_password=False)
    fresh_database.dispose()
    fork = multiprocessing.get_context("fork")
    gate, told = fork.Barrier(WORKERS), fork.Queue()
    workers = [
        fork.Process(target=guess, args=(url, str(tmp_path / "instance"), gate, told))
        for _ in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    sent = [status for _ in workers for status in told.get(timeout=120)]
    for worker in workers:
        worker.join()
    assert sent.count(422) == 10, sent
    assert sent.count(429) == WORKERS * GUESSES - 10
