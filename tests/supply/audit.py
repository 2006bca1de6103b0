"""`make audit`: ask the database of known vulnerabilities about every pinned package (S16).

Three outcomes, never a silent fourth: nothing known (exit 0), something known (exit 1), or the database could not be asked.
The last is an error too (exit 2), except with `--if-reachable` (for `make check` on a machine without that part of the
network): then it is said aloud, and the check goes on.

A mirror of the index answers politely and knows no vulnerability of anything. So we first ask about an old release of which
many are known: a database that does not name one is none. And a package that is skipped was not audited.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LOCKS = Path(__file__).resolve().parents[2] / "requirements"
TOUCHSTONE = f"jinja2==2.10 --hash=sha256:{'0' * 64}\n"
"""Nothing is installed: the hash is there because pip-audit wants one."""


class Unasked(Exception):
    """The database gave no answer that means anything."""


def vulnerable(lock: Path, words: list[str]) -> list[str]:
    """`name version: ids` of each package of `lock` that something is known about. Raises Unasked."""
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off",
         "--format", "json", "--requirement", str(lock), *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError) as error:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise Unasked(last[:200]) from error
    if skipped := [one["name"] for one in packages if "skip_reason" in one]:
        raise Unasked(f"it knows nothing of {', '.join(skipped[:5])}")
    return [
        f"{one['name']} {one['version']}: {', '.join(each['id'] for each in one['vulns'])}"
        for one in packages
        if one["vulns"]
    ]


def main(*words: str) -> int:
    asked = [word for word in words if word != "--if-reachable"]
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as touchstone:
            touchstone.write(TOUCHSTONE)
            touchstone.flush()
            if not vulnerable(Path(touchstone.name), asked):
                raise Unasked("it does not even know of what is known about jinja2 2.10")
        found = [
            line for name in ("run", "dev") for line in vulnerable(LOCKS / f"{name}.txt", asked)
        ]
    except Unasked as why:
        print(f"NOT AUDITED: the database of vulnerabilities could not be asked ({why}).", file=sys.stderr)  # fmt: skip
        print("Run `make audit` where the index itself can be reached, before a release.", file=sys.stderr)  # fmt: skip
        print("Another database: make audit AUDIT='--vulnerability-service osv'", file=sys.stderr)
        return 0 if "--if-reachable" in words else 2
    for line in sorted(set(found)):
        print(line)
    print("Raise these in pyproject.toml, then: make lock" if found else "No vulnerability is known of any pinned package.")  # fmt: skip
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
