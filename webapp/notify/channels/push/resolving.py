"""Resolves names of push services to public addresses only (S4). Apart from hosts.py, which the web imports without an HTTP client."""

import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from webapp.notify.channels.push.hosts import PushHosts, is_public


class PublicResolver(AbstractResolver):
    """Resolves names at the moment of connecting and lets only public addresses through.

    aiohttp connects to exactly what is returned here, so a name that answers differently a second later (rebinding)
    gains nothing.
    """

    def __init__(self, hosts: PushHosts, inner: AbstractResolver | None = None):
        self.hosts = hosts
        self.inner = inner or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self.inner.resolve(host, port, family)
        if self.hosts.listed_with_port(host, port):
            return found
        public = [each for each in found if is_public(each["host"])]
        if not public:
            raise OSError("the name leads to no public address")
        return public

    async def close(self) -> None:
        await self.inner.close()
