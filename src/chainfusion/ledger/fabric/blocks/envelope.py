"""One transaction as it lies in a block: the envelope that its creator signed, taken apart.

Nothing is checked here but the form: whose signatures they are and whether they hold is for who makes evidence of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from fabric_protos.common import common_pb2 as common
from fabric_protos.ledger.rwset import rwset_pb2 as rwset
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2 as kvrwset
from fabric_protos.peer import chaincode_event_pb2 as chaincode_event
from fabric_protos.peer import chaincode_pb2 as chaincode
from fabric_protos.peer import proposal_pb2 as proposals
from fabric_protos.peer import proposal_response_pb2 as responses
from fabric_protos.peer import transaction_pb2 as transactions
from google.protobuf.message import DecodeError

from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.ledger.fabric.chaincode.context import utc_of


class BlockUnreadable(ChainFusionError):
    """Bytes from a peer that are not the block or the transaction that they should be."""

    code = "BLOCK_UNREADABLE"
    says = Text("The peer's block cannot be read: {why}.", "对等节点的区块无法读取：{why}。")
    do = Text("Read it from another member's peer and compare.", "请从其他成员的节点读取并比对。")


@dataclass(frozen=True)
class Header:
    """What every envelope says of itself. `kind` is Fabric's HeaderType; `time` the client's clock."""

    channel: str
    creator: bytes
    kind: int
    nonce: bytes
    time: datetime
    tx_id: str


@dataclass(frozen=True)
class Write:
    """One public write; `value` None is a deletion."""

    namespace: str
    key: str
    value: bytes | None


@dataclass(frozen=True)
class PrivateWrite:
    """One write of private data, as all peers see it; `value_hash` None is a deletion."""

    namespace: str
    collection: str
    key_hash: bytes
    value_hash: bytes | None


@dataclass(frozen=True)
class Endorsement:
    """An endorser's signature over `payload` and the endorser's serialized identity."""

    endorser: bytes
    signature: bytes


@dataclass(frozen=True)
class Invocation:
    """What a chaincode was asked, and what its endorsers signed. `payload` is the bytes that endorsements sign."""

    args: tuple[bytes, ...]
    chaincode: str
    endorsements: tuple[Endorsement, ...]
    event: bytes | None
    payload: bytes
    private: tuple[PrivateWrite, ...]
    response: bytes
    writes: tuple[Write, ...]


@dataclass(frozen=True)
class Envelope:
    """A signed envelope, taken apart when it is asked."""

    payload: bytes
    signature: bytes

    @classmethod
    def parse(cls, data: bytes) -> Envelope:
        """Reads an envelope. Raises: BlockUnreadable."""
        try:
            found = common.Envelope.FromString(data)
        except DecodeError as error:
            raise BlockUnreadable(why=str(error)) from None
        return cls(found.payload, found.signature)

    @cached_property
    def header(self) -> Header:
        """Who, when, on which channel. Raises: BlockUnreadable."""
        try:
            header = self._parts.header
            channel = common.ChannelHeader.FromString(header.channel_header)
            signer = common.SignatureHeader.FromString(header.signature_header)
        except DecodeError as error:
            raise BlockUnreadable(why=str(error)) from None
        time = utc_of(channel.timestamp.seconds, channel.timestamp.nanos)
        return Header(channel.channel_id, signer.creator, channel.type, signer.nonce, time, channel.tx_id)

    @cached_property
    def invocation(self) -> Invocation | None:
        """The chaincode's call; None where this is a configuration. Raises: BlockUnreadable."""
        if self.header.kind != common.HeaderType.ENDORSER_TRANSACTION:
            return None
        try:
            return _invocation(transactions.Transaction.FromString(self._parts.data))
        except DecodeError as error:
            raise BlockUnreadable(why=str(error)) from None

    @cached_property
    def _parts(self) -> common.Payload:
        return common.Payload.FromString(self.payload)


def endorsed_response(payload: bytes) -> bytes:
    """What the chaincode answered, from the payload of an envelope. Raises: BlockUnreadable."""
    found = Envelope(payload, b"").invocation
    if found is None:
        raise BlockUnreadable(why="the envelope holds no chaincode call")
    return found.response


def _invocation(transaction: transactions.Transaction) -> Invocation:
    if len(transaction.actions) != 1:
        raise BlockUnreadable(why=f"{len(transaction.actions)} actions in a transaction")
    action = transactions.ChaincodeActionPayload.FromString(transaction.actions[0].payload)
    asked = proposals.ChaincodeProposalPayload.FromString(action.chaincode_proposal_payload)
    spec = chaincode.ChaincodeInvocationSpec.FromString(asked.input).chaincode_spec
    signed = action.action.proposal_response_payload
    done = proposals.ChaincodeAction.FromString(responses.ProposalResponsePayload.FromString(signed).extension)
    event = chaincode_event.ChaincodeEvent.FromString(done.events) if done.events else None
    writes, private = _written(done.results)
    return Invocation(
        args=tuple(spec.input.args),
        chaincode=spec.chaincode_id.name,
        endorsements=tuple(Endorsement(each.endorser, each.signature) for each in action.action.endorsements),
        event=event.payload if event is not None else None,
        payload=signed,
        private=private,
        response=done.response.payload,
        writes=writes,
    )


def _written(results: bytes) -> tuple[tuple[Write, ...], tuple[PrivateWrite, ...]]:
    writes: list[Write] = []
    private: list[PrivateWrite] = []
    for each in rwset.TxReadWriteSet.FromString(results).ns_rwset:
        for write in kvrwset.KVRWSet.FromString(each.rwset).writes:
            writes.append(Write(each.namespace, write.key, None if write.is_delete else write.value))
        for collection in each.collection_hashed_rwset:
            for hashed in kvrwset.HashedRWSet.FromString(collection.hashed_rwset).hashed_writes:
                value = None if hashed.is_delete else hashed.value_hash
                private.append(PrivateWrite(each.namespace, collection.collection_name, hashed.key_hash, value))
    return tuple(writes), tuple(private)
