"""`chainfusion ledger`: blocks, transactions, histories, checkpoints, and the examination of the file."""

from __future__ import annotations

import json
import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from typing import Annotated, Any

import typer

from chainfusion.cli.output import REFUSED, Printer, printer
from chainfusion.cli.work import (
    HomeOption,
    UserOption,
    at_desk,
    fresh,
    orderer_password,
    org_password,
    reader_of,
    reading,
)
from chainfusion.contracts.catalogue import registry
from chainfusion.contracts.framework.keys import composite_key
from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.records import to_json, utc_text
from chainfusion.ledger.embedded.fsck import fsck as examine
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.note import Note
from chainfusion.ledger.port import Block, CommittedTransaction, Ledger
from chainfusion.node import migration, witness, witnessing
from chainfusion.node.home import Engine, Home, LedgerFolder, read_record, write_bytes
from chainfusion.node.identity.organisation import unlock_notary
from chainfusion.node.identity.signer import Notary
from chainfusion.node.opening import open_ledger, opened_ledger
from chainfusion.node.witness import WitnessFile
from chainfusion.vault.store import FolderStore

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
    publish: Annotated[
        bool, typer.Option(help="Make one of all blocks first: as the orderer; on Fabric as any member.")
    ] = False,
) -> None:
    """Show the newest checkpoint with its cosignatures; with --publish, make a new one of all blocks."""
    if publish:
        note = _publish(Home(home))
    else:
        with reading(ctx, home) as (ledger, _, _):
            note = ledger.note()
    out = printer(ctx)
    if out_file is not None:
        write_bytes(fresh(out_file), bytes(note))
    _show_note(out, note)


@app.command()
def cosign(ctx: typer.Context, home: HomeOption) -> None:
    """Let your notary cosign the newest checkpoint, if it extends what it cosigned before."""
    place = Home(home)
    notary = _notary(place)
    with _for_witnessing(place) as ledger:
        note = witnessing.cosign(ledger, notary, WitnessFile(place.witness_file), datetime.now(UTC))
    _show_note(printer(ctx), note)


@app.command("witness")
def witness_(
    ctx: typer.Context,
    home: HomeOption,
    every: Annotated[float, typer.Option(help="Seconds between two looks.", min=0.1)] = 60,
    rounds: Annotated[int, typer.Option(help="How many looks; 0 goes on until it is interrupted.", min=0)] = 0,
) -> None:
    """Keep your notary at work: cosign each new checkpoint; on Fabric begin one where blocks are in none yet."""
    place, out = Home(home), printer(ctx)
    notary = _notary(place)
    with _for_witnessing(place) as ledger:
        job = witnessing.WitnessJob(ledger, notary, WitnessFile(place.witness_file))
        for number in count(1):
            note = job.look(datetime.now(UTC))
            if note is not None:
                size = Checkpoint.parse(note.text).size
                out.result({"size": size, "signatures": [line.name for line in note.signatures]})
            if number == rounds:
                return
            time.sleep(every)


@app.command("await")
def await_(
    ctx: typer.Context,
    block: Annotated[int, typer.Argument(help="The block's number, as somebody told you.", min=0)],
    home: HomeOption,
    seconds: Annotated[float, typer.Option(help="How long to wait.")] = 30,
) -> None:
    """Wait until your own node's ledger has a block that another institution spoke of."""
    with at_desk(ctx, home) as work:
        work.desk.session.await_block(block, seconds)
        work.out.result({"height": work.ledger.height()})


@app.command()
def migrate(
    ctx: typer.Context,
    home: HomeOption,
    source: Annotated[Path, typer.Option("--from", help="The folder of the earlier embedded ledger.", exists=True)],
    deal: Annotated[list[str] | None, typer.Option(help="A deal to move; repeat. Else all of them.")] = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the others' turns.", min=0)] = 0,
    check: Annotated[bool, typer.Option("--check", help="Only compare both ledgers, fact by fact.")] = False,
    user: UserOption = "",
) -> None:
    """State your institution's facts of an earlier ledger's deals anew on this one, each in its turn.

    Every institution runs it for itself; run again, it goes on where it ended. Exit code 1 where --check finds a
    difference.
    """
    chosen, folder = frozenset(deal or ()), LedgerFolder(source)
    with open_ledger(folder) as ledger, at_desk(ctx, home, user, writes=not check) as work:
        earlier = migration.Earlier(ledger, FolderStore(folder.store))
        if check:
            _compare(work.out, list(migration.differences(earlier, work.ledger, chosen)))
            return
        move = migration.Migrating(work.desk, earlier, FolderStore(work.home.store()), chosen)
        with work.out.progress("stating facts anew") as told:
            moved = move.run(wait, told)
        work.out.result(to_json(moved))


def _compare(out: Printer, found: list[migration.Difference]) -> None:
    rows = [(each.deal, each.tx_id, each.what.filled(out.lang, {})) for each in found]

    def show() -> None:
        if rows:
            out.table(("Deal", "Transaction", "Difference"), rows)
        else:
            out.say("OK: every fact is stated as it was")

    out.result([{"deal": each.deal, "transaction": each.tx_id, "what": each.what.en} for each in found], show)
    if found:
        raise typer.Exit(REFUSED)


def _notary(place: Home) -> Notary:
    organisation = place.organisation()
    return unlock_notary(organisation, org_password(f"the notary of {organisation.msp_id}"))


def _for_witnessing(place: Home) -> AbstractContextManager[Ledger]:
    reader = reader_of(place, place.settings().user)
    return opened_ledger(place, reader, lambda: orderer_password(place))


def _publish(place: Home) -> Note:
    if place.settings().engine is Engine.FABRIC:
        notary, memory = _notary(place), WitnessFile(place.witness_file)
        with _for_witnessing(place) as channel:
            return witnessing.cosign(channel, notary, memory, datetime.now(UTC), channel.height())
    secret = orderer_password(place)
    with open_ledger(place.ledger(), secret) as ledger:
        return witness.publish_checkpoint(ledger, unlock_notary(place.ledger().orderer(), secret))


@app.command()
def fsck(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(help="The ledger's file; or a Fabric peer's block file or folder.", exists=True),
    ],
    trust: Annotated[Path | None, typer.Option(help="The genesis that an embedded one stands on.", exists=True)] = None,
    checkpoint_: Annotated[
        Path | None, typer.Option("--checkpoint", help="A checkpoint it must extend.", exists=True)
    ] = None,
) -> None:
    """Examine a ledger's file from the file alone: links, roots, signatures, and every contract call run again.

    Of a Fabric peer's block files: links, hashes, the orderers' signatures, and with --checkpoint the validation codes.
    Exits 0 where nothing was found, 1 where something was.
    """
    out = printer(ctx)
    if file.is_dir() or file.name.startswith("blockfile_"):
        _examine_blocks(out, file, checkpoint_)
        return
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


def _examine_blocks(out: Printer, file: Path, checkpoint: Path | None) -> None:
    from chainfusion.ledger.fabric.blocks.blockfile import examine as examine_blocks  # with Fabric's messages

    held = Checkpoint.parse(Note.parse(checkpoint.read_bytes()).text) if checkpoint else None
    with out.waiting("examining"):
        findings = list(examine_blocks(file, held))

    def show() -> None:
        for finding in islice(findings, SHOWN_FINDINGS):
            out.say(finding.message(out.lang))
        out.say(f"{len(findings)} findings" if findings else "OK: nothing was found")

    out.result({"findings": [to_json(finding) for finding in findings]}, show)
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
