"""`chainfusion ledger`: blocks, transactions, histories, checkpoints, and the examination of the file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from chainfusion.cli.output import REFUSED, Printer, printer
from chainfusion.cli.work import HomeOption, fresh, orderer_password, org_password, reading
from chainfusion.contracts.catalogue import registry
from chainfusion.contracts.framework.keys import composite_key
from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.records import to_json, utc_text
from chainfusion.ledger.embedded.fsck import fsck as examine
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.note import Note
from chainfusion.ledger.port import Block, CommittedTransaction
from chainfusion.node import witness
from chainfusion.node.home import Home, read_record, write_bytes
from chainfusion.node.identity.organisation import unlock_notary
from chainfusion.node.opening import open_ledger

app = typer.Typer(name="ledger", help="Look into the ledger, witness it, examine its file.", no_args_is_help=True)
SHOWN_FINDINGS = 100


@app.command()
def blocks(
    ctx: typer.Context, home: HomeOption, last: Annotated[int, typer.Option(help="How many, newest first.")] = 20
) -> None:
    """List blocks, newest first."""
    with reading(ctx, home) as (ledger, _, out):
        height = ledger.height()
        found = [ledger.block(number) for number in range(height - 1, max(-1, height - 1 - last), -1)]
        out.result(
            [_block_json(block) for block in found],
            lambda: out.table(
                ("Block#", "Time", "Transactions#", "Hash"),
                (
                    (block.header.number, utc_text(block.header.time), block.header.count, block.header.hash.hex())
                    for block in found
                ),
            ),
        )


@app.command()
def block(
    ctx: typer.Context, number: Annotated[int, typer.Argument(help="The block's number.")], home: HomeOption
) -> None:
    """Show a block: its commitments and its transactions."""
    with reading(ctx, home) as (ledger, _, out):
        found = ledger.block(number)

        def show() -> None:
            out.facts(to_json(found.header) | {"hash": found.header.hash.hex()})
            out.table(
                ("#", "Call", "Creator", "Code", "Transaction"),
                (
                    (each.index, _call(each), each.transaction.proposal.creator.msp, each.outcome.code, _id(each))
                    for each in found.transactions
                ),
            )

        out.result(_block_json(found) | {"transactions": [_transaction_json(t) for t in found.transactions]}, show)


@app.command()
def tx(
    ctx: typer.Context, tx_id: Annotated[str, typer.Argument(help="The transaction's id.")], home: HomeOption
) -> None:
    """Show a transaction: who asked for what, what came of it, what it wrote."""
    with reading(ctx, home) as (ledger, _, out):
        found = ledger.transaction(tx_id)

        def show() -> None:
            out.facts(
                {
                    "transaction": _id(found),
                    "block": found.block,
                    "index": found.index,
                    "call": _call(found),
                    "creator": found.transaction.proposal.creator.msp,
                    "certificate": found.transaction.proposal.creator.certificate,
                    "time": utc_text(found.transaction.proposal.time),
                    "code": found.outcome.code,
                    "arguments": json.dumps(found.transaction.proposal.args, ensure_ascii=False)[:2000],
                }
            )
            out.table(("Key", "Value's SHA-256"), ((_readable(str(key)), value) for key, value in found.outcome.writes))

        out.result(_transaction_json(found), show)


@app.command()
def status(
    ctx: typer.Context, tx_id: Annotated[str, typer.Argument(help="The transaction's id.")], home: HomeOption
) -> None:
    """Say where a transaction stands: unknown, pending, committed, invalid."""
    with reading(ctx, home) as (ledger, _, out):
        out.result({"transaction": tx_id, "state": ledger.status(tx_id).value})


@app.command()
def history(
    ctx: typer.Context,
    key: Annotated[list[str], typer.Argument(help="A key; or an object type and its ids, such as: deal DH-2026-1.")],
    home: HomeOption,
) -> None:
    """Show every change of a key, newest first."""
    with reading(ctx, home) as (ledger, _, out):
        name = key[0] if len(key) == 1 else composite_key(key[0], *key[1:])
        rows = [
            {
                "transaction": change.tx_id,
                "time": utc_text(change.timestamp),
                "value": change.value.decode(errors="replace") if change.value is not None else None,
            }
            for change in ledger.history(name)
        ]
        out.result(
            rows,
            lambda: out.table(
                ("Time", "Transaction", "Value"), ((r["time"], r["transaction"], str(r["value"])[:200]) for r in rows)
            ),
        )


@app.command()
def checkpoint(
    ctx: typer.Context,
    home: HomeOption,
    out_file: Annotated[Path | None, typer.Option("--out", help="Also write the note to a file.")] = None,
    publish: Annotated[bool, typer.Option(help="As the orderer: sign a checkpoint of all blocks first.")] = False,
) -> None:
    """Show the newest checkpoint with its cosignatures; with --publish, sign a new one."""
    place, out = Home(home), printer(ctx)
    secret = orderer_password(place) if publish else None
    with open_ledger(place.ledger(), secret) as ledger:
        if secret is not None:
            witness.publish_checkpoint(ledger, unlock_notary(place.ledger().orderer(), secret))
        note = ledger.note()
    if out_file is not None:
        write_bytes(fresh(out_file), bytes(note))
    _show_note(out, note)


@app.command()
def cosign(ctx: typer.Context, home: HomeOption) -> None:
    """Let your notary cosign the newest checkpoint, if it extends what it cosigned before."""
    place = Home(home)
    organisation = place.organisation()
    notary = unlock_notary(organisation, org_password(f"the notary of {organisation.msp_id}"))
    with open_ledger(place.ledger(), orderer_password(place)) as ledger:
        note = witness.cosign(ledger, notary, witness.WitnessFile(place.witness_file), datetime.now(UTC))
    _show_note(printer(ctx), note)


@app.command()
def fsck(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The ledger's file.", exists=True, dir_okay=False)],
    trust: Annotated[Path | None, typer.Option(help="The genesis it must stand on.", exists=True)] = None,
    checkpoint_: Annotated[
        Path | None, typer.Option("--checkpoint", help="A checkpoint it must extend.", exists=True)
    ] = None,
) -> None:
    """Examine a ledger's file from the file alone: links, roots, signatures, and every contract call run again.

    Exits 0 where nothing was found, 1 where something was.
    """
    out = printer(ctx)
    ledger_id = read_record(trust, SignedGenesis).genesis.ledger_id if trust else None
    held = Checkpoint.parse(Note.parse(checkpoint_.read_bytes()).text) if checkpoint_ else None
    with out.progress("examining") as told:
        findings = list(examine(file, registry(), ledger_id=ledger_id, checkpoint=held, progress=told))

    def show() -> None:
        for finding in islice(findings, SHOWN_FINDINGS):
            out.say(f"{finding.kind.value}: {finding.message(out.lang)}")
            out.say(f"  {finding.remedy(out.lang)}")
        out.say(f"{len(findings)} findings" if findings else "OK: nothing was found")

    out.result({"findings": [finding.to_json() for finding in findings]}, show)
    if findings:
        raise typer.Exit(REFUSED)


def _show_note(out: Printer, note: Note) -> None:
    body = Checkpoint.parse(note.text)
    signers = [signature.name for signature in note.signatures]
    value = {
        "origin": body.origin,
        "size": body.size,
        "root": body.root.hex(),
        "signatures": signers,
        "note": str(note),
    }
    out.result(value, lambda: out.say(str(note)))


def _block_json(block: Block) -> dict[str, Any]:
    return {
        "header": to_json(block.header),
        "hash": block.header.hash.hex(),
        "signature": block.signature.hex(),
    }


def _transaction_json(each: CommittedTransaction) -> dict[str, Any]:
    return {
        "tx_id": _id(each),
        "block": each.block,
        "index": each.index,
        "transaction": to_json(each.transaction),
        "outcome": to_json(each.outcome),
        "response": json.loads(each.response),
        "events": list(each.events),
    }


def _id(each: CommittedTransaction) -> str:
    return each.transaction.proposal.tx_id


def _call(each: CommittedTransaction) -> str:
    proposal = each.transaction.proposal
    return f"{proposal.contract}@{proposal.version}.{proposal.operation}"


def _readable(key_hex: str) -> str:
    return bytes.fromhex(key_hex).decode().strip("\x00").replace("\x00", " / ")
