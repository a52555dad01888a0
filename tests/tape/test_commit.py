"""Commitments to a tape: both engines, every loan shown by its opening, and nothing shown by another's."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.domain.loan import LOAN_FIELDS, BadLoanRecord, Kind, Loan, encode_loan
from chainfusion.domain.records import from_bytes, to_bytes
from chainfusion.ledger.evidence import merkle
from chainfusion.ledger.evidence.opening import LoanOpening, PoolCommitment, loan_leaf
from chainfusion.tape.commit import LARGE, Engine, commit, engine_for, lanes_refusal
from tests.tape.pools import PLAIN, made_up, tape_of

LOANS = made_up(37)
TAPE = tape_of(LOANS)

needs_lanes = pytest.mark.skipif(lanes_refusal() is not None, reason=f"no compiled loops here: {lanes_refusal()}")
ENGINES = [Engine.HASHLIB, pytest.param(Engine.LANES, marks=needs_lanes)]

TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=60)


def values_of(kind: Kind) -> st.SearchStrategy[object]:
    if kind in (Kind.TEXT, Kind.CODE):
        return TEXTS
    bits = 31 if kind is Kind.DATE else 63
    return st.integers(-(2**bits), 2**bits - 1)


any_loan = st.builds(
    Loan, **{f.name: values_of(f.kind) if not f.nullable else st.none() | values_of(f.kind) for f in LOAN_FIELDS}
)


def salts_for(count: int, seed: bytes = b"salts") -> bytes:
    return hashlib.shake_256(seed).digest(16 * count)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("count", [1, 2, 3, 15, 16, 17, 31, 33, 37])
def test_the_root_is_that_of_the_definition(engine: Engine, count: int) -> None:
    salts = salts_for(count)
    leaves = [
        hashlib.sha256(b"\x00" + salts[16 * i : 16 * i + 16] + encode_loan(LOANS[i])).digest() for i in range(count)
    ]
    committed = commit(tape_of(LOANS[:count]), salts, engine)
    assert committed.root == merkle.root(leaves)
    assert committed.commitment == PoolCommitment(root=merkle.root(leaves), count=count)
    assert [committed.node(0, i) for i in range(count)] == leaves


@pytest.mark.parametrize("engine", ENGINES)
def test_every_loan_is_shown_by_its_opening(engine: Engine) -> None:
    committed = commit(TAPE, engine=engine)
    for index, loan in enumerate(LOANS):
        opening = committed.opening(index)
        assert opening.verify(committed.commitment) == loan
        assert from_bytes(LoanOpening, to_bytes(opening)) == opening


@needs_lanes
@settings(max_examples=60, deadline=None)
@given(st.lists(any_loan, min_size=1, max_size=40), st.binary(min_size=1, max_size=8))
def test_both_engines_commit_alike_whatever_the_loans_hold(loans: list[Loan], seed: bytes) -> None:
    tape, salts = tape_of(loans), salts_for(len(loans), seed)
    plain, lanes = commit(tape, salts, Engine.HASHLIB), commit(tape, salts, Engine.LANES)
    assert list(lanes.leaf_data()) == list(plain.leaf_data())
    assert lanes.commitment == plain.commitment


@needs_lanes
def test_both_engines_commit_alike_over_many_chunks_and_threads() -> None:
    loans = made_up(500) * 70
    tape, salts = tape_of(loans), salts_for(len(loans))
    plain, lanes = commit(tape, salts, Engine.HASHLIB), commit(tape, salts, Engine.LANES)
    assert lanes.root == plain.root
    assert lanes.opening(20_001) == plain.opening(20_001)
    assert list(lanes.leaf_data())[20_001] == plain.opening(20_001).salt + plain.opening(20_001).record


@needs_lanes
def test_a_slice_of_a_tape_commits_as_a_tape_of_its_own() -> None:
    part = replace(TAPE, frame=TAPE.frame.slice(5, 9))
    assert commit(part, salts_for(9), Engine.LANES).root == commit(tape_of(LOANS[5:14]), salts_for(9)).root


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "change", [{"loan_id": None}, {"currency": None}, {"current_balance": None}, {"loan_id": "é" * 129}, {"region": ""}]
)
def test_a_loan_without_a_canonical_record_is_refused_by_name(engine: Engine, change: dict[str, object]) -> None:
    tape = tape_of([*LOANS[:3], replace(PLAIN, **change)])
    with pytest.raises(BadLoanRecord) as refusal:
        commit(tape, engine=engine)
    assert refusal.value.facts["field"] in change


def test_salts_are_fresh_and_hide_equal_loans() -> None:
    same = tape_of([PLAIN, PLAIN])
    first, second = commit(same), commit(same)
    assert len({first.node(0, 0), first.node(0, 1), second.node(0, 0), second.node(0, 1)}) == 4
    assert first.root != second.root


@pytest.mark.parametrize("length", [0, 16 * 36, 16 * 37 - 1, 16 * 37 + 1, 16 * 38])
def test_salts_must_be_one_for_each_loan(length: int) -> None:
    with pytest.raises(merkle.ProofInvalid, match="one salt"):
        commit(TAPE, bytes(length))


def test_small_tapes_do_not_wait_for_a_compiler() -> None:
    assert engine_for(LARGE - 1) is Engine.HASHLIB
    assert engine_for(LARGE) is (Engine.LANES if lanes_refusal() is None else Engine.HASHLIB)


def test_committing_a_small_tape_loads_no_compiler() -> None:
    program = (
        "import sys; from tests.tape.pools import made_up, tape_of; from chainfusion.tape.commit import commit;"
        "commit(tape_of(made_up(3))); sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": ":".join(sys.path)}).returncode == 0


def test_the_lanes_are_refused_where_they_would_crawl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert "NUMBA_DISABLE_JIT" in str(lanes_refusal.__wrapped__())


# ------------------------------------------------------------------ attacks


COMMITTED = commit(TAPE, salts_for(len(LOANS)))


def must_refuse(opening: LoanOpening, commitment: PoolCommitment = COMMITTED.commitment) -> None:
    with pytest.raises((merkle.ProofInvalid, BadLoanRecord)):
        opening.verify(commitment)


@given(st.integers(0, 36), st.data())
def test_any_changed_bit_of_an_opening_is_caught(index: int, data: st.DataObject) -> None:
    opening = COMMITTED.opening(index)
    part = data.draw(st.sampled_from(["salt", "record"]))
    content = bytearray(getattr(opening, part))
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    must_refuse(replace(opening, **{part: bytes(content)}))


@given(st.integers(0, 36), st.integers(-1, 40))
def test_an_opening_serves_no_other_place(index: int, other: int) -> None:
    opening = COMMITTED.opening(index)
    if other != index:
        must_refuse(replace(opening, index=other))


def test_a_better_balance_is_not_in_the_pool() -> None:
    opening = COMMITTED.opening(4)
    better = encode_loan(replace(LOANS[4], current_balance=LOANS[4].current_balance + 1))
    must_refuse(replace(opening, record=better))


def test_bytes_do_not_move_between_salt_and_record() -> None:
    opening = COMMITTED.opening(4)
    data = opening.salt + opening.record
    for cut in (0, 15, 17, 32):
        must_refuse(replace(opening, salt=data[:cut], record=data[cut:]))


def test_an_opening_of_one_pool_opens_no_other() -> None:
    other = commit(TAPE, salts_for(len(LOANS), b"other"))
    must_refuse(COMMITTED.opening(0), other.commitment)
    must_refuse(COMMITTED.opening(0), replace(COMMITTED.commitment, count=20))


def test_a_committed_leaf_that_is_no_record_proves_nothing() -> None:
    """An originator who commits to junk can show a path to it, and still no loan."""
    salt, junk = bytes(16), b"\x01junk"
    leaf = loan_leaf(salt, junk)
    must_refuse(LoanOpening(index=0, path=(), record=junk, salt=salt), PoolCommitment(root=leaf, count=1))


def test_a_loan_that_is_not_there_has_no_opening() -> None:
    for index in (-1, len(LOANS)):
        with pytest.raises(merkle.ProofInvalid):
            COMMITTED.opening(index)
