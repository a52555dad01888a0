"""A real consortium in one process: eight institutions, an embedded ledger on disk, a vault, and deals at work.

Identities cost nothing to keep (`tests.support.identities`); everything else is what runs in production.
"""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from chainfusion.contracts.catalogue import registry
from chainfusion.demo.institutions import INSTITUTIONS, ORDERER, Institution
from chainfusion.domain.deal import DealTerms, NamedParty, Product
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.document_records import Document
from chainfusion.domain.membership import Member as MemberRecord
from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.process.definition import Definition
from chainfusion.domain.records import to_bytes, to_json
from chainfusion.domain.roles import Role
from chainfusion.ledger.embedded import EmbeddedLedger
from chainfusion.ledger.evidence.transaction import Creator, Proposal, Transaction
from chainfusion.node import documents, witness
from chainfusion.node.desk import Desk
from chainfusion.node.documents import Upload
from chainfusion.node.founding import agreement_of, default_rules, draft_genesis, sign_genesis
from chainfusion.node.identity.signer import Signer
from chainfusion.node.session import Session
from chainfusion.vault.store import FolderStore
from chainfusion.vault.vault import Vault
from tests.support.identities import NOW, Member, make_member

BY_MSP: dict[str, Institution] = {each.msp: each for each in INSTITUTIONS}


@dataclass
class Clock:
    """A clock that moves on by a minute at each look."""

    now: datetime = NOW + timedelta(hours=1)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=20)
        return self.now


@dataclass
class Consortium:
    """Founded on `path`; every member has signed the agreement."""

    path: Path
    clock: Clock = field(default_factory=Clock)
    institutions: tuple[Institution, ...] = INSTITUTIONS

    @cached_property
    def members(self) -> dict[str, Member]:
        """Institutions by MSP id."""
        return {each.msp: make_member(each.msp, each.roles) for each in self.institutions}

    @cached_property
    def genesis(self) -> SignedGenesis:
        """Signed by every founder."""
        records = [record_of(self.members[each.msp], each) for each in self.institutions]
        rules = default_rules(ORDERER)
        signed = draft_genesis("Harbour Consortium", "港湾联盟", records, agreement_of(b"agreed"), rules, NOW)
        for member in self.members.values():
            signed = sign_genesis(signed, _representative(member))
        return signed

    @property
    def trust(self) -> bytes:
        """The genesis as a file."""
        return to_bytes(self.genesis)

    @cached_property
    def ledger(self) -> EmbeddedLedger:
        """Open for reading and writing."""
        founder = _representative(self.members[ORDERER])
        contracts = registry()
        proposal = Proposal(
            args={"genesis": to_json(self.genesis)},
            channel=self.genesis.genesis.ledger_id,
            contract="consortium",
            creator=Creator(founder.msp_id, founder.certificate_fingerprint),
            nonce="00" * 24,
            operation="found",
            time=self.clock(),
            transient=None,
            version=contracts.in_force("consortium").version,
        )
        founding = Transaction(proposal, founder.sign(proposal.signing_bytes))
        node = self.members[ORDERER].node
        made = EmbeddedLedger.create(
            self.path / "ledger.db", founding, founder.certificate_der, contracts, node, clock=self.clock
        )
        self.__dict__["ledger"] = made
        self._sign_agreement()
        return made

    def _sign_agreement(self) -> None:
        for member in self.members.values():
            session = Session(self.ledger, registry(), _representative(member), self.clock)
            session.call("consortium.sign_agreement", **session.query("consortium.agreement"))

    @cached_property
    def vault(self) -> Vault:
        """One store for all, as each member's node would see it."""
        (self.path / "store").mkdir(exist_ok=True)
        return Vault(FolderStore(self.path / "store"))

    def desk(self, msp: str) -> Desk:
        """The person who does the deals' work for a member."""
        return self.person(msp, next(each.desk for each in self.institutions if each.msp == msp))

    def person(self, msp: str, name: str) -> Desk:
        """Somebody of a member who does its deals' work."""
        member = self.members[msp]
        session = Session(self.ledger, registry(), member.user(name), self.clock)
        return Desk(session, self.vault, lambda: member.encryption)

    def representative(self, msp: str) -> Desk:
        """The person who speaks for a member in the consortium."""
        member = self.members[msp]
        session = Session(self.ledger, registry(), _representative(member), self.clock)
        return Desk(session, self.vault, lambda: member.encryption)

    def desk_of(self, role: Role) -> Desk:
        """The desk of the institution in a role."""
        return self.desk(next(each.msp for each in self.institutions if role in each.roles))

    # ------------------------------------------------------------------ deals

    def draft(self, deal: str, name: str = "Donghai Auto 2026-1", name_zh: str = "东海车贷2026年第一期") -> None:
        """A deal whose parties have not answered."""
        parties = tuple(NamedParty(role, each.msp) for each in self.institutions for role in each.roles)
        terms = DealTerms(deal, name, name_zh, Product.AUTO_LOANS, "USD", parties)
        self.desk(ORDERER).session.call("deal.open", terms=terms)

    def accept(self, deal: str) -> None:
        """All of them accept."""
        for each in self.institutions:
            for role in each.roles if each.msp != ORDERER else ():
                self.desk(each.msp).session.call("deal.accept", deal=deal, role=role)

    def adopt(self, definition: Definition) -> None:
        """The members vote until a process definition is adopted."""
        name: dict[str, Any] = {"process": definition.id, "version": definition.version}
        for number, member in enumerate(self.members.values()):
            session = Session(self.ledger, registry(), _representative(member), self.clock)
            if number == 0:
                session.call("process-definition.propose", definition=definition)
            elif session.query("process-definition.show", **name)["state"] == "proposed":
                session.call("process-definition.vote", **name, approve=True)

    def upload(
        self,
        deal: str,
        kind: DocumentKind,
        by: Role,
        content: bytes = b"%PDF-1.7 a report",
        readers: tuple[str, ...] = (),
        **options: Any,
    ) -> Document:
        """A sealed and registered document."""
        upload = Upload(deal, kind, io.BytesIO(content), f"{kind.value}.pdf", "application/pdf", readers)
        return documents.add(self.desk_of(by), upload, **options).document

    def submit_unasked(self, role: Role, operation: str, **args: Any) -> str:
        """Submits a call without asking the contract first, as no well-meaning client does; returns its id."""
        session = self.desk_of(role).session
        signer = session.signer
        contract, _, name = operation.partition(".")
        proposal = Proposal(
            args=args,
            channel=self.ledger.ledger_id,
            contract=contract,
            creator=Creator(signer.msp_id, signer.certificate_fingerprint),
            nonce=secrets.token_hex(24),
            operation=name,
            time=self.clock(),
            transient=None,
            version=session.registry.in_force(contract).version,
        )
        transaction = Transaction(proposal, signer.sign(proposal.signing_bytes))
        return self.ledger.record(transaction, signer.certificate_der).tx_id

    def checkpoint(self) -> None:
        """Publishes a checkpoint that every member cosigns."""
        witness.publish_checkpoint(self.ledger, self.members[ORDERER].notary)
        for msp, member in self.members.items():
            if msp == ORDERER:
                continue
            memory = witness.WitnessFile(self.path / f"{msp}.witness.json")
            if memory.last(f"chainfusion/{self.ledger.ledger_id}") is None:
                memory.remember(witness.first_checkpoint(self.ledger, self.genesis), None)
            witness.cosign(self.ledger, member.notary, memory, self.clock().astimezone(UTC))


def _representative(member: Member) -> Signer:
    return member.user("representative", [Role.REPRESENTATIVE])


def record_of(member: Member, institution: Institution) -> MemberRecord:
    return MemberRecord(
        msp=member.msp_id,
        name=institution.name,
        name_zh=institution.name_zh,
        roles=institution.roles,
        root_certificates=(member.root_der,),
        intermediate_certificates=(),
        encryption_key=member.encryption_public_key,
        notary_certificate=member.notary.certificate_der,
        node_certificate=member.node.certificate_der,
    )
