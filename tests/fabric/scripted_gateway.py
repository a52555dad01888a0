"""A gateway that does what its script says: one peer's chaincode run in this process, blocks in a list, faults at will.

It checks what a client sends as a peer would (signatures, ids, repeats), keeps state, and answers `qscc`. It orders
each transaction into a block of its own. `faults[method]` holds what is to happen in the next calls of that method.
"""

from __future__ import annotations

import hashlib
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc
from cryptography import x509
from fabric_protos.common import common_pb2 as common
from fabric_protos.common import ledger_pb2 as chain
from fabric_protos.gateway import gateway_pb2 as gateway
from fabric_protos.gateway import gateway_pb2_grpc as services
from fabric_protos.ledger.rwset import rwset_pb2 as rwset
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2 as kvrwset
from fabric_protos.msp import identities_pb2 as identities
from fabric_protos.peer import chaincode_pb2 as chaincode
from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_protos.peer import proposal_pb2 as proposals
from fabric_protos.peer import proposal_response_pb2 as responses
from fabric_protos.peer import transaction_pb2 as transactions
from google.protobuf import any_pb2

from chainfusion.ledger.evidence.signatures import verify_p256
from chainfusion.ledger.fabric.blocks.block import FabricBlock
from chainfusion.ledger.fabric.chaincode.call import Program
from chainfusion.ledger.fabric.chaincode.peer import Limits
from chainfusion.ledger.fabric.gateway.failures import _status
from tests.fabric.scripted_state import State

CODES = transactions.TxValidationCode
Fault = Callable[[Any], None]
"""Called with the gRPC context instead of the method; what it returns from is then served as usual."""


def fails(status: grpc.StatusCode, message: str = "scripted", *answers: tuple[str, str]) -> Fault:
    """A fault: the call ends with this status, and with these (msp, message) as what nodes answered."""

    def fault(context: Any) -> None:
        abort(context, status, message, *answers)

    return fault


def abort(context: Any, status: grpc.StatusCode, message: str, *answers: tuple[str, str]) -> None:
    """Ends a call as Fabric's gateway does, with details."""
    found = _status()(code=status.value[0], message=message)
    for msp, text in answers:
        detail = any_pb2.Any()
        detail.Pack(gateway.ErrorDetail(address=f"peer.{msp}:7051", msp_id=msp, message=text))
        found.details.append(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", found.SerializeToString()),))
    context.abort(status, message)


@dataclass
class Chain:
    """What all peers share: blocks, state, and codes that the next transactions are to be given."""

    program: Program
    blocks: list[common.Block] = field(default_factory=list)
    state: State = field(default_factory=State)
    codes: deque[str] = field(default_factory=deque)
    lost: int = 0
    """How many of the next transactions the orderers lose, though they say that they took them."""
    ordered: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def find(self, tx_id: str) -> tuple[common.Block, str] | None:
        """The first block with a transaction, and its code."""
        for block in self.blocks:
            read = FabricBlock.parse(block.SerializeToString())
            if read.transactions and read.transactions[0].header.tx_id == tx_id:
                return block, read.codes[0]
        return None

    def order(self, tx_id: str, envelope: common.Envelope) -> None:
        """Makes a block of a transaction, unless it is to be lost."""
        with self.lock:
            self.ordered.append(tx_id)
            if self.lost:
                self.lost -= 1
                return
            duplicate = self.find(tx_id) is not None
            code = "DUPLICATE_TXID" if duplicate else self.codes.popleft() if self.codes else "VALID"
            self._append(envelope.SerializeToString(), code)
            if code == "VALID":
                self.state.commit(tx_id)

    def _append(self, data: bytes, code: str) -> None:
        previous = FabricBlock.parse(self.blocks[-1].SerializeToString()).hash if self.blocks else b""
        header = common.BlockHeader(
            number=len(self.blocks), previous_hash=previous, data_hash=hashlib.sha256(data).digest()
        )
        block = common.Block(header=header, data=common.BlockData(data=[data]))
        signed = common.Metadata(signatures=[common.MetadataSignature(signature=b"an orderer's")])
        block.metadata.metadata.extend([signed.SerializeToString(), b"", bytes([CODES.Value(code)]), b"", b""])
        self.blocks.append(block)


class ScriptedGateway(services.GatewayServicer):  # type: ignore[misc]
    """One peer's gateway on a chain."""

    def __init__(self, chain: Chain, msp: str) -> None:
        self.chain, self.msp = chain, msp
        self.faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self.after: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self.calls: list[str] = []
        self.targets: list[tuple[str, ...]] = []
        self._server = grpc.server(ThreadPoolExecutor(32))
        services.add_GatewayServicer_to_server(self, self._server)
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._server.stop(0).wait()

    # ---------------------------------------------------------------- service

    def Evaluate(self, request: Any, context: Any) -> Any:
        self._enter("Evaluate", context)
        self.targets.append(tuple(request.target_organizations))
        args, name = _checked(request.proposed_transaction, request.transaction_id)
        if name == "qscc":
            return gateway.EvaluateResponse(result=responses.Response(status=200, payload=self._qscc(args, context)))
        response, _ = self._run(request, context)
        return gateway.EvaluateResponse(result=response)

    def Endorse(self, request: Any, context: Any) -> Any:
        self._enter("Endorse", context)
        if self.chain.find(request.transaction_id):
            text = f"duplicate transaction found [{request.transaction_id}]. Creator [0a]"
            abort(context, grpc.StatusCode.ABORTED, "failed to endorse transaction", (self.msp, text))
        response, event = self._run(request, context)
        proposal = proposals.Proposal.FromString(request.proposed_transaction.proposal_bytes)
        payload = _transaction(proposal, response, event, self.chain.state.drafts[request.transaction_id])
        self._leave("Endorse", context)
        return gateway.EndorseResponse(prepared_transaction=common.Envelope(payload=payload))

    def Submit(self, request: Any, context: Any) -> Any:
        self._enter("Submit", context)
        envelope = request.prepared_transaction
        creator = common.SignatureHeader.FromString(
            common.Payload.FromString(envelope.payload).header.signature_header
        ).creator
        _verify(creator, envelope.signature, envelope.payload)
        self.chain.order(request.transaction_id, envelope)
        self._leave("Submit", context)
        return gateway.SubmitResponse()

    def CommitStatus(self, request: Any, context: Any) -> Any:
        self._enter("CommitStatus", context)
        asked = gateway.CommitStatusRequest.FromString(request.request)
        _verify(asked.identity, request.signature, request.request)
        while context.is_active():
            found = self.chain.find(asked.transaction_id)
            if found is not None:
                code = CODES.Value(found[1])
                return gateway.CommitStatusResponse(result=code, block_number=found[0].header.number)
            threading.Event().wait(0.02)
        return gateway.CommitStatusResponse()

    def ChaincodeEvents(self, request: Any, context: Any) -> Iterator[Any]:
        asked = gateway.ChaincodeEventsRequest.FromString(request.request)
        _verify(asked.identity, request.signature, request.request)
        start = self.chain.find(asked.after_transaction_id) if asked.after_transaction_id else None
        number = start[0].header.number + 1 if start else asked.start_position.specified.number
        while context.is_active():
            self._enter("ChaincodeEvents", context)
            if number >= len(self.chain.blocks):
                threading.Event().wait(0.02)
                continue
            read = FabricBlock.parse(self.chain.blocks[number].SerializeToString())
            invocation = read.transactions[0].invocation
            if read.codes[0] == "VALID" and invocation is not None and invocation.event is not None:
                answer = gateway.ChaincodeEventsResponse(block_number=number)
                answer.events.add(tx_id=read.transactions[0].header.tx_id, payload=invocation.event)
                yield answer
            number += 1

    # ---------------------------------------------------------------- inside

    def _enter(self, method: str, context: Any) -> None:
        self.calls.append(method)
        if self.faults[method]:
            self.faults[method].popleft()(context)

    def _leave(self, method: str, context: Any) -> None:
        if self.after[method]:
            self.after[method].popleft()(context)

    def _run(self, request: Any, context: Any) -> tuple[responses.Response, bytes]:
        args, _ = _checked(request.proposed_transaction, request.transaction_id)
        message = shim.ChaincodeMessage(
            type=shim.ChaincodeMessage.Type.TRANSACTION,
            txid=request.transaction_id,
            channel_id=request.channel_id,
            payload=chaincode.ChaincodeInput(args=args).SerializeToString(),
            proposal=request.proposed_transaction,
        )
        ask = self.chain.state.asked_by(request.transaction_id)
        done = self.chain.program.answer(message, ask, Limits(writes_in_a_batch=1000))
        response = responses.Response.FromString(done.payload)
        if response.status >= 400:
            text = f"chaincode response {response.status}, {response.message}"
            abort(context, grpc.StatusCode.UNKNOWN, f"evaluate call returned error: {text}", (self.msp, text))
        event = done.chaincode_event.SerializeToString() if done.HasField("chaincode_event") else b""
        return response, event

    def _qscc(self, args: list[bytes], context: Any) -> bytes:
        words = [each.decode() for each in args]
        assert words[1] == "chan"
        blocks = self.chain.blocks
        if words[0] == "GetChainInfo":
            return bytes(chain.BlockchainInfo(height=len(blocks)).SerializeToString())
        if words[0] == "GetBlockByNumber" and int(words[2]) < len(blocks):
            return bytes(blocks[int(words[2])].SerializeToString())
        found = self.chain.find(words[2]) if words[0] == "GetBlockByTxID" else None
        if found is None:
            text = f"Failed, error no such {'transaction ID' if 'Tx' in words[0] else 'block number'} [x] in index"
            abort(context, grpc.StatusCode.ABORTED, "failed to evaluate transaction", (self.msp, text))
        assert found is not None
        return bytes(found[0].SerializeToString())


def _checked(signed: Any, tx_id: str) -> tuple[list[bytes], str]:
    proposal = proposals.Proposal.FromString(signed.proposal_bytes)
    header = common.Header.FromString(proposal.header)
    signer = common.SignatureHeader.FromString(header.signature_header)
    stated = common.ChannelHeader.FromString(header.channel_header).tx_id
    assert stated == tx_id == hashlib.sha256(signer.nonce + signer.creator).hexdigest()
    assert len(signer.nonce) == 24
    _verify(signer.creator, signed.signature, signed.proposal_bytes)
    payload = proposals.ChaincodeProposalPayload.FromString(proposal.payload)
    spec = chaincode.ChaincodeInvocationSpec.FromString(payload.input).chaincode_spec
    return list(spec.input.args), spec.chaincode_id.name


def _verify(creator: bytes, signature: bytes, data: bytes) -> None:
    identity = identities.SerializedIdentity.FromString(creator)
    key: Any = x509.load_pem_x509_certificate(identity.id_bytes).public_key()
    verify_p256(key, signature, data)


def _transaction(
    proposal: proposals.Proposal, response: responses.Response, event: bytes, records: list[shim.WriteRecord]
) -> bytes:
    """The payload of an envelope, as a gateway assembles it."""
    deletes = shim.WriteRecord.Type.DEL_STATE
    public = [each for each in records if not each.collection]
    writes = [kvrwset.KVWrite(key=each.key, value=each.value, is_delete=each.type == deletes) for each in public]
    space = rwset.NsReadWriteSet(namespace="chainfusion", rwset=kvrwset.KVRWSet(writes=writes).SerializeToString())
    for each in records:
        if each.collection:
            key, value = (hashlib.sha256(data).digest() for data in (each.key.encode(), each.value))
            hashed = kvrwset.HashedRWSet()
            hashed.hashed_writes.add(key_hash=key, value_hash=value, is_delete=each.type == deletes)
            space.collection_hashed_rwset.add(collection_name=each.collection, hashed_rwset=hashed.SerializeToString())
    action = proposals.ChaincodeAction(
        results=rwset.TxReadWriteSet(ns_rwset=[space]).SerializeToString(), events=event, response=response
    )
    answered = responses.ProposalResponsePayload(extension=action.SerializeToString())
    asked = proposals.ChaincodeProposalPayload.FromString(proposal.payload)
    asked.TransientMap.clear()
    endorsed = transactions.ChaincodeEndorsedAction(
        proposal_response_payload=answered.SerializeToString(),
        endorsements=[responses.Endorsement(endorser=b"an endorser", signature=b"its signature")],
    )
    inside = transactions.ChaincodeActionPayload(chaincode_proposal_payload=asked.SerializeToString(), action=endorsed)
    header = common.Header.FromString(proposal.header)
    actions = [transactions.TransactionAction(header=header.signature_header, payload=inside.SerializeToString())]
    data = transactions.Transaction(actions=actions).SerializeToString()
    return bytes(common.Payload(header=header, data=data).SerializeToString())
