"""A deal's terms as the ledger has them, what they pay under assumptions, and one payment step by step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from chainfusion.cashflow.deal.assumed import Assumed
from chainfusion.cashflow.deal.files import state_of
from chainfusion.cashflow.deal.reading import PeriodReading, Words, read_period
from chainfusion.cashflow.deal.run import AssumedUnknown, DealRun
from chainfusion.cashflow.deal.summary import Summary, summaries
from chainfusion.cashflow.text.difference import Change, differences
from chainfusion.contracts.terms.contract import TermsView
from chainfusion.contracts.terms.refusals import TermsUnknown
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.domain.pool import Pool
from chainfusion.domain.terms.private import PrivateTermDiffers
from chainfusion.domain.terms.records import DealTerms
from chainfusion.node import cashflows
from chainfusion.node.cashflows import DealPool
from chainfusion.node.desk import Desk
from chainfusion.node.views.acts import Acts
from chainfusion.node.views.facts import Institution, Place


@dataclass(frozen=True)
class Consented:
    """A party's consent, and where it stands."""

    by: Institution
    stated: Place


@dataclass(frozen=True)
class TermsBrief:
    """A version: who has consented, whose consent is outstanding. `replaced_by` is None for the newest."""

    version: int
    fingerprint: str
    registered: Place
    in_force: bool
    replaced_by: int | None
    consents: tuple[Consented, ...]
    outstanding: tuple[Institution, ...]


@dataclass(frozen=True)
class TermsPage:
    """The terms that hold, or else the newest, and every version, the newest first."""

    deal: str
    height: int
    shown: TermsBrief
    versions: tuple[TermsBrief, ...]
    terms: DealTerms


@dataclass(frozen=True)
class TermsComparison:
    """Two versions, and every place of the document that differs."""

    deal: str
    height: int
    before: TermsBrief
    after: TermsBrief
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Refused:
    """Why nothing can be shown here, and what to do about it."""

    code: str
    says: Text
    do: Text


@dataclass(frozen=True)
class PoolPart:
    """The pool that was run. `left_out`: loans whose term has ended, and their balance."""

    version: int
    root: str
    balance: int
    loans: int
    left_out_loans: int
    left_out_balance: int
    registered: Place


@dataclass(frozen=True)
class IndexAsked:
    """An index that the deal's coupons follow, and the path that is assumed of it, per cent."""

    index: str
    title: Text
    path: tuple[str, ...]


@dataclass(frozen=True)
class Given:
    """An assumption as an address states it."""

    name: str
    value: str


@dataclass(frozen=True)
class ClassFlow:
    """A class at one payment: its balance after it, what was paid, what interest is still due."""

    name: str
    balance: int
    interest: int
    principal: int
    interest_due: int


@dataclass(frozen=True)
class PaymentFlow:
    """One payment: the pool's collections that it distributes, what the classes got, and what `others` got: fees,
    hedges, parties, assets that were bought. Minor units."""

    period: int
    payment: date
    state: Text
    opening: int
    scheduled: int
    prepaid: int
    defaulted: int
    recovered: int
    lost: int
    interest: int
    closing: int
    others: int
    classes: tuple[ClassFlow, ...]


@dataclass(frozen=True)
class CashflowView:
    """A run of a deal under assumptions; `refused` where it could not be run here, and then `payments` is empty."""

    deal: str
    height: int
    terms: TermsBrief
    currency: str
    pool_balance: int
    assumed: tuple[Given, ...]
    indices: tuple[IndexAsked, ...]
    private: tuple[Text, ...]
    pool: PoolPart | None
    refused: Refused | None
    classes: tuple[Summary, ...]
    payments: tuple[PaymentFlow, ...]
    after_end: int


@dataclass(frozen=True)
class PaymentView:
    """One payment of a run under assumptions, step by step."""

    deal: str
    height: int
    terms: TermsBrief
    assumed: tuple[Given, ...]
    last: int
    reading: PeriodReading


@dataclass(frozen=True)
class TermsViews:
    """Reads terms and runs them."""

    desk: Desk
    acts: Acts

    def page(self, deal: str, height: int) -> TermsPage:
        """The terms in force, else the newest. Raises: UnknownDeal, TermsUnknown."""
        briefs, views = self.briefs(deal), cashflows.versions(self.desk, deal)
        shown = chosen(briefs, deal)
        terms = next(view.record.terms for view in views if view.record.version == shown.version)
        return TermsPage(deal, height, shown, briefs, terms)

    def briefs(self, deal: str) -> tuple[TermsBrief, ...]:
        """Every version, the newest first."""
        views = cashflows.versions(self.desk, deal)
        holds = max((v.record.version for v in views if not v.outstanding), default=None)
        return tuple(self._brief(view, holds, len(views)) for view in reversed(views))

    def terms(self, deal: str, version: int) -> DealTerms:
        """A version's terms. Raises: TermsUnknown."""
        return cashflows.show(self.desk, deal, version).record.terms

    def compared(self, deal: str, height: int, before: int, after: int) -> TermsComparison:
        """Two versions beside each other. Raises: UnknownDeal, TermsUnknown."""
        briefs = self.briefs(deal)
        found = differences(self.terms(deal, before), self.terms(deal, after))
        return TermsComparison(deal, height, chosen(briefs, deal, before), chosen(briefs, deal, after), found)

    def loans(self, deal: str) -> DealPool:
        """The loans of the pool in force. Raises: as `cashflows.pool_of_deal`."""
        return cashflows.pool_of_deal(self.desk, deal)

    def view(
        self, deal: str, height: int, brief: TermsBrief, told: Assumed, made: tuple[DealRun, DealPool] | Refused
    ) -> CashflowView:
        """A run and its pool as a page shows them, or why there is none."""
        terms = self.terms(deal, brief.version)
        words, refused = Words(terms), made if isinstance(made, Refused) else None
        run, pool = (None, None) if isinstance(made, Refused) else made
        return CashflowView(
            deal=deal,
            height=height,
            terms=brief,
            currency=terms.currency,
            pool_balance=terms.pool_balance,
            assumed=_given(told),
            indices=tuple(
                IndexAsked(each.id, words.title(each.id), tuple(map(str, told.indices.get(each.id, ()))))
                for each in terms.indices
            ),
            private=tuple(words.title(each.id) for each in terms.private),
            pool=self.pool_part(pool) if pool else None,
            refused=refused,
            classes=summaries(run) if run else (),
            payments=tuple(_payment(run, words, n) for n in range(run.last)) if run else (),
            after_end=run.after_end if run else 0,
        )

    def pool_part(self, pool: DealPool) -> PoolPart:
        """What is told of the pool that was run."""
        registered: Pool = pool.registered
        return PoolPart(
            version=registered.version,
            root=registered.record.root.hex(),
            balance=registered.record.statistics.balance,
            loans=registered.record.loans,
            left_out_loans=pool.left_out.loans,
            left_out_balance=pool.left_out.balance,
            registered=self.acts.place(registered.tx_id),
        )

    def payment(self, deal: str, height: int, brief: TermsBrief, run: DealRun, period: int) -> PaymentView:
        """One payment. Raises: NoSuchPeriod."""
        return PaymentView(deal, height, brief, _given(run.assumed), run.last, read_period(run, period))

    def _brief(self, view: TermsView, holds: int | None, newest: int) -> TermsBrief:
        record = view.record
        return TermsBrief(
            version=record.version,
            fingerprint=record.fingerprint,
            registered=self.acts.place(record.tx_id),
            in_force=record.version == holds,
            replaced_by=record.version + 1 if record.version < newest else None,
            consents=tuple(Consented(self.acts.institution(c.msp), self.acts.place(c.tx_id)) for c in view.consents),
            outstanding=tuple(self.acts.institution(msp) for msp in view.outstanding),
        )


def _given(told: Assumed) -> tuple[Given, ...]:
    return tuple(Given(name, value) for name, value in told.query)


def chosen(briefs: tuple[TermsBrief, ...], deal: str, version: int | None = None) -> TermsBrief:
    """A version; without one that in force, else the newest. Raises: TermsUnknown."""
    wanted = [b for b in briefs if b.version == version] if version is not None else list(briefs)
    if not wanted:
        raise TermsUnknown(deal=deal, version=version or 1)
    return next((brief for brief in wanted if brief.in_force), wanted[0])


def refusal_of(error: ChainFusionError) -> Refused:
    """Why a run could not be made, for the page. Raises: the error again, where the address is what is wrong."""
    if isinstance(error, (AssumedUnknown, PrivateTermDiffers)):
        raise error
    says = Text(error.message("en"), error.message("zh"))
    return Refused(error.code, says, Text(error.remedy("en"), error.remedy("zh")))


def _payment(run: DealRun, words: Words, n: int) -> PaymentFlow:
    at, state = run.periods[n], state_of(run, n)
    pool = {name: run.flows[f"pool.{name}"][n] for name in _POOL}
    classes = tuple(_class(run, tranche.id, n) for tranche in run.terms.tranches)
    others = sum(run.run.values.get(f"{name}.paid", (0,) * (n + 1))[n] for name in _paid_besides(run.terms))
    title = words.both(lambda reader: reader.state_title(state))
    return PaymentFlow(period=n + 1, payment=at.payment, state=title, others=others, classes=classes, **pool)


def _paid_besides(terms: DealTerms) -> tuple[str, ...]:
    """Who is paid besides the classes."""
    return (*(claim.id for claim in terms.claims), *(party.id for party in terms.parties), "assets")


_POOL = ("opening", "scheduled", "prepaid", "defaulted", "recovered", "lost", "interest", "closing")


def _class(run: DealRun, name: str, n: int) -> ClassFlow:
    def value(what: str) -> int:
        return run.run.values[f"{name}.{what}"][n] if f"{name}.{what}" in run.run.values else 0

    paid = value("interest_paid") + value("return_paid")
    return ClassFlow(name, value("balance"), paid, value("principal_paid"), value("interest_due"))
