"""和享2017-5 on its prospectus's own cash-collection table: average lives between the bounds of the secret fee, and two
futures that the prospectus does not show."""

from __future__ import annotations

import csv
import sys
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np

from chainfusion.cashflow.analytics.deal import deal_of
from chainfusion.cashflow.analytics.published import published_model
from chainfusion.cashflow.analytics.study import Study
from chainfusion.cashflow.assumptions import default, prepayment
from chainfusion.cashflow.assumptions.scenario import Assumption, scenario
from chainfusion.cashflow.collections import Collections, collections_of
from chainfusion.cashflow.deal.study import months_of
from chainfusion.cashflow.scenarios.pooled import flows_of
from chainfusion.cashflow.scenarios.run import run
from chainfusion.cashflow.text.reader import load_terms
from chainfusion.domain.terms.compile import compile_terms
from chainfusion.domain.terms.schedule import schedule

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from reading import Ran, Table, average_life, balances, classes, show, triggers  # noqa: E402

TERMS = load_terms(HERE / "terms.yaml")
NAMES = ("published", "defaults", "undelivered")
BENCHMARK = 4_350_000
"""The People's Bank's rate up to a year at closing: 4.35%, in 1e-8."""
HIGHEST = 12_000_000
"""The upper bound of the servicing rate: 12%, in 1e-8."""
PUBLISHED = {"A": "0.49", "B": "1.18", "Sub": "1.41"}
"""Average lives in the prospectus, without default and prepayment."""


def published() -> tuple[list[int], list[int]]:
    """Principal and interest by payment in fen. By rounding its principal adds up to 0.02 (ten thousand yuan) more than
    the pool; the last payment is taken as so much less."""
    with (HERE / "collections.csv").open(encoding="utf-8", newline="") as opened:
        _, *rows = csv.reader(opened)
    principal, interest = ([int(Decimal(row[column]) * 1_000_000) for row in rows] for column in (1, 2))
    principal[-1] -= sum(principal) - TERMS.pool_balance
    return principal, interest


@cache
def collected() -> Collections:
    """By payment period: as published; with 15% of all principal in default; as published."""
    principal, interest = (np.array(column, np.int64) for column in published())
    lost = principal * 15 // 100
    nothing = np.zeros_like(principal)
    flows = {
        "scheduled": np.stack([principal, principal - lost, principal]),
        "interest": np.stack([interest, interest - interest * 15 // 100, interest]),
        "defaulted": np.stack([nothing, lost, nothing]),
        "lost": np.stack([nothing, lost, nothing]),
    }
    zeros = {name: np.zeros((3, len(principal)), np.int64) for name in ("prepaid", "recovered", "purchased")}
    return collections_of("CNY", NAMES, np.full(3, TERMS.pool_balance), flows | zeros)


@cache
def ran(front: int = 0) -> Ran:
    """The deal at a servicing rate (1e-8); in `undelivered` nothing can be delivered from payment 3 on."""
    periods = schedule(TERMS.dates)
    program = compile_terms(
        TERMS, indices={"PBOC1Y": [BENCHMARK] * len(periods)}, private={"front_rate": front, "back_rate": 0}
    )
    flows = flows_of(program, collected())
    flows["undelivered"] = np.zeros((len(NAMES), len(periods)), np.int64)
    flows["undelivered"][2, 2:] = 1
    return Ran(TERMS, collected(), run(program, flows), NAMES)


def lives() -> Table:
    """Published average lives beside those at both bounds of the servicing rate."""
    rows = [(name, stated, f"{average_life(ran(), 0, name):.2f}", f"{average_life(ran(HIGHEST), 0, name):.2f}")
            for name, stated in PUBLISHED.items()]  # fmt: skip
    return Table("lives", ("class", "published", "no servicing fee", "fee of 12%"), tuple(rows))


SENSITIVITIES = {
    "3% a year in default": ("0.03", "0", {"A": "0.50", "B": "1.23"}),
    "15% a year prepaid": ("0", "0.15", {"A": "0.46", "B": "1.14"}),
}
"""Average lives in the prospectus under a yearly default and a yearly prepayment rate."""
FIRST_MONTHS = 3
"""Months of the first collection period, which ends at closing: the rates begin after it."""


def study(front: int) -> Study:
    """The deal on its table under other assumptions than the table's own, at a servicing rate (1e-8)."""
    periods, table = schedule(TERMS.dates), collected().scenario(0)
    model = published_model(table, months_of(TERMS, periods)[: table.periods])
    deal = deal_of(TERMS, {"front_rate": front, "back_rate": 0})
    return Study(deal, model, {"PBOC1Y": np.full((1, len(periods)), BENCHMARK)})


def sensitivities() -> Table:
    """Published average lives under default and prepayment beside those at both bounds of the servicing rate."""
    futures = []
    for name, (cdr, cpr, _) in SENSITIVITIES.items():
        late = default.cdr(cdr).delayed(FIRST_MONTHS), prepayment.cpr(cpr).delayed(FIRST_MONTHS)
        futures.append(scenario(name, Assumption(default=late[0], prepayment=late[1])))
    low, high = (study(front).outcomes(futures) for front in (0, HIGHEST))
    rows = [(name, of, stated, *(f"{found.lives(of)[place] or 0:.3f}" for found in (low, high)))
            for place, (name, (_, _, published)) in enumerate(SENSITIVITIES.items())
            for of, stated in published.items()]  # fmt: skip
    head = ("from closing on", "class", "published", "no servicing fee", "fee of 12%")
    return Table("sensitivities", head, tuple(rows))


def tables() -> list[Table]:
    """The reading."""
    return [lives(), sensitivities(), classes(ran()), triggers(ran()), balances(ran(), 0, 3)]


if __name__ == "__main__":
    show(HERE.name, ran(), tables())
