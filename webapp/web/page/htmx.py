"""A widget is one block of a page's template: the page shows it in its place, htmx gets it alone (house rule 11)."""

from collections.abc import Callable
from typing import Any

from flask import current_app, redirect, render_template
from flask.typing import ResponseReturnValue
from htmx_flask import request

from webapp.web.page import crisis_help


def widget(template: str, block: str, status: int = 200, **context: Any) -> ResponseReturnValue:
    """The page, or for htmx only its `block`. A block shown alone must import the macros it uses itself."""
    if not request.htmx or request.htmx.boosted:
        return render_template(template, **context), status
    return part(template, block, **context), status


def done(
    template: str, block: str, to: str, screen: Callable[[], dict[str, Any]], **more: Any
) -> ResponseReturnValue:
    """After a change: htmx gets the block in its new state; a browser without it is sent to `to` (303).

    `screen` returns what the block needs and is called only for htmx, as a redirect shows nothing; `more` comes on top.
    """
    if not request.htmx:
        return redirect(to, 303)
    return part(template, block, **(screen() | more))


def part(template: str, block: str, **context: Any) -> str:
    """One block of a template, rendered alone; after words of crisis with the card for them, which htmx puts on top of the page."""
    current_app.update_template_context(context)
    found = current_app.jinja_env.get_template(template)
    return "".join(found.blocks[block](found.new_context(context))) + crisis_help.card_for_htmx()
