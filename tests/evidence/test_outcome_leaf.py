"""The outcome leaf that a ledger writes straight from what happened is the one that readers make of the record."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from chainfusion.ledger.evidence.transaction import Outcome, outcome_leaf

VALUES = st.none() | st.binary(max_size=40)
WRITES = st.lists(st.tuples(st.binary(min_size=1, max_size=20), VALUES), max_size=4).map(tuple)
NAMES = st.text(st.characters(codec="utf-8"), max_size=8)
PRIVATE = st.lists(st.tuples(NAMES, st.binary(min_size=1, max_size=20), VALUES), max_size=3).map(tuple)


def digest(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()


@given(code=NAMES, response=st.binary(max_size=40), event=VALUES, writes=WRITES, private=PRIVATE)
def test_the_leaf_is_the_records_and_reads_back(code, response, event, writes, private) -> None:  # type: ignore[no-untyped-def]
    record = Outcome(
        code=code,
        event=digest(event),
        private=tuple((name, digest(key), digest(value)) for name, key, value in private),
        response=hashlib.sha256(response).hexdigest(),
        tx_id="ab" * 32,
        writes=tuple((key.hex(), digest(value)) for key, value in writes),
    )
    leaf = outcome_leaf(code, "ab" * 32, response, event, writes, private)
    assert leaf == record.leaf
    assert Outcome.from_leaf(leaf) == record
