"""The random key of one version of one object, what is derived from it, and how it is sealed to a member.

    object id    HMAC-SHA256(data key, "chainfusion object id v1")
    content key  HMAC-SHA256(data key, "chainfusion content key v1")
    header key   HMAC-SHA256(data key, "chainfusion header key v1")

The id commits to the key. AES-GCM alone does not: a deceitful sealer could make one ciphertext that opens to
different contents under different keys. Here a key of another id is refused before it is used.
"""

from __future__ import annotations

import hmac
import os

from chainfusion.domain.canonical import canonical
from chainfusion.vault.keys import EncryptionKeyPair, EncryptionPublicKey

LENGTH = 32
_SEALING = "chainfusion-data-key-v1"


class DataKey:
    """32 secret bytes; they leave this object only sealed to a member."""

    __slots__ = ("_secret", "object_id")

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.object_id: str = self._derive(b"chainfusion object id v1").hex()
        """64 hexadecimal digits, safe to show: the id reveals nothing of the key or the content."""

    @classmethod
    def generate(cls) -> DataKey:
        """A new key from the system's randomness."""
        return cls(os.urandom(LENGTH))

    @classmethod
    def unsealed(cls, sealed: bytes, object_id: str, msp: str, key: EncryptionKeyPair) -> DataKey:
        """The data key that `sealed_to` sealed. Its id is the caller's to compare. Raises: SealRefused."""
        return cls(key.unseal(sealed, _context(object_id, msp, key.fingerprint)))

    def sealed_to(self, msp: str, key: EncryptionPublicKey) -> bytes:
        """This key readable by the member `msp` alone, bound to this object, the member and the member's key."""
        return key.seal(self._secret, _context(self.object_id, msp, key.fingerprint))

    def content_key(self) -> bytes:
        """The AES-256 key of the chunks."""
        return self._derive(b"chainfusion content key v1")

    def header_key(self) -> bytes:
        """The AES-256 key of the sealed header."""
        return self._derive(b"chainfusion header key v1")

    def _derive(self, label: bytes) -> bytes:
        return hmac.digest(self._secret, label, "sha256")

    def __repr__(self) -> str:
        return f"DataKey(of {self.object_id})"


def _context(object_id: str, msp: str, key_fingerprint: str) -> bytes:
    return canonical({"format": _SEALING, "key": key_fingerprint, "object_id": object_id, "recipient": msp})
