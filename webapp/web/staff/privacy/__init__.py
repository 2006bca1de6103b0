"""Privacy: a client's sharing paused for safety, emergency access, and notes for their author's eyes alone."""

from flask import Blueprint

from webapp.web.staff.privacy import counseling_notes, emergencies, sharing, sign_in_links

ROOMS: tuple[Blueprint, ...] = (
    sharing.sharing, emergencies.emergencies, counseling_notes.counseling_notes,
    sign_in_links.links,
)  # fmt: skip
