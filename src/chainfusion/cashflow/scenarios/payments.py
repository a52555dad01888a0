"""Monthly collections by payment period: a month belongs to the payment in whose collection period it ends."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.collections import Collections, collections_of
from chainfusion.domain.calendar import add_months
from chainfusion.domain.terms.schedule import DealPeriod

Ints = NDArray[np.int64]
SUMS = ("scheduled", "prepaid", "defaulted", "recovered", "lost", "interest", "purchased")
"""Columns of collections that add up over months; balances follow from them."""
CASH = ("scheduled", "prepaid", "recovered", "interest")
"""Those that bring cash."""


def by_payment(monthly: Collections, cut_off: date, periods: Sequence[DealPeriod]) -> tuple[Collections, Ints]:
    """Collections by payment period, counted in months from the cut-off date, dated by the payment days; and the cash
    that comes in after the last period, by scenario (minor units), which nobody is paid from."""
    ends = [period.collected_to for period in periods]
    place = [bisect_left(ends, add_months(cut_off, n)) for n in range(1, monthly.periods + 1)]
    within = sum(at < len(periods) for at in place)
    flows = {name: np.zeros((monthly.scenarios, len(periods)), np.int64) for name in SUMS}
    for name, column in flows.items():
        np.add.at(column, (slice(None), place[:within]), getattr(monthly, name)[:, :within])
    after: Ints = sum((getattr(monthly, name)[:, within:].sum(axis=1) for name in CASH), np.int64(0))  # type: ignore[assignment]
    opening = monthly.opening[:, 0] if monthly.periods else np.zeros(monthly.scenarios, np.int64)
    dates = [period.payment for period in periods]
    return collections_of(monthly.currency, monthly.names, opening, flows, dates), after
