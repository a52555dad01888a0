"""The ledger in memory behaves like Fabric's: what is proved on it about contracts holds there."""

from __future__ import annotations

import pytest

from chainfusion.contracts.framework import Caller, CollectionRefused, StateRefused
from chainfusion.contracts.framework.keys import composite_key, split_composite_key
from chainfusion.contracts.framework.limits import MAX_VALUE
from tests.support.context import MemoryContext, MemoryLedger
from tests.support.world import person

CALLER: Caller = person("AMSP")


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger(collections={"pair": frozenset({"AMSP", "BMSP"})})


def put(ledger: MemoryLedger, **values: bytes) -> MemoryContext:
    ctx = ledger.begin(CALLER)
    for key, value in values.items():
        ctx.put(key, value)
    ledger.commit(ctx)
    return ctx


def test_a_read_sees_the_committed_state_and_not_the_own_writes(ledger: MemoryLedger) -> None:
    put(ledger, a=b"1")
    ctx = ledger.begin(CALLER)
    ctx.put("a", b"2")
    ctx.put("b", b"3")
    assert (ctx.get("a"), ctx.get("b")) == (b"1", None)
    assert list(ctx.range("", "")) == [("a", b"1")]
    ctx.delete("a")
    assert ctx.get("a") == b"1"
    ledger.commit(ctx)
    assert ledger.state == {"b": b"3"}


def test_ranges_hold_simple_keys_from_start_to_before_end(ledger: MemoryLedger) -> None:
    put(ledger, a=b"1", b=b"2", c=b"3", **{composite_key("deal", "a"): b"4"})
    ctx = ledger.begin(CALLER)
    assert [key for key, _ in ctx.range("a", "c")] == ["a", "b"]
    assert [key for key, _ in ctx.range("", "")] == ["a", "b", "c"]
    assert [key for key, _ in ctx.range("b", "")] == ["b", "c"]


def test_composite_keys_are_found_by_whole_leading_parts(ledger: MemoryLedger) -> None:
    keys = [composite_key("deal", "a", "1"), composite_key("deal", "a", "2"), composite_key("deal", "ab", "1")]
    put(ledger, **dict.fromkeys(keys, b"x"))
    ctx = ledger.begin(CALLER)
    assert [key for key, _ in ctx.by_prefix("deal", "a")] == keys[:2]
    assert [key for key, _ in ctx.by_prefix("deal")] == keys
    assert list(ctx.by_prefix("dea")) == []


@pytest.mark.parametrize("parts", [("", "a"), ("deal", "a\x00b"), ("deal", "\U0010ffff"), ("de\x00al",)])
def test_reserved_characters_make_no_key(parts: tuple[str, ...]) -> None:
    with pytest.raises(StateRefused):
        composite_key(*parts)


def test_composite_keys_are_fabrics_byte_for_byte() -> None:
    key = composite_key("deal", "项目", "")
    assert key.encode() == "\x00deal\x00项目\x00\x00".encode()
    assert split_composite_key(key) == ("deal", "项目", "")


def test_keys_and_values_that_are_refused(ledger: MemoryLedger) -> None:
    ctx = ledger.begin(CALLER)
    for key, value in (("", b"x"), ("a", b""), ("a", bytes(MAX_VALUE + 1))):
        with pytest.raises(StateRefused):
            ctx.put(key, value)
    assert ctx.writes == {}


def test_history_is_newest_first_and_holds_deletions(ledger: MemoryLedger) -> None:
    first, second = put(ledger, a=b"1"), put(ledger, a=b"2")
    ctx = ledger.begin(CALLER)
    ctx.delete("a")
    ledger.commit(ctx)
    told = [(each.tx_id, each.value) for each in ledger.begin(CALLER).history("a")]
    assert told == [(ctx.tx_id, None), (second.tx_id, b"2"), (first.tx_id, b"1")]


def test_private_values_are_for_their_members_and_hashes_for_all(ledger: MemoryLedger) -> None:
    ctx = ledger.begin(CALLER)
    ctx.private("pair").put("a", b"secret")
    assert ctx.private("pair").get("a") is None
    ledger.commit(ctx)
    stranger = ledger.begin(person("CMSP"))
    assert stranger.private("pair").digest("a") is not None
    for forbidden in (lambda: stranger.private("pair").get("a"), lambda: stranger.private("pair").put("a", b"x")):
        with pytest.raises(CollectionRefused):
            forbidden()
    with pytest.raises(CollectionRefused):
        ledger.begin(CALLER).private("nothing")
    assert ledger.begin(person("BMSP")).private("pair").get("a") == b"secret"


def test_private_data_is_queried_in_transactions_that_write_nothing(ledger: MemoryLedger) -> None:
    ctx = ledger.begin(CALLER)
    ctx.private("pair").put("a", b"secret")
    with pytest.raises(StateRefused):
        ctx.private("pair").range("", "")
    ledger.commit(ctx)
    assert list(ledger.begin(CALLER).private("pair").range("", "")) == [("a", b"secret")]
