"""The read side of one institution's node: every page, table and API answer comes out of here.

What was read at one height is kept until the ledger grows; nothing else is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

from chainfusion.cashflow.deal.assumed import Assumed
from chainfusion.cashflow.deal.run import DealRun
from chainfusion.cashflow.text.writer import write_terms
from chainfusion.domain.document_records import Document
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.records import from_json
from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence.certificates import Certificate
from chainfusion.ledger.evidence.evidence_file import EMBEDDED, SubjectKind
from chainfusion.ledger.port import Ledger, Signer
from chainfusion.node import cashflows, documents, proofs
from chainfusion.node.cashflows import DealPool
from chainfusion.node.desk import Desk
from chainfusion.node.views.acts import Act, Acts
from chainfusion.node.views.deals import DealName, DealOverview, Deals, DealsView
from chainfusion.node.views.documents import DocumentPage, Documents, DocumentsView
from chainfusion.node.views.facts import Institution, NotFound
from chainfusion.node.views.ledger import BlockView, LedgerView, Log, TransactionView
from chainfusion.node.views.pools import Pools, PoolView
from chainfusion.node.views.steps import InboxView, ProcessView, Steps
from chainfusion.node.views.terms import (
    CashflowView,
    PaymentView,
    TermsBrief,
    TermsPage,
    TermsViews,
    chosen,
    refusal_of,
)
from chainfusion.vault.opened import Opened

T = TypeVar("T")
KEPT = 512
KEPT_RUNS = 16
"""Runs of deals under assumptions, which are larger than what else is kept."""
SHORTEST_PREFIX = 6


@dataclass(frozen=True)
class TimelineView:
    """Signed acts of a deal, the newest first."""

    deal: str
    height: int
    acts: tuple[Act, ...]


@dataclass(frozen=True)
class Me:
    """Whose workspace this is."""

    institution: Institution
    roles: tuple[Role, ...]
    person: str


@dataclass
class Workspace:
    """Views on `ledger` for the person at `desk`; `trust` is what it checked: the genesis, or the channel's anchor."""

    desk: Desk
    ledger: Ledger
    trust: bytes
    _kept: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    _kept_at: int = -1
    _runs: dict[tuple[Any, ...], DealRun] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.acts = Acts(self.ledger)
        self._pools = Pools(self.desk, self.acts)
        self._documents = Documents(self.desk, self.acts)
        self._deals = Deals(self.desk, self.acts, self._pools, self._documents)
        self._steps = Steps(self.desk, self.acts, self._deals)
        self._terms = TermsViews(self.desk, self.acts)
        self._log = Log(self.ledger, self.acts, self.desk.members)

    # ------------------------------------------------------------------ whose, and how far

    @property
    def trust_name(self) -> str:
        """What the file is called that evidence from here is verified against."""
        return "genesis.json" if self.ledger.engine == EMBEDDED else "anchor.json"

    def me(self) -> Me:
        """The institution and the person that read here."""
        member = self.desk.members.member(self.desk.msp)
        signer = self.desk.session.signer
        return Me(Institution(member.msp, Text(member.name, member.name_zh)), member.roles, _person(signer))

    def height(self) -> int:
        """The ledger's height, once the acts have followed it."""
        return self.acts.follow()

    # ------------------------------------------------------------------ deals

    def deals(self) -> DealsView:
        """All deals."""
        return self._at_height(("deals",), self._deals.view)

    def deal_names(self) -> tuple[DealName, ...]:
        """All deals by name, the newest first."""
        return self._at_height(("names",), lambda _: self._deals.names())

    def deal(self, deal: str) -> DealOverview:
        """One deal's overview. Raises: UnknownDeal."""
        return self._at_height(("deal", deal), lambda height: self._deals.overview(deal, height))

    def pool(self, deal: str) -> PoolView:
        """The pool in force. Raises: UnknownDeal, NotRegistered."""
        return self._at_height(("pool", deal), lambda height: self._pools.view(deal, height))

    def documents(self, deal: str) -> DocumentsView:
        """The index, documents and opinions. Raises: UnknownDeal."""
        return self.deal(deal).documents

    def document(self, deal: str, document: str) -> DocumentPage:
        """One document. Raises: UnknownDeal, DocumentMissing."""
        self.deal(deal)
        return self._at_height(
            ("document", deal, document), lambda height: self._documents.page(deal, document, height)
        )

    def process(self, deal: str) -> ProcessView:
        """A deal's process: where it stands and whom it waits for. Raises: UnknownDeal, NoProcess."""
        self.deal(deal)
        return self._at_height(("process", deal), lambda height: self._steps.view(deal, height))

    def inbox(self) -> InboxView:
        """What awaits this institution, across all deals."""
        return self._at_height(("inbox",), self._steps.inbox)

    def terms(self, deal: str) -> TermsPage:
        """A deal's terms, every version of them, consents. Raises: UnknownDeal, TermsUnknown."""
        self.deal(deal)
        return self._at_height(("terms", deal), lambda height: self._terms.page(deal, height))

    def terms_document(self, deal: str, version: int) -> bytes:
        """A version's terms as a document. Raises: UnknownDeal, TermsUnknown."""
        self.deal(deal)
        return write_terms(self._terms.terms(deal, version))

    def cashflow(self, deal: str, told: Assumed, version: int | None = None) -> CashflowView:
        """What a deal's terms pay under assumptions, or why that cannot be told here.

        Raises: UnknownDeal, TermsUnknown, AssumedUnknown.
        """
        height, brief = self.height(), self._version(deal, version)
        try:
            made = self._run(deal, brief, told), self._loans(deal)
        except ChainFusionError as error:
            return self._terms.view(deal, height, brief, told, refusal_of(error))
        return self._terms.view(deal, height, brief, told, made)

    def payment(self, deal: str, period: int, told: Assumed, version: int | None = None) -> PaymentView:
        """One payment of a deal under assumptions, step by step.

        Raises: UnknownDeal, TermsUnknown, NoSuchPeriod, and as `cashflows.project`.
        """
        brief = self._version(deal, version)
        return self._terms.payment(deal, self.height(), brief, self._run(deal, brief, told), period)

    def _version(self, deal: str, version: int | None) -> TermsBrief:
        return chosen(self.terms(deal).versions, deal, version)

    def _loans(self, deal: str) -> DealPool:
        return self._at_height(("loans", deal), lambda _: self._terms.loans(deal))

    def _run(self, deal: str, brief: TermsBrief, told: Assumed) -> DealRun:
        key = (self.height(), deal, brief.version, told.key)
        with self._lock:
            found = self._runs.get(key)
        if found is None:
            found = cashflows.run_on(deal, self._terms.terms(deal, brief.version), self._loans(deal), told)
            with self._lock:
                while len(self._runs) >= KEPT_RUNS:
                    del self._runs[next(iter(self._runs))]
                self._runs[key] = found
        return found

    def timeline(self, deal: str) -> TimelineView:
        """All signed acts of a deal. Raises: UnknownDeal."""
        height = self.deal(deal).height
        return TimelineView(deal, height, tuple(reversed(self.acts.by_deal.get(deal, ()))))

    # ------------------------------------------------------------------ the ledger

    def log(self, before: int | None = None) -> LedgerView:
        """A page of blocks, and the checkpoint; cosignatures come without a block, so this is not kept."""
        return self._log.view(self.height(), before)

    def block(self, number: int) -> BlockView:
        """A block. Raises: NotOnLedger."""
        return self._log.block(number, self.height())

    def transaction(self, tx_id: str) -> TransactionView:
        """A transaction. Raises: NotOnLedger."""
        return self._log.transaction(tx_id, self.height())

    def find(self, words: str) -> str | None:
        """The address of what a person searched for: a block's number, a hash (or how it begins), a deal; or None."""
        height, asked = self.height(), words.strip()
        number = asked.replace(",", "").replace(" ", "")
        if number.isascii() and number.isdecimal() and len(number) < 16 and int(number) < height:
            return f"/ledger/blocks/{int(number)}"
        return next((found for found in self._candidates(asked) if found), None)

    def _candidates(self, asked: str) -> Iterator[str | None]:
        word = asked.lower()
        yield f"/ledger/transactions/{word}" if word in self.acts.by_tx else self.acts.landmarks.get(word)
        if len(word) >= SHORTEST_PREFIX:
            yield next((f"/ledger/transactions/{tx}" for tx in self.acts.by_tx if tx.startswith(word)), None)
            yield next((page for mark, page in self.acts.landmarks.items() if mark.startswith(word)), None)
        deals = self.deal_names() if word else ()
        yield from (f"/deals/{each.id}" for each in deals if word == each.id.lower())
        yield from (f"/deals/{each.id}" for each in deals if word in f"{each.id} {each.name.en} {each.name.zh}".lower())

    # ------------------------------------------------------------------ evidence

    def evidence_of_pool(self, deal: str) -> bytes:
        """Evidence of the pool's registration. Raises: as `proofs.prove_pool`."""
        return proofs.prove_pool(self.ledger, self.desk, deal)

    def evidence_of_loan(self, deal: str, loan: str) -> bytes:
        """Evidence of one loan. Raises: as `proofs.prove_loan`."""
        return proofs.prove_loan(self.ledger, self.desk, deal, loan)

    def evidence_of_document(self, deal: str, document: str, version: int) -> bytes:
        """Evidence of a document that is readable here. Raises: as `proofs.prove_document`."""
        return proofs.prove_document(self.ledger, self.desk, self._documents.version(deal, document, version))

    def evidence_of_transaction(self, tx_id: str) -> bytes:
        """Evidence of any valid transaction: of a pool, of a document that is readable here, else of the decision.

        Raises: NotOnLedger, NotFound, NotGranted, and as `proofs`.
        """
        view = self.transaction(tx_id)
        act = view.act
        require(act.valid, NotFound(what="valid transaction", what_zh="有效交易", id=tx_id))
        if act.operation == "pool.register":
            return proofs.prove(self.ledger, SubjectKind.POOL, tx_id)
        if act.operation == "document.register":
            registered = from_json(Document, view.response)
            return self.evidence_of_document(registered.deal, registered.id, registered.version)
        return proofs.prove_decision(self.ledger, tx_id)

    def open_document(self, deal: str, document: str, version: int) -> Opened:
        """A document's content, verified while it is read. Raises: DocumentMissing, NotFound, NotGranted."""
        return documents.read(self.desk, self._documents.version(deal, document, version))

    # ------------------------------------------------------------------ keeping

    def _at_height(self, key: tuple[Any, ...], read: Callable[[int], T]) -> T:
        height = self.height()
        with self._lock:
            if height != self._kept_at or len(self._kept) >= KEPT:
                self._kept, self._kept_at = {}, height
            if key in self._kept:
                found: T = self._kept[key]
                return found
        made = read(height)
        with self._lock:
            if self._kept_at == height:
                self._kept[key] = made
        return made


def _person(signer: Signer) -> str:
    return Certificate.from_der(signer.certificate_der).subject
