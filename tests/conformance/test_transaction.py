"""What a transaction knows of itself, its events, its refusals and private data, the same on every engine."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from chainfusion.contracts.framework.refusals import CollectionRefused, StateRefused
from chainfusion.domain.records import utc_text
from chainfusion.domain.roles import Role
from tests.support.probe import SHARED, ProbeRefused

OWN = "_implicit_org_DonghaiMSP"
OTHERS = "_implicit_org_YanshanMSP"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_transaction_knows_its_caller_and_its_signed_time(engine: Any) -> None:
    recorded = engine.submit("identity", member=1)
    person = engine.person(1)
    assert json.loads(recorded.response) == {
        "channel": engine.channel,
        "tx_id": recorded.outcome.tx_id,
        "timestamp": utc_text(engine.now),
        "msp": "HengxinMSP",
        "name": "representative",
        "roles": sorted(Role),
        "certificate": person.certificate_fingerprint,
    }


def test_all_events_of_a_transaction_are_one_bundle(engine: Any) -> None:
    recorded = engine.submit("emit", numbers=[1, 2])
    assert recorded.events == (
        {"name": "First", "payload": {"number": 1}},
        {"name": "First", "payload": {"number": 2}},
        {"name": "Second", "payload": {"text": "末"}},
    )
    bundle = json.dumps(recorded.events, separators=(",", ":"), ensure_ascii=False).encode()
    assert recorded.outcome.event == sha256(bundle)
    assert engine.submit("emit", numbers=[]).outcome.event is None


def test_a_refusal_writes_and_emits_nothing(engine: Any) -> None:
    with pytest.raises(ProbeRefused) as refusal:
        engine.submit("refuse", what="这个")
    assert refusal.value.facts == {"what": "这个"}
    assert engine.ask("get", key="refused") is None
    assert engine.ask("history", key="refused") == []


def test_evaluating_leaves_no_trace(engine: Any) -> None:
    assert engine.ask("put", key="k", value="v") is None
    assert engine.ask("get", key="k") is None
    assert engine.ask("history", key="k") == []


def test_private_values_are_for_members_and_their_hashes_for_all(engine: Any) -> None:
    recorded = engine.submit("put_private", collection=SHARED, key="k", transient={"value": b"secret"})
    digest = sha256(b"secret")
    assert recorded.outcome.private == ((SHARED, sha256(b"k"), digest),)
    assert recorded.outcome.writes == ()
    assert b"secret" not in recorded.transaction.leaf + recorded.outcome.leaf + recorded.response
    assert engine.ask("get_private", member=1, collection=SHARED, key="k") == "secret"
    assert engine.ask("digest_private", member=2, collection=SHARED, key="k") == digest
    assert engine.ask("get", key="k") is None


@pytest.mark.parametrize(
    ("operation", "args"),
    [
        ("get_private", {"key": "k"}),
        ("scan_private", {"start": "", "end": ""}),
        ("delete_private", {"key": "k"}),
    ],
)
def test_who_is_not_in_a_collection_neither_reads_nor_writes_it(
    engine: Any, operation: str, args: dict[str, Any]
) -> None:
    engine.submit("put_private", collection=SHARED, key="k", transient={"value": b"secret"})
    with pytest.raises(CollectionRefused):
        engine.ask(operation, member=2, collection=SHARED, **args)
    assert engine.ask("get_private", collection=SHARED, key="k") == "secret"


def test_each_member_has_a_collection_of_its_own(engine: Any) -> None:
    engine.submit("put_private", collection=OWN, key="k", transient={"value": b"mine"})
    assert engine.ask("get_private", collection=OWN, key="k") == "mine"
    with pytest.raises(CollectionRefused):
        engine.submit("put_private", collection=OTHERS, key="k", transient={"value": b"not mine"})
    assert engine.ask("digest_private", collection=OTHERS, key="k") is None


@pytest.mark.parametrize("name", ["unknown", "_implicit_org_NobodyMSP", "_implicit_org_", ""])
def test_a_collection_that_is_not_there_is_refused(engine: Any, name: str) -> None:
    with pytest.raises(CollectionRefused):
        engine.ask("digest_private", collection=name, key="k")


def test_private_ranges_are_ordered_and_bounded(engine: Any) -> None:
    for key in ("b", "a", "c"):
        engine.submit("put_private", collection=SHARED, key=key, transient={"value": key.encode()})
    engine.submit("put_private", collection=OWN, key="a", transient={"value": b"of another collection"})
    assert engine.ask("scan_private", collection=SHARED, start="", end="") == [["a", "a"], ["b", "b"], ["c", "c"]]
    assert engine.ask("scan_private", collection=SHARED, start="b", end="c") == [["b", "b"]]


def test_a_deleted_private_value_and_its_hash_are_gone(engine: Any) -> None:
    engine.submit("put_private", collection=SHARED, key="k", transient={"value": b"secret"})
    recorded = engine.submit("delete_private", member=1, collection=SHARED, key="k")
    assert recorded.outcome.private == ((SHARED, sha256(b"k"), None),)
    assert engine.ask("get_private", collection=SHARED, key="k") is None
    assert engine.ask("digest_private", collection=SHARED, key="k") is None


@pytest.mark.parametrize("operation", ["query_private_then_put", "put_then_query_private"])
def test_private_queries_and_writes_do_not_mix(engine: Any, operation: str) -> None:
    with pytest.raises(StateRefused):
        engine.submit(operation, collection=SHARED)
    assert engine.ask("get", key="k") is None


@pytest.mark.parametrize(("key", "value"), [("", b"v"), ("k", b"")])
def test_private_keys_and_values_are_not_empty(engine: Any, key: str, value: bytes) -> None:
    with pytest.raises(StateRefused):
        engine.submit("put_private", collection=SHARED, key=key, transient={"value": value})


def test_transient_input_reaches_the_contract_and_only_its_hash_the_ledger(engine: Any) -> None:
    transient = {"value": b"only in passing"}
    recorded = engine.submit("put_private", collection=SHARED, key="k", transient=transient)
    digest = sha256(b'{"value":"%b"}' % b"only in passing".hex().encode())
    assert recorded.transaction.proposal.transient == digest
