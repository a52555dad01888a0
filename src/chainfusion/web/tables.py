"""The tables of the pages, column by column: what their CSV twins hold. Amounts are minor units, times UTC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chainfusion.cashflow.text.sheet import term_sheet
from chainfusion.domain.errors import Text
from chainfusion.domain.records import utc_text
from chainfusion.node.views.acts import Act
from chainfusion.node.views.deals import DealOverview
from chainfusion.node.views.dealslist import DealsView
from chainfusion.node.views.documents import DocumentPage, DocumentsView, IndexRow
from chainfusion.node.views.efficiency import EfficiencyView, StepTook, Took
from chainfusion.node.views.inbox import InboxView
from chainfusion.node.views.ledger import BlockView, LedgerView, TransactionsView, TransactionView
from chainfusion.node.views.pools import PoolView
from chainfusion.node.views.search import SearchView
from chainfusion.node.views.steps import ProcessView
from chainfusion.node.views.terms import CashflowView, PaymentView, TermsComparison, TermsPage
from chainfusion.node.views.waits import WaitLine
from chainfusion.node.views.workspace import TimelineView
from chainfusion.web.csvtable import Cell, csv_text
from chainfusion.web.strata import chart_of


@dataclass(frozen=True)
class Sheet:
    """A table in one language."""

    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]

    def text(self) -> str:
        """As CSV."""
        return csv_text(self.columns, self.rows)


@dataclass(frozen=True)
class Tables:
    """Writes tables with names in `lang`."""

    lang: str

    def _t(self, text: Text | None) -> str:
        return "" if text is None else text.zh if self.lang == "zh" else text.en

    def inbox(self, view: InboxView) -> Sheet:
        """An awaited step a row, those of the reader's institution first."""
        return self._waits((*view.mine, *view.others))

    def process(self, view: ProcessView) -> Sheet:
        """An awaited step a row."""
        return self._waits(view.awaited)

    def _waits(self, lines: Iterable[WaitLine]) -> Sheet:
        columns = ("deal", "run", "step", "name", "waits_for", "mine", "since", "due", "overdue", "lacks", "fields")
        rows = (
            (
                line.deal.id,
                line.run,
                line.step,
                self._t(line.name),
                " ".join(each.msp for each in line.waits_for),
                line.mine.value if line.mine else None,
                utc_text(line.since),
                line.due.isoformat() if line.due else None,
                line.overdue,
                "; ".join(map(self._t, line.lacks)),
                "; ".join(map(self._t, line.fields)),
            )
            for line in lines
        )
        return Sheet(columns, rows)

    def deals(self, view: DealsView) -> Sheet:
        """A deal a row."""
        columns = ("deal", "name", "product", "state", "originator", "opened", "parties", "accepted", "currency")
        more = ("loans", "balance", "cut_off", "root", "documents_there", "documents_required", "standing")
        rows = (
            (
                line.id,
                self._t(line.name),
                line.product.value,
                line.state.value,
                line.originator.msp,
                utc_text(line.opened.time),
                line.parties,
                line.accepted,
                line.currency,
                line.pool.loans if line.pool else None,
                line.pool.balance if line.pool else None,
                line.pool.cut_off.isoformat() if line.pool else None,
                line.pool.root if line.pool else None,
                line.documents_there,
                line.documents_required,
                self._t(line.standing),
            )
            for line in view.deals
        )
        return Sheet(columns + more, rows)

    def parties(self, view: DealOverview) -> Sheet:
        """A party a row."""
        rows = (
            (
                row.role.value,
                row.institution.msp,
                self._t(row.institution.name),
                row.status.value,
                row.reason,
                utc_text(row.changed.time),
                row.changed.block,
                row.changed.tx_id,
            )
            for row in view.parties
        )
        return Sheet(("role", "msp", "name", "status", "reason", "changed", "block", "tx_id"), rows)

    def pool(self, view: PoolView) -> Sheet:
        """All stratifications, a band a row."""
        charts = [chart_of(table, view.statistics) for table in view.statistics.stratifications]
        rows = (
            (
                chart.field,
                self._t(bar.label),
                " ".join(bar.band.parts),
                bar.band.loans,
                bar.band.loans_share,
                bar.band.balance,
                bar.band.balance_share,
                bar.band.original_balance,
                bar.band.average_balance,
                view.currency,
            )
            for chart in charts
            for bar in chart.bars
        )
        columns = ("field", "band", "parts", "loans", "loans_share_bp", "balance", "balance_share_bp")
        return Sheet((*columns, "original_balance", "average_balance", "currency"), rows)

    def terms(self, view: TermsPage) -> Sheet:
        """The term sheet, a cell a row."""
        rows = (
            (section.title, row[0], section.columns[n] if section.columns else None, cell)
            for section in term_sheet(view.terms, self.lang).sections
            for row in section.rows
            for n, cell in enumerate(row)
            if n > 0 and cell
        )
        return Sheet(("section", "item", "column", "text"), rows)

    def terms_compared(self, view: TermsComparison) -> Sheet:
        """A place of the document that differs a row."""
        return Sheet(("path", "before", "after"), ((each.path, each.before, each.after) for each in view.changes))

    def cashflow(self, view: CashflowView) -> Sheet:
        """A payment a row; the run can be repeated from it (`cashflow run --collections`)."""
        names = [each.name for each in view.classes]
        pool = ("opening", "scheduled", "prepaid", "defaulted", "recovered", "lost", "interest", "closing")
        parts = ("balance", "principal", "interest", "interest_due")
        rows = (
            (
                each.period,
                each.payment.isoformat(),
                self._t(each.state),
                *(getattr(each, name) for name in pool),
                *(getattr(found, part) for found in each.classes for part in parts),
                each.others,
                view.currency,
            )
            for each in view.payments
        )
        columns = ("period", "payment", "state", *pool, *(f"{name}.{part}" for name in names for part in parts))
        return Sheet((*columns, "others", "currency"), rows)

    def payment(self, view: PaymentView) -> Sheet:
        """A payee of a step a row."""
        rows = (
            (
                step.number,
                step.list,
                step.step,
                self._t(step.title),
                each.payee,
                self._t(each.title),
                step.available,
                each.due,
                each.paid,
                each.unpaid,
                step.left,
                each.bound,
                self._t(each.why),
                self._t(step.clause),
                view.reading.currency,
            )
            for step in view.reading.steps
            for each in step.payments
        )
        columns = ("number", "list", "step", "title", "payee", "name", "available", "due", "paid", "unpaid", "left")
        return Sheet((*columns, "bound", "why", "clause", "currency"), rows)

    def documents(self, view: DocumentsView) -> Sheet:
        """The index, a document a row; a missing one is a row of its own."""
        return Sheet(
            (
                "kind",
                "name",
                "provider",
                "missing",
                "document",
                "version",
                "owner",
                "registered",
                "fingerprint",
                "readers",
            ),
            (cells for row in view.index for cells in self._index(row)),
        )

    def _index(self, row: IndexRow) -> Iterable[Sequence[Cell]]:
        head = (row.kind.value, self._t(row.kind_name), row.provider.value if row.provider else None)
        if row.missing:
            yield (*head, "missing", None, None, None, None, None, None)
        for line in row.documents:
            readers = " ".join(reader.msp for reader in line.readers)
            registered = utc_text(line.registered.time)
            yield (*head, "", line.id, line.version, line.owner.msp, registered, line.fingerprint, readers)

    def document(self, view: DocumentPage) -> Sheet:
        """A version a row."""
        rows = (
            (
                line.version,
                line.fingerprint,
                line.owner.msp,
                utc_text(line.registered.time),
                line.registered.block,
                line.registered.tx_id,
                " ".join(reader.msp for reader in line.readers),
            )
            for line in view.versions
        )
        return Sheet(("version", "fingerprint", "owner", "registered", "block", "tx_id", "readers"), rows)

    def timeline(self, view: TimelineView) -> Sheet:
        """An act a row."""
        return self._acts(view.acts)

    def block(self, view: BlockView) -> Sheet:
        """A transaction a row."""
        return self._acts(view.acts)

    def _acts(self, acts: Iterable[Act]) -> Sheet:
        columns = ("time", "block", "index", "tx_id", "by", "name", "person", "operation", "deal", "code", "what")
        rows = (
            (
                utc_text(act.time),
                act.block,
                act.index,
                act.tx_id,
                act.by.msp,
                self._t(act.by.name),
                act.person,
                act.operation,
                act.deal,
                act.code,
                self._t(act.what),
            )
            for act in acts
        )
        return Sheet(columns, rows)

    def ledger(self, view: LedgerView) -> Sheet:
        """A block a row."""
        rows = ((line.number, line.hash, utc_text(line.time), line.count, line.invalid) for line in view.blocks)
        return Sheet(("number", "hash", "time", "transactions", "invalid"), rows)

    def transactions(self, view: TransactionsView) -> Sheet:
        """A transaction a row."""
        return self._acts(view.acts)

    def search(self, view: SearchView) -> Sheet:
        """An answer a row."""
        rows = ((each.kind.value, self._t(each.name), each.id, each.page) for each in view.found)
        return Sheet(("kind", "name", "id", "page"), rows)

    def efficiency(self, view: EfficiencyView) -> Sheet:
        """A step a row, then each institution at it; times in seconds."""
        columns = ("process", "part", "step", "name", "msp", "institution", "count", "median_s", "longest_s", "late")
        rows = (
            (step.process, self._t(step.part), step.step, self._t(step.name), msp, name, *_took(took))
            for step in view.steps
            for msp, name, took in self._at_step(step)
        )
        return Sheet(columns, rows)

    def _at_step(self, step: StepTook) -> Iterable[tuple[str | None, str | None, Took]]:
        if step.whole is not None:
            yield None, None, step.whole
        for each in step.institutions:
            yield each.institution.msp, self._t(each.institution.name), each.took

    def transaction(self, view: TransactionView) -> Sheet:
        """An argument of the call a row."""
        rows = ((each.path, each.value, self._t(each.meaning)) for each in view.arguments)
        return Sheet(("path", "value", "meaning"), rows)


def _took(took: Took) -> tuple[int, int, int, int]:
    return took.count, took.median, took.longest, took.late
