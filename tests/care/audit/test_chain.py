"""S14: the head of the chain lies outside the database too, so cutting off its end or writing it anew is seen."""

import json

import pytest
from sqlalchemy import select, text

from tests.care.audit.test_events import write
from webapp.care.audit import chain
from webapp.care.audit.events import ChainHead, Event, chained_hash

CUT = "DELETE FROM event WHERE id > :kept"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "audit.anchors"


def anchor(database, clock, file):
    return chain.write_anchor(database, clock.now(), file)


def problems(store, file):
    found, broken = chain.read_anchors(file)
    return broken + list(chain.disagreements(store, found))


def rewrite(store, after):
    """What somebody who may write every table would do: a chain that holds, with another past."""
    rows = store.execute(select(Event.id, Event.canonical, Event.hash).order_by(Event.id)).all()
    digest = bytes(32)
    for row in rows:
        canonical = row.canonical
        if row.id > after:
            canonical = canonical.replace("2026-03", "2026-02")
            store.execute(
                text("UPDATE event SET canonical = :c, at = :at WHERE id = :id"),
                {"c": canonical, "at": json.loads(canonical)["event"][3], "id": row.id},
            )
        digest = chained_hash(digest, canonical)
        store.execute(
            text("UPDATE event SET hash = :h WHERE id = :id"), {"h": digest, "id": row.id}
        )
    store.execute(text("UPDATE chain_head SET hash = :h"), {"h": digest})


def test_an_untouched_chain_agrees(database, store, world, clock, file):
    for _ in range(3):
        write(store, world, clock.now())
        assert anchor(database, clock, file) == 1
        assert anchor(database, clock, file) == 0, "nothing happened since"
    write(store, world, clock.now())
    assert problems(store, file) == []
    assert len(file.read_text().splitlines()) == 3
    assert file.stat().st_mode & 0o077 == 0


def test_a_cut_off_end_is_seen(database, store, world, clock, file):
    """Whoever cut it off corrected the head too, so the chain by itself holds."""
    write(store, world, clock.now())
    anchor(database, clock, file)
    head = store.scalars(select(ChainHead)).one()
    kept = head.count - 2
    store.execute(text(CUT), {"kept": kept})
    last = store.scalar(select(Event.hash).where(Event.id == kept))
    store.execute(text("UPDATE chain_head SET count = :n, hash = :h"), {"n": kept, "h": last})
    store.expire_all()
    assert list(chain.verify(store)) == []
    [sentence] = problems(store, file)
    assert "cut off" in sentence


def test_a_rewritten_tail_is_seen(database, store, world, clock, file):
    write(store, world, clock.now())
    anchor(database, clock, file)
    write(store, world, clock.now())
    rewrite(store, after=store.scalar(select(ChainHead.count)) - 5)
    store.expire_all()
    [sentence] = problems(store, file)
    assert "written anew" in sentence


def test_a_restored_backup_is_not_taken_for_tampering(database, store, world, clock, file):
    """R11 and S14: the restore says so in the anchors; what was anchored before still binds as far as the backup goes."""
    write(store, world, clock.now())
    anchor(database, clock, file)
    early = store.scalar(select(ChainHead.count))
    write(store, world, clock.now())
    anchor(database, clock, file)
    store.execute(text(CUT), {"kept": early})
    last = store.scalar(select(Event.hash).where(Event.id == early))
    store.execute(text("UPDATE chain_head SET count = :n, hash = :h"), {"n": early, "h": last})
    store.commit()
    chain.write_anchor(database, clock.now(), file, restored=True)
    store.expire_all()
    assert problems(store, file) == []
    write(store, world, clock.now())
    assert problems(store, file) == []


def test_a_line_that_is_no_anchor_is_reported(store, world, file):
    file.write_text("{}\nnonsense\n")
    assert len(problems(store, file)) == 2
