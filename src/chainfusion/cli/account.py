"""`chainfusion account`: who of an institution's people may sign in to its workspace."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainfusion.cli.output import printer
from chainfusion.cli.work import NEW_USER, USER, HomeOption, password
from chainfusion.node.home import Home

if TYPE_CHECKING:
    from chainfusion.node.accounts.accounts import Accounts

app = typer.Typer(
    name="account", help="Who of the institution's people may sign in to its workspace.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(help="The account's name.")]
DAY = 24 * 3600


@contextmanager
def _accounts(home: Home) -> Iterator[Accounts]:
    from chainfusion.node.accounts.accounts import Accounts  # whose libraries no other command waits for

    found = Accounts.of(home)
    try:
        yield found
    finally:
        found.close()


def _now() -> int:
    return int(time.time())


def _moment(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def _new_password(name: str) -> str:
    return password(f"account {name}", NEW_USER, USER, new=True).decode()


@app.command()
def add(
    ctx: typer.Context,
    home: HomeOption,
    name: Name,
    identity: Annotated[str, typer.Option(help="The user whose key signs; else the one of the same name.")] = "",
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Sign in by passkey or the bank's sign-in alone.")
    ] = False,
) -> None:
    """Let a person sign in: an account for one of the institution's users."""
    with _accounts(Home(home)) as accounts:
        secret = None if no_password else _new_password(name)
        made = accounts.add(name, identity or name, secret, _now())
    printer(ctx).result({"account": made.name, "user": made.user, "password": made.password is not None})


@app.command("list")
def list_(ctx: typer.Context, home: HomeOption) -> None:
    """List the accounts, and how each may sign in."""
    with _accounts(Home(home)) as accounts:
        rows = [
            {
                "account": each.name,
                "user": each.user,
                "locked": each.locked is not None,
                "password": each.password is not None,
                "passkeys": len(accounts.passkeys.of(each.name)),
                "tokens": len(accounts.tokens.of(each.name)),
                "sessions": len(accounts.sessions.of(each.name, _now())),
                "signed_in": _moment(each.signed_in),
            }
            for each in accounts.people.all()
        ]
    _rows(ctx, rows, "Account", "User", "Locked", "Password", "Passkeys#", "Tokens#", "Sessions#", "Last signed in")


@app.command()
def lock(ctx: typer.Context, home: HomeOption, name: Name) -> None:
    """Let a person in no more; open sessions end at once, and tokens work no more."""
    with _accounts(Home(home)) as accounts:
        accounts.people.lock(name, _now())
    printer(ctx).result({"account": name, "locked": True})


@app.command()
def unlock(ctx: typer.Context, home: HomeOption, name: Name) -> None:
    """Let a person in again, also after too many wrong passwords."""
    with _accounts(Home(home)) as accounts:
        accounts.people.unlock(name)
        accounts.attempts.clear(name)
    printer(ctx).result({"account": name, "locked": False})


@app.command("password")
def password_(ctx: typer.Context, home: HomeOption, name: Name) -> None:
    """Set an account's password; the person's sessions end. The signing key's own password stays as it is."""
    with _accounts(Home(home)) as accounts:
        account = accounts.people.named(name)
        accounts.people.set_password(account.name, _new_password(name))
        accounts.attempts.clear(name)
        accounts.sessions.end_all_of(account.name)
    printer(ctx).result({"account": account.name, "changed": True})


@app.command()
def sessions(
    ctx: typer.Context,
    home: HomeOption,
    name: Name,
    end: Annotated[str, typer.Option(help="Id of a session to end, or `all`.")] = "",
) -> None:
    """List where a person is signed in, or end it."""
    with _accounts(Home(home)) as accounts:
        account = accounts.people.named(name).name
        if end == "all":
            accounts.sessions.end_all_of(account)
        elif end:
            accounts.sessions.end_one_of(account, end)
        rows = [
            {
                "id": each.id,
                "way": each.way,
                "browser": each.agent,
                "address": each.address,
                "since": _moment(each.began),
                "seen": _moment(each.seen),
            }
            for each in accounts.sessions.of(account, _now())
        ]
    _rows(ctx, rows, "Id", "Way", "Browser", "Address", "Since", "Last seen")


@app.command()
def passkeys(
    ctx: typer.Context,
    home: HomeOption,
    name: Name,
    remove: Annotated[str, typer.Option(help="Id of a passkey to forget.")] = "",
) -> None:
    """List a person's passkeys, or forget one that was lost."""
    with _accounts(Home(home)) as accounts:
        account = accounts.people.named(name).name
        if remove:
            accounts.passkeys.remove(account, remove)
        rows = [
            {
                "id": each.id.hex(),
                "name": each.label,
                "host": each.host,
                "added": _moment(each.added),
                "used": _moment(each.used),
            }
            for each in accounts.passkeys.of(account)
        ]
    _rows(ctx, rows, "Id", "Name", "Host", "Added", "Last used")


@app.command()
def tokens(
    ctx: typer.Context,
    home: HomeOption,
    name: Name,
    revoke: Annotated[str, typer.Option(help="Id of a token to end.")] = "",
) -> None:
    """List a person's tokens for programs, or end one."""
    with _accounts(Home(home)) as accounts:
        account = accounts.people.named(name).name
        if revoke:
            accounts.tokens.revoke(account, revoke)
        rows = [
            {
                "id": each.id,
                "name": each.label,
                "acts": each.acts,
                "until": _moment(each.ends),
                "used": _moment(each.used),
            }
            for each in accounts.tokens.of(account)
        ]
    _rows(ctx, rows, "Id", "Name", "May act", "Until", "Last used")


@app.command()
def token(
    ctx: typer.Context,
    home: HomeOption,
    name: Name,
    label: Annotated[str, typer.Option(help="Which program it is for.")],
    days: Annotated[int, typer.Option(help="How long it lasts.", min=1, max=366)] = 30,
    act: Annotated[bool, typer.Option(help="It may act: needs the password of the person's key.")] = False,
) -> None:
    """Make a token for a program; it is printed this once."""
    from chainfusion.cli.work import user_password
    from chainfusion.node.accounts.tokens import private_key

    place = Home(home)
    with _accounts(place) as accounts:
        account = accounts.people.named(name)
        identity = place.organisation().user(account.user)
        key = private_key(identity, user_password(account.user)) if act else None
        made = accounts.tokens.make(account.name, label, _now() + days * DAY, _now(), key)
    printer(ctx).result({"account": account.name, "token": made, "acts": act, "days": days})


def _rows(ctx: typer.Context, rows: list[dict[str, Any]], *columns: str) -> None:
    out = printer(ctx)
    out.result(rows, lambda: out.table(columns, (row.values() for row in rows)))
