"""Roots, proofs and growing trees against known answers and a naive reading of RFC 9162."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.ledger.evidence import merkle

# The eight inputs and the roots after each of them, of the Certificate Transparency reference implementation.
CT_INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_LEAVES = [merkle.leaf_hash(data) for data in CT_INPUTS]
LEAVES = [merkle.leaf_hash(i.to_bytes(2, "big")) for i in range(65)]


def h(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def naive_root(d: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, over leaf hashes, letter by letter."""
    if not d:
        return h(b"")
    if len(d) == 1:
        return d[0]
    k = split(len(d))
    return h(b"\x01" + naive_root(d[:k]) + naive_root(d[k:]))


def naive_path(m: int, d: list[bytes]) -> list[bytes]:
    """PATH of RFC 9162, 2.1.3.1."""
    if len(d) == 1:
        return []
    k = split(len(d))
    if m < k:
        return [*naive_path(m, d[:k]), naive_root(d[k:])]
    return [*naive_path(m - k, d[k:]), naive_root(d[:k])]


def naive_subproof(m: int, d: list[bytes], b: bool) -> list[bytes]:
    """SUBPROOF of RFC 9162, 2.1.4.1."""
    if m == len(d):
        return [] if b else [naive_root(d)]
    k = split(len(d))
    if m <= k:
        return [*naive_subproof(m, d[:k], b), naive_root(d[k:])]
    return [*naive_subproof(m - k, d[k:], False), naive_root(d[:k])]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_certificate_transparency_reference(size: int) -> None:
    assert merkle.root(CT_LEAVES[:size]).hex() == CT_ROOTS[size - 1]


def test_the_empty_tree_is_the_hash_of_nothing() -> None:
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.Frontier().root() == merkle.root_of(merkle.full_subtrees([]), 0) == merkle.EMPTY_ROOT


def test_inclusion_path_of_the_reference() -> None:
    expected = [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [p.hex() for p in merkle.inclusion_proof(CT_LEAVES, 0)] == expected


def test_consistency_path_of_the_reference() -> None:
    expected = [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [p.hex() for p in merkle.consistency_proof(CT_LEAVES, 6)] == expected


@pytest.mark.parametrize("size", range(65))
def test_roots_and_paths_are_those_of_the_standard_for_every_size(size: int) -> None:
    leaves = LEAVES[:size]
    expected = naive_root(leaves)
    assert merkle.root(leaves) == expected
    assert merkle.root_of(merkle.full_subtrees(LEAVES), size) == expected
    for index in range(size):
        path = merkle.inclusion_proof(leaves, index)
        assert list(path) == naive_path(index, leaves)
        merkle.verify_inclusion(leaves[index], index, size, path, expected)


@pytest.mark.parametrize("size", range(65))
def test_every_tree_is_consistent_with_every_later_one(size: int) -> None:
    leaves, second = LEAVES[:size], naive_root(LEAVES[:size])
    for first in range(size + 1):
        path = merkle.consistency_proof(leaves, first)
        assert list(path) == (naive_subproof(first, leaves, True) if first else [])
        merkle.verify_consistency(first, naive_root(leaves[:first]), size, second, path)


def test_a_growing_tree_stores_the_nodes_that_every_proof_needs() -> None:
    stored: dict[tuple[int, int], bytes] = {}
    frontier = merkle.Frontier()

    def lookup(level: int, index: int) -> bytes:
        return stored[level, index]

    for size, leaf in enumerate(LEAVES, 1):
        for node in frontier.append(leaf):
            assert (node.level, node.position) not in stored, "a full subtree never changes"
            stored[node.level, node.position] = node.hash
        assert frontier.size == size
        assert frontier.root() == naive_root(LEAVES[:size])
        assert merkle.Frontier.of(lookup, size) == frontier
        assert list(merkle.inclusion_proof_of(lookup, size // 2, size)) == naive_path(size // 2, LEAVES[:size])
        assert list(merkle.consistency_proof_of(lookup, (size + 1) // 2, size)) == naive_subproof(
            (size + 1) // 2, LEAVES[:size], True
        )


def test_a_copied_frontier_grows_apart() -> None:
    frontier = merkle.Frontier()
    frontier.append(LEAVES[0])
    trial = frontier.copy()
    trial.append(LEAVES[1])
    assert (frontier.size, frontier.root()) == (1, LEAVES[0])
    assert trial.root() == naive_root(LEAVES[:2])


def test_a_proof_asks_for_a_logarithm_of_the_nodes() -> None:
    asked: list[tuple[int, int]] = []

    def lookup(level: int, index: int) -> bytes:
        asked.append((level, index))
        return bytes(32)

    size = 1_000_003
    for index in (0, 1, 524_288, size - 1):
        asked.clear()
        merkle.inclusion_proof_of(lookup, index, size)
        assert len(asked) <= 2 * size.bit_length()
    asked.clear()
    merkle.consistency_proof_of(lookup, 777_777, size)
    assert len(asked) <= 2 * size.bit_length()


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=200))
def test_appending_gives_the_root_of_the_whole(leaves: list[bytes]) -> None:
    frontier = merkle.Frontier()
    made = [node for leaf in leaves for node in frontier.append(leaf)]
    assert frontier.root() == merkle.root(leaves) == naive_root(leaves)
    assert len(made) <= 2 * len(leaves)


def test_there_is_no_proof_for_a_leaf_or_a_tree_that_is_not_there() -> None:
    for make, argument in (
        (merkle.inclusion_proof, 5),
        (merkle.inclusion_proof, -1),
        (merkle.consistency_proof, 6),
        (merkle.consistency_proof, -1),
    ):
        with pytest.raises(merkle.ProofInvalid):
            make(LEAVES[:5], argument)
