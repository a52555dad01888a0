"""Writes an institution's connection profile from its place in a network."""

from __future__ import annotations

import shutil
from pathlib import Path

from chainfusion.ledger.fabric.network.places import Places
from chainfusion.ledger.fabric.network.plan import Plan
from chainfusion.node.connection import Connection, PeerPlace, TlsPlaces
from chainfusion.node.home import Home, write_record

PROFILE = "network-connection.json"
"""The profile as the network gives it; joining makes the home's own of it."""


def write_profile(home: Home, msp: str, host: str, network: tuple[Plan, Places], ledger: str, store: Path) -> Path:
    """Writes the profile of `msp` into its home, with the TLS files beside it; gives its path.

    `host` is the member whose peer it works through: itself, or another where it runs none. Of the host it takes the
    address and the TLS CA's certificate, which the channel's configuration makes known to all members.
    """
    plan, places = network
    own, there = places.tls(msp, "client"), home.path / "tls"
    there.mkdir(mode=0o700, parents=True, exist_ok=True)
    for source, name in ((own.key, "key.pem"), (own.certificate, "cert.pem"), (_ca(places, host), "peers.pem")):
        shutil.copyfile(source, there / name)
    (there / "key.pem").chmod(0o600)
    connection = Connection(
        chaincode=plan.chaincode,
        channel=plan.channel,
        host=host,
        ledger=ledger,
        peers=(PeerPlace(plan.organisation(host).peer, None),),
        store=str(store.resolve()),
        tls=TlsPlaces("tls/peers.pem", "tls/cert.pem", "tls/key.pem"),
    )
    write_record(home.path / PROFILE, connection)
    return home.path / PROFILE


def _ca(places: Places, host: str) -> Path:
    return next(iter(sorted((places.channel_msp(host) / "tlscacerts").glob("*.pem"))))
