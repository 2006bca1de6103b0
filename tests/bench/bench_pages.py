"""Pages: Today's answers a second beside the barest Flask on the same server (A B A B), and what a phone sees of them.

granian, two processes, 32 connections, an encrypted SQLite file with three weeks
of practice in it. The client's figures: a real Chromium under Lighthouse's slow 4G and a processor four times slower. With
Lighthouse installed (`npm install --prefix DIR lighthouse@12`, Node 18 or newer), name its program in LIGHTHOUSE, or have
`lighthouse` on PATH, and its scores stand beside.
"""

import json
import os
import shutil
import statistics
import subprocess
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import select

from tests import chromium, counting
from tests.bench.askers import Tally, again_for, ask, get
from tests.bench.command import Counts, Size, bench, progress
from tests.bench.house_of_pages import House, opened
from tests.visiting import Visit
from webapp import clock, create_app
from webapp.care.schedule.sessions import Seat, Session
from webapp.demo import cast

WHO = "maya"
SLOW_4G = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1.6e6 / 8,
    "uploadThroughput": 750e3 / 8,
}
SLOWER = 4
SETTLED = {"Me": "/me", "Ways in": "/account", "Policy": "/orientation", "Install": "/install"}
"""Pages on which scripts decide what fits this device: nothing may move there either."""

VITALS = """() => new Promise((done) => {
  const seen = { lcp: 0, cls: 0, tbt: 0 };
  const fcp = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0;
  new PerformanceObserver((list) => { seen.lcp = list.getEntries().at(-1).startTime; }).observe({ type: "largest-contentful-paint", buffered: true });
  new PerformanceObserver((list) => list.getEntries().forEach((each) => { if (!each.hadRecentInput) seen.cls += each.value; })).observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver((list) => list.getEntries().forEach((each) => { if (each.startTime > fcp) seen.tbt += Math.max(0, each.duration - 50); })).observe({ type: "longtask", buffered: true });
  setTimeout(() => done(seen), 1500);
})"""


def today_beside_bare(
    house: House, connections: int, rounds: int, seconds: float
) -> list[tuple[Tally, Tally]]:
    """Rounds of (bare, ours), each for some seconds."""
    cookies = [house.cookie_of(WHO) for _ in range(connections)]
    for port, cookie in ((house.bare_port, ""), (house.port, cookies[0])):
        ask(port, [again_for(get("/", cookie), 1)] * 1)
    found = []
    for _ in progress(range(rounds), "rounds"):
        bare = ask(house.bare_port, [again_for(get("/"), seconds) for _ in cookies])
        ours = ask(house.port, [again_for(get("/", cookie), seconds) for cookie in cookies])
        assert not bare.refused + ours.refused, f"{ours.refused} answers were no page"
        found.append((bare, ours))
    return found


def statements(house: House) -> int:
    """How many statements Today needs once the process is warm."""
    app = create_app(house.settings, house.database)
    with house.database.reading() as store:
        person = getattr(cast.find(store), WHO).id
    visitor = Visit(app, person)
    visitor.get("/")
    with counting.statements(house.database) as told:
        visitor.get("/")
    return sum(not each.startswith("BEGIN") for each in told)


def paths(house: House) -> dict[str, str]:
    with house.database.reading() as store:
        person = getattr(cast.find(store), WHO)
        mine = select(Seat.id).join(Session).where(
            Seat.client_id == person.id, Seat.is_given, Session.is_on,
            Session.starts_at > clock.now() + timedelta(days=1),
        )  # fmt: skip
        ahead = store.scalars(mine.order_by(Session.starts_at)).first()
    return {
        "Today": "/",
        "Schedule": "/schedule",
        "Absence": f"/seats/{ahead}/absence",
        "Catch up": "/catch-up",
    }


def seen_on_a_phone(page: Page, address: str) -> dict[str, float]:
    """LCP and TBT in ms, CLS, of one cold load."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")
    cdp.send("Network.setCacheDisabled", {"cacheDisabled": True})
    cdp.send("Network.emulateNetworkConditions", SLOW_4G)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(address)
    vitals: dict[str, float] = page.evaluate(VITALS)
    return vitals


def lighthouse(program: str, house: House, address: str) -> dict[str, Any]:
    """Its scores (0–100) and what it would mend, mobile."""
    words = [
        program, address, "--quiet", "--output=json", "--only-categories=performance,accessibility,best-practices",
        f"--extra-headers={json.dumps({'Cookie': house.cookie_of(WHO)})}", f"--chrome-flags={' '.join(chromium.FLAGS)}",
    ]  # fmt: skip
    told = subprocess.run(
        words, env=os.environ | {"CHROME_PATH": chromium.path()}, capture_output=True, check=True
    )
    report: dict[str, Any] = json.loads(told.stdout)
    return report


def print_rates(house: House, connections: int, rounds: int, seconds: float) -> int:
    """Returns in how many rounds Today was seen; a page that is refused raises AssertionError."""
    found = today_beside_bare(house, connections, rounds, seconds)
    ratio = statistics.median(ours.rate / bare.rate for bare, ours in found)
    rates = sorted(ours.rate for _, ours in found)
    print(
        f"\nToday, signed in as {WHO}, {connections} connections, {rounds} rounds of {seconds:g} s (median)"
    )
    print(f"{'':12}{'answers a second':>18}{'p50':>10}{'p99':>10}")
    for name, tallies in zip(("bare Flask", "Today"), zip(*found, strict=True), strict=True):
        rate, p50, p99 = (
            statistics.median(getattr(t, what) for t in tallies) for what in ("rate", "p50", "p99")
        )
        print(f"{name:12}{rate:>18,.0f}{p50 * 1000:>7.1f} ms{p99 * 1000:>7.1f} ms")
    print(
        f"Today is {ratio:.2f} of bare Flask (spread {rates[0]:,.0f} to {rates[-1]:,.0f}); {statements(house)} statements"
    )
    return sum(bool(ours.waits) for _, ours in found)


def print_vitals(house: House, where: dict[str, str], loads: int) -> int:
    """Returns how many pages were seen."""
    seen = 0
    print(
        f"\nOn a phone: slow 4G, processor {SLOWER} times slower, nothing in the cache (median of {loads})"
    )
    print(f"{'':12}{'LCP':>10}{'TBT':>10}{'CLS':>8}")
    name, _, value = house.cookie_of(WHO).partition("=")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.path(), args=list(chromium.FLAGS)
        )
        for words, path in progress(list(where.items()), "pages"):
            vitals = []
            for _ in range(loads):
                context = browser.new_context(
                    viewport={"width": 412, "height": 823},
                    device_scale_factor=1.75,
                    timezone_id="America/New_York",
                )
                context.add_cookies([{"name": name, "value": value, "url": house.address}])
                vitals.append(seen_on_a_phone(context.new_page(), house.address + path))
                context.close()
            lcp, tbt, cls = (
                statistics.median(load[what] for load in vitals) for what in ("lcp", "tbt", "cls")
            )
            print(f"{words:12}{lcp:>7,.0f} ms{tbt:>7,.0f} ms{cls:>8.3f}")
            seen += lcp > 0
        browser.close()
    return seen


def print_scores(house: House, where: dict[str, str]) -> None:
    program = os.environ.get("LIGHTHOUSE") or shutil.which("lighthouse")
    if not program:
        print(
            "\nLighthouse is not here. `npm install --prefix /tmp/lighthouse lighthouse@12`, then run this again with"
        )
        print("LIGHTHOUSE=/tmp/lighthouse/node_modules/.bin/lighthouse")
        return
    print("\nLighthouse, mobile")
    print(
        f"{'':12}{'speed':>8}{'access':>8}{'practice':>10}{'LCP':>10}{'TBT':>8}{'CLS':>8}   below 1"
    )
    for words, path in where.items():
        report = lighthouse(program, house, house.address + path)
        scores = [round(100 * each["score"]) for each in report["categories"].values()]
        audits = report["audits"]
        lcp, tbt, cls = (
            audits[name]["numericValue"]
            for name in (
                "largest-contentful-paint",
                "total-blocking-time",
                "cumulative-layout-shift",
            )
        )
        named = [
            name
            for name, each in audits.items()
            if each["score"] is not None and each["score"] < 0.9
        ]
        print(
            f"{words:12}{scores[0]:>8}{scores[1]:>8}{scores[2]:>10}{lcp:>7,.0f} ms{tbt:>5,.0f} ms{cls:>8.3f}   {', '.join(named) or '–'}"
        )


@bench(
    seconds=Size(5.0, 0.3, "seconds in a round for each server"),
    rounds=Size(4, 1, "rounds in turns"),
    connections=Size(32, 2, "connections at once"),
    processes=Size(2, 1, "processes that serve, of ours and of bare Flask"),
    weeks=Size(3, 0, "weeks of practice: 3 as in the demo, or 0 for its cast alone"),
    pages=Size(8, 1, "pages seen on a phone, at most"),
    loads=Size(3, 1, "cold loads of each"),
)
def main(
    seconds: float,
    rounds: int,
    connections: int,
    processes: int,
    weeks: int,
    pages: int,
    loads: int,
) -> Counts:
    done = {}
    with opened(story_told=bool(weeks), processes=processes) as house:
        done["rounds of Today"] = print_rates(house, connections, rounds, seconds)
        where = paths(house)
        chosen = dict(list((where | SETTLED).items())[:pages])
        done["pages seen on a phone"] = print_vitals(house, chosen, loads)
        print_scores(house, {name: path for name, path in where.items() if name in chosen})
    return done


if __name__ == "__main__":
    main()
