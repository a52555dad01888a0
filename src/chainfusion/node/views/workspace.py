"""The read side of one institution's node: every page, table and API answer comes out of here.

Blocks are followed into a read model. What was read of a deal is kept until a block touches that deal, what was read of
the ledger until it grows; nothing else is remembered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC
from threading import Lock
from typing import Any, TypeVar

from chainfusion.cashflow.deal.assumed import Assumed
from chainfusion.cashflow.deal.run import DealRun
from chainfusion.cashflow.inquiry.inquiry import Case
from chainfusion.cashflow.text.writer import write_terms
from chainfusion.domain.deal import DealState
from chainfusion.domain.document_records import Document
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.records import from_json
from chainfusion.ledger.evidence.certificates import Certificate
from chainfusion.ledger.evidence.evidence_file import EMBEDDED, SubjectKind
from chainfusion.ledger.port import Ledger
from chainfusion.node import cashflows, documents, proofs, studies
from chainfusion.node.cashflows import DealPool
from chainfusion.node.desk import Desk
from chainfusion.node.readmodel import Database, ReadModel
from chainfusion.node.readmodel.database import MEMORY
from chainfusion.node.readmodel.model import Progress
from chainfusion.node.views.acts import NARRATION, Act, Acts, Before
from chainfusion.node.views.board import Board, Held, Standing
from chainfusion.node.views.consents import consents
from chainfusion.node.views.consortium import ConsortiumView, consortium_view
from chainfusion.node.views.deals import DealOverview, Deals
from chainfusion.node.views.dealslist import DealsAsked, DealsView, deals_view
from chainfusion.node.views.definitions import DefinitionsView, definitions_view
from chainfusion.node.views.documents import DocumentPage, Documents, DocumentsView
from chainfusion.node.views.duties import DutiesView, duties_view
from chainfusion.node.views.efficiency import Efficiency, EfficiencyAsked, EfficiencyView
from chainfusion.node.views.facets import LedgerAsked
from chainfusion.node.views.facts import Institution, NotFound
from chainfusion.node.views.inbox import InboxView, inbox
from chainfusion.node.views.ledger import BlockView, LedgerView, Log, TransactionsView, TransactionView
from chainfusion.node.views.nav import Me, Nav
from chainfusion.node.views.news import News, news_since
from chainfusion.node.views.pools import Pools, PoolView
from chainfusion.node.views.search import SearchView, search
from chainfusion.node.views.steps import ProcessView, Steps
from chainfusion.node.views.terms import (
    CashflowView,
    PaymentView,
    TermsBrief,
    TermsComparison,
    TermsPage,
    TermsViews,
    chosen,
    refusal_of,
)
from chainfusion.node.views.versions import VersionsPage, versions_page
from chainfusion.node.views.waits import DealName
from chainfusion.vault.opened import Opened

T = TypeVar("T")
KEPT = 512
KEPT_RUNS = 16
"""Runs of deals under assumptions, which are larger than what else is kept."""
TIMELINE = 100
"""Acts to a page of a deal's timeline."""
NEWEST = 6
"""Deals that the navigation names."""
EVERY_DEAL, ALL_OF_IT, ALL_WORK = DealsAsked(), LedgerAsked(), EfficiencyAsked()


@dataclass(frozen=True)
class TimelineView:
    """Signed acts of a deal, the newest first."""

    deal: str
    height: int
    total: int
    acts: tuple[Act, ...]
    older: str | None
    """Where the next page begins, as an address has it; None on the last."""


@dataclass
class Workspace:
    """Views on `ledger` for the person at `desk`; `trust` is what it checked: the genesis, or the channel's anchor.

    `database` holds the read model; without one it is in memory, and read anew at each start.
    """

    desk: Desk
    ledger: Ledger
    trust: bytes
    database: Database | None = None
    _kept: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    _runs: dict[tuple[Any, ...], DealRun] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.model = ReadModel(self.ledger, self.database or Database.at(MEMORY), NARRATION)
        self.acts = Acts(self.model)
        self._pools = Pools(self.desk, self.acts)
        self._documents = Documents(self.desk, self.acts)
        self._deals = Deals(self.desk, self.acts, self._pools, self._documents)
        self._steps = Steps(self.desk, self.acts)
        self._terms = TermsViews(self.desk, self.acts)
        self._log = Log(self.ledger, self.acts, self.desk.members)
        self._work = Efficiency(self.acts)
        self._board = Board(self.model, self._ask, self.desk.session.clock)

    # ------------------------------------------------------------------ whose, and how far

    @property
    def trust_name(self) -> str:
        """What the file is called that evidence from here is verified against."""
        return "genesis.json" if self.ledger.engine == EMBEDDED else "anchor.json"

    def me(self) -> Me:
        """The institution and the person that read here."""
        return self._keep(("me",), self._at_height(), self._me)

    def _me(self) -> Me:
        member = self.desk.members.member(self.desk.msp)
        person = Certificate.from_der(self.desk.session.signer.certificate_der).subject
        return Me(Institution(member.msp, Text(member.name, member.name_zh)), member.roles, person)

    def catch_up(self, progress: Progress) -> None:
        """Takes in what the ledger has, told of blocks done and how many there are, then reads every deal's standing;
        a page does so itself, and lets its reader wait."""
        self.model.follow(progress)
        self._board.look()

    def height(self) -> int:
        """The ledger's height, once the acts have followed it."""
        return self.acts.follow()

    def nav(self) -> Nav:
        """What every page names."""
        return self._keep(("nav",), self._at_moment(), self._nav)

    def _nav(self) -> Nav:
        names = self.deal_names()
        return Nav(self.height(), len(names), names[:NEWEST], self.inbox().awaiting)

    def news(self, since: int) -> News:
        """What has come since a height."""
        return self._keep(("news", since), self._at_height(), lambda: news_since(self.acts, since, self.height()))

    def consortium(self) -> ConsortiumView:
        """Members, agreement, rules, proposals."""
        return self._now("consortium", consortium_view)

    def _now(self, name: str, view: Callable[[Desk, Acts, int], T]) -> T:
        return self._keep((name,), self._at_height(), lambda: view(self.desk, self.acts, self.height()))

    def definitions(self) -> DefinitionsView:
        """Process definitions and the votes on them."""
        return self._now("definitions", definitions_view)

    # ------------------------------------------------------------------ deals

    def deals(self, asked: DealsAsked = EVERY_DEAL) -> DealsView:
        """A page of the deals that are asked for."""
        standing = self._board.look()
        return deals_view(standing, self.desk.msp, self.height(), asked)

    def deal_names(self) -> tuple[DealName, ...]:
        """All deals by name, the newest first."""
        return self._keep(("names",), self._at_height(), self._names)

    def _names(self) -> tuple[DealName, ...]:
        lines = sorted((each.line for each in self._board.look().values()), key=lambda line: line.id)
        lines.sort(key=lambda line: line.opened.time, reverse=True)
        return tuple(DealName(line.id, line.name) for line in lines)

    def _ask(self, deal: str) -> Standing:
        """A deal's standing, as the contracts answer now."""
        line, parties = self._deals.line(deal, self.model.state.height)
        live = line.state is not DealState.CANCELLED
        waits = self._steps.waits(deal) if live else ()
        now = self.desk.session.clock()
        turns = min((each.passes for each in waits if each.passes and each.passes > now), default=None)
        held = tuple(Held(row.institution.msp, row.role, row.status) for row in parties)
        return Standing(line, held, waits, consents(self.desk, self.acts, deal) if live else (), turns)

    def deal(self, deal: str) -> DealOverview:
        """One deal's overview. Raises: UnknownDeal."""
        found, height = self._of_deal(("deal",), deal, lambda height: self._deals.overview(deal, height)), self.height()
        documents = replace(found.documents, height=height)
        return replace(found, height=height, documents=documents)

    def pool(self, deal: str) -> PoolView:
        """The pool in force. Raises: UnknownDeal, NotRegistered."""
        return self._keep(("pool", deal), self._at_height(), lambda: self._pools.view(deal, self.height()))

    def documents(self, deal: str) -> DocumentsView:
        """The index, documents and opinions. Raises: UnknownDeal."""
        return self.deal(deal).documents

    def document(self, deal: str, document: str) -> DocumentPage:
        """One document. Raises: UnknownDeal, DocumentMissing."""
        self.deal(deal)
        page = ("document", deal, document)
        return self._keep(page, self._at_height(), lambda: self._documents.page(deal, document, self.height()))

    def process(self, deal: str) -> ProcessView:
        """A deal's process: where it stands and whom it waits for. Raises: UnknownDeal, NoProcess."""
        name = DealName(deal, self.deal(deal).line.name)
        at = (*self._at_deal(deal), self._hour())
        found = self._keep(("process", deal), at, lambda: self._steps.view(name, self.height()))
        return replace(found, height=self.height())

    def duties(self, deal: str) -> DutiesView:
        """A deal's calendar of duties at this hour. Raises: UnknownDeal, NoProcess."""
        self.deal(deal)
        at = (*self._at_deal(deal), self._hour())
        found = self._keep(("duties", deal), at, lambda: duties_view(self.desk, self.acts, deal, self.height()))
        return replace(found, height=self.height())

    def version(self, deal: str) -> VersionsPage:
        """Which version of its process a deal runs on, and its change. Raises: UnknownDeal, NoProcess."""
        self.deal(deal)
        return versions_page(self.desk, self.acts, deal, self.height())

    def inbox(self) -> InboxView:
        """What awaits this institution, across all deals."""
        return self._keep(("inbox",), self._at_moment(), self._inbox)

    def _inbox(self) -> InboxView:
        standing = self._board.look()
        return inbox(standing, self.desk.msp, self.height(), self.desk.session.clock())

    def terms(self, deal: str) -> TermsPage:
        """A deal's terms, every version of them, consents. Raises: UnknownDeal, TermsUnknown."""
        self.deal(deal)
        found = self._of_deal(("terms",), deal, lambda height: self._terms.page(deal, height))
        return replace(found, height=self.height())

    def terms_compared(self, deal: str, before: int, after: int) -> TermsComparison:
        """How two versions of a deal's terms differ. Raises: UnknownDeal, TermsUnknown."""
        self.deal(deal)
        return self._terms.compared(deal, self.height(), before, after)

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

    def case(self, deal: str, told: Assumed, version: int | None = None) -> Case:
        """What questions about a deal's cash are asked of. Raises: UnknownDeal, TermsUnknown, as `studies.of_pool`."""
        terms = self._terms.terms(deal, self._version(deal, version).version)
        return studies.of_pool(deal, terms, self._loans(deal), told)

    def payment(self, deal: str, period: int, told: Assumed, version: int | None = None) -> PaymentView:
        """One payment of a deal under assumptions, step by step.

        Raises: UnknownDeal, TermsUnknown, NoSuchPeriod, and as `cashflows.project`.
        """
        brief = self._version(deal, version)
        return self._terms.payment(deal, self.height(), brief, self._run(deal, brief, told), period)

    def _version(self, deal: str, version: int | None) -> TermsBrief:
        return chosen(self.terms(deal).versions, deal, version)

    def _loans(self, deal: str) -> DealPool:
        return self._of_deal(("loans",), deal, lambda _: self._terms.loans(deal))

    def _run(self, deal: str, brief: TermsBrief, told: Assumed) -> DealRun:
        key = (*self._at_deal(deal), deal, brief.version, told.key)
        with self._lock:
            found = self._runs.get(key)
        if found is None:
            found = cashflows.run_on(deal, self._terms.terms(deal, brief.version), self._loans(deal), told)
            with self._lock:
                while len(self._runs) >= KEPT_RUNS:
                    del self._runs[next(iter(self._runs))]
                self._runs[key] = found
        return found

    def timeline(self, deal: str, before: Before | None = None, size: int = TIMELINE) -> TimelineView:
        """Signed acts of a deal, a page of them, the newest first. Raises: UnknownDeal."""
        height, page = self.deal(deal).height, self.acts.of_deal(deal, size, before)
        return TimelineView(deal, height, self.acts.count_of(deal), page.acts, page.older)

    # ------------------------------------------------------------------ the ledger

    def log(self, before: int | None = None, asked: LedgerAsked = ALL_OF_IT) -> LedgerView:
        """A page of blocks, and the checkpoint; cosignatures come without a block, so this is not kept."""
        return self._log.view(self.height(), before, asked)

    def transactions(self, asked: LedgerAsked = ALL_OF_IT, before: Before | None = None) -> TransactionsView:
        """A page of the transactions that are asked for, the newest first."""
        return self._log.transactions(self.height(), asked, before)

    def block(self, number: int) -> BlockView:
        """A block. Raises: NotOnLedger."""
        return self._log.block(number, self.height())

    def transaction(self, tx_id: str) -> TransactionView:
        """A transaction. Raises: NotOnLedger."""
        return self._log.transaction(tx_id, self.height())

    def search(self, words: str) -> SearchView:
        """Everything that answers to what a person searched for."""
        height = self.height()
        return search(self.acts, self.deal_names(), words, height)

    def efficiency(self, asked: EfficiencyAsked = ALL_WORK) -> EfficiencyView:
        """How long steps take, and institutions at them."""
        height = self.height()
        return self._work.view(asked, height)

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

    def _keep(self, key: tuple[Any, ...], at: tuple[Any, ...], read: Callable[[], T]) -> T:
        """What was read under a key, unless it speaks for another state of things than `at`."""
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and kept[0] == at:
            found: T = kept[1]
            return found
        made = read()
        with self._lock:
            if len(self._kept) >= KEPT:
                self._kept = {}
            self._kept[key] = (at, made)
        return made

    def _of_deal(self, key: tuple[Any, ...], deal: str, read: Callable[[int], T]) -> T:
        at = self._at_deal(deal)
        return self._keep((*key, deal), at, lambda: read(self.height()))

    def _at_height(self) -> tuple[Any, ...]:
        self.height()
        state = self.model.state
        return (state.built, state.height)

    def _at_moment(self) -> tuple[Any, ...]:
        """Changes with the ledger, and as an hour passes: days end on the hour."""
        return (*self._at_height(), self._hour())

    def _hour(self) -> str:
        return self.desk.session.clock().astimezone(UTC).isoformat()[:13]

    def _at_deal(self, deal: str) -> tuple[Any, ...]:
        """Changes with a deal, and with what its members are called."""
        self._board.look()
        state = self.model.state
        touched = self._board.touched(deal)
        return (state.built, state.named, touched, state.height if touched < 0 else -1)
