"""The machine: plain functions over indexable tables, the same source for one run and for many.

Here it runs as it is, on lists and Python's integers, for one scenario: so do contracts and tests. The projection
compiles these very functions with numba and gives a slot a row of many scenarios (`cashflow.scenarios`). To make that
possible they are written in what both understand, and every number that they keep fits 64 bits: a quotient of 2**50
or more is not kept but marks its scenario in slot 0, which the caller refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Table = Any
"""Something that is indexed by whole numbers: nested lists or tuples here, an array in compiled code."""


def muldiv(a: int, b: int, c: int) -> int:
    """floor(a * b / c) for c > 0. Compiled code has another of the same name, exact without more than 64 bits."""
    return a * b // c


def rounded(q: int, r: int, c: int, way: int) -> int:
    """A quotient with remainder r of divisor c, rounded as `opcodes` numbers the ways."""
    if way == 0:
        return q
    if way == 1:
        return q + 1 if r >= c - r else q
    if way == 2:
        return q + 1 if r > 0 else q
    return q + 1 if r > c - r or (r == c - r and q % 2 == 1) else q


def compute(row: Sequence[int], v: Table, lanes: int) -> None:
    """One row that reads a, b and c and writes d, for each lane."""
    op, way = row[0], row[5]
    d, a, b, c = v[row[1]], v[row[2]], v[row[3]], v[row[4]]
    if op == 1:
        for k in range(lanes):
            d[k] = a[k] + b[k]
    elif op == 2:
        for k in range(lanes):
            d[k] = a[k] - b[k]
    elif op == 3:
        for k in range(lanes):
            d[k] = min(a[k], b[k])
    elif op == 4:
        for k in range(lanes):
            d[k] = max(a[k], b[k])
    elif op == 5:
        muldivs(d, a, b, c, way, v[0], lanes)
    elif op == 6:
        for k in range(lanes):
            d[k] = int(a[k] < b[k])
    elif op == 7:
        for k in range(lanes):
            d[k] = int(a[k] <= b[k])
    elif op == 8:
        for k in range(lanes):
            d[k] = int(a[k] == b[k])
    elif op == 9:
        for k in range(lanes):
            d[k] = b[k] if a[k] != 0 else c[k]
    else:
        for k in range(lanes):
            d[k] = a[k]


def muldivs(d: Table, a: Table, b: Table, c: Table, way: int, flaw: Table, lanes: int) -> None:
    """d = a * b / c, rounded; a divisor below nothing or a result of 2**50 and more marks the lane."""
    for k in range(lanes):
        if c[k] <= 0:
            flaw[k] |= int(c[k] < 0)
            d[k] = 0
        else:
            q = muldiv(a[k], b[k], c[k])
            if -1125899906842624 < q < 1125899906842624:
                d[k] = rounded(q, a[k] * b[k] - q * c[k], c[k], way)
            else:
                flaw[k] = 1
                d[k] = 0


def move(d: Table, source: Table, target: Table, wanted: Table, guard: Table, lanes: int) -> None:
    """Cash from one account to another: at most what is wanted, at most what is there, never less than nothing."""
    for k in range(lanes):
        paid = max(min(wanted[k], source[k]), 0) * guard[k]
        source[k] -= paid
        target[k] += paid
        d[k] = paid


def execute(code: Table, first: int, last: int, v: Table, lanes: int) -> int:
    """Rows `first` to `last - 1` of a program on the slots `v`, each a row of `lanes` integers; gives the row at which
    the program goes on: `last`, or a later one to which a row skipped."""
    at = first
    while at < last:
        row = code[at]
        at += 1
        if row[0] < 10:
            compute(row, v, lanes)
        elif row[0] == 10:
            move(v[row[1]], v[row[2]], v[row[3]], v[row[4]], v[row[5]], lanes)
        elif row[0] == 11:
            wanted = 0
            for k in range(lanes):
                wanted |= v[row[2]][k]
            if wanted == 0:
                at = row[5]
        else:
            for slot in range(row[1], row[2]):
                for k in range(lanes):
                    v[slot][k] = 0
    return at


def load(v: Table, slots: Table, values: Table, t: int, lanes: int) -> None:
    """What the collections of period `t` bring: values[i][t][k] into slot i."""
    for i in range(len(slots)):
        place = v[slots[i]]
        brought = values[i][t]
        for k in range(lanes):
            place[k] = brought[k]


def set_alike(v: Table, slots: Table, values: Table, t: int, lanes: int) -> None:
    """What is the same in all scenarios of period `t`, such as days and dates; a value is written when it changes."""
    for i in range(len(slots)):
        value = values[t][i]
        if t == 0 or value != values[t - 1][i]:
            place = v[slots[i]]
            for k in range(lanes):
                place[k] = value


def run_periods(
    code: Table, v: Table, alike: Table, alike_values: Table, inputs: Table, brought: Table, kept: Table, out: Table,
    start: int, lanes: int,
) -> None:  # fmt: skip
    """All periods of a block of scenarios; slot kept[j] of each period goes to out[j][t][start:start + lanes]."""
    for t in range(len(alike_values)):
        set_alike(v, alike, alike_values, t, lanes)
        load(v, inputs, brought, t, lanes)
        execute(code, 0, len(code), v, lanes)
        for j in range(len(kept)):
            place = out[j][t]
            held = v[kept[j]]
            for k in range(lanes):
                place[start + k] = held[k]
