"""Loans sorted into blocks that the lanes take side by side: one group, age and kind each, terms close together.

Age decides which month of a curve a loan is in. Where all loans of a block are of one age, a month's rates are two
numbers for the whole block, and no lane has to look its own up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.pool.columns import MAX_TERM, Pool
from chainfusion.cashflow.pool.kernel import kernel

Ints = NDArray[np.int64]

WIDTH = 32
"""Loans in a block."""
LANE_BITS = 26
"""Balances below 2^26 minor units are exact in the lanes at any rate; larger ones stand in blocks of their own size."""
_SIZES = 32
_FLOATING = _SIZES - 1


class Loans(NamedTuple):
    """A pool's columns in the order of blocks. The floating terms are empty where all rates are fixed."""

    balance: Ints
    rate: Ints
    term: Ints
    age: Ints
    payment: Ints
    repays: Ints
    amortizing: Ints
    interest_only: Ints
    group: Ints
    index: Ints
    spread: Ints
    every: Ints
    next_reset: Ints
    floor: Ints
    cap: Ints


class Blocks(NamedTuple):
    """Block b holds the loans from start[b] up to start[b + 1]; `fixed` where no loan of it has a floating rate."""

    start: Ints
    fixed: Ints


def loans_of(pool: Pool, order: Ints | slice = slice(None)) -> Loans:
    """The columns, in `order`."""
    floating, none = pool.floating, np.zeros(0, np.int64)
    columns = (pool.balance, pool.rate_ppm, pool.term, pool.age, pool.payment, pool.repays, pool.amortizing,
               pool.interest_only, pool.group)  # fmt: skip
    terms = (none,) * 6 if floating is None else (
        floating.index, floating.spread, floating.every, floating.next_reset, floating.floor, floating.cap)  # fmt: skip
    return Loans(*(_taken(column, order) if len(column) else column for column in columns + terms))


def _taken(column: Ints, order: Ints | slice) -> Ints:
    if isinstance(order, slice):
        return column[order]
    out = np.empty(len(order), np.int64)
    _gather(column, order, out)
    return out


def blocks_of(pool: Pool, by_age: bool) -> tuple[Loans, Blocks]:
    """The pool sorted by group, age (where curves go by it), kind, size and term, and its blocks."""
    kind = np.empty(len(pool), np.int64)
    index = pool.floating.index if pool.floating is not None else np.zeros(0, np.int64)
    _kinds(pool.balance, pool.repays, pool.age, index, by_age, kind)
    order = _sorted(np.arange(len(pool)), pool.term, MAX_TERM)
    order = _sorted(order, kind, int(kind.max(initial=0)))
    if pool.groups > 1:
        order = _sorted(order, pool.group, pool.groups)
    loans = loans_of(pool, order)
    start, fixed = np.empty(len(pool) + 1, np.int64), np.empty(len(pool), np.int64)
    count = _cut(_taken(kind, order), loans.group, start, fixed)
    return loans, Blocks(start[: count + 1], fixed[:count])


def _sorted(order: Ints, key: Ints, largest: int) -> Ints:
    out = np.empty_like(order)
    _counting_pass(order, key, np.zeros(largest + 2, np.int64), out)
    return out


@kernel
def _kinds(balance: Ints, repays: Ints, age: Ints, index: Ints, by_age: bool, out: Ints) -> None:
    for i in range(len(balance)):
        size, left = 0, balance[i] >> LANE_BITS
        while left > 0:
            size += 1
            left >>= 1
        if len(index) > 0 and index[i] >= 0:
            size = _FLOATING
        out[i] = ((age[i] if by_age else 0) * _SIZES + size) * 2 + repays[i]


@kernel
def _counting_pass(order: Ints, key: Ints, place: Ints, out: Ints) -> None:
    """One stable pass of a radix sort; `place` holds a zero for each key and two more."""
    for i in range(len(key)):
        place[key[i] + 1] += 1
    for k in range(1, len(place)):
        place[k] += place[k - 1]
    for j in range(len(order)):
        i = order[j]
        out[place[key[i]]] = i
        place[key[i]] += 1


@kernel
def _gather(column: Ints, order: Ints, out: Ints) -> None:
    for j in range(len(order)):
        out[j] = column[order[j]]


@kernel
def _cut(kind: Ints, group: Ints, start: Ints, fixed: Ints) -> int:
    count = 0
    for i in range(len(kind)):
        if i == 0 or i - start[count - 1] == WIDTH or kind[i] != kind[i - 1] or group[i] != group[i - 1]:
            start[count] = i
            fixed[count] = 1 if (kind[i] >> 1) & (_SIZES - 1) != _FLOATING else 0
            count += 1
    start[count] = len(kind)
    return count
