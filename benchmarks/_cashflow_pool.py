"""The pool that cash flows are measured on, and what the C peer needs to compute the same."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.assumptions import default, prepayment, recovery
from chainfusion.cashflow.assumptions.curve import By
from chainfusion.cashflow.assumptions.scenario import Assumption, Scenario, scenario
from chainfusion.cashflow.pool.columns import Pool, pool

Ints = NDArray[np.int64]
Columns = dict[str, Ints]
SOURCE = Path(__file__).with_name("_lanes.c")
FLAGS = (
    "-O3",
    "-march=native",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-shared",
    "-fPIC",
    "-pthread",
    "-lm",
)


def columns(loans: int) -> Columns:
    """Unsorted: 3 to 7%, 60 to 360 months left, 0 to 120 behind, 50,000 to 600,000.00 each."""
    draw = np.random.default_rng(20180209)
    return {
        "balance": draw.integers(5_000_000, 60_000_000, loans),
        "rate_ppm": draw.integers(3000, 7001, loans) * 10,
        "term": draw.integers(60, 361, loans),
        "age": draw.integers(0, 121, loans),
    }


def pool_of_columns(given: Columns) -> Pool:
    return pool("CNY", given["balance"], given["rate_ppm"], given["term"], given["age"])


def vectors(name: str = "base", stress: int = 100) -> Scenario:
    """CPR up to 8% and CDR up to 0.6% by age, month by month; 60% recovered after 12 months."""
    months = range(1, 481)
    cpr = prepayment.cpr_vector([f"{min(k, 30) * 8 / 30 / 100:.6f}" for k in months], By.AGE)
    cdr = default.cdr_vector([f"{min(k, 30) * 2 * stress / 1e6:.8f}" for k in months], By.AGE)
    return scenario(name, Assumption(cpr, cdr, recovery.recovery("0.6", 12)))


def c_lanes() -> Callable[[Columns, Scenario], Ints] | None:
    """The C peer, compiled now; None where there is no gcc. Gives defaulted, interest, scheduled, prepaid by month."""
    if shutil.which("gcc") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder, "lanes.so")
        subprocess.run(["gcc", *FLAGS[:-1], "-o", str(library), str(SOURCE), FLAGS[-1]], check=True)
        loaded = ctypes.CDLL(str(library))
    pointer = np.ctypeslib.ndpointer(np.int64, flags="C_CONTIGUOUS")
    number = ctypes.c_int64
    loaded.project.argtypes = [number, number, *[pointer] * 6, number, pointer]

    def run(given: Columns, assumed: Scenario) -> Ints:
        one = assumed.groups[0]
        length = max(len(one.prepayment.rates), len(one.default.rates))
        smm, mdr = (
            np.array([curve.at(k) for k in range(1, length + 1)], np.int64) for curve in (one.prepayment, one.default)
        )
        out = np.zeros((int(given["term"].max()), 4), np.int64)
        loans = [given[name] for name in ("balance", "rate_ppm", "term", "age")]
        loaded.project(len(loans[0]), len(out), *loans, smm, mdr, length, out)
        return out

    return run
