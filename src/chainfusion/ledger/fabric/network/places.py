"""Where everything of a network lies.

<root>/plan.yaml                       the plan
<root>/genesis.json                    the consortium's signed genesis, from which the ledger's id comes
<root>/institutions/<msp>/identity/    an institution's own identity, keys locked
<root>/offers/<msp>.json               what each institution offered
<root>/msp/<msp>/                      the CA and TLS CA certificates in it, as files
<root>/orderers/<msp>/                 certificates of its orderer: identity.pem, tls.pem
<root>/channel/first.block             the channel's first block
<root>/chaincode.tgz                   the chaincode package
<root>/nodes/<msp>/tls-ca/             the organisation's TLS CA
<root>/nodes/<msp>/{peer,orderer}/     msp/, tls/, its configuration, data/, log
<root>/nodes/<msp>/chaincode/          tls/, log
<root>/nodes/<msp>/client/tls/         for programs that speak to nodes
<root>/nodes/<msp>/builder/bin/        the external builder of its peer
<root>/channels/<name>/                the same shared files of a further channel on the same nodes
<root>/running.json                    process ids
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TlsFiles:
    """PEM files of one node: its key, its certificate, and its organisation's TLS CA."""

    folder: Path

    @property
    def key(self) -> Path:
        """The private key."""
        return self.folder / "key.pem"

    @property
    def certificate(self) -> Path:
        """The certificate."""
        return self.folder / "cert.pem"

    @property
    def ca(self) -> Path:
        """The TLS CA's certificate."""
        return self.folder / "ca.pem"


@dataclass(frozen=True)
class Places:
    """A network's folder.

    `part` is where what is shared lies, where that is not the folder itself: one of several channels on the same nodes.
    """

    root: Path
    part: Path | None = None

    @property
    def shared(self) -> Path:
        """Where what all institutions have in common lies."""
        return self.part or self.root

    @property
    def channels(self) -> Path:
        """Where further channels' shared parts lie, each in a folder of its name."""
        return self.root / "channels"

    @property
    def plan(self) -> Path:
        """The plan."""
        return self.shared / "plan.yaml"

    @property
    def genesis(self) -> Path:
        """The signed genesis."""
        return self.shared / "genesis.json"

    @property
    def channel(self) -> Path:
        """Where the channel's first block lies."""
        return self.shared / "channel"

    @property
    def block(self) -> Path:
        """The channel's first block."""
        return self.channel / "first.block"

    @property
    def package(self) -> Path:
        """The chaincode package."""
        return self.shared / "chaincode.tgz"

    @property
    def running(self) -> Path:
        """Process ids."""
        return self.root / "running.json"

    def institution(self, msp: str) -> Path:
        """An institution's home."""
        return self.root / "institutions" / msp

    def channel_msp(self, msp: str) -> Path:
        """An organisation's MSP as the channel knows it."""
        return self.shared / "msp" / msp

    @property
    def offers(self) -> Path:
        """What the institutions offered."""
        return self.shared / "offers"

    @property
    def orderers(self) -> Path:
        """Certificates of orderers."""
        return self.shared / "orderers"

    def offer(self, msp: str) -> Path:
        """What an institution offered."""
        return self.offers / f"{msp}.json"

    def orderer_identity(self, msp: str) -> Path:
        """The certificate by which an organisation's orderer signs blocks."""
        return self.orderers / msp / "identity.pem"

    def orderer_tls(self, msp: str) -> Path:
        """The certificate by which an organisation's orderer speaks to others."""
        return self.orderers / msp / "tls.pem"

    def node(self, msp: str, kind: str) -> Path:
        """The folder of an organisation's peer, orderer, chaincode, client or builder."""
        return self.root / "nodes" / msp / kind

    def tls(self, msp: str, kind: str) -> TlsFiles:
        """The TLS files of a node or client."""
        return TlsFiles(self.node(msp, kind) / "tls")

    def log(self, msp: str, kind: str) -> Path:
        """A node's log."""
        return self.node(msp, kind) / "log"


def write(path: Path, data: bytes | str, mode: int = 0o600) -> None:
    """Writes a file that its owner alone reads, in the place of an older one; folders on the way likewise."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    content = data.encode() if isinstance(data, str) else data
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
