"""`chainfusion process propose-version` and so on: a running deal's change to another version of its process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from chainfusion.cli.work import DealArgument, HomeOption, RequestOption, UserOption, Work, at_desk, recorded
from chainfusion.domain.records import to_json
from chainfusion.ledger.port import Receipt
from chainfusion.node import versions


def add_to(app: typer.Typer) -> None:
    """The commands."""
    app.command("versions")(versions_)
    app.command("propose-version")(propose_version)
    app.command("answer-version")(answer_version)
    app.command("change-version")(change_version)


def versions_(ctx: typer.Context, deal: DealArgument, home: HomeOption, user: UserOption = "") -> None:
    """Show the changes of version that a deal has gone through, and who has yet to answer what is proposed."""
    with at_desk(ctx, home, user) as work:
        found = versions.stands(work.desk.session, deal)
        proposed, out = found.proposed, work.out
        said = [(each.msp, "agreed" if each.agree else "declined", each.reason) for each in found.answers]
        silent = [(msp, "outstanding", None) for msp in found.silent]
        lines = (*said, *silent) if proposed else ()

        def show() -> None:
            out.table(
                ("Number", "Version", "Replaces", "Transaction"),
                ((each.number, each.after, each.before, each.tx_id) for each in found.done),
            )
            rows = ((proposed.after if proposed else 0, msp, out.word(how), reason) for msp, how, reason in lines)
            out.table(("Version", "Institution", "Answer", "Reason"), rows)

        out.result(to_json(found), show)


def propose_version(
    ctx: typer.Context,
    deal: DealArgument,
    home: HomeOption,
    version: Annotated[int, typer.Option(help="The adopted version that the deal is to go over to.")],
    reason: Annotated[str, typer.Option(help="Why; it stands on the ledger.")],
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Propose that a running deal go over to another version of its process, with your consent."""
    _act(ctx, home, user, lambda work: versions.propose(work.desk.session, deal, version, reason, request=request))


def answer_version(
    ctx: typer.Context,
    deal: DealArgument,
    home: HomeOption,
    agree: Annotated[bool, typer.Option("--agree/--decline", help="What your institution says.")],
    reason: Annotated[str | None, typer.Option(help="Why it declines.")] = None,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Answer what is proposed; the last consent lets the deal go over."""

    def answer(work: Work) -> Receipt:
        session = work.desk.session
        proposal = versions.proposal(session, deal)
        return versions.answer(session, deal, proposal, agree=agree, reason=reason, request=request)

    _act(ctx, home, user, answer)


def change_version(
    ctx: typer.Context, deal: DealArgument, home: HomeOption, user: UserOption = "", request: RequestOption = None
) -> None:
    """Let a deal go over to what all have agreed to, where its work stood in the way before."""
    _act(ctx, home, user, lambda work: versions.change(work.desk.session, deal, request=request))


def _act(ctx: typer.Context, home: Path, user: str, act: Callable[[Work], Receipt]) -> None:
    with at_desk(ctx, home, user, writes=True) as work:
        recorded(work, act(work))
