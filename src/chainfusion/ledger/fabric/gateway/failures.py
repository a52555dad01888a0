"""What a gateway's gRPC error says: its status, and what each peer or orderer that it asked answered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import grpc
from fabric_protos.gateway import gateway_pb2 as gateway
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from chainfusion.domain.errors import ChainFusionError, error_from_json
from chainfusion.ledger.fabric.chaincode.call import BROKEN, REFUSED, refusal_in
from chainfusion.ledger.fabric.gateway.refusals import PeersUnreachable
from chainfusion.ledger.port import TransactionRefused

_DETAILS = "grpc-status-details-bin"
_ANSWER = "chaincode response "
_DUPLICATE = "duplicate transaction found"
_NOT_FOUND_YET = ("no combination of peers", "no peers available", "failed to find any endorsing", "failed to select")
_DENIED = ("request unauthorized", "access denied")
_NOT_TAKEN = ("status=BAD_REQUEST", "status=FORBIDDEN", "status=REQUEST_ENTITY_TOO_LARGE", "status=NOT_FOUND")
RETRIABLE = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED})


@dataclass(frozen=True)
class Answer:
    """What one node answered that the gateway asked."""

    address: str
    msp: str
    message: str


@dataclass(frozen=True)
class Failure:
    """A failed call of the gateway."""

    status: grpc.StatusCode
    message: str
    answers: tuple[Answer, ...] = ()

    @classmethod
    def of(cls, error: grpc.RpcError) -> Failure:
        """Reads a gRPC error."""
        metadata = dict(error.trailing_metadata() or ())
        details = metadata.get(_DETAILS, b"")
        return cls(error.code(), error.details() or "", _answers(details))

    @property
    def passing(self) -> bool:
        """Whether another peer, or the same one later, may well answer."""
        return self.status in RETRIABLE and not self._is_denied

    @property
    def is_duplicate(self) -> bool:
        """Whether a peer has recorded a transaction of this id already."""
        return any(_DUPLICATE in text for text in self._texts)

    @property
    def is_unsettled(self) -> bool:
        """Whether it may pass by itself: endorsers came to different results, as they do while one of them is a block
        behind, or the members' peers do not all see each other yet."""
        if self.status is grpc.StatusCode.FAILED_PRECONDITION:
            return any(mark in text for text in self._texts for mark in _NOT_FOUND_YET)
        answered = any(_ANSWER in text for text in self._texts)
        return self.status is grpc.StatusCode.ABORTED and not answered and not self._is_denied

    @property
    def was_not_taken(self) -> bool:
        """Whether the orderers or the gateway said that they will not have this transaction, as it is."""
        if self.status is grpc.StatusCode.ABORTED:
            return any(mark in text for text in self._texts for mark in _NOT_TAKEN)
        return self.status in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.PERMISSION_DENIED)

    def refusal(self) -> ChainFusionError | None:
        """The contract's own refusal, or None where it is something else that failed."""
        for text in self._texts:
            found = _answer(text, REFUSED)
            told = None if found is None else refusal_in(found)
            if told is not None:
                return error_from_json(told)
        return None

    def refused_by(self, msp: str) -> bool:
        """Whether it was a member's own peer that passed the contract's refusal on."""
        return not self.answers or any(each.msp == msp and _ANSWER in each.message for each in self.answers)

    def error(self) -> ChainFusionError:
        """The typed error of a failure that no repetition mends."""
        refusal = self.refusal()
        if refusal is not None:
            return refusal
        if self.passing:
            return PeersUnreachable(peers=", ".join(each.address for each in self.answers) or "?", why=self.why)
        broke = any(_answer(text, BROKEN) is not None for text in self._texts)
        return TransactionRefused(reason="CONTRACT_FAILED" if broke else self.status.name, why=self.why)

    @property
    def why(self) -> str:
        """The message and what each node answered, on one line of at most 600 characters."""
        told = "; ".join(f"{each.address or each.msp}: {each.message}" for each in self.answers)
        return f"{self.message} ({told})"[:600] if told else self.message[:600]

    @property
    def _is_denied(self) -> bool:
        """Whether a peer does not let the caller in, which the gateway reports as a peer that is not there."""
        return any(mark in text for text in self._texts for mark in _DENIED)

    @property
    def _texts(self) -> tuple[str, ...]:
        return (*(each.message for each in self.answers), self.message)


def _answer(text: str, status: int) -> str | None:
    """The message of a chaincode's answer with this status, in a peer's words: `chaincode response 409, message`."""
    _, mark, found = text.partition(f"{_ANSWER}{status}, ")
    return found if mark else None


def _answers(details: bytes) -> tuple[Answer, ...]:
    try:
        status = _status().FromString(details)
        found = [gateway.ErrorDetail.FromString(each.value) for each in status.details]
    except DecodeError:
        return ()
    return tuple(Answer(each.address, each.msp_id, each.message) for each in found)


@cache
def _status() -> Any:
    """google.rpc.Status, of which only the third field (the details) matters here."""
    file = descriptor_pb2.FileDescriptorProto(name="chainfusion/status.proto", package="chainfusion", syntax="proto3")
    file.dependency.append(any_pb2.DESCRIPTOR.name)
    message = file.message_type.add(name="Status")
    field = descriptor_pb2.FieldDescriptorProto
    message.field.add(name="code", number=1, type=field.TYPE_INT32, label=field.LABEL_OPTIONAL)
    message.field.add(name="message", number=2, type=field.TYPE_STRING, label=field.LABEL_OPTIONAL)
    message.field.add(
        name="details",
        number=3,
        type=field.TYPE_MESSAGE,
        label=field.LABEL_REPEATED,
        type_name=".google.protobuf.Any",
    )
    pool = descriptor_pool.Default()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("chainfusion.Status"))
