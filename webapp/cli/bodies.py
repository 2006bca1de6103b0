"""The ASGI front of the web server: takes in the whole of a request, then hands it to the WSGI application in a thread.

A thread that waited for a body would answer nobody meanwhile, and a few clients that stop halfway through theirs would hold every
thread (slow POST, CWE-400). Here unfinished bodies wait in the event loop, where they hold only their memory.
"""

import asyncio
import io
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote_to_bytes

PATIENCE = 10.0
"""Seconds within which a request's body must have arrived whole."""
UNFINISHED = 64
"""Bodies that a web process waits for at once; each holds as much memory as the application takes in one request at most."""

Message = dict[str, Any]
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class WholeRequests:
    """ASGI: answers requests by the WSGI application `app`, `threads` at a time.

    A body of more than `largest` bytes is not taken in whole: the application sees that it is too long and refuses it. One that has
    not arrived after `patience` seconds is answered 408 and its connection closed. Among more than `unfinished` bodies the address
    that sends the most of them loses its oldest in the same way, so that one address does not keep others out.
    """

    def __init__(
        self, app: Application, *, threads: int, largest: int, patience: float = PATIENCE,
        unfinished: int = UNFINISHED,
    ):  # fmt: skip
        self._app, self._largest = app, largest
        self._patience, self._unfinished = patience, unfinished
        self._threads = ThreadPoolExecutor(threads, "request")
        self._arriving: dict[asyncio.Timeout, str] = {}
        """The deadline of each unfinished body, oldest first, and the address that it comes from."""

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        try:
            body = await self._body(scope, receive)
        except TimeoutError:
            status, headers, text = 408, [("Connection", "close"), ("Content-Length", "0")], b""
        except ConnectionError:
            return  # gone before all of it was sent: nothing is done, and nobody is there to be told
        else:
            loop = asyncio.get_running_loop()
            status, headers, text = await loop.run_in_executor(
                self._threads, answer, self._app, environ_of(scope, body)
            )
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": text})

    async def _body(
        self, scope: dict[str, Any], receive: Callable[[], Awaitable[Message]]
    ) -> bytes:
        """All of the body, or of one that is too long at most as much as shows it. Raises TimeoutError and ConnectionError."""
        headers = dict(scope["headers"])
        chunked = b"transfer-encoding" in headers
        length = None if chunked else int(headers.get(b"content-length", 0))
        if length == 0 or (length is not None and length > self._largest):
            return b""
        body = bytearray()
        async with asyncio.timeout(self._patience) as deadline:
            self._arriving[deadline] = scope["client"][0]
            self._make_room()
            try:
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ConnectionError
                    body += message["body"]
                    whole = len(body) == length or not message["more_body"]
                    if whole or len(body) > self._largest:
                        return bytes(body)
            finally:
                self._arriving.pop(deadline, None)

    def _make_room(self) -> None:
        if len(self._arriving) > self._unfinished:
            [(most, _)] = Counter(self._arriving.values()).most_common(1)
            oldest = next(each for each, address in self._arriving.items() if address == most)
            del self._arriving[oldest]
            oldest.reschedule(0)


def environ_of(scope: dict[str, Any], body: bytes) -> dict[str, Any]:
    """PEP 3333's environ for an ASGI request.

    A body that came in chunks has a length by now, and the application is told it. A header whose name has an underscore is left
    out: `X_Forwarded_For` would pass for the `X-Forwarded-For` that a proxy sets. One that isn't ASCII counts as empty.
    """
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": scope["server"][0],
        "SERVER_PORT": str(scope["server"][1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        key = name.decode("latin-1").upper().replace("-", "_")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = f"HTTP_{key}"
        if b"_" not in name:
            told = value.decode() if value.isascii() else ""
            join = ";" if key == "HTTP_COOKIE" else ","
            environ[key] = f"{environ[key]}{join}{told}" if key in environ else told
    if environ.pop("HTTP_TRANSFER_ENCODING", None):
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def answer(app: Application, environ: dict[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
    """The WSGI application's status, headers and whole body."""
    begun: list[Any] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
        begun[:] = [int(status.split(" ", 1)[0]), headers]
        return written.append

    parts = app(environ, start_response)
    try:
        written.extend(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    status, headers = begun
    return status, headers, b"".join(written)
