"""Writes an institution's connection profile from its place in a network."""

from __future__ import annotations

import shutil
from pathlib import Path

from chainfusion.domain.errors import require
from chainfusion.ledger.fabric.network.plan import PlanRefused
from chainfusion.node.connection import Connection, PeerPlace, TlsPlaces
from chainfusion.node.home import write_record
from chainfusion.node.network.site import Site

PROFILE = "network-connection.json"
"""The profile as the network gives it; joining makes the home's own of it."""


def write_profile(site: Site, store: Path, host: str = "") -> Path:
    """Writes the profile of an institution into its home, with the TLS files beside it; gives its path.

    `host` is the member whose peer it works through, by default itself. Of the host it takes the address and the TLS
    CA's certificate, which all members know. `store` is the folder of the shared object store.

    Raises: PlanRefused where the host runs no peer; NotAnOrganisation, FileDamaged, OSError.
    """
    home, places, named = site.home, site.places, host or site.msp
    plan = site.plan
    peer = plan.organisation(named)
    require(peer.hosts, PlanRefused(line=0, path="organisations", why=f"{named} runs no peer"))
    own, there = places.tls(site.msp, "client"), home.path / "tls"
    there.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = min((places.channel_msp(named) / "tlscacerts").glob("*.pem"))
    for source, name in ((own.key, "key.pem"), (own.certificate, "cert.pem"), (authority, "peers.pem")):
        shutil.copyfile(source, there / name)
    (there / "key.pem").chmod(0o600)
    connection = Connection(
        chaincode=plan.chaincode,
        channel=plan.channel,
        host=named,
        ledger=site.ledger_id,
        peers=(PeerPlace(peer.peer, None),),
        store=str(store.resolve()),
        tls=TlsPlaces("tls/peers.pem", "tls/cert.pem", "tls/key.pem"),
    )
    write_record(home.path / PROFILE, connection)
    return home.path / PROFILE
