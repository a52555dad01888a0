"""What commands about a network start from: the packages that speak to Fabric, and whose place in which network."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated, Any

import typer

from chainfusion.cli.work import bad_input
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.node.home import Home

FolderOption = Annotated[
    Path | None,
    typer.Option("--folder", envvar="CHAINFUSION_NETWORK", help="A whole network's folder.", show_default=False),
]
SiteOption = Annotated[
    Path | None,
    typer.Option(
        "--home", envvar="CHAINFUSION_HOME", help="One institution's folder.", show_default=False, file_okay=False
    ),
]
AdminOption = Annotated[str, typer.Option("--user", help="The administrator of the institution's nodes.")]


ChannelOption = Annotated[
    str, typer.Option("--channel", help="A channel on the same nodes beside your first.", show_default=False)
]


class FabricExtraMissing(ChainFusionError):
    """The packages that speak to Fabric are not installed."""

    code = "FABRIC_EXTRA_MISSING"
    says = Text("The package {name} is not installed.", "未安装软件包 {name}。")
    do = Text("Install chainfusion with its extra `fabric`.", "请安装 chainfusion 的 fabric 附加组件。")


def loaded(name: str) -> Any:
    """A module that speaks to Fabric, loaded when it is asked for: who runs no network needs none of its packages."""
    try:
        return importlib.import_module(f"chainfusion.{name}")
    except ModuleNotFoundError as error:
        raise FabricExtraMissing(name=error.name or "grpc") from None


def whole(folder: Path) -> Any:
    """A whole network on this machine. Raises: PlanRefused, OSError."""
    return loaded("node.network").open_network(folder)


def site(home: Path, channel: str = "") -> Any:
    """One institution's place in its network: in its first channel, or in the one that is named."""
    place = loaded("node.network.site").Site(Home(home))
    return place.channel(channel) if channel else place


def nodes(folder: Path | None, home: Path | None) -> Any:
    """The nodes of a whole network or of one institution, as told. Raises: BadInput where neither is."""
    if folder is not None:
        return whole(folder)
    if home is None:
        raise bad_input("network", "either --folder or --home is needed")
    return site(home)
