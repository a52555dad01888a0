"""The openings file: what is written is read again, and whatever was changed in it is found."""

from __future__ import annotations

import random

import pytest

from chainfusion.ledger.evidence import merkle
from chainfusion.ledger.evidence.opening import PoolCommitment
from chainfusion.tape.commit import CommittedTape, Engine, commit, lanes_refusal
from chainfusion.tape.openings import HEAD, OpeningsDamaged, read_openings, write_openings
from tests.tape.pools import made_up, tape_of

COMMITTED = commit(tape_of(made_up(11)))
FILE = b"".join(write_openings(COMMITTED))


def test_openings_are_written_in_pieces_and_read_again() -> None:
    committed = commit(tape_of(made_up(9_000)))
    pieces = list(write_openings(committed))
    assert len(pieces) > 1
    read = read_openings(pieces, committed.commitment)
    assert read.commitment == committed.commitment
    for index in (0, 4_567, 8_999):
        assert read.opening(index) == committed.opening(index)


@pytest.mark.skipif(lanes_refusal() is not None, reason="no compiled loops here")
def test_the_file_is_the_same_from_both_engines() -> None:
    lanes = commit(COMMITTED.tape, COMMITTED.salts, Engine.LANES)
    assert b"".join(write_openings(lanes)) == FILE


def test_the_file_begins_as_its_specification_says() -> None:
    assert FILE.startswith(b"chainfusion openings v1\n" + (11).to_bytes(8, "big") + COMMITTED.root)
    first = next(COMMITTED.leaf_data())
    assert FILE[len(HEAD) + 40 :].startswith(len(first).to_bytes(2, "big") + first)


def test_every_changed_byte_is_found() -> None:
    pick = random.Random(5)
    for at in range(len(FILE)):
        changed = bytearray(FILE)
        changed[at] ^= 1 << pick.randrange(8)
        with pytest.raises(OpeningsDamaged):
            read_openings([bytes(changed)])


def test_every_truncation_is_found() -> None:
    for end in range(len(FILE)):
        with pytest.raises(OpeningsDamaged):
            read_openings([FILE[:end]])


@pytest.mark.parametrize("tail", [b"\x00", b"\x00\x00", b"\x00\x11" + bytes(17)])
def test_an_addition_is_found(tail: bytes) -> None:
    with pytest.raises(OpeningsDamaged):
        read_openings([FILE, tail])


def other_pool() -> CommittedTape:
    return commit(COMMITTED.tape)


def test_openings_of_another_pool_are_refused() -> None:
    with pytest.raises(OpeningsDamaged, match="another pool"):
        read_openings([FILE], other_pool().commitment)
    with pytest.raises(OpeningsDamaged, match="another pool"):
        read_openings([FILE], PoolCommitment(root=COMMITTED.root, count=12))


def test_a_loan_that_is_not_there_has_no_opening() -> None:
    with pytest.raises(merkle.ProofInvalid):
        read_openings([FILE]).opening(11)
