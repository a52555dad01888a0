"""A pool from a validated loan tape or from loan records.

Columns are those of `domain.loan`; a frame may carry three more: `interest_only_months` and `amortization_months`,
which tapes state in ways of their own, and `group` (whole numbers from 0), which chooses the assumptions. What the
tape does not state is derived in this order:

    months left     remaining_term; whole months from cut-off to maturity, a part of one counting as one;
                    original_term less seasoning
    age             seasoning; months from origination to cut-off; original_term less months left; 0
    repayment       level payment where nothing is stated

A loan without balance is kept, and pays nothing. All values that make no sense are refused at once, each with its row
and loan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum

import numpy as np
import polars as pl
from numpy.typing import NDArray

from chainfusion.cashflow.pool.columns import (
    MAX_AGE,
    MAX_BALANCE,
    MAX_RATE,
    MAX_TERM,
    Finding,
    Floating,
    Pool,
    Repays,
    finding,
    pool,
    refusal,
)
from chainfusion.domain.loan import EPOCH, FIELD, Kind, Loan

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

INTEREST_ONLY_MONTHS, AMORTIZATION_MONTHS, GROUP = "interest_only_months", "amortization_months", "group"
_EXTRA = (INTEREST_ONLY_MONTHS, AMORTIZATION_MONTHS, GROUP)


class Payments(StrEnum):
    """Where level payments come from."""

    COMPUTED = "computed"
    """From balance, rate and months, so that the loan is repaid at its maturity."""
    STATED = "stated"
    """From the tape where it states one; what it does not repay falls due at maturity."""


def pool_of(
    loans: pl.DataFrame | Sequence[Loan],
    cut_off: date,
    *,
    payments: Payments = Payments.COMPUTED,
    floating: Floating | None = None,
) -> Pool:
    """The pool of a tape at its cut-off date. Raises: BadPool with every value that makes no sense."""
    frame = loans if isinstance(loans, pl.DataFrame) else _frame(loans)
    sheet = _Sheet(frame)
    currency = sheet.currency()
    balance = sheet.needed("current_balance", 0, MAX_BALANCE)
    rate = sheet.needed("rate_ppm", 0, MAX_RATE)
    owed = balance > 0
    term = sheet.term(cut_off, owed)
    age = sheet.age(cut_off, term)
    repayment = sheet.texts("repayment", "LEVEL_PAYMENT")
    amortizing, interest_only = sheet.amortization(repayment, term, owed)
    sheet.refuse()
    stated = sheet.number("payment_amount") if payments is Payments.STATED else None
    sheet.refuse()
    return pool(
        currency,
        balance,
        rate,
        term,
        age,
        payment=None if stated is None else np.where(stated.present, np.maximum(stated.values, 0), 0),
        repays=np.where(repayment == "LEVEL_PRINCIPAL", Repays.LEVEL_PRINCIPAL, Repays.LEVEL_PAYMENT).astype(np.int64),
        amortizing=amortizing,
        interest_only=interest_only,
        group=sheet.number(GROUP).values,
        floating=floating,
    )


def _frame(loans: Sequence[Loan]) -> pl.DataFrame:
    names = [f.name for f in fields(Loan)]
    kinds = {n: pl.Utf8 if FIELD[n].kind in (Kind.TEXT, Kind.CODE) else pl.Int64 for n in names}
    return pl.DataFrame({n: [getattr(loan, n) for loan in loans] for n in names}, schema=kinds)


@dataclass(frozen=True, slots=True, eq=False)
class _Numbers:
    values: Ints
    """0 where absent."""
    present: Mask


@dataclass(slots=True, eq=False)
class _Sheet:
    """The frame, and what is wrong with it so far."""

    frame: pl.DataFrame
    found: list[Finding] = field(default_factory=list)

    def texts(self, name: str, absent: str) -> NDArray[np.object_]:
        if name not in self.frame.columns:
            return np.full(self.frame.height, absent, object)
        return self.frame[name].cast(pl.Utf8).fill_null(absent).to_numpy().astype(object)

    def number(self, name: str) -> _Numbers:
        """A column of whole numbers; what is no whole number is found."""
        height = self.frame.height
        if name not in self.frame.columns:
            return _Numbers(np.zeros(height, np.int64), np.zeros(height, np.bool_))
        column = self.frame[name]
        if column.dtype == pl.Date:
            column = column.to_physical()
        whole = column.cast(pl.Int64, strict=False)
        if column.dtype.is_float():
            whole = pl.select(pl.when(column == whole.cast(pl.Float64)).then(whole)).to_series()
        present = whole.is_not_null().to_numpy()
        self._wrong(name, column.is_not_null().to_numpy() & ~present, "it is not a whole number", "不是整数")
        return _Numbers(whole.fill_null(0).to_numpy(), present)

    def needed(self, name: str, low: int, high: int) -> Ints:
        """A column that every loan must state, within bounds."""
        numbers = self.number(name)
        if name not in self.frame.columns or self.frame[name].null_count():
            self._wrong(name, ~numbers.present, "it is not stated", "未填写")
        return self._bounded(name, numbers.values, low, high, numbers.present)

    def _bounded(self, name: str, values: Ints, low: int, high: int, where: Mask) -> Ints:
        self._wrong(name, where & (values < low), *_BELOW.get(name, (f"it is below {low}", f"低于 {low}")))
        self._wrong(name, where & (values > high), f"it is above {high}", f"高于 {high}")
        return values

    def currency(self) -> str:
        texts = self.texts("currency", "")
        first = str(texts[0]) if len(texts) else ""
        why = f"the pool's first loan is in {first or 'no currency'}"
        self._wrong("currency", (texts != first) | (texts == ""), why, f"首笔贷款币种为 {first or '空'}")
        return first

    def term(self, cut_off: date, owed: Mask) -> Ints:
        stated, maturity = self.number("remaining_term"), self.number("maturity_date")
        left = self.number("original_term")
        gone = self.number("seasoning")
        ends = maturity.values - (cut_off - EPOCH).days
        self._wrong("maturity_date", owed & maturity.present & (ends <= 0), "it is not after the cut-off date",
                    "不晚于封包日")  # fmt: skip
        by_date = _months_between(np.datetime64(cut_off), maturity.values)
        derived = np.where(maturity.present, by_date, left.values - gone.values)
        known = stated.present | maturity.present | left.present
        term = np.where(stated.present, stated.values, derived)
        self._wrong("remaining_term", owed & ~known, "no column tells when the loan ends", "无任何字段说明到期时间")
        checked = owed & known & ~(maturity.present & (ends <= 0))
        self._wrong("remaining_term", checked & (term < 1), "no month is left", "已无剩余期限", term)
        self._wrong("remaining_term", checked & (term > MAX_TERM), f"it is above {MAX_TERM} months",
                    f"超过 {MAX_TERM} 个月", term)  # fmt: skip
        return np.where(owed, np.clip(term, 1, MAX_TERM), 1)

    def age(self, cut_off: date, term: Ints) -> Ints:
        stated, origin = self.number("seasoning"), self.number("origination_date")
        original = self.number("original_term")
        since = -_months_between(np.datetime64(cut_off), origin.values)
        derived = np.where(origin.present, since, np.where(original.present, original.values - term, 0))
        self._wrong("seasoning", stated.present & (stated.values < 0), "it is negative", "为负数")
        return np.clip(np.where(stated.present, stated.values, derived), 0, MAX_AGE)

    def amortization(self, repayment: NDArray[np.object_], term: Ints, owed: Mask) -> tuple[Ints, Ints]:
        """Months over which the payment repays the loan, and months without principal."""
        amortizing, free = self.number(AMORTIZATION_MONTHS), self.number(INTEREST_ONLY_MONTHS)
        self._bounded(AMORTIZATION_MONTHS, amortizing.values, 1, 12 * MAX_TERM, amortizing.present)
        self._bounded(INTEREST_ONLY_MONTHS, free.values, 0, MAX_TERM, free.present)
        missing = {"BALLOON": ~amortizing.present, "PARTIAL_INTEREST_ONLY": ~free.present, "OTHER": ~free.present}
        for kind, absent in missing.items():
            needs = AMORTIZATION_MONTHS if kind == "BALLOON" else INTEREST_ONLY_MONTHS
            why = f"the tape does not say how it repays; add {needs}"
            self._wrong("repayment", owed & (repayment == kind) & absent, why, f"未说明还款安排，请补充 {needs}")
        whole = (repayment == "INTEREST_ONLY") | (repayment == "BULLET")
        return np.where(amortizing.present, amortizing.values, term), np.where(whole, term, free.values)

    def _wrong(self, name: str, where: Mask, why: str, why_zh: str, values: Ints | None = None) -> None:
        for row in np.flatnonzero(where).tolist():
            shown = self.frame[name][row] if name in self.frame.columns else None
            value = str(shown if values is None else values[row])
            loan = str(self.frame["loan_id"][row]) if "loan_id" in self.frame.columns else ""
            self.found.append(finding(row, name, value, why, why_zh, loan))

    def refuse(self) -> None:
        """Raises: BadPool, where anything was found."""
        if self.found:
            raise refusal(sorted(self.found, key=lambda one: str(one["row"]).zfill(12)), len(self.found))


_BELOW = {"rate_ppm": ("it is negative", "为负数"), "current_balance": ("it is negative", "为负数")}


def _months_between(start: np.datetime64, days: Ints) -> Ints:
    """Months from `start` to a date (days since 1970-01-01), rounded up; so months since an earlier date round down."""
    dates = days.astype("datetime64[D]")
    months: Ints = (dates.astype("datetime64[M]") - start.astype("datetime64[M]")).astype(np.int64)
    day_of = (dates - dates.astype("datetime64[M]")).astype(np.int64)
    start_day = int((start.astype("datetime64[D]") - start.astype("datetime64[M]")).astype(np.int64))
    later: Ints = months + (day_of > start_day)
    return later
