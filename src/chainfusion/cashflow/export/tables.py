"""A run as tables: what each file holds and what each picture draws. Amounts are whole minor units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from chainfusion.cashflow.analytics.deal import Deal, Ints
from chainfusion.cashflow.analytics.study import Outcomes
from chainfusion.cashflow.collections import COLUMNS, Collections
from chainfusion.cashflow.scenarios.run import Result


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """`money`: the columns that are minor units of `currency`."""

    name: str
    frame: pl.DataFrame
    currency: str
    money: frozenset[str] = frozenset()


def tables(outcomes: Outcomes) -> tuple[Table, ...]:
    """Everything of a run, all scenarios: collections, classes, accounts, fees, tests, and the outcome of each."""
    deal, result, names = outcomes.deal, outcomes.result, outcomes.collections.names
    return (
        collections_table(outcomes.collections, deal),
        classes_table(deal, result, names),
        _each(deal, result, names, "accounts", "account", [a.id for a in deal.terms.accounts], ("balance",)),
        _each(deal, result, names, "fees", "fee", [f.id for f in deal.terms.claims], ("paid", "due")),
        tests_table(deal, result, names),
        Table("outcomes", outcomes.frame(), deal.terms.currency, frozenset({"principal_unpaid", "interest_unpaid"})),
    )


def collections_table(collections: Collections, deal: Deal) -> Table:
    """A pool's collections: a row for each scenario and period, dated by the deal's payment dates."""
    periods = min(collections.periods, deal.program.periods)
    columns = {name: getattr(collections, name)[:, :periods].reshape(-1) for name in COLUMNS}
    frame = _head(deal, collections.names, periods).with_columns(**{k: pl.Series(v) for k, v in columns.items()})
    return Table("collections", frame, deal.terms.currency, frozenset(COLUMNS))


_CLASS = ("interest_paid", "principal_paid", "return_paid", "written_down", "balance", "interest_due")


def classes_table(deal: Deal, result: Result, names: Sequence[str]) -> Table:
    """A row for each class, scenario and period: what it was paid, what it is still owed."""
    return _each(deal, result, names, "classes", "tranche", [t.id for t in deal.terms.tranches], _CLASS)


def tests_table(deal: Deal, result: Result, names: Sequence[str]) -> Table:
    """A row for each scenario and period: which triggers are on."""
    found = {t.id: deal.flow(result, t.id).reshape(-1) == 1 for t in deal.terms.triggers}
    frame = _head(deal, names, deal.program.periods).with_columns(**{k: pl.Series(v) for k, v in found.items()})
    return Table("tests", frame, deal.terms.currency)


def _each(
    deal: Deal, result: Result, names: Sequence[str], table: str, what: str, ids: Sequence[str], flows: Sequence[str]
) -> Table:
    head = _head(deal, names, deal.program.periods)
    parts = [head.select(pl.lit(i).alias(what), pl.all()).with_columns(**_flows(deal, result, i, flows)) for i in ids]
    empty = head.clear().select(pl.lit("").alias(what), pl.all())
    return Table(table, pl.concat(parts) if parts else empty, deal.terms.currency, frozenset(flows))


def _flows(deal: Deal, result: Result, name: str, flows: Sequence[str]) -> dict[str, pl.Series]:
    return {flow: pl.Series(deal.flow(result, f"{name}.{flow}").reshape(-1)) for flow in flows}


def _head(deal: Deal, names: Sequence[str], periods: int) -> pl.DataFrame:
    numbers: Ints = np.tile(np.arange(1, periods + 1), len(names))
    dates = [p.payment for p in deal.periods[:periods]] * len(names)
    return pl.DataFrame({"scenario": [n for n in names for _ in range(periods)], "period": numbers, "date": dates})
