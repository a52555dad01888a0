"""One loan at a time, in 64-bit integers: any rate, any balance. The rules of `columns`, word for word."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.assumptions.numbers import ONE
from chainfusion.cashflow.pool.arithmetic import interest, kept, level_payment, part
from chainfusion.cashflow.pool.kernel import kernel
from chainfusion.cashflow.pool.order import Loans
from chainfusion.cashflow.pool.tables import Tables

Ints = NDArray[np.int64]

DEFAULTED, INTEREST, SCHEDULED, PREPAID = range(4)
"""Where each flow stands in a month's four."""
FLOWS = 4


@kernel
def project_loan(loans: Loans, i: int, tables: Tables, start: int, flows: Ints) -> int:
    """Writes the flows of loan i into `flows` (months, 4) and returns its term.

    The loan's first month is period `start` (from 0) for curves and reference rates that go by period.
    """
    term, level = loans.term[i], loans.repays[i] == 0
    balance, payment, rate, survival = loans.balance[i], loans.payment[i], loans.rate[i], ONE
    row = min(loans.group[i], len(tables.smm) - 1)
    smm_from = loans.age[i] if tables.smm_by_age[row] else start
    mdr_from = loans.age[i] if tables.mdr_by_age[row] else start
    for t in range(term):
        if _resets(loans, i, t):
            rate = _reset_rate(loans, i, tables.paths, start + t)
            if level:
                months = max(1, loans.amortizing[i] - max(t, loans.interest_only[i]))
                payment = int(np.floor(level_payment(float(balance), float(rate), months) + 0.5))
                survival = ONE
        default = tables.mdr[row, min(mdr_from + t, tables.mdr.shape[1] - 1)]
        prepay = tables.smm[row, min(smm_from + t, tables.smm.shape[1] - 1)]
        defaulted = part(balance, default)
        performing = balance - defaulted
        survival = kept(survival, default)
        accrued = interest(performing, rate)
        scheduled = performing
        if t < term - 1:
            due = 0 if t < loans.interest_only[i] else part(payment, max(survival, 1))
            scheduled = max(0, min(performing, due - accrued if level else due))
        prepaid = part(performing - scheduled, prepay)
        survival = kept(survival, prepay)
        balance = performing - scheduled - prepaid
        flows[t, 0], flows[t, 1], flows[t, 2], flows[t, 3] = defaulted, accrued, scheduled, prepaid
    return int(term)


@kernel
def _resets(loans: Loans, i: int, t: int) -> bool:
    if len(loans.reference) == 0 or loans.reference[i] < 0 or t < loans.next_reset[i]:
        return False
    return bool((t - loans.next_reset[i]) % loans.every[i] == 0)


@kernel
def _reset_rate(loans: Loans, i: int, paths: Ints, period: int) -> int:
    """The cap holds where it lies below the floor."""
    path = paths[loans.reference[i]]
    return int(min(loans.cap[i], max(loans.floor[i], path[min(period, len(path) - 1)] + loans.spread[i])))
