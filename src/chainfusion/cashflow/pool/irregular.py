"""Loans that pay by a schedule of their own (`cashflow.loans.monthly_vector`), under the same assumptions.

Of the schedule that a loan would keep without defaults and prepayments, the part that still performs is paid: scheduled
principal and interest of a period are the schedule's, times performing balance over the schedule's opening balance,
half up; the whole balance where the schedule ends. `Collections.plus` puts them beside a pool's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.assumptions.scenario import Scenario
from chainfusion.cashflow.pool.arithmetic import part
from chainfusion.cashflow.pool.columns import Pool, finding, pool, refusal
from chainfusion.cashflow.pool.kernel import kernel
from chainfusion.cashflow.pool.loop import FLOWS
from chainfusion.cashflow.pool.project import Projection, projection, rows_of
from chainfusion.cashflow.pool.tables import Tables, tables

Ints = NDArray[np.int64]


class Scheduled(Protocol):
    """A loan's schedule by collection period, in minor units: balance at cut-off, then what falls due."""

    @property
    def opening(self) -> int:
        """Balance at cut-off."""
        ...

    @property
    def principal(self) -> tuple[int, ...]:
        """By period."""
        ...

    @property
    def interest(self) -> tuple[int, ...]:
        """By period."""
        ...


def project_schedules(
    currency: str, loans: Sequence[Scheduled], scenarios: Sequence[Scenario], ages: Ints, groups: Ints
) -> Projection:
    """Collections of loans by their schedules; what a schedule does not repay in its periods is due in the last one.

    `ages` (months) and `groups` are one a loan. Raises: BadPool for a schedule that takes up more principal (a loan
    that capitalizes interest is projected alone), BadAssumption.
    """
    _check(loans)
    terms = np.array([len(loan.principal) for loan in loans], np.int64)
    given = pool(currency, np.array([loan.opening for loan in loans], np.int64), np.zeros(len(loans), np.int64), terms,
                 ages, group=groups)  # fmt: skip
    first = np.concatenate([[0], np.cumsum(terms)])
    due = np.array([pair for loan in loans for pair in zip(loan.principal, loan.interest, strict=True)], np.int64)
    totals = tuple(_flows(given, first, due, scenario) for scenario in scenarios)
    return projection(given, scenarios, totals, False, ())


def _flows(given: Pool, first: Ints, due: Ints, scenario: Scenario) -> Ints:
    rows = rows_of(scenario, given.groups, False)
    out = np.zeros((len(rows.recoveries), int(given.term.max()), FLOWS), np.int64)
    row_of = np.array(rows.of, np.int64)[given.group]
    _run(given.balance, given.age, given.group, first, due, tables(scenario, given.groups), row_of, out)
    return out


def _check(loans: Sequence[Scheduled]) -> None:
    found = [
        finding(row, "principal", str(min(loan.principal)), "the schedule takes up principal", "还款计划中本金增加")
        for row, loan in enumerate(loans)
        if min(loan.principal, default=0) < 0 or sum(loan.principal) > loan.opening
    ]
    if found:
        raise refusal(found, len(found))


@kernel
def _run(
    balances: Ints, ages: Ints, groups: Ints, first: Ints, due: Ints, assumed: Tables, row_of: Ints, out: Ints
) -> None:
    for i in range(len(balances)):
        balance, plan, row = balances[i], balances[i], min(groups[i], len(assumed.smm) - 1)
        smm_from = ages[i] if assumed.smm_by_age[row] else 0
        mdr_from = ages[i] if assumed.mdr_by_age[row] else 0
        months = first[i + 1] - first[i]
        for t in range(months):
            principal, interest = due[first[i] + t]
            defaulted = part(balance, assumed.mdr[row, min(mdr_from + t, assumed.mdr.shape[1] - 1)])
            performing = balance - defaulted
            accrued = of(interest, performing, plan)
            scheduled = performing if t == months - 1 or principal == plan else of(principal, performing, plan)
            prepaid = part(performing - scheduled, assumed.smm[row, min(smm_from + t, assumed.smm.shape[1] - 1)])
            balance, plan = performing - scheduled - prepaid, plan - principal
            out[row_of[i], t, 0] += defaulted
            out[row_of[i], t, 1] += accrued
            out[row_of[i], t, 2] += scheduled
            out[row_of[i], t, 3] += prepaid


@kernel
def of(amount: int, share: int, whole: int) -> int:
    """amount * share / whole, half up; 0 of nothing.

    The product may exceed 64 bits: float64 gives the quotient to one unit, and the remainder, which is small and so
    survives the wrapping of 64-bit arithmetic, corrects it. Holds for quotients below 2^51.
    """
    if whole == 0:
        return 0
    quotient = int(float(amount) * float(share) / float(whole))
    rest = amount * share - quotient * whole
    if rest < 0:
        quotient, rest = quotient - 1, rest + whole
    elif rest >= whole:
        quotient, rest = quotient + 1, rest - whole
    return quotient + (1 if 2 * rest >= whole else 0)
