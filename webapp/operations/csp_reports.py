"""Counts browsers' reports of Content-Security-Policy violations on our pages (S7).

A violation is either a mistake of ours or an injection. What is kept is how often which rule was broken on which kind of page,
by day; never what the page showed, nor addresses that name a person.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, Database, Store

KINDS_A_DAY = 200
"""Different kinds kept of one day; any more are counted as `other`, so that nobody can fill our disk."""
KEPT_FOR = timedelta(days=30)


class CspReport(Base):
    """One kind of violation on one day. Growth: at most KINDS_A_DAY + 1 rows a day, for KEPT_FOR."""

    __tablename__ = "policy_report"

    day: Mapped[date] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(primary_key=True)
    """A CSP directive, such as `script-src-elem`; or `other`."""
    blocked: Mapped[str] = mapped_column(primary_key=True)
    """`inline`, `eval`, `data`, `self`, or `elsewhere`."""
    page: Mapped[str] = mapped_column(primary_key=True)
    """The page's endpoint, such as `client.today.show`."""
    count: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class CspViolation:
    """One kind of violation over several days, how often, and when first and last (aware UTC)."""

    rule: str
    blocked: str
    page: str
    count: int
    first_at: datetime
    last_at: datetime


def count(store: Store, rule: str, blocked: str, page: str, *, now: datetime) -> None:
    """Count one more of this kind today (UTC)."""
    key = {"day": now.date(), "rule": rule, "blocked": blocked, "page": page}
    kinds = select(func.count()).where(CspReport.day == now.date())
    known = store.get(CspReport, tuple(key.values())) is not None
    if not known and (store.scalar(kinds) or 0) >= KINDS_A_DAY:
        key |= {"rule": "other", "blocked": "other", "page": "other"}
    insert = sqlite.insert if store.get_bind().dialect.name == "sqlite" else postgresql.insert
    one = insert(CspReport).values(key | {"count": 1, "first_at": now, "last_at": now})
    store.execute(
        one.on_conflict_do_update(
            index_elements=list(key), set_={"count": CspReport.count + 1, "last_at": now}
        ).execution_options(synchronize_session=False)
    )


def since(day: date) -> Select[CspReport]:
    """Violations since `day`, most frequent first."""
    return select(CspReport).where(CspReport.day >= day).order_by(CspReport.count.desc())


def kinds(store: Store, now: datetime) -> list[CspViolation]:
    """Every kind that is still kept, latest first. Cost: one scan of at most KEPT_FOR days."""
    kind = (CspReport.rule, CspReport.blocked, CspReport.page)
    last = func.max(CspReport.last_at)
    whole = (
        select(*kind, func.sum(CspReport.count), func.min(CspReport.first_at), last)
        .where(CspReport.day >= (now - KEPT_FOR).date())
        .group_by(*kind)
        .order_by(last.desc(), *kind)
    )
    return [CspViolation(*one) for one in store.execute(whole)]


def counted(store: Store, now: datetime) -> int:
    """How many there were yesterday and today, of all kinds."""
    whole = select(func.sum(CspReport.count)).where(
        CspReport.day >= (now - timedelta(days=1)).date()
    )
    return int(store.scalar(whole) or 0)


def forget(database: Database, now: datetime) -> int:
    """Chore: delete days older than KEPT_FOR. Returns how many rows."""
    with database.writing() as store:
        old = delete(CspReport).where(CspReport.day < (now - KEPT_FOR).date())
        gone = store.execute(old).rowcount  # type: ignore[attr-defined]
        store.commit()
    return int(gone)
