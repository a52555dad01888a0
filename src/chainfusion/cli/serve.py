"""`chainfusion serve`: the workspace of one institution, on this machine unless told otherwise.

The web's libraries are loaded when it serves, so that no other command waits for them.
"""

from __future__ import annotations

import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chainfusion.cli.output import OK, Printer, printer
from chainfusion.cli.work import (
    ENCRYPTION,
    ORG,
    USER,
    HomeOption,
    UserOption,
    orderer_password,
    password,
    reader_of,
)
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.node.home import Engine, Home
from chainfusion.node.opening import open_office, opened_ledger

if TYPE_CHECKING:
    from chainfusion.node.identity.signer import Signer
    from chainfusion.node.office import Office

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class NotLoopback(ChainFusionError):
    """An address that other machines reach, without encryption."""

    code = "NOT_LOOPBACK"
    says = Text("{host} is reached from other machines, and would be without encryption.",
                "其他机器可访问 {host}，而连接未加密。")  # fmt: skip
    do = Text(
        "Give a certificate (--tls-cert, --tls-key), name the gateway that encrypts (--gateway), or use 127.0.0.1.",
        "请提供证书（--tls-cert、--tls-key），或以 --gateway 指明负责加密的网关，或使用 127.0.0.1。",
    )


class TlsIncomplete(ChainFusionError):
    """A certificate without its key, or the other way round."""

    code = "TLS_INCOMPLETE"
    says = Text("A certificate needs its key, and a key its certificate.", "证书须与其私钥一并提供。")
    do = Text("Give both --tls-cert and --tls-key.", "请同时提供 --tls-cert 与 --tls-key。")


@dataclass(frozen=True)
class Place:
    """Where to serve. `names` are further host names that requests may carry; `gateway` is the address of what
    encrypts before the node, and whose word on its visitors is believed."""

    host: str = "127.0.0.1"
    port: int = 8000
    names: tuple[str, ...] = ()
    tls_cert: Path | None = None
    tls_key: Path | None = None
    gateway: str = ""

    @property
    def is_tls(self) -> bool:
        """Whether browsers reach it by TLS."""
        return self.tls_cert is not None or bool(self.gateway)

    def check(self) -> None:
        """Raises: NotLoopback, TlsIncomplete."""
        require((self.tls_cert is None) == (self.tls_key is None), TlsIncomplete())
        require(self.is_tls or self.host in LOOPBACK, NotLoopback(host=self.host))

    def address(self, port: int) -> str:
        """The address that people open."""
        name = self.names[0] if self.names and self.host not in LOOPBACK else self.host
        shown = f"[{name}]" if ":" in name else name
        if self.gateway:
            return f"https://{shown}/"
        return f"{'https' if self.is_tls else 'http'}://{shown}:{port}/"


app = typer.Typer(add_completion=False)


@app.command()
def serve(
    ctx: typer.Context,
    home: HomeOption,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
    name: Annotated[list[str] | None, typer.Option(help="A host name that requests may carry; repeat.")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="PEM certificate chain of the address.", exists=True)] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM key of that certificate.", exists=True)] = None,
    gateway: Annotated[str, typer.Option(help="IP address of the gateway that encrypts before this node.")] = "",
    link: Annotated[bool, typer.Option(help="Print a link that signs the user in once.")] = True,
    read_only: Annotated[bool, typer.Option(help="Record nothing on the ledger.")] = False,
    user: UserOption = "",
) -> None:
    """Serve the workspace to the institution's people, who sign in to it; of a home that has joined no ledger, the
    pages on which a consortium is founded."""
    place = Place(host, port, tuple(name or ()), tls_cert, tls_key, gateway)
    place.check()
    node, out = Home(home), printer(ctx)
    if not node.has_joined:
        require(host in LOOPBACK and not place.is_tls, NotLoopback(host=host))
        _begin(node, place, out)
        raise typer.Exit(OK)
    worker = user or node.settings().user
    reader = reader_of(node, worker)
    writes = not read_only and node.settings().engine is Engine.EMBEDDED
    with opened_ledger(node, reader, (lambda: orderer_password(node)) if writes else None) as ledger:
        msp = node.organisation().msp_id
        secret = password(f"the encryption key of {msp}", ENCRYPTION, ORG, USER)
        office = open_office(node, ledger, reader, secret)
        run(office, place, out, user=worker, key=reader.unlocked if link else None)
    raise typer.Exit(OK)


def run(office: Office, place: Place, out: Printer, *, user: str = "", key: Signer | None = None) -> None:
    """Serves until interrupted; prints the address once it listens, with a link that signs `user` in with `key`."""
    from chainfusion.node.accounts.gatekeeper import Gatekeeper
    from chainfusion.node.notifications import Courier, Outbox, read_settings, running
    from chainfusion.web import server
    from chainfusion.web.app import create_app
    from chainfusion.web.gate import SignIn
    from chainfusion.web.guard import LOOPBACK as NAMES

    assert office.home is not None
    with out.progress("Reading the ledger") as told:
        office.workspace.catch_up(told)
    gatekeeper = Gatekeeper(office.home, office.desk)
    hosts = (*NAMES, *place.names, *((place.host,) if place.host not in ("0.0.0.0", "::") else ()))  # noqa: S104
    app = create_app(office, seating=SignIn(gatekeeper, place.is_tls), hosts=hosts, is_tls=place.is_tls)
    ways = read_settings(office.home.path)
    courier = Courier(office.workspace, office.home.path, ways, Outbox(office.home.path)) if ways else None
    certificate = server.Certificate(place.tls_cert, place.tls_key) if place.tls_cert and place.tls_key else None
    settings = server.config(app, place.host, place.port, certificate=certificate, gateway=place.gateway)
    with server.swept(gatekeeper), running(courier), settings.bind_socket() as listener:
        listener.listen()  # from here on who opens the address is answered
        address = place.address(listener.getsockname()[1])
        _tell(out, address, f"{address}signin/link/{gatekeeper.new_link(user, key)}" if key else "")
        server.Server(settings).run(sockets=[listener])


def _begin(node: Home, place: Place, out: Printer) -> None:
    """Serves the founding's pages until interrupted, to who has the link that is printed."""
    from chainfusion.web import server
    from chainfusion.web.founding import create_founding_app

    secret = secrets.token_urlsafe(24)
    settings = server.config(create_founding_app(node, secret), place.host, place.port)
    with settings.bind_socket() as listener:
        listener.listen()
        address = place.address(listener.getsockname()[1])
        link = f"{address}begin/{secret}"
        out.result({"address": address, "link": link}, lambda: out.say(link))
        sys.stdout.flush()
        server.Server(settings).run(sockets=[listener])


def _tell(out: Printer, address: str, link: str) -> None:
    def show() -> None:
        out.say(link or address)
        if link:
            out.say(f"{out.word('signs you in once, within 10 minutes; afterwards:')} {address}")

    out.result({"address": address, "link": link or None}, show)
    sys.stdout.flush()
