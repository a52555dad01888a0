"""A deal's terms and its pool as a study: what analytics ask of a deal, under the same assumptions as its run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chainfusion.cashflow.analytics.deal import deal_of
from chainfusion.cashflow.analytics.published import published_model
from chainfusion.cashflow.analytics.study import Model, Study
from chainfusion.cashflow.assumptions.scenario import Scenario
from chainfusion.cashflow.collections import Collections, collections_of
from chainfusion.cashflow.deal.assumed import Assumed
from chainfusion.cashflow.deal.run import Flows, fixings_of, known
from chainfusion.cashflow.pool.columns import Pool
from chainfusion.cashflow.scale.run import Progress, project
from chainfusion.cashflow.scenarios.payments import SUMS, by_payment, month_end
from chainfusion.domain.terms.private import at_bound, supplied
from chainfusion.domain.terms.records import DealTerms
from chainfusion.domain.terms.schedule import DealPeriod, schedule


def study_of_loans(
    terms: DealTerms,
    pool: Pool,
    told: Assumed,
    *,
    cluster: str | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Study:
    """A study of a deal on its loans: its base scenario is `told.scenario()`, and its run is `run_deal`'s to the cent.

    Raises: BadTerms, IndexNeeded, AssumedUnknown, PrivateTermDiffers.
    """
    periods = schedule(terms.dates)

    def arrange(monthly: Collections) -> Collections:
        return by_payment(monthly, terms.dates.cut_off, periods)[0]

    def model(scenarios: Sequence[Scenario]) -> Collections:
        return project(pool, scenarios, cluster=cluster, progress=progress, cancelled=cancelled).total

    return _study(terms, told, model, arrange)


def study_of_table(terms: DealTerms, flows: Flows, told: Assumed) -> Study:
    """A study of a deal whose pool is known by its table of collections alone (`read_collections`): its zero scenario
    is the table, others replay it (`analytics.published`). Raises: BadAnalysis, and as `study_of_loans`."""
    periods = schedule(terms.dates)
    columns = {name: np.array([flows[f"pool.{name}"]], np.int64) for name in SUMS}
    opening = np.array([flows["pool.opening"][0]], np.int64)
    dates = [period.payment for period in periods]
    table = collections_of(terms.currency, ["table"], opening, columns, dates)
    return _study(terms, told, published_model(table, months_of(terms, periods)), None)


def months_of(terms: DealTerms, periods: tuple[DealPeriod, ...]) -> list[int]:
    """How many whole months, counted from the cut-off date, end in each collection period."""
    counts, month = [], 0
    for period in periods:
        begun = month
        while month_end(terms.dates.cut_off, month + 1) <= period.collected_to:
            month += 1
        counts.append(month - begun)
    return counts


def _study(
    terms: DealTerms, told: Assumed, model: Model, arrange: Callable[[Collections], Collections] | None
) -> Study:
    known(terms, told)
    deal = deal_of(terms, at_bound(terms, told.bound) | supplied(terms, told.known(terms.digits)))
    count = len(deal.periods)
    given = {index.id: np.array([fixings_of(told, index.id, count)], np.int64) for index in terms.indices}
    given |= {event.id: np.array([told.happens(event.id, count)], np.int64) for event in terms.events}
    return Study(deal, model, given) if arrange is None else Study(deal, model, given, arrange)
