"""One peer's stream: one task a transaction, and each answer to the question that waits for it.

All of it happens in the one thread of the connection. A contract runs in a greenlet: where it asks its peer, the thread
goes on with the next message, and it is resumed when its answer arrives. So no transaction waits for another's peer,
nothing is locked, and no message costs a change of thread. A contract that computes for long holds up the others of its
process, as Python's interpreter lock would; servers with several processes are for that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import structlog
from fabric_protos.peer import chaincode_pb2 as chaincode
from fabric_protos.peer import chaincode_shim_pb2 as shim
from google.protobuf.message import DecodeError
from greenlet import getcurrent, greenlet

from chainfusion.ledger.fabric.chaincode.call import Program
from chainfusion.ledger.fabric.chaincode.peer import Limits, PeerRefused

Message: TypeAlias = shim.ChaincodeMessage
Type = Message.Type
ANSWER_SECONDS = 60
"""How long a contract waits for its peer; a peer gives up on a chaincode call after 30 s by default."""
log = structlog.get_logger(__name__)


@dataclass
class Running:
    """A transaction under way, and since when it waits for an answer (seconds of the monotonic clock)."""

    task: greenlet
    since: float


@dataclass
class PeerStream:
    """The chaincode's side of one stream; `send` takes what goes to the peer."""

    package_id: str
    program: Program
    send: Callable[[bytes], None]
    limits: Limits = field(default_factory=Limits)
    running: dict[tuple[str, str], Running] = field(default_factory=dict)

    def begin(self) -> None:
        """Registers."""
        name = chaincode.ChaincodeID(name=self.package_id).SerializeToString()
        self._send(Message(type=Type.REGISTER, payload=name))

    def take(self, data: bytes) -> None:
        """Does what one message of the peer asks for. What is no message is passed over."""
        try:
            message = Message.FromString(data)
        except DecodeError:
            log.warning("a message cannot be read", size=len(data))
            return
        match message.type:
            case Type.RESPONSE | Type.ERROR:
                self._deliver(message)
            case Type.TRANSACTION | Type.INIT:
                self._begin(message)
            case Type.READY:
                self.limits = limits_in(message.payload)
            case Type.KEEPALIVE:
                self._send(message)
            case Type.REGISTERED:
                log.info("registered", package=self.package_id)
            case _:
                log.warning("unexpected message", type=message.type)

    def hang_up(self, why: str = "the peer hung up") -> None:
        """Wakes every contract that waits, with an error."""
        for place in list(self.running):
            self._fail(place, why)

    def give_up(self, now: float) -> None:
        """Wakes the contracts that have waited too long for an answer."""
        for place, each in list(self.running.items()):
            if now - each.since > ANSWER_SECONDS:
                self._fail(place, f"no answer in {ANSWER_SECONDS} s")

    def _begin(self, message: Message) -> None:
        place = (message.channel_id, message.txid)
        if place in self.running:
            log.warning("transaction is running already", tx_id=message.txid)
            return
        task = greenlet(self._run)
        self.running[place] = Running(task, time.monotonic())
        task.switch(message, place)

    def _run(self, message: Message, place: tuple[str, str]) -> None:
        def ask(kind: int, payload: bytes) -> bytes:
            self._send(Message(type=kind, payload=payload, txid=message.txid, channel_id=message.channel_id))
            self.running[place].since = time.monotonic()
            return _answer(getcurrent().parent.switch(), kind)

        completed = self.program.answer(message, ask, self.limits)
        del self.running[place]
        self._send(completed)

    def _deliver(self, message: Message) -> None:
        waiting = self.running.get((message.channel_id, message.txid))
        if waiting is None:
            log.warning("answer to nobody", tx_id=message.txid, type=message.type)
            return
        waiting.task.switch(message)

    def _fail(self, place: tuple[str, str], why: str) -> None:
        """Answers for the peer, which will not: as often as the contract asks."""
        while (waiting := self.running.get(place)) is not None:
            waiting.task.switch(Message(type=Type.ERROR, payload=why.encode()))

    def _send(self, message: Message) -> None:
        self.send(message.SerializeToString())


def limits_in(payload: bytes) -> Limits:
    """What a READY message says of batches (Fabric 3.1: fields 1 use_write_batch, 2 max_size_write_batch,
    3 use_get_multiple_keys, 4 max_size_get_multiple_keys).

    Older peers send nothing. The installed protos do not know the message, so its numbers are read by hand.
    """
    numbers: dict[int, int] = {}
    at = 0
    while at < len(payload):
        tag, at = _varint(payload, at)
        if tag & 7:
            return Limits()
        numbers[tag >> 3], at = _varint(payload, at)
    return Limits(*(numbers.get(size, 0) if numbers.get(use) else 0 for use, size in ((1, 2), (3, 4))))


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        value |= (data[at] & 0x7F) << shift
        at += 1
        if not data[at - 1] & 0x80:
            break
        shift += 7
    return value, at


def _answer(message: Message, kind: int) -> bytes:
    if message.type == Type.ERROR:
        why = message.payload.decode(errors="replace")[:300]
        raise PeerRefused(question=Type.Name(kind), why=why)
    return bytes(message.payload)
