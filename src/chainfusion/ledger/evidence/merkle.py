"""Merkle trees of RFC 9162, section 2.1: roots, inclusion and consistency proofs, and trees that grow.

Every leaf hash is SHA-256(0x00, data), every node SHA-256(0x01, left, right), so no leaf can pass for a node. Proofs
are made from a *lookup* `node(level, index)`, the hash of the full subtree over the leaves index * 2^level up to
(index + 1) * 2^level: a list in memory and a table on disk answer it alike, and a proof asks O(log n) times.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from chainfusion.domain.errors import ChainFusionError, Text, require

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

NodeLookup = Callable[[int, int], bytes]


class ProofInvalid(ChainFusionError):
    """A Merkle proof that does not prove what it is shown for."""

    code = "PROOF_INVALID"
    says = Text("The Merkle proof does not hold: {why}.", "默克尔证明不成立：{why_zh}。")
    do = Text(
        "Do not rely on it: the content, its place or the tree is another one. Ask for the evidence again.",
        "请勿采信：内容、位置或所属的树并非所称的那一个。请重新索取存证。",
    )


class Node(NamedTuple):
    """One full subtree: its height, its place among those of that height, and its hash."""

    level: int
    position: int
    hash: bytes


# ------------------------------------------------------------------ hashes and roots


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00, data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01, left, right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """The tree hash over leaf hashes in order; SHA-256 of nothing for an empty tree."""
    level, sha256 = list(leaf_hashes), hashlib.sha256
    while len(level) > 1:
        below = zip(level[::2], level[1::2], strict=False)
        pairs = [sha256(b"\x01" + left + right).digest() for left, right in below]  # `node_hash`, without its call
        level = pairs + level[len(pairs) * 2 :]
    return level[0] if level else EMPTY_ROOT


def full_subtrees(leaf_hashes: Sequence[bytes]) -> NodeLookup:
    """A lookup over leaf hashes held in memory (twice their size)."""
    levels, sha256 = [list(leaf_hashes)], hashlib.sha256
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = zip(below[::2], below[1::2], strict=False)
        levels.append(
            [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        )  # `node_hash`, without its call
    return lambda level, index: levels[level][index]


def root_of(node: NodeLookup, size: int) -> bytes:
    """The tree hash over the first `size` leaves of a lookup."""
    return _range_hash(node, 0, size) if size else EMPTY_ROOT


# ------------------------------------------------------------------ making proofs


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The path from leaf `index` to the root, lowest sibling first. Raises: ProofInvalid where the leaf is missing."""
    return inclusion_proof_of(full_subtrees(leaf_hashes), index, len(leaf_hashes))


def consistency_proof(leaf_hashes: Sequence[bytes], first: int) -> tuple[bytes, ...]:
    """Proof that the tree over all leaves extends the tree over the `first` ones.

    Raises: ProofInvalid where there are fewer.
    """
    return consistency_proof_of(full_subtrees(leaf_hashes), first, len(leaf_hashes))


def inclusion_proof_of(node: NodeLookup, index: int, size: int) -> tuple[bytes, ...]:
    """`inclusion_proof` of the tree over the first `size` leaves of a lookup (RFC 9162, 2.1.3.1)."""
    _require_leaf(index, size)
    begin, end, siblings = 0, size, []
    while end - begin > 1:
        middle = _split(begin, end)
        if index < middle:
            siblings.append((middle, end))
            end = middle
        else:
            siblings.append((begin, middle))
            begin = middle
    return tuple(_range_hash(node, *sibling) for sibling in reversed(siblings))


def consistency_proof_of(node: NodeLookup, first: int, size: int) -> tuple[bytes, ...]:
    """`consistency_proof` between the first `first` and `size` leaves of a lookup (RFC 9162, 2.1.4.1)."""
    _require_growth(first, size)
    if first == 0:
        return ()
    begin, end, parts = 0, size, []
    while first != end:
        middle = _split(begin, end)
        if first <= middle:
            parts.append((middle, end))
            end = middle
        else:
            parts.append((begin, middle))
            begin = middle
    if begin:
        parts.append((begin, end))
    return tuple(_range_hash(node, *part) for part in reversed(parts))


# ------------------------------------------------------------------ checking proofs


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], expected: bytes) -> None:
    """Checks that `leaf` (a leaf hash) is leaf `index` of the `size` leaves under the root `expected`.

    RFC 9162, 2.1.3.2. Raises: ProofInvalid.
    """
    _require_same(
        root_from_inclusion(leaf, index, size, path), expected, "the path leads to another root", "路径指向另一个根"
    )


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a path leads to from a leaf hash; it proves something only against a root one trusts.

    Raises: ProofInvalid where the path does not fit the place and size.
    """
    _require_leaf(index, size)
    _require_hashes(leaf, *path)
    here, last, found = index, size - 1, leaf
    for sibling in path:
        require(last > 0, ProofInvalid(why="the path is too long", why_zh="路径过长"))
        if here & 1 or here == last:
            found = node_hash(sibling, found)
            here, last = _to_right_child(here, last)
        else:
            found = node_hash(found, sibling)
        here, last = here >> 1, last >> 1
    require(last == 0, ProofInvalid(why="the path is too short", why_zh="路径过短"))
    return found


def verify_consistency(first: int, first_root: bytes, size: int, size_root: bytes, path: Sequence[bytes]) -> None:
    """Checks that the tree (`size`, `size_root`) begins with all leaves of (`first`, `first_root`), in order.

    RFC 9162, 2.1.4.2; every tree extends the empty one. Raises: ProofInvalid.
    """
    _require_growth(first, size)
    _require_hashes(first_root, size_root, *path)
    if first in (0, size):
        require(not path, ProofInvalid(why="the path is too long", why_zh="路径过长"))
        _require_same(first_root, size_root if first else EMPTY_ROOT, "the first root is another one", "前一个根不符")
        return
    found_first, found_size = _roots_from_consistency(first, first_root, size, path)
    _require_same(found_first, first_root, "the path leads to another first root", "路径指向另一个前根")
    _require_same(found_size, size_root, "the path leads to another second root", "路径指向另一个后根")


def _roots_from_consistency(first: int, first_root: bytes, size: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    parts = list(path) if first & (first - 1) else [first_root, *path]  # a full first tree is its own first part
    require(bool(parts), ProofInvalid(why="the path is too short", why_zh="路径过短"))
    here, last = first - 1, size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    old = new = parts[0]
    for part in parts[1:]:
        require(last > 0, ProofInvalid(why="the path is too long", why_zh="路径过长"))
        if here & 1 or here == last:
            old, new = node_hash(part, old), node_hash(part, new)
            here, last = _to_right_child(here, last)
        else:
            new = node_hash(new, part)
        here, last = here >> 1, last >> 1
    require(last == 0, ProofInvalid(why="the path is too short", why_zh="路径过短"))
    return old, new


# ------------------------------------------------------------------ trees that grow


@dataclass
class Frontier:
    """The right edge of a tree that is appended to: one hash for each full subtree that no larger one covers.

    A million leaves need at most 20 hashes. `peaks` goes from the largest (leftmost) subtree to the smallest.
    """

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    @classmethod
    def of(cls, node: NodeLookup, size: int) -> Frontier:
        """The frontier of the first `size` leaves of a lookup."""
        return cls(size, [node(level, index) for level, index in _cover(0, size)])

    def append(self, leaf: bytes) -> list[Node]:
        """Adds a leaf hash; returns the full subtrees that it completes, lowest first, the leaf itself included.

        Storing them makes the lookup from which proofs are made. Two hashes a leaf on average.
        """
        made = [Node(0, self.size, leaf)]
        while (self.size >> made[-1].level) & 1:
            level, position, right = made[-1]
            made.append(Node(level + 1, position >> 1, node_hash(self.peaks.pop(), right)))
        self.peaks.append(made[-1].hash)
        self.size += 1
        return made

    def root(self) -> bytes:
        """The tree hash over all leaves so far."""
        return _fold(self.peaks) if self.peaks else EMPTY_ROOT

    def copy(self) -> Frontier:
        """An independent frontier of the same tree, to append to on trial."""
        return Frontier(self.size, list(self.peaks))


# ------------------------------------------------------------------ ranges of leaves


def _split(begin: int, end: int) -> int:
    """Where RFC 9162 divides a range: the largest power of two smaller than its length, from its begin."""
    return begin + (1 << (end - begin - 1).bit_length() - 1)


def _cover(begin: int, end: int) -> list[tuple[int, int]]:
    """The full subtrees, as (level, index), that make up a range which starts where a subtree of its size may."""
    parts = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        parts.append((level, begin >> level))
        begin += 1 << level
    return parts


def _range_hash(node: NodeLookup, begin: int, end: int) -> bytes:
    return _fold([node(level, index) for level, index in _cover(begin, end)])


def _fold(peaks: Sequence[bytes]) -> bytes:
    found = peaks[-1]
    for left in peaks[-2::-1]:
        found = node_hash(left, found)
    return found


def _to_right_child(here: int, last: int) -> tuple[int, int]:
    """Climbs past the levels where the last node has no sibling and is carried up unchanged."""
    while not here & 1 and here:
        here, last = here >> 1, last >> 1
    return here, last


# ------------------------------------------------------------------ refusals


def _require_leaf(index: int, size: int) -> None:
    require(
        0 <= index < size,
        ProofInvalid(
            why=f"leaf {index} is outside a tree of {size} leaves", why_zh=f"叶 {index} 不在 {size} 片叶的树内"
        ),
    )


def _require_growth(first: int, size: int) -> None:
    require(
        0 <= first <= size,
        ProofInvalid(
            why=f"a tree of {size} leaves does not extend one of {first}",
            why_zh=f"{size} 片叶的树并非 {first} 片叶的树的延伸",
        ),
    )


def _require_hashes(*hashes: bytes) -> None:
    require(
        all(len(h) == HASH_BYTES for h in hashes), ProofInvalid(why="a hash is not 32 bytes", why_zh="哈希应为 32 字节")
    )


def _require_same(found: bytes, expected: bytes, why: str, why_zh: str) -> None:
    require(hmac.compare_digest(found, expected), ProofInvalid(why=why, why_zh=why_zh))
