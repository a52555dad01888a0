"""和享2017-5: the prospectus's cash-collection table through its waterfall, and every rounding rule that it states.

The servicing fee is in a letter that was not published, so that average lives can only be bounded: they must lie where
the fee is between nothing and all that is left.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from chainfusion.cashflow.text.reader import load_terms
from chainfusion.domain.terms.compile import compile_terms
from chainfusion.domain.terms.schedule import date_book, schedule
from chainfusion.domain.waterfall.run import Run, run
from chainfusion.domain.waterfall.trace import trace

TERMS = load_terms(Path(__file__).parents[3] / "examples" / "hexiang-2017-5" / "terms.yaml")
PERIODS = schedule(TERMS.dates)
PRINCIPAL = (
    "206599.18 113327.30 113327.30 113327.30 113327.30 113327.30 111490.58 89997.33 69616.04 57990.71 50471.39 "
    "48304.19 47228.59 45531.86 43316.87 38421.36 32853.67 29846.44 26670.17 19901.29 13399.97 6660.84 1183.40"
)
INTEREST = (
    "25152.42 13821.16 13821.16 13821.16 13821.16 13821.16 13659.85 11762.30 9961.03 8918.16 8229.05 8011.53 "
    "7862.72 7619.79 7298.27 6616.10 5818.49 5328.15 4770.22 3569.94 2403.23 1197.73 213.01"
)
"""The prospectus's table F-2-7, in units of ten thousand yuan."""
BENCHMARK = 4_350_000


def fen(table: str) -> list[int]:
    """Minor units, nothing after the table's end."""
    given = [int(Fraction(x) * 1_000_000) for x in table.split()]
    return given + [0] * (len(PERIODS) - len(given))


def collections(**changed: list[int]) -> dict[str, list[int]]:
    """What the prospectus states: no prepayment, no default."""
    principal, balance = fen(PRINCIPAL), TERMS.pool_balance
    opening = []
    for paid in principal:
        opening.append(balance)
        balance = max(balance - paid, 0)
    nothing = [0] * len(PERIODS)
    flows = {"scheduled": principal, "interest": fen(INTEREST), "opening": opening, "closing": [*opening[1:], 0]}
    flows |= {"prepaid": nothing, "recovered": nothing, "defaulted": nothing} | changed
    return {f"pool.{name}": values for name, values in flows.items()}


@cache
def ran(front: int = 0, back: int = 0) -> Run:
    """The run at given servicing rates, in units of 1e-8."""
    rates = {"front_rate": front, "back_rate": back}
    return run(compile_terms(TERMS, indices={"PBOC1Y": [BENCHMARK] * len(PERIODS)}, private=rates), collections())


def average_life(name: str, found: Run) -> float:
    """Years from closing, actual/365, weighted by principal paid."""
    paid = found[f"{name}.principal_paid"]
    days = [(p.payment - TERMS.dates.closing).days for p in PERIODS]
    return sum(a * d for a, d in zip(paid, days, strict=True)) / sum(paid) / 365


# ------------------------------------------------------------------ dates


def test_its_dates() -> None:
    first = PERIODS[0]
    assert first.interest_from == date(2017, 12, 28)
    assert (first.collected_after, first.collected_to) == (date(2017, 10, 1), date(2017, 12, 31))
    may = next(p for p in PERIODS if p.interest_to == date(2018, 5, 26))
    assert may.payment == date(2018, 5, 28), "a Saturday: paid on Monday, interest still runs to the 26th"
    assert PERIODS[-1].interest_to == TERMS.dates.legal_maturity
    book = date_book(TERMS.dates)
    days = [
        book.day(name, 1).isoformat() for name in ("remittance", "custodian_report", "allocation", "trustee_report")
    ]
    assert days == ["2018-01-08", "2018-01-09", "2018-01-18", "2018-01-19"]


# ------------------------------------------------------------------ rounding


@pytest.mark.parametrize(("name", "rate"), [("A", 5_000_000), ("B", 5_600_000)])
def test_interest_is_balance_times_rate_times_actual_days_by_365_half_up(name: str, rate: int) -> None:
    found, balance = ran(), next(t.size for t in TERMS.tranches if t.id == name)
    for n, p in enumerate(PERIODS[:20]):
        days = (p.interest_to - p.interest_from).days
        exact = Fraction(balance * rate * days, 365 * 10**8)
        assert found[f"{name}.interest_paid"][n] == int(exact + Fraction(1, 2))
        balance = found[f"{name}.balance"][n]


@pytest.mark.parametrize("name", ["A", "B"])
def test_principal_is_cut_off_per_100_until_the_payment_that_pays_in_full(name: str) -> None:
    found, size = ran(), next(t.size for t in TERMS.tranches if t.id == name)
    notes = size // 100_00
    paid = found[f"{name}.principal_paid"]
    partial = [a for a, left in zip(paid, found[f"{name}.balance"], strict=True) if a and left]
    assert partial
    assert all(amount % notes == 0 for amount in partial)
    assert sum(paid) == size


def test_what_cutting_off_leaves_is_added_to_the_next_distribution() -> None:
    """Distributable less paid is the carry; it is less than a fen on each note of the class that was reached."""
    found, notes = ran(), 13_249_000_000_00 // 100_00
    carried = found["principal.carried"]
    assert 0 < carried[0] < notes
    before = 0
    for t in range(5):
        inflow = collections()["pool.scheduled"][t] + _into_principal(t)
        assert found["A.principal_paid"][t] + carried[t] == before + inflow
        before = carried[t]


def _into_principal(t: int) -> int:
    record = trace(ran().program, collections(), t + 1)
    return sum(x.paid for s in record.steps if s.act == "transfer" for x in s.payments)


def test_carry_per_100_is_shown_to_ten_decimals_half_up() -> None:
    carried = Fraction(ran()["principal.carried"][0], 100) / 132_490_000
    shown = int(carried * 10**10 + Fraction(1, 2))
    assert shown == (ran()["principal.carried"][0] * 10**10 * 2 + 13_249_000_000) // (2 * 13_249_000_000)
    assert 0 < shown < 10**8


def test_full_payoff_gives_the_exact_balance_and_the_next_class_the_cut_off_rest() -> None:
    found = ran()
    t = next(n for n, balance in enumerate(found["A.balance"]) if balance == 0)
    assert found["A.principal_paid"][t] == found["A.balance"][t - 1]
    notes_b = 750_000_000_00 // 100_00
    assert found["B.principal_paid"][t] > 0
    assert found["B.balance"][t] == 0 or found["B.principal_paid"][t] % notes_b == 0
    assert sum(found["B.principal_paid"][:t]) == 0


def test_the_period_return_is_two_percent_a_year_half_up_and_not_carried() -> None:
    found = ran()
    days = (PERIODS[1].interest_to - PERIODS[1].interest_from).days
    exact = Fraction(1_062_203_598_18 * 2 * days, 100 * 365)
    assert found["Sub.return_paid"][1] == int(exact + Fraction(1, 2))
    dry = dict(collections(), **{"pool.interest": [0] * len(PERIODS)})
    nothing = run(ran().program, dry)
    assert nothing["Sub.return_paid"][0] == 0


def test_same_rank_fees_share_by_amounts_due_and_stay_due_without_interest() -> None:
    dry = {
        name: [0] * len(PERIODS) if name in ("pool.interest", "pool.scheduled") else v
        for name, v in collections().items()
    }
    found = run(ran().program, dry)
    assert found["trustee.paid"][0] == 0
    assert found["trustee.due"][1] == 2 * found["trustee.due"][0] or found["trustee.due"][1] > found["trustee.due"][0]
    assert found["A.interest_due"][1] == found["A.interest_due"][0] + _interest(13_249_000_000_00, 5_000_000, 1)


def _interest(balance: int, rate: int, n: int) -> int:
    days = (PERIODS[n].interest_to - PERIODS[n].interest_from).days
    return int(Fraction(balance * rate * days, 365 * 10**8) + Fraction(1, 2))


# ------------------------------------------------------------------ average lives


def test_published_average_lives_lie_between_no_fee_and_all_that_is_left() -> None:
    """Published: A 0.49, B 1.18, subordinated 1.41 years. With no fee all income repays the notes; with a front fee
    of 12% nearly only collected principal does: 0.442 to 0.496, 1.118 to 1.283 and 1.253 to 1.479 years."""
    fast, slow = ran(0, 0), ran(12_000_000, 0)
    for name, published in (("A", 0.49), ("B", 1.18), ("Sub", 1.41)):
        low, high = average_life(name, fast), average_life(name, slow)
        assert low < published < high, (name, low, high)


def test_average_lives_grow_with_the_fee() -> None:
    lives = [[average_life(name, ran(rate, 0)) for rate in (0, 2_000_000, 4_000_000, 8_000_000)] for name in ("A", "B")]
    for found in lives:
        assert found == sorted(found)


# ------------------------------------------------------------------ clauses


def test_principal_pays_senior_interest_and_income_pays_it_back() -> None:
    """A + B + C - D: what the principal account lent comes back from income under step h, however late."""
    thin = [1_000_000_00, *fen(INTEREST)[1:]]
    found = run(ran().program, collections(interest=thin))
    first = trace(ran().program, collections(interest=thin), 1)
    lent = sum(
        a.before - a.after for s in first.steps if s.list == "income" for a in s.accounts if a.account == "principal"
    )
    assert lent > 0
    second = trace(ran().program, collections(interest=thin), 2)
    h = next(s for s in second.steps if s.step == "h")
    assert h.payments[0].paid == lent
    assert sum(found["A.principal_paid"]) == 13_249_000_000_00


def test_cumulative_default_beyond_eight_percent_in_the_first_year_accelerates() -> None:
    defaulted = [0, TERMS.pool_balance * 8 // 100, 1, *[0] * (len(PERIODS) - 3)]
    record = trace(ran().program, collections(defaulted=defaulted), 3)
    assert not trace(ran().program, collections(defaulted=defaulted), 2).triggers[0].on, "at the limit is not beyond it"
    trigger = next(t for t in record.triggers if t.trigger == "acceleration")
    assert trigger.on
    assert not trigger.was
    side = trigger.conditions[0]
    assert (side.left, side.right, side.holds) == (sum(defaulted), sum(defaulted) - 1, True)
    g = next(s for s in record.steps if s.step == "g")
    assert g.applied
    j = next(s for s in record.steps if s.step == "j")
    assert not j.applied


def test_after_an_event_of_default_the_pots_are_one_and_b_waits_for_a() -> None:
    events = {"undelivered": [0, 1, *[0] * (len(PERIODS) - 2)]}
    found = run(ran().program, collections() | events)
    assert found["state"][:3] == (0, 1, 1)
    assert found["acceleration"][1] == 1
    a_gone = next(n for n, balance in enumerate(found["A.balance"]) if balance == 0)
    assert all(paid == 0 for paid in found["B.interest_paid"][1:a_gone])
    assert found["Sub.return_paid"][1] == 0


def test_a_clean_up_call_needs_notice_and_a_small_pool() -> None:
    notice = {"call_notice": [1] * len(PERIODS)}
    found = run(ran().program, collections() | notice)
    t = next(n for n, paid in enumerate(found["clean_up.received"]) if paid)
    assert collections()["pool.closing"][t] <= TERMS.pool_balance // 10 < collections()["pool.closing"][t - 1]
    assert found["clean_up.received"][t] == collections()["pool.closing"][t]
    assert sum(found["clean_up.received"][t + 1 :]) == 0
