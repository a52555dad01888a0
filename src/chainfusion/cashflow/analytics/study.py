"""A pool and a deal under scenarios: what each class loses, when it is repaid, what it yields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from chainfusion.cashflow.analytics.cash import Cash, tranche_cash
from chainfusion.cashflow.analytics.deal import Deal
from chainfusion.cashflow.analytics.errors import BadAnalysis
from chainfusion.cashflow.analytics.framed import Framed
from chainfusion.cashflow.assumptions.scenario import Scenario
from chainfusion.cashflow.collections import Collections
from chainfusion.cashflow.scenarios.run import Result
from chainfusion.domain.calendar import DayCount, fraction

Ints = NDArray[np.int64]
Model = Callable[[Sequence[Scenario]], Collections]
"""A pool's collections under scenarios, such as `lambda s: project(pool, s).total`."""
Arrange = Callable[[Collections], Collections]


def period_by_period(collections: Collections) -> Collections:
    """Collections whose periods are the deal's own."""
    return collections


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes(Framed):
    """A run, and the collections that it was run on. Amounts are minor units, of shape (scenarios,)."""

    deal: Deal
    collections: Collections
    result: Result

    def unpaid(self, tranche: str) -> Ints:
        """Principal of a class never repaid: left after the deal's last period, or written down on the way."""
        self.deal.tranche(tranche)
        written = self.deal.flow(self.result, f"{tranche}.written_down").sum(axis=1)
        total: Ints = self.deal.flow(self.result, f"{tranche}.balance")[:, -1] + written
        return total

    def interest_unpaid(self, tranche: str) -> Ints:
        """Interest still due after the last period. A class whose interest is not carried is owed none."""
        self.deal.tranche(tranche)
        due: Ints = self.deal.flow(self.result, f"{tranche}.interest_due")[:, -1]
        return due

    def loss(self, tranche: str) -> Ints:
        """Principal never repaid and interest still due."""
        return self.unpaid(tranche) + self.interest_unpaid(tranche)

    def lives(self, tranche: str, day_count: DayCount = DayCount.ACT_365F) -> list[float | None]:
        """Average life from closing in years, in double precision; None where nothing is repaid."""
        self.deal.tranche(tranche)
        paid = self.deal.flow(self.result, f"{tranche}.principal_paid")
        closing = self.deal.terms.dates.closing
        years = np.array([float(fraction(day_count, closing, p.payment)) for p in self.deal.periods])
        totals = paid.sum(axis=1)
        return [float(row @ years) / int(total) if total else None for row, total in zip(paid, totals, strict=True)]

    def cash(self, tranche: str, scenario: str | int = 0) -> Cash:
        """A class's dated cash in a scenario, by name or place. Raises: BadAnalysis."""
        names = self.collections.names
        if isinstance(scenario, str) and scenario not in names:
            raise BadAnalysis(where="scenario", value=scenario, why="it was not run", why_zh="未测算该情景")
        return tranche_cash(
            self.deal, self.result, tranche, names.index(scenario) if isinstance(scenario, str) else scenario
        )

    @property
    def default_shares(self) -> NDArray[np.float64]:
        """Defaults by the balance at cut-off (and purchases)."""
        c = self.collections
        whole = c.opening[:, 0] + c.purchased.sum(axis=1)
        shares: NDArray[np.float64] = c.defaulted.sum(axis=1) / np.maximum(whole, 1)
        return shares

    def frame(self) -> pl.DataFrame:
        """A row for each scenario and class."""
        rows = []
        for tranche in self.deal.terms.tranches:
            rows.append(
                pl.DataFrame(
                    {
                        "scenario": self.collections.names,
                        "defaults": self.default_shares,
                        "tranche": [tranche.id] * len(self.collections.names),
                        "principal_unpaid": self.unpaid(tranche.id),
                        "interest_unpaid": self.interest_unpaid(tranche.id),
                        "average_life": pl.Series(self.lives(tranche.id), dtype=pl.Float64),
                    }
                )
            )
        return pl.concat(rows)


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """A deal, the pool behind it, and what else its runs are given (events, indices), alike in all scenarios.

    `arrange` turns the model's periods (months) into the deal's (payments); without it they are the same.
    """

    deal: Deal
    model: Model
    given: Mapping[str, Ints] = field(default_factory=dict)
    arrange: Arrange = period_by_period

    def collections(self, scenarios: Sequence[Scenario]) -> Collections:
        """The pool's collections by the deal's periods. Raises: the projection's refusals."""
        return self.arrange(self.model(scenarios))

    def outcomes(self, scenarios: Sequence[Scenario]) -> Outcomes:
        """Projects and runs. Raises: the projection's and the run's refusals."""
        collections = self.collections(scenarios)
        return Outcomes(self.deal, collections, self.deal.run(collections, self.given))
