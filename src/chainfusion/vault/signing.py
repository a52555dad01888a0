"""How a statement about an object is signed, and how whoever reads it asks whether the signature holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from chainfusion.domain.records import to_bytes

SignatureCheck = Callable[[str, str, bytes, bytes], bool]
"""(MSP id, certificate fingerprint, message, signature) -> whether the member's certificate made it, and may have."""


class Signer(Protocol):
    """A person's or node's signing key, unlocked, as far as the vault needs it."""

    @property
    def msp_id(self) -> str:
        """The member's MSP id."""

    @property
    def certificate_fingerprint(self) -> str:
        """SHA-256 of the certificate's DER, hexadecimal."""

    def sign(self, data: bytes) -> bytes:
        """The signature over `data`."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, with which certificate (SHA-256 of its DER, hexadecimal), and the signature."""

    certificate: str
    msp: str
    value: bytes


def signature_of(record: Any, prefix: bytes, signer: Signer) -> Signature:
    """`signer`'s signature over `prefix` and the canonical bytes of `record`."""
    return Signature(signer.certificate_fingerprint, signer.msp_id, signer.sign(prefix + to_bytes(record)))


def holds(signature: Signature, record: Any, prefix: bytes, check: SignatureCheck) -> bool:
    """Whether `signature` is its signer's over `record`."""
    return check(signature.msp, signature.certificate, prefix + to_bytes(record), signature.value)
