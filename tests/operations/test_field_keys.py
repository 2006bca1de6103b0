"""S15: whoever reads the tables without our keys reads nothing that anyone said."""

from sqlalchemy import select, text

from tests import rows
from webapp.crypto.sealed import columns_of
from webapp.db import Base
from webapp.operations.field_keys import sealed_tables

CANARY = "a canary sings"


def test_no_word_is_found_in_the_raw_tables(store, world, clock):
    """The canary stands in every free-text field; a reader of the database alone does not find it."""
    tables = sealed_tables()
    assert len(tables) > 12
    for table in tables:
        rows.put(store, table, clock.now(), CANARY)
    store.flush()
    for table in tables:
        for column in columns_of(table):
            assert CANARY in store.scalars(select(column)).all(), f"{column} reads plainly for us"
            kept = store.scalars(text(f"SELECT {column.name} FROM {table.name}")).all()
            assert any(kept), column
            assert not [one for one in kept if one and not one.startswith("s1.")], column
    everything = Base.metadata.sorted_tables
    for table in everything:
        found = store.execute(text(f"SELECT * FROM {table.name}")).all()
        assert CANARY not in repr(found), table.name
