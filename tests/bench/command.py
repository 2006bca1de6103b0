"""The command line that all benches share: how large each run is, in full or as a smoke test."""

import json
import logging
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import track

Counts = dict[str, int]
"""What a run did, by what it is: rows sent, seats looked at. Never a time."""
Step = TypeVar("Step")


@dataclass(frozen=True)
class Size:
    """One number of a bench: in full, in a smoke test, and what it counts. A tuple of numbers: one run for each."""

    full: Any
    smoke: Any
    words: str

    def option(self, name: str) -> click.Option:
        several = isinstance(self.full, tuple)
        one = self.full[0] if several else self.full
        return click.Option(
            [f"--{name}"], type=type(one), multiple=several,
            help=f"{self.words} ({said(self.full)}; smoke: {said(self.smoke)})",
        )  # fmt: skip


def said(size: Any) -> str:
    return ", ".join(f"{one:,}" for one in (size if isinstance(size, tuple) else (size,)))


def bench(**sizes: Size) -> Callable[[Callable[..., Counts]], click.Command]:
    """Make a command of a function that takes `sizes` by name, prints its figures and returns what it did.

    `--smoke` takes the small sizes, `--counts` prints what was done as one line of JSON at the end.
    """

    def made(run: Callable[..., Counts]) -> click.Command:
        def command(smoke: bool, counts: bool, **given: Any) -> None:
            logging.getLogger("urllib3").setLevel(logging.ERROR)  # tries again until a server is up
            chosen = {
                name: (size.smoke if smoke else size.full)
                if given[name] in (None, ())
                else given[name]
                for name, size in sizes.items()
            }
            done = run(**chosen)
            if counts:
                print(json.dumps(done))

        return click.Command(
            run.__module__,
            callback=command,
            params=[
                *(size.option(name) for name, size in sizes.items()),
                click.Option(["--smoke"], is_flag=True, help="A handful of everything."),
                click.Option(
                    ["--counts"], is_flag=True, help="At the end, what was done as a line of JSON."
                ),
            ],
            help=sys.modules[run.__module__].__doc__,
            context_settings={"max_content_width": 120},
        )

    return made


def progress(steps: Sequence[Step] | range, words: str) -> Iterable[Step]:
    """The steps, with a bar on a terminal's standard error while they last."""
    console = Console(stderr=True)
    return track(steps, words, console=console, transient=True, disable=not console.is_terminal)  # type: ignore[arg-type]
