"""Computed fields against the same thing said in plain Python."""

from __future__ import annotations

import calendar
from datetime import date
from fractions import Fraction

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.domain.loan import day, days
from chainfusion.tape.derive import add_months, derived, months_between, ratio_ppm
from chainfusion.tape.mapping import Band, FieldRule

_DAY = st.dates(date(1900, 1, 1), date(2199, 12, 31))
AS_OF = date(2026, 6, 30)


def _one(frame: dict[str, object], expression: pl.Expr) -> object:
    return pl.DataFrame(frame).select(expression).item()


@given(_DAY, _DAY)
def test_months_between_are_whole_months(first: date, second: date) -> None:
    months = (second.year - first.year) * 12 + second.month - first.month - (second.day < first.day)
    frame = pl.DataFrame({"a": [days(first)], "b": [days(second)]}, schema={"a": pl.Int32, "b": pl.Int32})
    assert frame.select(months_between(pl.col("a"), pl.col("b"))).item() == max(0, months)


@given(_DAY, st.integers(0, 1200))
def test_added_months_end_on_the_same_day_or_the_months_last(start: date, months: int) -> None:
    total = start.year * 12 + start.month - 1 + months
    year, month = divmod(total, 12)
    expected = date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))
    frame = pl.DataFrame({"a": [days(start)], "n": [months]}, schema={"a": pl.Int32, "n": pl.Int64})
    assert day(frame.select(add_months(pl.col("a"), pl.col("n"))).item()) == expected


@given(st.integers(0, 2**62), st.integers(1, 2**62))
def test_ratios_are_exact_and_half_to_even(over: int, under: int) -> None:
    expected = round(Fraction(over * 1_000_000, under))
    found = _one({"a": [over], "b": [under]}, ratio_ppm(pl.col("a"), pl.col("b")))
    assert found == (expected if expected < 2**63 else None)


def test_ratios_at_the_half_go_to_even_and_to_nothing_by_nothing() -> None:
    frame = pl.DataFrame({"a": [1, 3, 5, 1, 1], "b": [2_000_000, 2_000_000, 2_000_000, 0, -1]})
    assert frame.select(ratio_ppm(pl.col("a"), pl.col("b"))).to_series().to_list() == [0, 2, 2, None, None]


def test_months_beyond_a_century_and_below_zero_make_no_date() -> None:
    frame = pl.DataFrame({"a": [0, 0], "n": [-1, 1201]}, schema={"a": pl.Int32, "n": pl.Int64})
    assert frame.select(add_months(pl.col("a"), pl.col("n"))).to_series().to_list() == [None, None]


def test_bands_give_the_code_of_the_last_one_that_is_reached() -> None:
    rule = FieldRule(
        derive="bands", of=("days_past_due",), bands=(Band(0, "CURRENT"), Band(1, "DELINQUENT"), Band(90, "DEFAULTED"))
    )
    frame = pl.DataFrame({"days_past_due": [-1, 0, 1, 89, 90, None]}, schema={"days_past_due": pl.Int64})
    found = frame.select(derived("status", rule, AS_OF, pl.Series([1])))
    assert found.to_series().to_list() == [None, "CURRENT", "DELINQUENT", "DELINQUENT", "DEFAULTED", None]


def test_row_numbers_are_the_files_lines() -> None:
    rule = FieldRule(derive="row_number")
    frame = pl.DataFrame({"x": [1, 2]})
    assert frame.select(derived("loan_id", rule, AS_OF, pl.Series([2, 5]))).to_series().to_list() == ["2", "5"]


def test_differences_and_days() -> None:
    frame = pl.DataFrame(
        {"original_term": [60, None], "seasoning": [3, 3], "origination_date": [days(date(2026, 6, 1))] * 2},
        schema={"original_term": pl.Int64, "seasoning": pl.Int64, "origination_date": pl.Int32},
    )
    rule = FieldRule(derive="difference", of=("original_term", "seasoning"))
    assert frame.select(derived("remaining_term", rule, AS_OF, pl.Series([1]))).to_series().to_list() == [57, None]
    rule = FieldRule(derive="days_between", of=("origination_date", "as_of"))
    assert frame.select(derived("days_past_due", rule, AS_OF, pl.Series([1]))).to_series().to_list() == [29, 29]
