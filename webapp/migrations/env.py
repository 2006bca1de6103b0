"""Runs migrations on the connection that `webapp.migrations` passes in; Alembic executes this file."""

from alembic import context

from webapp.db import Base

given = context.config.attributes
context.configure(
    connection=given["connection"],
    target_metadata=given.get("tables", Base.metadata),
    render_item=given.get("render_item", lambda *_: False),
    render_as_batch=True,
    transactional_ddl=True,
    compare_type=True,
    compare_server_default=False,
)
context.run_migrations()
