"""Starts `rejoin` processes quickly: imports all the code once, and forks for every start.

So a test can kill a process a second, instead of waiting for imports. A child is `rejoin WORDS` from its first line on, in a
process group of its own. Reads JSON lines {"words": [...], "log": PATH} and answers each with the child's process id.
"""

import json
import os
import signal
import sys
from contextlib import suppress

import granian.server

import webapp.cli.serve
import webapp.web.wiring
import webapp.worker
from webapp.cli import rejoin

READ = (granian, webapp)
"""What is there from the beginning."""


def be(words: list[str], log: str) -> None:
    """Become `rejoin WORDS`; everything it says goes to the end of `log`."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for end, into in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(end, into)
    sys.argv = ["rejoin", *words]
    rejoin(words, prog_name="rejoin")


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are buried at once
    children = []
    for line in iter(sys.stdin.readline, ""):
        wanted = json.loads(line)
        child = os.fork()
        if child == 0:
            be(**wanted)
            os._exit(0)
        children.append(child)
        print(child, flush=True)
    for child in children:  # whoever asked is gone: nothing of theirs runs on
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
