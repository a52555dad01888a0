"""`python -m chainfusion.demo`: the whole of it, then the workspace at a local address."""

from __future__ import annotations

import json
import signal
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chainfusion.cli.output import OK, REFUSED, WRONG_USE, Printer, language
from chainfusion.cli.tape import money, show_report
from chainfusion.demo.attack import Caught, change_document, change_proof
from chainfusion.demo.embedded_stage import EmbeddedStage
from chainfusion.demo.institutions import ORDERER, institution
from chainfusion.demo.stage import PASSWORD, Stage
from chainfusion.demo.story import DEAL, Proof, Story
from chainfusion.demo.tapes import Asset, given_asset, own_asset
from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.roles import Role
from chainfusion.node.home import Engine
from chainfusion.node.locked import LockedSigner
from chainfusion.node.opening import open_office
from chainfusion.tape.errors import TapeRefused
from chainfusion.verify import verify

ROOTS = {Engine.EMBEDDED: Path("build/demo"), Engine.FABRIC: Path("build/demo-fabric")}
ACTS = 10
ENDED = 128 + signal.SIGTERM


@dataclass
class Narrator:
    """Says what happens: each act with its number, each result with the seconds that it took."""

    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))
    number: int = 0
    began: float = field(default_factory=time.monotonic)

    def act(self, title: str) -> None:
        """Announces the next act."""
        self.number += 1
        self.console.print(f"\n[bold]{self.number}/{ACTS}  {title}[/bold]")

    def say(self, text: str) -> None:
        """One thing that was done."""
        self.console.print(f"  {time.monotonic() - self.began:6.1f} s  {text}", markup=False)


def main(
    tape: Annotated[Path | None, typer.Option(help="A tape of your own.", exists=True, dir_okay=False)] = None,
    mapping: Annotated[Path | None, typer.Option(help="Its mapping.", exists=True, dir_okay=False)] = None,
    serve: Annotated[bool, typer.Option(help="Serve the workspace afterwards.")] = True,
    port: Annotated[int, typer.Option(help="Where to serve it.")] = 8700,
    only_serve: Annotated[bool, typer.Option(help="Serve what the last run made.")] = False,
    engine: Annotated[Engine, typer.Option(help="What the ledger runs on.")] = Engine.EMBEDDED,
    network_port: Annotated[int, typer.Option(help="On Fabric: the first of 40 ports of the nodes.")] = 24000,
) -> None:
    """Eight institutions bring a deal on a real tape from consortium to verified evidence."""
    if (tape is None) != (mapping is None):
        typer.echo("A tape of your own needs its mapping, and a mapping its tape: TAPE=file MAPPING=file.", err=True)
        raise typer.Exit(WRONG_USE)
    stage, narrator = _stage(engine, network_port), Narrator()
    try:
        if only_serve:
            stage.reopen()
        elif not _play(stage, narrator, tape, mapping):
            raise typer.Exit(REFUSED)
        if serve or only_serve:
            _serve(stage, port)
    finally:
        stage.close()
    raise typer.Exit(OK)


def _stage(engine: Engine, network_port: int) -> Stage:
    if engine is Engine.EMBEDDED:
        return EmbeddedStage(ROOTS[engine])
    from chainfusion.demo.fabric_stage import FabricStage  # whose libraries the embedded stage does without

    return FabricStage(ROOTS[engine], port=network_port)


def _serve(stage: Stage, port: int) -> None:
    from chainfusion.cli import serve as workspace  # whose libraries a run without it does not wait for
    from chainfusion.demo.people import make_accounts, told

    make_accounts(stage)
    out, home, user = Printer(lang=language()), stage.home_of(ORDERER), institution(Role.ORIGINATOR).desk
    key = LockedSigner(home.organisation().user(user), PASSWORD)
    office = open_office(home, stage.ledger_of(ORDERER), key, PASSWORD)
    for line in told(stage, out.lang):
        out.say(line)
    workspace.run(office, workspace.Place(port=port), out, user=user, key=key.unlocked)


def _play(stage: Stage, narrator: Narrator, tape: Path | None, mapping: Path | None) -> bool:
    """Plays all acts; whether every proof held and every change was caught."""
    narrator.act("The originator's tape")
    given = given_asset(tape, mapping) if tape and mapping else None
    stage.clear()
    asset = given or own_asset(stage.root / "tape")
    _tell_tape(narrator, asset)
    story = Story(stage, asset, narrator.say)
    narrator.act("Eight institutions found a consortium")
    story.found()
    narrator.act("They sign the participation agreement")
    story.agree()
    narrator.act("The originator opens a deal, its parties accept")
    story.open_deal()
    narrator.act("The pool is registered")
    made = story.register_pool()
    narrator.act("Reports and contracts, sealed and granted")
    story.file_papers(made)
    story.grant()
    narrator.act("Opinions that name their facts")
    story.state_opinions(made.pool)
    narrator.act("Evidence")
    proofs = story.prove(made.pool)
    _write_manifest(stage, proofs)
    narrator.act("Verified offline")
    sound = [_verified(narrator, stage, proof) for proof in proofs]
    narrator.act("One byte changed")
    caught = [_told(narrator, each) for each in _attacks(stage, proofs)]
    return all(sound) and all(caught)


def _tell_tape(narrator: Narrator, asset: Asset) -> None:
    report = asset.intake.report
    narrator.say(f"{report.source_name}: {report.rows_read:,} rows, {report.loans:,} loans")
    for part in report.left_out:
        narrator.say(f"{part.rows:,} rows left out: {part.because}")
    balance = money(report.balance, report.currency)
    narrator.say(f"{balance}, {report.errors} errors, {report.warnings} warnings")


def _verified(narrator: Narrator, stage: Stage, proof: Proof) -> bool:
    with proof.document.open("rb") if proof.document else nullcontext() as document:
        verdict = verify(proof.evidence.read_bytes(), stage.trust_file.read_bytes(), document, expect_deal=DEAL)
    narrator.say(("OK: " if verdict.ok else "FAIL: ") + verdict.headline("en"))
    return verdict.ok


def _attacks(stage: Stage, proofs: tuple[Proof, ...]) -> tuple[Caught, ...]:
    trust, folder = stage.trust_file, stage.root / "tampered"
    evidence = next(proof for proof in proofs if proof.document)
    assert evidence.document is not None
    return (
        change_document(evidence.evidence, evidence.document, trust, folder),
        change_proof(evidence.evidence, evidence.document, trust, folder),
        stage.change_ledger(folder),
    )


def _told(narrator: Narrator, each: Caught) -> bool:
    mark = "caught" if each.caught else "NOT CAUGHT"
    narrator.say(f"{each.what}, byte {each.at:,}: {mark}: {each.said}")
    return each.caught


def _write_manifest(stage: Stage, proofs: tuple[Proof, ...]) -> None:
    trust = str(stage.trust_file)
    rows = [
        {
            "evidence": str(proof.evidence),
            "trust": trust,
            "document": str(proof.document) if proof.document else None,
        }
        for proof in proofs
    ]
    (stage.root / "manifest.json").write_text(json.dumps(rows, indent=2) + "\n")


def run() -> None:
    """Runs the demonstration; a typed refusal becomes a message and exit code 1, a refused tape its located errors."""
    printer = Printer(lang=language())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ENDED))  # so that what was started is ended
    try:
        app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
        app.command()(main)
        app()
    except TapeRefused as error:
        show_report(printer, error.report)
        printer.refuse(error)
    except ChainFusionError as error:
        printer.refuse(error)
    sys.exit(REFUSED)


if __name__ == "__main__":
    run()
