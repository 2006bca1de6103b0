"""Let people catch up and come back."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "challenge",
        sa.Column("question", sa.LargeBinary(length=32), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("question", name=op.f("pk_challenge")),
    )
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_challenge_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "field_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_key")),
    )
    op.create_table(
        "policy_report",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("blocked", sa.String(), nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", "rule", "blocked", "page", name=op.f("pk_policy_report")),
    )
    op.create_table(
        "rate_limit",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("paid_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_limit")),
    )
    with op.batch_alter_table("rate_limit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rate_limit_paid_until"), ["paid_until"], unique=False)

    op.create_table(
        "authenticator",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_authenticator_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authenticator")),
    )
    with op.batch_alter_table("authenticator", schema=None) as batch_op:
        batch_op.create_index("ix_authenticator_person", ["person_id"], unique=False)

    op.create_table(
        "counseling_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["person.id"], name=op.f("fk_counseling_note_author_id")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["person.id"], name=op.f("fk_counseling_note_client_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counseling_note")),
    )
    with op.batch_alter_table("counseling_note", schema=None) as batch_op:
        batch_op.create_index(
            "ix_counseling_note_author", ["author_id", "client_id", "id"], unique=False
        )

    op.create_table(
        "emergency_access",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("ends_at > began_at", name=op.f("ck_emergency_access_ends_later")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["person.id"], name=op.f("fk_emergency_access_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["person.id"], name=op.f("fk_emergency_access_ended_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["person.id"], name=op.f("fk_emergency_access_staff_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_access")),
    )
    with op.batch_alter_table("emergency_access", schema=None) as batch_op:
        batch_op.create_index("ix_emergency_access_client", ["client_id", "began_at"], unique=False)
        batch_op.create_index("ix_emergency_access_staff", ["staff_id", "ends_at"], unique=False)

    op.create_table(
        "passkey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("user_handle", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_passkey_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.create_index("ix_passkey_person", ["person_id"], unique=False)

    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_recovery_code_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_code_person_id"), ["person_id"], unique=False)

    op.create_table(
        "acknowledgement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_acknowledgement_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["policy_version.id"], name=op.f("fk_acknowledgement_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acknowledgement")),
        sa.UniqueConstraint(
            "person_id", "version_id", name=op.f("uq_acknowledgement_person_id_version_id")
        ),
    )
    with op.batch_alter_table("held_place", schema=None) as batch_op:
        batch_op.add_column(sa.Column("partner_seat_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_held_place_partner_seat_id"), "seat", ["partner_seat_id"], ["id"]
        )

    with op.batch_alter_table("homework_for", schema=None) as batch_op:
        batch_op.create_index("ix_homework_for_client", ["client_id"], unique=False)

    with op.batch_alter_table("login", schema=None) as batch_op:
        batch_op.add_column(sa.Column("second", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("make_up", schema=None) as batch_op:
        batch_op.create_index("ix_make_up_partner_seat", ["partner_seat_id"], unique=False)

    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.add_column(sa.Column("about_id", sa.Integer(), nullable=True))

    with op.batch_alter_table("program", schema=None) as batch_op:
        batch_op.add_column(sa.Column("help_phone", sa.String(), nullable=True))

    with op.batch_alter_table("reflection", schema=None) as batch_op:
        batch_op.add_column(sa.Column("feedback", sa.Text(), nullable=True))

    with op.batch_alter_table("resource_for", schema=None) as batch_op:
        batch_op.create_index("ix_resource_for_client", ["client_id"], unique=False)

    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.add_column(sa.Column("held_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_index(
            batch_op.f("uq_seat_number"), sqlite_where=sa.text("released_at IS NULL")
        )
        batch_op.create_index(
            "uq_seat_place",
            ["session_id", "number"],
            unique=True,
            sqlite_where=sa.text("released_at IS NULL OR held_until IS NOT NULL"),
            postgresql_where=sa.text("released_at IS NULL OR held_until IS NOT NULL"),
        )

    with op.batch_alter_table("self_test", schema=None) as batch_op:
        batch_op.add_column(sa.Column("facts", sa.JSON(), nullable=True))

    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.add_column(sa.Column("dial_in", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("makes_up", sa.JSON(), server_default="[]", nullable=False))

    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("dial_in", sa.String(), nullable=True))

    with op.batch_alter_table("waitlist_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("places", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("waitlist_entry", schema=None) as batch_op:
        batch_op.drop_column("places")

    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_column("dial_in")

    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.drop_column("makes_up")
        batch_op.drop_column("dial_in")

    with op.batch_alter_table("self_test", schema=None) as batch_op:
        batch_op.drop_column("facts")

    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_seat_place",
            sqlite_where=sa.text("released_at IS NULL OR held_until IS NOT NULL"),
            postgresql_where=sa.text("released_at IS NULL OR held_until IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("uq_seat_number"),
            ["session_id", "number"],
            unique=1,
            sqlite_where=sa.text("released_at IS NULL"),
        )
        batch_op.drop_column("held_until")

    with op.batch_alter_table("resource_for", schema=None) as batch_op:
        batch_op.drop_index("ix_resource_for_client")

    with op.batch_alter_table("reflection", schema=None) as batch_op:
        batch_op.drop_column("feedback")

    with op.batch_alter_table("program", schema=None) as batch_op:
        batch_op.drop_column("help_phone")

    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.drop_column("about_id")

    with op.batch_alter_table("make_up", schema=None) as batch_op:
        batch_op.drop_index("ix_make_up_partner_seat")

    with op.batch_alter_table("login", schema=None) as batch_op:
        batch_op.drop_column("proved_at")
        batch_op.drop_column("second")

    with op.batch_alter_table("homework_for", schema=None) as batch_op:
        batch_op.drop_index("ix_homework_for_client")

    with op.batch_alter_table("held_place", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_held_place_partner_seat_id"), type_="foreignkey")
        batch_op.drop_column("partner_seat_id")

    op.drop_table("acknowledgement")
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recovery_code_person_id"))

    op.drop_table("recovery_code")
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.drop_index("ix_passkey_person")

    op.drop_table("passkey")
    with op.batch_alter_table("emergency_access", schema=None) as batch_op:
        batch_op.drop_index("ix_emergency_access_staff")
        batch_op.drop_index("ix_emergency_access_client")

    op.drop_table("emergency_access")
    with op.batch_alter_table("counseling_note", schema=None) as batch_op:
        batch_op.drop_index("ix_counseling_note_author")

    op.drop_table("counseling_note")
    with op.batch_alter_table("authenticator", schema=None) as batch_op:
        batch_op.drop_index("ix_authenticator_person")

    op.drop_table("authenticator")
    with op.batch_alter_table("rate_limit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rate_limit_paid_until"))

    op.drop_table("rate_limit")
    op.drop_table("policy_report")
    op.drop_table("field_key")
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_challenge_expires_at"))

    op.drop_table("challenge")
