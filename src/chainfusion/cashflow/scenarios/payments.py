"""Monthly collections by payment period: a month belongs to the payment in whose collection period it ends."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, timedelta

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


def month_end(cut_off: date, number: int) -> date:
    """The day on which month `number` (from 1) after a cut-off date ends: a cut-off on the first of a month is the
    beginning of that day, and its months end with the calendar's."""
    day = add_months(cut_off, number)
    return day - timedelta(days=1) if cut_off.day == 1 else day


def by_payment(monthly: Collections, cut_off: date, periods: Sequence[DealPeriod]) -> tuple[Collections, Ints]:
    """Collections by payment period, counted in months from the cut-off date, dated by the payment days; and the cash
    that comes in after the last period, by scenario (minor units), which nobody is paid from."""
    ends = [period.collected_to for period in periods]
    place = [bisect_left(ends, month_end(cut_off, n)) for n in range(1, monthly.periods + 1)]
    within = sum(at < len(periods) for at in place)
    flows = {name: np.zeros((monthly.scenarios, len(periods)), np.int64) for name in SUMS}
    for name, column in flows.items():
        for month, at in enumerate(place[:within]):
            column[:, at] += getattr(monthly, name)[:, month]
    after = np.zeros(monthly.scenarios, np.int64)
    for name in CASH:
        after += getattr(monthly, name)[:, within:].sum(axis=1)
    opening = monthly.opening[:, 0] if monthly.periods else np.zeros(monthly.scenarios, np.int64)
    dates = [period.payment for period in periods]
    return collections_of(monthly.currency, monthly.names, opening, flows, dates), after
