"""What kinds of session there are, and who says who was there."""

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
"""Kinds that are open to whoever belongs. Two couples' hours of one name are not one group at two times."""


class PresenceFrom(StrEnum):
    """Where evidence of presence comes from: the video platform, or the host's own marks."""

    PLATFORM = "platform"
    STAFF = "staff"
