"""A run as a table, a row a payment, and as a file: CSV, XLSX or Parquet. Amounts are minor units."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl
from openpyxl import Workbook  # type: ignore[import-untyped]

from chainfusion.cashflow.deal.run import SUMS, DealRun
from chainfusion.domain.errors import ChainFusionError, Text

Cell = str | int


class FileKindUnknown(ChainFusionError):
    """A file whose name does not tell what it is to hold."""

    code = "FILE_KIND_UNKNOWN"
    says = Text("{name} is none of: {known}.", "{name} 不属于以下类型：{known}。")
    do = Text("Let the file's name end in one of them.", "请使用上述后缀之一。")


def table(run: DealRun) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    """Columns and rows up to the last payment at which anything moves: dates, collections by kind, then every flow and
    balance of the waterfall by its name in the terms."""
    pool = tuple(f"pool.{name}" for name in ("opening", *SUMS, "closing"))
    kept = [o.name for o in run.program.outputs if o.kind in ("money", "truth")]
    columns = ("period", "payment", "collected_to", "state", *(name.removeprefix("pool.") for name in pool), *kept)
    rows: list[tuple[Cell, ...]] = [
        (
            n + 1,
            at.payment.isoformat(),
            at.collected_to.isoformat(),
            state_of(run, n),
            *(run.flows[name][n] for name in pool),
            *(run.run[name][n] for name in kept),
        )
        for n, at in enumerate(run.periods[: run.last])
    ]
    return columns, rows


def state_of(run: DealRun, n: int) -> str:
    """The state that the deal is in at payment n (from 0)."""
    states = run.program.states
    return states[run.run["state"][n]] if len(states) > 1 else states[0]


def content(run: DealRun, name: str) -> bytes:
    """A file of the kind that its name ends in. Raises: FileKindUnknown."""
    kind = Path(name).suffix.lower()
    if kind not in _KINDS:
        raise FileKindUnknown(name=name, known=", ".join(_KINDS))
    columns, rows = table(run)
    return _KINDS[kind](columns, rows)


def _csv(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return ("\ufeff" + out.getvalue()).encode()


def _xlsx(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("run")
    sheet.freeze_panes = "B2"
    sheet.append(list(columns))
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _parquet(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    out = io.BytesIO()
    pl.DataFrame(rows, schema=list(columns), orient="row").write_parquet(out)
    return out.getvalue()


_KINDS: dict[str, Callable[[Sequence[str], Sequence[Sequence[Cell]]], bytes]] = {
    ".csv": _csv,
    ".xlsx": _xlsx,
    ".parquet": _parquet,
}
