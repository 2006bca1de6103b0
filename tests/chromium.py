"""The browser of the tests: the machine's Chromium, else the distribution's package, else Playwright's own."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""For a browser that talks to this machine only."""

REMEDY = (
    "The tests need a Chromium and none could be brought. Install one so that `chromium` or `google-chrome` is on PATH"
    " (Debian and Ubuntu: apt-get install chromium), then run make again."
)


class NoBrowser(RuntimeError):
    """There is no browser; the message says the remedy."""


def path() -> str:
    """The browser's program. Raises NoBrowser."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    if os.path.exists(own):
        return own
    raise NoBrowser(REMEDY)


def bring() -> str:
    """The browser's program, installed when it is missing. Raises NoBrowser."""
    try:
        return path()
    except NoBrowser:
        pass
    print("No Chromium here yet: bringing one.", file=sys.stderr)
    ways = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = ["-qq", "-y", "--no-install-recommends"]
        ways.insert(0, ["apt-get", "install", *quiet, "chromium"])
        subprocess.run(["apt-get", "update", "-qq"], check=False)
    for way in ways:
        if subprocess.run(way, check=False, stdout=sys.stderr).returncode == 0:
            return path()
    raise NoBrowser(REMEDY)


if __name__ == "__main__":
    try:
        bring()
    except NoBrowser as missing:
        sys.exit(str(missing))
