"""`python -m scripts.reference`: writes the pages that are made from code, docs/cli.md and docs/errors.md."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import typer

import chainfusion
from chainfusion.contracts.framework.contract import Contract, Operation
from chainfusion.domain.errors import ChainFusionError

DOCS = Path(__file__).parents[1] / "docs"

EXIT_CODES = """Exit codes: 0 done or proven; 1 refused or not proven; 2 wrong use of the command.

Options that stand before the noun: `--json` prints JSON for programs, `--lang en|zh` chooses the language of messages
(also `CHAINFUSION_LANG`), `--version` prints the version. `chainfusion --install-completion` sets up completion for
your shell.
"""


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(chainfusion.__path__, "chainfusion."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def operations() -> list[Operation]:
    """Every operation of the newest version of every contract, in order of contract and name."""
    newest: dict[str, Contract] = {}
    for module in _modules():
        for found in vars(module).values():
            if isinstance(found, Contract) and found.version >= newest.get(found.name, found).version:
                newest[found.name] = found
    return [op for _, contract in sorted(newest.items()) for _, op in sorted(contract.operations.items())]


def errors() -> list[type[ChainFusionError]]:
    """Every refusal the project can give, in order of code."""
    list(_modules())
    return sorted(set(_subclasses(ChainFusionError)), key=lambda kind: kind.code)


def _subclasses(kind: type[ChainFusionError]) -> Iterator[type[ChainFusionError]]:
    for sub in kind.__subclasses__():
        if "code" in vars(sub) and sub.__module__.startswith("chainfusion."):
            yield sub
        yield from _subclasses(sub)


def errors_page() -> str:
    """docs/errors.md: every code with what it says and what to do, in both languages."""
    head = (
        "# Refusals\n\n"
        "Made from the code by `make docs`. A refusal has a stable code, says what and where, and says what to do;\n"
        "a bad input changes nothing. `{name}` is filled from the facts of the case, which `--json` prints too.\n\n"
    )
    return head + "\n".join(_error(kind) for kind in errors())


def _error(kind: type[ChainFusionError]) -> str:
    return f"## {kind.code}\n\n- {kind.says.en} {kind.do.en}\n- {kind.says.zh}{kind.do.zh}\n"


def commands() -> Iterator[tuple[str, Any]]:
    """Every command as people type it, with its click object."""
    from chainfusion.cli.main import app

    yield from _walk("chainfusion", typer.main.get_command(app))


def _walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield path, command
        return
    for name in sorted(below):
        yield from _walk(f"{path} {name}", below[name])


def cli_page() -> str:
    """docs/cli.md: every command with its arguments and options."""
    head = "# Commands\n\nMade from the code by `make docs`; `chainfusion NOUN VERB --help` says the same.\n\n"
    return head + EXIT_CODES + "\n" + "\n".join(_command(path, command) for path, command in commands())


def _command(path: str, command: Any) -> str:
    told = "\n".join(line.strip() for line in (command.help or "").strip().splitlines())
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help" and not p.hidden]
    usage = " ".join([path, *(_argument(p) for p in arguments)])
    rows = [f"| `{'`, `'.join([*p.opts, *p.secondary_opts])}` | {_cell(p)} |" for p in options]
    rows = [f"| `{_argument(p)}` | {_cell(p)} |" for p in arguments] + rows
    table = "\n".join(["| | |", "|---|---|", *rows]) + "\n" if rows else ""
    return f"## {usage}\n\n{told}\n\n{table}"


def _argument(parameter: Any) -> str:
    name = str(parameter.metavar or parameter.name.upper()).strip("[]")
    name += " ..." if parameter.nargs != 1 else ""
    return name if parameter.required else f"[{name}]"


def _cell(parameter: Any) -> str:
    said = (getattr(parameter, "help", None) or "").replace("|", "\\|")
    return said + (" Required." if parameter.required and parameter.param_type_name == "option" else "")


PAGES = {"errors.md": errors_page, "cli.md": cli_page}


def main() -> int:
    """Writes both pages."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
        sys.stdout.write(f"docs/{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
