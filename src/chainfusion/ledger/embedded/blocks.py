"""Blocks in the making: the head of the chain, and the header that commits to a block's transactions and outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chainfusion.ledger.embedded.store import PLACES_PER_BLOCK, StorageError, Store
from chainfusion.ledger.evidence.block import FORMAT, NO_PREVIOUS, BlockHeader
from chainfusion.ledger.evidence.merkle import Frontier, Node, leaf_hash, root

LEDGER_ID = "ledger_id"
"""The name under which a file keeps its ledger's id."""
MAX_TRANSACTIONS = 512
"""Transactions of one block."""
MAX_BYTES = 32 << 20
"""Bytes of transactions and writes after which a block is closed."""


class BlockSigner(Protocol):
    """The node's unlocked key: it signs blocks."""

    @property
    def msp_id(self) -> str:
        """The node's member."""

    @property
    def certificate_der(self) -> bytes:
        """The certificate of the key."""

    def sign(self, data: bytes) -> bytes:
        """ECDSA P-256 with SHA-256 over `data`: DER, low S."""


@dataclass(frozen=True)
class Head:
    """Where the chain ends: height, hash and time of the last block, and the right edge of the log's tree."""

    height: int
    hash: bytes
    time: datetime | None
    frontier: Frontier

    @classmethod
    def read(cls, store: Store) -> Head:
        """The head of a file."""
        height = store.height()
        if height == 0:
            return cls(0, NO_PREVIOUS, None, Frontier())
        row = store.block(height - 1)
        assert row is not None
        header = BlockHeader.decode(row[0])
        return cls(height, header.hash, header.time, Frontier.of(lambda *at: stored_node(store, *at), height))

    def next_time(self, now: datetime) -> datetime:
        """The time of the next block: never before the last one's."""
        return now if self.time is None or now > self.time else self.time

    def place(self, index: int) -> int:
        """The place of a transaction in the next block."""
        return self.height * PLACES_PER_BLOCK + index

    def header(
        self, channel: str, membership: bytes, time: datetime, transactions: list[bytes], outcomes: list[bytes]
    ) -> BlockHeader:
        """The next block's header over transaction and outcome leaves."""
        return BlockHeader(
            channel=channel,
            count=len(transactions),
            format=FORMAT,
            membership=membership,
            number=self.height,
            outcomes=root([leaf_hash(leaf) for leaf in outcomes]),
            previous=self.hash,
            time=time,
            transactions=root([leaf_hash(leaf) for leaf in transactions]),
        )

    def after(self, header: BlockHeader) -> tuple[Head, list[Node]]:
        """The head with a block more, and the subtrees of the log's tree that it completes."""
        frontier = self.frontier.copy()
        nodes = frontier.append(leaf_hash(header.encoded))
        return Head(self.height + 1, header.hash, header.time, frontier), nodes


def stored_node(store: Store, level: int, position: int) -> bytes:
    """The hash of a full subtree of the log's tree, as `merkle` looks it up."""
    found = store.node(level, position)
    if found is None:
        raise StorageError(f"the log's tree has no node {position} on level {level}")
    return found
