"""An https endpoint that answers every POST 201, in a process of its own: cheap, so that the sender is what is measured.

`python -m tests.bench.push_endpoint CERT KEY DELAY` prints its port and serves until its standard input closes; a line there
asks how many it has answered.
"""

import asyncio
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ANSWER = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"


class Endpoint(asyncio.Protocol):
    """As much of HTTP/1.1 as one kept-alive client needs."""

    answered = 0
    """By all connections together."""

    def __init__(self, delay: float):
        self.delay = delay
        self.waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, arrived: bytes) -> None:
        self.waiting += arrived
        while (end := self.waiting.find(b"\r\n\r\n")) >= 0:
            at = self.waiting.lower().index(b"content-length:") + 15
            length = int(self.waiting[at : self.waiting.index(b"\r", at)])
            if len(self.waiting) < end + 4 + length:
                return
            self.waiting = self.waiting[end + 4 + length :]
            if self.delay:
                asyncio.get_running_loop().call_later(self.delay, self._answer)
            else:
                self._answer()

    def _answer(self) -> None:
        if not self.transport.is_closing():
            Endpoint.answered += 1
            self.transport.write(ANSWER)  # type: ignore[attr-defined]


async def serve(cert: str, key: str, delay: float) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Endpoint(delay), "127.0.0.1", 0, ssl=tls, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(Endpoint.answered, flush=True)


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    cert, secret = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert, secret


@dataclass
class Running:
    """A handle on an endpoint's process."""

    process: "subprocess.Popen[str]"
    port: int

    def answered(self) -> int:
        """How many requests it has answered so far."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextmanager
def endpoint(cert: Path, key: Path, delay: float = 0) -> Iterator[Running]:
    """The endpoint, running."""
    running = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.push_endpoint", str(cert), str(key), str(delay)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout
    assert running.stdin
    try:
        yield Running(running, int(running.stdout.readline()))
    finally:
        running.stdin.close()
        running.wait(10)


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], sys.argv[2], float(sys.argv[3])))
