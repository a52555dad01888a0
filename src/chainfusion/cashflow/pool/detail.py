"""What each loan pays, month by month, under one scenario: on demand, chunk by chunk, since a pool's is large.

A loan's flows add up to the pool's, to the cent. Recoveries are a share of what a group defaults in a month, not of a
loan, and are not among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from chainfusion.cashflow.assumptions.scenario import Scenario
from chainfusion.cashflow.pool.columns import Pool
from chainfusion.cashflow.pool.kernel import kernel
from chainfusion.cashflow.pool.loop import DEFAULTED, FLOWS, INTEREST, PREPAID, SCHEDULED, project_loan
from chainfusion.cashflow.pool.order import Loans, loans_of
from chainfusion.cashflow.pool.tables import Tables, tables

Ints = NDArray[np.int64]
CHUNK = 20_000
"""Loans in a frame: about 5 million rows."""


def loan_flows(
    pool: Pool, scenario: Scenario, ids: Sequence[str] | None = None, chunk: int = CHUNK
) -> Iterator[pl.DataFrame]:
    """Frames of loan (its number, or its place from 0), period, opening, scheduled, prepaid, defaulted, interest and
    closing, in minor units: a row for each month of each loan. Raises: BadAssumption, UnknownIndex.
    """
    names = pool.floating.names if pool.floating is not None else ()
    assumed = tables(scenario, pool.groups, names)
    for begin in range(0, len(pool), chunk):
        part = pool.chunk(begin, begin + chunk)
        first = np.concatenate([[0], np.cumsum(part.term)])
        flows = np.empty((first[-1], FLOWS), np.int64)
        _write_flows(loans_of(part), assumed, first, flows)
        yield _frame(part, first, flows, begin, ids)


def write_loan_flows(
    folder: Path, pool: Pool, scenario: Scenario, ids: Sequence[str] | None = None, chunk: int = CHUNK
) -> list[Path]:
    """Writes them as Parquet files `loans-00000.parquet` and so on, which polars reads as one."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, frame in enumerate(loan_flows(pool, scenario, ids, chunk)):
        path = folder / f"loans-{number:05d}.parquet"
        frame.write_parquet(path)
        written.append(path)
    return written


def _frame(part: Pool, first: Ints, flows: Ints, begin: int, ids: Sequence[str] | None) -> pl.DataFrame:
    row_of = np.repeat(np.arange(len(part)), part.term)
    period = np.arange(first[-1]) - first[:-1][row_of] + 1
    gone = np.cumsum(flows[:, DEFAULTED] + flows[:, SCHEDULED] + flows[:, PREPAID])
    before = np.concatenate([[0], gone])[first[:-1]]
    closing = part.balance[row_of] - (gone - before[row_of])
    opening = closing + flows[:, DEFAULTED] + flows[:, SCHEDULED] + flows[:, PREPAID]
    loan = begin + row_of if ids is None else pl.Series([ids[begin + i] for i in range(len(part))]).gather(row_of)
    return pl.DataFrame(
        {
            "loan": loan,
            "period": period,
            "opening": opening,
            "scheduled": flows[:, SCHEDULED],
            "prepaid": flows[:, PREPAID],
            "defaulted": flows[:, DEFAULTED],
            "interest": flows[:, INTEREST],
            "closing": closing,
        }
    )


@kernel
def _write_flows(loans: Loans, assumed: Tables, first: Ints, out: Ints) -> None:
    for i in range(len(first) - 1):
        project_loan(loans, i, assumed, 0, out[first[i] : first[i + 1]])
