"""`chainfusion org`: an institution's identity."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from chainfusion.cli.output import printer
from chainfusion.cli.work import (
    NEW_USER,
    USER,
    HomeOption,
    fresh,
    org_password,
    password,
    stated,
    user_password,
)
from chainfusion.domain.roles import Role
from chainfusion.node.home import Home, write_record
from chainfusion.node.identity import importing
from chainfusion.node.identity.enrolment import create_organisation, enrol_user
from chainfusion.node.identity.organisation import Organisation, change_password, export_key

app = typer.Typer(name="org", help="An institution's X.509 identity, laid out as a Fabric MSP.", no_args_is_help=True)
Roles = Annotated[list[Role], typer.Option("--role", help="A role; repeat for several.")]


@app.command()
def init(
    ctx: typer.Context,
    home: HomeOption,
    msp: Annotated[str, typer.Option(help="MSP id, such as DonghaiMSP.")],
    name: Annotated[str, typer.Option(help="English name.")],
    name_zh: Annotated[str, typer.Option(help="Chinese name.")],
) -> None:
    """Make an institution: root CA, node, notary and encryption key, locked under a password."""
    secret = org_password(msp, new=True)
    with printer(ctx).waiting("deriving keys"):
        organisation = create_organisation(Home(home).identity, msp, name, name_zh, secret, now=datetime.now(UTC))
    _show(ctx, organisation)


@app.command("import")
def import_(
    ctx: typer.Context,
    home: HomeOption,
    msp: Annotated[str, typer.Option(help="MSP id.")],
    name: Annotated[str, typer.Option(help="English name.")],
    name_zh: Annotated[str, typer.Option(help="Chinese name.")],
    ca: Annotated[Path, typer.Option(help="PEM bundle of your own CA's certificates.", exists=True)],
    node_cert: Annotated[Path, typer.Option(help="PEM certificate of the node.", exists=True)],
    node_key: Annotated[Path, typer.Option(help="PEM key of the node (PKCS#8).", exists=True)],
    notary_cert: Annotated[
        Path | None, typer.Option(help="PEM certificate of the notary (Ed25519).", exists=True)
    ] = None,
    notary_key: Annotated[Path | None, typer.Option(help="PEM key of the notary.", exists=True)] = None,
) -> None:
    """Bring certificates of your own CA; the CA's key stays where it is."""
    node = importing.Enrolment(node_cert.read_bytes(), node_key.read_bytes())
    notary = None
    if notary_cert and notary_key:
        notary = importing.Enrolment(notary_cert.read_bytes(), notary_key.read_bytes())
    organisation = importing.import_organisation(
        Home(home).identity,
        msp,
        name,
        name_zh,
        org_password(msp, new=True),
        ca_certificates=ca.read_bytes(),
        node=node,
        notary=notary,
        now=datetime.now(UTC),
    )
    _show(ctx, organisation)


@app.command()
def enrol(
    ctx: typer.Context,
    home: HomeOption,
    user: Annotated[str, typer.Argument(help="The person's user name.")],
    role: Roles,
    admin: Annotated[bool, typer.Option(help="Make an administrator on Fabric.")] = False,
) -> None:
    """Enrol a person with a key and a password of the own; the certificate states the roles the person may act in."""
    organisation, out = Home(home).organisation(), printer(ctx)
    secret, own = org_password(f"the CA of {organisation.msp_id}"), password(user, NEW_USER, USER, new=True)
    with out.waiting("deriving keys"):
        identity = enrol_user(organisation, user, role, secret, now=datetime.now(UTC), admin=admin, user_password=own)
    out.result(
        {
            "user": identity.name,
            "msp": identity.msp_id,
            "roles": sorted(identity.roles),
            "certificate": identity.certificate.fingerprint,
            "valid_to": identity.certificate.not_after.isoformat(),
        }
    )


@app.command()
def show(ctx: typer.Context, home: HomeOption) -> None:
    """Show the institution and its people."""
    _show(ctx, Home(home).organisation())


@app.command()
def card(
    ctx: typer.Context,
    home: HomeOption,
    role: Roles,
    out: Annotated[Path, typer.Option(help="Where to write it.")],
) -> None:
    """Write the institution's entry for a consortium: names, roles, public certificates and keys."""
    with stated("card"):
        member = Home(home).organisation().as_member(tuple(role))
    write_record(fresh(out), member)
    printer(ctx).result({"written": str(out), "msp": member.msp, "roles": list(member.roles)})


@app.command("export-key")
def export_key_(
    ctx: typer.Context,
    home: HomeOption,
    user: Annotated[str, typer.Argument(help="Whose key.")],
    out: Annotated[Path, typer.Option(help="Where to write the unlocked key.")],
) -> None:
    """Write a person's key unlocked, as Fabric's own tools need it. Guard that file."""
    export_key(Home(home).organisation().user(user), user_password(user), out)
    printer(ctx).result({"written": str(out), "user": user})


@app.command("change-password")
def change_password_(
    ctx: typer.Context, home: HomeOption, user: Annotated[str, typer.Argument(help="Whose key.")]
) -> None:
    """Lock a person's key under a new password."""
    identity = Home(home).organisation().user(user)
    change_password(identity, user_password(user), password(f"{user} from now on", NEW_USER, new=True))
    printer(ctx).result({"user": user, "changed": True})


def _show(ctx: typer.Context, organisation: Organisation) -> None:
    out = printer(ctx)
    people = [
        {"user": each.name, "roles": sorted(each.roles), "certificate": each.certificate.fingerprint}
        for each in organisation.users()
    ]
    facts = {
        "msp": organisation.msp_id,
        "name": organisation.profile.name_en,
        "name_zh": organisation.profile.name_zh,
        "node_certificate": organisation.node.certificate.fingerprint,
        "notary": organisation.notary is not None,
        "own_ca": organisation.holds_ca,
        "valid_to": organisation.node.certificate.not_after.isoformat(),
    }

    def show_people() -> None:
        out.facts(facts)
        if people:
            out.table(("User", "Roles", "Certificate"), ((p["user"], p["roles"], p["certificate"]) for p in people))

    out.result(facts | {"users": people}, show_people)
