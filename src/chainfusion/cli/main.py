"""`chainfusion`: nouns, then verbs. Exit codes: 0 done or proven, 1 refused or not proven, 2 wrong use."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from chainfusion import __version__
from chainfusion.cli import consortium, deal, document, evidence, ledger, org, pool, serve, tape
from chainfusion.cli.output import REFUSED, Printer, language
from chainfusion.domain.errors import ChainFusionError

app = typer.Typer(
    name="chainfusion",
    help="A shared deal room and registry for asset securitization.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for noun in (org, consortium, deal, tape, pool, document, evidence, ledger):
    app.add_typer(noun.app)
app.command("verify")(evidence.verify)
app.command("serve")(serve.serve)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
    lang: Annotated[
        str, typer.Option("--lang", help="Language of messages: en or zh.", envvar="CHAINFUSION_LANG")
    ] = "",
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that stand before the noun."""
    ctx.obj = Printer(as_json=json, lang=lang or language())


def run() -> None:
    """Runs the program; a typed refusal becomes a message and exit code 1."""
    try:
        app()
    except ChainFusionError as error:
        Printer(as_json="--json" in sys.argv, lang=language()).refuse(error)
        sys.exit(REFUSED)
