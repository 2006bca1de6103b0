"""Summaries of sessions: a general part for everyone in it, and personal parts for single clients (M5).

Nothing is overwritten: an edit is a new version, and the newest published one is shown.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ForeignKey, Index, Select, or_, select, text, update
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from webapp.bulk import insert_or_ignore
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.care.materials import drafts
from webapp.care.schedule import planning
from webapp.care.schedule.sessions import Seat, Session
from webapp.crypto.sealed import SealedText
from webapp.db import Base, Store
from webapp.refusals import N_, Invalid


class Summary(Base):
    """One version of one part. `client_id` None: the general part. `body` is Markdown."""

    __tablename__ = "summary"
    __table_args__ = (
        Index(
            "uq_summary_general", "session_id", "version", unique=True,
            sqlite_where=text("client_id IS NULL"), postgresql_where=text("client_id IS NULL"),
        ),
        Index("uq_summary_personal", "session_id", "client_id", "version", unique=True),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
    client_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    version: Mapped[int]
    body: Mapped[str] = mapped_column(SealedText)
    written_at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    published_at: Mapped[datetime | None]

    @hybrid_property
    def is_published(self) -> bool:
        """Clients may read it."""
        return self.published_at != None


class SummaryRead(Base):
    """A client has read a session's summary."""

    __tablename__ = "summary_read"

    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    read_at: Mapped[datetime]


def write(
    store: Store,
    session: Session,
    body: str,
    *,
    by: Person | None,
    now: datetime,
    client: Person | None = None,
    publish: bool = True,
) -> Summary:
    """Create a new version of a part (`client` None: the general one), and with `publish` show it to clients. The text of the
    newest version again is no new version. Raises Invalid."""
    body = body.strip()
    if not 0 < len(body) <= drafts.LONGEST:
        raise Invalid(
            N_("Write a few words, up to %(most)s letters."), field="body", most=drafts.LONGEST
        )
    if client is not None and not _had_a_place(store, session, client):
        raise Invalid(N_("%(ref)s had no place in this session."), field="for", ref=client.ref)
    planning.lock(store, session)
    last = store.scalar(versions(session, client).limit(1))
    if last is None or last.body != body:
        last = Summary(
            session_id=session.id, client_id=client.id if client else None, body=body,
            version=last.version + 1 if last else 1, written_at=now, by_id=by.id if by else None,
        )  # fmt: skip
        store.add(last)
        store.flush()
    if publish and last.published_at is None:
        last.published_at = now
        events.record(
            store, Tag.SUMMARY_PUBLISHED, client=client, session=session, by=by, now=now,
            summary=last.id, version=last.version,
        )  # fmt: skip
    return last


def mark_read(
    store: Store, session: Session, client: Person, *, by: Person | None, now: datetime
) -> None:
    """Record when the client last read the session's summary; what is published later is unread."""
    row = {"session_id": session.id, "client_id": client.id, "read_at": now}
    store.execute(insert_or_ignore(store, SummaryRead).values(row))
    mine = (SummaryRead.session_id == session.id, SummaryRead.client_id == client.id)
    store.execute(
        update(SummaryRead)
        .where(*mine, SummaryRead.read_at < now)
        .values(read_at=now)
        .execution_options(synchronize_session=False)
    )


def versions(session: Session, client: Person | None = None) -> Select[Summary]:
    """All versions of a part, newest first; for staff who write it."""
    whose = Summary.client_id.is_(None) if client is None else Summary.client_id == client.id
    found = select(Summary).where(Summary.session_id == session.id, whose)
    return found.order_by(Summary.version.desc())


def shown(store: Store, session_ids: Collection[int], client_id: int) -> dict[int, list[Summary]]:
    """Session id → the newest published parts that this client may read, the general one first. One statement."""
    found = (
        select(Summary)
        .where(Summary.session_id.in_(session_ids), Summary.is_published)
        .where(or_(Summary.client_id.is_(None), Summary.client_id == client_id))
        .order_by(Summary.session_id, Summary.version)
    )
    newest = {(each.session_id, each.client_id or 0): each for each in store.scalars(found)}
    parts: dict[int, list[Summary]] = defaultdict(list)
    for (session_id, _), summary in sorted(newest.items()):
        parts[session_id].append(summary)
    return dict(parts)


def _had_a_place(store: Store, session: Session, client: Person) -> bool:
    place = select(Seat.id).where(Seat.session_id == session.id, Seat.client_id == client.id)
    return store.scalar(place.where(Seat.is_given)) is not None
