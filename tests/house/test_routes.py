"""House rule 8: every route says whom it is for."""

from flask import Flask

from tests.house.reading import told
from webapp.web.page.guard import PUBLIC, guard_of

OPEN_TO_EVERYONE = ("sign_in.", "pwa.", "assets.", "health.", "client.connecting.")
"""By the beginnings of endpoints. Who has trouble connecting may not get as far as signing in."""


def guards(app: Flask) -> dict[str, object]:
    """Endpoint → whom it is for."""
    with app.app_context():
        return {rule.endpoint: guard_of(rule.endpoint) for rule in app.url_map.iter_rules()}


def test_every_route_has_a_guard(app: Flask) -> None:
    unmarked = sorted(endpoint for endpoint, guard in guards(app).items() if guard is None)
    assert not unmarked, told(
        unmarked,
        "Mark the view with @needs(Permission.X), @public or @other_door (webapp/web/page/guard.py).",
    )


def test_what_is_public_is_public_on_purpose(app: Flask) -> None:
    public = [endpoint for endpoint, guard in guards(app).items() if guard == PUBLIC]
    strangers = sorted(name for name in public if not name.startswith(OPEN_TO_EVERYONE))
    assert not strangers, told(
        strangers,
        f"Only {', '.join(OPEN_TO_EVERYONE)} are open to everyone. Guard it, or add it to {__name__}.",
    )
