"""A pool as columns: what the kernel knows of each loan. Loans stand in any order.

All loans pay monthly, at the end of each collection period; loans that do not are projected from their own schedules
(`cashflow.loans`). In a period with interest rate r a loan first defaults by the period's rate, then pays interest on
what still performs and scheduled principal, then what is left prepays by the period's rate:

    level payment      principal = payment * survival - interest, and the whole balance in the last month
    level principal    principal = payment * survival, and the whole balance in the last month
    interest only      the months before `interest_only` have passed pay no principal

`survival` is the share that has neither defaulted (this period included) nor prepaid, so that the payment of what is
left falls as the loans behind it leave. A balloon is a level payment over more months than the term.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.pool.errors import BadPool
from chainfusion.cashflow.pool.payments import level_payments

Ints = NDArray[np.int64]

MAX_TERM = 600
MAX_AGE = 600
MAX_RATE = 12_000_000
"""100% a month."""
MAX_BALANCE = 1 << 53
"""Minor units, of a loan and of a pool: the largest whole number up to which float64 holds every one."""


class Repays(IntEnum):
    """What the payment is."""

    LEVEL_PAYMENT = 0
    """Principal and interest together."""
    LEVEL_PRINCIPAL = 1
    """Principal alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Floating:
    """Terms of loans whose rate is reset: index + spread, between floor and cap, on the first month of each reset.

    Arrays as long as the pool. `index` is a place in `names`, -1 for a fixed rate. The loan's `rate_ppm` holds until
    `next_reset` months have passed (0: the first period is at a reset rate); then it is reset every `every` months,
    and the payment is made anew over the months that are left. A stepped rate is an index of its own, without spread.
    """

    names: tuple[str, ...]
    index: Ints
    spread: Ints
    every: Ints
    next_reset: Ints
    floor: Ints
    cap: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Columns of int64, one entry a loan: balance and payment in minor units, rates in ppm a year, months.

    `term` months are left; `amortizing` is over how many months the payment repays the loan (more than the term: a
    balloon); `age` months have passed since origination; `interest_only` months are still without principal; `group`
    chooses the assumptions.
    """

    currency: str
    balance: Ints
    rate_ppm: Ints
    term: Ints
    age: Ints
    payment: Ints
    repays: Ints
    amortizing: Ints
    interest_only: Ints
    group: Ints
    floating: Floating | None = None

    def __len__(self) -> int:
        return len(self.balance)

    @property
    def total(self) -> int:
        """Balance of all loans."""
        return int(self.balance.sum())

    @property
    def groups(self) -> int:
        """How many groups there are: the highest one and all below."""
        return int(self.group.max()) + 1 if len(self) else 1

    def chunk(self, begin: int, end: int) -> Pool:
        """Loans `begin` up to `end`, without copying."""
        rows = slice(begin, end)
        floating = self.floating and replace(
            self.floating, **{name: getattr(self.floating, name)[rows] for name in _FLOATING}
        )
        columns = {name: getattr(self, name)[rows] for name in _COLUMNS}
        return replace(self, floating=floating, **columns)


_COLUMNS = tuple(f.name for f in fields(Pool) if f.name not in ("currency", "floating"))
_FLOATING = tuple(f.name for f in fields(Floating) if f.name != "names")


def pool(
    currency: str,
    balance: Ints,
    rate_ppm: Ints,
    term: Ints,
    age: Ints | None = None,
    *,
    payment: Ints | None = None,
    repays: Ints | None = None,
    amortizing: Ints | None = None,
    interest_only: Ints | None = None,
    group: Ints | None = None,
    floating: Floating | None = None,
) -> Pool:
    """A pool of columns, with what is not given filled in: new loans of level payment, in one group, fully amortizing.

    A payment that is not given, or 0, is computed: the level payment, or equal parts of principal, over the months of
    `amortizing` after the interest-only months. Raises: BadPool with every value that makes no sense.
    """
    given = {"balance": balance, "rate_ppm": rate_ppm, "term": term, "age": age, "payment": payment, "repays": repays,
             "amortizing": amortizing, "interest_only": interest_only, "group": group}  # fmt: skip
    columns = {name: _column(name, values) for name, values in given.items() if values is not None}
    _check(columns, floating)
    zeros = np.zeros(len(balance), np.int64)
    filled = {
        "amortizing": columns["term"],
        **dict.fromkeys(("age", "repays", "interest_only", "group"), zeros),
    } | columns
    stated = filled.pop("payment", None)
    return Pool(currency=currency, payment=_payments(stated, filled), floating=floating, **filled)


def _column(name: str, values: Ints) -> Ints:
    array = np.asarray(values)
    if array.dtype.kind == "f":
        bad = np.flatnonzero(~(np.isfinite(array) & (array == np.floor(array))))
        if len(bad):
            raise refusal([finding(int(bad[0]), name, str(array[bad[0]]), *_WHOLE)], len(bad))
    return np.ascontiguousarray(array, np.int64)


def _payments(stated: Ints | None, columns: dict[str, Ints]) -> Ints:
    months = np.maximum(columns["amortizing"] - columns["interest_only"], 1)
    if stated is None:
        return _computed(columns["balance"], columns["rate_ppm"], months, columns["repays"])
    out, missing = stated.copy(), np.flatnonzero(stated == 0)
    every = (columns["balance"], columns["rate_ppm"], months, columns["repays"])
    out[missing] = _computed(*(column[missing] for column in every))
    return out


def _computed(balance: Ints, rate_ppm: Ints, months: Ints, repays: Ints) -> Ints:
    level = level_payments(balance, rate_ppm, months)
    parts = repays == Repays.LEVEL_PRINCIPAL
    return np.where(parts, (2 * balance + months) // (2 * months), level) if parts.any() else level


# ------------------------------------------------------------------ checks

Finding = dict[str, object]
_WHOLE = ("it is not a whole number", "不是整数")
_LIMITS: dict[str, tuple[int, int]] = {
    "balance": (0, MAX_BALANCE),
    "rate_ppm": (0, MAX_RATE),
    "term": (1, MAX_TERM),
    "age": (0, MAX_AGE),
    "payment": (0, MAX_BALANCE),
    "repays": (0, 1),
    "amortizing": (1, 12 * MAX_TERM),
    "interest_only": (0, MAX_TERM),
    "group": (0, 1 << 24),
}
_FLOATING_LIMITS: dict[str, tuple[int, int]] = {
    "spread": (-MAX_RATE, MAX_RATE),
    "every": (1, MAX_TERM),
    "next_reset": (0, MAX_TERM),
    "floor": (0, MAX_RATE),
    "cap": (0, MAX_RATE),
}


def _check(columns: dict[str, Ints], floating: Floating | None) -> None:
    count = len(columns["balance"])
    found: list[Finding] = []
    total = 0
    every = [(name, columns[name], _LIMITS[name]) for name in columns]
    if floating is not None:
        every += [(name, getattr(floating, name), limit) for name, limit in _FLOATING_LIMITS.items()]
        every.append(("index", floating.index, (-1, len(floating.names) - 1)))
    for name, column, (low, high) in every:
        if len(column) != count:
            why = (f"the column has {len(column)} entries, not {count}", f"该列有 {len(column)} 项，应为 {count} 项")
            raise refusal([finding(0, name, "", *why)], 1)
        if count and (column.min() < low or column.max() > high):
            bad = np.flatnonzero((column < low) | (column > high))
            total += len(bad)
            why = (f"it lies outside {low} to {high}", f"超出 {low} 至 {high} 的范围")
            found += [finding(int(row), name, str(column[row]), *why) for row in bad[:100]]
    if total:
        raise refusal(found, total)
    if float(columns["balance"].sum(dtype=np.float64)) >= MAX_BALANCE:
        why = ("all balances together exceed 2^53 minor units", "余额合计超过 2^53 个最小货币单位")
        raise refusal([finding(0, "balance", str(sum(columns["balance"].tolist())), *why)], 1)


def finding(row: int, field: str, value: str, why: str, why_zh: str, loan: str = "") -> Finding:
    """One refused value; rows count from 1."""
    return {"row": row + 1, "loan": loan or str(row + 1), "field": field, "value": value, "why": why, "why_zh": why_zh}


def refusal(found: list[Finding], count: int) -> BadPool:
    """The refusal of all of them."""
    return BadPool(count=count, findings=found[:100], **found[0])
