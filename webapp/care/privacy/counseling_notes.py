"""Counseling notes, which a counselor or couples therapist writes for themselves alone (42 CFR 2.11; P7).

Nobody but the author can read them: no supervisor, nobody with emergency access, and they are in no export and no chart.
Neither events nor the chart show that there are any.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.care.directory.people import Person
from webapp.crypto.sealed import SealedText
from webapp.db import Base, Store
from webapp.refusals import N_, Forbidden, Invalid

LONGEST = 20_000
"""Characters."""


class CounselingNote(Base):
    """One note of one author about one client. Growth: what people write."""

    __tablename__ = "counseling_note"
    __table_args__ = (Index("ix_counseling_note_author", "author_id", "client_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    body: Mapped[str] = mapped_column(SealedText)
    written_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    def change(self, body: str, *, by: Person, now: datetime) -> None:
        """Replace the text. Raises Forbidden for anyone but the author, Invalid for an empty or too long text."""
        if by.id != self.author_id:
            raise Forbidden()
        self.body, self.changed_at = _checked(body), now


def write(store: Store, client: Person, body: str, *, by: Person, now: datetime) -> CounselingNote:
    """Create a note. The caller has checked that `by` may see `client`. Raises Invalid for an empty or too long text."""
    note = CounselingNote(
        author_id=by.id, client_id=client.id, body=_checked(body), written_at=now, changed_at=now
    )
    store.add(note)
    store.flush()
    return note


def of(author: Person, client_id: int) -> Select[CounselingNote]:
    """The author's own notes about one client, latest first. No other query reads notes."""
    mine = CounselingNote.author_id == author.id
    return (
        select(CounselingNote)
        .where(mine, CounselingNote.client_id == client_id)
        .order_by(CounselingNote.id.desc())
    )


def _checked(body: str) -> str:
    body = body.strip()
    if not body:
        raise Invalid(N_("Write something first."), field="body")
    if len(body) > LONGEST:
        raise Invalid(N_("This is too long for one note."), field="body")
    return body
