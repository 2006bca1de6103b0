"""Who may do what: one table, tiny predicates, used by pages, API and templates alike (S1).

`visible_to` selects decide what exists for a person; this table decides what they may do.
"""

from collections.abc import Callable
from enum import StrEnum

from webapp.care.people import Kind, Person, RoleName

Predicate = Callable[[Person], bool]


def anyone(me: Person) -> bool:
    return True


def client(me: Person) -> bool:
    return me.kind == Kind.CLIENT


def client_or_supporter(me: Person) -> bool:
    return me.kind in (Kind.CLIENT, Kind.SUPPORTER)


def staff(me: Person) -> bool:
    return me.kind == Kind.STAFF and me.active


def lead(me: Person) -> bool:
    """Supervisors, coordinators and administrators."""
    return staff(me) and me.has_role(RoleName.SUPERVISOR, RoleName.COORDINATOR, RoleName.ADMIN)


def in_practice(me: Person) -> bool:
    """Staff who work with clients: everyone but the technician alone."""
    return staff(me) and bool(me.role_names - {RoleName.TECHNICIAN})


class Permission(StrEnum):
    OWN_DAY = "see one's own day"
    REPORT_ABSENCE = "report one's own absence"
    OWN_SETTINGS = "change one's own reminders, devices and logins"
    CONSOLE = "see the staff console"
    MARK_ROOM = "say who was there"
    WORK_TASKS = "acknowledge and finish tasks"
    READ_CHART = "read a client's chart"
    WRITE_PLAN = "write a re-engagement plan"
    PROVE = "see the provable timeliness"
    STEER = "change the policy, people and tokens"


PERMISSIONS: dict[Permission, Predicate] = {
    Permission.OWN_DAY: client_or_supporter,
    Permission.REPORT_ABSENCE: client,
    Permission.OWN_SETTINGS: anyone,
    Permission.CONSOLE: staff,
    Permission.MARK_ROOM: in_practice,
    Permission.WORK_TASKS: staff,
    Permission.READ_CHART: in_practice,
    Permission.WRITE_PLAN: in_practice,
    Permission.PROVE: lead,
    Permission.STEER: lead,
}


def may(me: Person, permission: Permission) -> bool:
    """Whether `me` may, by kind and role. Which rows exist for `me` is each noun's `visible_to`."""
    return PERMISSIONS[permission](me)
