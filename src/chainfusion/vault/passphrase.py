"""Secrets at rest, under a passphrase: scrypt (RFC 7914) and AES-256-GCM.

The library's own encrypted PKCS#8 derives its key with 2,048 rounds of PBKDF2 and is not authenticated: guessing is
cheap and a damaged file opens as another key. Here a guess costs 32 MiB and about a tenth of a second, and any
change is refused.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from chainfusion.domain.canonical import NotCanonical
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.records import BadRecord, from_bytes, to_bytes

FORMAT = "chainfusion-locked-v1"
_COST, _BLOCK, _LANES = 2**15, 8, 1


class LockedSecretRefused(ChainFusionError):
    """A wrong passphrase, a damaged file, or a secret of another kind: the three cannot be told apart."""

    code = "LOCKED_SECRET_REFUSED"
    says = Text(
        "The {purpose} does not open: the passphrase is wrong or the file is damaged.",
        "{purpose} 无法打开：口令有误，或文件已损坏。",
    )
    do = Text(
        "Check the passphrase; if it is right, restore the file from a backup.",
        "请核对口令；口令无误时，请从备份恢复该文件。",
    )


class PassphraseEmpty(ChainFusionError):
    """A secret was to be locked with nothing."""

    code = "PASSPHRASE_EMPTY"
    says = Text("A passphrase is needed and none was given.", "需要口令，但未提供。")
    do = Text("Give a passphrase of several words.", "请提供由多个词组成的口令。")


@dataclass(frozen=True, slots=True)
class _Locked:
    format: str
    nonce: bytes
    purpose: str
    salt: bytes
    sealed: bytes


def lock(secret: bytes, passphrase: bytes, purpose: str) -> bytes:
    """`secret` encrypted for storage, as canonical JSON; `purpose` says in words what it is and is authenticated.

    Raises: PassphraseEmpty.
    """
    require(bool(passphrase), PassphraseEmpty())
    salt, nonce = os.urandom(16), os.urandom(12)
    sealed = _cipher(passphrase, salt).encrypt(nonce, secret, _context(purpose))
    return to_bytes(_Locked(FORMAT, nonce, purpose, salt, sealed))


def unlock(locked: bytes, passphrase: bytes, purpose: str) -> bytes:
    """The secret that `lock` stored. Raises: LockedSecretRefused."""
    try:
        box = from_bytes(_Locked, locked)
        require(box.format == FORMAT and box.purpose == purpose, LockedSecretRefused(purpose=purpose))
        return _cipher(passphrase, box.salt).decrypt(box.nonce, box.sealed, _context(purpose))
    except (InvalidTag, NotCanonical, BadRecord, ValueError):
        raise LockedSecretRefused(purpose=purpose) from None


def _cipher(passphrase: bytes, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=_COST, r=_BLOCK, p=_LANES).derive(passphrase))


def _context(purpose: str) -> bytes:
    return f"{FORMAT}\n{purpose}".encode()
