"""Encryption keys: sealing binds the recipient and the context; keys survive their storage and nothing else does."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.vault.keys import (
    PUBLIC_LENGTH,
    SEALING_OVERHEAD,
    EncryptionKeyInvalid,
    EncryptionKeyPair,
    EncryptionPublicKey,
    SealRefused,
)
from chainfusion.vault.passphrase import LockedSecretRefused, PassphraseEmpty, lock, unlock

PAIR = EncryptionKeyPair.generate()
LOCKED = lock(b"secret", b"correct horse", "test secret")


def test_public_key_is_published_as_bytes_and_read_back() -> None:
    data = PAIR.public_bytes()
    read = EncryptionPublicKey.from_public_bytes(data)
    assert len(data) == PUBLIC_LENGTH
    assert read == PAIR.public and hash(read) == hash(PAIR.public)
    assert read.fingerprint == PAIR.fingerprint == hashlib.sha256(data).hexdigest()
    assert read != EncryptionKeyPair.generate().public


@given(secret=st.binary(max_size=200), info=st.binary(max_size=200))
@settings(max_examples=30, deadline=None)
def test_what_is_sealed_opens_with_the_same_context(secret: bytes, info: bytes) -> None:
    sealed = PAIR.public.seal(secret, info)
    assert len(sealed) == len(secret) + SEALING_OVERHEAD
    assert PAIR.unseal(sealed, info) == secret


def test_another_key_or_another_context_does_not_open() -> None:
    sealed = PAIR.public.seal(b"k" * 32, b"object A")
    with pytest.raises(SealRefused):
        PAIR.unseal(sealed, b"object B")
    with pytest.raises(SealRefused):
        EncryptionKeyPair.generate().unseal(sealed, b"object A")


@pytest.mark.parametrize("at", [0, 1, 500, 1087, 1088, 1119, 1120, 1151, 1152, 1167])
def test_a_changed_byte_of_a_sealed_key_is_refused(at: int) -> None:
    sealed = bytearray(PAIR.public.seal(b"k" * 32, b"info"))
    sealed[at] ^= 1
    with pytest.raises(SealRefused):
        PAIR.unseal(bytes(sealed), b"info")


@pytest.mark.parametrize("length", [0, 1, 1120, 1135, 1167])
def test_a_cut_sealed_key_is_refused(length: int) -> None:
    with pytest.raises(SealRefused):
        PAIR.unseal(PAIR.public.seal(b"k" * 32, b"info")[:length], b"info")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(PUBLIC_LENGTH - 1),
        bytes(PUBLIC_LENGTH + 1),
        b"\xff" * PUBLIC_LENGTH,
        PAIR.public_bytes()[:-32] + bytes(32),
    ],
    ids=["empty", "short", "long", "coefficients beyond the modulus", "X25519 point of low order"],
)
def test_bytes_that_are_no_key_are_refused(data: bytes) -> None:
    with pytest.raises(EncryptionKeyInvalid):
        EncryptionPublicKey.from_public_bytes(data)


def test_private_key_survives_its_encrypted_storage() -> None:
    locked = PAIR.private_bytes(b"correct horse")
    again = EncryptionKeyPair.from_private_bytes(locked, b"correct horse")
    assert again.public == PAIR.public
    assert again.unseal(PAIR.public.seal(b"k", b""), b"") == b"k"
    with pytest.raises(LockedSecretRefused):
        EncryptionKeyPair.from_private_bytes(locked, b"wrong horse")


def test_a_locked_secret_of_another_length_is_no_key() -> None:
    locked = lock(bytes(95), b"pw", "chainfusion encryption key")
    with pytest.raises(EncryptionKeyInvalid):
        EncryptionKeyPair.from_private_bytes(locked, b"pw")


def test_private_bytes_never_show() -> None:
    assert PAIR.fingerprint in repr(PAIR) and PAIR.fingerprint in repr(PAIR.public)
    assert not hasattr(PAIR, "__dict__")


def test_an_empty_passphrase_locks_nothing() -> None:
    with pytest.raises(PassphraseEmpty):
        PAIR.private_bytes(b"")


def test_a_secret_locked_for_one_purpose_does_not_serve_another() -> None:
    assert unlock(LOCKED, b"correct horse", "test secret") == b"secret"
    with pytest.raises(LockedSecretRefused):
        unlock(LOCKED, b"correct horse", "other secret")
    with pytest.raises(LockedSecretRefused):
        unlock(LOCKED.replace(b"test secret", b"evil secret"), b"correct horse", "evil secret")


@pytest.mark.parametrize("at", range(0, len(LOCKED), 7))
def test_any_damage_to_a_locked_secret_is_refused(at: int) -> None:
    damaged = bytearray(LOCKED)
    damaged[at] ^= 1
    with pytest.raises(LockedSecretRefused) as refusal:
        unlock(bytes(damaged), b"correct horse", "test secret")
    assert "passphrase" in str(refusal.value) and "口令" in refusal.value.message("zh")
