"""The rules across fields, as masks over whole columns; every row that breaks one is found, with its line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl

from chainfusion.domain.loan import FIELD, LOAN_FIELDS, Kind, days
from chainfusion.tape.report import Findings

MAX_TERM = 600
MAX_RATE, HIGH_RATE = 1_000_000, 360_000
MAX_LTV, HIGH_LTV = 10_000_000, 1_500_000
MAX_PAST_DUE = 3650
Label = Callable[[str], str]
"""A canonical field's name to the column that the file calls it by."""


def masks(as_of: date, currency: str) -> list[tuple[str, str, pl.Expr]]:
    """Rule code, the field it is told about, and the mask of rows that break it, over a frame of LOAN_FIELDS."""
    cut, c = days(as_of), pl.col
    return [
        *(("negative", f.name, c(f.name) < 0) for f in LOAN_FIELDS if f.kind is Kind.MONEY),
        *(("negative", name, c(name) < 0) for name in ("days_past_due", "credit_score")),
        ("original_zero", "original_balance", c("original_balance") == 0),
        ("balance_above_original", "current_balance", c("current_balance") > c("original_balance")),
        ("rate_range", "rate_ppm", ~c("rate_ppm").is_between(0, MAX_RATE)),
        ("high_rate", "rate_ppm", c("rate_ppm").is_between(HIGH_RATE + 1, MAX_RATE)),
        *(("term_range", name, ~c(name).is_between(0, MAX_TERM)) for name in _TERMS),
        ("remaining_above_original", "remaining_term", c("remaining_term") > c("original_term")),
        ("originated_after_as_of", "origination_date", c("origination_date") > cut),
        ("maturity_before_origination", "maturity_date", c("maturity_date") < c("origination_date")),
        ("first_payment_before_origination", "first_payment_date", c("first_payment_date") < c("origination_date")),
        ("matured_with_balance", "maturity_date", (c("maturity_date") < cut) & (c("current_balance") > 0)),
        ("ltv_range", "ltv_ppm", ~c("ltv_ppm").is_between(0, MAX_LTV)),
        ("high_ltv", "ltv_ppm", c("ltv_ppm").is_between(HIGH_LTV + 1, MAX_LTV)),
        ("zero_balance", "current_balance", c("current_balance") == 0),
        ("closed_with_balance", "status", (c("status") == "PAID_OFF") & (c("current_balance") > 0)),
        ("long_past_due", "days_past_due", c("days_past_due") > MAX_PAST_DUE),
        ("mixed_currency", "currency", c("currency") != currency),
    ]


_TERMS = ("original_term", "remaining_term", "seasoning")


def check(frame: pl.DataFrame, texts: pl.DataFrame, lines: pl.Series, label: Label, as_of: date, currency: str,
          found: Findings) -> None:  # fmt: skip
    """Puts every breach in `frame` (LOAN_FIELDS) into `found`; `texts` holds the fields' texts as the file has them."""
    rules = masks(as_of, currency)
    broken = frame.select(mask.any().alias(str(place)) for place, (_, _, mask) in enumerate(rules)).row(0)
    for (rule, field, mask), is_broken in zip(rules, broken, strict=True):
        if is_broken:
            rows = frame.select(mask.fill_null(False)).to_series().arg_true()
            found.add(rule, label(field), lines.gather(rows), shown(frame, texts, field).gather(rows))
    _duplicates(frame, lines, label, found)


def shown(frame: pl.DataFrame, texts: pl.DataFrame, field: str) -> pl.Series:
    """A field as a reader of the file knows it: its text, or the computed value."""
    if field in texts.columns:
        return texts[field]
    values = frame[field]
    return (values.cast(pl.Date) if FIELD[field].kind is Kind.DATE else values).cast(pl.String)


def _duplicates(frame: pl.DataFrame, lines: pl.Series, label: Label, found: Findings) -> None:
    loans = frame["loan_id"]
    hashes = np.sort(loans.drop_nulls().hash().to_numpy())
    if not (hashes[1:] == hashes[:-1]).any():  # hashes that differ prove that the texts do, at a tenth of the cost
        return
    table = pl.DataFrame({"loan": loans, "line": lines}).filter(pl.col("loan").is_not_null())
    first = pl.col("line").first().over("loan")
    again = table.with_columns(first.alias("first")).filter(pl.col("line") != pl.col("first"))
    if not again.height:
        return
    notes = pl.format(" (first in row {})", pl.col("first"))
    found.add("duplicate_loan", label("loan_id"), again["line"], again["loan"], again.select(notes).to_series())
