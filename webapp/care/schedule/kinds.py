"""The kinds of session, and the sources of evidence of presence."""

from enum import StrEnum


class SessionKind(StrEnum):
    INDIVIDUAL = "individual"
    GROUP = "group"
    FAMILY = "family"
    COUPLES = "couples"
    PSYCHOEDUCATION = "psychoeducation"
    SUPPORT_GROUP = "support_group"
    MEDICATION = "medication"
    CASE_MANAGEMENT = "case_management"
    ACTIVITY = "activity"


GROUPS = (
    SessionKind.GROUP, SessionKind.PSYCHOEDUCATION, SessionKind.SUPPORT_GROUP, SessionKind.ACTIVITY,
)  # fmt: skip
"""Group sessions. Two couples' sessions of the same title are not the same group at two times."""
JOINT = (SessionKind.COUPLES,)
"""Couples hours: sessions that the two of a couple have together."""


class PresenceFrom(StrEnum):
    """Where evidence of presence comes from: the video platform, or the host's marks."""

    PLATFORM = "platform"
    STAFF = "staff"
