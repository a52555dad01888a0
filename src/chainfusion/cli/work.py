"""What every command starts from: whose home, which ledger, who works, and the passwords that unlock keys."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

import typer

from chainfusion.cli.output import Printer, printer
from chainfusion.cli.words import in_chinese
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.port import Ledger, Receipt
from chainfusion.node.desk import Desk
from chainfusion.node.home import FileExists, Home
from chainfusion.node.locked import LockedSigner
from chainfusion.node.opening import open_desk, opened_ledger

HomeOption = Annotated[
    Path,
    typer.Option(
        "--home", envvar="CHAINFUSION_HOME", help="The institution's folder.", show_default=False, file_okay=False
    ),
]
UserOption = Annotated[
    str,
    typer.Option("--user", envvar="CHAINFUSION_USER", help="Who acts; else the node's own user.", show_default=False),
]
RequestOption = Annotated[
    str | None, typer.Option("--request", help="Your id for this request: repeating it does nothing twice.")
]
DealArgument = Annotated[str, typer.Argument(help="The deal's id.")]

USER, ORG, ENCRYPTION, ORDERER, NEW_USER = (
    "CHAINFUSION_PASSWORD",
    "CHAINFUSION_ORG_PASSWORD",
    "CHAINFUSION_ENCRYPTION_PASSWORD",
    "CHAINFUSION_ORDERER_PASSWORD",
    "CHAINFUSION_NEW_PASSWORD",
)
"""Environment variables of passwords: the person's, the institution's (CA, node, notary), that of its encryption key,
that of the node that orders, and the one that a person's key is to have. Each falls back on the ones before it."""


class BadArgument(ChainFusionError):
    """A word on the command line that is none of those it could be."""

    code = "BAD_ARGUMENT"
    says = Text("{what} {given!r} is none of: {known}.", "{what} {given!r} 不在可选范围：{known}。")
    do = Text("Use one of the words listed.", "请使用所列词语之一。")


class BadInput(ChainFusionError):
    """Words that no record takes: a name that is empty, a currency that is none, a party named twice."""

    code = "BAD_INPUT"
    says = Text("The {what} cannot be stated so: {why}.", "{what_zh}不能这样填写：{why_zh}。")
    do = Text("Correct it and repeat; nothing was sent.", "请更正后重试；未提交任何内容。")


class PasswordNeeded(ChainFusionError):
    """A key that is locked, and nobody at the terminal to ask."""

    code = "PASSWORD_NEEDED"
    says = Text("The password of {what} is needed.", "需要{what}的口令。")
    do = Text("Set {variable}, or run the command at a terminal.", "请设置 {variable}，或在终端中运行。")


@dataclass(frozen=True)
class Work:
    """An open desk with the printer of this run."""

    desk: Desk
    ledger: Ledger
    home: Home
    out: Printer


@contextmanager
def stated(what: str) -> Iterator[None]:
    """Turns a record's refusal of what was typed into a typed one. Raises: BadInput."""
    try:
        yield
    except ValueError as error:
        raise bad_input(what, str(error)) from None


def bad_input(what: str, why: str) -> BadInput:
    """The refusal of words that no record takes, in both languages as far as the reason is a known one."""
    return BadInput(what=what, what_zh=in_chinese(what), why=why, why_zh=in_chinese(why))


def fresh(path: Path) -> Path:
    """A place for a new file. Raises: FileExists."""
    require(not path.exists(), FileExists(path=str(path)))
    return path


# ------------------------------------------------------------------ passwords


def password(what: str, *variables: str, new: bool = False) -> bytes:
    """A password from the first environment variable that is set, else asked for at the terminal.

    Raises: PasswordNeeded where there is no terminal.
    """
    for variable in variables:
        if variable in os.environ:
            return os.environ[variable].encode()
    try:
        asked = typer.prompt(f"Password of {what}", hide_input=True, confirmation_prompt=new, err=True)
    except typer.Abort:
        raise PasswordNeeded(what=what, variable=variables[0]) from None
    return str(asked).encode()


def user_password(user: str) -> bytes:
    """A person's password."""
    return password(user, USER)


def org_password(msp: str, *, new: bool = False) -> bytes:
    """An institution's password: of its CA, its node and its notary."""
    return password(msp, ORG, USER, new=new)


def orderer_password(home: Home) -> bytes:
    """The password of the node that orders: its own, else the institution's where it is this one, else the person's."""
    orderer = home.ledger().settings().orderer
    own = (ORG,) if home.organisation().msp_id == orderer else ()
    return password(f"the ordering node of {orderer}", ORDERER, *own, USER)


# ------------------------------------------------------------------ at work


@contextmanager
def at_desk(ctx: typer.Context, home: Path, user: str = "", *, writes: bool = False) -> Iterator[Work]:
    """A person's desk. `writes` opens an embedded ledger for ordering as well; who only reads one is asked for no
    password. On Fabric every question is signed by the person who asks."""
    place, out = Home(home), printer(ctx)
    worker = user or place.settings().user
    msp = place.organisation().msp_id
    reader = reader_of(place, worker)
    with opened_ledger(place, reader, (lambda: orderer_password(place)) if writes else None) as ledger:
        desk = open_desk(
            place,
            ledger,
            worker,
            reader.password,
            lambda: password(f"the encryption key of {msp}", ENCRYPTION, ORG, USER),
        )
        yield Work(desk, ledger, place, out)


@contextmanager
def reading(ctx: typer.Context, home: Path, user: str = "") -> Iterator[tuple[Ledger, Home, Printer]]:
    """The ledger for reading alone."""
    place = Home(home)
    with opened_ledger(place, reader_of(place, user or place.settings().user)) as ledger:
        yield ledger, place, printer(ctx)


def recorded(work: Work, receipt: Receipt) -> None:
    """Prints where a call was recorded."""
    work.out.result({"transaction": receipt.tx_id, "block": receipt.block})


def reader_of(home: Home, user: str) -> LockedSigner:
    """A person as who asks peers: the password is asked for once, when it is first needed."""
    return LockedSigner(home.organisation().user(user), cache(lambda: user_password(user)))
