"""Pushes leave as the standards say, and every answer is understood (R6)."""

import asyncio
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.notify.conftest import once, parcel, subscription
from tests.push_service import PushService
from webapp import clock
from webapp.notify.channels.parcel import (
    LONGEST_WAIT,
    Subscription,
    Undeliverable,
    retry_after_seconds,
)
from webapp.notify.channels.push.channel import LONGEST_TTL, PushChannel
from webapp.notify.channels.push.hosts import PushHosts
from webapp.notify.channels.push.vapid import VapidHeaders


def test_a_push_arrives_decrypted_with_its_ttl_urgency_and_topic(push, push_service):
    to = subscription(push_service.subscribe())
    once(
        push,
        lambda c: c.send(parcel(to, "grüß dich".encode(), ttl=90, urgency="high", topic="T" * 32)),
    )
    [message] = push_service.received
    assert message.text == "grüß dich"
    assert (message.ttl, message.urgency, message.topic) == (90, "high", "T" * 32)
    assert message.subject == "mailto:help@day.example"


@pytest.mark.parametrize(("asked", "sent"), [(-5, 0), (0, 0), (10**9, LONGEST_TTL)])
def test_a_ttl_is_always_sent_and_within_what_services_keep(push, push_service, asked, sent):
    to = subscription(push_service.subscribe())
    once(push, lambda c: c.send(parcel(to, ttl=asked)))
    assert push_service.received[0].ttl == sent


def refused(push: PushChannel, to: Subscription, **more: object) -> Undeliverable:
    with pytest.raises(Undeliverable) as error:
        once(push, lambda c: c.send(parcel(to, **more)))
    return error.value


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_distinguished_from_every_other_failure(
    push, push_service, status
):
    push_service.answer(status)
    error = refused(push, subscription(push_service.subscribe()))
    assert error.gone
    assert error.permanent
    assert error.reason == f"answered {status}"


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_another_4xx_ends_this_push_but_not_the_address(push, push_service, status):
    push_service.answer(status)
    error = refused(push, subscription(push_service.subscribe()))
    assert error.permanent
    assert not error.gone


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_an_overloaded_service_is_tried_again_when_it_asks_to(push, push_service, status):
    push_service.answer(status, {"Retry-After": "37"})
    error = refused(push, subscription(push_service.subscribe()))
    assert not error.permanent
    assert error.retry_after == 37


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(push, push_service, status):
    with PushService() as other:
        push_service.answer(status, {"Location": other.subscribe()["endpoint"]})
        error = refused(push, subscription(push_service.subscribe()))
        assert other.attempts == 0
    assert error.reason == f"answered {status}"
    assert error.permanent
    assert not error.gone


def test_a_service_that_cannot_be_reached_is_tried_again(vapid):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    push = PushChannel(vapid, PushHosts([f"127.0.0.1:{port}"]))
    browser = PushService(port=port).subscribe()
    error = refused(push, subscription(browser))
    assert not error.permanent
    assert error.retry_after is None


def test_nothing_is_sent_to_a_service_whose_certificate_is_not_trusted(vapid, tmp_path):
    """Nor is the check left away when it fails."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    begins = datetime(2020, 1, 1, tzinfo=UTC)
    own = x509.CertificateBuilder(name, name, key.public_key(), 1, begins, begins.replace(2099))
    sign = own.add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
    ).sign(key, hashes.SHA256())
    file = tmp_path / "self-signed.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + sign.public_bytes(Encoding.PEM))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    with PushService(tls=tls) as service:
        push = PushChannel(vapid, PushHosts([f"127.0.0.1:{service.port}"]))
        error = refused(push, subscription(service.subscribe()))
        assert service.attempts == 0
    assert error.reason == "ClientConnectorCertificateError"


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [("", ""), ("AAAA", "AAAA"), ("B" * 87, "AAAAAAAAAAAAAAAAAAAAAA"), ("ü", "ü"), ("B" * 86, "!")],
)
def test_keys_that_are_no_keys_mean_that_the_browser_is_gone(push, push_service, p256dh, auth):
    endpoint = push_service.subscribe()["endpoint"]
    error = refused(push, Subscription(endpoint, p256dh, auth))
    assert error.gone
    assert push_service.attempts == 0


def test_a_message_too_long_for_a_push_is_not_sent(push, push_service):
    error = refused(push, subscription(push_service.subscribe()), content=b"x" * 3994)
    assert error.permanent
    assert not error.gone
    assert push_service.attempts == 0


def test_the_longest_message_fits(push, push_service):
    to = subscription(push_service.subscribe())
    once(push, lambda c: c.send(parcel(to, b"x" * 3993)))
    assert len(push_service.received[0].text) == 3993


def test_an_idle_connection_that_was_closed_is_replaced(vapid):
    """The service restarts between two pushes; the kept-alive connection is dead when the second one leaves."""

    async def act(channel: PushChannel, first: PushService) -> PushService:
        browser = subscription(first.subscribe())
        await channel.send(parcel(browser))
        await asyncio.to_thread(first.stop)
        second = PushService(port=first.port)
        second._browsers = first._browsers
        with second:
            await channel.send(parcel(browser))
        return second

    first = PushService().start()
    push = PushChannel(vapid, PushHosts([first.allow_entry]))
    second = once(push, lambda c: act(c, first))
    assert (len(first.received), len(second.received)) == (1, 1)


def test_many_pushes_are_under_way_at_once(push, push_service):
    """Twenty browsers whose service holds every answer back until all have asked."""
    browsers = [subscription(push_service.subscribe()) for _ in range(20)]
    push_service.answer(201, stall=0.05)

    async def act(channel: PushChannel) -> None:
        await asyncio.gather(*(channel.send(parcel(to)) for to in browsers))

    once(push, act)
    assert len({m.subscription for m in push_service.received}) == 20


def test_a_newer_push_of_a_topic_replaces_the_older(push, push_service):
    told = push_service.subscribe()

    async def act(channel: PushChannel) -> None:
        for words, topic in ((b"one", "T"), (b"two", "T"), (b"other", "U")):
            await channel.send(parcel(subscription(told), words, topic=topic))

    once(push, act)
    assert [m.text for m in push_service.waiting(told)] == ["two", "other"]


def test_a_vapid_header_is_signed_once_an_origin_and_renewed_before_it_ends(vapid: VapidHeaders):
    noon = datetime(2026, 3, 4, 12, tzinfo=UTC)
    with clock.running_from(noon):
        first = vapid.for_origin("https://a.example")
        assert vapid.for_origin("https://a.example") is first
        assert vapid.for_origin("https://b.example") != first
    with clock.running_from(noon + timedelta(hours=10)):
        assert vapid.for_origin("https://a.example") is first
    with clock.running_from(noon + timedelta(hours=11, minutes=30)):
        assert vapid.for_origin("https://a.example") != first


def test_the_public_key_is_what_browsers_subscribe_with(vapid):
    assert len(vapid.public_key) == 87
    assert vapid.public_key.startswith("B")
    assert vapid.for_origin("https://a.example").endswith(f"k={vapid.public_key}")


def test_a_service_sees_through_a_forged_sender(push, push_service, vapid, monkeypatch):
    """The fake is strict: a header for another origin is answered 403. Otherwise the tests above would prove little."""
    monkeypatch.setattr(
        vapid, "for_origin", lambda origin, real=vapid.for_origin: real("https://x.example")
    )
    assert refused(push, subscription(push_service.subscribe())).reason == "answered 403"


NOW = datetime(2026, 3, 4, 18, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "wait"),
    [
        (None, None),
        ("", None),
        ("120", 120),
        ("0", 0),
        ("-3", 0),
        ("soon", None),
        ("nan", None),
        ("inf", LONGEST_WAIT),
        ("99999999", LONGEST_WAIT),
        (format_datetime(NOW - timedelta(hours=1), usegmt=True), 0),
    ],
)
def test_retry_after_is_read_as_number_or_date(told, wait):
    with clock.running_from(NOW):
        assert retry_after_seconds(told) == wait


def test_retry_after_as_a_date_counts_from_now():
    with clock.running_from(NOW):
        wait = retry_after_seconds(format_datetime(NOW + timedelta(minutes=2), usegmt=True))
    assert wait == pytest.approx(120, abs=1)
