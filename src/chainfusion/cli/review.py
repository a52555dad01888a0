"""`chainfusion review`: the pool previewed before closing, remarked upon, answered."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated

import typer

from chainfusion.cli.work import DealArgument, HomeOption, RequestOption, UserOption, at_desk
from chainfusion.domain.records import to_json
from chainfusion.domain.review import Ask
from chainfusion.node import reviews
from chainfusion.node.reviews import Said

app = typer.Typer(name="review", help="Preview a pool before closing: share, remark, answer.", no_args_is_help=True)
RemarkArgument = Annotated[str, typer.Argument(help="The remark's id, or its beginning; `review show` lists them.")]
TextArgument = Annotated[str, typer.Argument(help="What is said; sealed for the other side alone.")]


@app.command()
def share(
    ctx: typer.Context,
    deal: DealArgument,
    guest: Annotated[str, typer.Argument(help="MSP id of a rating agency or investor of the deal.")],
    home: HomeOption,
    until: Annotated[datetime | None, typer.Option(help="UTC; no remark is taken after it.")] = None,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Invite a party to review the pool in force, and let it read the loans."""
    with at_desk(ctx, home, user, writes=True) as work:
        end = until.replace(tzinfo=UTC) if until else None
        receipt = reviews.share(work.desk, deal, guest, end, request=request)
        work.out.result({"deal": deal, "guest": guest, "transaction": receipt.tx_id, "block": receipt.block})


@app.command()
def remark(
    ctx: typer.Context,
    deal: DealArgument,
    text: TextArgument,
    home: HomeOption,
    loan: Annotated[str | None, typer.Option(help="Number of the loan that it is about.")] = None,
    removal: Annotated[bool, typer.Option("--removal", help="Ask for the loan's removal.")] = False,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Say something of the pool in force or of one loan, or ask for the loan's removal."""
    with at_desk(ctx, home, user, writes=True) as work:
        ask = Ask.REMOVAL if removal else Ask.COMMENT
        receipt = reviews.remark(work.desk, deal, ask, text, loan, request=request or secrets.token_hex(16))
        work.out.result({"deal": deal, "remark": receipt.tx_id, "block": receipt.block})


@app.command()
def answer(
    ctx: typer.Context,
    deal: DealArgument,
    remark: RemarkArgument,
    reason: TextArgument,
    home: HomeOption,
    accept: Annotated[bool, typer.Option("--accept/--refuse", help="Which it is.")],
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Accept or refuse a remark, with the reason."""
    with at_desk(ctx, home, user, writes=True) as work:
        made = reviews.answer(work.desk, deal, remark, accept, reason, request=request or secrets.token_hex(16))
        work.out.result({"deal": deal, "accepted": accept, "transaction": made.tx_id, "block": made.block})


@app.command()
def removed(
    ctx: typer.Context,
    deal: DealArgument,
    remark: RemarkArgument,
    home: HomeOption,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """State that the pool in force is without the loan whose removal was accepted; your node looks first."""
    with at_desk(ctx, home, user, writes=True) as work:
        receipt = reviews.state_removal(work.desk, deal, remark, request=request)
        work.out.result({"deal": deal, "transaction": receipt.tx_id, "block": receipt.block})


@app.command()
def show(ctx: typer.Context, deal: DealArgument, home: HomeOption, user: UserOption = "") -> None:
    """Show who was invited, every remark with its answer, and what became of it; texts where they are for you."""
    with at_desk(ctx, home, user) as work:
        found = reviews.overview(work.desk, deal)
        said = [reviews.read(work.desk, deal, each) for each in found.remarks]
        told = {"invitations": [to_json(each) for each in found.invitations], "remarks": [to_json(s) for s in said]}
        head = ("Remark", "Version#", "By", "Loan", "Text", "Accepted", "Reason")
        work.out.result(told, lambda: work.out.table(head, (_row(each) for each in said)))


def _row(said: Said) -> tuple[object, ...]:
    remark, given = said.view.remark, said.view.answer
    accepted = given.accepted if given else None
    return remark.tx_id[:12], remark.pool.version, remark.by, said.loan, said.text, accepted, said.reason
