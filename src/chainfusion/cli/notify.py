"""`chainfusion notify`: what the institution's people and programs are told outside the workspace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from chainfusion.cli.output import REFUSED, printer
from chainfusion.cli.work import BadArgument, HomeOption, UserOption, at_desk
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.node.home import Home
from chainfusion.node.notifications import Courier, Outbox, read_settings
from chainfusion.node.notifications.settings import FILE
from chainfusion.node.office import Office

app = typer.Typer(name="notify", help="Notifications by mail and webhook: the outbox.", no_args_is_help=True)


class NoNotifications(ChainFusionError):
    """A home without notification settings."""

    code = "NO_NOTIFICATIONS"
    says = Text("{path} is not there: nothing is told.", "{path} 不存在：不发送任何通知。")
    do = Text("Write it as docs/notifications.md tells.", "请按 docs/notifications.md 编写。")


@app.command()
def send(ctx: typer.Context, home: HomeOption, user: UserOption = "") -> None:
    """Look once for what is worth telling, and send what is due; `serve` does so by itself."""
    with _courier(ctx, home, user) as courier:
        done = courier.round()
    out = printer(ctx)
    told = {"queued": done.queued, "delivered": done.delivered, "failed": done.failed}
    out.result(told, lambda: out.facts(told))
    if done.failed:
        raise typer.Exit(REFUSED)


@app.command("list")
def list_(ctx: typer.Context, home: HomeOption) -> None:
    """Show the outbox, the newest first."""
    out = printer(ctx)
    with closing(Outbox(Home(home).path)) as outbox:
        found = outbox.all()
    rows = [
        {
            "id": each.id,
            "channel": each.channel,
            "title": each.title.zh if out.lang == "zh" else each.title.en,
            "state": each.state,
            "attempts": each.attempts,
            "added": datetime.fromtimestamp(each.added, UTC).isoformat(timespec="seconds"),
            "error": each.error,
        }
        for each in found
    ]
    columns = ("Id", "Channel", "Title", "State", "Attempts", "Added", "Error")
    out.result(rows, lambda: out.table(columns, (tuple(row.values()) for row in rows)))


@app.command()
def again(ctx: typer.Context, home: HomeOption, letter: Annotated[str, typer.Argument(help="Its id.")]) -> None:
    """Have a letter that was not delivered tried anew, at the next round."""
    with closing(Outbox(Home(home).path)) as outbox:
        outbox.again(letter, int(datetime.now(UTC).timestamp()))
    printer(ctx).result({"letter": letter, "state": "waiting"})


@app.command()
def test(
    ctx: typer.Context,
    home: HomeOption,
    channel: Annotated[str, typer.Argument(help="mail:ADDRESS or webhook:NAME, as the settings have it.")],
    user: UserOption = "",
) -> None:
    """Send one letter that says that it is a trial."""
    with _courier(ctx, home, user) as courier:
        if channel not in courier.settings.channels:
            raise BadArgument(what="channel", given=channel, known=", ".join(courier.settings.channels))
        went = courier.try_out(channel)
    printer(ctx).result({"channel": channel, "delivered": went})
    if not went:
        raise typer.Exit(REFUSED)


@contextmanager
def _courier(ctx: typer.Context, home: Path, user: str) -> Iterator[Courier]:
    """Raises: NoNotifications, NotificationsUnusable, as `at_desk`."""
    settings = read_settings(home)
    if settings is None:
        raise NoNotifications(path=str(home / FILE))
    with at_desk(ctx, home, user) as work, closing(Outbox(work.home.path)) as outbox:
        office = Office(work.desk, work.ledger, b"", work.home)
        yield Courier(office.workspace, work.home.path, settings, outbox)
