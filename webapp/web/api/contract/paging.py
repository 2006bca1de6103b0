"""Paged lists: `?limit=&after=` returns `items` and the cursor `next`.

A cursor is the id of the last row returned, so rows added meanwhile cause no gaps or repeats, and every page costs the same
however far into the list.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pydantic import Field
from sqlalchemy import BigInteger, ColumnElement, literal

from webapp.web.api.contract.shapes import LARGEST_ID, Query

Row = TypeVar("Row")
LONGEST_PAGE = 1000
PAGE = 100


class Page(Query):
    """Which page of a list."""

    limit: int = Field(PAGE, ge=1, le=LONGEST_PAGE, description="How many at most")
    after: int = Field(0, ge=0, le=LARGEST_ID, description="Only what follows this cursor")


def number(value: int) -> ColumnElement[int]:
    """A caller's number for use in a condition, as 64 bits: PostgreSQL refuses to compare a larger one with our narrower columns."""
    return literal(value, BigInteger)


def cut(
    rows: Sequence[Row], limit: int, position: Callable[[Row], int]
) -> tuple[Sequence[Row], int | None]:
    """Split up to `limit` + 1 rows into the page and the cursor of the next page, or None if this is the last."""
    page = rows[:limit]
    return page, position(page[-1]) if len(rows) > limit else None


def paged(items: list[Any], after: int | None) -> dict[str, Any]:
    """The response body of a list."""
    return {"items": items, "next": after}
