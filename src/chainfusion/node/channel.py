"""A channel of Hyperledger Fabric as one institution's node works with it: peers, and the checkpoints cosigned."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from types import TracebackType

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.evidence.note import Note
from chainfusion.ledger.fabric.blocks.log import BlockLog
from chainfusion.ledger.fabric.gateway.client import GatewayClient, Settings
from chainfusion.ledger.fabric.gateway.ledger import FabricLedger
from chainfusion.ledger.fabric.gateway.peers import PeerAddress, Peers, Tls
from chainfusion.ledger.port import Inclusion, NotOnLedger, Signer
from chainfusion.node.connection import Connection
from chainfusion.node.notes import NoteFolder

LOG = "blocks.log"


class NoPeers(ChainFusionError):
    """A connection profile that names nobody to speak to."""

    code = "NO_PEERS"
    says = Text("The connection profile names no peer.", "连接配置未列出任何对等节点。")
    do = Text("Name at least one peer in it.", "请至少列出一个对等节点。")


class ChannelLedger(FabricLedger):
    """The ledger of a connection profile. Close it, or use it as a context manager."""

    def __init__(self, connection: Connection, folder: Path, reader: Signer) -> None:
        """`folder` is where the profile's paths are seen from; `reader` signs what the node asks by itself.

        Raises: NoPeers, OSError where a TLS file is missing.
        """
        require(bool(connection.peers), NoPeers())
        tls = connection.tls
        parts = ((folder / path).read_bytes() for path in (tls.ca, tls.key, tls.certificate))
        addresses = [PeerAddress(each.address, each.server_name or "") for each in connection.peers]
        self.peers = Peers(addresses, Tls(*parts))
        self.notes = NoteFolder((folder / connection.store).resolve() / "checkpoints", reader.msp_id)
        self._log_file = folder / LOG
        settings = Settings(channel=connection.channel, chaincode=connection.chaincode, host=connection.host)
        super().__init__(GatewayClient(self.peers, settings), connection.ledger, reader, connection.host)

    @cached_property
    def log(self) -> BlockLog:
        """What this node's peer recorded, kept in the home: a peer whose old blocks change later contradicts it."""
        return BlockLog(self, self._log_file)

    def inclusion(self, tx_id: str, size: int | None = None) -> Inclusion:
        """How a transaction hangs in the chain: its block is hashed as a whole, and each block names the one before.

        Raises: NotOnLedger.
        """
        found = self.transaction(tx_id)
        leaves = len(self.fabric_block(found.block).envelopes)
        covered = size is not None and found.block < size
        return Inclusion(found.index + 1, leaves, (), (size or 0) - 1 - found.block if covered else None)

    def note(self, size: int | None = None) -> Note:
        """The checkpoint of so many blocks with every member's cosignature, or the newest. Raises: NotOnLedger."""
        found = self.notes.find(size, self.height())
        if found is None:
            raise NotOnLedger(what="checkpoint", id="" if size is None else str(size))
        return found

    def keep_note(self, size: int, note: Note) -> None:
        """Keeps a cosigned checkpoint where the other members find it."""
        self.notes.keep(size, note)

    def close(self) -> None:
        """Ends the connections."""
        self.peers.close()

    def __enter__(self) -> ChannelLedger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
