"""R12: whatever is written into whichever field by whomever: no 5xx, no markup that comes back, no change by a refused request.

`make fuzz REQUESTS=100000 [FUZZ_SEED=7]`; a small slice of it runs with the other tests. Every failure is printed with what was
sent.
"""

import pytest
from flask import Flask

from tests.fuzz import calls, pages
from tests.fuzz.conftest import CALLS, PAGES, SEED, parts, size
from tests.house.reading import told
from tests.web import audiences
from tests.web.matrix import Actor


@parts(PAGES)
def test_no_form_is_broken_by_what_is_written_into_it(
    app: Flask, database, objects, part: int
) -> None:
    broken = list(pages.failures(app, database, objects, f"{SEED} {part}", size(PAGES)))
    assert not broken, told(broken[:20], f"Of {size(PAGES)} requests (seed {SEED}, part {part}). Refuse what cannot be used (webapp.refusals), before anything is written.")  # fmt: skip


@parts(CALLS)
def test_no_call_is_broken_by_what_is_put_into_it(app: Flask, database, part: int) -> None:
    broken = list(calls.failures(app, database, f"{SEED} {part}", size(CALLS)))
    assert not broken, told(broken[:20], f"Of {size(CALLS)} calls (seed {SEED}, part {part}). Refuse it as a problem document that names the field.")  # fmt: skip


@pytest.mark.parametrize("engine", ["sqlite"])
def test_every_door_has_a_form_and_what_pages_show_and_views_read_is_in_it(
    app: Flask, database, objects
) -> None:
    actors = {name: Actor(app, database, name) for name in pages.ACTORS}
    forms = pages.known_forms(app, database, objects, actors)
    assert {form.door.endpoint for form in forms} == audiences.FOR.keys()
    fields = {f"{form.door.endpoint} {name}" for form in forms for name in form.names}
    assert {"client.absences.report note", "staff.make_ups.open_slot times", "staff.homework.set_new body",
            "client.sharing.give signature", "staff.emergencies.begin client"} <= fields  # fmt: skip
    assert len(fields) > 600
