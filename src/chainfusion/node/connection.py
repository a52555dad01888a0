"""How an institution's node reaches a ledger on Hyperledger Fabric: the connection profile.

<home>/connection.json      the peers that the node speaks to, TLS files, channel, chaincode, ledger id, object store

Paths in it are seen from the folder that it lies in. An institution that runs no peer of its own names in `host` the
member whose peers it works through; what it signs, it signs itself.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class PeerPlace:
    """A peer: host:port, and the name in its server certificate where that is another than the host."""

    address: str
    server_name: str | None = None


@dataclass(frozen=True)
class TlsPlaces:
    """PEM files: the CA certificates of the peers' servers, and this node's own client certificate and key."""

    ca: str
    certificate: str
    key: str


@dataclass(frozen=True)
class Connection:
    """The content of a connection profile."""

    chaincode: str
    channel: str
    host: str
    """MSP id of the member whose peers these are."""
    ledger: str
    """The ledger's id, as the consortium's genesis gives it."""
    peers: tuple[PeerPlace, ...]
    store: str
    """The folder of the object store that the institutions share: ciphertext, and cosigned checkpoints."""
    tls: TlsPlaces

    def moved(self, source: Path, target: Path) -> Connection:
        """The profile as it reads from another folder."""

        def seen(path: str) -> str:
            return os.path.relpath((source / path).resolve(), target.resolve())

        tls = TlsPlaces(seen(self.tls.ca), seen(self.tls.certificate), seen(self.tls.key))
        return replace(self, store=seen(self.store), tls=tls)
