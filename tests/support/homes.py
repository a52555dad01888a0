"""Embedded ledgers of institutions that have homes, as the command line works on them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from chainfusion.contracts.catalogue import registry
from chainfusion.demo.institutions import INSTITUTIONS, ORDERER, Institution
from chainfusion.domain.deal import DealTerms, NamedParty, Product
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.roles import Role
from chainfusion.ledger.embedded import EmbeddedLedger
from chainfusion.node import documents, witness
from chainfusion.node.documents import Upload
from chainfusion.node.founding import agreement_of, default_rules, draft_genesis, sign_genesis
from chainfusion.node.home import Home, LedgerFolder
from chainfusion.node.identity.enrolment import create_organisation, enrol_user
from chainfusion.node.identity.organisation import unlock, unlock_notary
from chainfusion.node.joining import join_ledger
from chainfusion.node.opening import found_ledger, open_desk
from chainfusion.node.session import Session

PASSWORD = b"demonstration"
THREE = INSTITUTIONS[:3]
"""Originator, trustee, lead underwriter."""


@dataclass(frozen=True)
class Homes:
    """Homes of three institutions in a folder; identities may be links to those of other homes."""

    folder: Path

    def home(self, each: Institution) -> Home:
        return Home(self.folder / each.folder)

    def make(self) -> Homes:
        """New identities."""
        now = datetime.now(UTC)
        for each in THREE:
            identity = self.home(each).identity
            organisation = create_organisation(identity, each.msp, each.name, each.name_zh, PASSWORD, now=now)
            enrol_user(organisation, each.representative, (Role.REPRESENTATIVE,), PASSWORD, now=now)
            enrol_user(organisation, each.desk, each.roles, PASSWORD, now=now)
        return self

    def linked(self, folder: Path) -> Homes:
        """Other homes of the same institutions."""
        for each in THREE:
            (folder / each.folder).mkdir(parents=True)
            (folder / each.folder / "identity").symlink_to(self.home(each).identity)
        return Homes(folder)

    def found(self, agreement: bytes) -> LedgerFolder:
        """A ledger that they all have joined, the agreement signed."""
        folder = LedgerFolder(self.folder / "ledger")
        organisations = {each.msp: self.home(each).organisation() for each in THREE}
        voices = {each.msp: unlock(organisations[each.msp].user(each.representative), PASSWORD) for each in THREE}
        members = [organisations[each.msp].as_member(each.roles) for each in THREE]
        text, now = agreement_of(agreement), datetime.now(UTC)
        signed = draft_genesis("Three", "三家", members, text, default_rules(ORDERER), now)
        for voice in voices.values():
            signed = sign_genesis(signed, voice)
        node = unlock(organisations[ORDERER].node, PASSWORD)
        with found_ledger(folder, signed, voices[ORDERER], node, self.home(THREE[0]).identity) as ledger:
            for each in THREE:
                join_ledger(self.home(each), folder, ledger, each.desk)
                session = Session(ledger, registry(), voices[each.msp])
                session.call("consortium.sign_agreement", **session.query("consortium.agreement"))
        return folder

    def deal(self, folder: LedgerFolder, name: str) -> None:
        """A deal of originator and trustee with a paper, under a checkpoint that all have cosigned."""
        first, second = THREE[0], THREE[1]
        node = unlock(self.home(first).organisation().node, PASSWORD)
        with EmbeddedLedger(folder.database, registry(), node) as ledger:
            originator, trustee = (open_desk(self.home(each), ledger, each.desk, PASSWORD) for each in (first, second))
            party = NamedParty(Role.TRUSTEE, trustee.msp)
            terms = DealTerms(name, "Earlier", "早期项目", Product.AUTO_LOANS, "CNY", (party,))
            originator.session.call("deal.open", terms=terms)
            trustee.session.call("deal.accept", deal=name, role=Role.TRUSTEE)
            paper, readers = io.BytesIO(b"a paper"), (trustee.msp,)
            documents.add(originator, Upload(name, DocumentKind.WORKING_PAPER, paper, "p.txt", "text/plain", readers))
            self.witness(ledger)

    def witness(self, ledger: EmbeddedLedger) -> None:
        """A checkpoint of all blocks, cosigned."""
        notaries = {each.msp: unlock_notary(self.home(each).organisation(), PASSWORD) for each in THREE}
        witness.publish_checkpoint(ledger, notaries[ORDERER])
        for each in THREE[1:]:
            memory = witness.WitnessFile(self.home(each).witness_file)
            witness.cosign(ledger, notaries[each.msp], memory, datetime.now(UTC))
