"""A channel of Hyperledger Fabric as one institution's node works with it: peers, and the checkpoints cosigned."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from types import TracebackType

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.membership import MEMBERSHIP_KEY, Membership
from chainfusion.domain.records import from_bytes
from chainfusion.ledger.evidence.fabric.configuration import Configuration
from chainfusion.ledger.evidence.fabric.evidence_file import FABRIC
from chainfusion.ledger.evidence.note import Note
from chainfusion.ledger.fabric.blocks.block import FabricBlock
from chainfusion.ledger.fabric.blocks.log import BlockLog
from chainfusion.ledger.fabric.blocks.records import certificates_in
from chainfusion.ledger.fabric.gateway.client import GatewayClient, Settings
from chainfusion.ledger.fabric.gateway.ledger import FabricLedger
from chainfusion.ledger.fabric.gateway.peers import PeerAddress, Peers, Tls
from chainfusion.ledger.port import Block, Inclusion, NotOnLedger, Signer
from chainfusion.node.connection import Connection
from chainfusion.node.notaries import Notaries
from chainfusion.node.notes import NoteFolder

LOG = "blocks.log"
AT_ONCE, WINDOW = 8, 64
"""Blocks that are asked for at the same time, and that are read ahead of whoever takes them."""


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
        self._configurations: dict[int, Configuration] = {}
        settings = Settings(channel=connection.channel, chaincode=connection.chaincode, host=connection.host)
        super().__init__(GatewayClient(self.peers, settings), connection.ledger, reader, connection.host)

    def blocks(self, first: int, stop: int) -> Iterator[Block]:
        """The blocks from `first` up to `stop`, that one excluded; several are asked for at a time.

        Raises: NotOnLedger, BlockUnreadable.
        """
        if stop - first <= 1:
            yield from map(self.block, range(first, stop))
            return
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for start in range(first, stop, WINDOW):
                yield from pool.map(self.block, range(start, min(start + WINDOW, stop)))

    def fabric_block(self, number: int) -> FabricBlock:
        """A block as Fabric has it; the certificates in it are remembered. Raises: NotOnLedger, BlockUnreadable."""
        block = super().fabric_block(number)
        self.remember(certificates_in(block))
        return block

    @property
    def engine(self) -> str:
        """As evidence names it."""
        return FABRIC

    def signers(self, number: int) -> tuple[str, ...]:
        """The members whose orderers' signatures on a block hold, under the configuration that it names.

        Raises: NotOnLedger, ConfigurationRefused.
        """
        block = self.fabric_block(number)
        if number == 0:
            return ()
        configuration = self._configuration(block.sealed.configuration)
        at = max(each.header.time for each in block.transactions)
        lines = configuration.counted(block.sealed, at).signatures
        return tuple(sorted({configuration.orderer_of(block.sealed, line, at).msp for line in lines}))

    def _configuration(self, number: int) -> Configuration:
        if number not in self._configurations:
            self._configurations[number] = Configuration.of(self.fabric_block(number).sealed)
        return self._configurations[number]

    @cached_property
    def log(self) -> BlockLog:
        """What this node's peer recorded, kept in the home: a peer whose old blocks change later contradicts it."""
        return BlockLog(self, self._log_file)

    def inclusion(self, tx_id: str, size: int | None = None) -> Inclusion:
        """How a transaction hangs in the log: its block is hashed as a whole, and is a leaf of the members' log.

        Raises: NotOnLedger.
        """
        found = self.transaction(tx_id)
        leaves = len(self.fabric_block(found.block).envelopes)
        covered = size is not None and found.block < size
        links = len(self.log.inclusion_proof(found.block, size)) if covered and size else None
        return Inclusion(found.index + 1, leaves, (), links)

    def note(self, size: int | None = None) -> Note:
        """The checkpoint of so many blocks with every member's cosignature, or the newest. Raises: NotOnLedger."""
        found = self.notes.find(size, self.height(), self._notaries().made)
        if found is None:
            raise NotOnLedger(what="checkpoint", id="" if size is None else str(size))
        return found

    def _notaries(self) -> Notaries:
        value = self.state(MEMBERSHIP_KEY)
        return Notaries(from_bytes(Membership, value).members.values() if value is not None else ())

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
