"""`chainfusion tape`: mapping a loan tape, checking it, measuring it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from chainfusion.cli.output import REFUSED, Printer
from chainfusion.cli.work import printer
from chainfusion.domain.criteria import CriteriaResult
from chainfusion.domain.records import to_json
from chainfusion.domain.statistics import PoolStatistics
from chainfusion.node.home import FileExists
from chainfusion.tape.criteria import evaluate, load_criteria
from chainfusion.tape.intake import Intake, inspect_tape
from chainfusion.tape.mapping_reader import load_mapping
from chainfusion.tape.measure import pool_statistics
from chainfusion.tape.propose import propose
from chainfusion.tape.report import Report

app = typer.Typer(name="tape", help="Map, check and measure a loan tape.", no_args_is_help=True)
TapeArgument = Annotated[Path, typer.Argument(help="The tape: CSV or XLSX.", exists=True, dir_okay=False)]
MappingOption = Annotated[Path, typer.Option(help="The column mapping (YAML).", exists=True, dir_okay=False)]
AsOfOption = Annotated[datetime | None, typer.Option(help="Cut-off date, over the mapping's.", formats=["%Y-%m-%d"])]
CriteriaOption = Annotated[Path, typer.Option(help="Eligibility and concentration criteria (YAML).", exists=True)]


@app.command("map")
def map_(
    ctx: typer.Context,
    tape: TapeArgument,
    out: Annotated[Path | None, typer.Option(help="Where to write the proposed mapping.")] = None,
) -> None:
    """Propose a mapping from a tape's header and values, with the reason for each column."""
    print_to = printer(ctx)
    proposal = propose(tape)
    if out is not None:
        if out.exists():
            raise FileExists(path=str(out))
        out.write_text(proposal.yaml, encoding="utf-8")
    print_to.result(proposal.to_json() | {"written": str(out) if out else None}, lambda: _show_proposal(print_to, proposal))


@app.command()
def check(ctx: typer.Context, tape: TapeArgument, mapping: MappingOption, as_of: AsOfOption = None) -> None:
    """Check a tape against every rule; all errors at once, each with row, column, value and rule. Exits 1 on errors."""
    out = printer(ctx)
    intake = take(out, tape, mapping, as_of)
    out.result(intake.report.to_json(), lambda: show_report(out, intake.report))
    if intake.tape is None:
        raise typer.Exit(REFUSED)


@app.command()
def measure(ctx: typer.Context, tape: TapeArgument, mapping: MappingOption, as_of: AsOfOption = None) -> None:
    """Show the statistics of a tape: balance, WAC, WAM, WALA, LTV, stratifications, largest borrowers."""
    out = printer(ctx)
    statistics = pool_statistics(take(out, tape, mapping, as_of).accepted())
    out.result(to_json(statistics), lambda: show_statistics(out, statistics))


@app.command("criteria")
def criteria_(
    ctx: typer.Context, tape: TapeArgument, mapping: MappingOption, criteria: CriteriaOption, as_of: AsOfOption = None
) -> None:
    """Hold a tape against eligibility and concentration criteria, with headroom. Exits 1 where one is not met."""
    out = printer(ctx)
    result = evaluate(take(out, tape, mapping, as_of).accepted(), load_criteria(criteria))
    out.result(to_json(result), lambda: show_criteria(out, result))
    if not result.passed:
        raise typer.Exit(REFUSED)


def take(out: Printer, tape: Path, mapping: Path, as_of: datetime | None) -> Intake:
    """The tape read through its mapping, with a bar while it lasts."""
    day: date | None = as_of.date() if as_of else None
    with out.progress(f"reading {tape.name}"):
        return inspect_tape(tape, load_mapping(mapping), as_of=day)
