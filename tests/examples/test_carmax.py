"""What twelve CarMax trusts reported to note holders, 2017 to 2019, from their terms and total principal, to the cent.

`tests.support.carmax` names what the reports lack. What does not reproduce is listed here: how each payment to class
A-2 is parted between A-2a and A-2b (`PARTED`), and one reported balance (`MISTAKEN`).
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from fractions import Fraction
from functools import cache

import pytest

from chainfusion.cashflow.text.reader import lint_text
from chainfusion.cashflow.text.writer import write_terms
from chainfusion.domain.calendar import DayCount, fraction
from chainfusion.domain.terms.compile import compile_terms
from chainfusion.domain.terms.schedule import DealPeriod, schedule
from chainfusion.domain.waterfall.run import Run, run
from tests.support.carmax import FILE, TRUSTS, Report, reports, terms
from tests.support.examples import EXAMPLES

pytestmark = pytest.mark.skipif(not FILE.is_file(), reason=f"{FILE.name} is not here")

AMPLE = 100_000_000_00
"""Interest that the pool is assumed to bring: the reports do not carry it, and no note was ever left unpaid."""
SPLIT = tuple(name for name, trust in TRUSTS.items() if "A2b" in trust.coupons)
"""Trusts with a class A-2a and a floating A-2b, and no reported balance of D."""
PARTED = {
    "2017-3": (9, 10, 65),
    "2017-4": (12, 2, 18),
    "2018-1": (9, 1, 0),
    "2018-3": (2, 1, 0),
    "2018-4": (3, 1, 0),
    "2019-1": (1, 1, 0),
    "2019-2": (1, 1, 0),
}
"""How many payments to A-2 are parted otherwise than by balance, by how many cents at most, and by how many in the
payment that repays both. Their sum never differs. The trusts' own rounding is not in the reports; rounding down, up
or to the nearest cent, by balance or by first size, does not explain them all."""
MISTAKEN = ("2017-4", "2018-09-01", "A2a")
"""Its reported closing balance is a cent less than opening balance less principal."""


@cache
def contract_run(trust: str) -> Run:
    """Interest from the 15th to the 15th: every class but A-1."""
    return _run(trust, schedule(terms(trust).dates))


@cache
def actual_run(trust: str) -> Run:
    """Interest from payment to payment as reported: A-1 alone. The language has one rule of interest days for all
    classes of a deal, so that the deal is run on either."""
    told = terms(trust)
    paid = [told.dates.closing, *(report.paid for report in reports(trust))]
    periods = tuple(
        DealPeriod(p.number, paid[n], paid[n + 1], p.collected_after, p.collected_to, paid[n + 1])
        for n, p in enumerate(schedule(told.dates))
    )
    return _run(trust, periods)


def _run(trust: str, periods: tuple[DealPeriod, ...]) -> Run:
    nothing, principal = [0] * len(periods), [report.principal for report in reports(trust)]
    flows = {"pool.interest": [AMPLE] * len(periods), "pool.scheduled": principal}
    return run(
        compile_terms(terms(trust), periods=periods), flows | {"pool.prepaid": nothing, "pool.recovered": nothing}
    )


def fixed(trust: str) -> list[str]:
    """Classes whose coupon the reports determine."""
    return [name for name, coupon in TRUSTS[trust].coupons.items() if coupon]


# ------------------------------------------------------------------ the reports themselves


def test_there_are_222_reports_of_twelve_trusts() -> None:
    assert {name: len(reports(name)) for name in TRUSTS} == {
        "2017-1": 35, "2017-2": 32, "2017-3": 29, "2017-4": 26, "2018-1": 23, "2018-2": 20, "2018-3": 17,
        "2018-4": 14, "2019-1": 11, "2019-2": 8, "2019-3": 5, "2019-4": 2,
    }  # fmt: skip


def test_reported_balances_roll_but_for_one_cent() -> None:
    wrong = []
    for trust in TRUSTS:
        before: Report | None = None
        for report in reports(trust):
            for name, x in report.classes.items():
                if "closing" in x and x["opening"] - x["principal"] != x["closing"]:
                    wrong.append((trust, report.period, name, x["opening"] - x["principal"] - x["closing"]))
                mistaken = before is not None and (trust, before.period, name) == MISTAKEN
                if before is not None and "opening" in x and not mistaken:
                    assert before.classes[name]["closing"] == x["opening"], (trust, report.period, name)
            before = report
    assert wrong == [(*MISTAKEN, 1)]


@pytest.mark.parametrize("trust", TRUSTS)
def test_payment_dates_are_those_of_the_terms_but_for_an_american_holiday(trust: str) -> None:
    """The exhibits' names tell the day of payment: the 15th or the next weekday, but for Martin Luther King's day."""
    told = schedule(terms(trust).dates)
    differ = [(p.payment, r.paid) for p, r in zip(told, reports(trust), strict=True) if p.payment != r.paid]
    assert differ in ([], [(date(2018, 1, 15), date(2018, 1, 16))])


# ------------------------------------------------------------------ by the engine


@pytest.mark.parametrize("trust", TRUSTS)
def test_terms_are_clean(trust: str) -> None:
    assert lint_text(write_terms(terms(trust))) == ()


@pytest.mark.parametrize("trust", TRUSTS)
def test_interest_of_every_fixed_class_in_every_month(trust: str) -> None:
    """Balances as the engine keeps them, from closing on; nothing is set right on the way."""
    for name in fixed(trust):
        computed = (actual_run if name == "A1" else contract_run)(trust)[f"{name}.interest_paid"]
        assert list(computed) == [report.classes[name]["interest"] for report in reports(trust)], name


def test_how_many_amounts_of_interest_that_is() -> None:
    assert sum(len(fixed(trust)) * len(reports(trust)) for trust in TRUSTS) == 1419


@pytest.mark.parametrize("trust", TRUSTS)
def test_principal_goes_in_sequence_and_balances_follow(trust: str) -> None:
    found = contract_run(trust)
    for name in TRUSTS[trust].coupons:
        if name in ("A2a", "A2b"):
            continue
        for field, output in (("principal", "principal_paid"), ("closing", "balance")):
            assert list(found[f"{name}.{output}"]) == [r.classes[name][field] for r in reports(trust)], (name, field)


@pytest.mark.parametrize("trust", SPLIT)
def test_a2a_and_a2b_together_are_paid_to_the_cent(trust: str) -> None:
    found = contract_run(trust)
    for n, report in enumerate(reports(trust)):
        both = [sum(found[f"{name}.{o}"][n] for name in ("A2a", "A2b")) for o in ("principal_paid", "balance")]
        stated = [sum(report.classes[name][f] for name in ("A2a", "A2b")) for f in ("principal", "closing")]
        if (trust, report.period, "A2a") == MISTAKEN:
            stated[1] += 1
        assert both[0] == stated[0]
        assert abs(both[1] - stated[1]) <= (1 if trust == MISTAKEN[0] else 0)


@pytest.mark.parametrize("trust", SPLIT)
def test_their_parts_are_by_balance_but_for_the_payments_that_are_listed(trust: str) -> None:
    computed = contract_run(trust)["A2a.principal_paid"]
    apart = {
        r.period: abs(paid - r.classes["A2a"]["principal"]) for paid, r in zip(computed, reports(trust), strict=True)
    }
    last = next(
        (r.period for r in reports(trust) if r.classes["A2a"]["principal"] and not r.classes["A2a"]["closing"]), ""
    )
    before = [cents for period, cents in apart.items() if cents and period != last]
    counted = len(before) + bool(apart.get(last))
    assert (counted, max(before, default=0), apart.get(last, 0)) == PARTED.get(trust, (0, 0, 0))


# ------------------------------------------------------------------ what the reports lack


@cache
def floating_rates() -> dict[date, dict[str, int]]:
    """A-2b's rate by payment date and trust, in 1e-7: the only one of so many digits that gives the interest."""
    found: dict[date, dict[str, int]] = defaultdict(dict)
    for trust in SPLIT:
        for before, report in zip(reports(trust), reports(trust)[1:], strict=False):
            x = report.classes["A2b"]
            weight = Fraction(x["opening"] * (report.paid - before.paid).days, 360 * 10**7)
            if weight > 10:
                low, high = ((x["interest"] + half) / weight for half in (Fraction(-1, 2), Fraction(1, 2)))
                whole = [k for k in range(int(low), int(high) + 2) if low <= k <= high]
                assert len(whole) == 1, (trust, report.period)
                found[report.paid][trust] = whole[0]
    return found


def test_a2b_pays_one_index_and_a_spread_of_whole_basis_points() -> None:
    """LIBOR is not in the file; but the rates of all trusts differ by the same basis points every month, so that the
    interest of one trust's A-2b follows from another's, to the cent."""
    apart: dict[tuple[str, str], set[int]] = defaultdict(set)
    for rates in floating_rates().values():
        first = next(iter(rates))
        for trust, rate in rates.items():
            apart[first, trust].add(rate - rates[first])
    assert all(len(spreads) == 1 for spreads in apart.values())
    assert all(spread % 1000 == 0 for spreads in apart.values() for spread in spreads)
    assert sum(map(len, floating_rates().values())) > 100


@pytest.mark.parametrize("trust", SPLIT)
def test_class_d_without_a_balance_is_consistent_with_one_that_never_changes(trust: str) -> None:
    """Its size is not reported: only that interest is the same every month, and that of the first period its part."""
    first, *later = (report.classes["D"] for report in reports(trust))
    assert "opening" not in first
    assert {x["principal"] for x in (first, *later)} == {0}
    (monthly,) = {x["interest"] for x in later}
    days = fraction(DayCount.THIRTY_360, TRUSTS[trust].closing, reports(trust)[0].paid.replace(day=15))
    assert abs(first["interest"] - 12 * days * monthly) <= 1


@pytest.mark.parametrize("trust", TRUSTS)
def test_each_coupon_is_the_only_one_that_fits(trust: str) -> None:
    """A coupon that differs by a hundred-thousandth of a per cent gives another amount in some month: inference, not
    fitting."""
    for name in fixed(trust):
        rate = Fraction(TRUSTS[trust].coupons[name] or "") / 100
        for other in (rate - Fraction(1, 10**7), rate + Fraction(1, 10**7)):
            assert any(_interest(trust, n, name, other) != r.classes[name]["interest"]
                       for n, r in enumerate(reports(trust))), name  # fmt: skip


def _interest(trust: str, n: int, name: str, rate: Fraction) -> int:
    report = reports(trust)[n]
    begun = reports(trust)[n - 1].paid if n else TRUSTS[trust].closing
    if name == "A1":
        part = Fraction((report.paid - begun).days, 360)
    else:
        part = fraction(DayCount.THIRTY_360, begun.replace(day=15) if n else begun, report.paid.replace(day=15))
    return int(report.classes[name]["opening"] * rate * part + Fraction(1, 2))


def test_the_readme_states_these_figures() -> None:
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    amounts = sum(len(fixed(trust)) * len(reports(trust)) for trust in TRUSTS)
    apart = sum(count for count, _, _ in PARTED.values())
    lasts = sorted(last for *_, last in PARTED.values() if last)
    assert f"compares {sum(len(reports(trust)) for trust in TRUSTS)} reports" in readme
    assert f"known coupon, {amounts:,} amounts" in readme
    assert f"{apart} payments of {len(PARTED)} trusts differ" in readme
    assert f"1 to {max(most for _, most, _ in PARTED.values())} cents" in readme
    assert f"repaid by {lasts[1]} and by {lasts[0]}" in readme
