"""Private keys at rest: encrypted PKCS#8 in PEM (RFC 5958), which OpenSSL opens as well.

PBES2 with scrypt (RFC 7914) and AES-256-CBC. The library's own encryption is not used because it derives its key
with 2,048 rounds of PBKDF2: one guess at a password costs it microseconds, here 16 MiB twice and about 0.1 s. CBC
does not authenticate; that a file is whole shows in its key being the one that the certificate certifies.
"""

from __future__ import annotations

import os

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from chainfusion.domain.errors import require
from chainfusion.ledger.evidence.certificates import Certificate
from chainfusion.node.identity.der import OCTET_STRING, SEQUENCE, pem, tlv, unsigned
from chainfusion.node.identity.refusals import KeyMismatch, KeyUnreadable, WrongPassword
from chainfusion.vault.passphrase import PassphraseEmpty

PrivateKey = EllipticCurvePrivateKey | Ed25519PrivateKey
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**14, 8, 2
_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_SCRYPT = bytes.fromhex("06092b06010401da47040b")
_AES_256_CBC = bytes.fromhex("060960864801650304012a")


class KeyLock:
    """Encrypts keys under one password; the costly derivation is done once for all keys of one lock."""

    def __init__(self, password: bytes) -> None:
        """Raises: PassphraseEmpty."""
        require(bool(password), PassphraseEmpty())
        self._salt = os.urandom(16)
        kdf = Scrypt(salt=self._salt, length=32, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P)
        self._key = kdf.derive(password)

    def lock(self, key: PrivateKey) -> bytes:
        """The key as encrypted PKCS#8 in PEM."""
        vector = os.urandom(16)
        padder = PKCS7(128).padder()
        plain = padder.update(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())) + padder.finalize()
        encryptor = Cipher(algorithms.AES256(self._key), modes.CBC(vector)).encryptor()
        sealed = encryptor.update(plain) + encryptor.finalize()
        return pem("ENCRYPTED PRIVATE KEY", tlv(SEQUENCE, self._scheme(vector), tlv(OCTET_STRING, sealed)))

    def _scheme(self, vector: bytes) -> bytes:
        costs = (unsigned(SCRYPT_N), unsigned(SCRYPT_R), unsigned(SCRYPT_P))
        derivation = tlv(SEQUENCE, _SCRYPT, tlv(SEQUENCE, tlv(OCTET_STRING, self._salt), *costs))
        cipher = tlv(SEQUENCE, _AES_256_CBC, tlv(OCTET_STRING, vector))
        return tlv(SEQUENCE, _PBES2, tlv(SEQUENCE, derivation, cipher))


def open_key(locked: bytes, password: bytes, certificate: Certificate) -> PrivateKey:
    """The private key of a certificate from its file. Raises: WrongPassword, also where the file is damaged."""
    try:
        key = load_pem_private_key(locked, password)
    except (ValueError, TypeError, UnsupportedAlgorithm, MemoryError):
        raise WrongPassword(name=certificate.subject) from None
    if not isinstance(key, PrivateKey) or not belongs(key, certificate):
        raise WrongPassword(name=certificate.subject)
    return key


def foreign_key(encoded: bytes, password: bytes | None, certificate: Certificate) -> PrivateKey:
    """A private key in any PEM form that another CA's tools wrote. Raises: KeyUnreadable, KeyMismatch."""
    name = certificate.subject
    try:
        key = load_pem_private_key(encoded, password)
    except (ValueError, TypeError, UnsupportedAlgorithm, MemoryError):
        raise KeyUnreadable(name=name, why="wrong password, or not PEM", why_zh="口令错误，或不是 PEM 格式") from None
    if not isinstance(key, PrivateKey):
        raise KeyUnreadable(name=name, why="neither P-256 nor Ed25519", why_zh="既非 P-256 也非 Ed25519")
    require(belongs(key, certificate), KeyMismatch(name=name))
    return key


def plain_key(key: PrivateKey) -> bytes:
    """The key as PKCS#8 in PEM without encryption, the form that Fabric's keystore reads."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def belongs(key: PrivateKey, certificate: Certificate) -> bool:
    """Whether the certificate certifies this key."""
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    own: bytes = key.public_key().public_bytes(*form)
    return bool(own == certificate.public_key.public_bytes(*form))
