"""`chainfusion network channel`: members and orderers that come and go, each institution signing for itself."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from chainfusion.cli.network_work import AdminOption, ChannelOption, loaded, site
from chainfusion.cli.output import Printer, printer
from chainfusion.cli.work import HomeOption, bad_input, fresh, user_password
from chainfusion.node.home import write_bytes
from chainfusion.node.identity.organisation import unlock

ROOM = "ledger.fabric.network"
app = typer.Typer(
    name="channel",
    help="A running channel: its members and orderers. Propose a change, have the others sign it, submit it.",
    no_args_is_help=True,
)
OfferArgument = Annotated[Path, typer.Argument(help="The institution's offer.", exists=True, dir_okay=False)]
MspArgument = Annotated[str, typer.Argument(help="The institution's MSP id.")]
OutOption = Annotated[Path, typer.Option("--out", help="Where to write the proposed change.")]
ChangeArgument = Annotated[Path, typer.Argument(help="The proposed change.", exists=True, dir_okay=False)]
YesOption = Annotated[bool, typer.Option("--yes", help="Sign without asking; what is signed is shown all the same.")]


@app.command()
def show(
    ctx: typer.Context,
    home: HomeOption,
    user: AdminOption = "admin",
    channel: ChannelOption = "",
) -> None:
    """Show the channel's members and orderers, as your own peer has them."""
    place, admin = _at_work(home, user, channel)
    config = place.channel_config(admin)
    facts = {"channel": config.channel, "configuration": int(config.config.sequence), "block": config.block}
    names = {"members": config.members, "ordering_members": config.ordering_members, "orderers": config.addresses}
    printer(ctx).result(facts | {name: list(each) for name, each in names.items()})


@app.command("propose-member")
def propose_member(
    ctx: typer.Context,
    offer: OfferArgument,
    home: HomeOption,
    out: OutOption,
    user: AdminOption = "admin",
    channel: ChannelOption = "",
) -> None:
    """Propose an institution as a member of the channel."""
    _propose(ctx, (home, user, channel), out, _changes().admit_member(_offer(offer)))


@app.command("propose-removal")
def propose_removal(
    ctx: typer.Context,
    msp: MspArgument,
    home: HomeOption,
    out: OutOption,
    user: AdminOption = "admin",
    channel: ChannelOption = "",
) -> None:
    """Propose that an institution is a member no longer. Where it runs an orderer, that is another change."""
    _propose(ctx, (home, user, channel), out, _changes().remove_member(msp))


@app.command("propose-orderer")
def propose_orderer(
    ctx: typer.Context,
    offer: OfferArgument,
    home: HomeOption,
    out: OutOption,
    user: AdminOption = "admin",
    channel: ChannelOption = "",
) -> None:
    """Propose that an institution's orderer takes part in ordering. One at a time."""
    _propose(ctx, (home, user, channel), out, _changes().add_orderer(_offer(offer)))


@app.command("propose-orderer-removal")
def propose_orderer_removal(
    ctx: typer.Context,
    msp: MspArgument,
    home: HomeOption,
    out: OutOption,
    user: AdminOption = "admin",
    channel: ChannelOption = "",
) -> None:
    """Propose that an institution's orderer takes part no longer. One at a time."""
    _propose(ctx, (home, user, channel), out, _changes().remove_orderer(msp))


@app.command()
def review(
    ctx: typer.Context,
    change: ChangeArgument,
    home: HomeOption,
    user: AdminOption = "admin",
    channel: ChannelOption = "",
) -> None:
    """Show what a proposed change does to the channel as your own peer has it, who signed it, and who must yet."""
    proposal = _read(change)
    place, admin = _at_work(home, user, channel)
    _show(printer(ctx), place.channel_config(admin), proposal)


@app.command()
def sign(
    ctx: typer.Context,
    change: ChangeArgument,
    home: HomeOption,
    user: AdminOption = "admin",
    channel: ChannelOption = "",
    yes: YesOption = False,
) -> None:
    """Show what a proposed change does, and add your institution's signature to the file."""
    proposal, out = _read(change), printer(ctx)
    if out.as_json and not yes:
        raise bad_input("signature", "--json needs --yes")
    place, admin = _at_work(home, user, channel)
    config = place.channel_config(admin)
    if not yes:
        _show(out, config, proposal)
        typer.confirm("Sign / 签署?", abort=True, err=True)
    signed = proposal.sign(admin)
    _show(out, config, signed)
    write_bytes(change, signed.to_bytes())


@app.command()
def submit(
    ctx: typer.Context,
    change: ChangeArgument,
    home: HomeOption,
    user: AdminOption = "admin",
    channel: ChannelOption = "",
) -> None:
    """Send a change that enough institutions have signed to your own orderer, and wait for it at your own peer."""
    proposal = _read(change)
    place, admin = _at_work(home, user, channel)
    done = place.submit(proposal, admin)
    facts = {"channel": done.channel, "block": done.block, "configuration": int(done.config.sequence)}
    printer(ctx).result(facts | {"members": list(done.members), "orderers": list(done.addresses)})


def _at_work(home: Path, user: str, channel: str) -> tuple[Any, Any]:
    place = site(home, channel)
    return place, unlock(place.home.organisation().user(user), user_password(user))


def _changes() -> Any:
    return loaded(f"{ROOM}.channel.changes")


def _offer(path: Path) -> Any:
    return loaded(f"{ROOM}.offer").read_offer(path.read_bytes())


def _read(path: Path) -> Any:
    return loaded(f"{ROOM}.channel.proposal").read_proposal(path.read_bytes())


def _propose(ctx: typer.Context, who: tuple[Path, str, str], out: Path, change: Any) -> None:
    place, admin = _at_work(*who)
    config = place.channel_config(admin)
    proposal = loaded(f"{ROOM}.channel.proposal").propose_change(config, change)
    write_bytes(fresh(out), proposal.to_bytes())
    _show(printer(ctx), config, proposal)


def _show(out: Printer, config: Any, proposal: Any) -> None:
    """What a change does, in a sentence and fact by fact, with whose signatures it has and whose it needs."""
    proposal.require_for(config)
    update = proposal.update
    effect = loaded(f"{ROOM}.channel.differences").effect_of(config.config, update)
    needs = loaded(f"{ROOM}.channel.authority").requirements(config.config, update, proposal.signed, datetime.now(UTC))
    value = {
        "channel": proposal.channel,
        "summary": [{"en": each.en, "zh": each.zh} for each in effect.summary],
        "differences": [{"en": each.text.en, "zh": each.text.zh} for each in effect.differences],
        "signed_by": [f"{each.msp} {each.certificate.subject}" for each in proposal.signed],
        "needs": [
            {"policy": each.policy, "needed": each.needed, "among": list(each.among), "met": list(each.met)}
            for each in needs
        ],
    }

    def show() -> None:
        for each in effect.summary:
            out.say(each.en)
            out.say(each.zh)
        for each in effect.differences:
            out.say(f"  {each.text.filled(out.lang, {})}")
        out.facts({"signed_by": value["signed_by"]})
        rows = [(each.policy, f"{len(each.met)}/{each.needed}", each.met) for each in needs]
        out.table(("Policy", "Signed", "By"), rows)

    out.result(value, show)
