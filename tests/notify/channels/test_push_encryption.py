"""Our faster encryption follows the standard: an independent library decrypts whatever it encrypts (RFC 8291)."""

import base64

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from webapp.notify.channels.push import encryption
from webapp.notify.channels.push.encryption import LARGEST_MESSAGE, Sealer, sealed

KEY = ec.generate_private_key(ec.SECP256R1())
POINT = KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@given(message=st.binary(max_size=LARGEST_MESSAGE), auth=st.binary(min_size=16, max_size=16))
def test_what_is_encrypted_can_be_decrypted_by_an_independent_library(message, auth):
    assert (
        http_ece.decrypt(sealed(message, POINT, auth), private_key=KEY, auth_secret=auth) == message
    )


def test_no_two_messages_share_a_key_or_a_salt():
    one, two = (sealed(b"same", POINT, bytes(16)) for _ in range(2))
    assert one[:16] != two[:16]
    assert one[21:86] != two[21:86]


def test_it_agrees_with_the_example_of_rfc_8291(monkeypatch):
    """Appendix A, with the sender's key and the salt it prescribes."""
    raw = lambda text: base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))  # noqa: E731
    private = int.from_bytes(raw("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
    sender = ec.derive_private_key(private, ec.SECP256R1())
    monkeypatch.setattr(encryption.ec, "generate_private_key", lambda curve: sender)
    monkeypatch.setattr(encryption.os, "urandom", lambda size: raw("DGv6ra1nlYgDCS1FRnbzlw"))
    receiver = raw(
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    )
    body = sealed(
        b"When I grow up, I want to be a watermelon", receiver, raw("BTBZMqHH6r4Tts7J_aSIgg")
    )
    assert base64.urlsafe_b64encode(body).rstrip(b"=").decode() == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLoc"
        "InmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLV"
        "WGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_a_point_off_the_curve_is_refused():
    with pytest.raises(ValueError):
        sealed(b"x", b"\x04" + bytes(64), bytes(16))


def test_the_older_encoding_is_left_to_pywebpush():
    point, auth = (base64.urlsafe_b64encode(raw).decode() for raw in (POINT, bytes(16)))
    told = Sealer(point, auth).encode(b"hello", "aesgcm")
    assert told["crypto_key"]
