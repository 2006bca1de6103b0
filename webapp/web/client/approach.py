"""The banner inside the app as a session approaches, for pages that have been open for a while (M17)."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.care.directory.permissions import Permission
from webapp.web.client import my_seats
from webapp.web.page.guard import needs

pages = Blueprint("approach", __name__)


@pages.get("/approach")
@needs(Permission.OWN_DAY)
def show() -> ResponseReturnValue:
    """The banner for the seat whose doors open next. A page polls this by itself, so it does not count as use of the login (S3)."""
    if not request.headers.get("HX-Request"):
        return redirect(url_for("client.today.show"), 303)
    g.pop("seen", None)
    return render_template("client/approach.html", near=my_seats.approaching())
