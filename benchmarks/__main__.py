"""`python -m benchmarks [NAME ...]`: measures, prints a table and writes build/bench.json.

A benchmark is a module of this package with `run() -> list[dict]`. A row is
{"name", "value", "unit", "size", "peer", "peer_value", "ratio"}: what was measured, its peer measured in the same run,
and value divided by peer_value; the last three are null where there is no peer. Each module runs in a process of its
own, one after the other, so that one's memory and warm caches are not another's figures.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import platform
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

import benchmarks
from benchmarks._process import COLUMNS, Row, in_own_process

OUT = Path("build/bench.json")


def names() -> list[str]:
    """Benchmark modules, in order of name; those that begin with an underscore are helpers."""
    return sorted(
        m.name
        for m in pkgutil.iter_modules(benchmarks.__path__)
        if not m.name.startswith("_") and hasattr(importlib.import_module(f"benchmarks.{m.name}"), "run")
    )


def show(console: Console, rows: list[Row]) -> None:
    """The rows as a table."""
    title = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for column in COLUMNS:
        table.add_column(column, justify="right" if column in {"value", "peer_value", "ratio"} else "left")
    for row in rows:
        table.add_row(*(_cell(row[column]) for column in COLUMNS))
    console.print(table)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def main(wanted: list[str]) -> int:
    """Exit status: 0 when every benchmark ran, 1 when one failed, 2 for a name that does not exist."""
    console = Console(width=None if sys.stdout.isatty() else 160)
    unknown = set(wanted) - set(names())
    if unknown:
        console.print(f"No benchmark {', '.join(sorted(unknown))}; there are {', '.join(names())}.")
        return 2
    rows: list[Row] = []
    failed: list[str] = []
    for name in wanted or names():
        console.print(f"Measuring {name} ...")
        try:
            rows += in_own_process(name)
        except Exception as error:
            console.print(f"{name} failed: {type(error).__name__}: {error}", markup=False)
            failed.append(name)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    show(console, rows)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
