"""Sends e-mail by SMTP, or writes it into a folder of .eml files."""

import asyncio
import smtplib
import ssl
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from webapp import clock
from webapp.config import loopback
from webapp.notify.channels.parcel import (
    EmailContent,
    Parcel,
    Undeliverable,
    Withdrawn,
    write_whole,
)

CONNECTIONS = 4
LONGEST_SEND = 30.0
"""Seconds for one e-mail, the wait for a free connection included; well within a lease."""
TIMEOUT = 15
"""Seconds for each SMTP command."""


class EmailChannel:
    """Sends e-mail by `url`: smtp:// (STARTTLS; without it only to this machine), smtps://, or file:DIR.

    The sender is `?from=ADDRESS` in the URL, else no-reply at the host of `base_url`; its name is the app's.
    Replies go to `reply_to`, where there is one.
    """

    def __init__(
        self,
        url: str,
        app_name: str,
        base_url: str,
        *,
        reply_to: str | None = None,
        tls: ssl.SSLContext | None = None,
    ):
        self._url = urlsplit(url)
        self._folder = Path(url.removeprefix("file:")) if url.startswith("file:") else None
        self._host = urlsplit(base_url).hostname or "localhost"
        sender = parse_qs(self._url.query).get("from", [f"no-reply@{self._host}"])[0]
        self._sender = Address(display_name=app_name, addr_spec=sender)
        self._reply_to = reply_to and Address(addr_spec=reply_to)
        self._tls = tls
        self._idle: deque[smtplib.SMTP] = deque()
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="email")

    async def send(self, parcel: Parcel) -> None:
        assert isinstance(parcel.address, str)
        assert isinstance(parcel.content, EmailContent)
        try:
            message = self._message(parcel.key, parcel.address, parcel.content)
        except (ValueError, IndexError):
            raise Undeliverable("not an e-mail address", gone=True) from None
        if self._folder:
            write_whole(self._folder / f"{parcel.key}.eml", bytes(message))
            return
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(LONGEST_SEND):
                await loop.run_in_executor(self._threads, self._hand_over, parcel, message)
        except TimeoutError:
            raise Undeliverable("no answer in time") from None

    async def close(self) -> None:
        self._threads.shutdown()
        while self._idle:
            self._idle.pop().close()

    def _message(self, key: str, to: str, content: EmailContent) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = Address(addr_spec=to)
        if self._reply_to:
            message["Reply-To"] = self._reply_to
        message["Subject"] = content.subject
        message["Date"] = format_datetime(clock.now())
        message["Message-ID"] = f"<{key}@{self._host}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message.set_content(content.text)
        message.add_alternative(content.html, subtype="html")
        return message

    def _hand_over(self, parcel: Parcel, message: EmailMessage) -> None:
        """Send by SMTP, in a thread because smtplib blocks. Raises Undeliverable."""
        try:
            reused = bool(self._idle)
            smtp = self._idle.pop() if reused else self._connect()
            try:
                self._send(smtp, parcel, message)
            except smtplib.SMTPServerDisconnected:
                if not reused:
                    raise
                smtp = self._connect()  # an idle connection had died of age
                self._send(smtp, parcel, message)
        except smtplib.SMTPRecipientsRefused as refused:
            code, text = next(iter(refused.recipients.values()))
            raise _refusal(code, text, recipient=True) from None
        except smtplib.SMTPAuthenticationError:
            raise Undeliverable("the mail server refused our sign-in") from None
        except smtplib.SMTPResponseException as refused:
            raise _refusal(refused.smtp_code, refused.smtp_error, recipient=False) from None
        except (smtplib.SMTPException, OSError) as error:
            raise Undeliverable(type(error).__name__) from None

    def _send(self, smtp: smtplib.SMTP, parcel: Parcel, message: EmailMessage) -> None:
        """Send over this connection. The parcel has waited for it: until here it may be withdrawn."""
        try:
            parcel.set_out()
            smtp.send_message(message)
        except Withdrawn:
            self._idle.append(smtp)
            raise
        self._idle.append(smtp)

    def _connect(self) -> smtplib.SMTP:
        url, host = self._url, self._url.hostname or "localhost"
        tls = self._tls or ssl.create_default_context()
        smtp: smtplib.SMTP
        if url.scheme == "smtps":
            smtp = smtplib.SMTP_SSL(host, url.port or 465, timeout=TIMEOUT, context=tls)
        else:
            smtp = smtplib.SMTP(host, url.port or 587, timeout=TIMEOUT)
            smtp.ehlo_or_helo_if_needed()
            if smtp.has_extn("starttls"):
                smtp.starttls(context=tls)
            elif not loopback(host):
                smtp.close()
                raise Undeliverable("the mail server offers no encryption")
        if url.username:
            smtp.login(unquote(url.username), unquote(url.password or ""))
        return smtp


def _refusal(code: int, text: bytes | str, *, recipient: bool) -> Undeliverable:
    """What an SMTP reply means (RFC 5321, 4.2.1; RFC 3463): 5xx is final, and of 5.1.x the address is dead."""
    enhanced = (text if isinstance(text, str) else text.decode("utf-8", "replace")).split(" ")[0]
    final = 500 <= code < 600
    gone = recipient and final and (enhanced.startswith("5.1.") or code in (551, 553))
    return Undeliverable(f"answered {code}", permanent=final, gone=gone)
