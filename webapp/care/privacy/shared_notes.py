"""Which catch-up notes a person reads, and what of them: the one loader for it, by the consent of whoever wrote (P1, P3).

A text by a client reaches the other when it was written while the writer's consent to catch-up notes counted, for as long as that
stays listed; so nothing written after it was taken back or paused arrives, and what had arrived stays. A supporter is no patient, and
writes without one. What somebody took back is gone for the other, whenever that was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.care.couples import partner_notes
from webapp.care.couples.partner_notes import NoteRead, NoteText, PartnerNote, TextKind
from webapp.care.directory.people import Kind, Person
from webapp.care.privacy import consents
from webapp.care.privacy.consents import Category
from webapp.care.schedule.sessions import Session
from webapp.db import Store
from webapp.refusals import N_, Refusal

Windows = dict[int, list[tuple[datetime, datetime]]]
"""Writer → the spans of time in which their consent counted."""


@dataclass(frozen=True, slots=True)
class ShownNote:
    """A note as one of the two reads it."""

    note: PartnerNote
    mine: bool
    """The reader of this page wrote it."""
    versions: Sequence[NoteText]
    """Oldest first; empty when its author took it back."""
    answers: Sequence[NoteText]
    read_at: datetime | None
    """When everything in it was read; None while something is new."""

    @property
    def text(self) -> NoteText | None:
        """The version that stands."""
        return self.versions[-1] if self.versions else None


def of(store: Store, me: Person, now: datetime) -> list[ShownNote]:
    """The notes that `me` may read, the latest session first: their own, and what reached them. Four statements."""
    both = (joinedload(PartnerNote.author), joinedload(PartnerNote.reader), joinedload(PartnerNote.session))  # fmt: skip
    notes = store.scalars(partner_notes.of(me.id).options(*both)).all()
    texts: dict[int, list[NoteText]] = {}
    theirs = select(NoteText).where(NoteText.note_id.in_([note.id for note in notes]))
    for text in store.scalars(theirs.order_by(NoteText.id)):
        texts.setdefault(text.note_id, []).append(text)
    marks = select(NoteRead.note_id, NoteRead.read_at).where(NoteRead.person_id == me.id)
    read = {note_id: read_at for note_id, read_at in store.execute(marks)}  # noqa: C416
    windows = _windows(store, me, now)
    shown = [
        _shown(note, me, _reached(texts.get(note.id, []), note, me, windows), read.get(note.id))
        for note in notes
    ]
    return [each for each in shown if each.versions or each.answers]


def sessions_to_write_about(
    store: Store, me: Person, known: Iterable[int], now: datetime
) -> list[Session]:
    """What `me` can write a note about, the latest first: sessions they had a place in, and those of `known` (ids of sessions in which they
    were let know that their partner was not) that have begun. Two statements."""
    own = store.scalars(partner_notes.begun_from(me.id, now)).all()
    others = select(Session).where(
        Session.id.in_(list(known)), Session.program_id == me.program_id, Session.starts_at <= now,
        Session.ends_at > now - partner_notes.BEHIND,
    )  # fmt: skip
    found = {each.id: each for each in (*own, *store.scalars(others))}
    return sorted(found.values(), key=lambda each: each.starts_at, reverse=True)


def require(store: Store, writer: Person, reader_id: int, now: datetime) -> None:
    """Raises Refusal unless the writer allowed that this person reads their notes, as the writer may know: a pause does not show (P3). A
    supporter needs no consent of their own."""
    if not may_write(store, writer, reader_id, now):
        raise Refusal(N_("First say that they may read your notes: under Together, share your catch-up notes."))  # fmt: skip


def may_write(store: Store, writer: Person, reader_id: int, now: datetime) -> bool:
    """As `require`. One statement for a client."""
    given = consents.given_by(writer.id, now).where(
        consents.Consent.recipient_id == reader_id,
        consents.Consent.category == Category.CATCH_UP,
    )
    return writer.kind == Kind.SUPPORTER or store.scalar(given.limit(1)) is not None


def _windows(store: Store, me: Person, now: datetime) -> Windows:
    found: Windows = {}
    listed = consents.shown_to(me.id, now).where(consents.Consent.category == Category.CATCH_UP)
    for each in store.scalars(listed):
        if (until := each.counted_until(now)) is not None:
            found.setdefault(each.client_id, []).append((each.signed_at, until))
    return found


def _reached(
    texts: Iterable[NoteText], note: PartnerNote, me: Person, windows: Windows
) -> list[NoteText]:
    other = note.other_than(me.id)
    return [
        each
        for each in texts
        if each.taken_back_at is None
        and (
            each.by_id == me.id
            or other.kind == Kind.SUPPORTER
            or any(since <= each.written_at <= until for since, until in windows.get(other.id, ()))
        )
    ]


def _shown(
    note: PartnerNote, me: Person, texts: Sequence[NoteText], read_at: datetime | None
) -> ShownNote:
    new = [each for each in texts if each.by_id != me.id]
    unread = any(read_at is None or each.written_at > read_at for each in new)
    return ShownNote(
        note,
        note.author_id == me.id,
        [each for each in texts if each.kind == TextKind.NOTE],
        [each for each in texts if each.kind == TextKind.ANSWER],
        None if unread else read_at or note.begun_at,
    )
