"""The migrations make exactly what the models say, on both engines, and can be taken back."""

from collections.abc import Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from tests.databases import Databases, every_table, lay_schema
from webapp import migrations
from webapp.db import Database

REMEDY = 'The models have changed. Run: make migration SAYS="what the change does"'


@pytest.fixture
def bare(engine: str, databases: Databases) -> Iterator[Database]:
    """A database with nothing in it."""
    with databases.bare(engine) as database:
        yield database


def told_options(index: Any) -> dict[str, str]:
    return {name: str(value) for name, value in index.get("dialect_options", {}).items()}


def pictured(database: Database) -> dict[str, dict[str, Any]]:
    """Every table's columns, keys, indexes and checks, as the database itself tells them."""
    seen = inspect(database.engine)
    return {
        table: {
            "columns": {
                each["name"]: (str(each["type"]), each["nullable"])
                for each in seen.get_columns(table)
            },
            "primary key": seen.get_pk_constraint(table)["constrained_columns"],
            "foreign keys": sorted(
                (
                    *each["constrained_columns"],
                    each["referred_table"],
                    *each["referred_columns"],
                    str(each["options"]),
                )
                for each in seen.get_foreign_keys(table)
            ),
            "unique": sorted(
                str(each["column_names"]) for each in seen.get_unique_constraints(table)
            ),
            "checks": sorted(each["sqltext"] for each in seen.get_check_constraints(table)),
            "indexes": sorted(
                f"{each['name']} {each['column_names']} {each['unique']} {told_options(each)}"
                for each in seen.get_indexes(table)
            ),
        }
        for table in seen.get_table_names()
        if table != "alembic_version"
    }


def test_migrations_equal_the_models(bare: Database, engine: str, databases: Databases) -> None:
    migrations.upgrade(bare)
    with databases.bare(engine) as modelled:
        lay_schema(modelled)
        migrated, wanted = pictured(bare), pictured(modelled)
    assert migrated.keys() == wanted.keys(), REMEDY
    for table, picture in wanted.items():
        assert migrated[table] == picture, f"{table}: {REMEDY}"


def test_autogenerate_finds_nothing_to_do(bare: Database) -> None:
    migrations.upgrade(bare)
    tables = every_table()
    with bare.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables) == [], REMEDY


def test_upgrading_twice_changes_nothing(bare: Database) -> None:
    migrations.upgrade(bare)
    before = pictured(bare)
    migrations.upgrade(bare)
    assert pictured(bare) == before
    migrations.check_current(bare)


def test_going_back_to_the_start_leaves_no_table(bare: Database) -> None:
    migrations.upgrade(bare)
    migrations.downgrade(bare, "base")
    assert pictured(bare) == {}


def test_a_database_behind_the_program_is_refused_with_the_remedy(bare: Database) -> None:
    with pytest.raises(migrations.Unmigrated, match="rejoin db upgrade"):
        migrations.check_current(bare)


def test_migrating_keeps_foreign_keys_on_afterwards(bare: Database) -> None:
    migrations.upgrade(bare)
    if bare.embedded:
        with bare.engine.connect() as connection:
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    else:
        assert any(inspect(bare.engine).get_foreign_keys(table) for table in pictured(bare))


def test_the_names_of_migrations_are_sentences() -> None:
    for path in (migrations.FOLDER / "versions").glob("*.py"):
        number, _, says = path.stem.partition("_")
        assert number.isdigit(), path.name
        assert says.count("_") >= 1, f"{path.name}: name it by what it does"
