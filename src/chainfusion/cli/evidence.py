"""`chainfusion evidence export`: proof that leaves the house."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chainfusion.cli.work import DealArgument, HomeOption, UserOption, Work, at_desk, fresh
from chainfusion.ledger.evidence.fabric.anchor import write_anchor
from chainfusion.node import documents, proofs
from chainfusion.node.evidence.making import Held, anchor_of, held_in
from chainfusion.node.home import write_bytes

app = typer.Typer(name="evidence", help="Export proof of what is on the ledger.", no_args_is_help=True)
export = typer.Typer(name="export", help="Write one file that proves one thing, offline.", no_args_is_help=True)
app.add_typer(export)
OutOption = Annotated[Path, typer.Option(help="Where to write the evidence file.")]
SinceOption = Annotated[
    Path | None,
    typer.Option("--since", help="A checkpoint or anchor that the recipient holds.", exists=True, dir_okay=False),
]


@export.command()
def loan(
    ctx: typer.Context,
    deal: DealArgument,
    loan_id: Annotated[str, typer.Argument(metavar="LOAN", help="The loan's number.")],
    home: HomeOption,
    out: OutOption,
    since: SinceOption = None,
    user: UserOption = "",
) -> None:
    """Export proof of one loan of the pool in force; it shows that loan and no other."""
    with at_desk(ctx, home, user) as work:
        _write(work, out, proofs.prove_loan(work.ledger, work.desk, deal, loan_id, _held(since)))


@export.command()
def pool(
    ctx: typer.Context,
    deal: DealArgument,
    home: HomeOption,
    out: OutOption,
    since: SinceOption = None,
    user: UserOption = "",
) -> None:
    """Export proof of the pool's registration: root, statistics, cut-off date."""
    with at_desk(ctx, home, user) as work:
        _write(work, out, proofs.prove_pool(work.ledger, work.desk, deal, _held(since)))


@export.command()
def document(
    ctx: typer.Context,
    deal: DealArgument,
    document_id: Annotated[str, typer.Argument(metavar="DOCUMENT", help="The document's id.")],
    home: HomeOption,
    out: OutOption,
    version: Annotated[int | None, typer.Option("--version", help="A version; else the newest.")] = None,
    since: SinceOption = None,
    user: UserOption = "",
) -> None:
    """Export proof of a document that you may read; the file itself goes beside it."""
    with at_desk(ctx, home, user) as work:
        found = documents.version(work.desk, deal, document_id, version).document
        _write(work, out, proofs.prove_document(work.ledger, work.desk, found, _held(since)))


@export.command()
def decision(
    ctx: typer.Context,
    transaction: Annotated[str, typer.Argument(help="The transaction's id.")],
    home: HomeOption,
    out: OutOption,
    since: SinceOption = None,
    user: UserOption = "",
) -> None:
    """Export proof of any transaction: an acceptance, a vote, an opinion, a grant."""
    with at_desk(ctx, home, user) as work:
        _write(work, out, proofs.prove_decision(work.ledger, transaction, _held(since)))


@app.command()
def anchor(
    ctx: typer.Context,
    home: HomeOption,
    out: Annotated[Path, typer.Option(help="Where to write the anchor.")],
    newest: Annotated[
        bool, typer.Option("--newest", help="From the newest configuration; else from the channel's first block.")
    ] = False,
    attestations: Annotated[
        int, typer.Option(min=0, help="How many members must attest what their peers recorded.")
    ] = 0,
    user: UserOption = "",
) -> None:
    """Write what a recipient trusts of a Fabric channel, and compares with what other members give."""
    with at_desk(ctx, home, user) as work:
        made = anchor_of(work.ledger, newest=newest, attestations=attestations)
        write_bytes(fresh(out), write_anchor(made))
        facts = {"block": made.block.number, "hash": made.block.hash.hex(), "attestations": attestations}
        work.out.result({"written": str(out)} | facts)


def _held(since: Path | None) -> Held | None:
    return held_in(since.read_bytes()) if since else None


def _write(work: Work, out: Path, data: bytes) -> None:
    write_bytes(fresh(out), data)
    work.out.result({"written": str(out), "bytes": len(data), "trust": str(work.home.trust_file)})
