"""`chainfusion`: nouns, then verbs. Exit codes: 0 done or proven, 1 refused or not proven, 2 wrong use."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from chainfusion import __version__
from chainfusion.cli.output import REFUSED, Language, Printer, language
from chainfusion.domain.errors import ChainFusionError, Text


class FileFailed(ChainFusionError):
    """A file or folder that the system does not let be read or written."""

    code = "FILE_FAILED"
    says = Text("{path}: {why}.", "{path}：{why}。")
    do = Text("Check the path, its permissions and the room on the disk.", "请检查路径、权限和磁盘空间。")


class Commands(Mapping[str, Any]):
    """The commands by their first word, each loaded when it is asked for: who verifies loads no ledger and no tapes."""

    NOUNS = (
        "org", "consortium", "deal", "tape", "pool", "terms", "cashflow", "process", "document", "review",
        "evidence", "ledger", "network", "account", "notify",
    )  # fmt: skip
    VERBS = ("verify", "serve")

    def __getitem__(self, name: str) -> Any:
        return _loaded(name)

    def __iter__(self) -> Iterator[str]:
        return iter((*self.NOUNS, *self.VERBS))

    def __len__(self) -> int:
        return len(self.NOUNS) + len(self.VERBS)


@cache
def _loaded(name: str) -> Any:
    if name not in (*Commands.NOUNS, *Commands.VERBS):
        raise KeyError(name)
    module = import_module(f"chainfusion.cli.{name}")
    return get_group(module.app) if name in Commands.NOUNS else get_command(module.app)


class Program(TyperGroup):
    """The root of all commands: a typed refusal becomes a message on standard error and exit code 1."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands: Any = Commands()

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - as the parent has it
        """Their names, with none of them loaded."""
        return list(self.commands)

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
