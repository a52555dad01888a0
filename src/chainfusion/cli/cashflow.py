"""`chainfusion cashflow`: what a deal pays under assumptions, one payment step by step, and what is asked of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from chainfusion.cashflow.deal.files import state_of, table
from chainfusion.cashflow.deal.reading import PeriodReading, SideLine, read_period
from chainfusion.cashflow.deal.run import DealRun
from chainfusion.cashflow.deal.summary import summaries
from chainfusion.cashflow.export.files import content
from chainfusion.cli import cashflow_files, cashflow_questions
from chainfusion.cli.cashflow_source import Future, Source, Word, sourced
from chainfusion.cli.output import Printer, printer
from chainfusion.cli.tape import money
from chainfusion.cli.work import fresh
from chainfusion.domain.errors import Text
from chainfusion.domain.records import to_json
from chainfusion.node.home import write_bytes

app = typer.Typer(
    name="cashflow", help="Run a deal's waterfall; inspect a payment; ask what notes are worth.", no_args_is_help=True
)


def run(ctx: typer.Context, source: Source, future: Future, out: Path | None) -> None:
    """Project a deal's loans, or take collections, and pay them out by the deal's terms; exact to the minor unit."""
    with source.opened(ctx) as origin:
        found = origin.run(future.assumed())
    if out is not None:
        write_bytes(fresh(out), content(table(found), out.name))
    printed = printer(ctx)
    told: dict[str, object] = {"deal": found.terms.id, "terms": found.program.terms, "currency": found.terms.currency}
    told |= {"left_out": to_json(found.left_out), "after_end": found.after_end, "written": str(out) if out else None}
    value = told | {"payments": table(found).frame.to_dicts()}
    printed.result(value, lambda: _show_run(printed, found, told))


def inspect(ctx: typer.Context, source: Source, future: Future, period: int) -> None:
    """Show one payment step by step: due, there, paid, unpaid and why; every trigger with both sides."""
    with source.opened(ctx) as origin:
        found = read_period(origin.run(future.assumed()), period)
    printed = printer(ctx)
    printed.result(to_json(found), lambda: _show_period(printed, found))


_OUT = Annotated[Path | None, typer.Option("--out", help="Where to write it: .csv, .xlsx, .parquet.")]
_PERIOD = Annotated[int, typer.Option("--period", help="The payment, from 1.", min=1)]
app.command()(sourced(run, Word("out", _OUT, None)))
app.command()(sourced(inspect, Word("period", _PERIOD)))
cashflow_questions.add_to(app)
cashflow_files.add_to(app)


# ------------------------------------------------------------------ what is shown


def _show_run(out: Printer, run: DealRun, told: dict[str, object]) -> None:
    currency = run.terms.currency
    out.facts(
        {
            "deal": told["deal"],
            "terms": told["terms"],
            "loans left out": run.left_out.loans,
            "after the last payment": money(run.after_end, currency),
            "written": told["written"],
        }
    )
    names = [t.id for t in run.terms.tranches]
    out.table(
        ("Class", "Size#", "Principal paid#", "Interest paid#", "Unpaid#", "Last payment"),
        (
            (
                summary.name,
                money(summary.size, currency),
                money(summary.principal, currency),
                money(summary.interest, currency),
                money(summary.unpaid, currency),
                summary.last,
            )
            for summary in summaries(run)
        ),
    )
    out.table(
        ("Payment#", "Date", "State", "Pool#", "Principal#", "Interest#", "Losses#", *(f"{name}#" for name in names)),
        (
            (
                n + 1,
                at.payment,
                state_of(run, n),
                money(run.flows["pool.closing"][n], ""),
                money(run.flows["pool.scheduled"][n] + run.flows["pool.prepaid"][n], ""),
                money(run.flows["pool.interest"][n], ""),
                money(run.flows["pool.lost"][n], ""),
                *(money(run.run[f"{name}.balance"][n], "") for name in names),
            )
            for n, at in enumerate(run.periods[: run.last])
        ),
    )


def _show_period(out: Printer, found: PeriodReading) -> None:
    zh = out.lang == "zh"

    def said(text: Text) -> str:
        return text.zh if zh else text.en

    def amount(minor: int | None) -> str | None:
        return money(minor, found.currency)

    out.facts(
        {
            "payment": f"{found.period} / {found.periods}",
            "date": found.payment,
            "collections": f"{found.collected_after} – {found.collected_to}",
            "interest days": f"{found.interest_from} – {found.interest_to}",
            "state": said(found.state_title),
            "cash in": amount(found.cash_in),
            "cash out": amount(found.cash_out),
            "difference": amount(found.difference),
        }
    )
    out.table(("In", "Amount#"), ((said(each.title), amount(each.amount)) for each in found.inflows))
    out.table(("Out", "Amount#"), ((said(each.title), amount(each.amount)) for each in found.outflows))
    out.table(
        ("#", "Step", "Payee", "Due#", "There#", "Paid#", "Unpaid#", "Left#", "Why"),
        (
            (
                step.number,
                said(step.title),
                said(each.title),
                amount(each.due),
                amount(step.available),
                amount(each.paid),
                amount(each.unpaid),
                amount(step.left),
                said(each.why),
            )
            for step in found.steps
            for each in step.payments
        ),
    )
    out.table(
        ("Condition of", "Test", "Left side#", "Right side#", "Holds"),
        (_side(step.title, side, said) for step in found.steps for side in step.conditions),
    )
    out.table(
        ("Trigger", "Test", "Left side#", "Right side#", "Holds", "On", "Actions"),
        (
            (*_side(each.title, side, said), each.on, [said(action) for action in each.actions])
            for each in found.triggers
            for side in (*each.conditions, *each.cures)
        ),
    )
    out.table(
        ("Account", "Before#", "After#"),
        ((said(each.title), amount(each.before), amount(each.after)) for each in found.accounts),
    )


def _side(title: Text, side: SideLine, said: Callable[[Text], str]) -> tuple[object, ...]:
    return said(title), said(side.said), said(side.left_said), said(side.right_said), side.holds
