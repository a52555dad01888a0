"""10,000 random paths of defaults through the ten-tranche deal, beside numpy across paths and plain Python.

Each path draws one factor, takes the pool's defaults given it (one-factor Gaussian copula), replays the pool month by
month and pays the deal of _ten_tranches.yaml to the cent: 360 periods. The numpy way (_monte_carlo_plain.py) does the
same by hand, a thousand paths side by side, erfc from Python's math since numpy has none; it must lose the same cents.
The plain Python way runs one path at a time with `statistics.NormalDist` and the machine uncompiled; its time for a
few paths is scaled up.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import _monte_carlo_plain as plain
from chainfusion.cashflow.analytics.deal import deal_of
from chainfusion.cashflow.analytics.draws import Draws
from chainfusion.cashflow.analytics.monte_carlo import Simulation, simulate
from chainfusion.cashflow.analytics.pool_paths import pool_paths
from chainfusion.cashflow.analytics.study import Study
from chainfusion.cashflow.assumptions import default, prepayment, recovery
from chainfusion.cashflow.assumptions.scenario import Assumption, scenario
from chainfusion.cashflow.pool.columns import pool
from chainfusion.cashflow.scale.run import project
from chainfusion.cashflow.text.reader import load_terms

PATHS, FEWER, SEED, CORRELATION, ROUNDS = 10_000, 2_500, 7, 0.15, 3
TERMS = Path(__file__).parent / "_ten_tranches.yaml"
BASE = scenario("base", Assumption(prepayment.cpr("0.08"), default.cdr("0.015"), recovery.recovery("0.4", 6)))

Row = dict[str, Any]


def run() -> list[Row]:
    """Rows `monte_carlo` (seconds, beside numpy and beside plain Python) and of growth. Raises: ValueError where numpy
    loses another cent."""
    study = study_of()
    found = simulated(study, 100)
    ours = _median(lambda: simulated(study, PATHS), ROUNDS)
    alone = _median(lambda: simulated(study, PATHS, threads=1), ROUNDS)
    fewer = _median(lambda: simulated(study, FEWER), ROUNDS)
    found = simulated(study, PATHS)
    parts = pool_paths(study.model([BASE]), BASE.groups[0].recovery)
    began = time.perf_counter()
    lost = plain.across_paths(parts, Draws(SEED, 1).normal(0, PATHS)[:, 0], CORRELATION)
    theirs = time.perf_counter() - began
    for name, losses in lost.items():
        if not np.array_equal(losses, found.losses[name]):
            raise ValueError(f"numpy does not lose the same cents of {name}")
    python = plain.one_by_one(study, parts, CORRELATION, few=4) * PATHS
    size = PATHS * study.deal.program.periods
    return [
        _row("monte_carlo", ours, "s", size, "numpy across paths, erfc of math, the same cents", theirs),
        _row("monte_carlo", ours, "s", size, "plain Python, a path at a time", python),
        _row("monte_carlo_one_thread", alone, "s", size, "numpy across paths", theirs),
        _row("monte_carlo_per_path", ours / PATHS * 1e6, "us", PATHS, f"the same at {FEWER:,}", fewer / FEWER * 1e6),
    ]


def study_of() -> Study:
    """A pool of 1,000 million at 6% in ten loans of up to 354 months, and the deal."""
    terms = np.arange(345, 355)
    loans = pool("CNY", np.full(10, 10_000_000_000), np.full(10, 60_000), terms)
    return Study(deal_of(load_terms(TERMS)), lambda s: project(loans, s).total)


def simulated(study: Study, paths: int, threads: int | None = None) -> Simulation:
    """The paths."""
    return simulate(study, BASE, paths=paths, seed=SEED, correlation=CORRELATION, threads=threads)


def _median(work: Callable[[], object], rounds: int) -> float:
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def _row(name: str, value: float, unit: str, size: int, peer: str, peer_value: float) -> Row:
    return {
        "name": name, "value": round(value, 5), "unit": unit, "size": size, "peer": peer,
        "peer_value": round(peer_value, 5), "ratio": round(value / peer_value, 5),
    }  # fmt: skip
