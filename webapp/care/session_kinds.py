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


class PresenceFrom(StrEnum):
    """Where evidence of presence comes from: the video platform, or the host's own marks."""

    PLATFORM = "platform"
    STAFF = "staff"
