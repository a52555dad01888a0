"""The log that a member keeps of what its own peer recorded: a tree over all blocks with their validation codes.

Leaf hashes are kept in a file where one is named, 32 bytes a block, so that each block is read from the peer once. What
the file holds was seen once and stays: a peer whose old blocks change afterwards contradicts it.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Protocol

from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.merkle import HASH_BYTES, consistency_proof, inclusion_proof, leaf_hash, root
from chainfusion.ledger.fabric.blocks.block import FabricBlock


class Blocks(Protocol):
    """Where the blocks come from: a channel as one's own peer shows it."""

    @property
    def ledger_id(self) -> str:
        """The ledger that lives on the channel."""

    def height(self) -> int:
        """Number of blocks."""

    def fabric_block(self, number: int) -> FabricBlock:
        """A block as Fabric has it. Raises: NotOnLedger, BlockUnreadable."""


class BlockLog:
    """The log of one channel. Thread-safe."""

    def __init__(self, blocks: Blocks, path: Path | None = None) -> None:
        self._blocks = blocks
        self._path = path
        kept = path.read_bytes() if path is not None and path.exists() else b""
        whole = len(kept) - len(kept) % HASH_BYTES  # a write that was cut off
        self._leaves = [kept[at : at + HASH_BYTES] for at in range(0, whole, HASH_BYTES)]
        self._lock = Lock()

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        """The head of the log of so many blocks, or of all that the peer has. Raises: NotOnLedger."""
        leaves = self._first(self._blocks.height() if size is None else size)
        return Checkpoint.of(self._blocks.ledger_id, len(leaves), root(leaves))

    def inclusion_proof(self, number: int, size: int) -> tuple[bytes, ...]:
        """The path from a block's leaf to the root of `size` blocks. Raises: NotOnLedger, ProofInvalid."""
        return inclusion_proof(self._first(size), number)

    def consistency_proof(self, first: int, size: int) -> tuple[bytes, ...]:
        """Proof that the log of `size` blocks extends the one of `first`. Raises: NotOnLedger, ProofInvalid."""
        return consistency_proof(self._first(size), first)

    def _first(self, size: int) -> list[bytes]:
        with self._lock:
            if len(self._leaves) < size:
                self._read(size)
            return self._leaves[:size]

    def _read(self, size: int) -> None:
        new = [leaf_hash(self._blocks.fabric_block(number).leaf) for number in range(len(self._leaves), size)]
        if self._path is not None:
            with self._path.open("r+b" if self._path.exists() else "wb") as file:
                file.truncate(len(self._leaves) * HASH_BYTES)
                file.seek(0, 2)
                file.write(b"".join(new))
        self._leaves += new
