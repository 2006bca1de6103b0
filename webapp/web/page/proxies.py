"""Applies X-Forwarded-* headers only from trusted TLS proxies."""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

from webapp.config import Network


class TrustedProxies:
    """WSGI middleware: applies X-Forwarded-For, -Proto and -Host if the caller is in `networks`, and ignores them otherwise."""

    def __init__(self, app: Any, networks: Sequence[Network]):
        self.app, self.networks = app, networks
        self.behind = ProxyFix(app, x_for=1, x_proto=1, x_host=1)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        caller = ip_address(environ.get("REMOTE_ADDR") or "0.0.0.0")  # noqa: S104 - "unknown", not a place to listen
        trusted = any(caller in network for network in self.networks)
        response: Iterable[bytes] = (self.behind if trusted else self.app)(environ, start_response)
        return response
