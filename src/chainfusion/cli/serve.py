"""`chainfusion serve`: the workspace of one institution, on this machine unless told otherwise.

The web's libraries are loaded when it serves, so that no other command waits for them.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from chainfusion.cli.output import OK, Printer
from chainfusion.cli.work import HomeOption, UserOption, at_desk
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.ledger.port import Ledger
from chainfusion.node.desk import Desk
from chainfusion.node.home import Home


class NotLoopback(ChainFusionError):
    """An address that other machines reach, without a word that this is meant."""

    code = "NOT_LOOPBACK"
    says = Text(
        "{host} is reached from other machines, and the workspace has no sign-in.",
        "其他机器可访问 {host}，而工作台尚无登录功能。",
    )
    do = Text(
        "Serve on 127.0.0.1, or name the host under which a gateway that signs people in reaches it: --name.",
        "请使用 127.0.0.1；若前置有登录网关，请以 --name 指明其访问所用的主机名。",
    )


app = typer.Typer(add_completion=False)


@app.command()
def serve(
    ctx: typer.Context,
    home: HomeOption,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
    name: Annotated[list[str] | None, typer.Option(help="A host name that requests may carry; repeat.")] = None,
    user: UserOption = "",
) -> None:
    """Serve the workspace: deals, pools, documents, the ledger, and a page that checks evidence."""
    from chainfusion.web.guard import LOOPBACK

    if host not in LOOPBACK and host != "::1" and not name:
        raise NotLoopback(host=host)
    with at_desk(ctx, home, user) as work:
        _ = work.desk.encryption  # unlocked, or asked for, before anybody can open a document
        run(work.desk, work.ledger, work.home, work.out, host=host, port=port, names=tuple(name or ()))
    raise typer.Exit(OK)


def run(
    desk: Desk, ledger: Ledger, home: Home, out: Printer, *, host: str, port: int, names: tuple[str, ...] = ()
) -> None:
    """Serves until interrupted; prints the address once it listens."""
    import uvicorn

    from chainfusion.node.office import Office
    from chainfusion.web.app import create_app
    from chainfusion.web.guard import LOOPBACK
    from chainfusion.web.seating import OpenSeat

    office = Office(desk, ledger, home.trust_file.read_bytes(), home)
    workspace = create_app(office, seating=OpenSeat(desk), hosts=(*LOOPBACK, *names))
    config = uvicorn.Config(workspace, host=host, port=port, log_level="warning", server_header=False, date_header=True)
    with config.bind_socket() as listener:
        address = f"http://{host if ':' not in host else f'[{host}]'}:{listener.getsockname()[1]}/"
        out.result({"address": address}, lambda: out.say(address))
        sys.stdout.flush()
        uvicorn.Server(config).run(sockets=[listener])
