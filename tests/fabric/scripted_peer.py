"""A peer that speaks the shim's protocol as its script says: to a real chaincode server, over gRPC."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import grpc
from fabric_protos.peer import chaincode_pb2 as chaincode
from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_protos.peer import chaincode_shim_pb2_grpc as services
from fabric_protos.peer import proposal_response_pb2 as responses

from chainfusion.ledger.evidence.transaction import Proposal
from chainfusion.ledger.fabric.chaincode.call import Call
from chainfusion.ledger.fabric.gateway.signing import prepare_call
from chainfusion.node.identity.signer import Signer
from tests.fabric.scripted_state import State

Message = shim.ChaincodeMessage
Type = Message.Type
PATIENCE = 10
LARGE = 100 * 1024 * 1024
BATCHES = b"\x08\x01\x10\x02"
"""A READY payload of Fabric 3.1: write batches, of two records at most."""
TOGETHER = b"\x18\x01\x20\x03"
"""A READY payload of Fabric 3.1: three keys at most in a question."""


class ScriptedPeer:
    """One stream to a chaincode server. What the chaincode sends comes out of `next`."""

    def __init__(self, address: str, credentials: grpc.ChannelCredentials | None = None, ready: bytes = b"") -> None:
        options = (("grpc.max_receive_message_length", LARGE), ("grpc.max_send_message_length", LARGE))
        if credentials is None:
            self._channel = grpc.insecure_channel(address, options)
        else:
            self._channel = grpc.secure_channel(address, credentials, options)
        self._outgoing: SimpleQueue[Message | None] = SimpleQueue()
        self._incoming: SimpleQueue[Message | grpc.RpcError] = SimpleQueue()
        self.stream = services.ChaincodeStub(self._channel).Connect(iter(self._outgoing.get, None))
        Thread(target=self._read, daemon=True).start()
        self.registered = self.next()
        self.send(Message(type=Type.REGISTERED))
        self.send(Message(type=Type.READY, payload=ready))

    def _read(self) -> None:
        try:
            for message in self.stream:
                self._incoming.put(message)
        except grpc.RpcError as error:
            self._incoming.put(error)

    def send(self, message: Message) -> None:
        self._outgoing.put(message)

    def next(self, seconds: float = PATIENCE) -> Message:
        """The chaincode's next message. Raises: grpc.RpcError where the stream broke, Empty where it is silent."""
        found = self._incoming.get(timeout=seconds)
        if isinstance(found, grpc.RpcError):
            raise found
        return found

    def is_silent(self, seconds: float = 0.3) -> bool:
        try:
            self.next(seconds)
        except Empty:
            return True
        return False

    def begin(self, proposal: Proposal, signer: Signer, transient: Any = None, args: list[bytes] | None = None) -> str:
        """Sends a TRANSACTION; returns its id."""
        prepared = prepare_call("chan", "chainfusion", proposal, signer, transient)
        call = Call(proposal.contract, proposal.version, proposal.operation, proposal.args, proposal.transient)
        payload = chaincode.ChaincodeInput(args=args if args is not None else call.args).SerializeToString()
        self.send(
            Message(
                type=Type.TRANSACTION,
                payload=payload,
                txid=prepared.tx_id,
                channel_id="chan",
                proposal=prepared.signed,
            )
        )
        return prepared.tx_id

    def answer(self, question: Message, payload: bytes = b"", kind: int = Type.RESPONSE) -> None:
        """Answers a question."""
        self.send(Message(type=kind, payload=payload, txid=question.txid, channel_id=question.channel_id))

    def serve(self, state: State, count: int = 1, seen: list[Message] | None = None) -> dict[str, Message]:
        """Answers questions from a state until so many transactions are COMPLETED."""
        asks: dict[str, Callable[[int, bytes], bytes]] = {}
        done: dict[str, Message] = {}
        while len(done) < count:
            message = self.next()
            if seen is not None:
                seen.append(message)
            if message.type == Type.COMPLETED:
                done[message.txid] = message
                continue
            if message.txid not in asks:
                asks[message.txid] = state.asked_by(message.txid)
            self.answer(message, asks[message.txid](message.type, message.payload))
        return done

    def run(self, state: State, proposal: Proposal, signer: Signer, **given: Any) -> responses.Response:
        """One transaction from its beginning to its response."""
        tx_id = self.begin(proposal, signer, **given)
        return response_of(self.serve(state)[tx_id])

    def hang_up(self) -> None:
        """Ends the stream, whatever is under way."""
        self._outgoing.put(None)
        self.stream.cancel()
        self._channel.close()


def response_of(completed: Message) -> responses.Response:
    """What a COMPLETED message carries."""
    assert completed.type == Type.COMPLETED
    return responses.Response.FromString(completed.payload)


def kinds(messages: Iterator[Message] | list[Message]) -> list[str]:
    """The names of message types."""
    return [Type.Name(each.type) for each in messages]
