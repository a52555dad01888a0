"""The openings file: what its owner keeps, sealed in the vault, to show single loans of a committed pool later.

    head      HEAD: "chainfusion openings v1" and a line feed, ASCII
    count     8 bytes big-endian
    root      32 bytes
    loans     `count` times: 2 bytes big-endian length, then so many bytes: salt (16) and record

It needs neither the tape nor the program that read it: the root over its loans is the root on the ledger, and
reading it checks that.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.evidence import merkle
from chainfusion.ledger.evidence.opening import SALT_BYTES, LoanOpening, PoolCommitment
from chainfusion.tape.commit import CommittedTape

HEAD = b"chainfusion openings v1\n"
_COUNT_ROOT = struct.Struct(">Q32s")
_LENGTH = struct.Struct(">H")
_WRITE_BYTES = 1 << 20


class OpeningsDamaged(ChainFusionError):
    """An openings file that is not what was written, or that belongs to another pool."""

    code = "OPENINGS_DAMAGED"
    says = Text("The openings of the pool cannot be used: {why}.", "资产池的开启文件无法使用：{why}。")
    do = Text("Fetch the file again from the vault, or from its backup.", "请从保险库或其备份重新取得该文件。")


@dataclass(frozen=True, eq=False)
class Openings:
    """A pool's openings, read and checked: any loan can be shown from them."""

    commitment: PoolCommitment
    leaf_data: tuple[bytes, ...]
    node: merkle.NodeLookup

    def opening(self, index: int) -> LoanOpening:
        """What shows loan `index` (from 0). Raises: ProofInvalid where it is missing."""
        path = merkle.inclusion_proof_of(self.node, index, self.commitment.count)
        data = self.leaf_data[index]
        return LoanOpening(index=index, path=path, record=data[SALT_BYTES:], salt=data[:SALT_BYTES])


def write_openings(committed: CommittedTape) -> Iterator[bytes]:
    """The openings file in pieces of about a megabyte, so that it can be sealed as it is made."""
    piece = bytearray(HEAD + _COUNT_ROOT.pack(len(committed.tape), committed.root))
    for data in committed.leaf_data():
        piece += _LENGTH.pack(len(data)) + data
        if len(piece) >= _WRITE_BYTES:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


def read_openings(pieces: Iterable[bytes], commitment: PoolCommitment | None = None) -> Openings:
    """The openings of a file given in pieces, once their root is the one that the file names.

    `commitment` is what the ledger holds, and must be the same where given. Raises: OpeningsDamaged.
    """
    content = b"".join(pieces)
    stated, loans = _parse(content)
    node = merkle.full_subtrees([merkle.leaf_hash(data) for data in loans])
    require(merkle.root_of(node, len(loans)) == stated.root, OpeningsDamaged(why="a loan in it was changed"))
    require(commitment in (None, stated), OpeningsDamaged(why="it belongs to another pool"))
    return Openings(stated, loans, node)


def _parse(content: bytes) -> tuple[PoolCommitment, tuple[bytes, ...]]:
    start = len(HEAD) + _COUNT_ROOT.size
    require(content.startswith(HEAD) and len(content) >= start, OpeningsDamaged(why="it is no openings file"))
    count, root = _COUNT_ROOT.unpack_from(content, len(HEAD))
    loans, at = [], start
    while at < len(content):
        require(at + _LENGTH.size <= len(content), OpeningsDamaged(why="it ends inside a loan"))
        begin = at + _LENGTH.size
        at = begin + _LENGTH.unpack_from(content, at)[0]
        require(begin + SALT_BYTES < at <= len(content), OpeningsDamaged(why="it ends inside a loan"))
        loans.append(content[begin:at])
    require(len(loans) == count, OpeningsDamaged(why=f"{len(loans)} loans where {count} are stated"))
    return PoolCommitment(root=root, count=count), tuple(loans)
