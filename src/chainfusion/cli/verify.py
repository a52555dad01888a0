"""`chainfusion verify`: the check of an evidence file, anywhere. It loads the verifier and nothing of a node."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from chainfusion.cli.output import OK, REFUSED, Printer, printer
from chainfusion.verify import Status, Step, Verdict
from chainfusion.verify import verify as verify_evidence

app = typer.Typer(add_completion=False)
MARKS = {Status.OK: "✓", Status.FAIL: "✗", Status.NOT_CHECKED: "–"}


@app.command()
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
