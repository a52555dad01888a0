"""`chainfusion network`, one institution's part: what it offers, the shared folder of all, and its own nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from chainfusion.cli.network_work import AdminOption, ChannelOption, loaded, site
from chainfusion.cli.output import REFUSED, printer
from chainfusion.cli.work import HomeOption, fresh, org_password, user_password
from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.roles import Role
from chainfusion.ledger.fabric.network.plan import OrganisationPlan
from chainfusion.ledger.fabric.network.planfile import read_plan
from chainfusion.node.home import read_record, write_record
from chainfusion.node.identity.organisation import unlock


def register(app: typer.Typer) -> None:
    """Puts these commands among those of `network`."""
    for command in (offer, assemble, adopt, start, join, stop, compare):
        app.command()(command)


def offer(
    ctx: typer.Context,
    home: HomeOption,
    role: Annotated[list[Role], typer.Option("--role", help="A role in the consortium; repeat for several.")],
    out: Annotated[Path, typer.Option(help="Where to write the offer.")],
    host: Annotated[str, typer.Option(help="The name or address that others reach its nodes by.")] = "",
    port: Annotated[int, typer.Option(help="The first of its eight ports.")] = 0,
    orderer: Annotated[bool, typer.Option(help="Whether it runs an orderer.")] = True,
    peer: Annotated[bool, typer.Option(help="Whether it runs a peer.")] = True,
) -> None:
    """Make the keys of your institution's nodes here, and write what the others need: certificates and addresses."""
    place, profile = site(home), site(home).home.organisation().profile
    line = OrganisationPlan(
        profile.msp_id, profile.name_en, profile.name_zh, tuple(role), host, port, orders=orderer, hosts=peer
    )
    made = place.offer(line, org_password(profile.msp_id))
    write_record(fresh(out), made)
    printer(ctx).result({"written": str(out), "msp": made.msp, "fingerprint": made.fingerprint})


def assemble(
    ctx: typer.Context,
    plan: Annotated[Path, typer.Argument(help="The plan (YAML).", exists=True, dir_okay=False)],
    offers: Annotated[list[Path], typer.Argument(help="The institutions' offers.", exists=True, dir_okay=False)],
    genesis: Annotated[Path, typer.Option(help="The genesis that all founders signed.", exists=True)],
    out: Annotated[Path, typer.Option(help="Where to write the shared folder.")],
) -> None:
    """Assemble a network from the institutions' offers: a folder for all of them, with nothing secret in it."""
    read = loaded("ledger.fabric.network.offer").read_offer
    given = [read(each.read_bytes()) for each in offers]
    make = loaded("node.network.assembly").assemble
    _show(ctx, out, make(read_plan(plan.read_bytes()), given, read_record(genesis, SignedGenesis), out))


def adopt(
    ctx: typer.Context,
    shared: Annotated[Path, typer.Argument(help="The network's shared folder.", exists=True, file_okay=False)],
    home: HomeOption,
) -> None:
    """Check a network's shared folder and take it in: the first block is made again here, and your own offer sought."""
    taken = loaded("node.network.assembly").adopt(site(home), shared)
    _show(ctx, site(home, taken.plan.channel).places.shared, taken)


def start(ctx: typer.Context, home: HomeOption, user: AdminOption = "admin") -> None:
    """Start your institution's nodes that do not run, and have them join the channel."""
    place, out = site(home), printer(ctx)
    admin = unlock(_organisation(place).user(user), user_password(user))
    with out.waiting("starting the nodes"):
        place.start()
        taken = place.join(admin)
    out.result({"msp": place.msp, "channel": place.plan.channel, "ledger": place.ledger_id} | taken)


def join(ctx: typer.Context, home: HomeOption, user: AdminOption = "admin", channel: ChannelOption = "") -> None:
    """Have your institution's nodes, that run already, join the channel, and agree to the chaincode."""
    place = site(home, channel)
    taken = place.join(unlock(_organisation(place).user(user), user_password(user)))
    printer(ctx).result({"msp": place.msp, "channel": place.plan.channel} | taken)


def stop(ctx: typer.Context, home: HomeOption) -> None:
    """End your institution's nodes; what they hold stays."""
    printer(ctx).result({"ended": True, "killed": list(site(home).stop())})


def compare(
    ctx: typer.Context,
    home: HomeOption,
    user: AdminOption = "admin",
    first: Annotated[int, typer.Option("--from", help="The first block to compare.", min=0)] = 0,
    channel: ChannelOption = "",
) -> None:
    """Compare what all members' peers hold, block by block. Exit code 1 where one differs, or is silent."""
    place, out = site(home, channel), printer(ctx)
    admin = unlock(_organisation(place).user(user), user_password(user))
    with out.waiting("comparing blocks"):
        found = place.compare(admin, first)
    differences = [{"block": each.block, "peer": each.peer, "why": each.why} for each in found.differences]
    value = {"blocks": found.blocks, "heights": dict(found.heights), "silent": dict(found.absent)}

    def show() -> None:
        out.facts({"blocks": found.blocks, "peers": [f"{peer}: {height}" for peer, height in found.heights.items()]})
        out.facts({"silent": [f"{peer}: {why}" for peer, why in found.absent.items()]})
        out.table(("Block#", "Peer", "Reason"), [each.values() for each in differences])

    out.result(value | {"differences": differences}, show)
    if not found.agrees:
        raise typer.Exit(REFUSED)


def _organisation(place: Any) -> Any:
    return place.home.organisation()


def _show(ctx: typer.Context, where: Path, shared: Any) -> None:
    """The parts by which institutions compare what each of them has."""
    out = printer(ctx)
    block = loaded("ledger.fabric.blocks.block").FabricBlock.parse(shared.block)
    facts = {"written": str(where), "first_block": block.hash.hex(), "ledger": shared.genesis.genesis.ledger_id}
    offers = {each.msp: each.fingerprint for each in shared.offers}

    def show() -> None:
        out.facts(facts)
        out.table(("Institution", "Offer's SHA-256"), offers.items())

    out.result(facts | {"offers": offers}, show)
