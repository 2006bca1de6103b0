"""`make prove [LINES="S15 S1"]`: break each requirement on purpose, one at a time, and see its test fail.

Works on copies of the tree, one for each of `--at-once`; yours is not touched. Exit status 1 when something was broken and no
test noticed, or when the text to break is no longer there.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.prove.mutation import ROOT, Mutation
from tests.prove.mutations import BREAKS, WITHOUT

LEFT_BEHIND = shutil.ignore_patterns(".venv", ".git", "instance", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info")  # fmt: skip
NOTICED, UNNOTICED, GONE, BROKEN, NONE = (
    "noticed", "NOT NOTICED", "TEXT GONE", "TESTS FAIL ANYWAY", "NO SUCH TEST",
)  # fmt: skip
FAILED, PASSED = 1, 0
"""What pytest answers. Anything else (nothing collected, an error of its own) shows nothing."""


def tried(copy: Path, mutation: Mutation, before: dict[tuple[str, ...], int] | None) -> str:
    """Break it, run its tests, mend it again. `before`: what these tests answered unbroken, asked once for each; None: not asked."""
    file = copy / mutation.file
    whole = file.read_text()
    if whole.count(mutation.old) != 1:
        return GONE
    if before is not None and mutation.tests not in before:
        before[mutation.tests] = tested(copy, mutation)
    if before is not None and before[mutation.tests] != PASSED:
        return BROKEN if before[mutation.tests] == FAILED else NONE
    file.write_text(whole.replace(mutation.old, mutation.new))
    try:
        after = tested(copy, mutation)
    finally:
        file.write_text(whole)
    return {FAILED: NOTICED, PASSED: UNNOTICED}.get(after, NONE)


def tested(copy: Path, mutation: Mutation) -> int:
    """pytest's answer."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutation.tests],
        cwd=copy, env=os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode


@contextmanager
def copies(how_many: int) -> Iterator["SimpleQueue[Path]"]:
    """Trees to break things in, as many as may be tried at once."""
    free: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="rejoin-prove-") as folder:
        for number in range(how_many):
            copy = Path(folder) / str(number) / "tree"
            shutil.copytree(ROOT, copy, ignore=LEFT_BEHIND)
            (copy / "instance").mkdir()
            free.put(copy)
        yield free


def all_tried(chosen: list[Mutation], at_once: int, sound: bool) -> list[tuple[Mutation, str]]:
    """Each with what came of it, in the order of the tables."""
    before: dict[tuple[str, ...], int] | None = {} if sound else None
    with copies(at_once) as free, ThreadPoolExecutor(at_once) as hands:

        def one(mutation: Mutation) -> tuple[Mutation, str]:
            copy = free.get()
            try:
                return mutation, tried(copy, mutation, before)
            finally:
                free.put(copy)

        told = Console(stderr=True)
        return list(track(hands.map(one, chosen), "breaking", total=len(chosen), console=told))


def main() -> int:
    asked = argparse.ArgumentParser(prog="make prove", description=__doc__)
    asked.add_argument("lines", nargs="*", help="such as S15 S1; all when none is named")
    asked.add_argument("--sound", action="store_true", help="see first that the tests pass unbroken")  # fmt: skip
    asked.add_argument("--at-once", type=int, default=os.cpu_count() or 1, metavar="N", help="how many are broken at a time")  # fmt: skip
    given = asked.parse_args()
    chosen = [one for one in BREAKS if not given.lines or one.line in given.lines]
    results = all_tried(chosen, given.at_once, given.sound)
    table = Table("line", "file", "what was broken", "result")
    for mutation, result in results:
        table.add_row(mutation.line, mutation.file, mutation.rule[:60], result)
    out = Console(width=None if sys.stdout.isatty() else 160)
    out.print(table)
    for line, why in WITHOUT.items():
        out.print(f"{line}: {why}")
    counted = Counter(result for _, result in results)
    lines = len({mutation.line for mutation, _ in results})
    out.print(f"{len(results)} rules of {lines} lines: {', '.join(f'{n} {what}' for what, n in counted.items())}")  # fmt: skip
    return 0 if counted[NOTICED] == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
