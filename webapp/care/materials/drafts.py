"""Drafts: unfinished texts, saved as people type, so that a lost connection or an ended login loses nothing."""

from datetime import datetime

from sqlalchemy import ForeignKey, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from webapp.bulk import insert_or_ignore
from webapp.care.directory.people import Person
from webapp.crypto.sealed import SealedText, prepared_row
from webapp.db import Base, Store
from webapp.refusals import N_, Conflict, Invalid

LONGEST = 20_000
"""Characters."""


MOST_EDITIONS = 2**31 - 1
"""The largest number the column holds."""


class Draft(Base):
    """One person's unfinished text about one thing: `homework:7`, `make_up:3`. `edition` rises with every save."""

    __tablename__ = "draft"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    about: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[str] = mapped_column(SealedText, default="")
    edition: Mapped[int] = mapped_column(default=0)
    saved_at: Mapped[datetime]


def save(
    store: Store, about: str, body: str, *, by: Person, now: datetime, edition: int | None = None
) -> int:
    """Store what `by` has written; returns its edition. `edition`: the one the text is based on; when another device has saved
    since, Conflict is raised and nothing is overwritten: show both texts. Raises Invalid when it is too long."""
    if len(body) > LONGEST:
        raise Invalid(N_("Keep it under %(most)s letters."), field="body", most=LONGEST)
    row = {"person_id": by.id, "about": about, "body": body, "edition": 0, "saved_at": now}
    row = prepared_row(store, Draft, row)
    store.execute(insert_or_ignore(store, Draft).values(row | {"body": ""}))
    mine = update(Draft).where(Draft.person_id == by.id, Draft.about == about)
    if edition is not None:
        mine = mine.where(Draft.edition == edition)
    kept = store.scalar(
        mine.values(body=row["body"], edition=Draft.edition + 1, saved_at=now)
        .returning(Draft.edition)
        .execution_options(synchronize_session=False)
    )
    if kept is None:
        raise Conflict(N_("This was changed on another device meanwhile."), field="body")
    return kept


def of(store: Store, person: Person, about: str) -> Draft | None:
    """The person's draft about this, read from the database again; None if there is none."""
    mine = select(Draft).where(Draft.person_id == person.id, Draft.about == about)
    return store.scalar(mine.execution_options(populate_existing=True))


def clear(store: Store, person_id: int, about: str) -> None:
    """Delete the draft, which was handed in."""
    store.execute(delete(Draft).where(Draft.person_id == person_id, Draft.about == about))
