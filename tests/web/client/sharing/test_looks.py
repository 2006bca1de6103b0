"""P7: every view of a record is listed for its client, with what was disclosed to others."""

import re
from datetime import timedelta

from webapp.care.contact import addresses
from webapp.care.directory.people import Person
from webapp.care.privacy import consents, record_views
from webapp.care.privacy.record_views import What
from webapp.notify.outbox import Notification
from webapp.web.client.sharing import looks


def test_a_reading_of_the_chart_shows_with_its_name(visit, world):
    visit(world.carla).get(f"/staff/people/{world.maya.id}")
    page = visit(world.maya).get("/me/looks").text
    assert "Carla Reyes" in page
    assert "Your record" in page


def test_an_older_reading_is_one_tap_further(visit, store, world, clock):
    """P7: every reading, not the latest alone."""
    visit(world.tessa).get(f"/staff/people/{world.maya.id}")
    for _ in range(looks.MOST):
        record_views.record(
            store,
            What.CHART,
            [world.maya],
            by=world.carla.id,
            now=clock.now(),
            program_id=world.harbor.id,
        )
    store.commit()
    maya = visit(world.maya)
    first = maya.get("/me/looks").text
    assert "Tessa Moreau" not in first
    older = maya.get(re.search(r'href="(/me/looks\?before=\d+)"', first)[1]).text
    assert "Tessa Moreau" in older
    assert "Carla Reyes" not in older


def test_nobody_sees_who_looked_at_somebody_else(visit, world):
    visit(world.carla).get(f"/staff/people/{world.maya.id}")
    for who in (world.ben, world.june, world.charlie):
        assert "Carla Reyes" not in visit(who).get("/me/looks").text


def test_an_emergency_access_shows_too(visit, world):
    colin = visit(world.colin)
    told = {"client": "Maya Torres", "reason": "Her sister called, she may be in danger."}
    colin.follow(colin.post("/staff/emergency-access", told))
    page = visit(world.maya).get("/me/looks").text
    assert "in an emergency" in page
    assert "sister" not in page


def told_henry(store, world, now, name=None):
    """A reminder about June that reached Henry."""
    if name:
        store.get(Person, world.henry.id).name = name
    june, henry = store.get(Person, world.june.id), store.get(Person, world.henry.id)
    consents.grant(
        store, june, henry, "reminders", purpose="so that we come together", signature="June",
        expires_at=now + timedelta(days=9), by=june, now=now,
    )  # fmt: skip

    mail = addresses.add(store, henry, "email", "henry@example.org", by=None, now=now)
    store.add(
        Notification(
            event_id=1, person_id=henry.id, channel="email", address_id=mail.id, kind="partner_reminder",
            client_id=june.id, consent_category="reminders", decided_at=now, due_at=now, not_after=now,
            attempts=1, sent_at=now,
        )
    )  # fmt: skip
    store.commit()


def test_what_was_told_to_whom_is_accounted_for(visit, store, world, clock):
    told_henry(store, world, clock.now())
    june = visit(world.june)
    assert "Henry Whitaker" in june.get("/me/looks").text
    answer = june.get("/me/looks/told.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="list.csv"'
    [_, line] = answer.text.splitlines()
    assert 'Henry Whitaker,Reminders before my sessions,"A reminder before' in line
    assert line.endswith(",so that we come together,email")
    assert "Henry" not in visit(world.maya).get("/me/looks/told.csv").text


def test_a_name_that_is_a_formula_does_not_run_in_a_spreadsheet(visit, store, world, clock):
    """S11."""
    told_henry(store, world, clock.now(), name='=HYPERLINK("https://evil.example")')
    assert "'=HYPERLINK" in visit(world.june).get("/me/looks/told.csv").text
