"""A revolving consumer deal: waterfall and projection take turns until what one buys is what the other was given."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import numpy as np

from chainfusion.cashflow.assumptions import default, prepayment, recovery
from chainfusion.cashflow.assumptions.scenario import Assumption, Scenario, scenario
from chainfusion.cashflow.collections import Collections
from chainfusion.cashflow.pool.columns import Pool, pool
from chainfusion.cashflow.pool.revolving import Replenishment, parts, replenish
from chainfusion.cashflow.pool.tape import pool_of
from chainfusion.cashflow.scale.run import project
from chainfusion.cashflow.scenarios.pooled import flows_of
from chainfusion.cashflow.scenarios.run import Result, run
from chainfusion.cashflow.text.reader import load_terms
from chainfusion.domain.terms.compile import compile_terms
from chainfusion.tape.intake import read_tape
from chainfusion.tape.mapping_reader import load_mapping

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from reading import Ran, Table, balances, classes, money, show, triggers  # noqa: E402

TERMS = load_terms(HERE / "terms.yaml")
NAMES = ("base", "stress", "severe", "servicer")
REVOLVES = 12
"""Payments at which the terms buy."""


def loans() -> Pool:
    """The generated lines."""
    tape = read_tape(HERE / "pool.csv", load_mapping(HERE / "mapping.yaml"))
    return pool_of(tape.frame, TERMS.dates.cut_off)


def purchases() -> Replenishment:
    """What is bought: 12, 24 and 36 months at 9.6%, 10.8% and 13.2%, three, four and three parts in ten."""
    profiles = pool("CNY", np.zeros(3, np.int64), np.array([96_000, 108_000, 132_000]), np.array([12, 24, 36]))
    return Replenishment(profiles, parts("0.3", "0.4", "0.3"), last=REVOLVES, target=TERMS.pool_balance)


def futures() -> list[Scenario]:
    """Prepayment, defaults a year, recovery after six months. `servicer`: the base case without its servicer."""
    base = Assumption(prepayment.cpr("0.08"), default.cdr("0.012"), recovery.recovery("0.2", 6))
    stress = Assumption(prepayment.cpr("0.08"), default.cdr("0.05"), recovery.recovery("0.15", 6))
    severe = Assumption(prepayment.cpr("0.04"), default.cdr("0.22"), recovery.recovery("0.1", 6))
    return [scenario(name, assumed) for name, assumed in zip(NAMES, (base, stress, severe, base), strict=True)]


@cache
def settled() -> tuple[Collections, Result]:
    """Collections and waterfall that agree on every purchase. Each turn makes at least one more period right, because
    flows up to a period do not depend on purchases after it."""
    program, assumed = compile_terms(TERMS), futures()
    events = np.zeros((len(NAMES), program.periods), np.int64)
    events[NAMES.index("servicer"), 5:] = 1
    base = project(loans(), assumed).total
    available = np.zeros((len(NAMES), program.periods), np.int64)
    for _ in range(REVOLVES + 1):
        collections = replenish(base, assumed, purchases(), available)
        result = run(program, flows_of(program, collections) | {"servicer_termination": events})
        if np.array_equal(result["assets.paid"], available):
            return collections, result
        available = result["assets.paid"]
    raise RuntimeError("waterfall and projection do not agree on what is bought")


def collected() -> Collections:
    """What the pool and all that it buys bring in every scenario."""
    return settled()[0]


def ran() -> Ran:
    """The deal on those collections; in `servicer` the servicer is removed at payment 6."""
    return Ran(TERMS, *settled(), NAMES)


def bought() -> Table:
    """How often and how much was bought, and what defaulted."""
    collections, rows = collected(), []
    for place, name in enumerate(NAMES):
        paid = ran().result["assets.paid"][place]
        defaulted = int(collections.defaulted[place].sum())
        share = f"{100 * defaulted / TERMS.pool_balance:.2f}%"
        rows.append((name, str(np.count_nonzero(paid)), money(int(paid.sum())), money(defaulted), share))
    head = ("scenario", "purchases", "bought", "defaulted in all", "of the first pool")
    return Table("purchases", head, tuple(rows))


def tables() -> list[Table]:
    """The reading."""
    return [classes(ran()), bought(), triggers(ran()), balances(ran(), 0, 4)]


if __name__ == "__main__":
    show(HERE.name, ran(), tables())
