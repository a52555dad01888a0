"""One transaction of a block, taken apart: every hash in it that ties its parts together is checked on the way.

The creator signs the payload; the payload holds the proposal's headers and call, and what endorsers signed of it, which
names the proposal by its hash. So whatever is read here is what creator and endorsers signed, once their signatures are
checked (`chainfusion.verify.fabric`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from chainfusion.domain.canonical import parse_canonical
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.evidence.fabric import messages as m
from chainfusion.ledger.evidence.fabric.wire import read

SUCCESS = 200
VALIDATION_PARAMETER = "VALIDATION_PARAMETER"
"""The metadata of a key that holds its own endorsement policy."""
MAX_VERSION_DIGITS = 6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class EnvelopeMalformed(ChainFusionError):
    """An envelope whose parts do not belong together."""

    code = "FABRIC_ENVELOPE_MALFORMED"
    says = Text("The transaction's envelope does not hold together: {why}.", "交易信封各部分不一致：{why_zh}。")
    do = Text("Reject the evidence.", "请拒绝该存证。")


@dataclass(frozen=True)
class Place:
    """Block and index: where a transaction stands, and what Fabric calls the version of a key that it wrote."""

    block: int
    index: int


@dataclass(frozen=True)
class Outer:
    """What every envelope says of itself, and its content. `time` is the client's clock, to the microsecond."""

    channel: str
    content: bytes
    creator: bytes
    extension: bytes
    kind: int
    nonce: bytes
    payload: bytes
    header: m.Header
    signature: bytes
    time: datetime
    tx_id: str


@dataclass(frozen=True)
class Invocation:
    """A chaincode's call and what was endorsed of it. `endorsed` is what each endorser signs, before its identity."""

    outer: Outer
    args: tuple[bytes, ...]
    chaincode: str
    endorsed: bytes
    endorsements: tuple[m.Endorsement, ...]
    response: bytes
    results: m.TxReadWriteSet

    def rwset(self, namespace: str) -> m.KVRWSet:
        """What was read and written of a chaincode's keys; empty where it is not there. Raises: WireMalformed."""
        parts = self._parts.get(namespace)
        return read(m.KVRWSet, b"" if parts is None else parts.rwset)

    @property
    def collections(self) -> tuple[tuple[str, str], ...]:
        """Chaincode and name of each private collection that was touched."""
        parts = self.results.ns_rwset
        return tuple((each.namespace, c.collection_name) for each in parts for c in each.collection_hashed_rwset)

    def version_read(self, namespace: str, key: str) -> Place | None:
        """The place of the transaction that had last written a key, where the call read it. Raises: WireMalformed."""
        versions = [each.version for each in self.rwset(namespace).reads if each.key == key]
        if len(versions) != 1 or versions[0] is None:
            return None
        return Place(versions[0].block_num, versions[0].tx_num)

    def written(self, namespace: str, key: str) -> bytes | None:
        """What the call writes to a key; None where it writes nothing or deletes it. Raises: WireMalformed."""
        found = [each for each in self.rwset(namespace).writes if each.key == key and not each.is_delete]
        return found[0].value if len(found) == 1 else None

    def demanded(self, namespace: str, key: str) -> bytes | None:
        """The endorsement policy that the call gives to one key, for whoever changes it later; None where it gives
        none. Raises: WireMalformed."""
        entries = [e for each in self.rwset(namespace).metadata_writes if each.key == key for e in each.entries]
        found = [each.value for each in entries if each.name == VALIDATION_PARAMETER]
        return found[0] if len(found) == 1 else None

    def changed(self, namespace: str) -> tuple[str, ...]:
        """The public keys of a chaincode whose value or policy the call changes, sorted. Raises: WireMalformed."""
        written = self.rwset(namespace)
        return tuple(sorted({each.key for each in written.writes} | {each.key for each in written.metadata_writes}))

    @cached_property
    def _parts(self) -> Mapping[str, m.NsReadWriteSet]:
        return {each.namespace: each for each in self.results.ns_rwset}


@dataclass(frozen=True)
class Call:
    """A contract's call as the chaincode's arguments carry it: contract@version.operation, canonical arguments, and the
    digest of the transient input where there was any."""

    contract: str
    version: int
    operation: str
    arguments: dict[str, Any]
    transient: str | None


def read_outer(data: bytes) -> Outer:
    """The outside of an envelope. Raises: WireMalformed, EnvelopeMalformed."""
    envelope = read(m.Envelope, data)
    payload = read(m.Payload, envelope.payload)
    if payload.header is None:
        raise _malformed("it has no header", "缺少头部")
    channel = read(m.ChannelHeader, payload.header.channel_header)
    signer = read(m.SignatureHeader, payload.header.signature_header)
    return Outer(
        channel=channel.channel_id,
        content=payload.data,
        creator=signer.creator,
        extension=channel.extension,
        kind=channel.type,
        nonce=signer.nonce,
        payload=envelope.payload,
        header=payload.header,
        signature=envelope.signature,
        time=_time(channel.timestamp),
        tx_id=channel.tx_id,
    )


def read_invocation(data: bytes) -> Invocation:
    """A chaincode's call, whose id, proposal hash and names fit each other and whose answer is a success.

    Raises: WireMalformed, EnvelopeMalformed.
    """
    outer = read_outer(data)
    _need(outer.kind == m.ENDORSER_TRANSACTION, "it is not a chaincode's call", "并非链码调用")
    found = hashlib.sha256(outer.nonce + outer.creator).hexdigest()
    _need(outer.tx_id == found, "its id is not made of its nonce and creator", "交易编号与随机数和创建者不符")
    actions = read(m.Transaction, outer.content).actions
    _need(len(actions) == 1, f"{len(actions)} actions instead of one", f"动作数为 {len(actions)}，应为一个")
    same = actions[0].header == outer.header.signature_header
    _need(same, "its action names another creator", "动作的创建者不同")
    action = read(m.ChaincodeActionPayload, actions[0].payload)
    if action.action is None:
        raise _malformed("nothing of it is endorsed", "未经背书")
    return _invocation(outer, action.chaincode_proposal_payload, action.action)


def read_call(args: tuple[bytes, ...]) -> Call:
    """The contract's call in a chaincode's arguments. Raises: EnvelopeMalformed, NotCanonical."""
    _need(len(args) in (2, 3), f"{len(args)} arguments instead of two or three", f"参数个数为 {len(args)}")
    words = [each.decode(errors="replace") for each in (args[0], *args[2:])]
    name, _, operation = words[0].partition(".")
    contract, _, version = name.partition("@")
    digits = version.isascii() and version.isdigit() and len(version) <= MAX_VERSION_DIGITS
    fits = digits and version == str(int(version)) and bool(contract and operation)
    _need(fits, "it does not call contract@version.operation", "调用格式不是 合约@版本.操作")
    arguments = parse_canonical(args[1])
    if not isinstance(arguments, dict):
        raise _malformed("the arguments are not an object", "参数不是对象")
    return Call(contract, int(version), operation, arguments, words[1] if len(words) == 2 else None)


def _invocation(outer: Outer, asked: bytes, endorsed: m.ChaincodeEndorsedAction) -> Invocation:
    answered = read(m.ProposalResponsePayload, endorsed.proposal_response_payload)
    header = outer.header
    proposal_hash = hashlib.sha256(header.channel_header + header.signature_header + asked).digest()
    same = answered.proposal_hash == proposal_hash
    _need(same, "what was endorsed is of another proposal", "背书对应另一提案")
    action = read(m.ChaincodeAction, answered.extension)
    spec = read(m.ChaincodeInvocationSpec, read(m.ChaincodeProposalPayload, asked).input).chaincode_spec
    extension = read(m.ChaincodeHeaderExtension, outer.extension).chaincode_id
    if spec is None or spec.input is None or action.response is None:
        raise _malformed("it has no call or no answer", "缺少调用或返回")
    names = {each.name if each else "" for each in (spec.chaincode_id, extension, action.chaincode_id)}
    _need(len(names) == 1 and "" not in names, "it names several chaincodes", "链码名称不一致")
    status = action.response.status
    _need(status == SUCCESS, f"its answer has the status {status}", f"返回状态为 {status}")
    return Invocation(
        outer=outer,
        args=spec.input.args,
        chaincode=names.pop(),
        endorsed=endorsed.proposal_response_payload,
        endorsements=endorsed.endorsements,
        response=action.response.payload,
        results=_results(action.results),
    )


def _results(data: bytes) -> m.TxReadWriteSet:
    results = read(m.TxReadWriteSet, data)
    names = [each.namespace for each in results.ns_rwset]
    _need(len(names) == len(set(names)), "it has two results of one chaincode", "同一链码有两份结果")
    return results


def _time(stamp: m.Timestamp | None) -> datetime:
    if stamp is None:
        raise _malformed("it states no time", "未载明时间")
    _need(stamp.nanos < 1_000_000_000, "its time cannot be", "时间不合法")
    try:
        return _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)
    except OverflowError:
        raise _malformed("its time is beyond the calendar", "时间超出日历范围") from None


def _need(holds: bool, why: str, why_zh: str) -> None:
    require(holds, _malformed(why, why_zh))


def _malformed(why: str, why_zh: str) -> EnvelopeMalformed:
    return EnvelopeMalformed(why=why, why_zh=why_zh)
