"""`chainfusion pool`: registering a loan tape under one root, and the pool as the ledger has it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import typer

from chainfusion.cli.output import Printer, printer
from chainfusion.cli.tape import AsOfOption, CriteriaOption, MappingOption, TapeArgument, money, show_statistics, take
from chainfusion.cli.work import DealArgument, HomeOption, RequestOption, UserOption, at_desk
from chainfusion.domain.loan import LOAN_FIELDS, Kind, Loan, day
from chainfusion.domain.pool import Acknowledgement, Pool
from chainfusion.domain.records import from_json, to_json
from chainfusion.node import pools
from chainfusion.tape.criteria_file import load_criteria
from chainfusion.tape.selection import select

app = typer.Typer(name="pool", help="Register a loan tape, show the pool.", no_args_is_help=True)


@app.command()
def register(
    ctx: typer.Context,
    deal: DealArgument,
    tape: TapeArgument,
    home: HomeOption,
    mapping: MappingOption,
    criteria: CriteriaOption,
    as_of: AsOfOption = None,
    reader: Annotated[list[str] | None, typer.Option(help="MSP id of a party that may read the tape; repeat.")] = None,
    select_: Annotated[bool, typer.Option("--select/--all", help="Leave out loans that are not eligible.")] = True,
    though_failing: Annotated[bool, typer.Option(help="Register although criteria are not met.")] = False,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Commit to every loan, seal the tape, and register root and statistics; a second tape replaces the first."""
    rules = load_criteria(criteria)
    found = take(printer(ctx), tape, mapping, as_of).accepted()
    selection = select(found, rules) if select_ else None
    with at_desk(ctx, home, user, writes=True) as work, work.out.progress("sealing") as told:
        made = pools.register(
            work.desk,
            deal,
            tape,
            selection.tape if selection else found,
            rules,
            readers=tuple(reader or ()),
            though_failing=though_failing,
            request=request,
            progress=told,
        )
    work.out.result(_registered(made) | {"left_out": selection.left_out if selection else 0})


def _registered(made: pools.Registration) -> dict[str, object]:
    record = made.pool.record
    return {
        "deal": made.pool.project.deal,
        "version": made.pool.version,
        "replaces": record.replaces.version if record.replaces else None,
        "loans": record.loans,
        "root": record.root.hex(),
        "tape": made.tape.id,
        "openings": made.openings.id,
        "transaction": made.pool.tx_id,
    }


@app.command()
def show(ctx: typer.Context, deal: DealArgument, home: HomeOption, user: UserOption = "") -> None:
    """Show the pool in force: root, cut-off date, statistics."""
    with at_desk(ctx, home, user) as work:
        pool = pools.current(work.desk, deal)
        work.out.result(to_json(pool), lambda: _show(work.out, pool))


def _show(out: Printer, pool: Pool) -> None:
    out.facts(
        {
            "deal": pool.project.deal,
            "version": pool.version,
            "root": pool.record.root.hex(),
            "cut-off": pool.record.cut_off.isoformat(),
            "registered": pool.registered.isoformat(timespec="seconds"),
            "by": pool.by,
            "transaction": pool.tx_id,
        }
    )
    show_statistics(out, pool.record.statistics)


@app.command()
def versions(ctx: typer.Context, deal: DealArgument, home: HomeOption, user: UserOption = "") -> None:
    """List every pool that the deal has had, what replaced what, and who acknowledged which."""
    with at_desk(ctx, home, user) as work:
        found = from_json(tuple[Pool, ...], work.desk.session.query("pool.versions", deal=deal))
        told = from_json(tuple[Acknowledgement, ...], work.desk.session.query("pool.acknowledged", deal=deal))
        by = {pool.version: [each.by for each in told if each.version == pool.version] for pool in found}
        rows = (
            (
                pool.version,
                pool.record.loans,
                pool.record.root.hex(),
                pool.record.replaces.version if pool.record.replaces else None,
                pool.registered.isoformat(timespec="seconds"),
                by[pool.version] or None,
            )
            for pool in found
        )
        columns = ("Version#", "Loans#", "Root", "Replaces", "Registered", "Acknowledged by")
        value = [{**to_json(pool), "acknowledged_by": by[pool.version]} for pool in found]
        work.out.result(value, lambda: work.out.table(columns, rows))


@app.command()
def loan(
    ctx: typer.Context,
    deal: DealArgument,
    loan_id: Annotated[str, typer.Argument(metavar="LOAN", help="The loan's number.")],
    home: HomeOption,
    user: UserOption = "",
) -> None:
    """Show one loan of the pool in force, opened from the vault and checked against the registered root."""
    with at_desk(ctx, home, user) as work:
        pool = pools.current(work.desk, deal)
        openings = pools.openings(work.desk, pool)
        index = pools.loan_index(openings, loan_id)
        record = openings.opening(index).verify(openings.commitment)
        value = {"index": index, **to_json(record)}
        work.out.result(value, lambda: _show_loan(work.out, index, record))


def _show_loan(out: Printer, index: int, loan: Loan) -> None:
    shown: dict[str, object] = {"index": index}
    for field in LOAN_FIELDS:
        value = getattr(loan, field.name)
        if value is not None:
            shown[field.label.filled(out.lang, {})] = _value(field.kind, value, loan.currency)
    out.facts(shown)


def _value(kind: Kind, value: int | str, currency: str) -> str | None:
    if isinstance(value, str):
        return value
    match kind:
        case Kind.MONEY:
            return money(value, currency)
        case Kind.RATE:
            return f"{Decimal(value) / 10_000} %"
        case Kind.DATE:
            return day(value).isoformat()
        case _:
            return f"{value:,}"


@app.command()
def acknowledge(
    ctx: typer.Context, deal: DealArgument, home: HomeOption, user: UserOption = "", request: RequestOption = None
) -> None:
    """State that your institution has examined the pool in force and works on it."""
    with at_desk(ctx, home, user, writes=True) as work:
        reference = pools.current(work.desk, deal).reference
        receipt = pools.acknowledge(work.desk, deal, reference.version, reference.root, request=request)
        work.out.result({"deal": deal, "version": reference.version, "transaction": receipt.tx_id})
