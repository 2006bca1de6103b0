"""Privacy pages: sharing and its pause, emergency access, counseling notes, sign-in links, and CSP reports."""

from flask import Blueprint

from webapp.web.staff.privacy import (
    counseling_notes,
    csp_reports,
    emergency_access,
    sharing,
    sign_in_links,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    sharing.sharing, emergency_access.emergencies, counseling_notes.counseling_notes,
    sign_in_links.links, csp_reports.refused_by_browsers,
)  # fmt: skip
