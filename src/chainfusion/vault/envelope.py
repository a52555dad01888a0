"""The envelope of an encrypted object: what everyone may know of it, who can open it, and who says so; and grants.

Both are signed canonical JSON. Reading is strict: a spelling other than the one canonical form is refused, so every
byte of a stored envelope or grant is bound by its signature or is the signature.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from chainfusion.domain.canonical import NotCanonical
from chainfusion.domain.errors import require
from chainfusion.domain.records import BadRecord, from_bytes, to_bytes
from chainfusion.vault.chunks import LARGEST_CHUNK, SMALLEST_CHUNK
from chainfusion.vault.datakey import LENGTH, DataKey
from chainfusion.vault.errors import EnvelopeTampered, GrantTampered, NotSigned
from chainfusion.vault.keys import SEALING_OVERHEAD, EncryptionPublicKey
from chainfusion.vault.signing import Signature, SignatureCheck, Signer, holds, signature_of

ENVELOPE_FORMAT, GRANT_FORMAT = "chainfusion-envelope-v1", "chainfusion-grant-v1"
ENVELOPE_PREFIX, GRANT_PREFIX = b"chainfusion envelope v1\n", b"chainfusion grant v1\n"
MOST_RECIPIENTS = 1000
LARGEST_ENVELOPE, LARGEST_GRANT = 4 * 1024 * 1024, 16 * 1024

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MSP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A member that can open: its MSP id, its encryption key's fingerprint, and the data key sealed to that key."""

    key: str
    msp: str
    sealed: bytes

    def __post_init__(self) -> None:
        _need(_DIGEST.fullmatch(self.key) is not None, "key is not a fingerprint")
        _need(is_msp_id(self.msp), "msp is not an MSP id")
        _need(len(self.sealed) == LENGTH + SEALING_OVERHEAD, f"{len(self.sealed)} sealed bytes")


@dataclass(frozen=True, slots=True)
class Envelope:
    """The facts of an object. Lengths in bytes; `header` is sealed; recipients stand in order of MSP id."""

    chunk_size: int
    ciphertext_sha256: bytes
    content_length: int
    fingerprint: bytes
    format: str
    header: bytes
    object_id: str
    recipients: tuple[Recipient, ...]

    def __post_init__(self) -> None:
        _need(self.format == ENVELOPE_FORMAT, f"format {self.format[:40]}")
        _need(_DIGEST.fullmatch(self.object_id) is not None, "object_id is not 64 hexadecimal digits")
        _need(len(self.ciphertext_sha256) == len(self.fingerprint) == 32, "a digest has 32 bytes")
        _need(SMALLEST_CHUNK <= self.chunk_size <= LARGEST_CHUNK, f"chunk_size {self.chunk_size}")
        _need(self.content_length >= 0, f"content_length {self.content_length}")
        names = [recipient.msp for recipient in self.recipients]
        _need(0 < len(names) <= MOST_RECIPIENTS, f"{len(names)} recipients")
        _need(names == sorted(set(names)), "recipients are not in order, or one stands twice")


@dataclass(frozen=True, slots=True)
class SignedEnvelope:
    """An envelope and its sealer's signature."""

    envelope: Envelope
    signature: Signature


@dataclass(frozen=True, slots=True)
class Grant:
    """One more recipient of an object that is sealed already."""

    format: str
    object_id: str
    recipient: Recipient

    def __post_init__(self) -> None:
        _need(self.format == GRANT_FORMAT, f"format {self.format[:40]}")
        _need(_DIGEST.fullmatch(self.object_id) is not None, "object_id is not 64 hexadecimal digits")


@dataclass(frozen=True, slots=True)
class SignedGrant:
    """A grant and the signature of the member that gave it."""

    grant: Grant
    signature: Signature


def is_msp_id(text: str) -> bool:
    """Letters, digits, point, dash and underscore, at most 128, as Fabric's MSP ids."""
    return _MSP.fullmatch(text) is not None


def recipients_of(members: Mapping[str, EncryptionPublicKey], key: DataKey) -> tuple[Recipient, ...]:
    """The data key sealed to each member, in order of MSP id."""
    return tuple(recipient_of(msp, members[msp], key) for msp in sorted(members))


def recipient_of(msp: str, public: EncryptionPublicKey, key: DataKey) -> Recipient:
    """The data key sealed to one member."""
    return Recipient(public.fingerprint, msp, key.sealed_to(msp, public))


def sign_envelope(envelope: Envelope, signer: Signer) -> SignedEnvelope:
    """The envelope with `signer`'s signature."""
    return SignedEnvelope(envelope, signature_of(envelope, ENVELOPE_PREFIX, signer))


def sign_grant(object_id: str, recipient: Recipient, signer: Signer) -> SignedGrant:
    """A grant with `signer`'s signature."""
    grant = Grant(GRANT_FORMAT, object_id, recipient)
    return SignedGrant(grant, signature_of(grant, GRANT_PREFIX, signer))


def read_envelope(data: bytes, object_id: str, check: SignatureCheck) -> SignedEnvelope:
    """The envelope of `object_id` in `data`, its signature verified. Raises: EnvelopeTampered, NotSigned."""
    try:
        signed = from_bytes(SignedEnvelope, data)
    except (NotCanonical, BadRecord) as error:
        raise EnvelopeTampered(object=object_id, why=str(error)) from None
    require(signed.envelope.object_id == object_id, EnvelopeTampered(object=object_id, why="of another object"))
    require(holds(signed.signature, signed.envelope, ENVELOPE_PREFIX, check), _not_signed(object_id, signed.signature))
    return signed


def read_grant(data: bytes, object_id: str, grant_id: str, check: SignatureCheck) -> SignedGrant:
    """The grant for `object_id` in `data`, its signature verified. Raises: GrantTampered, NotSigned."""
    try:
        signed = from_bytes(SignedGrant, data)
    except (NotCanonical, BadRecord) as error:
        raise GrantTampered(object=object_id, grant=grant_id, why=str(error)) from None
    same = signed.grant.object_id == object_id
    require(same, GrantTampered(object=object_id, grant=grant_id, why="for another object"))
    require(holds(signed.signature, signed.grant, GRANT_PREFIX, check), _not_signed(object_id, signed.signature))
    return signed


def envelope_bytes(signed: SignedEnvelope | SignedGrant) -> bytes:
    """The stored form of a signed envelope or grant."""
    return to_bytes(signed)


def _not_signed(object_id: str, signature: Signature) -> NotSigned:
    return NotSigned(object=object_id, msp=signature.msp, certificate=signature.certificate)


def _need(condition: bool, why: str) -> None:
    if not condition:
        raise ValueError(why)
