"""Records: strict reading by declared types, with the path of what does not fit."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, make_dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.domain.records import BadRecord, from_bytes, from_json, to_bytes, to_json, utc_text, utc_time
from chainfusion.domain.roles import Role


@dataclass(frozen=True)
class Inner:
    amount: int
    open: bool


@dataclass(frozen=True)
class Outer:
    name: str
    role: Role
    day: date
    at: datetime
    digest: bytes
    note: str | None
    items: tuple[Inner, ...]
    shares: dict[str, int]

    def __post_init__(self) -> None:
        if self.name == "refused":
            raise ValueError("this name is refused")


OUTER = Outer(
    "东海",
    Role.TRUSTEE,
    date(2026, 1, 31),
    datetime(2026, 1, 31, 8, tzinfo=UTC),
    b"\x00\xff",
    None,
    (Inner(1, True), Inner(-5, False)),
    {"a": 1},
)

OUTERS = st.builds(
    Outer,
    name=st.text(st.characters(exclude_categories=["Cs"])).filter(lambda t: t != "refused"),
    role=st.sampled_from(Role),
    day=st.dates(),
    at=st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)),
    digest=st.binary(),
    note=st.none() | st.text("abc"),
    items=st.lists(st.builds(Inner, st.integers(-(2**63), 2**63 - 1), st.booleans())).map(tuple),
    shares=st.dictionaries(st.text("abc"), st.integers(0, 9)),
)


@given(OUTERS)
def test_round_trip(record: Outer) -> None:
    assert from_bytes(Outer, to_bytes(record)) == record


def test_the_json_form_is_plain() -> None:
    assert to_json(OUTER) == {
        "name": "东海",
        "role": "trustee",
        "day": "2026-01-31",
        "at": "2026-01-31T08:00:00.000000Z",
        "digest": "00ff",
        "note": None,
        "items": [{"amount": 1, "open": True}, {"amount": -5, "open": False}],
        "shares": {"a": 1},
    }


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": 3}, "$.name"),
        ({"name": None}, "$.name"),
        ({"name": "refused"}, "$"),
        ({"role": "king"}, "$.role"),
        ({"day": "2026-02-30"}, "$.day"),
        ({"day": "20260131"}, "$.day"),
        ({"at": "2026-01-31T08:00:00Z"}, "$.at"),
        ({"at": "2026-01-31T08:00:00.000000+00:00"}, "$.at"),
        ({"digest": "FF"}, "$.digest"),
        ({"digest": "f"}, "$.digest"),
        ({"digest": "f f"}, "$.digest"),
        ({"items": {}}, "$.items"),
        ({"items": [{"amount": 1, "open": 1}]}, "$.items[0].open"),
        ({"items": [{"amount": True, "open": True}]}, "$.items[0].amount"),
        ({"items": [{"amount": 1}]}, "$.items[0].open"),
        ({"shares": {"a": "1"}}, "$.shares.a"),
        ({"extra": 1}, "$.extra"),
    ],
)
def test_what_does_not_fit_is_named_by_path(change: dict[str, object], path: str) -> None:
    with pytest.raises(BadRecord) as refusal:
        from_json(Outer, to_json(OUTER) | change)
    assert refusal.value.facts["path"] == path


def test_a_missing_field_is_named() -> None:
    value = to_json(OUTER)
    del value["note"]
    with pytest.raises(BadRecord, match=r"\$\.note"):
        from_json(Outer, value)


def test_times_are_written_in_utc() -> None:
    shanghai = timezone(timedelta(hours=8))
    moment = datetime(2026, 11, 24, 15, 42, tzinfo=shanghai)
    assert utc_text(moment) == "2026-11-24T07:42:00.000000Z"
    assert utc_time(utc_text(moment)) == moment


def test_equal_records_have_equal_bytes() -> None:
    assert to_bytes(OUTER) == to_bytes(replace(OUTER))


def test_threads_may_read_a_kind_for_the_first_time_at_once() -> None:
    threads, fields = 8, [f"field_{number}" for number in range(40)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(threads) as pool:
            for number in range(50):
                kind = make_dataclass(f"Kind{number}", [(name, int) for name in fields], frozen=True)
                start = Barrier(threads)
                readings = [
                    pool.submit(_read_together, start, kind, dict.fromkeys(fields, number)) for _ in range(threads)
                ]
                assert {reading.result().field_39 for reading in readings} == {number}
    finally:
        sys.setswitchinterval(interval)


def _read_together(start: Barrier, kind: Any, value: dict[str, int]) -> Any:
    start.wait()
    return from_json(kind, value)
