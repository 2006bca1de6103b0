"""S7: browsers report violations of our content security policy; they are counted without any content of the page."""

import json

import pytest
from sqlalchemy import select

from webapp.operations.csp_reports import KINDS_A_DAY, CspReport

PATH = "/reports/policy"
HOST = "http://localhost"


def modern(rule="script-src-elem", blocked="inline", page="/seats/7?token=canary"):
    body = {"effectiveDirective": rule, "blockedURL": blocked, "documentURL": HOST + page,
            "sample": "canary words", "referrer": "canary"}  # fmt: skip
    return [{"type": "csp-violation", "age": 1, "url": HOST + page, "body": body}]


def older(rule="style-src", blocked="https://evil.example/x?canary"):
    return {"csp-report": {"violated-directive": rule, "blocked-uri": blocked, "document-uri": HOST + "/",
                           "script-sample": "canary"}}  # fmt: skip


def send(app, body, kind="application/reports+json", **more):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return app.test_client().post(PATH, data=data, content_type=kind, **more)


def kept(store):
    store.expire_all()
    found = store.scalars(select(CspReport).order_by(CspReport.rule))
    return [(one.rule, one.blocked, one.page, one.count) for one in found]


def test_both_formats_are_counted_and_nothing_of_the_page_is_kept(app, store, world):
    for _ in range(2):
        assert send(app, modern()).status_code == 204
    for blocked in ("https://evil.example/x?canary", "https://["):
        assert send(app, older(blocked=blocked), "application/csp-report").status_code == 204
    assert kept(store) == [
        ("script-src-elem", "inline", "client.seats.show", 2),
        ("style-src", "elsewhere", "client.today.show", 2),
    ]
    assert "canary" not in repr([vars(one) for one in store.scalars(select(CspReport))])


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"[" * 100_000, b"null", b"[1]", {"csp-report": 7}, {"csp-report": {}}, modern(rule="x" * 50), modern(rule="<b>"), older(rule=[1])],
)  # fmt: skip
def test_a_body_that_is_no_report_is_not_counted(app, store, world, body):
    assert send(app, body).status_code == 204
    assert kept(store) == []


def test_a_large_body_is_not_read(app, store, world):
    assert send(app, modern() * 200).status_code == 204
    assert kept(store) == []


def test_reports_from_one_address_are_rate_limited(app, store, world, clock):
    answers = [send(app, modern()).status_code for _ in range(40)]
    assert answers[:30] == [204] * 30
    assert set(answers[30:]) == {429}
    [(*_, count)] = kept(store)
    assert count == 30


def test_too_many_kinds_share_one_row(app, store, world, clock):
    for n in range(KINDS_A_DAY // 20 + 2):
        page = [modern(rule=f"{'abcdefghijklmnopqrst'[i]}x-{'abcdefghijklmnopqrstuvwxyz'[n]}")[0] for i in range(20)]  # fmt: skip
        assert send(app, page).status_code == 204
    assert len(kept(store)) == KINDS_A_DAY + 1


def test_every_page_says_where_to_report(app, world):
    headers = app.test_client().get("/sign-in").headers
    assert "report-to policy" in headers["Content-Security-Policy"]
    assert f"report-uri {PATH}" in headers["Content-Security-Policy"]
    assert headers["Reporting-Endpoints"] == f'policy="{PATH}"'


def test_the_count_is_among_the_metrics(app, world, caller):
    send(app, modern())
    assert "rejoin_policy_violations 1.0" in caller(world.harbor, "read")("GET", "/metrics").text


def test_administrators_see_what_was_refused_how_often_first_and_last(app, visit, world, clock):
    send(app, modern())
    clock.forward(days=1)
    send(app, modern())
    send(app, older(), "application/csp-report")
    answer = visit(world.ada).get("/staff/refused-by-browsers")
    page = " ".join(answer.text.split())
    assert "Code written into the page" in page
    assert "Something from another site" in page
    assert "/seats/… · <code>script-src-elem</code>" in page
    assert "2 times" in page
    assert "2026-03-04T18:00" in page
    assert "2026-03-05T18:00" in page
    assert "canary" not in page
    assert visit(world.carla).get("/staff/refused-by-browsers").status_code == 404


def test_when_nothing_was_refused_the_page_says_so(visit, world):
    assert "Browsers refused nothing" in visit(world.susan).get("/staff/refused-by-browsers").text
