"""One peer's stream: a single writer, one task a transaction, and each answer to the question that waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TypeAlias

import structlog
from fabric_protos.peer import chaincode_pb2 as chaincode
from fabric_protos.peer import chaincode_shim_pb2 as shim

from chainfusion.ledger.fabric.chaincode.call import Program
from chainfusion.ledger.fabric.chaincode.peer import Limits, PeerRefused

Message: TypeAlias = shim.ChaincodeMessage
Type = Message.Type
ANSWER_SECONDS = 60
"""How long a contract waits for its peer; a peer gives up on a chaincode call after 30 s by default."""
log = structlog.get_logger(__name__)


@dataclass
class PeerStream:
    """The chaincode's side of one stream.

    `messages` is what goes to the peer; gRPC draws from it in one thread, so that two transactions never write at
    once. The peer's messages are read in a thread of their own; a contract waits in a worker for its answers.
    """

    package_id: str
    program: Program
    workers: Executor
    limits: Limits = field(default_factory=Limits)
    _outgoing: SimpleQueue[Message | None] = field(default_factory=SimpleQueue)
    _waiting: dict[tuple[str, str], SimpleQueue[Message]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def messages(self, incoming: Iterable[Message]) -> Iterator[Message]:
        """Registers, then gives what is to be sent, until the peer hangs up."""
        name = chaincode.ChaincodeID(name=self.package_id).SerializeToString()
        yield Message(type=Type.REGISTER, payload=name)
        Thread(target=self._read, args=(incoming,), name="peer-stream", daemon=True).start()
        while (message := self._outgoing.get()) is not None:
            yield message

    def _read(self, incoming: Iterable[Message]) -> None:
        try:
            for message in incoming:
                self._take(message)
        except Exception as error:  # gRPC tells of a broken stream by many types
            log.warning("stream ended", error=type(error).__name__)
        finally:
            self._hang_up()

    def _take(self, message: Message) -> None:
        match message.type:
            case Type.TRANSACTION | Type.INIT:
                self._begin(message)
            case Type.RESPONSE | Type.ERROR:
                self._deliver(message)
            case Type.READY:
                self.limits = limits_in(message.payload)
            case Type.KEEPALIVE:
                self._outgoing.put(message)
            case Type.REGISTERED:
                log.info("registered", package=self.package_id)
            case _:
                log.warning("unexpected message", type=message.type)

    def _begin(self, message: Message) -> None:
        place = (message.channel_id, message.txid)
        answers: SimpleQueue[Message] = SimpleQueue()
        with self._lock:
            running = place in self._waiting
            if not running:
                self._waiting[place] = answers
        if running:
            log.warning("transaction is running already", tx_id=message.txid)
            return
        self.workers.submit(self._run, message, place, answers)

    def _run(self, message: Message, place: tuple[str, str], answers: SimpleQueue[Message]) -> None:
        def ask(kind: int, payload: bytes) -> bytes:
            self._outgoing.put(Message(type=kind, payload=payload, txid=message.txid, channel_id=message.channel_id))
            return _answer(answers, kind)

        completed = self.program.answer(message, ask, self.limits)
        with self._lock:
            self._waiting.pop(place, None)
        self._outgoing.put(completed)

    def _deliver(self, message: Message) -> None:
        with self._lock:
            waiting = self._waiting.get((message.channel_id, message.txid))
        if waiting is None:
            log.warning("answer to nobody", tx_id=message.txid, type=message.type)
            return
        waiting.put(message)

    def _hang_up(self) -> None:
        """Wakes every contract that waits, with an error, and ends the stream."""
        with self._lock:
            waiting = list(self._waiting.values())
        for answers in waiting:
            answers.put(Message(type=Type.ERROR, payload=b"the peer hung up"))
        self._outgoing.put(None)


def limits_in(payload: bytes) -> Limits:
    """What a READY message says of batches (Fabric 3.1: field 1 use_write_batch, field 2 max_size_write_batch).

    Older peers send nothing. The installed protos do not know the message, so its two numbers are read by hand.
    """
    numbers: dict[int, int] = {}
    at = 0
    while at < len(payload):
        tag, at = _varint(payload, at)
        if tag & 7:
            return Limits()
        numbers[tag >> 3], at = _varint(payload, at)
    return Limits(writes_in_a_batch=numbers.get(2, 0)) if numbers.get(1) else Limits()


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        value |= (data[at] & 0x7F) << shift
        at += 1
        if not data[at - 1] & 0x80:
            break
        shift += 7
    return value, at


def _answer(answers: SimpleQueue[Message], kind: int) -> bytes:
    question = Type.Name(kind)
    try:
        message = answers.get(timeout=ANSWER_SECONDS)
    except Empty:
        raise PeerRefused(question=question, why=f"no answer in {ANSWER_SECONDS} s") from None
    if message.type == Type.ERROR:
        raise PeerRefused(question=question, why=message.payload.decode(errors="replace")[:300])
    return bytes(message.payload)
