"""Prices and yields: published figures, what must hold of any cash, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chainfusion.cashflow.analytics.basis import BOND, CHINA, MORTGAGE, Basis, Compounding
from chainfusion.cashflow.analytics.cash import Cash, cash
from chainfusion.cashflow.analytics.errors import BadAnalysis, BadCash, NoSolution
from chainfusion.cashflow.analytics.value import accrued, at_price, at_yield, average_life, present_value, yield_of
from chainfusion.cashflow.assumptions.errors import BadAssumption
from chainfusion.domain.calendar import DayCount, add_months
from chainfusion.domain.errors import ChainFusionError

START = date(2024, 1, 1)
BASES = [Basis(c, d) for c in Compounding for d in (DayCount.ACT_365F, DayCount.THIRTY_360)]


def pass_through() -> Cash:
    """The Standard Formulas' example SF-50: GNMA I 9.0%, gross 9.5%, 360 months, 150 PSA, 14 days' delay, at par."""
    face, balance, rate = 10**14, 1e14, 0.095 / 12
    principal, interest = [], []
    for month in range(1, 361):
        smm = 1 - (1 - 0.003 * min(month, 30)) ** (1 / 12)
        scheduled = balance * rate / (1 - (1 + rate) ** -(361 - month)) - balance * rate
        prepaid = (balance - scheduled) * smm
        interest.append(round(balance * 0.09 / 12))
        principal.append(round(scheduled + prepaid))
        balance -= scheduled + prepaid
    principal[-1] += face - sum(principal)
    ends = [add_months(START, n) for n in range(1, 361)]
    paid = [day + timedelta(days=14) for day in ends]
    return cash(paid, principal, interest, START, accrued_to=ends, day_count=DayCount.THIRTY_360)


def test_what_accretes_is_no_principal_so_that_an_accrual_class_lives_as_page_56_says_of_z_bonds() -> None:
    """SF-56: 10 accrete in the first of three periods and 110 are repaid in the last. By the convention of Z-bonds the
    life is 3.0; that of graduated payments counts the accretion as -10 of principal, for 3.2, and is not taken here."""
    ends = [date(2025 + n, 1, 1) for n in range(3)]
    with pytest.raises(BadCash):
        cash(ends, [-10, 0, 110], [0, 0, 0], START)
    repaid = cash(ends, [0, 0, 110], [0, 0, 0], START)
    assert average_life(repaid, START, DayCount.THIRTY_360) == 3


def test_the_standard_formulas_example_to_every_published_digit() -> None:
    flows = pass_through()
    parts = [round(amount / 10**12, 4) for amount in (*flows.amounts[:3], flows.amounts[-1])]
    assert parts == [0.8242, 0.8491, 0.8738, 0.0562]
    found = at_price(flows, START, 100, BOND)
    assert round(found.rate * 100, 5) == 9.10675
    assert round(found.macaulay, 5) == 5.73147
    assert round(found.modified, 5) == 5.48186
    assert round(found.convexity, 4) == 54.4326
    assert found.average_life is not None
    assert round(found.average_life, 5) == 9.77844
    assert round(yield_of(flows, START, 10**14, MORTGAGE) * 100, 5) == 8.93863


def bond(rate: str, years: int, per_year: int = 2, face: int = 10**8) -> Cash:
    dates = [add_months(START, 12 // per_year * n) for n in range(1, years * per_year + 1)]
    coupon = int(Fraction(rate) * face / per_year)
    count = len(dates)
    return cash(dates, [0] * (count - 1) + [face], [coupon] * count, START, day_count=DayCount.THIRTY_360)


@pytest.mark.parametrize(
    ("rate", "years", "at", "price"),
    [("0.10", 20, "0.11", "91.977"), ("0", 15, "0.094", "25.2"), ("0.06", 25, "0.09", "70.357")],
)
def test_prices_of_textbook_bonds(rate: str, years: int, at: str, price: str) -> None:
    """Semiannual bonds at a bond-equivalent yield, as every textbook of fixed income prices them."""
    clean = at_yield(bond(rate, years), START, at, BOND).per_hundred
    assert clean is not None
    places = Decimal(1).scaleb(Decimal(price).as_tuple().exponent)  # type: ignore[arg-type]
    assert clean.quantize(places) == Decimal(price)


@pytest.mark.parametrize(
    ("rate", "years", "macaulay", "modified"),
    [("0.09", 5, 4.13, 3.96), ("0.09", 25, 10.33, 9.88), ("0.06", 5, 4.35, 4.16), ("0.06", 25, 11.10, 10.62)],
)
def test_durations_of_textbook_bonds(rate: str, years: int, macaulay: float, modified: float) -> None:
    """At a yield of 9%: published to two digits."""
    found = at_yield(bond(rate, years), START, "0.09", BOND)
    assert (round(found.macaulay, 2), round(found.modified, 2)) == (macaulay, modified)


def test_a_bond_at_its_coupon_is_at_par_to_the_cent() -> None:
    assert present_value(bond("0.08", 10), START, "0.08", BOND) == 10**8
    assert yield_of(bond("0.08", 10), START, 10**8, BOND) == pytest.approx(0.08, abs=1e-14)


def test_prices_are_whole_cents_of_what_decimal_gives() -> None:
    """One payment in a year and a half at a yield of a third: 1,000,000 / (4/3)^1.5, half up."""
    one = cash([date(2025, 7, 1)], [1_000_000], [0], START, day_count=DayCount.THIRTY_360)
    exact = Decimal(1_000_000) / (Decimal(4) / Decimal(3)) ** Decimal("1.5")
    basis = Basis(Compounding.YEARLY, DayCount.THIRTY_360)
    assert present_value(one, START, Fraction(1, 3), basis) == round(exact) == 649_519


def test_accrued_interest_is_counted_by_the_day_and_ends_with_the_period() -> None:
    two = cash([date(2024, 7, 1), date(2025, 1, 1)], [0, 10**8], [3_000_001, 3_000_000], START)
    assert accrued(two, START) == 0
    assert accrued(two, date(2024, 4, 1)) == 1_500_001  # 91 of 182 days, half up
    assert accrued(two, date(2024, 7, 1)) == 0
    assert accrued(two, date(2025, 1, 1)) == 0
    found = at_yield(two, date(2024, 4, 1), "0.06")
    assert found.clean == found.dirty - 1_500_001


def test_average_life_by_both_ways_of_counting() -> None:
    found = cash([date(2024, 2, 29), date(2025, 1, 31)], [100, 300], [0, 0], START)
    assert average_life(found, START) == Fraction(100 * 59 + 300 * 396, 365 * 400)
    assert average_life(found, START, DayCount.THIRTY_360) == Fraction(100 * 58 + 300 * 390, 360 * 400)
    assert average_life(found, date(2024, 3, 1)) == Fraction(336, 365)


AMOUNTS = st.lists(
    st.tuples(st.integers(0, 10**9), st.integers(0, 10**7), st.integers(1, 400)), min_size=1, max_size=30
)


def any_cash(rows: list[tuple[int, int, int]]) -> Cash:
    dates, day = [], START
    for _, _, days in rows:
        day += timedelta(days=days)
        dates.append(day)
    return cash(dates, [p for p, _, _ in rows], [i for _, i, _ in rows], START)


@given(AMOUNTS, st.floats(-0.02, 0.4), st.sampled_from(BASES))
def test_price_and_yield_are_each_other_s_inverse(rows: list[tuple[int, int, int]], y: float, basis: Basis) -> None:
    flows = any_cash(rows)
    assume(sum(flows.amounts) > 10**6)
    dirty = present_value(flows, START, y, basis)
    back = yield_of(flows, START, dirty, basis)
    slope = at_yield(flows, START, y, basis).modified * dirty
    assert abs(back - y) <= 1e-12 + 0.51 / slope  # half a minor unit of the price, as a difference of yield
    assert present_value(flows, START, back, basis) == dirty


@given(AMOUNTS, st.floats(-0.02, 0.4), st.floats(0.001, 0.2), st.sampled_from(BASES))
def test_a_higher_yield_is_a_lower_price(rows: list[tuple[int, int, int]], y: float, more: float, basis: Basis) -> None:
    flows = any_cash(rows)
    assume(sum(flows.amounts) > 10**6)
    assert present_value(flows, START, y + more, basis) < present_value(flows, START, y, basis)


@given(AMOUNTS, st.floats(0.0, 0.3), st.sampled_from(BASES))
def test_durations_and_convexity_are_the_price_s_derivatives(
    rows: list[tuple[int, int, int]], y: float, basis: Basis
) -> None:
    flows = any_cash([(p * 10**18, i, d) for p, i, d in rows])
    assume(sum(flows.principal) > 0)
    h = 1e-4
    low, here, high = (present_value(flows, START, y + k * h, basis) for k in (-1, 0, 1))
    found = at_yield(flows, START, y, basis)
    size = 1 + found.macaulay**2
    assert found.modified == pytest.approx((low - high) / (2 * h * here), rel=1e-4, abs=1e-6 * size)
    assert found.convexity == pytest.approx((low - 2 * here + high) / (h * h * here), rel=1e-3, abs=1e-4 * size)


@given(AMOUNTS)
def test_accrued_interest_never_exceeds_the_payment(rows: list[tuple[int, int, int]]) -> None:
    flows = any_cash(rows)
    for day in (START, START + timedelta(days=1), flows.dates[-1] - timedelta(days=1)):
        assert 0 <= accrued(flows, day) <= max(flows.interest)


def test_yields_far_below_and_above_are_found() -> None:
    one = cash([date(2025, 1, 1)], [100], [0], START, day_count=DayCount.THIRTY_360)
    basis = Basis(Compounding.YEARLY, DayCount.THIRTY_360)
    assert yield_of(one, START, 1_000_000, basis) == pytest.approx(-0.9999, abs=1e-12)
    assert yield_of(one, START, 1, basis) == pytest.approx(99.0, abs=1e-9)


@pytest.mark.parametrize("rate", ["nan", "inf", "-1", "-2", "1e9", "word", None])
@pytest.mark.parametrize("basis", [BOND, CHINA, MORTGAGE])
def test_yields_that_mean_nothing_are_refused(rate: str, basis: Basis) -> None:
    if basis is not CHINA and rate in ("-1", "-2"):
        rate = "-13"
    with pytest.raises((BadAnalysis, BadAssumption)):
        present_value(bond("0.05", 3), START, rate, basis)


def test_prices_that_no_yield_gives_are_refused() -> None:
    flows = bond("0.05", 3)
    for price in (0, -1, 1.5, True):
        with pytest.raises(BadAnalysis) as refused:
            yield_of(flows, START, price)  # type: ignore[arg-type]
        assert refused.value.facts["where"] == "price"
    with pytest.raises(NoSolution):
        yield_of(flows, START, 10**40)
    with pytest.raises(BadAnalysis, match="pays nothing after"):
        yield_of(flows, date(2030, 1, 1), 100)
    with pytest.raises(BadAnalysis, match="repays nothing"):
        average_life(flows, date(2030, 1, 1))


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"dates": [date(2025, 1, 1), date(2025, 1, 1)]}, "date 2"),
        ({"dates": [date(2023, 1, 1), date(2025, 1, 1)]}, "date 1"),
        ({"dates": []}, "dates"),
        ({"dates": ["2024-07-01", date(2025, 1, 1)]}, "date 1"),
        ({"start": None}, "start"),
        ({"principal": [1]}, "columns"),
        ({"principal": [5, -5]}, "principal 2"),
        ({"interest": [0, 0.5]}, "interest 2"),
        ({"interest": [True, 0]}, "interest 1"),
        ({"principal": [5, float("nan")]}, "principal 2"),
        ({"face": 3}, "balance 1"),
        ({"accrued_to": [date(2023, 1, 1), date(2025, 1, 1)]}, "interest day 1"),
    ],
)
def test_cash_that_means_nothing_says_where(changed: dict[str, object], where: str) -> None:
    given = {"dates": [date(2024, 7, 1), date(2025, 1, 1)], "principal": [5, 5], "interest": [1, 1], "start": START}
    with pytest.raises(ChainFusionError) as refused:
        cash(**(given | changed))  # type: ignore[arg-type]
    assert isinstance(refused.value, BadCash)
    assert refused.value.facts["where"] == where


def test_a_valuation_is_a_frame_and_a_table() -> None:
    pandas = pytest.importorskip("pandas")
    found = at_yield(bond("0.08", 10), START, "0.08", BOND)
    assert found.frame()["clean_per_100"].to_list() == [100.0]
    assert found.frame()["compounding"].to_list() == ["semiannual"]
    assert isinstance(found.pandas(), pandas.DataFrame)
    assert "<table" in found._repr_html_()
