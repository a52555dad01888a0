"""One benchmark in a process of its own. A module beside the program, since a new process cannot import `__main__`."""

from __future__ import annotations

import importlib
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import Any

COLUMNS = ("name", "value", "unit", "size", "peer", "peer_value", "ratio")

Row = dict[str, Any]


def measure(name: str) -> list[Row]:
    """Runs one benchmark in this process and checks the shape of its rows. Raises: ValueError."""
    rows = list(importlib.import_module(f"benchmarks.{name}").run())
    for row in rows:
        if row.keys() != set(COLUMNS):
            raise ValueError(f"benchmarks.{name} gave a row with {sorted(row)}, not {sorted(COLUMNS)}")
    return rows


def in_own_process(name: str) -> list[Row]:
    """`measure` in a fresh interpreter."""
    with ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, name).result()
