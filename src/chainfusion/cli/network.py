"""`chainfusion network`: a consortium's Fabric network, from one plan."""

from __future__ import annotations

import importlib
import time
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from chainfusion.cli.output import REFUSED, printer
from chainfusion.cli.work import fresh
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.ledger.fabric.network.plan import Consensus, Ordering
from chainfusion.ledger.fabric.network.planfile import read_plan, write_plan

app = typer.Typer(
    name="network", help="A consortium's Hyperledger Fabric network, from one plan.", no_args_is_help=True
)
FolderOption = Annotated[
    Path, typer.Option("--folder", envvar="CHAINFUSION_NETWORK", help="The network's folder.", show_default=False)
]


class FabricExtraMissing(ChainFusionError):
    """The packages that speak to Fabric are not installed."""

    code = "FABRIC_EXTRA_MISSING"
    says = Text("The package {name} is not installed.", "未安装软件包 {name}。")
    do = Text("Install chainfusion with its extra `fabric`.", "请安装 chainfusion 的 fabric 附加组件。")


def _network() -> ModuleType:
    """The use cases, loaded when they are asked for: who runs no network needs none of Fabric's packages."""
    try:
        return importlib.import_module("chainfusion.node.network")
    except ModuleNotFoundError as error:
        raise FabricExtraMissing(name=error.name or "grpc") from None


@app.command()
def init(
    ctx: typer.Context,
    plan: Annotated[Path, typer.Argument(help="Where to write the plan (YAML).")],
    consensus: Annotated[Consensus, typer.Option(help="How orderers agree.")] = Consensus.SMARTBFT,
    port: Annotated[int, typer.Option(help="The first port.", min=1024, max=65000)] = 17000,
) -> None:
    """Write a plan to start from: four institutions on this machine."""
    example = _network().example_plan(port, Ordering(consensus))
    fresh(plan).write_text(write_plan(example), encoding="utf-8")
    printer(ctx).result({"written": str(plan), "organisations": list(example.msps)})


@app.command()
def up(
    ctx: typer.Context,
    plan: Annotated[Path, typer.Argument(help="The plan (YAML).", exists=True, dir_okay=False)],
    folder: FolderOption,
) -> None:
    """Run the network on this machine: make what is not there, start what does not run, join what has not joined."""
    out, began = printer(ctx), time.monotonic()
    with out.waiting("starting the network"):
        running = _network().start(read_plan(plan.read_bytes()), folder)
    seconds = round(time.monotonic() - began, 1)
    facts = {"channel": running.plan.channel, "chaincode": running.plan.chaincode, "ledger": running.ledger_id}
    peers = {each.msp: each.peer for each in running.plan.hosts}
    out.result(facts | {"seconds": str(seconds), "peers": [f"{msp} {address}" for msp, address in peers.items()]})


@app.command()
def down(ctx: typer.Context, folder: FolderOption) -> None:
    """End every process of the network; what it holds stays."""
    killed = _network().open_network(folder).stop()
    printer(ctx).result({"ended": True, "killed": list(killed)})


@app.command()
def status(ctx: typer.Context, folder: FolderOption) -> None:
    """Say of each node whether it runs, is healthy, and how many blocks it has. Exit code 1 where one does not run."""
    found, out = _network().open_network(folder).status(), printer(ctx)
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
    msp: Annotated[str, typer.Argument(help="The MSP id of the institution that deploys it.")],
    folder: FolderOption,
    out: Annotated[Path, typer.Option(help="Where to write the bundle.")],
    installed: Annotated[Path, typer.Option(help="Where it will lie on the host.")] = Path("/srv/chainfusion"),
) -> None:
    """Write what one institution deploys on its own hosts: keys, configuration, systemd units, container compose."""
    files = _network().open_network(folder).bundle(msp, out, installed)
    printer(ctx).result({"written": str(out), "msp": msp, "files": len(files)})
