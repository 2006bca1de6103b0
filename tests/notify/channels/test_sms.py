"""Text messages: Twilio's form, and its answers understood."""

import asyncio
import base64
import threading

import pytest
from aiohttp import web

from tests.notify.conftest import once, parcel
from webapp.notify.channels.parcel import Undeliverable, Withdrawn
from webapp.notify.channels.sms import SmsChannel


class Texts:
    """Twilio's Messages resource on this machine."""

    def __init__(self):
        self.forms, self.paths, self.auth = [], [], []
        self.status, self.body, self.headers = 201, {"sid": "SM1"}, {}

    async def take(self, request: web.Request) -> web.Response:
        self.paths.append(request.path)
        self.auth.append(request.headers["Authorization"])
        self.forms.append(dict(await request.post()))
        return web.json_response(self.body, status=self.status, headers=self.headers)

    def run(self, ready: threading.Event):
        async def serve():
            app = web.Application()
            app.router.add_post("/{path:.*}", self.take)
            runner = web.AppRunner(app)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.port = site._server.sockets[0].getsockname()[1]
            self.loop, self.over = asyncio.get_running_loop(), asyncio.Event()
            ready.set()
            await self.over.wait()
            await runner.cleanup()

        asyncio.run(serve())


@pytest.fixture
def texts():
    texts, ready = Texts(), threading.Event()
    thread = threading.Thread(target=texts.run, args=(ready,))
    thread.start()
    assert ready.wait(10)
    yield texts
    texts.loop.call_soon_threadsafe(texts.over.set)
    thread.join(10)


def send(texts: Texts, **more: object) -> None:
    url = f"twilio://AC1:to%2Fken@127.0.0.1:{texts.port}?from=+15550100"
    once(SmsChannel(url), lambda c: c.send(parcel("+15550123", "You have a reminder.", **more)))


def test_a_text_withdrawn_while_it_waited_is_not_posted(texts):
    with pytest.raises(Withdrawn):
        send(texts, still=lambda: False)
    assert texts.forms == []


def test_a_text_is_posted_as_twilios_form_and_expires_when_it_is_useless(texts):
    send(texts, ttl=600)
    assert texts.paths == ["/2010-04-01/Accounts/AC1/Messages.json"]
    assert texts.auth == ["Basic " + base64.b64encode(b"AC1:to/ken").decode()]
    assert texts.forms == [
        {
            "To": "+15550123",
            "From": "+15550100",
            "Body": "You have a reminder.",
            "ValidityPeriod": "600",
        }
    ]


def refused(
    texts: Texts, status: int, body: object, headers: dict[str, str] | None = None
) -> Undeliverable:
    texts.status, texts.body, texts.headers = status, body, headers or {}
    with pytest.raises(Undeliverable) as error:
        send(texts)
    return error.value


@pytest.mark.parametrize("code", [21211, 21610, 21614])
def test_a_number_that_takes_no_texts_is_gone(texts, code):
    assert refused(texts, 400, {"code": code}).gone


@pytest.mark.parametrize("body", [{"code": 21617}, ["?"], "text"])
def test_another_refusal_ends_the_text_but_not_the_number(texts, body):
    error = refused(texts, 400, body)
    assert error.permanent
    assert not error.gone


@pytest.mark.parametrize("status", [401, 404])
def test_trouble_with_our_account_never_blames_the_number(texts, status):
    assert not refused(texts, status, {"code": 20003}).gone


def test_too_many_texts_are_tried_again_when_asked(texts):
    error = refused(texts, 429, {"code": 20429}, {"Retry-After": "4"})
    assert (error.permanent, error.retry_after) == (False, 4)


def test_a_provider_that_is_away_is_tried_again():
    with pytest.raises(Undeliverable) as error:
        once(
            SmsChannel("twilio://a:b@127.0.0.1:9?from=+1"), lambda c: c.send(parcel("+1555", "Hi"))
        )
    assert not error.value.permanent


def test_a_real_host_is_only_ever_called_over_tls():
    assert SmsChannel("twilio://a:b@api.twilio.com?from=+1")._resource.startswith(
        "https://api.twilio.com/"
    )


def test_a_folder_takes_texts(tmp_path):
    once(
        SmsChannel(f"file:{tmp_path}"),
        lambda c: c.send(parcel("+15550123", "You have a reminder.")),
    )
    assert (tmp_path / "n1.txt").read_text() == "To: +15550123\n\nYou have a reminder.\n"
