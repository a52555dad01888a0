"""`chainfusion cashflow`: what a deal pays under assumptions, and one payment of it step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from chainfusion.cashflow.deal.assumed import Assumed, assumed, payment, rate, read_scenario
from chainfusion.cashflow.deal.assumed import private as private_value
from chainfusion.cashflow.deal.files import state_of, table
from chainfusion.cashflow.deal.published import read_collections
from chainfusion.cashflow.deal.reading import PeriodReading, SideLine, read_period
from chainfusion.cashflow.deal.run import DealRun, run_deal
from chainfusion.cashflow.deal.summary import summaries
from chainfusion.cashflow.export.files import content
from chainfusion.cashflow.text.reader import load_terms
from chainfusion.cli.output import Printer, printer
from chainfusion.cli.tape import money, take
from chainfusion.cli.work import BadArgument, UserOption, at_desk, fresh
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.domain.records import to_json
from chainfusion.domain.terms.private import Side
from chainfusion.node import cashflows
from chainfusion.node.home import write_bytes

T = TypeVar("T")
app = typer.Typer(name="cashflow", help="Run a deal's waterfall; inspect a payment.", no_args_is_help=True)
DealArgument = Annotated[str, typer.Argument(help="The deal's id; without it, --terms.", show_default=False)]
HomeOption = Annotated[
    Path | None,
    typer.Option("--home", envvar="CHAINFUSION_HOME", help="The institution's folder, for a deal.", file_okay=False),
]
TermsOption = Annotated[
    Path | None, typer.Option("--terms", help="Deal terms (YAML), instead of a deal's.", exists=True)
]
TapeOption = Annotated[Path | None, typer.Option("--tape", help="A loan tape, with --terms.", exists=True)]
MappingOption = Annotated[Path | None, typer.Option("--mapping", help="The tape's column mapping.", exists=True)]
CollectionsOption = Annotated[
    Path | None,
    typer.Option("--collections", help="Collections by payment (CSV, Parquet) instead of loans.", exists=True),
]
ScenarioOption = Annotated[
    Path | None, typer.Option("--scenario", help="Assumptions as a file (YAML, JSON).", exists=True)
]
CprOption = Annotated[str | None, typer.Option("--cpr", help="Prepayment, per cent a year.")]
CdrOption = Annotated[str | None, typer.Option("--cdr", help="Default, per cent a year.")]
RecoveryOption = Annotated[str | None, typer.Option("--recovery", help="Recovered of what defaults, per cent.")]
LagOption = Annotated[str | None, typer.Option("--lag", help="Months from default to recovery.")]
BoundOption = Annotated[Side | None, typer.Option("--bound", help="Which bound private terms are taken at.")]
IndexOption = Annotated[list[str] | None, typer.Option("--index", help="NAME=PERCENT of an index; repeat.")]
EventOption = Annotated[list[str] | None, typer.Option("--event", help="NAME=PAYMENT from which it holds; repeat.")]
PrivateOption = Annotated[
    list[str] | None, typer.Option("--private", help="NAME=VALUE:SALT of a private term; repeat.")
]
VersionOption = Annotated[int | None, typer.Option("--version", help="A version of the terms; else that in force.")]


class SourceNeeded(ChainFusionError):
    """Nothing to run on, or two things at once."""

    code = "SOURCE_NEEDED"
    says = Text("It is not told what to run: {why}.", "未说明运行对象：{why_zh}。")
    do = Text(
        "Name a deal with --home, or --terms with --tape and --mapping, or --terms with --collections.",
        "请指定项目与 --home，或 --terms 加 --tape 与 --mapping，或 --terms 加 --collections。",
    )


@app.command()
def run(
    ctx: typer.Context,
    deal: DealArgument = "",
    home: HomeOption = None,
    terms: TermsOption = None,
    tape: TapeOption = None,
    mapping: MappingOption = None,
    collections: CollectionsOption = None,
    scenario: ScenarioOption = None,
    cpr: CprOption = None,
    cdr: CdrOption = None,
    recovery: RecoveryOption = None,
    lag: LagOption = None,
    bound: BoundOption = None,
    index: IndexOption = None,
    event: EventOption = None,
    private: PrivateOption = None,
    version: VersionOption = None,
    user: UserOption = "",
    out: Annotated[Path | None, typer.Option("--out", help="Where to write it: .csv, .xlsx, .parquet.")] = None,
) -> None:
    """Project a deal's loans, or take collections, and pay them out by the deal's terms; exact to the minor unit."""
    source = Source(deal, home, terms, tape, mapping, collections, version, user)
    future = Future(scenario, cpr, cdr, recovery, lag, bound, index, event, private)
    found = source.run(ctx, future.assumed())
    if out is not None:
        write_bytes(fresh(out), content(table(found), out.name))
    printed = printer(ctx)
    told: dict[str, object] = {"deal": found.terms.id, "terms": found.program.terms, "currency": found.terms.currency}
    told |= {"left_out": to_json(found.left_out), "after_end": found.after_end, "written": str(out) if out else None}
    value = told | {"payments": table(found).frame.to_dicts()}
    printed.result(value, lambda: _show_run(printed, found, told))


@app.command()
def inspect(
    ctx: typer.Context,
    period: Annotated[int, typer.Option("--period", help="The payment, from 1.", min=1)],
    deal: DealArgument = "",
    home: HomeOption = None,
    terms: TermsOption = None,
    tape: TapeOption = None,
    mapping: MappingOption = None,
    collections: CollectionsOption = None,
    scenario: ScenarioOption = None,
    cpr: CprOption = None,
    cdr: CdrOption = None,
    recovery: RecoveryOption = None,
    lag: LagOption = None,
    bound: BoundOption = None,
    index: IndexOption = None,
    event: EventOption = None,
    private: PrivateOption = None,
    version: VersionOption = None,
    user: UserOption = "",
) -> None:
    """Show one payment step by step: due, there, paid, unpaid and why; every trigger with both sides."""
    source = Source(deal, home, terms, tape, mapping, collections, version, user)
    future = Future(scenario, cpr, cdr, recovery, lag, bound, index, event, private)
    found = read_period(source.run(ctx, future.assumed()), period)
    printed = printer(ctx)
    printed.result(to_json(found), lambda: _show_period(printed, found))


# ------------------------------------------------------------------ what is run, and on what assumptions


@dataclass(frozen=True)
class Source:
    """A deal on the ledger, or terms in a file; loans of a tape, or collections."""

    deal: str
    home: Path | None
    terms: Path | None
    tape: Path | None
    mapping: Path | None
    collections: Path | None
    version: int | None
    user: str

    def run(self, ctx: typer.Context, told: Assumed) -> DealRun:
        """Runs it. Raises: SourceNeeded, and as `run_deal`."""
        if bool(self.deal) == (self.terms is not None):
            raise SourceNeeded(why="a deal, or --terms", why_zh="须指定项目或 --terms 之一")
        return self._of_files(ctx, told, self.terms) if self.terms else self._of_deal(ctx, told)

    def _of_files(self, ctx: typer.Context, told: Assumed, file: Path) -> DealRun:
        terms, out = load_terms(file), printer(ctx)
        if self.collections is not None:
            return run_deal(terms, read_collections(self.collections, terms), told)
        if self.tape is None or self.mapping is None:
            why = "--terms needs --tape and --mapping, or --collections"
            raise SourceNeeded(why=why, why_zh="--terms 须配合 --tape 与 --mapping，或 --collections")
        day = datetime.combine(terms.dates.cut_off, datetime.min.time())
        loans = take(out, self.tape, self.mapping, day).accepted().frame
        with out.progress("projecting") as progress:
            return cashflows.run_tape(terms, loans, told, progress)

    def _of_deal(self, ctx: typer.Context, told: Assumed) -> DealRun:
        if self.home is None:
            raise SourceNeeded(why="a deal needs --home", why_zh="指定项目时须指定 --home")
        with at_desk(ctx, self.home, self.user) as work:
            if self.collections is not None:
                return cashflows.run_published(work.desk, self.deal, self.collections, told, self.version)
            with work.out.progress("projecting") as progress:
                return cashflows.project(work.desk, self.deal, told, self.version, progress)


@dataclass(frozen=True)
class Future:
    """The assumptions as they were typed; what is typed goes before what the file says."""

    scenario: Path | None
    cpr: str | None
    cdr: str | None
    recovery: str | None
    lag: str | None
    bound: Side | None
    index: list[str] | None
    event: list[str] | None
    private: list[str] | None

    def assumed(self) -> Assumed:
        """What is assumed. Raises: BadScenario."""
        base = read_scenario(self.scenario.read_bytes()) if self.scenario else Assumed()
        words = {"cpr": self.cpr, "cdr": self.cdr, "recovery": self.recovery, "lag": self.lag}
        typed = assumed({**words, "bound": self.bound.value if self.bound else None})
        given = {name: getattr(typed, name) for name, word in words.items() if word is not None}
        return replace(
            base,
            **given,
            bound=self.bound or base.bound,
            indices={**base.indices, **_pairs(self.index, lambda name, word: (rate(name, word),))},
            events={**base.events, **_pairs(self.event, payment)},
            private={**base.private, **_pairs(self.private, _supplied)},
        )


def _pairs(words: list[str] | None, read: Callable[[str, str], T]) -> dict[str, T]:
    found = {}
    for word in words or ():
        name, equals, value = word.partition("=")
        if not equals:
            raise BadArgument(what="argument", given=word, known="NAME=VALUE")
        found[name] = read(name, value)
    return found


def _supplied(name: str, word: str) -> tuple[str, str]:
    value, _, salt = word.rpartition(":")
    return private_value(name, value, salt)


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
