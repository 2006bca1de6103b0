"""`make migration SAYS="what it does"`: write the change from the newest migration to the models as they are now."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from alembic import command
from alembic.script import ScriptDirectory

from tests.databases import every_table
from webapp import migrations
from webapp.crypto.sealed import SealedText
from webapp.db import Database, UTCDateTime


def portable(kind: str, item: Any, _context: Any) -> str | bool:
    """Own column types are written as what the database knows: a migration outlives our code."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, SealedText):
        return "sa.Text()"
    return False


def main(says: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'scratch.db'}")
        migrations.upgrade(database)
        with migrations.exclusive_transaction(database) as connection:
            config = migrations.alembic_config(connection)
            config.attributes |= {"tables": every_table(), "render_item": portable}
            written = len(list(ScriptDirectory.from_config(config).walk_revisions()))
            script = command.revision(config, says, autogenerate=True, rev_id=f"{written + 1:04}")
        path = Path(script.path)  # type: ignore[union-attr]
        lines = path.read_text().splitlines(keepends=True)
        kept = "".join(line for line in lines if "# ###" not in line)
        path.write_text(
            kept.replace(", use_alter=True", "")
        )  # tables are made in an order that needs none


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or sys.exit('Say what it does: make migration SAYS="..."'))
