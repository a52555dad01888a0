"""A founded consortium on an embedded ledger, for tests: members, their people, signed transactions."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from chainfusion.contracts.consortium.contract import consortium
from chainfusion.contracts.framework import Contract, Registry
from chainfusion.domain.membership import (
    GENESIS_FORMAT,
    Agreement,
    FounderSignature,
    Genesis,
    Rules,
    SignedGenesis,
    Threshold,
)
from chainfusion.domain.membership import Member as MemberRecord
from chainfusion.domain.records import to_json
from chainfusion.domain.roles import INSTITUTION_ROLES, Role
from chainfusion.ledger.embedded import EmbeddedLedger
from chainfusion.ledger.evidence.transaction import Creator, Proposal, Transaction, nonce_of, transient_digest
from chainfusion.node.identity.signer import Signer
from tests.support.identities import NOW, Member, make_member

HALF = Threshold(1, 2)
AGREEMENT = Agreement(1, "ab" * 32)


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Consortium:
    """Institutions that found a ledger; the first one orders."""

    members: tuple[Member, ...]
    contracts: tuple[Contract, ...] = ()
    clock: Clock = field(default_factory=Clock)

    @classmethod
    def of(cls, *msps: str, contracts: tuple[Contract, ...] = ()) -> Consortium:
        """New institutions of these MSP ids."""
        return cls(tuple(make_member(msp) for msp in msps or ("DonghaiMSP", "HengxinMSP")), contracts)

    @cached_property
    def registry(self) -> Registry:
        """The consortium's contract and those of the test."""
        return Registry(consortium, *self.contracts)

    @property
    def orderer(self) -> Member:
        """The member whose node signs blocks."""
        return self.members[0]

    @cached_property
    def genesis(self) -> SignedGenesis:
        """The signed genesis."""
        genesis = Genesis(
            format=GENESIS_FORMAT,
            name="Test consortium",
            name_zh="测试联盟",
            founded=NOW,
            members=tuple(map(record_of, self.members)),
            rules=Rules(HALF, HALF, HALF, HALF, HALF, self.orderer.msp_id),
            agreement=AGREEMENT,
        )
        return SignedGenesis(genesis, tuple(founder_signature(member, genesis) for member in self.members))

    @property
    def ledger_id(self) -> str:
        """The channel."""
        return self.genesis.genesis.ledger_id

    def founding(self, person: Signer | None = None) -> Proposal:
        """The founding that a person proposes."""
        founder = person or representative(self.orderer)
        return self.proposal(founder, "consortium.found", genesis=to_json(self.genesis))

    def found(self, path: Path, **options: Any) -> EmbeddedLedger:
        """Makes the ledger's file and opens it."""
        return self.found_with(path, self.founding(), representative(self.orderer), **options)

    def found_with(self, path: Path, founding: Proposal, person: Signer, **options: Any) -> EmbeddedLedger:
        """The same with a founding of the test's own."""
        signed, der, node = sign(person, founding), person.certificate_der, self.orderer.node
        return EmbeddedLedger.create(path, signed, der, self.registry, node, clock=self.clock, **options)

    def open(self, path: Path, signer: Signer | None = None, **options: Any) -> EmbeddedLedger:
        """Opens the file again as the orderer's node, or as another."""
        options = {"clock": self.clock} | options
        return EmbeddedLedger(path, self.registry, signer or self.orderer.node, **options)

    def proposal(
        self,
        person: Signer,
        operation: str,
        *,
        request: str | None = None,
        transient: Mapping[str, bytes] | None = None,
        **args: Any,
    ) -> Proposal:
        """What a person would sign now."""
        contract, _, name = operation.partition(".")
        return Proposal(
            args=args,
            channel=self.ledger_id,
            contract=contract,
            creator=Creator(person.msp_id, person.certificate_fingerprint),
            nonce=nonce_of(request) if request else secrets.token_hex(24),
            operation=name,
            time=self.clock(),
            transient=transient_digest(dict(transient or {})),
            version=self.registry.in_force(contract).version,
        )

    def signed(self, person: Signer, operation: str, **given: Any) -> Transaction:
        """A signed transaction."""
        return sign(person, self.proposal(person, operation, **given))


@dataclass(frozen=True)
class Desk:
    """A person at a ledger."""

    consortium: Consortium
    ledger: EmbeddedLedger
    person: Signer

    def submit(self, operation: str, **given: Any) -> Any:
        """Signs and records one call; returns the receipt."""
        transaction = self.consortium.signed(self.person, operation, **given)
        return self.ledger.record(transaction, self.person.certificate_der, given.get("transient"))

    def evaluate(self, operation: str, **given: Any) -> bytes:
        """Evaluates one call; returns the response."""
        proposal = self.consortium.proposal(self.person, operation, **given)
        return self.ledger.evaluate(proposal, self.person, given.get("transient"))


def sign(person: Signer, proposal: Proposal) -> Transaction:
    """A proposal with the person's signature."""
    return Transaction(proposal, person.sign(proposal.signing_bytes))


def representative(member: Member) -> Signer:
    """The person who acts for a member in the consortium."""
    return member.user("representative", [*INSTITUTION_ROLES, Role.REPRESENTATIVE])


def record_of(member: Member) -> MemberRecord:
    """What the membership says of a member."""
    return MemberRecord(
        msp=member.msp_id,
        name=member.msp_id,
        name_zh="测试机构",
        roles=INSTITUTION_ROLES,
        root_certificates=(member.root_der,),
        intermediate_certificates=(),
        encryption_key=member.encryption_public_key,
        notary_certificate=member.notary.certificate_der,
        node_certificate=member.node.certificate_der,
    )


def founder_signature(member: Member, genesis: Genesis) -> FounderSignature:
    """A founder's signature on the genesis."""
    person = representative(member)
    return FounderSignature(member.msp_id, person.certificate_der, person.sign(genesis.signing_bytes))
