"""`chainfusion`: nouns, then verbs. Exit codes: 0 done or proven, 1 refused or not proven, 2 wrong use."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from chainfusion import __version__
from chainfusion.cli import consortium, deal, document, evidence, ledger, org, pool, serve, tape
from chainfusion.cli.output import REFUSED, Language, Printer, language
from chainfusion.domain.errors import ChainFusionError, Text


class FileFailed(ChainFusionError):
    """A file or folder that the system does not let be read or written."""

    code = "FILE_FAILED"
    says = Text("{path}: {why}.", "{path}：{why}。")
    do = Text("Check the path, its permissions and the room on the disk.", "请检查路径、权限和磁盘空间。")


class Program(TyperGroup):
    """The root of all commands: a typed refusal becomes a message on standard error and exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command that was named."""
        try:
            return super().invoke(ctx)
        except ChainFusionError as error:
            ctx.obj.refuse(error)
        except BrokenPipeError:
            raise
        except OSError as error:
            ctx.obj.refuse(FileFailed(path=str(error.filename or ""), why=error.strerror or str(error)))
        raise typer.Exit(REFUSED)


app = typer.Typer(
    name="chainfusion",
    cls=Program,
    help="A shared deal room and registry for asset securitization.",
    epilog="Exit codes: 0 done or proven; 1 refused or not proven; 2 wrong use of the command.",
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
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
    lang: Annotated[
        Language | None, typer.Option("--lang", help="Language of messages.", show_default="as CHAINFUSION_LANG says")
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A shared deal room and registry for asset securitization."""
    ctx.obj = Printer(as_json=as_json, lang=lang or language())


def run() -> None:
    """Runs the program on the command line's words; `--json` may stand anywhere before a bare `--`."""
    words = sys.argv[1:]
    end = words.index("--") if "--" in words else len(words)
    if "--json" in words[:end]:
        words = ["--json", *(word for word in words[:end] if word != "--json"), *words[end:]]
    app(words, prog_name="chainfusion")
