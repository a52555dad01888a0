"""A peer's own block files, read and examined from the files alone.

Fabric writes blocks one after the other, each after its length: number, data hash, previous hash; the envelopes; the
metadata. Nothing in the files says whether they were changed, and a peer serves what it finds in them: so what the
hashes and signatures say is computed here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fabric_protos.common import common_pb2 as common

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.fabric.configuration import Configuration
from chainfusion.ledger.evidence.merkle import leaf_hash, root
from chainfusion.ledger.fabric.blocks.block import FabricBlock
from chainfusion.ledger.fabric.blocks.envelope import BlockUnreadable

PATTERN = "blockfile_[0-9][0-9][0-9][0-9][0-9][0-9]"


@dataclass(frozen=True)
class BlockFinding:
    """What is wrong of a block in the files."""

    block: int
    what: Text

    def message(self, lang: str) -> str:
        """The finding in a language."""
        return f"{self.block}: {self.what.filled(lang, {})}"


def is_blockfile(path: Path) -> bool:
    """Whether this is a peer's block file, or a folder of them, by name."""
    return path.match(PATTERN) or (path.is_dir() and any(path.glob(PATTERN)))


def blocks_in(path: Path) -> Iterator[FabricBlock]:
    """The blocks of a file, or of all files of a folder, in order. Raises: BlockUnreadable, OSError."""
    for file in sorted(path.glob(PATTERN)) if path.is_dir() else [path]:
        cursor = _Cursor(memoryview(file.read_bytes()))
        while cursor.left:
            yield FabricBlock.parse(_block(_Cursor(cursor.taken())))


def examine(path: Path, checkpoint: Checkpoint | None = None) -> Iterator[BlockFinding]:
    """What the files contradict: each block's own hash, the one before it, its orderers' signatures under the
    configuration in force, and a checkpoint of the members' log, which holds the validation codes too.

    A file that cannot be read further ends the examination with that finding.
    """
    leaves: list[bytes] = []
    before: FabricBlock | None = None
    configuration: Configuration | None = None
    try:
        for block in blocks_in(path):
            yield from _linked(block, before)
            if configuration is not None:
                yield from _signed(block, configuration)
            configuration = _configured(block) or configuration
            leaves.append(leaf_hash(block.leaf))
            before = block
    except ChainFusionError as error:
        yield BlockFinding(len(leaves), Text(error.message("en"), error.message("zh")))
    if checkpoint is not None and root(leaves[: checkpoint.size]) != checkpoint.root:
        yield BlockFinding(min(checkpoint.size, len(leaves)), Text(
            "the blocks up to here, with their validation codes, are not those that the members cosigned",
            "至此的区块及其校验码与成员联署的检查点不符"))  # fmt: skip


def _linked(block: FabricBlock, before: FabricBlock | None) -> Iterator[BlockFinding]:
    number, previous = (before.number + 1, before.hash) if before else (0, b"")
    if (block.number, block.previous) != (number, previous):
        yield BlockFinding(number, Text("it does not follow from the block before", "与前一区块不相连"))


def _signed(block: FabricBlock, configuration: Configuration) -> Iterator[BlockFinding]:
    at = max(each.header.time for each in block.transactions)
    try:
        configuration.check_orderers(configuration.counted(block.sealed, at), at)
    except ChainFusionError as error:
        yield BlockFinding(block.number, Text(error.message("en"), error.message("zh")))


def _configured(block: FabricBlock) -> Configuration | None:
    kinds = [each.header.kind for each in block.transactions]
    return Configuration.of(block.sealed) if kinds == [common.HeaderType.CONFIG] else None


def _block(cursor: _Cursor) -> bytes:
    """A block in the form that peers send."""
    header = common.BlockHeader(number=cursor.number(), data_hash=cursor.taken(), previous_hash=cursor.taken())
    data = common.BlockData(data=[bytes(cursor.taken()) for _ in range(cursor.count())])
    metadata = common.BlockMetadata(metadata=[bytes(cursor.taken()) for _ in range(cursor.count())])
    require(cursor.left == 0, BlockUnreadable(why="bytes are left over after a block's metadata"))
    return bytes(common.Block(header=header, data=data, metadata=metadata).SerializeToString())


class _Cursor:
    """Reads numbers and strings of bytes, one after the other."""

    def __init__(self, data: memoryview | bytes) -> None:
        self._data = memoryview(data)
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes that were not read yet."""
        return len(self._data) - self._at

    def number(self) -> int:
        """A number in base 128, low digits first. Raises: BlockUnreadable."""
        value = shift = 0
        while shift < 64 and self.left:
            byte = self._data[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
        raise BlockUnreadable(why="a number is cut off or too long")

    def count(self) -> int:
        """How many things follow, each at least a byte long. Raises: BlockUnreadable."""
        value = self.number()
        require(value <= self.left, BlockUnreadable(why="more is announced than the file holds"))
        return value

    def taken(self) -> bytes:
        """A string of bytes after its length. Raises: BlockUnreadable."""
        size = self.count()
        self._at += size
        return bytes(self._data[self._at - size : self._at])
