"""The fast way to canonical bytes gives what the plain way gives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.domain.canonical import NotCanonical, trusted_canonical
from chainfusion.domain.encoding import encoded
from chainfusion.domain.records import to_json
from chainfusion.domain.roles import Role
from tests.domain.test_records import OUTERS, Outer


class Level(Enum):
    LOW = 1
    HIGH = "高"


@dataclass(frozen=True)
class One:
    only: Any


@dataclass(frozen=True)
class Nothing:
    pass


@dataclass(frozen=True, slots=True)
class Slotted:
    b: int
    a: str


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text('abcÀ"\\z'), inner),
    max_leaves=20,
)


@given(OUTERS)
def test_records_are_encoded_as_they_are_written_and_serialized(record: Outer) -> None:
    assert encoded(record) == trusted_canonical(to_json(record))
    assert encoded(record) is encoded(record)


@given(JSON)
def test_json_values_inside_a_record_keep_their_canonical_form(value: Any) -> None:
    assert encoded(One(value)) == trusted_canonical(to_json(One(value)))
    assert encoded(value) == trusted_canonical(value)


@pytest.mark.parametrize(
    "value",
    [
        Nothing(),
        Slotted(2, "x"),
        (One(b"\x00\xff"), One(Level.LOW), One(Level.HIGH), One(Role.TRUSTEE)),
        {Role.TRUSTEE: 1, Role.ACCOUNTANT: date(2026, 1, 31)},
        One(datetime(2026, 1, 31, 8, tzinfo=timezone(timedelta(hours=8)))),
        [datetime(2026, 1, 31, 8, tzinfo=UTC), '\u2028\x7f\x1f"\\/'],
    ],
)
def test_every_kind_of_value_has_one_form(value: Any) -> None:
    assert encoded(value) == trusted_canonical(to_json(value))


def test_a_changed_copy_has_bytes_of_its_own() -> None:
    first = One("a")
    assert encoded(first) == b'{"only":"a"}'
    assert encoded(replace(first, only="b")) == b'{"only":"b"}'
    assert first == One("a")


@pytest.mark.parametrize("value", [One("\ud800"), One({1: 2}), One({"a": object()}), One(float("nan"))])
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        encoded(value)
