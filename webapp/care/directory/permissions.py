"""Permissions: one table of who may do what, used by pages, API and templates (S1).

`visible_to` selects decide what exists for a person; this table decides what they may do.
"""

from collections.abc import Callable
from enum import StrEnum

from webapp.care.directory.people import Kind, Person, RoleName

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


def works_with_clients(me: Person) -> bool:
    """All staff except those who are technicians only."""
    return staff(me) and bool(me.role_names - {RoleName.TECHNICIAN})


def helps_connecting(me: Person) -> bool:
    """Technicians, supervisors, coordinators and administrators."""
    return lead(me) or (staff(me) and me.has_role(RoleName.TECHNICIAN))


def treats_clients(me: Person) -> bool:
    """Counselors and couples therapists."""
    return staff(me) and me.has_role(RoleName.COUNSELOR, RoleName.COUPLES_THERAPIST)


class Permission(StrEnum):
    OWN_DAY = "see one's own day"
    REPORT_ABSENCE = "report one's own absence"
    MAKE_UP = "find another time for one's own sessions"
    CATCH_UP = "catch up on one's own sessions"
    OWN_MESSAGES = "write to one's own care team, and read what it writes"
    OWN_SETTINGS = "change one's own reminders, devices and logins"
    SIGN_IN_METHODS = "change how one signs in"
    OWN_CARE = "keep one's own needs, backup plan, calendar and data"
    OWN_COPY = "take a copy of all of one's own data"
    CALENDAR_LINK = "make a calendar link of one's own"
    CONSOLE = "see the staff console"
    MARK_ROOM = "say who was there"
    PLAN_MAKE_UPS = "open times for make-ups, and book them for clients"
    WRITE = "write summaries, homework and resources, and read what is handed in"
    WORK_TASKS = "acknowledge and finish tasks"
    READ_CHART = "read a client's chart"
    WRITE_PLAN = "write a re-engagement plan"
    CARE_MESSAGES = "read and answer what clients write to their care team"
    HELP_DESK = "help clients connect"
    READ_TIMELINESS = "see the provable timeliness"
    ADMINISTER = "change the policy, people and tokens"
    HELP_SIGN_IN = "issue a sign-in link after calling back"
    GIVE_CONSENT = "let somebody know something about oneself"
    PAUSE_SHARING = "pause a client's sharing for safety"
    EMERGENCY_ACCESS = "reach a client outside one's care in an emergency"
    COUNSELING_NOTES = "keep counseling notes of one's own"


PERMISSIONS: dict[Permission, Predicate] = {
    Permission.OWN_DAY: client_or_supporter,
    Permission.REPORT_ABSENCE: client,
    Permission.MAKE_UP: client,
    Permission.CATCH_UP: client,
    Permission.OWN_MESSAGES: client,
    Permission.OWN_SETTINGS: anyone,
    Permission.SIGN_IN_METHODS: anyone,
    Permission.OWN_CARE: client,
    Permission.OWN_COPY: client,
    Permission.CALENDAR_LINK: client,
    Permission.CONSOLE: staff,
    Permission.MARK_ROOM: works_with_clients,
    Permission.PLAN_MAKE_UPS: works_with_clients,
    Permission.WRITE: works_with_clients,
    Permission.WORK_TASKS: staff,
    Permission.READ_CHART: works_with_clients,
    Permission.WRITE_PLAN: works_with_clients,
    Permission.CARE_MESSAGES: works_with_clients,
    Permission.HELP_DESK: helps_connecting,
    Permission.READ_TIMELINESS: lead,
    Permission.ADMINISTER: lead,
    Permission.HELP_SIGN_IN: works_with_clients,
    Permission.GIVE_CONSENT: client,
    Permission.PAUSE_SHARING: works_with_clients,
    Permission.EMERGENCY_ACCESS: works_with_clients,
    Permission.COUNSELING_NOTES: treats_clients,
}

NEEDS_FRESH_PROOF: frozenset[Permission] = frozenset(
    {
        Permission.SIGN_IN_METHODS, Permission.HELP_SIGN_IN, Permission.GIVE_CONSENT,
        Permission.EMERGENCY_ACCESS, Permission.CALENDAR_LINK, Permission.OWN_COPY,
    }
)  # fmt: skip
"""Permissions that need a proof of identity from the last ten minutes; `web/page/guard` asks for it (S2)."""


def may(me: Person, permission: Permission) -> bool:
    """Whether `me` has this permission, by kind and role. Which rows `me` may see is each model's `visible_to`."""
    return PERMISSIONS[permission](me)
