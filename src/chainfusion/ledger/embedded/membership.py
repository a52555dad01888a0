"""The consortium's membership as the ledger holds it, and what it says of a certificate."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from chainfusion.contracts.framework import Caller
from chainfusion.domain.membership import MEMBERSHIP_KEY, Member, Membership
from chainfusion.domain.records import from_bytes, utc_text
from chainfusion.ledger.embedded.state import State, sha256
from chainfusion.ledger.evidence.certificates import Certificate, CertificateRefused, paths_to_root, validate_chain
from chainfusion.ledger.port import TransactionRefused

_KEY = MEMBERSHIP_KEY.encode()
PEOPLE = frozenset({"client", "admin"})
"""Organisational units of those who sign transactions; a node signs blocks, a notary checkpoints."""


Span = tuple[datetime, datetime]
"""From when to when, both included."""


@dataclass(frozen=True, eq=False)
class InForce:
    """A membership record with the fingerprint that block headers carry."""

    record: Membership
    fingerprint: bytes
    _spans: dict[tuple[str, str], tuple[Span, ...]] = field(default_factory=dict)

    def spans(self, msp: str, certificate: Certificate) -> tuple[Span, ...]:
        """When a person of an active member may sign: by each chain that leads to the member's roots.

        Found out once for a certificate under this record.

        Raises: TransactionRefused (FOREIGN_CREATOR, MEMBER_NOT_ACTIVE, BAD_CERTIFICATE).
        """
        known = self._spans.get((msp, certificate.fingerprint))
        if known is None:
            known = self._spans[msp, certificate.fingerprint] = _spans(self.record.members.get(msp), msp, certificate)
        return known


def _spans(member: Member | None, msp: str, certificate: Certificate) -> tuple[Span, ...]:
    if member is None:
        raise TransactionRefused(reason="FOREIGN_CREATOR", why=f"{msp} is not a member of this consortium")
    if not member.is_active:
        raise TransactionRefused(reason="MEMBER_NOT_ACTIVE", why=f"{msp} is {member.status.value}")
    if certificate.node_ou not in PEOPLE:
        raise TransactionRefused(reason="BAD_CERTIFICATE", why=f"{certificate.subject} is not a person's certificate")
    try:
        paths = paths_to_root(certificate, member.root_certificates, member.intermediate_certificates)
    except CertificateRefused as error:
        raise TransactionRefused(reason="BAD_CERTIFICATE", why=error.message()) from None
    return tuple((max(link.not_before for link in path), min(link.not_after for link in path)) for path in paths)


def membership_in(state: State) -> InForce | None:
    """The membership in a state; None before the consortium is founded."""
    value = state.get(_KEY)
    return None if value is None else _read(value)


@lru_cache(maxsize=256)
def _read(value: bytes) -> InForce:
    return InForce(from_bytes(Membership, value), sha256(value))


@lru_cache(maxsize=4096)
def caller_of(certificate: Certificate, msp: str) -> Caller:
    """Who a certificate says that its holder is."""
    return Caller(msp=msp, name=certificate.subject, roles=certificate.roles, certificate=certificate.fingerprint)


def require_creator(membership: InForce | None, msp: str, certificate: Certificate, *times: datetime) -> None:
    """Checks that a person of an active member acts, by a certificate valid at all `times`.

    Raises: TransactionRefused (FOREIGN_CREATOR, MEMBER_NOT_ACTIVE, BAD_CERTIFICATE).
    """
    if membership is None:
        raise TransactionRefused(reason="FOREIGN_CREATOR", why="the consortium is not founded yet")
    spans = membership.spans(msp, certificate)
    for at in times:
        for first, last in spans:
            if first <= at <= last:
                break
        else:
            why = f"the certificate of {certificate.subject}, or one above it, is not valid at {utc_text(at)}"
            raise TransactionRefused(reason="BAD_CERTIFICATE", why=why)


def orderer(membership: InForce) -> Member:
    """The member whose node signs the next block."""
    return membership.record.members[membership.record.rules.orderer]


def orderer_certificate(membership: InForce, at: datetime) -> Certificate:
    """The node certificate that signs the next block. Raises: CertificateRefused where it does not stand at `at`."""
    member = orderer(membership)
    certificate = Certificate.from_der(member.node_certificate)
    validate_chain(certificate, member.root_certificates, member.intermediate_certificates, at=at)
    return certificate
