"""What browsers refused on our pages: reports of content-security-policy violations, counted (S7).

Either a page of ours breaks its own rules, which is a mistake to mend, or somebody got a page to ask for more than it may. Kept
is how often which rule was broken on which kind of page, by day; never what stood on it, nor addresses with a person in them.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, Database, Store

KINDS_A_DAY = 200
"""Different kinds kept of one day; what comes beyond is counted as `other`, so nobody can fill our disk."""
KEPT_FOR = timedelta(days=30)


class PolicyReport(Base):
    """One kind of violation on one day. Growth: at most KINDS_A_DAY + 1 rows a day, for KEPT_FOR."""

    __tablename__ = "policy_report"

    day: Mapped[date] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(primary_key=True)
    """A directive, such as `script-src-elem`; or `other`."""
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
    """One more of this kind, today (UTC)."""
    key = {"day": now.date(), "rule": rule, "blocked": blocked, "page": page}
    kinds = select(func.count()).where(PolicyReport.day == now.date())
    known = store.get(PolicyReport, tuple(key.values())) is not None
    if not known and (store.scalar(kinds) or 0) >= KINDS_A_DAY:
        key |= {"rule": "other", "blocked": "other", "page": "other"}
    insert = sqlite.insert if store.get_bind().dialect.name == "sqlite" else postgresql.insert
    one = insert(PolicyReport).values(key | {"count": 1, "first_at": now, "last_at": now})
    store.execute(
        one.on_conflict_do_update(
            index_elements=list(key), set_={"count": PolicyReport.count + 1, "last_at": now}
        ).execution_options(synchronize_session=False)
    )


def since(day: date) -> Select[PolicyReport]:
    """What was refused since `day`, the most frequent first."""
    return select(PolicyReport).where(PolicyReport.day >= day).order_by(PolicyReport.count.desc())


def kinds(store: Store, now: datetime) -> list[CspViolation]:
    """Every kind of what is still kept, the latest first. Cost: one scan of at most KEPT_FOR days."""
    kind = (PolicyReport.rule, PolicyReport.blocked, PolicyReport.page)
    last = func.max(PolicyReport.last_at)
    whole = (
        select(*kind, func.sum(PolicyReport.count), func.min(PolicyReport.first_at), last)
        .where(PolicyReport.day >= (now - KEPT_FOR).date())
        .group_by(*kind)
        .order_by(last.desc(), *kind)
    )
    return [CspViolation(*one) for one in store.execute(whole)]


def counted(store: Store, now: datetime) -> int:
    """How many there were yesterday and today."""
    whole = select(func.sum(PolicyReport.count)).where(
        PolicyReport.day >= (now - timedelta(days=1)).date()
    )
    return int(store.scalar(whole) or 0)


def forget(database: Database, now: datetime) -> int:
    """A chore: days long gone."""
    with database.writing() as store:
        old = delete(PolicyReport).where(PolicyReport.day < (now - KEPT_FOR).date())
        gone = store.execute(old).rowcount  # type: ignore[attr-defined]
        store.commit()
    return int(gone)
