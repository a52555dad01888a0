"""`chainfusion network`: a consortium's Fabric network."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from chainfusion.cli import network_channel, network_site
from chainfusion.cli.network_work import FolderOption, SiteOption, loaded, nodes, whole
from chainfusion.cli.output import REFUSED, printer
from chainfusion.cli.work import fresh
from chainfusion.ledger.fabric.network.plan import Consensus, Ordering
from chainfusion.ledger.fabric.network.planfile import read_plan, write_plan

app = typer.Typer(name="network", help="A consortium's Hyperledger Fabric network.", no_args_is_help=True)
TrialFolder = Annotated[
    Path, typer.Option("--folder", envvar="CHAINFUSION_NETWORK", help="The network's folder.", show_default=False)
]


@app.command()
def init(
    ctx: typer.Context,
    plan: Annotated[Path, typer.Argument(help="Where to write the plan (YAML).")],
    consensus: Annotated[Consensus, typer.Option(help="How orderers agree.")] = Consensus.SMARTBFT,
    port: Annotated[int, typer.Option(help="The first port.", min=1024, max=65000)] = 17000,
    offer: Annotated[list[Path] | None, typer.Option(help="An institution's offer; repeat.", exists=True)] = None,
    name: Annotated[str, typer.Option(help="With offers: the consortium's English name.")] = "Consortium",
    name_zh: Annotated[str, typer.Option(help="With offers: its Chinese name.")] = "联盟",
) -> None:
    """Write a plan to start from: of the institutions' offers, or of four institutions on this machine."""
    if offer:
        read = loaded("ledger.fabric.network.offer").read_offer
        organisations = tuple(read(each.read_bytes()).organisation for each in offer)
        example = loaded("ledger.fabric.network.plan").Plan(name, name_zh, "deals", organisations, Ordering(consensus))
    else:
        example = loaded("node.network").example_plan(port, Ordering(consensus))
    fresh(plan).write_text(write_plan(example), encoding="utf-8")
    printer(ctx).result({"written": str(plan), "organisations": list(example.msps)})


@app.command()
def up(
    ctx: typer.Context,
    plan: Annotated[Path, typer.Argument(help="The plan (YAML).", exists=True, dir_okay=False)],
    folder: TrialFolder,
) -> None:
    """For trying out, run a whole network on this machine: make what is not there, start what does not run, join."""
    out, began = printer(ctx), time.monotonic()
    with out.waiting("starting the network"):
        running = loaded("node.network").start(read_plan(plan.read_bytes()), folder)
    seconds = round(time.monotonic() - began, 1)
    facts = {"channel": running.plan.channel, "chaincode": running.plan.chaincode, "ledger": running.ledger_id}
    peers = {each.msp: each.peer for each in running.plan.hosts}
    out.result(facts | {"seconds": str(seconds), "peers": [f"{msp} {address}" for msp, address in peers.items()]})


@app.command()
def down(ctx: typer.Context, folder: TrialFolder) -> None:
    """End every process of a whole network on this machine; what it holds stays."""
    killed = whole(folder).stop()
    printer(ctx).result({"ended": True, "killed": list(killed)})


@app.command()
def status(ctx: typer.Context, folder: FolderOption = None, home: SiteOption = None) -> None:
    """Say of each node whether it runs, is healthy, and how many blocks it has. Exit code 1 where one does not run."""
    found, out = nodes(folder, home).status(), printer(ctx)
    rows = [(each.name, each.address, each.pid and str(each.pid), out.word(each.state), each.height) for each in found]
    value = [
        {"node": each.name, "address": each.address, "pid": each.pid, "state": each.state, "height": each.height}
        for each in found
    ]
    out.result(value, lambda: out.table(("Node", "Address", "Process", "State", "Blocks#"), rows))
    if any(each.state != "running" for each in found):
        raise typer.Exit(REFUSED)


@app.command()
def bundle(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option(help="Where to write the bundle.")],
    msp: Annotated[str, typer.Argument(help="With --folder: the MSP id of the institution that deploys it.")] = "",
    folder: FolderOption = None,
    home: SiteOption = None,
    installed: Annotated[Path, typer.Option(help="Where it will lie on the host.")] = Path("/srv/chainfusion"),
) -> None:
    """Write what one institution deploys on its own hosts: keys, configuration, systemd units, container compose."""
    place = nodes(folder, home)
    who = msp or getattr(place, "msp", "")
    files = place.bundle(who, out, installed) if folder is not None else place.bundle(out, installed)
    printer(ctx).result({"written": str(out), "msp": who, "files": len(files)})


network_site.register(app)
app.add_typer(network_channel.app)
