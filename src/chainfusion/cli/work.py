"""What every command starts from: whose home, which ledger, who works, and the passwords that unlock them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from chainfusion.cli.output import Printer
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.ledger.embedded import EmbeddedLedger
from chainfusion.node.desk import Desk
from chainfusion.node.home import Home
from chainfusion.node.opening import open_desk, open_ledger

HomeOption = Annotated[
    Path, typer.Option("--home", envvar="CHAINFUSION_HOME", help="The institution's folder.", show_default=False)
]
UserOption = Annotated[
    str, typer.Option("--user", envvar="CHAINFUSION_USER", help="Who acts; else the node's own user.")
]
RequestOption = Annotated[
    str | None, typer.Option("--request", help="Your id for this request: repeating it does nothing twice.")
]


class BadArgument(ChainFusionError):
    """A word on the command line that is none of those it could be."""

    code = "BAD_ARGUMENT"
    says = Text("{what} {given!r} is none of: {known}.", "{what} {given!r} 不在可选范围：{known}。")
    do = Text("Use one of the words listed.", "请使用所列词语之一。")


@dataclass(frozen=True)
class Work:
    """An open desk with the printer of this run."""

    desk: Desk
    ledger: EmbeddedLedger
    home: Home
    out: Printer


def printer(ctx: typer.Context) -> Printer:
    """How this run speaks."""
    found = ctx.find_object(Printer)
    assert found is not None
    return found


def password(what: str, variable: str = "CHAINFUSION_PASSWORD", *, new: bool = False) -> bytes:
    """A password from the environment, else asked for at the terminal."""
    told = os.environ.get(variable)
    if told is None:
        told = typer.prompt(f"Password of {what}", hide_input=True, confirmation_prompt=new)
    return str(told).encode()


def orderer_password(home: Home) -> bytes:
    """The password of the ledger's orderer: its own variable, else the common one, else asked for."""
    variable = "CHAINFUSION_ORDERER_PASSWORD"
    orderer = home.ledger().settings().orderer
    return password(f"the orderer, {orderer}", variable if variable in os.environ else "CHAINFUSION_PASSWORD")


@contextmanager
def at_desk(ctx: typer.Context, home: Path, user: str = "", *, writes: bool = False) -> Iterator[Work]:
    """A person's open desk; `writes` opens the ledger for ordering as well."""
    place = Home(home)
    worker = user or place.settings().user
    ledger = open_ledger(place.ledger(), orderer_password(place) if writes else None)
    with ledger:
        yield Work(open_desk(place, ledger, worker, password(worker)), ledger, place, printer(ctx))


@contextmanager
def reading(ctx: typer.Context, home: Path) -> Iterator[tuple[EmbeddedLedger, Home, Printer]]:
    """The ledger for reading alone: no password is needed."""
    place = Home(home)
    with open_ledger(place.ledger()) as ledger:
        yield ledger, place, printer(ctx)
