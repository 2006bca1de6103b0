"""Security headers of every response (S6, S7): no inline script or style, no caching, no framing."""

import re

from flask import Flask, Response

from webapp.config import Settings

BASE = (
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
    "connect-src 'self'", "manifest-src 'self'", "worker-src 'self'", "form-action 'self'",
    "base-uri 'none'", "frame-ancestors 'none'", "object-src 'none'",
)  # fmt: skip
REPORTED = ("report-uri /reports/policy", "report-to policy")
"""Both ways in which browsers report what they refused (web/csp_reports.py)."""
ORIGIN = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?")


def policy(media: str = "") -> str:
    """The content security policy of a page. `media`: the one origin (`https://host`) whose recordings it may play; without it, or
    when it is not a plain origin, nothing plays."""
    plays_from = media if ORIGIN.fullmatch(media) else "'none'"
    return "; ".join((*BASE, f"media-src {plays_from}", *REPORTED))


POLICY = policy()
NEVER_NEEDED = (
    "accelerometer=(), display-capture=(), geolocation=(), gyroscope=(), hid=(),"
    " magnetometer=(), midi=(), payment=(), serial=(), usb=()"
)
MAY_SEE_AND_HEAR = f"{NEVER_NEEDED}, camera=(self), microphone=(self)"
"""For the one page that tests camera and microphone; the video room is somebody else's page, with a policy of its own."""
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "Reporting-Endpoints": 'policy="/reports/policy"',
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": f"{NEVER_NEEDED}, camera=(), microphone=()",
    "X-Frame-Options": "DENY",
}


def init_app(app: Flask, settings: Settings) -> None:
    def add(response: Response) -> Response:
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        if settings.secure:
            response.headers.setdefault(
                "Strict-Transport-Security", "max-age=63072000; includeSubDomains"
            )
        return response

    app.after_request(add)
