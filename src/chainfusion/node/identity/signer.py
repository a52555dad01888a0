"""Unlocked keys: what signs transactions and blocks, and what signs checkpoints."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chainfusion.ledger.evidence.certificates import Certificate
from chainfusion.ledger.evidence.signatures import sign_p256


class Signer:
    """A person's or a node's P-256 key with its certificate. The key does not leave this object."""

    __slots__ = ("_key", "certificate", "msp_id")

    def __init__(self, msp_id: str, certificate: Certificate, key: EllipticCurvePrivateKey) -> None:
        self.msp_id = msp_id
        self.certificate = certificate
        self._key = key

    @property
    def certificate_der(self) -> bytes:
        """The certificate in DER."""
        return self.certificate.der

    @property
    def certificate_fingerprint(self) -> str:
        """SHA-256 of the certificate's DER, lower-case hex."""
        return self.certificate.fingerprint

    def sign(self, data: bytes) -> bytes:
        """ECDSA P-256 with SHA-256 over `data`: DER, low S."""
        return sign_p256(self._key, data)

    def __repr__(self) -> str:
        return f"Signer({self.msp_id}, {self.certificate.subject})"


class Notary:
    """An institution's Ed25519 key for checkpoints and cosignatures, with its certificate."""

    __slots__ = ("_key", "certificate", "msp_id")

    def __init__(self, msp_id: str, certificate: Certificate, key: Ed25519PrivateKey) -> None:
        self.msp_id = msp_id
        self.certificate = certificate
        self._key = key

    @property
    def certificate_der(self) -> bytes:
        """The certificate in DER."""
        return self.certificate.der

    @property
    def certificate_fingerprint(self) -> str:
        """SHA-256 of the certificate's DER, lower-case hex."""
        return self.certificate.fingerprint

    @property
    def public_key_bytes(self) -> bytes:
        """The bare Ed25519 public key (32 bytes), as a note's key id is made from it."""
        return self.certificate.ed25519_key.public_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        """Ed25519 over `data` (64 bytes)."""
        return self._key.sign(data)

    def __repr__(self) -> str:
        return f"Notary({self.msp_id})"
