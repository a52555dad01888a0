"""An institution's encryption key pair: data keys are sealed to the public half and opened with the private half.

HPKE (RFC 9180, base mode, single shot) with the hybrid KEM MLKEM768-X25519 (draft-ietf-hpke-pq), HKDF-SHA256 and
AES-256-GCM. The hybrid stays secret as long as one of its two parts does, so a document recorded today is not opened
by a quantum computer of tomorrow. HPKE is single-shot here and takes no associated data: context goes into `info`.

    public bytes   1216 = ML-KEM-768 encapsulation key (1184) || X25519 public key (32)
    private bytes    96 = ML-KEM-768 seed d || z (64)         || X25519 private key (32)
    sealed          1120 bytes of encapsulation (1088 || 32) + plaintext + 16
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.vault.passphrase import lock, unlock

ALGORITHM = "MLKEM768-X25519"
PUBLIC_LENGTH, PRIVATE_LENGTH = 1216, 96
SEALING_OVERHEAD = 1120 + 16
_MLKEM_PUBLIC, _MLKEM_SEED = 1184, 64
_PURPOSE = "chainfusion encryption key"
_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class EncryptionKeyInvalid(ChainFusionError):
    """Bytes that are no encryption key of this system."""

    code = "ENCRYPTION_KEY_INVALID"
    says = Text("Not an encryption key: {why}.", "不是有效的加密密钥：{why}。")
    do = Text("Take the key that the member published on the ledger.", "请使用该成员在账本上公布的密钥。")


class SealRefused(ChainFusionError):
    """A sealed secret that this key does not open in this context."""

    code = "SEAL_REFUSED"
    says = Text("The sealed key does not open with the key {key}.", "密钥 {key} 无法打开该封装密钥。")
    do = Text("Use the key it was sealed to, or ask for a grant.", "请使用封装时指定的密钥，或申请授权。")


class EncryptionPublicKey:
    """The published half: who holds it can seal to the institution, and no more."""

    __slots__ = ("_bytes", "_key", "fingerprint")

    def __init__(self, data: bytes) -> None:
        self._key = _public_key(data)
        self._bytes = bytes(data)
        self.fingerprint: str = hashlib.sha256(data).hexdigest()
        """SHA-256 of the public bytes, lower-case hex."""

    @classmethod
    def from_public_bytes(cls, data: bytes) -> EncryptionPublicKey:
        """The key of 1216 published bytes. Raises: EncryptionKeyInvalid."""
        return cls(data)

    def public_bytes(self) -> bytes:
        """The 1216 bytes that go on the ledger."""
        return self._bytes

    def seal(self, secret: bytes, info: bytes) -> bytes:
        """`secret` readable by the holder of the private half alone, and only together with the same `info`."""
        return _SUITE.encrypt(secret, self._key, info)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EncryptionPublicKey) and other._bytes == self._bytes

    def __hash__(self) -> int:
        return hash(self._bytes)

    def __repr__(self) -> str:
        return f"EncryptionPublicKey({self.fingerprint})"


class EncryptionKeyPair:
    """Both halves. The private half leaves this object only encrypted under a passphrase."""

    __slots__ = ("_key", "_mlkem", "_x25519", "public")

    def __init__(self, mlkem: MLKEM768PrivateKey, x25519: X25519PrivateKey) -> None:
        self._mlkem, self._x25519 = mlkem, x25519
        self._key = hpke.MLKEM768X25519PrivateKey(mlkem, x25519)
        self.public = EncryptionPublicKey(
            mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        )

    @classmethod
    def generate(cls) -> EncryptionKeyPair:
        """A new key pair from the system's randomness."""
        return cls(MLKEM768PrivateKey.generate(), X25519PrivateKey.generate())

    @classmethod
    def from_private_bytes(cls, locked: bytes, passphrase: bytes) -> EncryptionKeyPair:
        """The key pair that `private_bytes` stored. Raises: LockedSecretRefused, EncryptionKeyInvalid."""
        secret = unlock(locked, passphrase, _PURPOSE)
        if len(secret) != PRIVATE_LENGTH:
            raise EncryptionKeyInvalid(why=f"{len(secret)} private bytes instead of {PRIVATE_LENGTH}")
        return cls(
            MLKEM768PrivateKey.from_seed_bytes(secret[:_MLKEM_SEED]),
            X25519PrivateKey.from_private_bytes(secret[_MLKEM_SEED:]),
        )

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the public half."""
        return self.public.fingerprint

    def public_bytes(self) -> bytes:
        """The 1216 bytes that go on the ledger."""
        return self.public.public_bytes()

    def private_bytes(self, passphrase: bytes) -> bytes:
        """The private half encrypted under `passphrase`, for a file. Raises: PassphraseEmpty."""
        return lock(self._mlkem.private_bytes_raw() + self._x25519.private_bytes_raw(), passphrase, _PURPOSE)

    def unseal(self, sealed: bytes, info: bytes) -> bytes:
        """The secret that was sealed to this key with the same `info`. Raises: SealRefused."""
        try:
            return _SUITE.decrypt(sealed, self._key, info)
        except (InvalidTag, ValueError):
            raise SealRefused(key=self.fingerprint) from None

    def __repr__(self) -> str:
        return f"EncryptionKeyPair({self.fingerprint})"


def _public_key(data: bytes) -> hpke.MLKEM768X25519PublicKey:
    if len(data) != PUBLIC_LENGTH:
        raise EncryptionKeyInvalid(why=f"{len(data)} bytes instead of {PUBLIC_LENGTH}")
    try:
        key = hpke.MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(data[:_MLKEM_PUBLIC]),
            X25519PublicKey.from_public_bytes(data[_MLKEM_PUBLIC:]),
        )
        _SUITE.encrypt(b"", key)  # a low-order X25519 point shows only in use
    except ValueError as error:
        raise EncryptionKeyInvalid(why=str(error)) from None
    return key
