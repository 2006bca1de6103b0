"""Behind a TLS proxy: only a named neighbour is believed about where a request comes from."""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

from webapp.config import Network


class TrustedProxies:
    """WSGI: applies X-Forwarded-For, -Proto and -Host when the caller is in `networks`; else they mean nothing."""

    def __init__(self, app: Any, networks: Sequence[Network]):
        self.app, self.networks = app, networks
        self.behind = ProxyFix(app, x_for=1, x_proto=1, x_host=1)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        caller = ip_address(environ.get("REMOTE_ADDR") or "0.0.0.0")  # noqa: S104 - "unknown", not a place to listen
        trusted = any(caller in network for network in self.networks)
        answer: Iterable[bytes] = (self.behind if trusted else self.app)(environ, start_response)
        return answer
