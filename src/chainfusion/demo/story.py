"""The acts of the demonstration, in order: from eight strangers to evidence that stands on its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path

from chainfusion.demo.institutions import INSTITUTIONS, Institution, institution
from chainfusion.demo.papers import Paper, Subject, papers, render
from chainfusion.demo.stage import Stage
from chainfusion.demo.tapes import Asset, with_loan_to_value
from chainfusion.domain.deal import DealTerms, NamedParty
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.document_records import Document
from chainfusion.domain.loan import decode_loan
from chainfusion.domain.opinions import OpinionKind, PoolFact, Statement
from chainfusion.domain.pool import Pool
from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence.opening import SALT_BYTES
from chainfusion.node import documents, pools, proofs
from chainfusion.node.desk import Desk
from chainfusion.node.documents import Upload
from chainfusion.node.home import write_bytes
from chainfusion.tape.schema import Tape
from chainfusion.tape.selection import select

DEAL, NAME, NAME_ZH = "DH-AUTO-2026-1", "Donghai Auto 2026-1", "东海车贷2026年第一期"
PROVIDERS = {
    DocumentKind.LEGAL_DUE_DILIGENCE_REPORT: Role.LAW_FIRM,
    DocumentKind.AGREED_UPON_PROCEDURES_REPORT: Role.ACCOUNTANT,
    DocumentKind.TRUST_CONTRACT: Role.TRUSTEE,
    DocumentKind.LEGAL_OPINION: Role.LAW_FIRM,
    DocumentKind.ACCOUNTING_OPINION: Role.ACCOUNTANT,
    DocumentKind.RATING_REPORT: Role.RATING_AGENCY,
}
OPINIONS = {
    OpinionKind.LEGAL: (DocumentKind.LEGAL_OPINION, "unqualified"),
    OpinionKind.ACCOUNTING: (DocumentKind.ACCOUNTING_OPINION, "unqualified"),
    OpinionKind.RATING: (DocumentKind.RATING_REPORT, "AAAsf"),
}
RELIED_ON = (DocumentKind.LEGAL_DUE_DILIGENCE_REPORT, DocumentKind.AGREED_UPON_PROCEDURES_REPORT)
TAKEN_LTV = 1_500_000
"""The highest loan to value that the trustee takes, in parts per million."""
LATE_READER = Role.CUSTODIAN
"""Who is granted the due-diligence reports only afterwards, and cannot read them before."""


@dataclass(frozen=True)
class Proof:
    """An evidence file and, where it is of a document, the document in the clear."""

    evidence: Path
    document: Path | None


@dataclass
class Story:
    """One deal, told act by act; each act does real work and says what came of it."""

    stage: Stage
    asset: Asset
    say: Callable[[str], None]
    papers: dict[DocumentKind, tuple[Document, Path]] = field(default_factory=dict)

    def desk(self, role: Role) -> Desk:
        """The desk of the institution in a role."""
        return self.stage.desks[institution(role).msp]

    def everyone_else(self, owner: Institution) -> tuple[str, ...]:
        """The parties that may read a paper from the start."""
        late = institution(LATE_READER)
        return tuple(each.msp for each in INSTITUTIONS if each not in (owner, late))

    # -------------------------------------------------------------- acts

    def found(self) -> None:
        """Eight institutions make their keys, sign one genesis, and begin the ledger."""
        self.stage.make_identities(lambda name: self.say(f"{name} made its CA, node, notary and encryption key"))
        agreement = files("chainfusion.demo").joinpath("agreement.txt").read_bytes()
        write_bytes(self.stage.root / "agreement.txt", agreement)
        signed = self.stage.draft_genesis(agreement)
        self.stage.found(signed, self.say)

    def agree(self) -> None:
        """Each signs the participation agreement; without that no business transaction is taken."""
        for each in INSTITUTIONS:
            session = self.stage.as_representative(each)
            text = session.query("consortium.agreement")
            session.call("consortium.sign_agreement", version=text["version"], fingerprint=text["fingerprint"])
        self.say(f"{len(INSTITUTIONS)} of {len(INSTITUTIONS)} members signed the participation agreement")

    def open_deal(self) -> None:
        """The originator opens the deal; each party accepts its role with its own key."""
        named = tuple(NamedParty(role, each.msp) for each in INSTITUTIONS for role in each.roles)
        currency = self.asset.intake.accepted().currency
        terms = DealTerms(DEAL, NAME, NAME_ZH, self.asset.product, currency, named)
        originator = self.desk(Role.ORIGINATOR)
        originator.session.call("deal.open", terms=terms)
        for party in named:
            if party.msp != originator.msp:
                self.stage.desks[party.msp].session.call("deal.accept", deal=DEAL, role=party.role)
        state = originator.session.query("deal.show", deal=DEAL)["deal"]["state"]
        self.say(f"{NAME}: {len(named)} roles accepted by {len(INSTITUTIONS)} institutions, the deal is {state}")

    def register_pool(self) -> pools.Registration:
        """The tape is held against its criteria, committed loan by loan, sealed, and registered under one root.

        Of the demonstration's own tape, the trustee finds loans that it does not take; the originator replaces the
        pool by a version that leaves them out and refers to the first.
        """
        made = self._register()
        if self.asset.own:
            self.say(self._objection(made.pool))
            self.asset = replace(self.asset, criteria=with_loan_to_value(self.asset.criteria, TAKEN_LTV))
            made = self._register()
        fact = PoolFact(made.pool.version, made.pool.record.root)
        for role in (Role.TRUSTEE, Role.LEAD_UNDERWRITER):
            self.desk(role).session.call("pool.acknowledge", deal=DEAL, pool=fact)
        self.say("the trustee and the lead underwriter acknowledged that root")
        return made

    def _register(self) -> pools.Registration:
        readers = (institution(Role.TRUSTEE).msp, institution(Role.ACCOUNTANT).msp)
        made = pools.register(
            self.desk(Role.ORIGINATOR), DEAL, self.asset.file, self._selected(), self.asset.criteria, readers=readers,
            though_failing=not self.asset.own,
        )  # fmt: skip
        record, before = made.pool.record, made.pool.record.replaces
        refers = f", in place of version {before.version}" if before else ""
        self.say(f"version {made.pool.version}{refers}: {record.loans:,} loans under the root {record.root.hex()}")
        return made

    def _objection(self, pool: Pool) -> str:
        """What the trustee finds when it opens the loans from the vault, under the registered root."""
        opened = pools.openings(self.desk(Role.TRUSTEE), pool).leaf_data
        loans = (decode_loan(data[SALT_BYTES:]) for data in opened)
        beyond = sum((loan.ltv_ppm or 0) > TAKEN_LTV for loan in loans)
        limit = TAKEN_LTV // 10_000
        return f"{institution(Role.TRUSTEE).name} opened them: {beyond} owe more than {limit} % of their collateral"

    def file_papers(self, made: pools.Registration) -> None:
        """Reports and contracts are rendered, sealed for their readers and registered by fingerprint."""
        assert made.criteria is not None
        subject = Subject(DEAL, NAME, made.pool, made.criteria.results)
        by = {kind: institution(role) for kind, role in PROVIDERS.items()}
        for paper in papers(subject, by):
            self._file(paper, subject)
        self.say(f"{len(self.papers)} papers sealed and registered; their names and content stay in the vault")

    def grant(self) -> None:
        """A party that could not read the due-diligence reports is granted them."""
        reader = self.desk(LATE_READER)
        for kind in RELIED_ON:
            document, _ = self.papers[kind]
            documents.grant(self.stage.desks[document.owner], document, reader.msp)
            documents.read(reader, document).read()
        self.say(f"{institution(LATE_READER).name} was granted {len(RELIED_ON)} reports and opened them")

    def state_opinions(self, pool: Pool) -> None:
        """Legal, accounting and rating opinions name the very facts that they rely on."""
        relied = tuple(self.papers[kind][0].fact for kind in RELIED_ON)
        fact = PoolFact(pool.version, pool.record.root)
        for kind, (text, conclusion) in OPINIONS.items():
            document, _ = self.papers[text]
            statement = Statement(kind, conclusion, document.fact, fact, relied)
            documents.state_opinion(self.stage.desks[document.owner], DEAL, statement)
        self.say(f"{len(OPINIONS)} opinions stated on this root and these reports")

    def prove(self, pool: Pool) -> tuple[Proof, ...]:
        """A checkpoint is witnessed by the members, and evidence exported for whoever asks."""
        cosigned = self.stage.witness()
        folder, originator = self.stage.root / "evidence", self.desk(Role.ORIGINATOR)
        ledger = self.stage.ledger_of(originator.msp)
        loan = pools.openings(originator, pool).opening(0)
        number = self._selected().loan(loan.index).loan_id
        made = [
            self._written(folder / "pool.evidence", proofs.prove_pool(ledger, originator, DEAL), None),
            self._written(folder / "loan.evidence", proofs.prove_loan(ledger, originator, DEAL, number), None),
            self._written(folder / "deal-opened.evidence", proofs.prove_decision(ledger, pool.project.opened), None),
        ]
        for kind, (document, file) in self.papers.items():
            owner = self.stage.desks[document.owner]
            ledger = self.stage.ledger_of(owner.msp)
            made.append(
                self._written(folder / f"{kind}.evidence", proofs.prove_document(ledger, owner, document), file)
            )
        self.say(f"{len(made)} evidence files on a checkpoint that {cosigned} members cosigned")
        return tuple(made)

    # -------------------------------------------------------------- helpers

    def _selected(self) -> Tape:
        return select(self.asset.intake.accepted(), self.asset.criteria).tape

    def _file(self, paper: Paper, subject: Subject) -> None:
        file = render(paper, subject, self.stage.root / "papers" / f"{paper.kind}.pdf")
        desk = self.stage.desks[paper.issuer.msp]
        with file.open("rb") as content:
            upload = Upload(DEAL, paper.kind, content, file.name, "application/pdf", self.everyone_else(paper.issuer))
            self.papers[paper.kind] = (documents.add(desk, upload).document, file)

    def _written(self, path: Path, data: bytes, document: Path | None) -> Proof:
        write_bytes(path, data)
        return Proof(path, document)
