"""A founder's signature on the genesis: checked alike when a ledger begins and when evidence is verified."""

from __future__ import annotations

from chainfusion.domain.membership import FounderSignature, Genesis, Member
from chainfusion.ledger.evidence.certificates import Certificate, validate_chain
from chainfusion.ledger.evidence.signatures import verify_p256


def check_founder(genesis: Genesis, member: Member, signed: FounderSignature) -> None:
    """Checks that a certificate of the founder, valid at the founding, signed the genesis.

    Raises: CertificateRefused, SignatureRefused.
    """
    holder = Certificate.from_der(signed.certificate)
    validate_chain(holder, member.root_certificates, member.intermediate_certificates, at=genesis.founded)
    verify_p256(holder.p256_key, signed.signature, genesis.signing_bytes)
