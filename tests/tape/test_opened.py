"""Opened loans as a table: what reading records one by one gives, and the same refusals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.domain.loan import BadLoanRecord, Loan, decode_loan, encode_loan
from chainfusion.ledger.evidence.opening import SALT_BYTES
from chainfusion.tape.commit import commit
from chainfusion.tape.opened import frame_of
from chainfusion.tape.schema import SCHEMA
from tests.tape.pools import made_up, tape_of

SALT = bytes(SALT_BYTES)


@pytest.mark.parametrize("count", [1, 7, 3000])
def test_the_loans_behind_a_root_are_the_tape_s(count: int) -> None:
    tape = tape_of(made_up(count))
    assert frame_of(tuple(commit(tape).leaf_data())).equals(tape.frame)


def test_no_loans_are_an_empty_table() -> None:
    assert frame_of(()).schema == SCHEMA


RECORDS = [encode_loan(loan) for loan in made_up(30, seed=5)]


@given(st.lists(st.sampled_from(RECORDS), min_size=1, max_size=5), st.data())
def test_any_bytes_are_read_or_refused_as_each_record_is(records: list[bytes], data: st.DataObject) -> None:
    which = data.draw(st.integers(0, len(records) - 1))
    changed = bytearray(records[which])
    match data.draw(st.sampled_from(("byte", "cut", "more"))):
        case "byte":
            changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
        case "cut":
            del changed[data.draw(st.integers(0, len(changed) - 1)) :]
        case _:
            changed += b"\0"
    records = [*records[:which], bytes(changed), *records[which + 1 :]]
    try:
        expected: list[Loan] | None = [decode_loan(record) for record in records]
    except BadLoanRecord:
        expected = None
    if expected is None:
        with pytest.raises(BadLoanRecord):
            frame_of([SALT + record for record in records])
    else:
        frame = frame_of([SALT + record for record in records])
        assert [Loan(**row) for row in frame.iter_rows(named=True)] == expected
