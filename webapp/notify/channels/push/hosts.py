"""The allow-list of push services. An endpoint is a URL that a stranger gives us (S4)."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from yarl import URL

NAT64 = IPv6Network("64:ff9b::/96")


class EndpointRefused(ValueError):
    """This endpoint is not one we may call; the message says why, without the endpoint."""


class PushHosts:
    """The allow-list.

    Entries: `name` (that host, https, port 443), `*.name` (any host below it), `name:port` (also plain http and on
    this machine, for tests).
    """

    def __init__(self, entries: Iterable[str]):
        plain = [entry.lower() for entry in entries]
        self.explicit = {entry for entry in plain if not entry.startswith("*.") and ":" in entry}
        self.exact = {entry for entry in plain if ":" not in entry and "*" not in entry}
        self.suffixes = tuple(entry[1:] for entry in plain if entry.startswith("*."))

    def checked(self, endpoint: str) -> URL:
        """The endpoint as the very URL to be called, so that no second parser can read another host into it.

        Raises EndpointRefused.
        """
        if not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
            raise EndpointRefused("endpoint holds a letter that no URL has")
        try:
            url = URL(endpoint, encoded=False)
            host, port = url.host, url.port
        except (ValueError, TypeError) as error:
            raise EndpointRefused("endpoint is not a URL") from error
        if not host or url.scheme not in ("http", "https"):
            raise EndpointRefused("endpoint is not an https address")
        if url.raw_user is not None or url.raw_password is not None or url.fragment:
            raise EndpointRefused("endpoint carries more than an address")
        if self.listed_with_port(host, port):
            return url
        if url.scheme != "https" or port != 443:
            raise EndpointRefused("endpoint is not https on port 443")
        if host not in self.exact and not host.endswith(self.suffixes or ("\0",)):
            raise EndpointRefused("endpoint is not at a known push service")
        return url

    def listed_with_port(self, host: str, port: int | None) -> bool:
        written = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return written in self.explicit


def is_public(address: str) -> bool:
    """True for an address out on the internet; one wrapped in IPv6 is judged by what it wraps."""
    try:
        ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and ip in NAT64:
            inner = IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is None and (ip.is_site_local or ip.teredo):
            return False
        ip = inner or ip
    return ip.is_global and not ip.is_multicast and not ip.is_reserved
