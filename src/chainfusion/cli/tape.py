"""`chainfusion tape`: mapping a loan tape, checking it, measuring it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from chainfusion.cli.output import REFUSED, Printer, printer
from chainfusion.cli.work import fresh
from chainfusion.domain.criteria import CriteriaResults, Unit
from chainfusion.domain.loan import FIELD, minor_digits
from chainfusion.domain.records import to_json
from chainfusion.domain.statistics import Average, PoolStatistics
from chainfusion.node.home import write_bytes
from chainfusion.tape.criteria_file import load_criteria
from chainfusion.tape.evaluate import evaluate
from chainfusion.tape.intake import Intake, inspect_tape, read_file
from chainfusion.tape.mapping_reader import load_mapping
from chainfusion.tape.mapping_writer import mapping_yaml
from chainfusion.tape.measure import pool_statistics
from chainfusion.tape.propose import Choice, Proposal, propose
from chainfusion.tape.report import Report
from chainfusion.web.bands import band_label

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
    """Propose a mapping from a tape's header and values, with the reason for each column.

    What is not clear is left open with a question mark for a person to decide.
    """
    printed = printer(ctx)
    with printed.waiting("reading the tape"):
        proposal = propose(read_file(tape), tape.name)
    yaml = mapping_yaml(proposal, printed.lang)
    if out is not None:
        write_bytes(fresh(out), yaml.encode())
    value = {
        "fields": [_choice(choice, printed.lang) for choice in proposal.choices],
        "open": list(proposal.open),
        "yaml": yaml,
        "written": str(out) if out else None,
    }
    printed.result(value, lambda: _show_proposal(printed, proposal, None if out else yaml))


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
    """The tape read through its mapping."""
    day: date | None = as_of.date() if as_of else None
    with out.waiting("reading the tape"):
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
    for shown, finding in enumerate(chain(report.findings("error"), report.findings("warning"))):
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
                    band_label(table.field, band.parts, out.lang),
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
        (_verdict(out, each.passed), each.criterion.title.filled(out.lang, {}), each.failing_loans, None, None, None)
        for each in results.eligibility
    ]
    rows += [
        (
            _verdict(out, each.passed),
            each.criterion.title.filled(out.lang, {}),
            None,
            *(
                _measured(figure, each.criterion.unit, results.criteria.currency)
                for figure in (each.value, each.criterion.limit, each.headroom)
            ),
        )
        for each in results.concentration
    ]
    out.table(("", "Criterion", "Failing loans#", "Value#", "Limit#", "Headroom#"), rows)


def money(minor: int | None, currency: str | None) -> str | None:
    """Minor units as an exact amount, or None."""
    if minor is None:
        return None
    digits = minor_digits(currency or "")
    return f"{currency or ''} {Decimal(minor).scaleb(-digits):,.{digits}f}".strip()


def _verdict(out: Printer, passed: bool) -> str:
    return out.word("met" if passed else "NOT MET")


def _measured(value: int | None, unit: Unit, currency: str) -> str | None:
    if value is None:
        return None
    if unit in (Unit.SHARE, Unit.RATE):
        return f"{Decimal(value) / 10_000:,.4f} %"
    return money(value, currency) if unit is Unit.MONEY else f"{value:,}"


def _choice(choice: Choice, lang: str) -> dict[str, Any]:
    chosen = choice.chosen.column if choice.chosen else None
    candidates = [
        {
            "column": each.column,
            "confidence": each.confidence,
            "reasons": [reason.filled(lang, {}) for reason in each.reasons],
        }
        for each in choice.candidates
    ]
    return {"field": choice.field, "column": chosen, "candidates": candidates}


def _show_proposal(out: Printer, proposal: Proposal, yaml: str | None) -> None:
    best = (choice.chosen or choice.candidates[0] for choice in proposal.choices if choice.candidates)
    chosen = {choice.field for choice in proposal.choices if choice.chosen}
    rows = (
        (
            each.field,
            each.column if each.field in chosen else f"{each.column} ?",
            f"{each.confidence} %",
            "; ".join(reason.filled(out.lang, {}) for reason in each.reasons),
        )
        for each in best
    )
    out.table(("Field", "Column", "Confidence#", "Reason"), rows)
    if proposal.open:
        out.facts({"to be decided": list(proposal.open)})
    if yaml is not None:
        out.say(yaml)
