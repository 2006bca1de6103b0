"""Catch-up notes between partners: what one writes about a session for the other who could not be there, questions back, and answers (M8).

Nobody but the two reads them. Whether a text reaches the other is a matter of its writer's consent, and is asked when it is read
(`privacy/shared_notes.py`). Texts are never changed: an edit is one more text, and what its writer took back is kept for them alone.
"""

import uuid
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Select, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.bulk import insert_or_ignore
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory import teams
from webapp.care.directory.people import Kind, Person
from webapp.care.materials import drafts
from webapp.care.schedule.sessions import Seat, Session, ever_theirs
from webapp.crypto.sealed import SealedText, prepared_row
from webapp.db import Base, Store
from webapp.refusals import N_, Forbidden, Invalid

LONGEST = 5000
"""Characters."""
BEHIND = timedelta(days=14)
"""How far back a session may lie that a note is begun about."""


class TextKind(StrEnum):
    NOTE = "note"
    """The note, or a later version of it."""
    ANSWER = "answer"
    """A question about it, or an answer to one."""


class PartnerNote(Base):
    """One note by `author` for `reader` about one session; of the same three there is one. Growth: what people write."""

    __tablename__ = "partner_note"
    __table_args__ = (
        UniqueConstraint("author_id", "reader_id", "session_id"),
        Index("ix_partner_note_reader", "reader_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reader_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
    begun_at: Mapped[datetime]

    author: Mapped[Person] = relationship(foreign_keys=author_id)
    reader: Mapped[Person] = relationship(foreign_keys=reader_id)
    session: Mapped[Session] = relationship()

    def other_than(self, person_id: int) -> Person:
        """The other of the two."""
        return self.reader if person_id == self.author_id else self.author


class NoteText(Base):
    """One text of a note: a version of it, or a question or answer below it, by whom and when."""

    __tablename__ = "note_text"
    __table_args__ = (
        UniqueConstraint("by_id", "request_id"),
        Index("ix_note_text_note", "note_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("partner_note.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str]
    body: Mapped[str] = mapped_column(SealedText)
    written_at: Mapped[datetime]
    taken_back_at: Mapped[datetime | None]
    request_id: Mapped[str | None]
    """Made of the caller's UUID and the text: sent again after a lost answer it is the same text (R7)."""

    note: Mapped[PartnerNote] = relationship()


class NoteRead(Base):
    """When one of the two last read a note; the other is not told."""

    __tablename__ = "note_read"

    note_id: Mapped[int] = mapped_column(ForeignKey("partner_note.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    read_at: Mapped[datetime]


def draft_about(reader_id: int) -> str:
    """The key of a person's draft of a note for this reader."""
    return f"note:{reader_id}"


def begun_from(person_id: int, now: datetime) -> Select[Session]:
    """Sessions of the last two weeks that this person had a place in and that have begun, the latest first: what they can tell of."""
    return (
        select(Session)
        .join(Seat, Seat.session_id == Session.id)
        .where(Seat.client_id == person_id, ever_theirs(), Session.is_on)
        .where(Session.starts_at <= now, Session.ends_at > now - BEHIND)
        .order_by(Session.starts_at.desc(), Session.id)
    )


def write(
    store: Store,
    author: Person,
    session: Session,
    body: str,
    *,
    by: Person,
    now: datetime,
    request_id: str | None = None,
) -> PartnerNote:
    """Write a note about `session` for the author's partner, or a new version of the one that is there, and delete the draft. The same
    text with the same `request_id` changes nothing. The caller has loaded the session as one that the author may know of, and asked
    for the author's consent. Raises Invalid; Forbidden for anybody else, and for somebody without a partner."""
    couple = store.scalar(teams.couple_of(author.id))
    if by.id != author.id or couple is None:
        raise Forbidden()
    if session.starts_at > now:
        raise Invalid(N_("This session hasn't started yet."), field="session")
    reader = couple.partner_of(author.id)
    body = _checked(body)
    row = {"author_id": author.id, "reader_id": reader.id, "session_id": session.id, "begun_at": now}  # fmt: skip
    store.execute(insert_or_ignore(store, PartnerNote).values(row))
    note = store.scalars(
        select(PartnerNote).where(
            PartnerNote.author_id == author.id, PartnerNote.reader_id == reader.id,
            PartnerNote.session_id == session.id,
        )
    ).one()  # fmt: skip
    _add(store, note, TextKind.NOTE, body, by=author, now=now, request_id=request_id)
    drafts.clear(store, author.id, draft_about(reader.id))
    return note


def answer(
    store: Store,
    note: PartnerNote,
    body: str,
    *,
    by: Person,
    now: datetime,
    request_id: str | None = None,
) -> None:
    """Ask something about the note, or answer; either of the two, while they are a couple. The same text with the same `request_id`
    changes nothing. Raises Invalid, Forbidden."""
    couple = store.scalar(teams.couple_of(by.id))
    if couple is None or {note.author_id, note.reader_id} != {couple.a_id, couple.b_id}:
        raise Forbidden()
    _add(store, note, TextKind.ANSWER, _checked(body), by=by, now=now, request_id=request_id)


def take_back(store: Store, text: NoteText, *, by: Person, now: datetime) -> None:
    """Take back what one wrote, for a note all its versions: the other sees it no more, and is not told. Twice is the same. Raises
    Forbidden for anybody else's."""
    if text.by_id != by.id:
        raise Forbidden()
    same = select(NoteText).where(NoteText.note_id == text.note_id, NoteText.by_id == by.id)
    whole = text.kind == TextKind.NOTE
    chosen = NoteText.kind == TextKind.NOTE if whole else NoteText.id == text.id
    for each in store.scalars(same.where(chosen, NoteText.taken_back_at.is_(None))):
        each.taken_back_at = now


def mark_read(store: Store, note_id: int, *, by: Person, now: datetime) -> None:
    """Note that `by` has read everything of the note that is there for them."""
    store.merge(NoteRead(note_id=note_id, person_id=by.id, read_at=now))


def of(person_id: int) -> Select[PartnerNote]:
    """The notes that this person wrote, or that were written for them, the latest session first. What of them they may read is a
    matter of consent (`privacy/shared_notes.py`)."""
    return (
        select(PartnerNote)
        .join(Session, Session.id == PartnerNote.session_id)
        .where(or_(PartnerNote.author_id == person_id, PartnerNote.reader_id == person_id))
        .order_by(Session.starts_at.desc(), PartnerNote.id.desc())
    )


def written_by(person_id: int) -> Select[NoteText]:
    """Every text that this person wrote, also what they took back, oldest first: for their own copy (P10)."""
    return select(NoteText).where(NoteText.by_id == person_id).order_by(NoteText.id)


def _add(
    store: Store,
    note: PartnerNote,
    kind: TextKind,
    body: str,
    *,
    by: Person,
    now: datetime,
    request_id: str | None,
) -> None:
    row = {
        "note_id": note.id, "by_id": by.id, "kind": kind.value, "body": body, "written_at": now,
        "request_id": _key(request_id, note.id, body),
    }  # fmt: skip
    written = insert_or_ignore(store, NoteText).values(prepared_row(store, NoteText, row))
    made = store.scalar(written.returning(NoteText.id))
    if made is None:
        return
    theirs = by if by.kind == Kind.CLIENT else note.other_than(by.id)
    events.record(
        store, Tag.PARTNER_NOTE_WRITTEN, client=theirs, by=by, now=now, note=note.id,
        recipient=note.other_than(by.id).id,
    )  # fmt: skip


def _checked(body: str) -> str:
    body = body.strip()
    if not 0 < len(body) <= LONGEST:
        raise Invalid(N_("Write a few words, up to %(most)s letters."), field="body", most=LONGEST)
    return body


def _key(request_id: str | None, note_id: int, body: str) -> str | None:
    """Raises Invalid for what is not a UUID."""
    if not request_id:
        return None
    try:
        return str(uuid.uuid5(uuid.UUID(request_id), f"{note_id}:{body}"))
    except ValueError as error:
        raise Invalid(N_("This is not a UUID."), field="request_id") from error
