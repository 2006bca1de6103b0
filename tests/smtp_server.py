"""A mail server on this machine (aiosmtpd): keeps what it gets, and refuses what it is told to.

with MailServer() as server:
    EmailChannel(server.url, "My Day", "https://day.example")
    ...
    [letter] = server.letters
"""

from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class _AnyPort(Controller):
    """A Controller that takes whatever port is free, so that tests can run side by side."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()


class MailServer:
    """`refuse[address] = "550 5.1.1 no such mailbox"` answers so to that recipient; `down` answers so to every letter."""

    def __init__(self, **options: Any):
        self.letters: list[EmailMessage] = []
        self.refuse: dict[str, str] = {}
        self.down: str | None = None
        self.connections = 0
        self._controller = _AnyPort(self, hostname="127.0.0.1", port=0, **options)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._controller.port}"

    async def handle_EHLO(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.down:
            return self.down
        assert isinstance(envelope.content, bytes)
        letter = BytesParser(EmailMessage, policy=default).parsebytes(envelope.content)
        self.letters.append(letter)
        return "250 OK"

    def __enter__(self) -> "MailServer":
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop(no_assert=True)
