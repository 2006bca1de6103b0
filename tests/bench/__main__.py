"""`make bench`: every bench_*.py here in turn, each in a process of its own; `BENCHES="push sweep"` runs those."""

import subprocess
import sys
from pathlib import Path


def main(wanted: list[str]) -> int:
    """Run them; returns how many ended in error."""
    known = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    names = [f"bench_{name.removeprefix('bench_')}" for name in wanted] or known
    if strangers := set(names) - set(known):
        sys.exit(f"There is no {', '.join(sorted(strangers))}. Choose from: {', '.join(known)}")
    failed = 0
    for name in names:
        print(f"\n# {name.removeprefix('bench_')}", flush=True)
        failed += (
            subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], check=False).returncode
            != 0
        )
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
