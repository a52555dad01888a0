"""Text to values: exact to the last digit against Decimal, strict about everything else."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.domain.loan import FIELD, days
from chainfusion.tape.mapping import FieldRule, Translation
from chainfusion.tape.values import parse_date, quick, reading

_DECIMAL = st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=6).map(lambda d: f"{d:f}")


def _read(field: str, texts: list[str | None], currency: str = "CNY", **how: object) -> list[object]:
    rule = FieldRule(columns=("t",), **how)  # type: ignore[arg-type]
    frame = pl.DataFrame({"t": texts}, schema={"t": pl.String})
    return frame.select(reading(FIELD[field], rule, pl.col("t"), currency).value).to_series().to_list()


def _why(field: str, text: str, **how: object) -> str:
    rule = FieldRule(columns=("t",), **how)  # type: ignore[arg-type]
    frame = pl.DataFrame({"t": [text]})
    read = reading(FIELD[field], rule, pl.col("t"), "CNY")
    assert frame.select(read.value).item() is None
    return next(code for code, mask in read.whys if frame.select(mask).to_series()[0])


@given(st.lists(_DECIMAL, min_size=1, max_size=30))
def test_rounded_money_is_decimals_half_even(texts: list[str]) -> None:
    exact = [int(Decimal(t).scaleb(2).to_integral_value(ROUND_HALF_EVEN)) for t in texts]
    assert _read("current_balance", list(texts), unit="units", rounding="half-even") == exact


@given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=30))
def test_money_with_two_decimals_is_exact(amounts: list[int]) -> None:
    texts: list[str | None] = [f"{Decimal(a).scaleb(-2):f}" for a in amounts]
    assert _read("current_balance", texts, unit="units") == amounts


@given(st.integers(0, 10**9))
def test_grouped_money_is_read_as_plain_money(amount: int) -> None:
    text = f"{Decimal(amount).scaleb(-2):,.2f}"
    assert _read("current_balance", [text], unit="units", thousands=",") == [amount]


@pytest.mark.parametrize(
    ("text", "unit", "minor"),
    [
        ("1.5", "units", 150), (".5", "units", 50), ("5.", "units", 500), ("+5", "units", 500), ("-0", "units", 0),
        ("1.230000", "units", 123), ("150", "minor", 150), ("1.5", "thousands", 150_000),
        ("12.345678", "ten-thousands", 12_345_678), ("0.00000001", "millions", 1),
        ("92233720368547758.07", "units", 2**63 - 1),
    ],
)  # fmt: skip
def test_money_in_its_units(text: str, unit: str, minor: int) -> None:
    assert _read("current_balance", [text], unit=unit) == [minor]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("12a", "not_a_number"), ("", "not_a_number"), (".", "not_a_number"), ("1e5", "not_a_number"),
        ("1,000", "not_a_number"), ("NaN", "not_a_number"), ("１２", "not_a_number"), ("=1+1", "not_a_number"),
        ("1.005", "too_many_decimals"), ("92233720368547758.08", "out_of_range"), ("9" * 60, "out_of_range"),
        ("--5", "not_a_number"), ("0x10", "not_a_number"),
    ],
)  # fmt: skip
def test_what_is_no_money_is_refused_by_its_rule(text: str, why: str) -> None:
    assert _why("current_balance", text, unit="units") == why


@pytest.mark.parametrize("text", ["1,23", "12,34,567", ",123", "1,2345"])
def test_separators_that_part_no_thousands_are_refused(text: str) -> None:
    assert _why("current_balance", text, unit="units", thousands=",") == "not_a_number"


def test_decimal_commas_and_signs_around_a_number_are_read_as_declared() -> None:
    assert _read("current_balance", ["1.234,50"], unit="units", decimal=",", thousands=".") == [123450]
    assert _read("current_balance", ["¥ 12.50"], unit="units", strip=("¥",)) == [1250]
    assert _read("rate_ppm", ["4.35%"], unit="percent", strip=("%",)) == [43_500]


def test_currencies_have_their_own_minor_digits() -> None:
    assert _read("current_balance", ["12"], "JPY", unit="units") == [12]
    assert _read("current_balance", ["1.234"], "KWD", unit="units") == [1234]


@pytest.mark.parametrize(
    ("text", "unit", "ppm"),
    [("0.0664", "fraction", 66_400), ("6.64", "percent", 66_400), ("664", "basis-points", 66_400)],
)
def test_rates_in_their_units(text: str, unit: str, ppm: int) -> None:
    assert _read("rate_ppm", [text], unit=unit) == [ppm]


def test_whole_numbers_may_be_written_with_zero_decimals_and_nothing_else() -> None:
    assert _read("original_term", ["36", "36.0", "36."], unit="months") == [36, 36, 36]
    assert _read("original_term", ["3"], unit="years") == [36]
    assert _why("original_term", "36.5", unit="months") == "not_whole"


@given(st.text(max_size=12))
def test_the_quick_way_reads_what_the_full_way_reads_or_nothing(text: str) -> None:
    rule = FieldRule(columns=("t",), unit="months")
    frame = pl.DataFrame({"t": [text]})
    fast = frame.select(quick(FIELD["original_term"], rule, pl.col("t"), "CNY")).item()
    full = frame.select(reading(FIELD["original_term"], rule, pl.col("t"), "CNY").value).item()
    assert fast is None or fast == full


# ------------------------------------------------------------------ dates


@given(
    st.dates(date(1900, 1, 1), date(2199, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%Y年%m月%d日"]),
)
def test_a_date_in_its_form_is_that_day(day: date, form: str) -> None:
    frame = pl.DataFrame({"t": [day.strftime(form)]})
    assert frame.select(parse_date(pl.col("t"), form, "first")).item() == days(day)


@pytest.mark.parametrize(
    ("text", "form", "day", "expected"),
    [
        ("02/2019", "%m/%Y", "first", date(2019, 2, 1)), ("02/2019", "%m/%Y", "last", date(2019, 2, 28)),
        ("Mar-2018", "%b-%Y", "first", date(2018, 3, 1)), ("2019年2月", "%Y年%m月", "last", date(2019, 2, 28)),
        ("2019-8-1", "%Y-%m-%d", "first", date(2019, 8, 1)),
        ("2019-08-01 00:00:00", "%Y-%m-%d %H:%M:%S", "first", date(2019, 8, 1)),
    ],
)  # fmt: skip
def test_forms_without_a_day_mean_the_day_that_is_stated(text: str, form: str, day: str, expected: date) -> None:
    assert pl.DataFrame({"t": [text]}).select(parse_date(pl.col("t"), form, day)).item() == days(expected)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2019-02-30", "%Y-%m-%d"), ("19-02-01", "%Y-%m-%d"), (" 2019-02-01", "%Y-%m-%d"), ("2019-02-01x", "%Y-%m-%d"),
        ("+2019-02-01", "%Y-%m-%d"), ("2019021", "%Y%m%d"), ("1899-12-31", "%Y-%m-%d"), ("2200-01-01", "%Y-%m-%d"),
        ("13/2019", "%m/%Y"), ("02-2019", "%m/%Y"),
    ],
)  # fmt: skip
def test_what_is_no_date_in_the_form_is_refused(text: str, form: str) -> None:
    assert _why("maturity_date", text, dates=(form,)) == "not_a_date"


def test_a_day_that_two_forms_read_differently_is_refused_and_one_that_they_agree_on_is_not() -> None:
    forms = ("%m/%d/%Y", "%d/%m/%Y")
    assert _why("maturity_date", "03/04/2026", dates=forms) == "ambiguous_date"
    assert _read("maturity_date", ["03/03/2026", "25/04/2026"], dates=forms) == [
        days(date(2026, 3, 3)),
        days(date(2026, 4, 25)),
    ]


# ------------------------------------------------------------------ codes and texts


def test_codes_are_translated_and_an_unknown_one_is_refused() -> None:
    values = (Translation("正常", "CURRENT"),)
    assert _read("status", ["正常", "PAID_OFF", None], values=values) == ["CURRENT", "PAID_OFF", None]
    assert _why("status", "??", values=values) == "unknown_code"
    assert _read("status", ["??", None], values=values, otherwise="OTHER") == ["OTHER", None]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("=HYPERLINK(1)", "formula_text"), ("@x", "formula_text"), ("+x", "formula_text"), ("-x", "formula_text"),
        ("a\tb", "control_character"), ("a\x85b", "control_character"), ("a\ufffdb", "damaged_text"),
        ("甲" * 86, "text_too_long"),
    ],
)  # fmt: skip
def test_texts_that_do_harm_are_refused(text: str, why: str) -> None:
    assert _why("loan_id", text) == why


def test_a_negative_number_is_a_name_and_no_formula() -> None:
    assert _read("loan_id", ["-5", "甲" * 85]) == ["-5", "甲" * 85]


def test_a_currency_has_three_capital_letters() -> None:
    assert _read("currency", ["CNY"]) == ["CNY"]
    assert _why("currency", "yuan") == "not_a_currency"
