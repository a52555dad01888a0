"""A pool and a deal under scenarios: losses, enhancement, break-evens, grids, sizes, coupons."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from chainfusion.cashflow.analytics.cash import tranche_cash
from chainfusion.cashflow.analytics.deal import deal_of
from chainfusion.cashflow.analytics.enhancement import enhancement
from chainfusion.cashflow.analytics.errors import BadAnalysis, NoSolution
from chainfusion.cashflow.analytics.sensitivity import sensitivity
from chainfusion.cashflow.analytics.sizing import coupon_to_price, largest_size, resized, spread_to_price
from chainfusion.cashflow.analytics.stress import (
    Stress,
    break_even,
    break_even_cdr,
    break_even_cpr,
    break_even_multiple,
    stress_grid,
)
from chainfusion.cashflow.analytics.value import at_price, yield_of
from chainfusion.cashflow.assumptions import default, prepayment, recovery
from chainfusion.cashflow.assumptions.errors import BadAssumption
from chainfusion.cashflow.assumptions.scenario import Assumption, scenario
from chainfusion.domain.calendar import DayCount
from tests.cashflow.analytics.deals import BASE, collected, deal, study

RATINGS = (Stress("AAAsf", 6), Stress("AAsf", "4.8"), Stress("Bsf", "1.5", prepayment="0.5", recovery="0.8"))


def heavy(multiple: int | str):
    return BASE.stressed("heavy", default=multiple)


def test_cash_of_a_class_adds_up_and_losses_are_what_is_missing() -> None:
    found = study().outcomes([BASE, heavy(20)])
    for n in range(2):
        for name in ("A", "B", "Sub"):
            cash = found.cash(name, n)
            assert sum(cash.principal) + int(found.unpaid(name)[n]) == cash.face
            assert cash.balance[-1] == found.unpaid(name)[n]
    assert (found.loss("A")[0], found.loss("B")[0]) == (0, 0)
    assert found.loss("Sub")[1] == 380_000_00
    assert found.loss("A")[1] > 0
    cash = found.cash("Sub", "heavy")
    assert found.default_shares[1] == pytest.approx(found.collections.defaulted[1].sum() / 4_000_000_00, rel=1e-15)
    assert found.lives("A", DayCount.THIRTY_360)[0] == pytest.approx(
        sum(p * n for n, p in enumerate(found.cash("A").principal, 1)) / 12 / 3_200_000_00, rel=1e-12
    )
    assert found.frame().height == 6
    assert cash.frame().height == deal().program.periods


def test_enhancement_is_what_is_not_senior_and_its_parts_add_up() -> None:
    found = study().outcomes([BASE])
    whole = enhancement(deal(), found.result, reserves=["reserve"])
    shares = whole.of("A")
    first = shares.row(0, named=True)
    pool = int(found.collections.closing[0, 0])
    senior = int(found.result["A.balance"][0, 0])
    assert first["subordination"] + first["overcollateralization"] == pytest.approx(1 - senior / pool, abs=1e-12)
    assert first["reserve"] == int(found.result["reserve.balance"][0, 0]) / pool
    assert first["enhancement"] == pytest.approx(sum(first[k] for k in list(first)[2:5]), abs=1e-12)
    repaid = int(np.argmax(found.result["A.balance"][0] == 0))
    rising = shares["enhancement"].to_list()[:repaid]
    assert rising == sorted(rising)
    assert shares["enhancement"].to_list()[-1] is None  # no pool is left
    alike = enhancement(deal(), found.result, ranks=[["A", "B"], ["Sub"]])
    assert alike.of("A")["subordination"].equals(alike.of("B")["subordination"])
    assert whole.frame().height == 3 * deal().program.periods


def test_enhancement_refuses_what_it_cannot_know() -> None:
    found = study().outcomes([BASE])
    with pytest.raises(BadAnalysis, match="one of them"):
        enhancement(deal(), found.result, ranks=[["A"], ["B"]])
    with pytest.raises(BadAnalysis, match="no such account"):
        enhancement(deal(), found.result, reserves=["savings"])
    with pytest.raises(BadAnalysis, match="scenario"):
        enhancement(deal(), found.result, 3)
    with pytest.raises(BadAnalysis, match="no rank"):
        enhancement(deal(), found.result).of("Z")


def test_a_break_even_is_the_step_before_the_first_cent_lost() -> None:
    found = break_even_multiple(study(), BASE, "A", step="0.05")
    assert found.breaks == found.holds + Decimal("0.05")
    both = study().outcomes([heavy(str(found.holds)), heavy(str(found.breaks))])
    assert both.loss("A").tolist() == [0, found.loss]
    assert found.loss > 0
    assert found.defaults == pytest.approx(both.default_shares[0], rel=1e-12)
    junior = break_even_multiple(study(), BASE, "B", step="0.05")
    assert junior.holds < found.holds


def test_break_evens_by_constant_rates() -> None:
    cdr = break_even_cdr(study(), BASE, "A", step="0.005")
    assert cdr.breaks is not None
    assumed = BASE.groups[0]
    around = [replace(assumed, default=default.cdr(x)) for x in (cdr.holds, cdr.breaks)]
    assert [bool(x) for x in study().outcomes([scenario("", a) for a in around]).loss("A")] == [False, True]
    never = break_even_cpr(study(), BASE, "A", step="0.01")
    assert (never.breaks, never.loss, never.holds) == (None, 0, Decimal("0.99"))


def test_break_evens_that_make_no_sense_are_refused() -> None:
    with pytest.raises(NoSolution, match="loses at the least"):
        break_even(study(), "A", lambda x: heavy(20 + x), "multiple", 0, 1, "0.5")
    with pytest.raises(BadAnalysis, match="rise"):
        break_even_multiple(study(), BASE, "A", step=0)
    with pytest.raises(BadAnalysis, match="the deal has A, B, Sub"):
        break_even_multiple(study(), BASE, "Z")
    with pytest.raises(BadAssumption):
        break_even_multiple(study(), BASE, "A", high=float("nan"))


def test_a_stress_grid_multiplies_what_it_says() -> None:
    grid = stress_grid(study(), BASE, RATINGS)
    alone = study().outcomes([BASE.stressed("x", default="4.8")])
    for name in ("A", "B", "Sub"):
        assert grid.outcomes.loss(name)[1] == alone.loss(name)[0]
    assert grid.passes("A") == {"AAAsf": True, "AAsf": True, "Bsf": True}
    frame = grid.frame()
    assert frame.height == 9
    assert frame.filter(tranche="Sub", rating="AAAsf")["loss_share"].item() > 0.5
    cut = RATINGS[2].of(BASE).groups[0].recovery
    assert float(cut.rate) == pytest.approx(0.32, abs=1e-7)
    with pytest.raises(BadAnalysis, match="one for each"):
        stress_grid(study(), BASE, [])
    with pytest.raises(BadAnalysis, match="one for each"):
        stress_grid(study(), BASE, [RATINGS[0], RATINGS[0]])
    with pytest.raises(BadAssumption):
        stress_grid(study(), BASE, [Stress("A", "-1")])


def test_a_sensitivity_table_holds_single_runs() -> None:
    speeds = {"0": prepayment.NONE, "15%": prepayment.cpr("0.15")}
    losses = {"0": default.NONE, "40%": default.cdr("0.4")}
    found = sensitivity(study(), "B", speeds, losses, recovery.recovery("0.4", 3), price=101)
    one = study().outcomes([scenario("", Assumption(speeds["15%"], losses["40%"], recovery.recovery("0.4", 3)))])
    cell = found.cell("15%", "40%")
    assert cell.loss == one.loss("B")[0] > 0
    assert cell.average_life == one.lives("B")[0]
    assert found.cell("0", "0").rate == at_price(study().outcomes(
        [scenario("", Assumption(default=losses["0"], recovery=recovery.recovery("0.4", 3)))]
    ).cash("B"), date(2025, 1, 1), 101).rate  # fmt: skip
    assert found.cell("15%", "0").average_life < found.cell("0", "0").average_life  # type: ignore[operator]
    assert found.table("loss").columns == ["prepayment", "0", "40%"]
    assert found.table("yield").height == 2
    with pytest.raises(BadAnalysis, match="was not asked for"):
        found.cell("1", "2")
    with pytest.raises(BadAnalysis, match="average_life, loss, yield"):
        found.table("price")
    with pytest.raises(BadAnalysis, match="curve of each kind"):
        sensitivity(study(), "B", {}, losses)


def test_the_largest_size_withstands_and_one_unit_more_does_not() -> None:
    stress = [BASE.stressed("AAA", default=9), BASE.stressed("slow", default=9, prepayment="0.2")]
    found = largest_size(study(), "A", "Sub", stress, unit=100_00)
    assert found.size % 100_00 == 0
    assert found.size > 3_200_000_00
    assert found.loss_beyond > 0
    for more, lost in ((0, False), (100_00, True)):
        changed = deal_of(resized(deal().terms, "A", "Sub", found.size + more))
        loss = replace(study(), deal=changed).outcomes(stress).loss("A")
        assert bool(loss.max()) is lost
    assert found.support == 1 - Fraction(found.size, 3_980_000_00)
    assert found.deal.tranche("Sub").size == 380_000_00 - (found.size - 3_200_000_00)


def test_heavier_stresses_leave_a_smaller_senior_class() -> None:
    sizes = [largest_size(study(), "A", "Sub", [heavy(m)], 1000_00).size for m in (1, 3, 6, 9)]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) > 1
    steps = [resized(deal().terms, "A", "Sub", s) for s in range(3_000_000_00, 3_580_000_00, 58_000_00)]
    lost = [int(replace(study(), deal=deal_of(t)).outcomes([heavy(9)]).loss("A")[0]) for t in steps]
    assert lost == sorted(lost)


def test_sizes_that_cannot_be_are_refused() -> None:
    with pytest.raises(NoSolution, match="size of A"):
        largest_size(study(), "A", "Sub", [scenario("gone", Assumption(default=default.cdr(1)))])
    with pytest.raises(BadAnalysis, match="stresses"):
        largest_size(study(), "A", "Sub", [])
    with pytest.raises(BadAnalysis, match="unit"):
        largest_size(study(), "A", "Sub", [BASE], unit=0)
    with pytest.raises(BadAnalysis, match="share what both have"):
        resized(deal().terms, "A", "A", 5)
    with pytest.raises(BadAnalysis, match="share what both have"):
        resized(deal().terms, "A", "Sub", 9_000_000_00)


def test_the_par_coupon_prices_at_par_and_a_hair_less_does_not() -> None:
    found = coupon_to_price(study(), "A", BASE, "0.035")
    assert Fraction("0.034") < found < Fraction("0.036")
    percent = f"{float(found * 100):.6f}%"
    made = replace(study(), deal=deal(("coupon: 3%", f"coupon: {percent}")))
    cash = made.outcomes([BASE]).cash("A")
    assert yield_of(cash, date(2025, 1, 1), cash.face) >= 0.035 - 1e-9
    with pytest.raises(NoSolution, match="coupon of A"):
        coupon_to_price(study(), "A", BASE, "0.9")


def test_the_spread_to_par_is_the_margin_where_all_is_paid() -> None:
    floating = replace(
        study(("coupon: 3%", "coupon: LPR + 0.7%"), ("waterfalls:\n", "indices: {LPR: {}}\nwaterfalls:\n")),
        given={"LPR": np.full(deal().program.periods, 3_000_000)},
    )
    for margin in ("0.005", "0", "-0.0025"):
        found = spread_to_price(floating, "A", BASE, "LPR", margin)
        assert abs(found - Fraction(margin)) <= Fraction(2, 10**8)
    assert spread_to_price(floating, "A", BASE, "LPR", "0.005", price=101) > Fraction("0.0055")
    with pytest.raises(BadAnalysis, match="no path"):
        spread_to_price(study(), "A", BASE, "LPR", "0.005")
    with pytest.raises(NoSolution, match="spread of A"):
        spread_to_price(floating, "A", BASE, "LPR", "0.9")


def test_cash_of_a_class_or_scenario_that_there_is_not() -> None:
    found = study().outcomes([BASE])
    with pytest.raises(BadAnalysis, match="the deal has A, B, Sub"):
        found.cash("C")
    with pytest.raises(BadAnalysis, match="was not run"):
        found.cash("A", "other")
    with pytest.raises(BadAnalysis, match="counted from 0"):
        tranche_cash(deal(), found.result, "A", 1)
    kept = deal().run(collected([BASE]), keep=["A.balance"])
    with pytest.raises(BadAnalysis, match="did not keep"):
        tranche_cash(deal(), kept, "A")
