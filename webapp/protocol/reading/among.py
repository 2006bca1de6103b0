"""Reading in bulk: one condition for "one of these ids", however many there are, and rows without objects around them."""

import json
from collections.abc import Collection, Sequence
from typing import Any, TypeVarTuple

from sqlalchemy import ARRAY, ColumnElement, Integer, Row, Select, any_, func, literal, select

from webapp.db import Store

Columns = TypeVarTuple("Columns")


def among(store: Store, column: Any, ids: Collection[int]) -> ColumnElement[bool]:
    """`column` is one of `ids`. One parameter, so one prepared statement for batches of any size."""
    listed = sorted(ids)
    if store.get_bind().dialect.name == "sqlite":
        rows = func.json_each(json.dumps(listed)).table_valued("value")
        return column.in_(select(rows.c.value))
    return column == any_(literal(listed, ARRAY(Integer)))


def rows(store: Store, query: Select[*Columns]) -> Sequence[Row[*Columns]]:
    """The plain rows of a query of columns: a third of the time that the object layer takes for thousands of them."""
    store.flush()
    return store.connection().execute(query).all()
