"""Of all processes one writes at a time to the embedded database, and a killed one holds nobody up (R2, R3)."""

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from webapp.embedded import WriterLock

HOLD = "import sys; from webapp.embedded import WriterLock; WriterLock(sys.argv[1]).acquire(); print('held', flush=True); input()"


@contextmanager
def held_elsewhere(path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.kill()


def is_free(path: Path) -> bool:
    """Whether somebody else could take it this instant."""
    with open(f"{path}-lock", "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_one_process_holds_the_lock_until_it_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "rejoin.db"
    with held_elsewhere(path) as holder:
        assert not is_free(path)
        holder.kill()
        holder.wait()
        writer_lock = WriterLock(str(path))
        writer_lock.acquire()
        assert not is_free(path)
        writer_lock.release()
        assert is_free(path)
        writer_lock.close()


def test_the_lock_can_be_acquired_again_after_it_was_closed(tmp_path: Path) -> None:
    path = tmp_path / "rejoin.db"
    writer_lock = WriterLock(str(path))
    for _ in range(2):
        writer_lock.acquire()
        assert not is_free(path)
        writer_lock.close()
        assert is_free(path)


def test_nothing_is_locked_beside_a_database_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    WriterLock(":memory:").acquire()
    assert list(tmp_path.iterdir()) == []
