"""The gateway client: a request is endorsed, signed, ordered and waited for, and never applied twice.

A request's transaction id follows from its request id, and the ledger holds an id once. So whatever is lost on the way
may be sent again under the same id; a new attempt, with a nonce that follows from the first, is made only once the
ledger has recorded the one before as invalid.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from random import SystemRandom
from threading import BoundedSemaphore

import grpc
from fabric_protos.gateway import gateway_pb2 as gateway

from chainfusion.domain.errors import ChainFusionError, require
from chainfusion.ledger.evidence.transaction import VALID, Proposal
from chainfusion.ledger.fabric.blocks.block import code_name
from chainfusion.ledger.fabric.blocks.envelope import endorsed_response
from chainfusion.ledger.fabric.gateway.failures import Failure
from chainfusion.ledger.fabric.gateway.peers import CallFailed, Deadline, Peers
from chainfusion.ledger.fabric.gateway.refusals import TooBusy, TransactionConflict
from chainfusion.ledger.fabric.gateway.signing import Prepared, attempt, prepare, prepare_call, status_request
from chainfusion.ledger.port import OutcomeUnknown, Signer, TransactionRefused

CONFLICTS = frozenset({"MVCC_READ_CONFLICT", "PHANTOM_READ_CONFLICT"})
DUPLICATE = "DUPLICATE_TXID"
_PAUSE = 0.1
_jitter = SystemRandom()


@dataclass(frozen=True)
class Settings:
    """How a client works: the channel and the chaincode; how long it waits; how much it sends at a time.

    `submit_seconds` is for a whole request with all its attempts; `commit_seconds` how long an ordered transaction is
    waited for before it is sent again, `settle_seconds` the same where it is not known whether the orderers took it;
    `endorse_seconds` how long peers that are a block apart are asked again.
    """

    channel: str
    chaincode: str = "chainfusion"
    evaluate_seconds: float = 30
    submit_seconds: float = 60
    commit_seconds: float = 10
    settle_seconds: float = 2
    endorse_seconds: float = 5
    attempts: int = 12
    in_flight: int = 256
    host: str = ""
    """The member whose peers these are, where it is another than the person's."""


@dataclass(frozen=True)
class Committed:
    """What became of a transaction. `response` is None where another sending of the same request was the recorded one;
    `fresh` tells whether this call sent it."""

    tx_id: str
    code: str
    block: int
    response: bytes | None
    fresh: bool


class _Duplicate(Exception):
    """A peer has recorded this id."""


class GatewayClient:
    """Speaks to the peers of one institution for its people. Thread-safe."""

    def __init__(self, peers: Peers, settings: Settings) -> None:
        self.settings = settings
        self.peers = peers
        self._slots = BoundedSemaphore(settings.in_flight)
        self._under_way: set[str] = set()

    def is_under_way(self, tx_id: str) -> bool:
        """Whether this client is sending a transaction, or waiting for it."""
        return tx_id in self._under_way

    # -------------------------------------------------------------- reading

    def evaluate(self, proposal: Proposal, signer: Signer, transient: Mapping[str, bytes] | None = None) -> bytes:
        """Runs a call on one peer and keeps nothing. Raises: the contract's refusal, TransactionRefused,
        PeersUnreachable."""
        settings = self.settings
        return self._evaluate(prepare_call(settings.channel, settings.chaincode, proposal, signer, transient))

    def ask(self, chaincode: str, args: Sequence[bytes], signer: Signer, organisations: Sequence[str] = ()) -> bytes:
        """Runs any chaincode's reading call on one peer, of these organisations where any are named.

        Raises: as `evaluate`.
        """
        now = (time.time_ns() // 10**9, time.time_ns() % 10**9)
        nonce = secrets.token_bytes(24)
        return self._evaluate(prepare(self.settings.channel, chaincode, args, nonce, now, signer), organisations)

    def _evaluate(self, prepared: Prepared, organisations: Sequence[str] = ()) -> bytes:
        deadline = Deadline.after(self.settings.evaluate_seconds)
        try:
            answer = self.peers.any("Evaluate", prepared.evaluate_request(organisations), deadline)
        except CallFailed as error:
            raise error.failure.error() from None
        return bytes(answer.result.payload)

    # -------------------------------------------------------------- writing

    def submit(self, proposal: Proposal, signer: Signer, transient: Mapping[str, bytes] | None = None) -> Committed:
        """Has a request endorsed, signs it, has it ordered and waits until it is recorded as valid.

        Raises: the contract's refusal, TransactionRefused, PeersUnreachable, TooBusy (nothing was recorded);
        TransactionConflict (every attempt was recorded as invalid); OutcomeUnknown (the same request may be repeated).
        """
        deadline = Deadline.after(self.settings.submit_seconds)
        made = 0
        with self._slot(deadline):
            for number in count():
                committed = self._attempt(attempt(proposal, number), signer, transient, deadline)
                if committed.code == VALID:
                    return committed
                made += committed.fresh
                self._require_worth_trying(committed, made, deadline)
                deadline.pause(_jitter.uniform(0, min(1.0, 0.02 * 2**made)))
        raise AssertionError("counting ends never")

    def _require_worth_trying(self, committed: Committed, made: int, deadline: Deadline) -> None:
        if committed.fresh and committed.code not in CONFLICTS:
            raise TransactionRefused(reason=committed.code, why=f"the peers recorded {committed.tx_id} as invalid")
        if made >= self.settings.attempts or deadline.over:
            raise TransactionConflict(attempts=made, reason=committed.code)

    def _attempt(
        self, proposal: Proposal, signer: Signer, transient: Mapping[str, bytes] | None, deadline: Deadline
    ) -> Committed:
        settings = self.settings
        prepared = prepare_call(settings.channel, settings.chaincode, proposal, signer, transient)
        self._under_way.add(prepared.tx_id)
        try:
            return self._carried_through(prepared, signer, deadline)
        except _Duplicate:
            first = self._awaited(prepared, signer, deadline)
            return Committed(prepared.tx_id, code_name(first.result), first.block_number, None, fresh=False)
        finally:
            self._under_way.discard(prepared.tx_id)

    def _carried_through(self, prepared: Prepared, signer: Signer, deadline: Deadline) -> Committed:
        endorsed = self._endorsed(prepared, self.settings.host or signer.msp_id, deadline)
        request = prepared.submit_request(endorsed.prepared_transaction, signer)
        found = self._ordered(request, prepared, signer, deadline)
        code = code_name(found.result)
        if code == DUPLICATE:
            raise _Duplicate
        response = endorsed_response(request.prepared_transaction.payload)
        return Committed(prepared.tx_id, code, found.block_number, response, fresh=True)

    def _endorsed(self, prepared: Prepared, msp: str, deadline: Deadline) -> gateway.EndorseResponse:
        """The endorsed transaction. Peers that are a block apart differ for a moment, and are asked again."""
        patience = Deadline.after(min(self.settings.endorse_seconds, deadline.left))
        request = prepared.endorse_request()
        while True:
            try:
                return self.peers.any("Endorse", request, deadline)
            except CallFailed as error:
                failure = error.failure
            if failure.is_duplicate:
                raise _Duplicate from None
            if patience.over or not _may_settle(failure, msp):
                raise failure.error()
            patience.pause(_PAUSE)

    def _ordered(
        self, request: gateway.SubmitRequest, prepared: Prepared, signer: Signer, deadline: Deadline
    ) -> gateway.CommitStatusResponse:
        """Sends a signed transaction until the ledger has it; before it is sent again, its status is asked for."""
        first = True
        while not deadline.over:
            sent = self._sent(request, deadline, first)
            seconds = self.settings.commit_seconds if sent else self.settings.settle_seconds
            found = self._status(prepared, signer, Deadline.after(min(seconds, deadline.left)))
            if found is not None:
                return found
            first = False
        raise OutcomeUnknown(tx_id=prepared.tx_id, seconds=round(deadline.seconds))

    def _sent(self, request: gateway.SubmitRequest, deadline: Deadline, first: bool) -> bool:
        """Whether the orderers said that they took it; False where that is not known."""
        try:
            self.peers.call("Submit", request, min(deadline.left, self.settings.commit_seconds))
        except CallFailed as error:
            if first and error.failure.was_not_taken:
                raise error.failure.error() from None
            return False
        return True

    def _awaited(self, prepared: Prepared, signer: Signer, deadline: Deadline) -> gateway.CommitStatusResponse:
        found = self._status(prepared, signer, deadline)
        if found is None:
            raise OutcomeUnknown(tx_id=prepared.tx_id, seconds=round(deadline.seconds))
        return found

    def _status(self, prepared: Prepared, signer: Signer, limit: Deadline) -> gateway.CommitStatusResponse | None:
        """What the ledger says of a transaction, waiting for it until the limit; None where it does not say."""
        request = status_request(prepared.channel, prepared.tx_id, signer)
        while True:
            try:
                return self.peers.call("CommitStatus", request, limit.left)
            except CallFailed as error:
                if error.failure.status in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.INVALID_ARGUMENT):
                    raise error.failure.error() from None
            if limit.left <= _PAUSE:
                return None
            limit.pause(_PAUSE)

    @contextmanager
    def _slot(self, deadline: Deadline) -> Iterator[None]:
        """A place among those in flight: whoever comes when all are taken waits for one."""
        free: ChainFusionError = TooBusy(limit=self.settings.in_flight)
        require(self._slots.acquire(timeout=deadline.left), free)
        try:
            yield
        finally:
            self._slots.release()


def _may_settle(failure: Failure, msp: str) -> bool:
    """Whether asking again may help: endorsers differ, none was found, or another member's peer refused what ours
    has just endorsed."""
    if failure.refusal() is not None:
        return not failure.refused_by(msp)
    return failure.is_unsettled
