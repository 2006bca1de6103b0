"""Lists: `?limit=&after=`, answered with `items` and the cursor `next`.

A cursor is a row's own position, so a list never skips or repeats a row that others add to, and a page costs the same at any
depth.
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
    """Which part of a list."""

    limit: int = Field(PAGE, ge=1, le=LONGEST_PAGE, description="How many at most")
    after: int = Field(0, ge=0, le=LARGEST_ID, description="Only what follows this cursor")


def number(asked: int) -> ColumnElement[int]:
    """A caller's number, as a condition may have it: 64 bits wide, though most of our own are narrower on PostgreSQL."""
    return literal(asked, BigInteger)


def cut(
    rows: Sequence[Row], limit: int, position: Callable[[Row], int]
) -> tuple[Sequence[Row], int | None]:
    """Of up to `limit` + 1 rows: the page, and the cursor of the next one, if there is one."""
    page = rows[:limit]
    return page, position(page[-1]) if len(rows) > limit else None


def paged(items: list[Any], after: int | None) -> dict[str, Any]:
    return {"items": items, "next": after}
