"""The consortium as this node's ledger has it: who is a member, under which keys, and whether a signature is theirs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from chainfusion.domain.errors import ChainFusionError, require
from chainfusion.domain.membership import MEMBERSHIP_KEY, Member, Membership
from chainfusion.domain.membership_refusals import ConsortiumNotFounded, NotAMember
from chainfusion.domain.records import from_json
from chainfusion.ledger.embedded.membership import PEOPLE
from chainfusion.ledger.evidence.certificates import Certificate, validate_chain
from chainfusion.ledger.evidence.signatures import verify_p256
from chainfusion.ledger.port import Ledger
from chainfusion.vault.keys import EncryptionPublicKey


@dataclass(frozen=True)
class Members:
    """Reads the membership record of a ledger anew at each question."""

    ledger: Ledger

    def current(self) -> Membership:
        """The membership in force. Raises: ConsortiumNotFounded."""
        value = self.ledger.state(MEMBERSHIP_KEY)
        if value is None:
            raise ConsortiumNotFounded
        return from_json(Membership, json.loads(value))

    def member(self, msp: str) -> Member:
        """A member by MSP id, active or not. Raises: NotAMember."""
        found = self.current().members.get(msp)
        if found is None:
            raise NotAMember(msp=msp)
        return found

    def encryption_key(self, msp: str) -> EncryptionPublicKey:
        """The key that documents for a member are sealed to. Raises: NotAMember, EncryptionKeyInvalid."""
        return EncryptionPublicKey.from_public_bytes(self.member(msp).encryption_key)

    def accepts(self, msp: str, certificate: Certificate, at: datetime) -> bool:
        """Whether a person with this certificate could act now: of an active member, and certified by its authority."""
        try:
            member = self.member(msp)
            require(member.is_active and certificate.node_ou in PEOPLE, NotAMember(msp=msp))
            validate_chain(certificate, member.root_certificates, member.intermediate_certificates, at=at)
        except ChainFusionError:
            return False
        return True

    def signed(self, msp: str, certificate: str, message: bytes, signature: bytes) -> bool:
        """Whether `signature` over `message` was made by a person of that member whose certificate the ledger knows.

        A node's or notary's key signs blocks and checkpoints, never documents. The certificate's period is not judged
        here: it was judged when its holder's transaction was recorded.
        """
        try:
            member = self.member(msp)
            found = Certificate.from_der(self.ledger.certificate(certificate))
            require(found.node_ou in PEOPLE, NotAMember(msp=msp))
            validate_chain(found, member.root_certificates, member.intermediate_certificates, at=found.not_before)
            verify_p256(found.p256_key, signature, message)
        except ChainFusionError:
            return False
        return True
