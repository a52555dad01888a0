"""Curves, recoveries, roll rates, scenarios: what they mean, and what they refuse."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.cashflow.assumptions import default, prepayment, rates
from chainfusion.cashflow.assumptions.curve import By, Curve, vector
from chainfusion.cashflow.assumptions.delinquency import roll, roll_rates
from chainfusion.cashflow.assumptions.errors import BadAssumption
from chainfusion.cashflow.assumptions.numbers import ONE, from_grid, share, to_grid
from chainfusion.cashflow.assumptions.recovery import Recovery, recoveries, recovery
from chainfusion.cashflow.assumptions.scenario import Assumption, additive, grid, scenario


@pytest.mark.parametrize("value", ["-0.01", "1.01", "nan", "inf", "six", float("nan"), float("inf"), -1, None])
def test_no_share_of_one_is_refused(value: object) -> None:
    with pytest.raises(BadAssumption):
        prepayment.cpr(value)
    with pytest.raises(BadAssumption):
        recovery(value)


def test_a_float_is_the_decimal_it_is_printed_as() -> None:
    assert share(0.06, "x") == Fraction(6, 100)
    assert prepayment.cpr(0.06) == prepayment.cpr("0.06") == prepayment.cpr(Decimal("0.06"))


@given(st.fractions(0, 1))
def test_the_grid_is_half_up_and_off_by_at_most_half_a_unit(value: Fraction) -> None:
    assert abs(from_grid(to_grid(value)) - value) <= Fraction(1, 2 * ONE)
    assert to_grid(Fraction(1, 2 * ONE)) == 1


@given(st.integers(0, 9999).map(lambda n: Fraction(n, 10_000)))
def test_monthly_and_annual_are_each_others_inverse(rate: Fraction) -> None:
    assert abs(rates.annual(rates.monthly(rate)) - rates.decimal(rate)) < Decimal("1e-35")


def test_standard_curves_reach_their_marks() -> None:
    assert rates.psa_cpr(100, 30) == rates.psa_cpr(100, 300) == Fraction(6, 100)
    assert rates.psa_cpr(200, 15) == Fraction(6, 100)
    assert [rates.sda_cdr(100, m) for m in (1, 30, 60, 61, 120, 400)] == [
        Fraction(n, 1_000_000) for n in (200, 6000, 6000, 5905, 300, 300)
    ]
    assert rates.abs_smm("0.02", 50) == 1
    assert prepayment.psa(5000).at(30) == ONE


def test_a_curve_holds_its_last_rate_and_scales_to_at_most_one() -> None:
    curve = vector(["0", "0.25", "0.5"], By.PERIOD)
    assert [curve.exact(m) for m in (1, 2, 3, 99)] == [0, Fraction(1, 4), Fraction(1, 2), Fraction(1, 2)]
    assert curve.times(3).rates == (0, 3 * ONE // 4, ONE)
    assert curve.delayed(2).rates == (0, 0, 0, ONE // 4, ONE // 2)
    with pytest.raises(BadAssumption, match="negative"):
        curve.times(-1)


@pytest.mark.parametrize("rates_", [(), (-1,), (ONE + 1,)])
def test_a_curve_of_nothing_or_beyond_one_is_refused(rates_: tuple[int, ...]) -> None:
    with pytest.raises(BadAssumption):
        Curve(rates_)


def test_a_ramp_goes_straight_from_start_to_end() -> None:
    curve = prepayment.ramp(0, "0.06", 31)
    assert curve.at(1) == 0
    assert curve.at(31) == curve.at(400) == prepayment.cpr("0.06").at(1)
    assert curve.at(16) == prepayment.cpr("0.03").at(1)


# ------------------------------------------------------------------ static losses


def test_static_defaults_come_when_they_are_due() -> None:
    """On a pool that shrinks, defaults by these rates are the stated parts of the original balance."""
    balances = [Fraction(1000 - 50 * k) for k in range(12)]
    curve = default.static("0.12", default.timing([3, 2, 1, 0, 1, 1]), balances)
    left, defaults = Fraction(1), []
    for month, balance in enumerate(balances, 1):
        rate = curve.exact(month)
        defaults.append(balance * left * rate)
        left *= 1 - rate
    wanted = [120 * Fraction(w, 8) for w in (3, 2, 1, 0, 1, 1)] + [Fraction(0)] * 6
    assert all(abs(a - b) < Fraction(1, 10_000) for a, b in zip(defaults, wanted, strict=True))


def test_static_losses_are_defaults_less_recoveries() -> None:
    when = default.by_year(["0.6", "0.4"])
    assert len(when) == 24
    assert sum(when[:12]) == Fraction(6, 10)
    balances = [Fraction(1)] * 24
    assert default.static_losses("0.03", when, "0.4", balances) == default.static("0.05", when, balances)


def test_more_due_than_is_left_takes_all() -> None:
    assert default.static("1", default.timing([1, 1]), [100, 10]).exact(2) == 1


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_a_timing_of_nothing_is_refused(weights: list[int]) -> None:
    with pytest.raises(BadAssumption):
        default.timing(weights)


# ------------------------------------------------------------------ recoveries, roll rates


def test_recoveries_in_parts_add_up_to_the_rate() -> None:
    parts = recoveries("0.1", [(3, "0.3"), (6, "0.3"), (12, "0.4")])
    assert parts.rate == from_grid(to_grid(Fraction(1, 10)))
    assert (parts.tail, [lag for lag, _ in parts.parts]) == (12, [3, 6, 12])
    with pytest.raises(BadAssumption, match="add up"):
        recoveries("0.1", [(3, "0.3"), (6, "0.3")])


@pytest.mark.parametrize("parts", [(), ((2, 1), (1, 1)), ((-1, 1),), ((0, -1),), ((0, ONE), (1, 1)), ((241, 1),)])
def test_recoveries_that_mean_nothing_are_refused(parts: tuple) -> None:
    with pytest.raises(BadAssumption):
        Recovery(parts)


def test_roll_rates_give_defaults_and_delinquent_shares() -> None:
    matrix = roll_rates(
        ("current", "30", "60", "default"),
        [["0.98", "0.02", "0", "0"], ["0.5", "0.3", "0.2", "0"], ["0.2", "0", "0.3", "0.5"], ["0", "0", "0", "1"]],
    )
    rolled = roll(matrix, [1, 0, 0], 120)
    assert rolled.default.rates[:2] == (0, 0)
    assert rolled.default.at(3) == to_grid(Fraction(2, 100) * Fraction(2, 10) * Fraction(1, 2))
    assert all(sum(shares) == 1 for shares in rolled.shares)
    steady = rolled.shares[-1]
    assert rolled.default.at(120) == to_grid(rolled.shares[-2][2] / 2)
    assert steady[0] > steady[1] > steady[2] > 0


def test_all_in_default_at_once_ends_the_roll() -> None:
    matrix = roll_rates(("current", "default"), [[0, 1], [0, 1]])
    assert roll(matrix, [1]).default == Curve((ONE,), By.PERIOD)


@pytest.mark.parametrize(
    ("states", "rows", "start"),
    [
        (("a", "d"), [["0.5", "0.4"], [0, 1]], [1]),
        (("a", "d"), [["0.5", "0.5"], ["0.1", "0.9"]], [1]),
        (("d",), [[1]], []),
        (("a", "d"), [["0.5", "0.5"], [0, 1]], ["0.5"]),
        (("a", "d"), [["0.5", "0.5"], [0, 1]], [1, 0]),
    ],
)
def test_matrices_that_lose_balance_are_refused(states: tuple, rows: list, start: list) -> None:
    with pytest.raises(BadAssumption):
        roll(roll_rates(states, rows), start)


# ------------------------------------------------------------------ scenarios


def test_a_grid_holds_every_combination_in_order() -> None:
    scenarios = grid(
        {"0": prepayment.NONE, "6": prepayment.cpr("0.06")},
        {"1": default.cdr("0.01"), "2": default.cdr("0.02")},
        {"r": recovery("0.5", 6)},
    )
    assert [s.name for s in scenarios] == ["0 / 1 / r", "0 / 2 / r", "6 / 1 / r", "6 / 2 / r"]
    assert scenarios[3].of(7).default == default.cdr("0.02")


def test_a_scenario_says_something_of_each_group() -> None:
    two = scenario("two", [Assumption(), Assumption(default=default.cdr("0.1"))])
    assert two.of(1).default == default.cdr("0.1")
    with pytest.raises(BadAssumption, match="group 2"):
        two.of(2)
    with pytest.raises(BadAssumption):
        scenario("none", [])
    with pytest.raises(BadAssumption):
        scenario("no path", Assumption(), {"LPR": []})
    assert two.stressed("x2", default=2).of(1).default == default.cdr("0.1").times(2)


def test_prepayment_counted_as_the_standard_formulas_do() -> None:
    """1% of 100 before defaults of 1% is 1/0.99 per cent of the 99 that are left."""
    counted = additive(Assumption(prepayment.smm("0.01"), default.mdr("0.01")))
    assert abs(counted.prepayment.exact(7) * 99 - 1) < Fraction(1, 10**6)
    assert additive(Assumption(prepayment.smm("0.01"), default.mdr(1))).prepayment.at(1) == ONE
    with pytest.raises(BadAssumption, match="by age"):
        additive(Assumption(prepayment.psa(100), default.mdr_vector(["0.1", "0.2"], By.PERIOD)))
