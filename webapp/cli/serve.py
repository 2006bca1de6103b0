"""`rejoin serve` and `rejoin worker`: the two kinds of process an installation consists of."""

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

from webapp.cli import console
from webapp.cli.child_processes import Child, Children
from webapp.cli.console import CommandFailed
from webapp.config import Settings

ORPHANED_AFTER = 0.5
"""Seconds in which a web process notices that the one which started it is gone."""


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
    from granian.constants import Interfaces
    from granian.server import Server

    class Web(Server):  # type: ignore[valid-type,misc]
        """Ends together with what is beside it, not before."""

        def shutdown(self, exit_code: int = 0) -> None:
            stopping.set()
            super().shutdown(exit_code)

    require_free(host, port)
    stopping = threading.Event()
    server = Web(
        "webapp.cli.serve:application", factory=True, interface=Interfaces.WSGI, address=host, port=port,
        workers=processes, blocking_threads=1, respawn_failed_workers=True, respawn_interval=0.5,
        workers_kill_timeout=10, log_enabled=False, backpressure=256,
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
    """Load the web once and fork its processes: each of its own would take a second or two, and its own memory."""
    if sys.platform != "linux":
        multiprocessing.set_start_method("spawn", force=True)  # forking is not safe elsewhere
        return
    multiprocessing.set_start_method("fork", force=True)
    import_module("webapp.web.wiring")
    gc.collect()
    gc.freeze()  # what is shared stays shared


def application() -> Any:
    """What each web process runs: the app; and a watch on the process that started it, so that none is left behind when
    that is killed."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    return import_module("webapp").create_app()


def _end_with(parent: int) -> None:
    """Politely when the parent has gone; at once if politeness is of no use."""
    clock = threading.Event()
    while os.getppid() == parent:
        clock.wait(ORPHANED_AFTER)
    os.kill(os.getpid(), signal.SIGTERM)
    clock.wait(10)
    os._exit(1)


def require_free(host: str, port: int) -> None:
    """Raises CommandFailed when somebody listens at the port already."""
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
    """Whether all went well."""
    from webapp import worker as chores

    with console.open_database(settings) as database, chores.chores(settings, patient=once) as todo:
        if once:
            with console.progress("walking the chores", None):
                return chores.once(database, todo)
        chores.Worker(database, todo, stopping).run()
    return True


def _until_input_ends(stopping: threading.Event) -> None:
    """Whoever started us holds the other end of standard input; when they are gone, so are we."""
    while os.read(0, 1024):
        pass
    stopping.set()
