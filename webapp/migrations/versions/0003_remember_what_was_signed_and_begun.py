"""Remember what was signed and begun."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0003"
down_revision = "0002"

BEFORE = ("discloser", "description", "purpose", "right_to_revoke", "signature")
NAMES = ("client_name", "recipient_name")
NAMED = (
    "UPDATE consent SET client_name = (SELECT name FROM person WHERE person.id = consent.client_id),"
    " recipient_name = (SELECT name FROM person WHERE person.id = consent.recipient_id)"
)
"""Who signed before: by the names they have now."""


def upgrade() -> None:
    with op.batch_alter_table("address", schema=None) as batch_op:
        batch_op.add_column(sa.Column("login_id", sa.Integer(), nullable=True))

    with op.batch_alter_table("authenticator", schema=None) as batch_op:
        batch_op.add_column(sa.Column("login_id", sa.Integer(), nullable=True))

    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.add_column(sa.Column("handle", sa.LargeBinary(), nullable=True))

    with op.batch_alter_table("consent", schema=None) as batch_op:
        for name in NAMES:
            batch_op.add_column(sa.Column(name, sa.String(), nullable=True))
    op.execute(NAMED)
    with op.batch_alter_table("consent", schema=None) as batch_op:
        for name in NAMES:
            batch_op.alter_column(name, existing_type=sa.String(), nullable=False)
        _complete(batch_op, (*NAMES, *BEFORE))

    op.execute("DELETE FROM answer")  # kept for a day at most, and from now on sealed


def downgrade() -> None:
    op.execute("DELETE FROM answer")

    with op.batch_alter_table("consent", schema=None) as batch_op:
        _complete(batch_op, BEFORE)
        for name in NAMES:
            batch_op.drop_column(name)

    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.drop_column("handle")

    with op.batch_alter_table("authenticator", schema=None) as batch_op:
        batch_op.drop_column("login_id")

    with op.batch_alter_table("address", schema=None) as batch_op:
        batch_op.drop_column("login_id")


def _complete(batch_op: BatchOperations, elements: tuple[str, ...]) -> None:
    """The database refuses a consent that lacks one of these (42 CFR 2.31)."""
    batch_op.drop_constraint(batch_op.f("ck_consent_complete"), type_="check")
    whole = " AND ".join(f"length(trim({name})) > 0" for name in elements)
    batch_op.create_check_constraint(batch_op.f("ck_consent_complete"), whole)
