"""Accommodations that clients need to take part, shown to the host of their sessions (M25)."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Select, select, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person
from webapp.care.schedule.sessions import Seat
from webapp.crypto.sealed import SealedText
from webapp.db import Base, Store
from webapp.refusals import N_, Forbidden, Invalid

LONGEST = 500


class Need(StrEnum):
    """Kinds of accommodation. None needs approval."""

    SUPPORT_ANIMAL = "support_animal"
    CAPTIONS = "captions"
    INTERPRETER = "interpreter"
    CAMERA_OFF = "camera_off"
    OTHER = "other"


class Accommodation(Base):
    """One accommodation of one client, from `asked_at` to `ended_at`; `detail` in their own words, such as an interpreter's language."""

    __tablename__ = "accommodation"
    __table_args__ = (
        Index(
            "uq_accommodation_standing", "client_id", "kind", unique=True,
            sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str]
    detail: Mapped[str | None] = mapped_column(SealedText)
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    @hybrid_property
    def is_ended(self) -> bool:
        """No longer needed."""
        return self.ended_at != None


def ask(
    store: Store,
    client: Person,
    kind: str,
    *,
    by: Person | None,
    now: datetime,
    detail: str | None = None,
) -> Accommodation:
    """Create an accommodation, or return the one of this kind that stands; with other `detail`, the earlier one ends. Raises
    Invalid, Forbidden."""
    _refuse_strangers(client.id, by)
    if kind not in list(Need):
        raise Invalid(N_("Choose one of these."), field="kind")
    detail = (detail or "").strip() or None
    if detail and len(detail) > LONGEST:
        raise Invalid(N_("Keep it under %(most)s letters."), field="detail", most=LONGEST)
    if kind == Need.OTHER and detail is None:
        raise Invalid(N_("Say in a few words what would help."), field="detail")
    current = store.scalar(of(client.id).where(Accommodation.kind == kind))
    if current is not None and current.detail == detail:
        return current
    if current is not None:
        end(store, current, by=by, now=now)
    made = Accommodation(
        client_id=client.id, kind=Need(kind), detail=detail, asked_at=now,
        asked_by_id=by.id if by else None,
    )  # fmt: skip
    store.add(made)
    store.flush()
    events.record(
        store, Tag.ACCOMMODATION_ASKED, client=client, by=by, now=now, accommodation=made.id,
        kind=made.kind,
    )  # fmt: skip
    return made


def end(store: Store, made: Accommodation, *, by: Person | None, now: datetime) -> None:
    """End it: it is no longer needed. Twice is the same. Raises Forbidden."""
    _refuse_strangers(made.client_id, by)
    if made.ended_at is None:
        made.ended_at, made.ended_by_id = now, by.id if by else None
        store.flush()
        client = store.get_one(Person, made.client_id)
        events.record(
            store, Tag.ACCOMMODATION_ENDED, client=client, by=by, now=now, accommodation=made.id,
            kind=made.kind,
        )  # fmt: skip


def of(client_id: int) -> Select[Accommodation]:
    """A client's current accommodations."""
    mine = select(Accommodation).where(Accommodation.client_id == client_id)
    return mine.where(~Accommodation.is_ended).order_by(Accommodation.id)


def in_sessions(store: Store, session_ids: Collection[int]) -> dict[int, list[Accommodation]]:
    """Seat id → its client's accommodations, for the hosts of these sessions. One statement."""
    query = (
        select(Seat.id, Accommodation)
        .join(Accommodation, Accommodation.client_id == Seat.client_id)
        .where(Seat.session_id.in_(session_ids), Seat.is_given)
        .where(~Accommodation.is_ended)
        .order_by(Seat.id, Accommodation.id)
    )
    found: dict[int, list[Accommodation]] = defaultdict(list)
    for seat_id, accommodation in store.execute(query):
        found[seat_id].append(accommodation)
    return dict(found)


def _refuse_strangers(client_id: int, by: Person | None) -> None:
    if by is not None and by.kind != Kind.STAFF and by.id != client_id:
        raise Forbidden()
