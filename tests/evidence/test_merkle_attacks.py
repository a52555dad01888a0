"""A proof for one leaf, place, size or root never serves for another."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chainfusion.ledger.evidence import merkle

LEAVES = [merkle.leaf_hash(i.to_bytes(2, "big")) for i in range(200)]
ROOTS = [merkle.root(LEAVES[:size]) for size in range(len(LEAVES) + 1)]
OTHER = merkle.leaf_hash(b"another")

places = st.integers(1, 200).flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size)))
growths = st.integers(1, 200).flatmap(lambda size: st.tuples(st.integers(1, size), st.just(size)))


def must_refuse(index: int, size: int, path: tuple[bytes, ...], *, leaf: bytes, root: bytes) -> None:
    with pytest.raises(merkle.ProofInvalid):
        merkle.verify_inclusion(leaf, index, size, path, root)


def must_refuse_growth(first: int, first_root: bytes, size: int, root: bytes, path: tuple[bytes, ...]) -> None:
    with pytest.raises(merkle.ProofInvalid):
        merkle.verify_consistency(first, first_root, size, root, path)


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@given(places, st.integers(-3, 400))
def test_another_place_is_refused(place: tuple[int, int], other: int) -> None:
    index, size = place
    assume(other != index)
    must_refuse(other, size, merkle.inclusion_proof(LEAVES[:size], index), leaf=LEAVES[index], root=ROOTS[size])


@given(places, st.integers(0, 400))
def test_another_size_is_refused_unless_the_path_has_the_same_shape(place: tuple[int, int], other: int) -> None:
    """A path says left or right by its place; sizes that give the same turns are told apart by the signed size."""
    index, size = place
    path = merkle.inclusion_proof(LEAVES[:size], index)
    try:
        merkle.verify_inclusion(LEAVES[index], index, other, path, ROOTS[size])
    except merkle.ProofInvalid:
        return
    assert turns(index, other) == turns(index, size)


def turns(index: int, size: int) -> list[bool]:
    """At each step of the path, whether the sibling stands on the left."""
    found: list[bool] = []
    last = size - 1
    while last:
        if index & 1 or index < last:
            found.append(bool(index & 1))
        index, last = index >> 1, last >> 1
    return found


@given(places)
def test_another_leaf_or_root_is_refused(place: tuple[int, int]) -> None:
    index, size = place
    path = merkle.inclusion_proof(LEAVES[:size], index)
    must_refuse(index, size, path, leaf=OTHER, root=ROOTS[size])
    must_refuse(index, size, path, leaf=LEAVES[index], root=ROOTS[size - 1])
    must_refuse(index, size, path, leaf=LEAVES[index], root=b"")


@given(places, st.data())
def test_a_path_cut_extended_reordered_or_flipped_is_refused(place: tuple[int, int], data: st.DataObject) -> None:
    index, size = place
    path = merkle.inclusion_proof(LEAVES[:size], index)
    must_refuse(index, size, (*path, OTHER), leaf=LEAVES[index], root=ROOTS[size])
    must_refuse(index, size, (OTHER, *path), leaf=LEAVES[index], root=ROOTS[size])
    if not path:
        return
    at = data.draw(st.integers(0, len(path) - 1))
    bit = data.draw(st.integers(0, 255))
    changed = (*path[:at], flipped(path[at], bit), *path[at + 1 :])
    must_refuse(index, size, path[:at] + path[at + 1 :], leaf=LEAVES[index], root=ROOTS[size])
    must_refuse(index, size, changed, leaf=LEAVES[index], root=ROOTS[size])
    if path != path[::-1]:
        must_refuse(index, size, path[::-1], leaf=LEAVES[index], root=ROOTS[size])


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_hash_of_another_length_is_refused(length: int) -> None:
    path = merkle.inclusion_proof(LEAVES[:2], 0)
    must_refuse(0, 2, (bytes(length),), leaf=LEAVES[0], root=ROOTS[2])
    must_refuse(0, 2, path, leaf=bytes(length), root=ROOTS[2])
    must_refuse_growth(1, ROOTS[1], 2, ROOTS[2], (bytes(length),))


def test_a_node_does_not_pass_for_a_leaf() -> None:
    """The second preimage that a tree without the 0x00 and 0x01 marks would allow."""
    node = LEAVES[0] + LEAVES[1]
    path = merkle.inclusion_proof(LEAVES[:4], 0)[1:]
    must_refuse(0, 2, path, leaf=merkle.leaf_hash(node), root=ROOTS[4])


def test_nothing_is_in_the_empty_tree() -> None:
    must_refuse(0, 0, (), leaf=merkle.EMPTY_ROOT, root=merkle.EMPTY_ROOT)


@given(growths, st.data())
def test_a_changed_consistency_proof_is_refused(growth: tuple[int, int], data: st.DataObject) -> None:
    first, size = growth
    path = merkle.consistency_proof(LEAVES[:size], first)
    must_refuse_growth(first, ROOTS[first], size, ROOTS[size], (*path, OTHER))
    must_refuse_growth(first, OTHER, size, ROOTS[size], path)
    must_refuse_growth(first, ROOTS[first], size, OTHER, path)
    if path:
        at, bit = data.draw(st.integers(0, len(path) - 1)), data.draw(st.integers(0, 255))
        must_refuse_growth(first, ROOTS[first], size, ROOTS[size], path[:at] + path[at + 1 :])
        must_refuse_growth(
            first, ROOTS[first], size, ROOTS[size], (*path[:at], flipped(path[at], bit), *path[at + 1 :])
        )


@given(growths)
def test_a_rewritten_history_has_no_consistency_proof(growth: tuple[int, int]) -> None:
    """The log replaces its first leaf: neither the honest path nor its own convinces who holds the first root."""
    first, size = growth
    rewritten = [OTHER, *LEAVES[1:size]]
    new_root = merkle.root(rewritten)
    must_refuse_growth(first, ROOTS[first], size, new_root, merkle.consistency_proof(rewritten, first))
    must_refuse_growth(first, ROOTS[first], size, new_root, merkle.consistency_proof(LEAVES[:size], first))


def test_a_tree_does_not_shrink_and_the_empty_one_has_one_root() -> None:
    must_refuse_growth(3, ROOTS[3], 2, ROOTS[2], ())
    must_refuse_growth(0, ROOTS[1], 2, ROOTS[2], ())
    must_refuse_growth(0, merkle.EMPTY_ROOT, 2, ROOTS[2], (OTHER,))
    must_refuse_growth(-1, merkle.EMPTY_ROOT, 2, ROOTS[2], ())
    merkle.verify_consistency(0, merkle.EMPTY_ROOT, 2, ROOTS[2], ())
