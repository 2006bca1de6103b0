"""Every bench_*.py here in turn, each in a process of its own: `make bench`, or `make bench BENCHES="push sweep"`.

`--smoke` runs each with a handful of rows. A bench by itself takes its own sizes: `python -m tests.bench.bench_push --help`.
"""

import subprocess
import sys
from pathlib import Path

import click

BENCHES = sorted(
    path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py")
)


@click.command(help=__doc__)
@click.argument("names", nargs=-1, type=click.Choice(BENCHES))
@click.option("--smoke", is_flag=True, help="A handful of everything.")
def main(names: tuple[str, ...], smoke: bool) -> None:
    """Run them; the exit code is how many ended in error."""
    failed = 0
    for name in names or BENCHES:
        click.echo(f"\n# {name}")
        words = [sys.executable, "-m", f"tests.bench.bench_{name}", *(["--smoke"] * smoke)]
        failed += subprocess.run(words, check=False).returncode != 0
    sys.exit(failed)


if __name__ == "__main__":
    main(prog_name="python -m tests.bench")
