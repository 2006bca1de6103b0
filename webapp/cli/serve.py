"""`rejoin serve` and `rejoin worker`: the web server and the background worker."""

import gc
import logging
import multiprocessing
import os
import signal
import sys
import threading
from importlib import import_module
from typing import Any

import click

from webapp.cli import bodies, console
from webapp.cli.child_processes import Child, Children
from webapp.cli.console import CommandFailed
from webapp.config import Settings

THREADS = 6
"""Requests that a web process works on at once. Python runs one of them at a time, so more are no faster; but the
passwords being checked, the charts being printed and those that wait for either (`Turns`) must leave some to the pages."""
HEAD_WITHIN = 30
"""Seconds within which a request's head must have arrived, or the next request on a connection that is kept open."""
KILLED_AFTER = 15
"""Seconds that a web process has to end: more than a request may take to arrive."""
ORPHANED_AFTER = 0.5
"""Seconds within which a web process notices that its parent is gone."""


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen at; 0.0.0.0 for every one.",
)
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--workers",
    "processes",
    default=2,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Web processes.",
)
@click.option(
    "--worker/--no-worker", "with_worker", default=None,
    help="Also run the worker, and start it again if it dies. Default: yes on embedded SQLite, no on PostgreSQL.",
)  # fmt: skip
def serve(host: str, port: int, processes: int, with_worker: bool | None) -> None:
    """Serve the pages and the API. Ends politely on SIGTERM or Ctrl-C, together with the worker it started.

    For the open internet put a proxy with TLS in front and name it in REJOIN_TRUSTED_PROXIES.
    """
    settings = console.load_settings(level=logging.INFO)
    with console.open_database(settings):
        pass  # there, reachable, and at the newest migration
    if with_worker is None:
        with_worker = settings.embedded
    run_web(host, port, processes, Child("worker") if with_worker else None)


def run_web(host: str, port: int, processes: int, beside: Child | None) -> None:
    """Serve until SIGTERM or SIGINT; the process `beside`, if any, is watched meanwhile and ends with it."""
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.server import Server

    class Web(Server):  # type: ignore[valid-type,misc]
        """Tells the process beside it to end at the same time."""

        def shutdown(self, exit_code: int = 0) -> None:
            stopping.set()
            super().shutdown(exit_code)

    require_free(host, port)
    stopping = threading.Event()
    server = Web(
        "webapp.cli.serve:application", factory=True, interface=Interfaces.ASGINL, address=host, port=port,
        workers=processes, websockets=False, respawn_failed_workers=True, respawn_interval=0.5,
        workers_kill_timeout=KILLED_AFTER, log_enabled=False, backpressure=256,
        http=HTTPModes.http1,  # only this one notices a client that never sends anything
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_WITHIN * 1000),
    )  # fmt: skip
    watching = Children([beside], stopping).watch_beside() if beside else None
    _share_what_is_loaded()
    try:
        server.serve()
    finally:
        stopping.set()
        if watching:
            watching.join()


def _share_what_is_loaded() -> None:
    """Import the web application once before forking, which saves each process a second or two and memory."""
    if sys.platform != "linux":
        multiprocessing.set_start_method("spawn", force=True)  # forking is not safe elsewhere
        return
    multiprocessing.set_start_method("fork", force=True)
    import_module("webapp.web.wiring")
    gc.collect()
    gc.freeze()  # so that the collector does not copy shared memory


def application() -> Any:
    """Create the app in a web process, which ends when the process that started it is gone."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    app = import_module("webapp").create_app()
    largest = app.config["MAX_CONTENT_LENGTH"]
    return bodies.WholeRequests(app, threads=THREADS, largest=largest, patience=bodies.PATIENCE)


def _end_with(parent: int) -> None:
    """End this process when its parent is gone: by SIGTERM, ten seconds later at once."""
    clock = threading.Event()
    while os.getppid() == parent:
        clock.wait(ORPHANED_AFTER)
    os.kill(os.getpid(), signal.SIGTERM)
    clock.wait(10)
    os._exit(1)


def require_free(host: str, port: int) -> None:
    """Raises CommandFailed when the port is in use."""
    import socket

    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandFailed(
                f"Nothing can listen at {host}:{port} ({os.strerror(error.errno or 0)}). Choose another one: --port {port + 1}"
            ) from error


@click.command()
@click.option("--once", is_flag=True, help="Run until nothing is due, and exit.")
@click.option(
    "--processes",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Worker processes.",
)
@click.option("--quiet", is_flag=True, help="Log only what is wrong.")
@click.option("--until-input-ends", is_flag=True, hidden=True)
def worker(once: bool, processes: int, quiet: bool, until_input_ends: bool) -> None:
    """Do the chores: look at seats, tell people, tend tasks, watch. Ends politely on SIGTERM or Ctrl-C.

    Any number of workers may run at once, on any number of machines that share a PostgreSQL.
    """
    settings = console.load_settings(level=logging.WARNING if quiet else logging.INFO)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if until_input_ends:
        threading.Thread(target=_until_input_ends, args=(stopping,), daemon=True).start()
    if processes > 1 and not once:
        with console.open_database(settings):
            pass
        Children([Child("worker") for _ in range(processes)], stopping).watch()
        return
    if not _work(settings, once, stopping):
        raise CommandFailed("Some chores raised; the lines above say which. What is due stays due.")


def _work(settings: Settings, once: bool, stopping: threading.Event) -> bool:
    """Run the worker, or with `once` all chores until nothing is due; returns whether none raised."""
    from webapp import worker as chores

    with console.open_database(settings) as database, chores.chores(settings, patient=once) as todo:
        if once:
            with console.progress("walking the chores", None):
                return chores.run_until_idle(database, todo)
        chores.Worker(database, todo, stopping).run()
    return True


def _until_input_ends(stopping: threading.Event) -> None:
    """Set `stopping` when standard input ends, which means that the parent process is gone."""
    while os.read(0, 1024):
        pass
    stopping.set()
