"""A deal's waterfall on its pool's collections: one scenario, with Python's integers, as a contract would run it.

Collections are monthly, payments as the terms' date rules say (`scenarios.payments`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chainfusion.cashflow.collections import COLUMNS, Collections
from chainfusion.cashflow.deal.assumed import Assumed
from chainfusion.cashflow.scenarios.inspector import NoSuchPeriod
from chainfusion.cashflow.scenarios.payments import by_payment
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.terms.compile import compile_terms
from chainfusion.domain.terms.private import at_bound, supplied
from chainfusion.domain.terms.records import DealTerms
from chainfusion.domain.terms.schedule import DealPeriod, schedule
from chainfusion.domain.waterfall.program import Program
from chainfusion.domain.waterfall.run import Run, run
from chainfusion.domain.waterfall.trace import PeriodRecord, trace

SUMS = ("scheduled", "prepaid", "defaulted", "recovered", "lost", "interest", "fees", "purchased")
"""Columns of collections that add up over months."""
Flows = dict[str, list[int]]


class IndexNeeded(ChainFusionError):
    """A floating deal, and nothing assumed of its index."""

    code = "INDEX_NEEDED"
    says = Text("Nothing is assumed of the index {index}.", "未给出基准利率 {index} 的假设。")
    do = Text("State a rate for it in per cent, or a path by period.", "请以百分数给出该利率，或按期给出路径。")


class AssumedUnknown(ChainFusionError):
    """Something is assumed of what the deal does not have."""

    code = "ASSUMED_UNKNOWN"
    says = Text("The deal has no {kind} {name}.", "该交易没有名为 {name} 的{kind_zh}。")
    do = Text("Look at the terms for what it is called.", "请查看条款中的名称。")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Loans of a pool that are not projected, and their balance."""

    loans: int
    balance: int


@dataclass(frozen=True, slots=True, eq=False)
class DealRun:
    """A run: `flows` are the collections by payment period (`pool.` before their names), `run` what became of them.

    `after_end` is what the pool still brings after the deal's last period: principal, recoveries and interest.
    """

    terms: DealTerms
    assumed: Assumed
    periods: tuple[DealPeriod, ...]
    program: Program
    flows: Mapping[str, list[int]]
    run: Run
    after_end: int
    left_out: LeftOut

    def inspect(self, period: int) -> PeriodRecord:
        """Everything about period `period` (from 1). Raises: NoSuchPeriod."""
        require(1 <= period <= len(self.periods), NoSuchPeriod(scenario=0, period=period))
        return trace(self.program, self.flows, period)

    @property
    def last(self) -> int:
        """The last period in which anything comes in or is paid."""
        busy = [n for n in range(len(self.periods)) if self._moves(n)]
        return busy[-1] + 1 if busy else 1

    def _moves(self, n: int) -> bool:
        received = any(self.flows[f"pool.{name}"][n] for name in SUMS)
        return received or any(self.run[o.name][n] for o in self.program.outputs if o.flow and o.name.endswith("paid"))


def run_deal(
    terms: DealTerms,
    collections: Collections | Flows,
    assumed: Assumed | None = None,
    *,
    left_out: LeftOut = LeftOut(0, 0),
) -> DealRun:
    """Runs a deal on a pool's collections (the first scenario), or on flows that are by payment period already.

    Raises: BadTerms, IndexNeeded, AssumedUnknown, PrivateTermDiffers, BadCollections, AmountTooLarge.
    """
    told = assumed or Assumed()
    known(terms, told)
    periods = schedule(terms.dates)
    fixings = {index.id: fixings_of(told, index.id, len(periods)) for index in terms.indices}
    private = at_bound(terms, told.bound) | supplied(terms, told.known(terms.digits))
    program = compile_terms(terms, periods=periods, indices=fixings, private=private)
    flows, after = by_period(collections, terms, periods) if isinstance(collections, Collections) else (collections, 0)
    events = {event.id: told.happens(event.id, len(periods)) for event in terms.events}
    brought = {**flows, **events}
    return DealRun(terms, told, periods, program, brought, run(program, brought), after, left_out)


def by_period(collections: Collections, terms: DealTerms, periods: Sequence[DealPeriod]) -> tuple[Flows, int]:
    """Monthly collections of the first scenario by payment period, and what comes in after the last one."""
    paid, after = by_payment(collections, terms.dates.cut_off, periods)
    flows = {f"pool.{name}": getattr(paid, name)[0].tolist() for name in COLUMNS}
    return flows | {"pool.fees": [0] * len(periods)}, int(after[0])


def with_balances(flows: Flows, opening: int) -> Flows:
    """Puts opening and closing balances to flows that begin with a balance."""
    balance = opening
    for n in range(len(flows["pool.scheduled"])):
        flows["pool.opening"][n] = balance
        balance += flows["pool.purchased"][n]
        balance -= sum(flows[f"pool.{name}"][n] for name in ("scheduled", "prepaid", "defaulted"))
        flows["pool.closing"][n] = balance
    return flows


def fixings_of(told: Assumed, index: str, periods: int) -> list[int]:
    """An index's rate in each period, in units of 1e-8. Raises: IndexNeeded."""
    found = told.fixings(index, periods)
    if found is None:
        raise IndexNeeded(index=index)
    return found


def known(terms: DealTerms, told: Assumed) -> None:
    """Refuses what is assumed of an index or event that the deal does not have. Raises: AssumedUnknown."""
    for kind, kind_zh, given, known in (
        ("index", "基准利率", told.indices, terms.indices),
        ("event", "事件", told.events, terms.events),
    ):
        names = {item.id for item in known}
        for name in given:
            require(name in names, AssumedUnknown(kind=kind, kind_zh=kind_zh, name=name[:40]))
