"""`chainfusion evidence` and `chainfusion verify`: proof that leaves the house, and its check anywhere."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from chainfusion.cli.output import OK, REFUSED, Printer
from chainfusion.cli.work import DealArgument, HomeOption, UserOption, Work, at_desk, fresh, printer
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.note import Note
from chainfusion.node import documents, proofs
from chainfusion.node.home import write_bytes
from chainfusion.verify import Status, Step, Verdict
from chainfusion.verify import verify as verify_evidence

app = typer.Typer(name="evidence", help="Export proof of what is on the ledger.", no_args_is_help=True)
OutOption = Annotated[Path, typer.Option(help="Where to write the evidence file.")]
SinceOption = Annotated[
    Path | None, typer.Option("--since", help="A checkpoint that the recipient holds.", exists=True, dir_okay=False)
]
MARKS = {Status.OK: "✓", Status.FAIL: "✗", Status.NOT_CHECKED: "–"}


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


def verify(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The evidence file.", exists=True, dir_okay=False)],
    trust: Annotated[
        Path, typer.Option(help="What you trust: the consortium's genesis, or a checkpoint.", exists=True)
    ],
    document: Annotated[
        Path | None, typer.Argument(help="The document that it is about.", exists=True, dir_okay=False)
    ] = None,
    deal: Annotated[str | None, typer.Option(help="Refuse evidence of another deal.")] = None,
    ledger: Annotated[str | None, typer.Option(help="Refuse evidence of another ledger.")] = None,
) -> None:
    """Verify an evidence file, offline. Prints OK: or FAIL: and exits 0 or 1 (2: wrong use)."""
    out = printer(ctx)
    size = document.stat().st_size if document else None
    with document.open("rb") if document else nullcontext() as stream, out.progress("reading", size) as told:
        verdict = verify_evidence(
            file.read_bytes(),
            trust.read_bytes(),
            stream,
            expect_deal=deal,
            expect_ledger=ledger,
            at=datetime.now(UTC),
            progress=lambda done: told(done, size),
        )
    out.result(verdict.to_json(), lambda: _show(out, verdict))
    raise typer.Exit(OK if verdict.ok else REFUSED)


def _show(out: Printer, verdict: Verdict) -> None:
    lang = out.lang
    out.console.print(("OK: " if verdict.ok else "FAIL: ") + verdict.headline(lang), markup=False)
    if verdict.refusal:
        out.console.print(verdict.remedy(lang), markup=False, style="dim")
    for step in verdict.steps:
        _show_step(out, step, 1)
    for heading, texts in (
        (("This proves", "已证明"), verdict.proves),
        (("It does not prove", "未证明"), verdict.does_not_prove),
    ):
        if texts:
            out.console.print(heading[lang == "zh"] + ":", markup=False)
        for text in texts:
            out.console.print(f"  - {text.filled(lang, {})}", markup=False)


def _show_step(out: Printer, step: Step, depth: int) -> None:
    lang = out.lang
    detail = step.detail.filled(lang, {})
    line = f"{'  ' * depth}{MARKS[step.status]} {step.name.filled(lang, {})}"
    out.console.print(f"{line}: {detail}" if detail else line, markup=False)
    for child in step.children:
        _show_step(out, child, depth + 1)


def _held(since: Path | None) -> Checkpoint | None:
    return Checkpoint.parse(Note.parse(since.read_bytes()).text) if since else None


def _write(work: Work, out: Path, data: bytes) -> None:
    write_bytes(fresh(out), data)
    work.out.result({"written": str(out), "bytes": len(data), "trust": str(work.home.genesis_file)})
