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
Places = NDArray[np.int32]

WIDTH = 32
"""Loans in a block."""
LANE_BITS = 26
"""Balances below 2^26 minor units are exact in the lanes at any rate; larger ones stand in blocks of their own size."""
_SIZES = 32
_FLOATING = _SIZES - 1


class Loans(NamedTuple):
    """A pool's columns, in the pool's own order. The floating terms are empty where all rates are fixed."""

    balance: Ints
    rate: Ints
    term: Ints
    age: Ints
    payment: Ints
    repays: Ints
    amortizing: Ints
    interest_only: Ints
    group: Ints
    reference: Ints
    spread: Ints
    every: Ints
    next_reset: Ints
    floor: Ints
    cap: Ints


class Blocks(NamedTuple):
    """Block b holds the loans order[start[b]] up to order[start[b + 1]], the last one left out; `fixed` is 1 where
    none of them has a floating rate.
    """

    order: Places
    start: Places
    fixed: Places


def loans_of(pool: Pool) -> Loans:
    """The columns as the kernel takes them, without copying."""
    floating, none = pool.floating, np.zeros(0, np.int64)
    columns = (pool.balance, pool.rate_ppm, pool.term, pool.age, pool.payment, pool.repays, pool.amortizing,
               pool.interest_only, pool.group)  # fmt: skip
    terms = (none,) * 6 if floating is None else (
        floating.index, floating.spread, floating.every, floating.next_reset, floating.floor, floating.cap)  # fmt: skip
    return Loans(*columns, *terms)


def blocks_of(loans: Loans, by_age: bool) -> Blocks:
    """The loans sorted by group, age (where curves go by it), kind, size and term, in blocks."""
    count = len(loans.balance)
    kind, order, spare = (np.empty(count, np.int32) for _ in range(3))
    _kinds(loans, by_age, kind)
    _first_pass(loans.term, np.zeros(MAX_TERM + 2, np.int64), spare)
    _next_pass(spare, kind, np.zeros(int(kind.max(initial=0)) + 2, np.int64), order)
    if loans.group.max(initial=0) > 0:
        _next_pass(order, loans.group, np.zeros(int(loans.group.max()) + 2, np.int64), spare)
        order = spare
    start, fixed = np.empty(count + 1, np.int32), np.empty(count, np.int32)
    blocks = _cut(order, kind, loans.group, start, fixed)
    return Blocks(order, start[: blocks + 1], fixed[:blocks])


@kernel
def _kinds(loans: Loans, by_age: bool, out: Places) -> None:
    for i in range(len(out)):
        size, left = 0, loans.balance[i] >> LANE_BITS
        while left > 0:
            size += 1
            left >>= 1
        if len(loans.reference) > 0 and loans.reference[i] >= 0:
            size = _FLOATING
        out[i] = ((loans.age[i] if by_age else 0) * _SIZES + size) * 2 + loans.repays[i]


@kernel
def _first_pass(key: Ints, place: Ints, out: Places) -> None:
    """Places in order of `key`, stable; `place` holds zeros, two more than the largest key."""
    _count(key, place)
    for i in range(len(key)):
        out[place[key[i]]] = i
        place[key[i]] += 1


@kernel
def _next_pass(order: Places, key: Ints | Places, place: Ints, out: Places) -> None:
    """`order` in order of `key`, stable: one pass of a radix sort."""
    _count(key, place)
    for j in range(len(order)):
        i = order[j]
        out[place[key[i]]] = i
        place[key[i]] += 1


@kernel
def _count(key: Ints | Places, place: Ints) -> None:
    for i in range(len(key)):
        place[key[i] + 1] += 1
    for k in range(1, len(place)):
        place[k] += place[k - 1]


@kernel
def _cut(order: Places, kind: Places, group: Ints, start: Places, fixed: Places) -> int:
    count, before = 0, 0
    for j in range(len(order)):
        i = order[j]
        if j == 0 or j - start[count - 1] == WIDTH or kind[i] != kind[before] or group[i] != group[before]:
            start[count] = j
            fixed[count] = 1 if (kind[i] >> 1) & (_SIZES - 1) != _FLOATING else 0
            count += 1
        before = i
    start[count] = len(order)
    return count
