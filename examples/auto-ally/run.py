"""An auto-loan deal on a real tape: overcollateralization built to its target and released, or kept by losses."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import numpy as np

from chainfusion.cashflow.assumptions import default, prepayment, recovery
from chainfusion.cashflow.assumptions.scenario import Assumption, Scenario, scenario
from chainfusion.cashflow.collections import Collections
from chainfusion.cashflow.pool.columns import Pool
from chainfusion.cashflow.pool.tape import pool_of
from chainfusion.cashflow.scale.run import project
from chainfusion.cashflow.scenarios.pooled import flows_of
from chainfusion.cashflow.scenarios.run import run
from chainfusion.cashflow.text.reader import load_terms
from chainfusion.domain.terms.compile import compile_terms
from chainfusion.tape.intake import read_tape
from chainfusion.tape.mapping_reader import load_mapping

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from reading import ROOT, Ran, Table, balances, classes, money, show, triggers  # noqa: E402

TERMS = load_terms(HERE / "terms.yaml")
SOURCE = ROOT / "src" / "chainfusion"
NAMES = ("base", "stress", "severe", "vote")


def loans() -> Pool:
    """The tape that the demonstration carries, through its mapping."""
    tape = read_tape(
        SOURCE / "demo" / "data" / "ally-auto-2019-08.csv",
        load_mapping(SOURCE / "tape" / "mappings" / "ally-auto-aart-2019.yaml"),
    )
    return pool_of(tape.frame, TERMS.dates.cut_off)


def futures() -> list[Scenario]:
    """Prepayment in ABS speed, defaults a year, recovery after six months. `vote`: the base case, accelerated."""
    base = Assumption(prepayment.abs_speed("0.013"), default.cdr("0.02"), recovery.recovery("0.5", 6))
    stress = Assumption(prepayment.abs_speed("0.010"), default.cdr("0.06"), recovery.recovery("0.4", 6))
    severe = Assumption(prepayment.abs_speed("0.008"), default.cdr("0.12"), recovery.recovery("0.3", 6))
    return [scenario(name, assumed) for name, assumed in zip(NAMES, (base, stress, severe, base), strict=True)]


@cache
def collected() -> Collections:
    """What the loans bring in every scenario."""
    return project(loans(), futures()).total


@cache
def ran() -> Ran:
    """The deal on those collections; in `vote` the controlling class accelerates at payment 25."""
    program = compile_terms(TERMS)
    flows = flows_of(program, collected())
    flows["vote_to_accelerate"] = np.zeros((len(NAMES), program.periods), np.int64)
    flows["vote_to_accelerate"][NAMES.index("vote"), 24:] = 1
    return Ran(TERMS, collected(), run(program, flows), NAMES)


def target() -> Table:
    """Net loss, when overcollateralization first stood at its target, and what the certificates received."""
    result, rows = ran().result, []
    for place, name in enumerate(NAMES):
        lost = int(result.flows["pool.lost"][place].sum())
        released = result["holders.paid"][place]
        first = np.flatnonzero(released)
        payment = (str(first[0] + 1), ran().payments[first[0]].isoformat()) if len(first) else ("-", "-")
        least = money(int(result["reserve.balance"][place][: _repaid(place)].min()))
        rows.append((name, f"{100 * lost / TERMS.pool_balance:.2f}%", *payment, money(int(released.sum())), least))
    head = ("scenario", "net loss", "first release", "date", "released in all", "least in the reserve")
    return Table("target", head, tuple(rows))


def _repaid(place: int) -> int:
    """How many payments find notes outstanding."""
    outstanding = sum(ran().result[f"{t.id}.balance"][place] for t in TERMS.tranches)
    return int(np.count_nonzero(outstanding))


def tables() -> list[Table]:
    """The reading."""
    return [classes(ran()), target(), triggers(ran()), balances(ran(), 0, 6)]


if __name__ == "__main__":
    show(HERE.name, ran(), tables())
