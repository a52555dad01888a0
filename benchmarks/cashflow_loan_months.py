"""Loan-months a second of a pool's projection to the cent, beside what a user would otherwise use, and beside C.

Measured end to end on two cores: from unsorted columns of balance, rate, term and age, through level payments, sorting
and every month's default, interest, principal and prepayment, to the pool's collections with recoveries. A loan-month
is a month in which a loan is alive. Peers run in the same process, in turns with the project; those that would take
minutes run fewer loans and are compared per loan-month. Each peer's totals are held against the project's.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import polars as pl

from benchmarks import _cashflow_peers as peers
from benchmarks._cashflow_pool import Columns, c_lanes, columns, pool_of_columns, vectors
from chainfusion.cashflow.assumptions.scenario import Scenario
from chainfusion.cashflow.collections import Collections
from chainfusion.cashflow.scale.run import project

LOANS = 1_000_000
ROUNDS = 7
SCENARIOS = 8

Row = dict[str, Any]


def run() -> list[Row]:
    """Rows of speed against each peer, growth in loans and scenarios, memory, and the first run's compilation."""
    given, base = columns(LOANS), vectors()
    before = _peak()
    _ours(given, base)
    memory = _peak() - before
    against_c = _against_c(given, base)
    speed = given["term"].sum() / against_c["value"] / 1e6
    return [
        against_c,
        *_slower(speed, base),
        *_growth(given, base, against_c["value"]),
        _row("cashflow_memory", memory, "MiB above the columns", LOANS),
        _row("cashflow_first_run", _first_run(), "s, compiling once a machine", 1000),
    ]


def _ours(given: Columns, assumed: Scenario | list[Scenario]) -> Collections:
    return project(pool_of_columns(given), assumed).total


def _against_c(given: Columns, base: Scenario) -> Row:
    c = c_lanes()
    if c is None:
        print("  gcc was not found: the C peer is left out.")
        return _row("cashflow_seconds", statistics.median(_timed(lambda: _ours(given, base))[0] for _ in range(ROUNDS)),
                    "s", LOANS)  # fmt: skip
    ours, theirs = [], []
    for _ in range(ROUNDS):
        took, collections = _timed(lambda: _ours(given, base))
        ours.append(took)
        took, flows = _timed(lambda: c(given, base))
        theirs.append(took)
    _same_cents(collections, flows)
    return _row("cashflow_seconds", statistics.median(ours), "s", LOANS, "C in vector registers, 2 threads",
                statistics.median(theirs))  # fmt: skip


def _same_cents(ours: Collections, flows: Any) -> None:
    columns = (ours.defaulted, ours.interest, ours.scheduled, ours.prepaid)
    if not all(np.array_equal(column[0, : len(flows)], flows[:, k]) for k, column in enumerate(columns)):
        raise ValueError("the C peer gives other cents")


# ------------------------------------------------------------------ slower peers, per loan-month


def _slower(speed: float, base: Scenario) -> list[Row]:
    ways = (
        ("polars, closed form, streaming", peers.polars_closed_form, 20_000),
        ("polars, columns month by month", peers.polars_columns, 100_000),
        ("numpy, columns month by month", peers.numpy_columns, 50_000),
    )
    measured = {name: _peer(way, loans, base) for name, way, loans in ways}
    best = max((name for name in measured if name.startswith("polars")), key=lambda name: measured[name])
    rows = [_speed_row(speed, name, measured[name]) for name in (best, "numpy, columns month by month")]
    if importlib.util.find_spec("QuantLib") is None:
        print("  QuantLib is not installed: its row is left out.")
        return rows
    given = columns(1000)
    took = min(_timed(lambda: peers.quantlib_bonds(given))[0] for _ in range(3))
    name = "QuantLib AmortizingFixedRateBond, schedule alone"
    return [*rows, _speed_row(speed, name, given["term"].sum() / took / 1e6)]


def _peer(way: Callable[[Columns, Scenario], pl.DataFrame], loans: int, base: Scenario) -> float:
    """Its best of three in millions of loan-months a second. Raises: ValueError where it computes something else."""
    given = columns(loans)
    ours = _ours(given, base)
    timed = [_timed(lambda: way(given, base)) for _ in range(3)]
    for name in ("interest", "scheduled", "prepaid"):
        wanted = float(getattr(ours, name).sum()) / 100
        if abs(timed[0][1][name].sum() / wanted - 1) > 1e-5:
            raise ValueError(f"{way.__name__} gives another {name}")
    return float(given["term"].sum()) / min(took for took, _ in timed) / 1e6


def _speed_row(speed: float, peer: str, peer_speed: float) -> Row:
    return _row("cashflow_loan_months", speed, "M loan-months/s", LOANS, peer, peer_speed)


# ------------------------------------------------------------------ growth, compilation


def _growth(given: Columns, base: Scenario, one: float) -> list[Row]:
    quarter = {name: column[: LOANS // 4] for name, column in given.items()}
    small = statistics.median(_timed(lambda: _ours(quarter, base))[0] for _ in range(ROUNDS))
    stresses = [vectors(f"{k}", 100 + 10 * k) for k in range(SCENARIOS)]
    many = statistics.median(_timed(lambda: _ours(given, stresses))[0] for _ in range(3))
    return [
        _row("cashflow_per_loan", one / LOANS * 1e9, "ns", LOANS, f"the same at {LOANS // 4:,} loans",
             small / (LOANS // 4) * 1e9),
        _row("cashflow_per_scenario", many / SCENARIOS, "s", SCENARIOS, "one scenario alone", one),
    ]  # fmt: skip


def _first_run() -> float:
    """Seconds of the first projection in a process that finds no compiled kernels."""
    with tempfile.TemporaryDirectory() as empty:
        os.environ["NUMBA_CACHE_DIR"] = empty
        try:
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as fresh:
                return fresh.submit(_compile).result()
        finally:
            del os.environ["NUMBA_CACHE_DIR"]


def _compile() -> float:
    given, base = columns(1000), vectors()
    return _timed(lambda: _ours(given, base))[0]


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _row(
    name: str, value: float, unit: str, size: int, peer: str | None = None, peer_value: float | None = None
) -> Row:
    return {
        "name": name,
        "value": round(float(value), 4),
        "unit": unit,
        "size": size,
        "peer": peer,
        "peer_value": None if peer_value is None else round(float(peer_value), 4),
        "ratio": None if peer_value is None else round(float(value / peer_value), 3),
    }
