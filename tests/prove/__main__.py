"""`make prove [LINES="S15 S1"]`: break each safety requirement on purpose, one at a time, and see its test fail.

Works on a copy of the tree in a folder of its own; yours is not touched. Exit status 1 when something was broken and no
test noticed, or when the text to break is no longer there.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.prove.mutations import BREAKS, NONE_YET, Mutation

ROOT = Path(__file__).resolve().parents[2]
LEFT_BEHIND = shutil.ignore_patterns(".venv", ".git", "instance", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info")  # fmt: skip
NOTICED, UNNOTICED, GONE, BROKEN = "noticed", "NOT NOTICED", "TEXT GONE", "TESTS FAIL ANYWAY"


def tried(copy: Path, mutation: Mutation) -> str:
    """Break it, run its tests, mend it again."""
    file = copy / mutation.file
    whole = file.read_text()
    if whole.count(mutation.old) != 1:
        return GONE
    file.write_text(whole.replace(mutation.old, mutation.new))
    try:
        return NOTICED if failing(copy, mutation) else UNNOTICED
    finally:
        file.write_text(whole)


def failing(copy: Path, mutation: Mutation) -> bool:
    """Whether at least one test failed; nothing collected is no failure."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutation.tests],
        cwd=copy, env=os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode == 1


def main() -> int:
    asked = argparse.ArgumentParser(prog="make prove", description=__doc__)
    asked.add_argument("lines", nargs="*", help="such as S15 S1; all when none is named")
    asked.add_argument(
        "--sound", action="store_true", help="first see that the tests pass unbroken"
    )
    given = asked.parse_args()
    chosen = [one for one in BREAKS if not given.lines or one.line in given.lines]
    out, results = Console(), []
    with tempfile.TemporaryDirectory(prefix="rejoin-prove-") as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(ROOT, copy, ignore=LEFT_BEHIND)
        (copy / "instance").mkdir()
        for mutation in track(chosen, description="breaking", console=Console(stderr=True)):
            sound = not given.sound or not failing(copy, mutation)
            results.append((mutation, tried(copy, mutation) if sound else BROKEN))
    table = Table("line", "file", "what was broken", "result")
    for mutation, result in results:
        table.add_row(mutation.line, mutation.file, mutation.old.strip()[:60], result)
    out.print(table)
    for line, why in NONE_YET.items():
        out.print(f"{line}: no mutation yet ({why})")
    return 0 if all(result == NOTICED for _, result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
