"""`chainfusion consortium`: founding, members, votes, and the participation agreement."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from chainfusion.cli.output import Printer, printer
from chainfusion.cli.work import (
    BadInput,
    HomeOption,
    RequestOption,
    UserOption,
    at_desk,
    bad_input,
    fresh,
    org_password,
    reader_of,
    recorded,
    stated,
    user_password,
)
from chainfusion.domain.membership import (
    Agreement,
    Change,
    ChangeKind,
    Member,
    Membership,
    MemberStatus,
    SignedGenesis,
)
from chainfusion.domain.records import from_json, to_json
from chainfusion.domain.roles import ROLE_NAMES
from chainfusion.ledger.port import Ledger
from chainfusion.node import consortium as governing
from chainfusion.node import founding
from chainfusion.node.home import Home, LedgerFolder, read_profile, read_record, write_record
from chainfusion.node.identity.organisation import unlock
from chainfusion.node.joining import join_ledger
from chainfusion.node.members import Members
from chainfusion.node.opening import found_channel, found_ledger, open_channel, open_ledger

app = typer.Typer(
    name="consortium", help="Founding, members, votes, the participation agreement.", no_args_is_help=True
)

ConnectionOption = Annotated[
    Path | None,
    typer.Option("--connection", help="The connection profile of a Fabric channel.", exists=True, dir_okay=False),
]
ShareOption = Annotated[str | None, typer.Option(help="A share of the active members, such as 2/3.")]


@app.command()
def draft(
    ctx: typer.Context,
    out: Annotated[Path, typer.Argument(help="Where to write the genesis.")],
    card: Annotated[list[Path], typer.Option(help="A founder's card (`org card`); repeat.", exists=True)],
    agreement: Annotated[Path, typer.Option(help="The participation agreement's text.", exists=True)],
    orderer: Annotated[str, typer.Option(help="MSP id of the member whose node orders.")],
    name: Annotated[str, typer.Option(help="English name.")],
    name_zh: Annotated[str, typer.Option(help="Chinese name.")],
) -> None:
    """Draft the genesis: founders, rules (two thirds decide, half witness) and the agreement's fingerprint."""
    members = [read_record(each, Member) for each in card]
    text, rules = founding.agreement_of(agreement.read_bytes()), founding.default_rules(orderer)
    with stated("genesis"):
        genesis = founding.draft_genesis(name, name_zh, members, text, rules, datetime.now(UTC))
    write_record(fresh(out), genesis)
    _show_genesis(ctx, genesis, out)


@app.command()
def sign(
    ctx: typer.Context,
    genesis: Annotated[Path, typer.Argument(help="The genesis to sign.", exists=True)],
    home: HomeOption,
    user: Annotated[str, typer.Option(help="The representative.", envvar="CHAINFUSION_USER")],
) -> None:
    """Sign the genesis as a founder. Read it first: it is what everybody will trust."""
    signer = unlock(Home(home).organisation().user(user), user_password(user))
    signed = founding.sign_genesis(read_record(genesis, SignedGenesis), signer)
    write_record(genesis, signed)
    _show_genesis(ctx, signed, genesis)


@app.command()
def profile(
    ctx: typer.Context,
    home: HomeOption,
    store: Annotated[Path, typer.Option(help="The folder of the object store that the institutions share.")],
    host: Annotated[str, typer.Option(help="MSP id of the member whose peer you work through, if not your own.")] = "",
) -> None:
    """Write your connection profile of a Fabric channel, from your place in the network (`network adopt`)."""
    from chainfusion.node.network.site import Site  # whose libraries the embedded engine does without
    from chainfusion.node.profiles import write_profile

    written = write_profile(Site(Home(home)), store, host)
    connection = read_profile(written)
    peers = [each.address for each in connection.peers]
    printer(ctx).result({"written": str(written), "ledger": connection.ledger, "host": connection.host, "peers": peers})


@app.command()
def found(
    ctx: typer.Context,
    genesis: Annotated[Path, typer.Argument(help="The genesis that all founders signed.", exists=True)],
    home: HomeOption,
    user: Annotated[str, typer.Option(help="The founding member's representative.", envvar="CHAINFUSION_USER")],
    ledger: Annotated[Path | None, typer.Option(help="The folder of a new embedded ledger.")] = None,
    connection: ConnectionOption = None,
) -> None:
    """Begin the ledger with the founding: as block 0 of an embedded one, by the member that orders; or as the first
    call on a Fabric channel, by any founder. Done once."""
    organisation, signed = Home(home).organisation(), read_record(genesis, SignedGenesis)
    founder = unlock(organisation.user(user), user_password(user))
    if connection is not None and ledger is None:
        with closing(open_channel(read_profile(connection), connection.parent, founder)) as channel:
            receipt = found_channel(channel, signed, founder)
            facts = {"ledger": channel.ledger_id, "transaction": receipt.tx_id, "block": receipt.block}
            printer(ctx).result(facts)
        return
    if ledger is None or connection is not None:
        raise _one_place()
    node = unlock(organisation.node, org_password(f"the node of {organisation.msp_id}"))
    with found_ledger(LedgerFolder(ledger), signed, founder, node, Home(home).identity) as opened:
        printer(ctx).result({"ledger": str(ledger), "id": opened.ledger_id, "height": opened.height()})


@app.command()
def join(
    ctx: typer.Context,
    home: HomeOption,
    user: Annotated[str, typer.Option(help="Who works at this node by default.")],
    ledger: Annotated[Path | None, typer.Option(help="An embedded ledger's folder.", exists=True)] = None,
    connection: ConnectionOption = None,
    genesis: Annotated[
        Path | None, typer.Option(help="With --connection: the genesis that you have checked.", exists=True)
    ] = None,
) -> None:
    """Connect an institution to the ledger, and keep its genesis as what this institution trusts."""
    if connection is not None and genesis is not None and ledger is None:
        _join_channel(ctx, Home(home), connection, genesis, user)
        return
    if ledger is None or connection is not None or genesis is not None:
        raise _one_place()
    folder = LedgerFolder(ledger)
    with open_ledger(folder) as opened:
        join_ledger(Home(home), folder, opened, user)
        printer(ctx).result({"home": str(home), "ledger": opened.ledger_id, "trusts": str(Home(home).genesis_file)})


def _join_channel(ctx: typer.Context, home: Home, connection: Path, genesis: Path, user: str) -> None:
    from chainfusion.node.channel_joining import join_channel  # whose libraries the embedded engine does without

    reader, signed = reader_of(home, user), read_record(genesis, SignedGenesis)
    with closing(open_channel(read_profile(connection), connection.parent, reader)) as channel:
        anchor = join_channel(home, connection, signed, channel, user)
        facts = {"home": str(home.path), "ledger": channel.ledger_id, "first_block": anchor.block.hash.hex()}
        printer(ctx).result(facts | {"trusts": str(home.anchor_file)})


def _one_place() -> BadInput:
    return bad_input("ledger", "either --ledger, or --connection and its genesis, is needed")


@app.command()
def agree(ctx: typer.Context, home: HomeOption, user: UserOption = "", request: RequestOption = None) -> None:
    """Sign the participation agreement in force for your institution."""
    with at_desk(ctx, home, user, writes=True) as work:
        text = from_json(Agreement, work.desk.session.query("consortium.agreement"))
        receipt = work.desk.session.call(
            "consortium.sign_agreement", request=request, version=text.version, fingerprint=text.fingerprint
        )
        work.out.result({"signed": text.fingerprint, "version": text.version, "transaction": receipt.tx_id})


@app.command()
def show(ctx: typer.Context, home: HomeOption, user: UserOption = "") -> None:
    """Show members, rules, the agreement and open proposals."""
    with at_desk(ctx, home, user) as work:
        membership = Members(work.ledger).current()
        signatures = work.desk.session.query("consortium.agreement_signatures", version=membership.agreement.version)
        signed = sorted(each["msp"] for each in signatures)
        value = to_json(membership) | {"agreement_signed_by": signed}
        work.out.result(value, lambda: _show_members(work.out, membership, signed))


def _show_members(out: Printer, membership: Membership, signed: list[str]) -> None:
    zh = out.lang == "zh"
    rows = (
        (
            member.msp,
            member.name_zh if zh else member.name,
            [ROLE_NAMES[role].filled(out.lang, {}) for role in member.roles],
            out.word(member.status.value),
            out.word("signed") if member.msp in signed else None,
        )
        for member in membership.members.values()
    )
    out.table(("Member", "Name", "Roles", "Status", "Agreement"), rows, membership.name_zh if zh else membership.name)
    for proposal in membership.proposals:
        change = proposal.change
        about = change.msp or (change.member.msp if change.member else "")
        out.say(f"{proposal.id}: {change.kind.value} {about} ({len(proposal.yes)} : {len(proposal.no)})")


@app.command()
def leave(ctx: typer.Context, home: HomeOption, user: UserOption = "", request: RequestOption = None) -> None:
    """End your institution's membership; what it stated stays on the ledger."""
    _govern(ctx, home, user, "leave", request=request)


@app.command("renew-keys")
def renew_keys(ctx: typer.Context, home: HomeOption, user: UserOption = "", request: RequestOption = None) -> None:
    """Put your institution's present node, notary and encryption keys on the ledger in place of the earlier ones."""
    with at_desk(ctx, home, user, writes=True) as work:
        receipt = governing.renew_keys(work.desk, work.home, request=request)
        recorded(work, receipt)


@app.command("propose-admission")
def propose_admission(
    ctx: typer.Context,
    card: Annotated[Path, typer.Argument(help="The candidate's card.", exists=True)],
    home: HomeOption,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Put the admission of a new member to the vote."""
    _propose(ctx, home, user, request, Change(ChangeKind.ADMIT, member=read_record(card, Member)))


@app.command("propose-replacement")
def propose_replacement(
    ctx: typer.Context,
    card: Annotated[Path, typer.Argument(help="The member's new card.", exists=True)],
    home: HomeOption,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Put a member's new names, roles or root certificates to the vote."""
    _propose(ctx, home, user, request, Change(ChangeKind.REPLACE, member=read_record(card, Member)))


@app.command("propose-rules")
def propose_rules(
    ctx: typer.Context,
    home: HomeOption,
    admission: ShareOption = None,
    suspension: ShareOption = None,
    amendment: ShareOption = None,
    agreement: ShareOption = None,
    witnesses: ShareOption = None,
    orderer: Annotated[str | None, typer.Option(help="MSP id of the member whose node orders.")] = None,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Put other rules of the consortium to the vote; what is not named stays as it is."""
    given = (admission, suspension, amendment, agreement, witnesses)
    shares = {name: word or "" for name, word in zip(governing.SHARES, given, strict=True)}
    with at_desk(ctx, home, user) as work:
        change = governing.of_rules(work.desk, shares, orderer or "")
    _propose(ctx, home, user, request, change)


@app.command("propose-suspension")
def propose_suspension(
    ctx: typer.Context,
    msp: Annotated[str, typer.Argument(help="Whose suspension.")],
    home: HomeOption,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Put a member's suspension to the vote."""
    _propose(ctx, home, user, request, Change(ChangeKind.SUSPEND, msp=msp))


@app.command("propose-reinstatement")
def propose_reinstatement(
    ctx: typer.Context,
    msp: Annotated[str, typer.Argument(help="Whose reinstatement.")],
    home: HomeOption,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Put the return of a suspended member to the vote."""
    _propose(ctx, home, user, request, Change(ChangeKind.REINSTATE, msp=msp))


@app.command("propose-agreement")
def propose_agreement(
    ctx: typer.Context,
    text: Annotated[Path, typer.Argument(help="The new agreement's text.", exists=True)],
    home: HomeOption,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Put a new version of the participation agreement to the vote."""
    with at_desk(ctx, home, user) as work:
        change = governing.of_agreement(work.desk, text.read_bytes())
    _propose(ctx, home, user, request, change)


@app.command()
def vote(
    ctx: typer.Context,
    proposal: Annotated[str, typer.Argument(help="The proposal's id.")],
    home: HomeOption,
    yes: Annotated[bool, typer.Option("--yes/--no", help="Your vote.", show_default=False)],
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Vote on an open proposal; a vote is cast once."""
    with at_desk(ctx, home, user, writes=True) as work:
        receipt = work.desk.session.call("consortium.vote", request=request, proposal=proposal, approve=yes)
        work.out.result({"transaction": receipt.tx_id, "block": receipt.block} | _tally(work.ledger, proposal))


@app.command()
def withdraw(
    ctx: typer.Context,
    proposal: Annotated[str, typer.Argument(help="The proposal's id.")],
    home: HomeOption,
    user: UserOption = "",
    request: RequestOption = None,
) -> None:
    """Take back your own proposal."""
    _govern(ctx, home, user, "withdraw", request=request, proposal=proposal)


def _govern(
    ctx: typer.Context, home: Path, user: str, operation: str, *, request: str | None, **arguments: Any
) -> None:
    with at_desk(ctx, home, user, writes=True) as work:
        receipt = work.desk.session.call(f"consortium.{operation}", request=request, **arguments)
        recorded(work, receipt)


def _propose(ctx: typer.Context, home: Path, user: str, request: str | None, change: Change) -> None:
    with at_desk(ctx, home, user, writes=True) as work:
        receipt = governing.propose(work.desk, change, request=request)
        work.out.result({"proposal": receipt.tx_id, "block": receipt.block} | _tally(work.ledger, receipt.tx_id))


def _tally(ledger: Ledger, proposal: str) -> dict[str, object]:
    membership = Members(ledger).current()
    found = next((each for each in membership.proposals if each.id == proposal), None)
    active = sum(member.status is MemberStatus.ACTIVE for member in membership.members.values())
    if found is None:
        return {"state": "decided", "active_members": active}
    return {"state": "open", "yes": len(found.yes), "no": len(found.no), "active_members": active}


def _show_genesis(ctx: typer.Context, signed: SignedGenesis, path: Path) -> None:
    genesis = signed.genesis
    printer(ctx).result(
        {
            "genesis": str(path),
            "ledger": genesis.ledger_id,
            "founders": [member.msp for member in genesis.members],
            "signed_by": [signature.msp for signature in signed.signatures],
            "agreement": genesis.agreement.fingerprint,
        }
    )
