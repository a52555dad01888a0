"""Who is in the consortium and under which rules: records alone; `domain.governance` tells how they change.

Standard library only, because the offline verifier stands on them.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chainfusion.domain.records import to_bytes
from chainfusion.domain.roles import Role
from chainfusion.domain.text import check, check_name

GENESIS_FORMAT = "chainfusion-genesis-v1"
GENESIS_SIGNING_PREFIX = b"chainfusion genesis v1\n"
MEMBERSHIP_KEY = "membership"
"""The simple state key that holds the canonical bytes of the `Membership`."""
MAX_ROOTS, MAX_INTERMEDIATES, MAX_BLOB = 2, 4, 4096
"""Bounds of one member's entry, so that no member can fill the record that all depend on (two roots: old and new)."""
_MSP_ID = re.compile(r"[A-Za-z][A-Za-z0-9.-]{0,63}")
_HEX_64 = re.compile(r"[0-9a-f]{64}")


class MemberStatus(StrEnum):
    """Where an institution stands in the consortium."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    LEFT = "left"


@dataclass(frozen=True)
class Keys:
    """What a member renews on its own, below its unchanged root: certificates in DER and the public encryption key."""

    encryption_key: bytes
    intermediate_certificates: tuple[bytes, ...]
    node_certificate: bytes
    notary_certificate: bytes

    def __post_init__(self) -> None:
        _check_keys(self)


@dataclass(frozen=True)
class Member:
    """One institution: its names, the roles it may take in deals, and its public keys (certificates in DER)."""

    msp: str
    name: str
    name_zh: str
    roles: tuple[Role, ...]
    root_certificates: tuple[bytes, ...]
    intermediate_certificates: tuple[bytes, ...]
    encryption_key: bytes
    notary_certificate: bytes
    node_certificate: bytes
    status: MemberStatus = MemberStatus.ACTIVE

    def __post_init__(self) -> None:
        check_msp(self.msp)
        check_name(self.name, self.name_zh)
        check(0 < len(self.roles) == len(set(self.roles)), "roles are needed, each once")
        check(Role.REPRESENTATIVE not in self.roles, "representative is a person's duty, not an institution's role")
        check(0 < len(self.root_certificates) <= MAX_ROOTS, f"1 to {MAX_ROOTS} root certificates are needed")
        _check_sizes(*self.root_certificates)
        _check_keys(self)

    @property
    def is_active(self) -> bool:
        """Whether the member may act and vote."""
        return self.status is MemberStatus.ACTIVE


@dataclass(frozen=True)
class Threshold:
    """A share of the active members: 2/3 is Threshold(2, 3)."""

    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        check(0 < self.numerator <= self.denominator <= 1000, "a threshold is above 0 and at most 1")

    def reached(self, votes: int, base: int) -> bool:
        """Whether `votes` of `base` are enough; no votes never are."""
        return votes > 0 and votes * self.denominator >= self.numerator * base


@dataclass(frozen=True)
class Rules:
    """The consortium's own rules: what share decides what, and which member orders transactions.

    `admission` also decides reinstatements and replaced entries. `witnesses` is the share of active members
    other than the one that orders whose cosignatures make a checkpoint one to rely on.
    """

    admission: Threshold
    suspension: Threshold
    amendment: Threshold
    agreement: Threshold
    witnesses: Threshold
    orderer: str


@dataclass(frozen=True)
class Agreement:
    """One version of the participation agreement (联盟协议), by the SHA-256 of its text in hexadecimal."""

    version: int
    fingerprint: str

    def __post_init__(self) -> None:
        check(self.version >= 1, "versions count from 1")
        check(_HEX_64.fullmatch(self.fingerprint) is not None, "a fingerprint is 64 lower-case hexadecimal characters")


@dataclass(frozen=True)
class Genesis:
    """What the founders agree on: the trust anchor of everything that the ledger proves."""

    format: str
    name: str
    name_zh: str
    founded: datetime
    members: tuple[Member, ...]
    rules: Rules
    agreement: Agreement

    def __post_init__(self) -> None:
        check(self.format == GENESIS_FORMAT, f"format {GENESIS_FORMAT} is needed")
        check_name(self.name, self.name_zh)

    @property
    def ledger_id(self) -> str:
        """The ledger's id: the first 32 hexadecimal characters of SHA-256 of the canonical genesis."""
        return hashlib.sha256(to_bytes(self)).hexdigest()[:32]

    @property
    def signing_bytes(self) -> bytes:
        """What each founder signs (ECDSA P-256 with SHA-256)."""
        return GENESIS_SIGNING_PREFIX + to_bytes(self)


@dataclass(frozen=True)
class FounderSignature:
    """A founder's signature (DER, low S) over `Genesis.signing_bytes`, by the key of `certificate` (DER)."""

    msp: str
    certificate: bytes
    signature: bytes


@dataclass(frozen=True)
class SignedGenesis:
    """A genesis with its founders' signatures. Their cryptographic check belongs to whoever takes it as an anchor."""

    genesis: Genesis
    signatures: tuple[FounderSignature, ...]


class ChangeKind(StrEnum):
    """What members vote on."""

    ADMIT = "admit"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    REPLACE = "replace"
    AMEND_RULES = "amend-rules"
    ADOPT_AGREEMENT = "adopt-agreement"


@dataclass(frozen=True)
class Change:
    """A proposed change; the field that its kind needs is set and the others are None.

    ADMIT and REPLACE (names, roles, root certificates) carry `member`, SUSPEND and REINSTATE `msp`, AMEND_RULES
    `rules`, ADOPT_AGREEMENT `agreement`.
    """

    kind: ChangeKind
    member: Member | None = None
    msp: str | None = None
    rules: Rules | None = None
    agreement: Agreement | None = None

    def __post_init__(self) -> None:
        set_fields = {name for name in ("member", "msp", "rules", "agreement") if getattr(self, name) is not None}
        check(set_fields == {_FIELD_OF[self.kind]}, f"{self.kind.value} takes {_FIELD_OF[self.kind]} and nothing else")
        check(self.member is None or self.member.is_active, "a member is proposed as active")


_FIELD_OF = {
    ChangeKind.ADMIT: "member",
    ChangeKind.SUSPEND: "msp",
    ChangeKind.REINSTATE: "msp",
    ChangeKind.REPLACE: "member",
    ChangeKind.AMEND_RULES: "rules",
    ChangeKind.ADOPT_AGREEMENT: "agreement",
}


@dataclass(frozen=True)
class OpenProposal:
    """A proposal under vote; its id is the id of the transaction that made it, its proposer's yes is counted."""

    id: str
    change: Change
    by: str
    yes: tuple[str, ...]
    no: tuple[str, ...]


@dataclass(frozen=True)
class Membership:
    """The consortium after `version` governance steps."""

    ledger_id: str
    name: str
    name_zh: str
    version: int
    members: dict[str, Member]
    rules: Rules
    agreement: Agreement
    proposals: tuple[OpenProposal, ...]
    """Open proposals, oldest first."""

    @property
    def active(self) -> frozenset[str]:
        """MSP ids of the members that may act and vote."""
        return frozenset(msp for msp, member in self.members.items() if member.is_active)


def fingerprint(membership: Membership) -> bytes:
    """SHA-256 of the canonical membership (32 bytes): what block headers carry."""
    return hashlib.sha256(to_bytes(membership)).digest()


def check_msp(msp: str) -> None:
    """Raises: ValueError unless `msp` is an MSP id as Fabric takes them."""
    check(_MSP_ID.fullmatch(msp) is not None, "an MSP id is a letter, then up to 63 letters, digits, dots and hyphens")


def _check_keys(held: Keys | Member) -> None:
    fits = len(held.intermediate_certificates) <= MAX_INTERMEDIATES
    check(fits, f"at most {MAX_INTERMEDIATES} intermediate certificates are taken")
    _check_sizes(*held.intermediate_certificates)
    _check_sizes(held.encryption_key, held.node_certificate, held.notary_certificate)


def _check_sizes(*blobs: bytes) -> None:
    check(all(0 < len(blob) <= MAX_BLOB for blob in blobs), f"a certificate or key has 1 to {MAX_BLOB} bytes")
