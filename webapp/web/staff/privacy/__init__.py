"""Privacy: a client's sharing paused for safety, emergency access, notes for their author's eyes alone, and
what browsers refused on our pages."""

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
