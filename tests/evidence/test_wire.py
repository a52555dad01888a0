"""The strict protobuf reader beside the official one: what it reads it reads alike, and it reads less."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from fabric_protos.common import common_pb2, configtx_pb2, configuration_pb2, policies_pb2
from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.msp import identities_pb2, msp_config_pb2, msp_principal_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_pb2
from fabric_protos.peer import chaincode_pb2, policy_pb2, proposal_pb2, proposal_response_pb2, transaction_pb2
from fabric_protos.peer.lifecycle import chaincode_definition_pb2, db_pb2
from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainfusion.ledger.evidence.fabric import messages as m
from chainfusion.ledger.evidence.fabric.wire import MAX_DEPTH, WireMalformed, read
from tests.fabric.blocks.stored import load

RELAXED = settings(deadline=None, max_examples=400, suppress_health_check=list(HealthCheck))
MODULES = (
    common_pb2,
    configtx_pb2,
    configuration_pb2,
    policies_pb2,
    rwset_pb2,
    kv_rwset_pb2,
    identities_pb2,
    msp_config_pb2,
    msp_principal_pb2,
    orderer_pb2,
    chaincode_pb2,
    policy_pb2,
    proposal_pb2,
    proposal_response_pb2,
    transaction_pb2,
    chaincode_definition_pb2,
    db_pb2,
)
NESTED = {"NOutOf": policies_pb2.SignaturePolicy.NOutOf, "Timestamp": Timestamp}


def official(kind: type) -> Any:
    """The official class of one of our messages."""
    return (
        next((vars(each)[kind.__name__] for each in MODULES if kind.__name__ in vars(each)), None)
        or NESTED[kind.__name__]
    )


KINDS = [each for each in vars(m).values() if is_dataclass(each)]
BY_NAME = {each.__name__: each for each in KINDS}


def same(ours: Any, theirs: Any) -> bool:
    """Whether both readings say the same, field by field."""
    if not is_dataclass(ours):
        return bool(ours == theirs)
    return all(_same_field(getattr(ours, each.name), theirs, each.name) for each in fields(ours))


def _same_field(ours: Any, theirs: Message, name: str) -> bool:
    found = getattr(theirs, name)
    if isinstance(ours, tuple):
        pairs = list(zip(ours, found, strict=True))
        return all(same(mine, other) if is_dataclass(mine) else _bytes_same(mine, other) for mine, other in pairs)
    if isinstance(ours, dict):
        return set(ours) == set(found) and all(same(ours[key], found[key]) for key in ours)
    if ours is None:
        return not theirs.HasField(name)
    if isinstance(found, Message):
        return theirs.HasField(name) and same(ours, found) if is_dataclass(ours) else _bytes_same(ours, found)
    return bool(ours == found)


def _bytes_same(ours: Any, theirs: Any) -> bool:
    """Bytes that we keep unread beside what the official reader makes of them."""
    return bool(type(theirs).FromString(ours) == theirs if isinstance(theirs, Message) else ours == theirs)


def test_every_message_has_its_official_twin_with_the_same_fields() -> None:
    for kind in KINDS:
        twin = official(kind).DESCRIPTOR
        ours = {each.metadata["number"]: each.name for each in fields(kind)}
        theirs = {each.number: each.name for each in twin.fields}
        assert ours.items() <= theirs.items(), kind
        assert ours == theirs or kind is m.ChaincodeProposalPayload, kind


# ------------------------------------------------------------------ random messages


def filled(kind: type, choice: random.Random, depth: int = 0) -> Message:
    """An official message with random fields set."""
    message = official(kind)()
    for each in message.DESCRIPTOR.fields:
        if choice.random() < 0.4 or each.name == "TransientMap":
            continue
        _fill(message, each, choice, depth)
    return message  # type: ignore[no-any-return]


def _fill(message: Any, each: Any, choice: random.Random, depth: int) -> None:
    repeated = each.label == each.LABEL_REPEATED
    if each.message_type is not None and each.message_type.GetOptions().map_entry:
        for number in range(choice.randrange(3)):
            key, value = f"k{number}", each.message_type.fields_by_name["value"]
            if value.message_type is None:
                getattr(message, each.name)[key] = b"v"
            elif depth < 4:
                inner = filled(BY_NAME[value.message_type.name], choice, depth + 1) if _known(value) else None
                getattr(message, each.name)[key].MergeFrom(inner or type(getattr(message, each.name)[key])())
        return
    if each.message_type is not None:
        if depth < 4 and _known(each):
            inner = filled(BY_NAME[each.message_type.name], choice, depth + 1)
            target = getattr(message, each.name)
            target.add().CopyFrom(inner) if repeated else target.CopyFrom(inner)
        return
    value: Any = {9: f"text {choice.randrange(99)} 中", 12: choice.randbytes(choice.randrange(40)), 8: True}.get(
        each.type, choice.choice([0, 1, 2, 127, 128, 300])
    )
    if each.type == each.TYPE_ENUM:
        value = choice.choice(list(each.enum_type.values_by_number))
    if repeated:
        getattr(message, each.name).append(value)
    else:
        setattr(message, each.name, value)


def _known(each: Any) -> bool:
    return each.message_type.name in BY_NAME


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_random_messages_are_read_alike(kind: type) -> None:
    choice = random.Random(kind.__name__)
    for _ in range(40):
        theirs = filled(kind, choice)
        data = theirs.SerializeToString()
        assert same(read(kind, data), theirs), data.hex()


# ------------------------------------------------------------------ random bytes


@RELAXED
@given(st.sampled_from(KINDS), st.binary(max_size=60))
def test_random_bytes_are_read_alike_or_refused(kind: type, data: bytes) -> None:
    assert_alike_or_refused(kind, data)


@RELAXED
@given(st.sampled_from(KINDS), st.integers(0, 2**32), st.integers(0, 10**6), st.integers(1, 255))
def test_messages_with_a_changed_byte_are_read_alike_or_refused(kind: type, seed: int, place: int, mask: int) -> None:
    data = bytearray(filled(kind, random.Random(seed)).SerializeToString())
    if data:
        data[place % len(data)] ^= mask
        assert_alike_or_refused(kind, bytes(data))


def assert_alike_or_refused(kind: type, data: bytes) -> None:
    try:
        ours = read(kind, data)
    except WireMalformed:
        return
    try:
        theirs = official(kind).FromString(data)
    except DecodeError:
        assert kind in (m.FabricMSPConfig, m.KVRWSet)  # whose inner messages we keep as bytes, unread
        return
    assert same(ours, theirs), data.hex()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x0a", "cut off"),
        (b"\x0a\x05ab", "cut off"),
        (b"\x0a\x80", "cut off"),
        (b"\x0a\x81\x00a", "shortest"),
        (b"\x8a\x00\x01a", "shortest"),
        (b"\x0a\x01a\x0a\x01b", "twice"),
        (b"\x1a\x01a", "unknown"),
        (b"\x08\x01", "another type"),
        (b"\x0b\x0c", "wire type"),
        (b"\x0d\x00\x00\x00\x00", "wire type"),
        (b"\x09" + bytes(8), "wire type"),
        (b"\x02\x01a", "out of range"),
        (b"\x0a" + b"\xff" * 10, "cut off"),
        (b"\x0a" + b"\xff" * 9 + b"\x01", "63 bits"),
    ],
)
def test_what_is_not_in_the_one_form_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(WireMalformed, match=why):
        read(m.Envelope, data)


def test_texts_flags_and_keys_have_one_form_too() -> None:
    with pytest.raises(WireMalformed, match="UTF-8"):
        read(m.MSPRole, b"\x0a\x01\xff")
    with pytest.raises(WireMalformed, match="neither 0 nor 1"):
        read(m.FabricNodeOUs, b"\x08\x02")
    entry = b"\x12\x03\x0a\x01k"
    with pytest.raises(WireMalformed, match="key twice"):
        read(m.ChaincodeInput, entry + entry)


def test_a_message_nested_without_end_is_refused() -> None:
    data = b""
    for _ in range(MAX_DEPTH + 2):
        inner = b"\x12" + _length(data) + data
        data = b"\x12" + _length(inner) + inner
    with pytest.raises(WireMalformed, match="too deep"):
        read(m.SignaturePolicy, data)


def _length(data: bytes) -> bytes:
    size, out = len(data), b""
    while size > 0x7F:
        out, size = out + bytes([size & 0x7F | 0x80]), size >> 7
    return out + bytes([size])


# ------------------------------------------------------------------ what networks produced


def messages_in(envelope: bytes) -> Iterator[tuple[type, bytes]]:
    """Every message of a stored envelope that evidence reads, with its kind."""
    payload = read(m.Payload, read(m.Envelope, envelope).payload)
    assert payload.header is not None
    yield m.Envelope, envelope
    yield m.ChannelHeader, payload.header.channel_header
    yield m.SignatureHeader, payload.header.signature_header
    if read(m.ChannelHeader, payload.header.channel_header).type == m.CONFIG:
        yield m.ConfigEnvelope, payload.data
        return
    action = read(m.ChaincodeActionPayload, read(m.Transaction, payload.data).actions[0].payload)
    yield m.ChaincodeProposalPayload, action.chaincode_proposal_payload
    assert action.action is not None
    answered = read(m.ProposalResponsePayload, action.action.proposal_response_payload)
    results = read(m.ChaincodeAction, answered.extension).results
    yield m.TxReadWriteSet, results
    for each in read(m.TxReadWriteSet, results).ns_rwset:
        yield m.KVRWSet, each.rwset


@pytest.mark.parametrize("name", ["raft", "smartbft"])
def test_all_that_real_networks_recorded_is_read_alike(name: str) -> None:
    kinds = set()
    for block in load(name).blocks:
        for envelope in common_pb2.Block.FromString(block).data.data:
            for kind, data in messages_in(envelope):
                kinds.add(kind)
                assert same(read(kind, data), official(kind).FromString(data))
    assert len(kinds) == 7


def test_the_official_reader_takes_more() -> None:
    """Why another reader: two values of one field, of which the last counts, and fields that nobody knows."""
    first, second = (common_pb2.Envelope(payload=each).SerializeToString() for each in (b"a", b"b"))
    twice = first + second
    assert common_pb2.Envelope.FromString(twice).payload == b"b"
    assert common_pb2.Envelope.FromString(b"\x7a\x01x").payload == b""
    with pytest.raises(DecodeError):
        common_pb2.Envelope.FromString(b"\x0a\x05ab")
