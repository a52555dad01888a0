"""`chainfusion deal`: opening, parties' answers, closing, and how a deal stands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from chainfusion.cli.output import printer
from chainfusion.cli.work import (
    BadArgument,
    DealArgument,
    HomeOption,
    RequestOption,
    UserOption,
    Work,
    at_desk,
    fresh,
    stated,
)
from chainfusion.contracts.deal.contract import DealChange, DealView
from chainfusion.domain.deal import DEAL_STATE_NAMES, PARTY_STATUS_NAMES, Deal, DealTerms, NamedParty, Product
from chainfusion.domain.records import from_json, to_json
from chainfusion.domain.roles import ROLE_NAMES, Role
from chainfusion.node.home import write_bytes
from chainfusion.node.members import Members
from chainfusion.processes import products
from chainfusion.processes.icalendar import said

app = typer.Typer(name="deal", help="Open a deal, answer as a party, close it.", no_args_is_help=True)
RoleOption = Annotated[Role, typer.Option(help="The role you were named for.")]


@app.command("open")
def open_(
    ctx: typer.Context,
    deal: DealArgument,
    home: HomeOption,
    name: Annotated[str, typer.Option(help="English name.")],
    name_zh: Annotated[str, typer.Option(help="Chinese name.")],
    product: Annotated[Product, typer.Option(help="What the assets are.")],
    currency: Annotated[str, typer.Option(help="ISO 4217 code, such as CNY.")],
    party: Annotated[list[str], typer.Option(help="ROLE=MSP, such as trustee=YunjinMSP; repeat.")],
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Open a deal and name its parties; each accepts for itself, and the last acceptance opens the deal."""
    with stated("deal"):
        terms = DealTerms(deal, name, name_zh, product, currency, tuple(map(_party, party)))
    _act(ctx, home, user, request, "open", terms=terms)


@app.command()
def template(
    ctx: typer.Context,
    product: Annotated[str, typer.Argument(help="The kind of deal; `deal templates` lists them.")],
    out: Annotated[Path, typer.Option("--out", help="The folder to write to; a new one.")],
) -> None:
    """Write what a deal of a known kind begins with: mapping, criteria, index of papers, a skeleton of terms."""
    found, printed = products.template(product), printer(ctx)
    files = products.files_of(found)
    for name, data in files.items():
        write_bytes(fresh(out / name), data)
    told = {"product": found.id, "process": f"{found.process} version {found.version}"}
    printed.result(told | {"written": [str(out / name) for name in files]})


@app.command()
def templates(ctx: typer.Context) -> None:
    """List the kinds of deal that there are templates for."""
    out = printer(ctx)
    rows = [
        (each.id, said(each.name, out.lang), each.process, each.version)
        for each in map(products.template, products.names())
    ]
    out.result(
        [dict(zip(("product", "name", "process", "version"), row, strict=True)) for row in rows],
        lambda: out.table(("Product", "Name", "Process", "Version"), rows),
    )


@app.command()
def accept(
    ctx: typer.Context,
    deal: DealArgument,
    home: HomeOption,
    role: RoleOption,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Accept a role that your institution was named for."""
    _act(ctx, home, user, request, "accept", deal=deal, role=role)


@app.command()
def decline(
    ctx: typer.Context,
    deal: DealArgument,
    home: HomeOption,
    role: RoleOption,
    reason: Annotated[str, typer.Option(help="Why; it stands on the ledger.")],
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Decline a role, with the reason."""
    _act(ctx, home, user, request, "decline", deal=deal, role=role, reason=reason)


@app.command("name-party")
def name_party(
    ctx: typer.Context,
    deal: DealArgument,
    party: Annotated[str, typer.Argument(help="ROLE=MSP.")],
    home: HomeOption,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Name one more party."""
    _act(ctx, home, user, request, "name_party", deal=deal, party=_party(party))


@app.command("replace-party")
def replace_party(
    ctx: typer.Context,
    deal: DealArgument,
    party: Annotated[str, typer.Argument(help="ROLE=MSP whose role ends.")],
    home: HomeOption,
    reason: Annotated[str, typer.Option(help="Why; it stands on the ledger.")],
    successor: Annotated[str | None, typer.Option(help="MSP id of the successor.")] = None,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """End a party's role and, where there is one, name the successor."""
    _act(ctx, home, user, request, "replace_party", deal=deal, party=_party(party), successor=successor, reason=reason)


@app.command()
def close(
    ctx: typer.Context, deal: DealArgument, home: HomeOption, user: UserOption = "", request: RequestOption = None
) -> None:
    """Close a deal: its pool is final from then on."""
    _act(ctx, home, user, request, "close", deal=deal)


@app.command()
def cancel(
    ctx: typer.Context,
    deal: DealArgument,
    home: HomeOption,
    reason: Annotated[str, typer.Option(help="Why; it stands on the ledger.")],
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Cancel a deal that does not come about."""
    _act(ctx, home, user, request, "cancel", deal=deal, reason=reason)


@app.command("list")
def list_(ctx: typer.Context, home: HomeOption, user: UserOption = "") -> None:
    """List the deals on the ledger."""
    with at_desk(ctx, home, user) as work:
        deals = from_json(tuple[Deal, ...], work.desk.session.query("deal.overview"))
        lang = work.out.lang
        work.out.result(
            [to_json(deal) for deal in deals],
            lambda: work.out.table(
                ("Deal", "Name", "State", "Originator", "Pool"),
                (
                    (
                        deal.id,
                        deal.name_zh if lang == "zh" else deal.name,
                        DEAL_STATE_NAMES[deal.state].filled(lang, {}),
                        deal.originator,
                        f"version {deal.pool.version}" if deal.pool else None,
                    )
                    for deal in deals
                ),
            ),
        )


@app.command()
def show(ctx: typer.Context, deal: DealArgument, home: HomeOption, user: UserOption = "") -> None:
    """Show a deal, its parties and how each has answered."""
    with at_desk(ctx, home, user) as work:
        view = from_json(DealView, work.desk.session.query("deal.show", deal=deal))
        work.out.result(to_json(view), lambda: _show(work, view))


@app.command()
def history(ctx: typer.Context, deal: DealArgument, home: HomeOption, user: UserOption = "") -> None:
    """Show every record that the deal has had, newest first, with the transaction that made it."""
    with at_desk(ctx, home, user) as work:
        changes = from_json(tuple[DealChange, ...], work.desk.session.query("deal.history", deal=deal))
        lang = work.out.lang
        rows = (
            (
                DEAL_STATE_NAMES[each.deal.state].filled(lang, {}),
                each.deal.pool.version if each.deal.pool else None,
                each.deal.reason,
                each.tx_id,
            )
            for each in changes
        )
        work.out.result(to_json(changes), lambda: work.out.table(("State", "Pool#", "Reason", "Transaction"), rows))


def _show(work: Work, view: DealView) -> None:
    lang = work.out.lang
    names = Members(work.ledger).current().members
    work.out.facts(
        {
            "deal": view.deal.id,
            "name": f"{view.deal.name} · {view.deal.name_zh}",
            "state": DEAL_STATE_NAMES[view.deal.state].filled(lang, {}),
            "opened": view.deal.opened.isoformat(timespec="seconds"),
            "transaction": view.deal.tx_id,
            "pool": f"version {view.deal.pool.version}, root {view.deal.pool.root.hex()}" if view.deal.pool else None,
        }
    )
    work.out.table(
        ("Role", "Institution", "Answer", "Since"),
        (
            (
                ROLE_NAMES[party.role].filled(lang, {}),
                names[party.msp].name_zh if lang == "zh" else names[party.msp].name,
                PARTY_STATUS_NAMES[party.status].filled(lang, {}),
                party.changed.isoformat(timespec="seconds"),
            )
            for party in view.parties
        ),
    )


def _act(ctx: typer.Context, home: Path, user: str, request: str | None, operation: str, **arguments: Any) -> None:
    with at_desk(ctx, home, user, writes=True) as work:
        receipt = work.desk.session.call(f"deal.{operation}", request=request, **arguments)
        deal = arguments.get("deal") or arguments["terms"].deal
        state = work.desk.session.query("deal.show", deal=deal)["deal"]["state"]
        work.out.result({"deal": deal, "state": state, "transaction": receipt.tx_id, "block": receipt.block})


def _party(text: str) -> NamedParty:
    role, _, msp = text.partition("=")
    if role not in set(Role):
        raise BadArgument(what="role", given=role, known=", ".join(Role))
    with stated("party"):
        return NamedParty(Role(role), msp)
