"""E-mail: real SMTP, headers that mark it as ours, and answers understood."""

import smtplib
import socket
from email import message_from_bytes
from email.policy import default

import pytest

from tests.notify.conftest import once, parcel
from tests.smtp_server import MailServer
from webapp.notify.channels.email import EmailChannel
from webapp.notify.channels.parcel import EmailContent, Undeliverable

LETTER = EmailContent("A reminder for 6:00 PM", "Es ist grün.\n", "<p>Es ist grün.</p>")


@pytest.fixture
def server():
    with MailServer() as running:
        yield running


def channel(url: str) -> EmailChannel:
    return EmailChannel(url, "My Day", "https://day.example")


def test_a_letter_arrives_as_text_and_html_and_says_that_it_was_made_by_a_machine(server):
    once(channel(server.url), lambda c: c.send(parcel("ann@mail.example", LETTER)))
    [letter] = server.letters
    assert letter["To"] == "ann@mail.example"
    assert letter["From"] == "My Day <no-reply@day.example>"
    assert letter["Subject"] == "A reminder for 6:00 PM"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Date"]
    assert letter.get_body(("plain",)).get_content().strip() == "Es ist grün."
    assert letter.get_body(("html",)).get_content().strip() == "<p>Es ist grün.</p>"


def test_the_sender_may_be_set_in_the_url(server):
    once(
        channel(server.url + "?from=care@x.example"),
        lambda c: c.send(parcel("ann@mail.example", LETTER)),
    )
    assert server.letters[0]["From"] == "My Day <care@x.example>"


def test_replies_go_to_the_address_that_people_read(server):
    read = EmailChannel(
        server.url, "My Day", "https://day.example", reply_to="office@clinic.example"
    )
    once(read, lambda c: c.send(parcel("ann@mail.example", LETTER)))
    once(channel(server.url), lambda c: c.send(parcel("ann@mail.example", LETTER)))
    assert [letter["Reply-To"] for letter in server.letters] == ["office@clinic.example", None]


def test_a_letter_sent_twice_has_one_message_id(server):
    async def act(c):
        for _ in range(2):
            await c.send(parcel("ann@mail.example", LETTER))

    once(channel(server.url), act)
    assert [m["Message-ID"] for m in server.letters] == ["<n1@day.example>"] * 2


def test_one_connection_carries_many_letters(server):
    async def act(c):
        for _ in range(5):
            await c.send(parcel("ann@mail.example", LETTER))

    once(channel(server.url), act)
    assert len(server.letters) == 5
    assert server.connections == 1


def test_a_connection_that_died_of_age_is_replaced(server, monkeypatch):
    post = channel(server.url)

    async def act(c):
        await c.send(parcel("ann@mail.example", LETTER))
        post._idle[0].sock.shutdown(socket.SHUT_RDWR)
        await c.send(parcel("ann@mail.example", LETTER))

    once(post, act)
    assert len(server.letters) == 2


def refused(server: MailServer, to: str = "ann@mail.example") -> Undeliverable:
    with pytest.raises(Undeliverable) as error:
        once(channel(server.url), lambda c: c.send(parcel(to, LETTER)))
    return error.value


def test_a_mailbox_that_does_not_exist_is_gone(server):
    server.refuse["ann@mail.example"] = "550 5.1.1 no such mailbox"
    error = refused(server)
    assert error.gone
    assert "ann" not in error.reason


def test_a_full_mailbox_is_tried_again(server):
    server.refuse["ann@mail.example"] = "452 4.2.2 mailbox full"
    error = refused(server)
    assert not error.permanent


def test_a_letter_refused_for_its_content_is_final_but_the_address_lives(server):
    server.down = "554 5.7.1 not wanted"
    error = refused(server)
    assert error.permanent
    assert not error.gone


def test_a_server_in_trouble_is_tried_again(server):
    server.down = "451 4.3.0 try later"
    assert not refused(server).permanent


def test_a_server_that_is_away_is_tried_again():
    with pytest.raises(Undeliverable) as error:
        once(channel("smtp://127.0.0.1:9"), lambda c: c.send(parcel("ann@mail.example", LETTER)))
    assert not error.value.permanent


@pytest.mark.parametrize(
    "address", ["", "ann", "ann@x.example\nBcc: all@x.example", "a b@x.example"]
)
def test_what_is_no_address_is_gone_and_adds_no_header(server, address):
    assert refused(server, address).gone
    assert server.letters == []


def test_credentials_of_the_url_are_used_over_starttls_only_when_offered(monkeypatch):
    seen = []

    class Recorded(smtplib.SMTP):
        def __init__(self, host, port, timeout, context=None):
            seen.append((host, port))

        def ehlo_or_helo_if_needed(self):
            pass

        def has_extn(self, name):
            return name == "starttls"

        def starttls(self, *, context):
            seen.append("starttls")

        def login(self, user, password):
            seen.append((user, password))

        def send_message(self, message):
            seen.append(message["To"])

        def close(self):
            pass

    monkeypatch.setattr(smtplib, "SMTP", Recorded)
    once(
        channel("smtp://me%40x:p%2Fw@mail.example"),
        lambda c: c.send(parcel("ann@mail.example", LETTER)),
    )
    assert seen == [("mail.example", 587), "starttls", ("me@x", "p/w"), "ann@mail.example"]


def test_without_encryption_nothing_leaves_this_machine(monkeypatch):
    """No fallback: neither the letter nor the password is told to a mail server that offers no STARTTLS."""
    told = []

    class Plain(smtplib.SMTP):
        def __init__(self, host, port, timeout, context=None):
            pass

        def ehlo_or_helo_if_needed(self):
            pass

        def has_extn(self, name):
            return False

        def login(self, user, password):
            told.append(user)

        def send_message(self, message):
            told.append(message)

        def close(self):
            pass

    monkeypatch.setattr(smtplib, "SMTP", Plain)
    with pytest.raises(Undeliverable, match="no encryption") as refused:
        once(
            channel("smtp://me:pw@mail.example"),
            lambda c: c.send(parcel("ann@mail.example", LETTER)),
        )
    assert not refused.value.permanent
    assert told == []


def test_a_folder_takes_letters_whole_and_once(tmp_path):
    async def act(c):
        for _ in range(2):
            await c.send(parcel("ann@mail.example", LETTER))

    once(channel(f"file:{tmp_path / 'mail'}"), act)
    [file] = (tmp_path / "mail").iterdir()
    assert file.name == "n1.eml"
    assert file.stat().st_mode & 0o077 == 0
    letter = message_from_bytes(file.read_bytes(), policy=default)
    assert letter["To"] == "ann@mail.example"
