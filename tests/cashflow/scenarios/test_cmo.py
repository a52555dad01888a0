"""Textbook CMOs on 400 million of 8.125% mortgages passed through at 7.5%, WAM 357: sequential, with a Z class, PAC.

Prices of the textbook's pool are not needed: its collections come from the published pass-through table (165 PSA) or,
for other speeds, from the standard formulas. The textbook works in fractions of a cent, the machine in whole cents.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from chainfusion.cashflow.text.reader import read_terms
from chainfusion.domain.terms.compile import compile_terms
from chainfusion.domain.waterfall.run import Run, run

FOLDER = Path(__file__).parents[3].parent / "shared" / "data" / "reference" / "cmo"
MONTHS, POOL = 357, 400_000_000_00
HEAD = """\
format: chainfusion-deal-terms-v1
deal: cmo
name: CMO
currency: USD
day_count: 30/360
pool_balance: 400_000_000.00
dates:
  cut_off: 2000-01-01
  closing: 2000-01-01
  legal_maturity: 2029-10-01
  rules:
    payment: {cycle: {first: 2000-02-01}}
accounts:
  income: {receives: interest}
  principal: {receives: [scheduled, prepaid, recovered]}
parties: {residual: {}}
"""
SEQUENTIAL = """\
tranches:
  A: {size: 194_500_000.00, coupon: 7.5%}
  B: {size: 36_000_000.00, coupon: 7.5%}
  C: {size: 96_500_000.00, coupon: 7.5%}
  D: {size: 73_000_000.00, coupon: 7.5%}
waterfalls:
  all:
    steps:
      interest: {interest: [A, B, C, D], from: income, rank: pro rata}
      principal: {principal: [A, B, C, D], from: principal}
      rest: {return: residual, from: income, amount: rest}
states: {normal: {waterfall: all}}
"""
ACCRUAL = """\
tranches:
  A: {size: 194_500_000.00, coupon: 7.5%}
  B: {size: 36_000_000.00, coupon: 7.5%}
  C: {size: 96_500_000.00, coupon: 7.5%}
  Z: {size: 73_000_000.00, coupon: 7.5%, amortization: accrual}
values: {before_z: {formula: A.balance + B.balance + C.balance}}
waterfalls:
  all:
    steps:
      interest: {interest: [A, B, C], from: income, rank: pro rata}
      jump: {transfer: principal, from: income, amount: Z.interest_due, when: before_z > 0.00 USD}
      accrete: {capitalize: Z, when: before_z > 0.00 USD}
      last: {interest: Z, from: income}
      principal: {principal: [A, B, C, Z], from: principal}
      rest: {return: residual, from: income, amount: rest}
states: {normal: {waterfall: all}}
"""
PLANNED = """\
tranches:
  P: {size: 243_800_000.00, coupon: 7.5%, amortization: planned, schedule: plan}
  S: {size: 156_200_000.00, coupon: 7.5%}
tables:
  plan: {by: payment, rows: {ROWS}}
waterfalls:
  all:
    steps:
      interest: {interest: [P, S], from: income, rank: pro rata}
      plan: {principal: P, from: principal}
      support: {principal: S, from: principal}
      beyond: {principal: P, from: principal, unscheduled: yes}
      excess: {return: residual, from: income, amount: rest}
states: {normal: {waterfall: all}}
"""


@cache
def pool(psa: int) -> tuple[tuple[int, int, int], ...]:
    """Opening balance, principal, and interest of each month at a speed: the standard formulas, in cents."""
    balance, rate, found = float(POOL), 0.08125 / 12, []
    for month in range(1, MONTHS + 1):
        annual = min((month + 3) / 30, 1) * 0.06 * psa / 100
        smm = 1 - (1 - annual) ** (1 / 12)
        left = MONTHS - month + 1
        payment = balance * rate / (1 - (1 + rate) ** -left)
        scheduled = payment - balance * rate
        principal = scheduled + (balance - scheduled) * smm
        found.append((balance, principal))
        balance -= principal
    cents, rows = POOL, []
    for n, (_, principal) in enumerate(found):
        paid = cents if n == MONTHS - 1 else min(round(principal), cents)
        rows.append((cents, paid, round(cents * 0.075 / 12)))
        cents -= paid
    return tuple(rows)


def flows(psa: int) -> dict[str, list[int]]:
    rows, nothing = pool(psa), [0] * MONTHS
    return {"pool.scheduled": [p for _, p, _ in rows], "pool.prepaid": nothing, "pool.recovered": nothing,
            "pool.interest": [i + 2 for _, _, i in rows]}  # fmt: skip


def ran(terms: str, given: dict[str, list[int]]) -> Run:
    program = compile_terms(read_terms((HEAD + terms).encode()))
    assert program.periods == MONTHS
    return run(program, given)


SETTLEMENT = 5 / 360
"""The textbook's tables of CMO-1 and CMO-2 count lives from five days into the first month: each published life is
this much shorter than its months say. Its table of the PAC counts months."""


def average_life(paid: Sequence[int]) -> float:
    """Years by months, thirty days each."""
    return sum(amount * month for month, amount in enumerate(paid, start=1)) / sum(paid) / 12


def published(name: str) -> list[dict[str, str]]:
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"{name} is not beside the project")
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_sequential_cmo_month_by_month() -> None:
    """Every month of every class: within the cents that whole-cent collections can differ by."""
    rows = [r for r in published("passthrough_400mm_8125wac_75pt_357wam.csv") if r["psa"] == "165"]
    cents = [round(float(r["total_principal"]) * 100) for r in rows]
    cents[-1] += POOL - sum(cents)
    interest = [round(float(r["net_interest"]) * 100) + 2 for r in rows]
    nothing = [0] * MONTHS
    found = ran(SEQUENTIAL, {"pool.scheduled": cents, "pool.prepaid": nothing, "pool.recovered": nothing,
                             "pool.interest": interest})  # fmt: skip
    worst: dict[str, int] = defaultdict(int)
    for row in published("sequential_4tranche_165psa_cashflows.csv"):
        name, t = row["tranche"], int(row["month"]) - 1
        for column, ours in (("principal", "principal_paid"), ("interest", "interest_paid")):
            off = abs(found[f"{name}.{ours}"][t] - round(float(row[column]) * 100))
            worst[column] = max(worst[column], off)
    assert worst["principal"] <= 20
    assert worst["interest"] <= 1


@pytest.mark.parametrize(
    ("name", "years", "last"), [("A", 3.48, 81), ("B", 7.49, 100), ("C", 11.19, 178), ("D", None, 357)]
)
def test_sequential_average_lives_and_last_months(name: str, years: float | None, last: int) -> None:
    paid = ran(SEQUENTIAL, flows(165))[f"{name}.principal_paid"]
    assert max(n for n, amount in enumerate(paid, start=1) if amount) == last
    if years is not None:
        assert round(average_life(paid) - SETTLEMENT, 2) == years


@pytest.mark.parametrize(("name", "years", "last"), [("A", 2.90, 64), ("B", 5.86, 77), ("C", 7.87, None)])
def test_a_z_class_shortens_the_classes_before_it(name: str, years: float, last: int | None) -> None:
    found = ran(ACCRUAL, flows(165))
    paid = found[f"{name}.principal_paid"]
    assert round(average_life(paid) - SETTLEMENT, 2) == years
    if last is not None:
        assert max(n for n, amount in enumerate(paid, start=1) if amount) == last
    if name == "A":
        assert paid[0] == pytest.approx(1_166_173_49, abs=1)


@cache
def plan() -> str:
    """The PAC: in each month the lesser of principal at 90 and at 300 PSA, as balances to amortize to."""
    size = 243_800_000_00
    least = [min(slow[1], fast[1]) for slow, fast in zip(pool(90), pool(300), strict=True)]
    balances, left = [], size
    for amount in least:
        left = max(left - amount, 0)
        balances.append(left)
    return ", ".join(f"{n}: {b // 100}.{b % 100:02d} USD" for n, b in enumerate(balances, start=1))


PAC = [(0, 15.97, 27.26), (50, 9.44, None), (90, 7.26, None), (165, 7.26, 11.16), (250, 7.26, 5.37), (300, 7.26, 3.13),
       (350, 6.56, 2.51), (500, 4.93, 1.77), (700, 3.70, 1.37)]  # fmt: skip


@pytest.mark.parametrize(("psa", "planned", "support"), PAC)
def test_a_planned_class_keeps_its_life_inside_the_band(psa: int, planned: float, support: float | None) -> None:
    found = ran(PLANNED.replace("ROWS", plan()), flows(psa))
    assert average_life(found["P.principal_paid"]) == pytest.approx(planned, abs=0.0075)
    if support is not None:
        assert average_life(found["S.principal_paid"]) == pytest.approx(support, abs=0.0075)
