"""State, ranges and history as a contract sees them, the same on every engine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chainfusion.contracts.framework.refusals import StateRefused
from chainfusion.domain.membership import MEMBERSHIP_KEY
from chainfusion.domain.records import utc_text

ONE_MIB = 1 << 20


def pairs(*keys: str) -> list[list[str]]:
    return [[key, f"value of {key}"] for key in keys]


def test_a_written_key_is_read_by_the_next_transaction(engine: Any) -> None:
    assert engine.ask("get", key="k") is None
    engine.submit("put", key="k", value="一")
    assert engine.ask("get", key="k") == "一"


def test_a_transaction_does_not_see_its_own_writes(engine: Any) -> None:
    engine.submit("put_many", entries=[["k", "old"], ["other", "there"]])
    seen = engine.submit("put_then_look", key="k", value="new")
    assert json.loads(seen.response) == ["old", "there", "old", "old"]
    assert engine.ask("get", key="k") == "new"
    assert engine.ask("get", key="other") is None


def test_what_is_foreseen_is_read_as_what_is_not(engine: Any) -> None:
    engine.submit("put_many", entries=pairs("a", "b", "中"))
    keys = ["b", "none", "a", "b", "中"]
    assert engine.ask("get_foreseen", keys=keys) == [engine.ask("get", key=key) for key in keys]
    with pytest.raises(StateRefused):
        engine.ask("get_foreseen", keys=["a", ""])


def test_the_last_write_of_a_key_counts(engine: Any) -> None:
    engine.submit("put", key="k", value="v")
    recorded = engine.submit("put_and_delete", key="k")
    assert engine.ask("get", key="k") is None
    assert recorded.outcome.writes == ((b"k".hex(), None),)


def test_deleting_what_is_not_there_is_recorded(engine: Any) -> None:
    engine.submit("delete", key="never")
    assert [change["value"] for change in engine.ask("history", key="never")] == [None]


def test_a_range_holds_its_start_and_not_its_end_in_order_of_bytes(engine: Any) -> None:
    keys = ["a", "B", "é", "b", "a\x00b", "中", "ab"]
    engine.submit("put_many", entries=pairs(*keys))
    assert engine.ask("scan", start="a", end="b") == pairs("a", "a\x00b", "ab")
    everything = [pair for pair in engine.ask("scan", start="", end="") if pair[0] != MEMBERSHIP_KEY]
    assert everything == pairs("B", "a", "a\x00b", "ab", "b", "é", "中")
    assert engine.ask("scan", start="n", end="") == pairs("é", "中")
    assert engine.ask("scan", start="", end="a") == pairs("B")
    assert engine.ask("scan", start="b", end="a") == []


def test_long_ranges_are_whole(engine: Any) -> None:
    engine.submit("put_many", entries=[[f"k{number:04d}", "v"] for number in range(1000)])
    found = engine.ask("scan", start="k", end="l")
    assert [key for key, _ in found] == [f"k{number:04d}" for number in range(1000)]


def test_simple_ranges_and_composite_keys_do_not_meet(engine: Any) -> None:
    engine.submit("put", key="deal", value="simple")
    engine.submit("put_composite", object_type="deal", attributes=["a"], value="composite")
    assert engine.ask("scan", start="", end="e") == [["deal", "simple"]]
    assert engine.ask("by_prefix", object_type="deal", attributes=[]) == ["composite"]
    assert "composite" not in str(engine.ask("scan", start="", end=""))


def test_a_prefix_matches_whole_attributes(engine: Any) -> None:
    for attributes in (["a"], ["a", "1"], ["a", "2"], ["ab"], ["b"], ["a", "1", "x"]):
        engine.submit("put_composite", object_type="deal", attributes=attributes, value="/".join(attributes))
    engine.submit("put_composite", object_type="deals", attributes=["a"], value="another type")
    assert engine.ask("by_prefix", object_type="deal", attributes=["a"]) == ["a", "a/1", "a/1/x", "a/2"]
    assert engine.ask("by_prefix", object_type="deal", attributes=["a", "1"]) == ["a/1", "a/1/x"]
    assert engine.ask("by_prefix", object_type="deal", attributes=[]) == ["a", "a/1", "a/1/x", "a/2", "ab", "b"]


@pytest.mark.parametrize("bound", ["\x00", "\x00deal\x00"])
def test_bounds_of_simple_ranges_are_simple(engine: Any, bound: str) -> None:
    with pytest.raises(StateRefused):
        engine.ask("scan", start=bound, end="")
    with pytest.raises(StateRefused):
        engine.ask("scan", start="", end=bound)


@pytest.mark.parametrize("part", ["a\x00", "\U0010ffff"])
def test_parts_of_composite_keys_hold_no_reserved_characters(engine: Any, part: str) -> None:
    with pytest.raises(StateRefused):
        engine.submit("put_composite", object_type="deal", attributes=[part], value="v")
    with pytest.raises(StateRefused):
        engine.submit("put_composite", object_type=part, attributes=[], value="v")


@pytest.mark.parametrize(
    ("operation", "args"),
    [
        ("put", {"key": "", "value": "v"}),
        ("put", {"key": "k", "value": ""}),
        ("delete", {"key": ""}),
        ("put_raw", {"key": "surrogate"}),
        ("put_raw", {"key": "not bytes"}),
        ("put_sizes", {"key": "k", "size": ONE_MIB + 1, "count": 1}),
        ("put_sizes", {"key": "k", "size": ONE_MIB, "count": 8}),
        ("put_composite", {"object_type": "", "attributes": ["a"], "value": "v"}),
    ],
)
def test_what_the_ledger_does_not_take_changes_nothing(engine: Any, operation: str, args: dict[str, Any]) -> None:
    before = engine.ask("scan", start="", end="")
    with pytest.raises(StateRefused):
        engine.submit(operation, **args)
    assert engine.ask("scan", start="", end="") == before


def test_the_largest_value_is_taken(engine: Any) -> None:
    engine.submit("put_sizes", key="k", size=ONE_MIB, count=7)
    assert len(engine.ask("get", key="k6")) == ONE_MIB


def test_history_is_newest_first_and_knows_deletions(engine: Any) -> None:
    first = engine.submit("put", key="k", value="1")
    gone = engine.submit("delete", key="k")
    again = engine.submit("put", key="k", value="2")
    time = utc_text(engine.now)
    assert engine.ask("history", key="k") == [
        {"tx_id": again.outcome.tx_id, "timestamp": time, "value": "2"},
        {"tx_id": gone.outcome.tx_id, "timestamp": time, "value": None},
        {"tx_id": first.outcome.tx_id, "timestamp": time, "value": "1"},
    ]
    assert engine.ask("history", key="other") == []


def test_long_histories_are_whole(engine: Any) -> None:
    for number in range(300):
        engine.submit("put", key="k", value=str(number))
    assert [change["value"] for change in engine.ask("history", key="k")] == [str(n) for n in reversed(range(300))]


def test_writes_are_recorded_in_the_order_of_keys(engine: Any) -> None:
    recorded = engine.submit("put_many", entries=[["b", "1"], ["é", "2"], ["B", "3"], ["a", "4"]])
    assert [key for key, _ in recorded.outcome.writes] == [key.encode().hex() for key in ("B", "a", "b", "é")]
