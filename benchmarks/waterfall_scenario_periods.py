"""1,000 scenarios x 360 periods of a ten-tranche deal, beside the same deal written by hand in C and waterfall-py.

The deal (_ten_tranches.yaml) has income and principal accounts, two fees, four seniors pro rata, five mezzanine classes
in order, a reserve drawn on, topped up and released, a deficiency made good, three triggers, turbo, principal pro rata
or sequential, and a residual. Its terms are read and compiled to tables once, which is measured apart; nothing is
compiled to machine code for it. The C (_waterfall.c) pays the same integers: every one of the 25 flows and balances of
every period is compared. waterfall-py holds the nearest deal that it can (no triggers, no deficiency, doubles); its
time for a few scenarios is scaled up. Each figure is the fastest of its rounds: other work only adds.
All flows of all scenarios are kept by both, in memory that was written before.
"""

from __future__ import annotations

import ctypes
import importlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.scenarios.run import Result
from chainfusion.cashflow.scenarios.run import run as run_scenarios
from chainfusion.cashflow.text.reader import load_terms
from chainfusion.domain.terms.compile import compile_terms
from chainfusion.domain.waterfall.program import Program

SCENARIOS, PERIODS, THREADS, ROUNDS = 1000, 360, 2, 15
MORE = 4000
HERE = Path(__file__).parent
COLUMNS = ("opening", "closing", "scheduled", "prepaid", "defaulted", "recovered", "interest")
RATED = ("A1", "A2", "A3", "A4", "B", "C", "D", "E", "F")
KEPT = (
    *(f"{name}.{flow}" for name in RATED for flow in ("interest_paid", "principal_paid")),
    "Sub.principal_paid", "Sub.return_paid", "servicer.paid", "trustee.paid",
    "income.balance", "principal.balance", "reserve.balance",
)  # fmt: skip

Ints = NDArray[np.int64]
Row = dict[str, Any]


def run() -> list[Row]:
    """Rows `waterfall_scenario_periods` (seconds, beside C and beside waterfall-py) and those of terms and growth."""
    began = time.perf_counter()
    terms = load_terms(HERE / "_ten_tranches.yaml")
    read = time.perf_counter()
    program = compile_terms(terms)
    compiled = time.perf_counter()
    flows = collections(SCENARIOS)
    first = run_scenarios(program, flows, keep=KEPT)
    ours, theirs = _beside_c(program, flows, first)
    name, size = "waterfall_scenario_periods", SCENARIOS * PERIODS
    rows = [
        _row(name, ours, "s", size, "C of the same deal, gcc -O3, 2 threads", theirs),
        _row("waterfall_terms_read", read - began, "s", 1, "compiled to tables", compiled - read),
    ]
    rows += _beside_waterfall_py(ours, flows)
    large = collections(MORE)
    buffer = run_scenarios(program, large, keep=KEPT).values
    more = _fastest(lambda: run_scenarios(program, large, keep=KEPT, threads=THREADS, into=buffer), 5)
    per = [ours / SCENARIOS * 1e6, more / MORE * 1e6]
    rows.append(_row("waterfall_per_scenario", per[1], "us", MORE, f"the same at {SCENARIOS:,} scenarios", per[0]))
    return rows


def collections(scenarios: int) -> dict[str, Ints]:
    """A pool of 1,000 million at 6%, each scenario with its own speeds of prepayment and default."""
    chance = np.random.default_rng(7)
    prepaying, defaulting = chance.uniform(0.002, 0.02, scenarios), chance.uniform(0, 0.002, scenarios)
    balance = np.full(scenarios, 1_000_000_000_00, np.int64)
    found = {name: np.empty((scenarios, PERIODS), np.int64) for name in COLUMNS}
    for t in range(PERIODS):
        defaulted = (balance * defaulting).astype(np.int64)
        scheduled = (balance - defaulted) // (PERIODS - t)
        prepaid = ((balance - defaulted - scheduled) * prepaying).astype(np.int64)
        parts = {"opening": balance, "defaulted": defaulted, "scheduled": scheduled, "prepaid": prepaid}
        balance = balance - defaulted - scheduled - prepaid
        parts |= {"closing": balance, "recovered": defaulted * 4 // 10, "interest": parts["opening"] * 6 // 1200}
        for name, values in parts.items():
            found[name][:, t] = values
    return {f"pool.{name}": values for name, values in found.items()}


def _fastest(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took)


def _row(name: str, value: float, unit: str, size: int, peer: str | None, peer_value: float | None) -> Row:
    ratio = round(value / peer_value, 5) if peer_value else None
    return {
        "name": name, "value": round(value, 5), "unit": unit, "size": size, "peer": peer,
        "peer_value": None if peer_value is None else round(peer_value, 5), "ratio": ratio,
    }  # fmt: skip


# ------------------------------------------------------------------ C


def _beside_c(program: Program, flows: dict[str, Ints], first: Result) -> tuple[float, float | None]:
    """Seconds of ours and of C, in turns, so that both meet the same machine. Raises: ValueError where they differ."""
    buffer = first.values
    ours: list[float] = []
    theirs: list[float] = []
    work = _c_of(flows)
    for _ in range(ROUNDS):
        ours.append(_fastest(lambda: run_scenarios(program, flows, keep=KEPT, threads=THREADS, into=buffer), 1))
        if work is not None:
            theirs.append(_fastest(work[0], 1))
    if work is None:
        print("no C compiler was found: nothing beside the compiled deal")
        return min(ours), None
    if not np.array_equal(buffer, work[1]):
        raise ValueError("the deal in C does not pay the same")
    return min(ours), min(theirs)


def _c_of(flows: dict[str, Ints]) -> tuple[Callable[[], object], Ints] | None:
    """The hand-written deal on the same collections in two threads, and where it writes; None without a compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder, "waterfall.so")
        flags = ["-O3", "-march=native", "-shared", "-fPIC"]
        subprocess.run([compiler, *flags, "-o", library, HERE / "_waterfall.c"], check=True)
        code = ctypes.CDLL(str(library))
    pointer = ctypes.POINTER(ctypes.c_int64)
    columns = (pointer * len(COLUMNS))(*(flows[f"pool.{name}"].ctypes.data_as(pointer) for name in COLUMNS))
    out = np.zeros((len(KEPT), PERIODS, SCENARIOS), np.int64)
    pool = ThreadPoolExecutor(THREADS)
    bounds = [SCENARIOS * n // THREADS for n in range(THREADS + 1)]

    def part(n: int) -> None:
        code.run(bounds[n], bounds[n + 1], SCENARIOS, PERIODS, columns, out.ctypes.data_as(pointer),
                 ctypes.c_int64(1), ctypes.c_int64(12))  # fmt: skip

    return (lambda: list(pool.map(part, range(THREADS)))), out


# ------------------------------------------------------------------ waterfall-py


def _beside_waterfall_py(ours: float, flows: dict[str, Ints], few: int = 5) -> list[Row]:
    try:
        peer = importlib.import_module("waterfall")
    except ImportError:
        print("waterfall-py is not installed: pip install waterfall-py==0.2.0")
        return []
    took = [_fastest(lambda n=n: peer.run(_nearest(peer, flows, n)), 1) for n in range(few)]  # type: ignore[misc]
    peer_value = min(took) * SCENARIOS
    return [_row("waterfall_scenario_periods", ours, "s", SCENARIOS * PERIODS, "waterfall-py 0.2.0", peer_value)]


def _nearest(peer: Any, flows: dict[str, Ints], n: int) -> Any:
    """The nearest deal that waterfall-py can hold: bullets repaid by a full sweep, a reserve, one fee."""
    terms = load_terms(HERE / "_ten_tranches.yaml")
    cash = sum(flows[f"pool.{name}"][n] for name in ("scheduled", "prepaid", "recovered", "interest"))
    tranches = [
        peer.Tranche(t.id, "senior" if t.id[0] == "A" else "mezzanine", t.size / 100, coupon=_rate(t.coupon),
                     recompute_on_prepayment=False)
        for t in terms.tranches if t.coupon is not None
    ]  # fmt: skip
    tranches.append(peer.Tranche("Sub", "equity", 50_000_000.0))
    return peer.Deal(
        deal_close_date=date(2025, 1, 1), operations_start_date=date(2025, 1, 1), period_frequency="M",
        tranches=tranches, cfads_stream=[float(x) / 100 for x in cash], data_currency="CNY",
        reporting_basis="calendar", reserves=[peer.ReserveConfig("DSRA", target_amount=10_000_000.0)],
        fees=[peer.Fee("agency", 100_000.0)], sweep=peer.SweepConfig(default_sweep_pct=1.0),
        equity_contributions=[1e9] * PERIODS,
    )  # fmt: skip


def _rate(coupon: str | None) -> float:
    return float((coupon or "0%").rstrip("%")) / 100
