"""The hot loop: months outside, the loans of a block inside, so that the compiler puts loans into vector registers.

Amounts are whole numbers in float64, which holds every whole number up to 2^53 exactly; rates on the grid of 2^-27 are
a power of two away from whole numbers. So `floor(balance * rate + 0.5)` is half up, exactly, while the balance times
the rate in grid units stays below 2^53. Interest multiplies by the reciprocal of twelve million: half a unit is added
to the whole number before, so that it is further from the next quotient than the product's error while balance times
ppm stays below 2^50. Blocks that a bound does not hold for, floating rates, and blocks of few loans go through
`loop`, which computes the same in integers. No branch, call or lookup is in the inner loop.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.assumptions.numbers import ONE
from chainfusion.cashflow.pool.arithmetic import MONTHLY_PPM, kept
from chainfusion.cashflow.pool.kernel import exact_kernel, kernel
from chainfusion.cashflow.pool.loop import FLOWS, project_loan
from chainfusion.cashflow.pool.order import LANE_BITS, WIDTH, Blocks, Loans, Places
from chainfusion.cashflow.pool.tables import Tables

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SPARSE = 6
"""Loans below which a block is done sooner one by one."""
_SUMS = 16
"""Running totals a flow and month: a block's loans are added to so many lanes, which are added up at the end."""
_UNIT = 1.0 / ONE
_YEARLY = 1.0 / MONTHLY_PPM
_HALF_AND_HALF = MONTHLY_PPM / 2 + 0.5
_ALL = 2.0**80
"""A payment that takes any balance, even times the smallest survival."""


@kernel
def run(loans: Loans, blocks: Blocks, tables: Tables, row_of: Ints, out: Ints) -> None:
    """Adds the flows of all loans to `out` (rows, months, 4); a loan of group g counts in row row_of[g]."""
    months = out.shape[1]
    sums = np.zeros(months * FLOWS * _SUMS)
    lanes, curves = np.zeros(3 * WIDTH), np.zeros((3, months))
    single = np.zeros((months, FLOWS), np.int64)
    row, group, age, largest = -1, -1, -1, 0
    for b in range(len(blocks.start) - 1):
        begin, end = blocks.start[b], blocks.start[b + 1]
        members = blocks.order[begin:end]
        first = members[0]
        if row_of[loans.group[first]] != row:
            _flush(sums, out, row)
            row = row_of[loans.group[first]]
        if loans.group[first] != group or loans.age[first] != age:
            group, age = loans.group[first], loans.age[first]
            largest = _write_curves(tables, group, age, curves)
        if blocks.fixed[b] and end - begin >= SPARSE and _holds(loans, members, largest):
            _run_lanes(loans, members, curves, lanes, sums)
        else:
            for i in members:
                term = project_loan(loans, i, tables, 0, single)
                for t in range(term):
                    for f in range(FLOWS):
                        sums[(t * FLOWS + f) * _SUMS] += single[t, f]
    _flush(sums, out, row)


@kernel
def _write_curves(tables: Tables, group: int, age: int, curves: Floats) -> int:
    """Default rates, prepayment rates and survivals of a block's age; returns the largest rate on the grid."""
    row = min(group, len(tables.smm) - 1)
    smm_from, mdr_from = age * tables.smm_by_age[row], age * tables.mdr_by_age[row]
    survival, largest = ONE, 0
    for t in range(curves.shape[1]):
        default = tables.mdr[row, min(mdr_from + t, tables.mdr.shape[1] - 1)]
        prepay = tables.smm[row, min(smm_from + t, tables.smm.shape[1] - 1)]
        survival = kept(survival, default)
        curves[0, t], curves[1, t], curves[2, t] = default * _UNIT, prepay * _UNIT, max(survival, 1) * _UNIT
        survival = kept(survival, prepay)
        largest = max(largest, default, prepay)
    return largest


@kernel
def _holds(loans: Loans, members: Places, largest: int) -> bool:
    """Whether float64 is exact for a block."""
    balance, rate, payment = 0, 0, 0
    for i in members:
        balance = max(balance, loans.balance[i])
        rate = max(rate, loans.rate[i])
        payment = max(payment, loans.payment[i])
    fits = float(balance) * largest < 2.0**53 and float(balance) * rate < 2.0**50
    return fits and payment < 1 << LANE_BITS


@exact_kernel
def _run_lanes(loans: Loans, members: Places, curves: Floats, lanes: Floats, sums: Floats) -> None:
    starts = _load(loans, members, lanes)
    level = 1.0 if loans.repays[members[0]] == 0 else 0.0
    ending, ends = 0, loans.term[members[0]] - 1
    for t in range(loans.term[members[-1]]):
        if t == starts:
            starts = _begin_principal(loans, members, t, lanes)
        while t == ends:
            lanes[WIDTH + ending] = _ALL
            ending += 1
            ends = loans.term[members[ending]] - 1 if ending < len(members) else -1
        default, prepay, survival = curves[0, t], curves[1, t], curves[2, t]
        at = t * FLOWS * _SUMS
        for part in range(0, WIDTH, _SUMS):
            for lane in range(_SUMS):
                k = part + lane
                balance = lanes[k]
                defaulted = np.floor(balance * default + 0.5)
                performing = balance - defaulted
                interest = np.floor((performing * lanes[2 * WIDTH + k] + _HALF_AND_HALF) * _YEARLY)
                scheduled = np.floor(lanes[WIDTH + k] * survival + 0.5) - level * interest
                scheduled = scheduled if scheduled < performing else performing
                scheduled = scheduled if scheduled > 0.0 else 0.0
                left = performing - scheduled
                prepaid = np.floor(left * prepay + 0.5)
                lanes[k] = left - prepaid
                sums[at + lane] += defaulted
                sums[at + _SUMS + lane] += interest
                sums[at + 2 * _SUMS + lane] += scheduled
                sums[at + 3 * _SUMS + lane] += prepaid


@kernel
def _load(loans: Loans, members: Places, lanes: Floats) -> int:
    """Balance, payment and rate into the lanes; returns the first month with which interest-only months end."""
    starts = -1
    lanes[:] = 0.0
    for k in range(len(members)):
        i = members[k]
        lanes[k], lanes[2 * WIDTH + k] = loans.balance[i], loans.rate[i]
        if loans.interest_only[i] == 0:
            lanes[WIDTH + k] = loans.payment[i]
        elif starts < 0 or loans.interest_only[i] < starts:
            starts = loans.interest_only[i]
    return starts


@kernel
def _begin_principal(loans: Loans, members: Places, t: int, lanes: Floats) -> int:
    """Payments of the loans whose interest-only months have passed begin; returns the next month with such loans."""
    starts = -1
    for k in range(len(members)):
        month = loans.interest_only[members[k]]
        if month == t:
            lanes[WIDTH + k] = loans.payment[members[k]]
        elif month > t and (starts < 0 or month < starts):
            starts = month
    return starts


@kernel
def _flush(sums: Floats, out: Ints, row: int) -> None:
    """Adds the running totals to a row, and begins anew."""
    if row < 0:
        return
    for t in range(out.shape[1]):
        for f in range(FLOWS):
            at, total = (t * FLOWS + f) * _SUMS, 0.0
            for lane in range(_SUMS):
                total += sums[at + lane]
                sums[at + lane] = 0.0
            out[row, t, f] += int(total)
