"""The hook for incoming texts: only Twilio can send them, and STOP ends texts to that phone (P9). What follows from other texts:
test_replies.py."""

import base64
import hmac

import pytest

from webapp.care.contact import addresses
from webapp.care.contact.addresses import Channel
from webapp.web.api.hooks import sms

TOKEN = "to/ken"
HOOK = "http://localhost:5000/api/v1/hooks/sms"


@pytest.fixture
def settings(settings, request):
    leaves = getattr(request, "param", "twilio://AC1:to%2Fken@api.twilio.com?from=+15550100")
    return settings.model_copy(update={"sms_url": leaves, "base_url": "http://localhost:5000"})


@pytest.fixture
def texts(store, world):
    """Whether texts to Maya's phone, which June uses as well, may still be sent: to each."""
    for person in (world.maya, world.june):
        addresses.add(
            store, person, Channel.SMS, world.maya.phone, by=None, now=world.maya.created_at
        )
    store.commit()

    def usable():
        store.expire_all()
        rows = addresses.live(Channel.SMS, world.maya.phone)
        return [address.usable for address in store.scalars(rows)]

    return usable


def sign(form, token=TOKEN, address=HOOK):
    signed = address + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()


def send(app, form, signature):
    return app.test_client().post(
        "/api/v1/hooks/sms", data=form, headers={"X-Twilio-Signature": signature}
    )


def written(world, body="Alto"):
    return {"MessageSid": "SM1", "From": world.maya.phone, "To": "+15550100", "Body": body, "X": ""}


def test_a_stop_reply_ends_texts_to_everyone_with_that_phone(app, world, texts):
    assert texts() == [True, True]
    form = written(world)
    for _ in range(2):
        answer = send(app, form, sign(form))
        assert (answer.status_code, answer.mimetype) == (200, "text/xml")
        assert answer.text.endswith("<Response/>")
    assert texts() == []


def test_nobody_but_twilio_ends_texts_and_other_words_do_not(app, world, texts):
    form = written(world)
    for signature in (
        "",
        "é",
        sign(form, "another"),
        sign(form | {"Body": "Hi"}),
        sign(form, address=HOOK + "?"),
    ):
        assert send(app, form, signature).status_code == 401
    hello = written(world, "On my way")
    assert send(app, hello, sign(hello)).status_code == 200
    assert texts() == [True, True]


def test_repeated_unsigned_requests_are_rate_limited(app, world):
    tried = [send(app, written(world), "no").status_code for _ in range(sms.NOT_TWILIO.burst + 1)]
    assert set(tried[:-1]) == {401}
    assert tried[-1] == 429


@pytest.mark.parametrize("settings", ["file:/tmp/texts"], indirect=True)
def test_without_twilio_the_hook_is_not_found(app, world, texts):
    form = written(world)
    assert send(app, form, sign(form)).status_code == 404
    assert texts() == [True, True]


def test_the_signature_is_the_one_of_twilios_own_example(app):
    form = {
        "CallSid": "CA1234567890ABCDE", "Caller": "+12349013030", "Digits": "1234",
        "From": "+12349013030", "To": "+18005551212",
    }  # fmt: skip
    signature = {"X-Twilio-Signature": "0/KCTR6DLpKmkAf8muzZqo1nDgQ="}
    with app.test_request_context(headers=signature):
        address = "https://mycompany.com/myapp.php?foo=1&bar=2"
        assert sms.signed("12345", address, list(form.items()))
