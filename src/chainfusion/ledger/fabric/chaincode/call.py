"""One transaction: what was asked, by whom; the contract run; and the answer that the peer endorses."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fabric_protos.common import common_pb2 as common
from fabric_protos.msp import identities_pb2 as identities
from fabric_protos.peer import chaincode_event_pb2 as chaincode_event
from fabric_protos.peer import chaincode_pb2 as chaincode
from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_protos.peer import proposal_pb2 as proposals
from fabric_protos.peer import proposal_response_pb2 as responses
from google.protobuf.message import DecodeError

from chainfusion.contracts.framework import Caller, Operation, Registry
from chainfusion.domain.canonical import canonical, parse_canonical
from chainfusion.domain.encoding import encoded
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.records import to_json
from chainfusion.ledger.evidence.certificates import Certificate
from chainfusion.ledger.evidence.transaction import transient_digest
from chainfusion.ledger.fabric.chaincode.context import FabricContext, utc_of
from chainfusion.ledger.fabric.chaincode.metrics import Metrics
from chainfusion.ledger.fabric.chaincode.peer import Ask, Limits, Peer
from chainfusion.ledger.fabric.chaincode.reading import reading

OK, REFUSED, BROKEN = 200, 409, 500
"""Response statuses: done; refused by the contract, with its error as message; the contract broke."""
EVENT = "chainfusion"
RESERVED = Registry(reading)
"""What every chaincode of ours offers beside its contracts, under names that no contract can take."""
log = structlog.get_logger(__name__)


class CallMalformed(ChainFusionError):
    """A transaction whose arguments are not a contract call."""

    code = "CALL_MALFORMED"
    says = Text("This is not a contract call: {why}.", "这不是合约调用：{why}。")
    do = Text("Call with contract@version.operation and canonical arguments.", "请以 合约@版本.操作 及规范参数调用。")


@dataclass(frozen=True)
class Call:
    """A contract call as the chaincode's arguments carry it: b"pool@1.register", canonical JSON, and the digest of the
    transient input (hexadecimal) where there is any, since Fabric itself records nothing of that."""

    contract: str
    version: int
    operation: str
    arguments: dict[str, Any]
    transient: str | None = None

    @classmethod
    def of(cls, args: list[bytes]) -> Call:
        """Reads chaincode arguments. Raises: CallMalformed, NotCanonical."""
        require(len(args) in (2, 3), CallMalformed(why=f"{len(args)} arguments instead of two or three"))
        name, _, operation = args[0].decode(errors="replace").partition(".")
        contract, _, version = name.partition("@")
        fits = version.isascii() and version.isdigit() and len(version) < 7 and bool(contract and operation)
        require(fits, CallMalformed(why=f"{args[0][:80]!r} is not contract@version.operation"))
        arguments = parse_canonical(args[1])
        require(isinstance(arguments, dict), CallMalformed(why="the arguments are not an object"))
        transient = args[2].decode(errors="replace") if len(args) == 3 else None
        return cls(contract, int(version), operation, arguments, transient)

    @property
    def args(self) -> list[bytes]:
        """The chaincode's arguments."""
        name = f"{self.contract}@{self.version}.{self.operation}".encode()
        return [name, canonical(self.arguments), *([self.transient.encode()] if self.transient else [])]


@dataclass(frozen=True)
class Envelope:
    """What the signed proposal says beside the arguments: who, when, with which transient input."""

    caller: Caller
    timestamp: datetime
    transient: Mapping[str, bytes]

    @classmethod
    def of(cls, signed: proposals.SignedProposal) -> Envelope:
        """Reads a signed proposal, whose signature the peer has checked. Raises: CallMalformed, CertificateRefused."""
        try:
            proposal = proposals.Proposal.FromString(signed.proposal_bytes)
            header = common.Header.FromString(proposal.header)
            channel = common.ChannelHeader.FromString(header.channel_header)
            creator = common.SignatureHeader.FromString(header.signature_header).creator
            payload = proposals.ChaincodeProposalPayload.FromString(proposal.payload)
        except DecodeError as error:
            raise CallMalformed(why=f"the proposal cannot be read: {error}") from None
        time = utc_of(channel.timestamp.seconds, channel.timestamp.nanos)
        return cls(caller_of(creator), time, dict(payload.TransientMap))


@dataclass(frozen=True)
class Ground:
    """What differs from channel to channel: the ledger's id, and the private collections with their members."""

    ledger_id: str
    collections: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Program:
    """What this chaincode runs: the contracts, the ledger's id, the private collections; and what it counts.

    `further` are channels beside the first, by name.
    """

    registry: Registry
    ledger_id: str
    collections: Mapping[str, frozenset[str]] = field(default_factory=dict)
    metrics: Metrics = field(default_factory=Metrics, compare=False)
    further: Mapping[str, Ground] = field(default_factory=dict)

    def ground(self, channel: str) -> Ground:
        """What the contracts stand on in a channel."""
        return self.further.get(channel) or Ground(self.ledger_id, self.collections)

    def answer(self, message: shim.ChaincodeMessage, ask: Ask, limits: Limits) -> shim.ChaincodeMessage:
        """Runs a TRANSACTION message to the COMPLETED message that answers it. Never raises."""
        begun, run = time.monotonic(), _Run(self, message, Peer(ask, limits))
        response = run.response()
        self.metrics.ended(run.operation, response.status, time.monotonic() - begun, run.peer.questions)
        return shim.ChaincodeMessage(
            type=shim.ChaincodeMessage.Type.COMPLETED,
            txid=message.txid,
            channel_id=message.channel_id,
            payload=response.SerializeToString(),
            chaincode_event=run.event,
        )

    def operation(self, call: Call) -> Operation:
        """What a call names; what writes must be of the version in force. Raises: UnknownOperation,
        VersionNotInForce."""
        if call.contract == reading.name:
            return RESERVED.operation(call.contract, call.version, call.operation)
        operation = self.registry.operation(call.contract, call.version, call.operation)
        if not operation.reads_only:
            self.registry.require_in_force(call.contract, call.version)
        return operation


@dataclass
class _Run:
    """One run of a program."""

    program: Program
    message: shim.ChaincodeMessage
    peer: Peer
    operation: str = "unknown"
    """`contract@version.operation`, once it is known to be one of ours."""
    event: chaincode_event.ChaincodeEvent | None = None

    def response(self) -> responses.Response:
        """The response, whatever happens; where it is not OK there is no event."""
        try:
            return responses.Response(status=OK, payload=self._payload())
        except ChainFusionError as error:
            return responses.Response(status=REFUSED, message=canonical(to_json(error.to_json())).decode())
        except Exception as error:  # a contract that breaks is an answer too; what it saw stays out of the log
            log.error("contract broke", tx_id=self.message.txid, error=type(error).__name__)  # noqa: TRY400
            return responses.Response(status=BROKEN, message=f"the contract broke with {type(error).__name__}")

    def _payload(self) -> bytes:
        message, program = self.message, self.program
        call = Call.of(list(chaincode.ChaincodeInput.FromString(message.payload).args))
        envelope = Envelope.of(message.proposal)
        same = call.transient == transient_digest(dict(envelope.transient))
        require(same, CallMalformed(why="the transient input is not the one that was signed"))
        ground = program.ground(message.channel_id)
        ctx = FabricContext(
            self.peer,
            ground.ledger_id,
            message.txid,
            envelope.timestamp,
            envelope.caller,
            envelope.transient,
            ground.collections,
            len(message.payload) + sum(map(len, envelope.transient.values())),
        )
        operation = program.operation(call)
        self.operation = f"{call.contract}@{call.version}.{call.operation}"
        payload = encoded(operation.invoke(ctx, call.arguments))
        ctx.grow(len(payload))
        ctx.hand_over()
        self.event = _event(message.txid, ctx.events)
        return payload


@lru_cache(maxsize=1024)
def caller_of(creator: bytes) -> Caller:
    """Who a serialized identity says that it is. Raises: CallMalformed, CertificateRefused."""
    try:
        identity = identities.SerializedIdentity.FromString(creator)
        der = x509.load_pem_x509_certificate(identity.id_bytes).public_bytes(Encoding.DER)
    except (DecodeError, ValueError) as error:
        raise CallMalformed(why=f"the creator cannot be read: {error}") from None
    certificate = Certificate.from_der(der)
    return Caller(identity.mspid, certificate.subject, certificate.roles, certificate.fingerprint)


def refusal_in(message: str) -> dict[str, Any] | None:
    """The error that a refused call's message carries, as JSON values; None where it is no contract's refusal."""
    try:
        found = json.loads(message)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "code" in found else None


def _event(tx_id: str, bundle: bytes | None) -> chaincode_event.ChaincodeEvent | None:
    if bundle is None:
        return None
    return chaincode_event.ChaincodeEvent(tx_id=tx_id, event_name=EVENT, payload=bundle)
