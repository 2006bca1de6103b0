"""An endpoint is a URL given by a stranger: only known push services are ever called (S4)."""

import asyncio
import socket

import pytest
from aiohttp.abc import AbstractResolver

from tests.notify.conftest import parcel, subscription
from tests.push_service import PushService
from webapp.config import PUBLIC_PUSH_HOSTS
from webapp.notify.channels.parcel import Undeliverable
from webapp.notify.channels.push.channel import PushChannel
from webapp.notify.channels.push.hosts import EndpointRefused, PushHosts, is_public
from webapp.notify.channels.push.resolving import PublicResolver

HOSTS = PushHosts((*PUBLIC_PUSH_HOSTS, "127.0.0.1:8090", "[::1]:8091"))


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:DEF-1_2",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
        "https://web.push.apple.com/QGuQyavXutnMdmj",
        "https://wns2-par02p.notify.windows.com/w/?token=BQYAAA%3d%3d",
        "https://FCM.googleapis.com:443/fcm/send/abc",
        "http://127.0.0.1:8090/push/x",
        "http://[::1]:8091/push/x",
    ],
)
def test_known_push_services_may_be_called(endpoint):
    assert HOSTS.checked(endpoint).host


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com\t/x",
        "https://fcm.googleapis.com/\r\nX: y",
        "https://fcm.googleapis.com/\u0455",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evil.example/fcm.googleapis.com",
        "https://evilfcm.googleapis.com/x",
        "https://fcm.googleapis.com@evil.example/x",
        "https://user:word@fcm.googleapis.com/x",
        "https://evil.example\\@fcm.googleapis.com/x",
        "https://fcm.googleapis.com\\@evil.example/x",
        "https://evil.example#@fcm.googleapis.com/x",
        "https://fcm.googleapis.com/x#part",
        "https://fcm.googleapis.com./x",
        "https://fcm。googleapis.com.evil.example/x",
        "https://fcm.googleapıs.com/x",
        "https://notify.windows.com/x",
        "https://evilnotify.windows.com/x",
        "https://x.notify.windows.com.evil.example/x",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:169.254.169.254]/",
        "https://2852039166/",
        "https://127.0.0.1/x",
        "http://127.0.0.1:8089/x",
        "http://localhost:8090/x",
        "https://localhost/x",
        "ftp://fcm.googleapis.com/x",
        "file:///etc/passwd",
        "//fcm.googleapis.com/x",
        "fcm.googleapis.com",
        "",
        "https://",
        "https://fcm.googleapis.com:99999/x",
        "https://[::1/x",
    ],
)
def test_nothing_else_is_called(endpoint):
    with pytest.raises(EndpointRefused):
        HOSTS.checked(endpoint)


@pytest.mark.parametrize(
    "address", ["142.250.80.46", "2a00:1450:4001:830::200a", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_an_address_out_on_the_internet_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
        "2001:0:7f00:1::1", "no address", "",
    ],
)  # fmt: skip
def test_an_address_of_our_own_network_is_not(address):
    assert not is_public(address)


class Names(AbstractResolver):
    """Answers with what it is told, one answer after the other."""

    def __init__(self, *answers: list[str]):
        self.answers = list(answers)

    async def resolve(self, host, port=0, family=socket.AF_INET):
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            {
                "hostname": host,
                "host": ip,
                "port": port,
                "family": socket.AF_INET,
                "proto": 6,
                "flags": 0,
            }
            for ip in found
        ]

    async def close(self):
        pass


def test_of_a_names_addresses_only_the_public_ones_are_connected_to():
    resolver = PublicResolver(HOSTS, Names(["10.0.0.7", "8.8.8.8"]))
    found = asyncio.run(resolver.resolve("fcm.googleapis.com", 443))
    assert [each["host"] for each in found] == ["8.8.8.8"]


def test_a_name_that_resolves_to_our_own_network_is_refused_when_connecting(vapid):
    """Rebinding: the first answer was public; what counts is the answer the connection is made from."""
    names = Names(["8.8.8.8"], ["169.254.169.254"])
    resolver = PublicResolver(HOSTS, names)
    assert asyncio.run(resolver.resolve("fcm.googleapis.com", 443))
    with pytest.raises(OSError, match="public"):
        asyncio.run(resolver.resolve("fcm.googleapis.com", 443))


def test_a_push_to_a_rebound_name_reaches_nobody_and_is_tried_again_later(vapid):
    """Port 443 of this machine is where the name now leads; the push must not even connect."""
    push = PushChannel(vapid, HOSTS, resolver=Names(["127.0.0.1"]))
    told = PushService().subscribe() | {"endpoint": "https://fcm.googleapis.com/fcm/send/x"}

    async def act():
        try:
            await push.send(parcel(subscription(told)))
        finally:
            await push.close()

    with pytest.raises(Undeliverable) as error:
        asyncio.run(act())
    assert not error.value.permanent
    assert error.value.reason == "ClientConnectorDNSError"


def test_a_bad_endpoint_already_in_the_database_is_refused_at_sending(push, push_service):
    told = push_service.subscribe() | {"endpoint": "https://169.254.169.254/x"}

    async def act():
        try:
            await push.send(parcel(subscription(told)))
        finally:
            await push.close()

    with pytest.raises(Undeliverable) as error:
        asyncio.run(act())
    assert error.value.gone
    assert "169.254" not in error.value.reason


def test_proxy_variables_are_not_obeyed(push, push_service, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def act():
        try:
            await push.send(parcel(subscription(push_service.subscribe())))
        finally:
            await push.close()

    asyncio.run(act())
    assert len(push_service.received) == 1
