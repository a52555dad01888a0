from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.ledger.evidence.signatures import (
    P256_ORDER,
    SignatureRefused,
    is_low_s,
    sign_p256,
    to_low_s,
    verify_ed25519,
    verify_p256,
)
from tests.support.certificates import high_s
from tests.support.identities import new_key

KEY = new_key()
PUBLIC = KEY.public_key()
SIGNATURE = sign_p256(KEY, b"a fact")


@given(st.binary(max_size=200))
def test_what_is_signed_verifies_and_is_low_s(data: bytes) -> None:
    signature = sign_p256(KEY, data)
    assert decode_dss_signature(signature)[1] <= P256_ORDER // 2
    verify_p256(PUBLIC, signature, data)


def test_the_library_alone_would_take_the_twin_and_we_do_not() -> None:
    twin = high_s(SIGNATURE)
    PUBLIC.verify(twin, b"a fact", ec.ECDSA(SHA256()))
    with pytest.raises(SignatureRefused, match="low-S"):
        verify_p256(PUBLIC, twin, b"a fact")
    assert to_low_s(twin) == SIGNATURE == to_low_s(SIGNATURE)


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"\x30\x00",
        SIGNATURE + b"\x00",
        SIGNATURE[:-1],
        encode_dss_signature(0, 1),
        encode_dss_signature(1, 0),
        encode_dss_signature(P256_ORDER, 1),
        b"\x30\x81" + SIGNATURE[1:],
    ],
    ids=("empty", "no-numbers", "one-byte-more", "one-byte-less", "r-0", "s-0", "r-order", "long-length"),
)
def test_malformed_signatures_are_refused(signature: bytes) -> None:
    assert not is_low_s(signature)
    with pytest.raises(SignatureRefused):
        verify_p256(PUBLIC, signature, b"a fact")


@given(st.integers(0, len(SIGNATURE) - 1), st.integers(1, 255))
def test_every_changed_byte_of_a_signature_is_refused(place: int, change: int) -> None:
    broken = bytearray(SIGNATURE)
    broken[place] ^= change
    with pytest.raises(SignatureRefused):
        verify_p256(PUBLIC, bytes(broken), b"a fact")


def test_other_data_and_other_keys_are_refused() -> None:
    with pytest.raises(SignatureRefused):
        verify_p256(PUBLIC, SIGNATURE, b"another fact")
    with pytest.raises(SignatureRefused):
        verify_p256(new_key().public_key(), SIGNATURE, b"a fact")


def test_the_half_of_the_order_is_the_last_low_s() -> None:
    assert is_low_s(encode_dss_signature(1, P256_ORDER // 2))
    assert not is_low_s(encode_dss_signature(1, P256_ORDER // 2 + 1))


@given(st.integers(0, 63), st.integers(1, 255))
def test_a_notarys_signature_stands_only_as_it_is(place: int, change: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    signature = key.sign(b"a tree head")
    verify_ed25519(key.public_key(), signature, b"a tree head")
    broken = bytearray(signature)
    broken[place] ^= change
    for wrong in (bytes(broken), signature[:-1], b""):
        with pytest.raises(SignatureRefused):
            verify_ed25519(key.public_key(), wrong, b"a tree head")


def test_the_refusal_is_never_the_librarys_own() -> None:
    assert not issubclass(SignatureRefused, InvalidSignature)
    assert SignatureRefused(why="w", why_zh="中").message("zh") == "签名被拒绝：中。"
