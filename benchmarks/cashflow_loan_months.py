"""Loan-months a second of a pool's projection to the cent, beside what a user would otherwise use, and beside C.

Measured end to end on two cores: from unsorted columns of balance, rate, term and age, through level payments, sorting
and every month's default, interest, principal and prepayment, to the pool's collections with recoveries. A loan-month
is a month in which a loan is alive. Peers run in the same process, in turns with the project, and each one's fastest
run counts; those that would take minutes run fewer loans and are compared per loan-month. Each peer's totals are held
against the project's.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import _cashflow_peers as peers
from benchmarks._cashflow_pool import Columns, c_lanes, columns, pool_of_columns, vectors
from chainfusion.cashflow.assumptions.scenario import Scenario
from chainfusion.cashflow.collections import Collections
from chainfusion.cashflow.scale.run import project

LOANS = 1_000_000
ROUNDS = 5
SCENARIOS = 8

Row = dict[str, Any]


def run() -> list[Row]:
    """Rows of speed against each peer, growth in loans and scenarios, memory, and the first run's compilation."""
    given, base = columns(LOANS), vectors()
    before = _peak()
    collections = _ours(given, base)
    memory = _peak() - before
    contenders = _contenders(given, base)
    _check(contenders, collections, base)
    best = _best_of(contenders)
    months = {name: float(one.given["term"].sum()) for name, one in contenders.items()}
    speeds = {name: months[name] / took / 1e6 for name, took in best.items()}
    return [
        *(_row("cashflow_seconds", best[OURS], "s", LOANS, name, best[name]) for name in (C,) if name in best),
        *(_row("cashflow_loan_months", speeds[OURS], "M loan-months/s", LOANS, name, speeds[name])
          for name in _compared(speeds)),
        *_growth(given, base),
        _row("cashflow_memory", memory, "MiB above the columns", LOANS),
        _row("cashflow_first_run", _first_run(), "s, compiling once a machine", 1000),
    ]  # fmt: skip


def _ours(given: Columns, assumed: Scenario | list[Scenario]) -> Collections:
    return project(pool_of_columns(given), assumed).total


# ------------------------------------------------------------------ contenders, in turns

OURS, C = "chainfusion", "C in vector registers, 2 threads"
CLOSED, POLARS = "polars, closed form, streaming", "polars, columns month by month"
NUMPY, QUANTLIB = "numpy, columns month by month", "QuantLib AmortizingFixedRateBond, schedule alone"


@dataclass(frozen=True)
class _Contender:
    """A way to compute the flows of some loans."""

    given: Columns
    work: Callable[[], Any]


def _contenders(given: Columns, base: Scenario) -> dict[str, _Contender]:
    """All that this machine has, each with as many loans as run in a second or so."""
    c = c_lanes()
    few, some, many = columns(1000), columns(20_000), columns(300_000)
    every = {
        OURS: _Contender(given, lambda: _ours(given, base)),
        CLOSED: _Contender(some, lambda: peers.polars_closed_form(some, base)),
        POLARS: _Contender(many, lambda: peers.polars_columns(many, base)),
        NUMPY: _Contender(many, lambda: peers.numpy_columns(many, base)),
    }
    if c is not None:
        every[C] = _Contender(given, lambda: c(given, base))
    else:
        print("  gcc was not found: the C peer is left out.")
    if importlib.util.find_spec("QuantLib") is not None:
        every[QUANTLIB] = _Contender(few, lambda: peers.quantlib_bonds(few))
    else:
        print("  QuantLib is not installed: its row is left out.")
    return every


def _best_of(contenders: dict[str, _Contender]) -> dict[str, float]:
    """Each one's fastest run. They take turns of a second, so that what else the machine does falls on all of them."""
    took: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, one in contenders.items():
            until = time.perf_counter() + 1
            while time.perf_counter() < until:
                took[name].append(_timed(one.work)[0])
    return {name: min(seconds) for name, seconds in took.items()}


def _compared(speeds: dict[str, float]) -> list[str]:
    """The faster way of polars, and the others."""
    fastest = max((CLOSED, POLARS), key=speeds.__getitem__)
    return [fastest, NUMPY, *(name for name in (QUANTLIB,) if name in speeds)]


def _check(contenders: dict[str, _Contender], ours: Collections, base: Scenario) -> None:
    """Raises: ValueError where a peer computes something else: other cents, or for floats over 1e-5 of a total."""
    if C in contenders:
        flows = contenders[C].work()
        cents = (ours.defaulted, ours.interest, ours.scheduled, ours.prepaid)
        if not all(np.array_equal(column[0, : len(flows)], flows[:, k]) for k, column in enumerate(cents)):
            raise ValueError("the C peer gives other cents")
    for name in (CLOSED, POLARS, NUMPY):
        wanted, given = _ours(contenders[name].given, base), contenders[name].work()
        for column in ("defaulted", "interest", "scheduled", "prepaid"):
            if abs(given[column].sum() * 100 / float(getattr(wanted, column).sum()) - 1) > 1e-5:
                raise ValueError(f"{name} gives another {column}")


# ------------------------------------------------------------------ growth, compilation


def _growth(given: Columns, base: Scenario) -> list[Row]:
    quarter = {name: column[: LOANS // 4] for name, column in given.items()}
    stresses = [vectors(f"{k}", 100 + 10 * k) for k in range(SCENARIOS)]
    best = _best_of(
        {
            "one": _Contender(given, lambda: _ours(given, base)),
            "quarter": _Contender(quarter, lambda: _ours(quarter, base)),
            "many": _Contender(given, lambda: _ours(given, stresses)),
        }
    )
    each, fewer = best["one"] / LOANS * 1e9, best["quarter"] / (LOANS // 4) * 1e9
    return [
        _row("cashflow_per_loan", each, "ns", LOANS, f"the same at {LOANS // 4:,} loans", fewer),
        _row("cashflow_per_scenario", best["many"] / SCENARIOS, "s", SCENARIOS, "one scenario alone", best["one"]),
    ]


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
