"""`chainfusion cashflow export`, `draw`, `loans`: a run as tables, as pictures, and loan by loan."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chainfusion.cashflow.export.files import write_csv, write_parquet, write_xlsx
from chainfusion.cashflow.export.pictures import pictures
from chainfusion.cashflow.export.tables import tables
from chainfusion.cashflow.pool.detail import write_loan_flows
from chainfusion.cli.cashflow_source import Future, Source, Word, sourced
from chainfusion.cli.output import printer
from chainfusion.cli.work import fresh


class Kind(StrEnum):
    """Kinds of files."""

    csv = "csv"
    xlsx = "xlsx"
    parquet = "parquet"


def export(ctx: typer.Context, source: Source, future: Future, folder: Path, kind: Kind) -> None:
    """Write a run as tables: collections, classes, accounts, fees, tests, outcomes; a file or a sheet each."""
    told, printed = future.assumed(), printer(ctx)
    with source.opened(ctx) as origin, printed.progress("computing") as progress:
        case = origin.case(told, progress)
        found = tables(case.study.outcomes([case.base]))
    place = fresh(folder)
    if kind is Kind.xlsx:
        written = [write_xlsx(place / "run.xlsx", found)]
    else:
        written = (write_csv if kind is Kind.csv else write_parquet)(place, found)
    printed.result({"written": [str(path) for path in written]})


def draw(ctx: typer.Context, source: Source, future: Future, folder: Path, reserves: str) -> None:
    """Write a run as pictures (SVG): pool and class balances, collections, losses, coverage, cash flow bands."""
    told, printed = future.assumed(), printer(ctx)
    with source.opened(ctx) as origin, printed.progress("computing") as progress:
        case = origin.case(told, progress)
        held = [word.strip() for word in reserves.split(",") if word.strip()]
        found = pictures(case.study.outcomes([case.base]), lang=printed.lang, reserves=held)
    place = fresh(folder)
    place.mkdir(parents=True)
    printed.result({"written": [str(each.write(place)) for each in found]})


def loans(ctx: typer.Context, source: Source, future: Future, folder: Path) -> None:
    """Write what each loan pays, month by month (Parquet); they add up to the pool's collections to the cent."""
    told, printed = future.assumed(), printer(ctx)
    with source.opened(ctx) as origin:
        pool = origin.loans()
    place = fresh(folder)
    with printed.waiting("projecting"):
        written = write_loan_flows(place, pool, told.scenario())
    printed.result({"loans": len(pool), "written": [str(path) for path in written]})


_FOLDER = Annotated[Path, typer.Option("--out", help="A new folder for the files.", file_okay=False)]
_KIND = Annotated[Kind, typer.Option("--as", help="The kind of files.")]
_RESERVES = Annotated[str, typer.Option("--reserves", help="Reserve accounts, with commas between them.")]


def add_to(app: typer.Typer) -> None:
    """The commands."""
    app.command()(sourced(export, Word("folder", _FOLDER), Word("kind", _KIND, Kind.xlsx)))
    app.command()(sourced(draw, Word("folder", _FOLDER), Word("reserves", _RESERVES, "")))
    app.command()(sourced(loans, Word("folder", _FOLDER)))
