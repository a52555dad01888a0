"""Collections as a table: published by a servicer, or made elsewhere, one row a payment period; CSV or Parquet.

Columns are those of `Collections`, minor units: scheduled, prepaid, defaulted, recovered, lost, interest, fees,
purchased; one that is missing is nothing. Balances follow from the first row's `opening`, or from the pool's balance in
the terms where that is not told. The CSV of a run can be read back. Columns that are not collections are passed over.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from chainfusion.cashflow.deal.run import SUMS, Flows, with_balances
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.terms.records import DealTerms
from chainfusion.domain.terms.schedule import schedule
from chainfusion.domain.waterfall.opcodes import LARGEST

MAX_BYTES = 16 * 1024 * 1024
_WHOLE = re.compile(r"[0-9]{1,16}", re.ASCII)
_NEEDED = ("scheduled", "prepaid", "interest")


class BadCollectionsFile(ChainFusionError):
    """A table of collections that cannot be used."""

    code = "BAD_COLLECTIONS_FILE"
    says = Text("Row {row}, column {column}: {why}.", "第 {row} 行，列 {column}：{why_zh}。")
    do = Text(
        "Give a row for each payment period, amounts in whole minor units.",
        "请每个支付期一行，金额为整数最小货币单位。",
    )


def read_collections(path: Path, terms: DealTerms) -> Flows:
    """The collections in a file by payment period, nothing after its last row. Raises: BadCollectionsFile, OSError."""
    data = path.read_bytes()
    require(len(data) <= MAX_BYTES, _bad(0, "file", f"more than {MAX_BYTES} bytes", f"超过 {MAX_BYTES} 字节"))
    columns, rows = _parquet(data) if data[:4] == b"PAR1" else _csv(data)
    return flows_of(columns, rows, terms)


def flows_of(columns: Sequence[str], rows: Sequence[Sequence[object]], terms: DealTerms) -> Flows:
    """Flows by payment period out of a table. Raises: BadCollectionsFile."""
    periods = len(schedule(terms.dates))
    for name in _NEEDED:
        require(name in columns, _bad(1, name, "the column is missing", "缺少该列"))
    many = f"the deal has {periods} periods"
    require(len(rows) <= periods, _bad(len(rows) + 1, "", many, f"该交易共 {periods} 期"))
    flows: Flows = {f"pool.{name}": [0] * periods for name in (*SUMS, "opening", "closing")}
    for n, row in enumerate(rows):
        for name, value in zip(columns, row, strict=True):
            if name in SUMS:
                flows[f"pool.{name}"][n] = _amount(n + 2, name, value)
    told = "opening" in columns and bool(rows)
    opening = _amount(2, "opening", rows[0][columns.index("opening")]) if told else terms.pool_balance
    with_balances(flows, opening)
    for n, closing in enumerate(flows["pool.closing"]):
        why = "more is repaid and defaulted than the pool's balance"
        require(closing >= 0, _bad(n + 2, "scheduled", why, "还款与违约之和超过资产池余额"))
    return flows


def _amount(row: int, column: str, value: object) -> int:
    fits = type(value) is int or (isinstance(value, str) and _WHOLE.fullmatch(value) is not None)
    why, why_zh = "a whole number of minor units from 0 to 2^50 is needed", "须为 0 至 2 的 50 次方之间的整数"
    amount = int(value) if fits and isinstance(value, (int, str)) else -1
    require(0 <= amount < LARGEST, _bad(row, column, why, why_zh))
    return amount


def _csv(data: bytes) -> tuple[list[str], list[list[object]]]:
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _bad(0, "file", str(error), str(error)) from None
    require(bool(lines), _bad(1, "file", "it is empty", "文件为空"))
    head, body = lines[0], [line for line in lines[1:] if line]
    for n, line in enumerate(body):
        why = f"{len(line)} cells under {len(head)} names"
        require(len(line) == len(head), _bad(n + 2, "", why, f"{len(line)} 个单元格对应 {len(head)} 个列名"))
    return head, [list(line) for line in body]


def _parquet(data: bytes) -> tuple[list[str], list[list[object]]]:
    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _bad(0, "file", str(error)[:120], str(error)[:120]) from None
    return list(frame.columns), [list(row) for row in frame.rows()]


def _bad(row: int, column: str, why: str, why_zh: str) -> BadCollectionsFile:
    return BadCollectionsFile(row=row, column=column[:40], why=why, why_zh=why_zh)
