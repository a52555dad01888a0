"""A mortgage deal with income and principal accounts: base, stress, an event of default, a clean-up call."""

from __future__ import annotations

import sys
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np

from chainfusion.cashflow.assumptions import default, prepayment, recovery
from chainfusion.cashflow.assumptions.scenario import Assumption, Scenario, scenario
from chainfusion.cashflow.collections import Collections
from chainfusion.cashflow.pool.columns import Floating, Pool
from chainfusion.cashflow.pool.tape import pool_of
from chainfusion.cashflow.scale.run import project
from chainfusion.cashflow.scenarios.pooled import flows_of
from chainfusion.cashflow.scenarios.run import run
from chainfusion.cashflow.text.reader import load_terms
from chainfusion.domain.terms.compile import compile_terms
from chainfusion.domain.terms.schedule import schedule
from chainfusion.tape.intake import read_tape
from chainfusion.tape.mapping_reader import load_mapping

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from reading import Ran, Table, balances, classes, money, show, triggers  # noqa: E402

TERMS = load_terms(HERE / "terms.yaml")
BENCHMARK = {date(2018, 1, 1): 49_000, date(2020, 1, 1): 48_000, date(2021, 1, 1): 46_500, date(2023, 1, 1): 43_000,
             date(2024, 1, 1): 42_000, date(2025, 1, 1): 36_000, date(2026, 1, 1): 35_000}  # fmt: skip
"""ppm: 4.90% of the People's Bank of China until 2019, then LPR over five years as last published before each
1 January; held from 2026 on."""
NAMES = ("base", "stress", "default", "call")


def benchmark(day: date) -> int:
    """The benchmark that holds on a day, after its yearly reset."""
    return BENCHMARK[max(start for start in BENCHMARK if start <= day)]


def mortgages() -> Pool:
    """The generated lines, floating: benchmark and spread, reset every 1 January."""
    tape = read_tape(HERE / "pool.csv", load_mapping(HERE / "mapping.yaml")).frame
    count = tape.height
    floating = Floating(
        names=("BENCHMARK5Y",),
        index=np.zeros(count, np.int64),
        spread=tape["rate_ppm"].to_numpy() - benchmark(TERMS.dates.cut_off),
        every=np.full(count, 12),
        next_reset=np.full(count, 4),
        floor=np.zeros(count, np.int64),
        cap=np.full(count, 240_000),
    )
    return pool_of(tape, TERMS.dates.cut_off, floating=floating)


def futures(ends: list[date]) -> list[Scenario]:
    """Base: 10% prepay and 0.25% default a year, 60% comes back after 18 months. Stress: half the prepayment, twelve
    times the defaults, 40% comes back. The others are the base case with an event."""
    base = Assumption(prepayment.cpr("0.10"), default.cdr("0.0025"), recovery.recovery("0.60", 18))
    stress = Assumption(prepayment.cpr("0.05"), default.cdr("0.03"), recovery.recovery("0.40", 18))
    path = {"BENCHMARK5Y": [benchmark(day.replace(day=1)) for day in ends]}
    return [scenario(name, stress if name == "stress" else base, path) for name in NAMES]


@cache
def collected() -> Collections:
    """What the pool brings in every scenario."""
    ends = [period.collected_to for period in schedule(TERMS.dates)]
    return project(mortgages(), futures(ends), dates=ends).total


@cache
def ran() -> Ran:
    """The deal on those collections; from payment 25 on nothing is delivered in `default`, and `call` is noticed."""
    periods = schedule(TERMS.dates)
    fixings = [benchmark(period.interest_from) * 100 for period in periods]
    program = compile_terms(TERMS, periods=periods, indices={"BENCHMARK5Y": fixings})
    flows = flows_of(program, collected())
    flows["undelivered"] = np.zeros((len(NAMES), len(periods)), np.int64)
    flows["undelivered"][NAMES.index("default"), 24:] = 1
    flows["call_notice"] = np.zeros((len(NAMES), len(periods)), np.int64)
    flows["call_notice"][NAMES.index("call"), 24:] = 1
    return Ran(TERMS, collected(), run(program, flows), NAMES)


def pool() -> Table:
    """Cumulative default, what principal lent to income before an event of default, and the clean-up call."""
    result, rows = ran().result, []
    for place, name in enumerate(NAMES):
        defaulted = int(result.flows["pool.defaulted"][place].sum())
        lent = int(result["principal.lent"][place][result["state"][place] < 2].sum())
        price = result["clean_up.received"][place]
        called = ran().payments[int(np.flatnonzero(price)[0])].isoformat() if price.any() else "-"
        share = f"{100 * defaulted / TERMS.pool_balance:.2f}%"
        rows.append((name, share, money(lent), called, money(int(price.sum()))))
    head = ("scenario", "cumulative default", "lent by principal", "clean-up call", "its price")
    return Table("pool", head, tuple(rows))


def tables() -> list[Table]:
    """The reading."""
    return [classes(ran()), triggers(ran()), pool(), balances(ran(), 0, 24)]


if __name__ == "__main__":
    show(HERE.name, ran(), tables())
