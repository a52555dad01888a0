"""`chainfusion tape`: mapping a loan tape, checking it, measuring it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from chainfusion.cli.output import REFUSED, Printer
from chainfusion.cli.work import printer
from chainfusion.domain.criteria import CriteriaResults
from chainfusion.domain.loan import FIELD
from chainfusion.domain.records import to_json
from chainfusion.domain.statistics import Average, PoolStatistics
from chainfusion.node.home import FileExists
from chainfusion.tape.criteria_file import load_criteria
from chainfusion.tape.evaluate import evaluate
from chainfusion.tape.intake import Intake, inspect_tape
from chainfusion.tape.mapping_reader import load_mapping
from chainfusion.tape.measure import pool_statistics
from chainfusion.tape.propose import Proposal, propose
from chainfusion.tape.report import Report

app = typer.Typer(name="tape", help="Map, check and measure a loan tape.", no_args_is_help=True)
TapeArgument = Annotated[Path, typer.Argument(help="The tape: CSV or XLSX.", exists=True, dir_okay=False)]
MappingOption = Annotated[Path, typer.Option(help="The column mapping (YAML).", exists=True, dir_okay=False)]
AsOfOption = Annotated[datetime | None, typer.Option(help="Cut-off date, over the mapping's.", formats=["%Y-%m-%d"])]
SHOWN = 20
NO_ROOT = bytes(32)
"""In place of a pool's root, where a tape is only tried."""
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
    print_to.result(
        proposal.to_json() | {"written": str(out) if out else None}, lambda: _show_proposal(print_to, proposal)
    )


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
    report = evaluate(take(out, tape, mapping, as_of).accepted(), load_criteria(criteria), NO_ROOT)
    failing = [to_json(loan) for loan in report.failing]
    out.result(to_json(report.results) | {"failing": failing}, lambda: show_criteria(out, report.results))
    if not report.results.passed:
        raise typer.Exit(REFUSED)


def take(out: Printer, tape: Path, mapping: Path, as_of: datetime | None) -> Intake:
    """The tape read through its mapping, with a bar while it lasts."""
    day: date | None = as_of.date() if as_of else None
    with out.progress(f"reading {tape.name}"):
        return inspect_tape(tape, load_mapping(mapping), as_of=day)


def show_report(out: Printer, report: Report) -> None:
    """The findings of a tape: located errors first, exact counts by rule."""
    out.facts(
        {
            "tape": report.source_name,
            "rows": report.rows_read,
            "loans": report.loans,
            "balance": money(report.balance, report.currency),
            "errors": report.errors,
            "warnings": report.warnings,
        }
    )
    for part in report.left_out:
        out.say(f"left out: {part.rows:,} rows, {part.because}")
    if report.counts:
        out.table(
            ("Rule", "Column", "Severity", "Count#"), ((c.rule, c.column, c.severity, c.count) for c in report.counts)
        )
    for shown, finding in enumerate(report.findings()):
        if shown == SHOWN:
            out.say(f"the first {SHOWN} findings are shown; --json gives more")
            break
        out.say(finding.message(out.lang))


def show_statistics(out: Printer, statistics: PoolStatistics) -> None:
    """Totals, averages and stratification tables."""

    def average(found: Average | None, scale: int, unit: str) -> str | None:
        return None if found is None else f"{found.value / scale:,.2f} {unit}"

    out.facts(
        {
            "loans": statistics.loans,
            "balance": money(statistics.balance, statistics.currency),
            "original balance": money(statistics.original_balance, statistics.currency),
            "average balance": money(statistics.average_balance, statistics.currency),
            "borrowers": statistics.borrowers,
            "WAC": average(statistics.wac, 10_000, "%"),
            "WAM": average(statistics.wam, 100, "months"),
            "WALA": average(statistics.wala, 100, "months"),
            "WA LTV": average(statistics.wa_ltv, 10_000, "%"),
        }
    )
    for table in statistics.stratifications:
        out.table(
            (FIELD[table.field].label.filled(out.lang, {}), "Loans#", "Balance#", "Share %#"),
            (
                (
                    " ".join(band.parts) or "other",
                    band.loans,
                    money(band.balance, statistics.currency),
                    f"{band.balance_share / 100:.2f}",
                )
                for band in table.bands
            ),
        )


def show_criteria(out: Printer, results: CriteriaResults) -> None:
    """Each criterion: met or not, and by how much."""
    rows: list[tuple[object, ...]] = [
        (_verdict(each.passed), each.criterion.title.filled(out.lang, {}), each.failing_loans, None, None)
        for each in results.eligibility
    ]
    rows += [
        (_verdict(each.passed), each.criterion.title.filled(out.lang, {}), None, each.value, each.headroom)
        for each in results.concentration
    ]
    out.table(("", "Criterion", "Failing loans#", "Value#", "Headroom#"), rows)


def money(minor: int | None, currency: str | None) -> str | None:
    """Minor units as an exact amount, or None."""
    return None if minor is None else f"{currency} {Decimal(minor) / 100:,.2f}"


def _verdict(passed: bool) -> str:
    return "met" if passed else "NOT MET"


def _show_proposal(out: Printer, proposal: Proposal) -> None:
    out.table(
        ("Field", "Column", "Confidence", "Reason"),
        ((each.field, each.column, each.confidence, each.reason) for each in proposal.fields),
    )
    out.say(proposal.yaml)
