"""A person at work: the ledger that the member uses and the key that the person signs with."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chainfusion.contracts.framework import Registry
from chainfusion.domain.errors import ChainFusionError, Text, error_from_json, require
from chainfusion.domain.records import to_json
from chainfusion.ledger.evidence.transaction import Creator, Proposal, nonce_of, transient_digest
from chainfusion.ledger.port import CommittedTransaction, Ledger, Receipt, Signer, TransactionState


class RequestReused(ChainFusionError):
    """A request id that stands for another call already."""

    code = "REQUEST_REUSED"
    says = Text(
        "Request id {request} was already used for {operation} with other arguments.",
        "请求编号 {request} 已用于 {operation}，且参数不同。",
    )
    do = Text("Use a new request id for a new request.", "新的请求请使用新的请求编号。")


class PeerBehind(ChainFusionError):
    """A block that others have, and that the own peer did not get in time."""

    code = "PEER_BEHIND"
    says = Text(
        "Block {block} did not reach this node's ledger within {seconds} s; it has {height} blocks.",
        "区块 {block} 在 {seconds} 秒内未到达本节点账本；现有 {height} 个区块。",
    )
    do = Text("See that the own peer runs and is connected, then repeat.", "请确认本机构对等节点在运行且已联网。")


PATIENCE_SECONDS = 30
_SHORTEST, _LONGEST = 0.005, 0.25


def _now() -> datetime:
    return datetime.now(UTC)


def _nothing(receipt: Receipt) -> None:
    """Nobody waits for it."""


@dataclass(frozen=True)
class Session:
    """Signs and sends contract calls for one person, and reads the ledger as that person.

    `recorded` is told of every call that was recorded, before the caller is.
    """

    ledger: Ledger
    registry: Registry
    signer: Signer
    clock: Callable[[], datetime] = _now
    recorded: Callable[[Receipt], None] = _nothing

    @property
    def msp(self) -> str:
        """The member that the person works for."""
        return self.signer.msp_id

    def query(self, operation: str, **arguments: Any) -> Any:
        """The JSON answer of a reading operation ("deal.show"). Raises: the contract's typed refusal."""
        proposal = self._propose(operation, arguments, secrets.token_hex(24), None)
        return json.loads(self.ledger.evaluate(proposal, self.signer))

    def check(self, operation: str, **arguments: Any) -> None:
        """Asks whether a call would be accepted now, and records nothing. Raises: the contract's typed refusal."""
        proposal = self._propose(operation, arguments, secrets.token_hex(24), None)
        self.ledger.evaluate(proposal, self.signer)

    def call(
        self,
        operation: str,
        *,
        request: str | None = None,
        transient: Mapping[str, bytes] | None = None,
        **arguments: Any,
    ) -> Receipt:
        """Has one call endorsed, signs and submits it; returns when it is recorded durably.

        `request` is the caller's id for this request: a repeat returns the first receipt and does nothing. Arguments
        are records or JSON values.

        Raises: the contract's typed refusal (nothing is recorded), RequestReused, TransactionRefused.
        """
        transient = dict(transient or {})
        nonce = nonce_of(request) if request else secrets.token_hex(24)
        proposal = self._propose(operation, arguments, nonce, transient_digest(transient))
        first = self.first(request)
        if first is not None:
            return _first_receipt(first, proposal, str(request))
        receipt = accepted(self.ledger.submit(proposal, self.signer, transient))
        self.recorded(receipt)
        return receipt

    def await_block(self, block: int, seconds: float = PATIENCE_SECONDS) -> None:
        """Waits until this node's ledger has a block that somebody spoke of: peers come to it one after the other.

        Raises: PeerBehind.
        """
        end, pause = time.monotonic() + seconds, _SHORTEST
        while (height := self.ledger.height()) <= block:
            require(time.monotonic() < end, PeerBehind(block=block, seconds=round(seconds), height=height))
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST)

    def repeated(self, request: str | None) -> Receipt | None:
        """The receipt of a request that this person has made before, or None.

        Raises: what the contract refused at that time, where it was recorded as invalid.
        """
        first = self.first(request)
        return None if first is None else accepted(receipt_of(first))

    def first(self, request: str | None) -> CommittedTransaction | None:
        """The transaction that was recorded for a request of this person, or None."""
        return None if request is None else self.ledger.recorded(nonce_of(request), self.signer)

    def _propose(self, operation: str, arguments: dict[str, Any], nonce: str, transient: str | None) -> Proposal:
        contract, _, name = operation.partition(".")
        return Proposal(
            args={key: to_json(value) for key, value in arguments.items()},
            channel=self.ledger.ledger_id,
            contract=contract,
            creator=Creator(self.signer.msp_id, self.signer.certificate_fingerprint),
            nonce=nonce,
            operation=name,
            time=self.clock(),
            transient=transient,
            version=self.registry.in_force(contract).version,
        )


def _first_receipt(first: CommittedTransaction, proposal: Proposal, request: str) -> Receipt:
    before = first.transaction.proposal
    reused = RequestReused(request=request, operation=f"{before.contract}.{before.operation}")
    require(before.asks_as(proposal), reused)
    return accepted(receipt_of(first))


def accepted(receipt: Receipt) -> Receipt:
    """The receipt of a valid transaction. Raises: the contract's refusal of one that was recorded as invalid."""
    if receipt.state is TransactionState.INVALID:
        raise error_from_json(json.loads(receipt.response))
    return receipt


def receipt_of(committed: CommittedTransaction) -> Receipt:
    """The receipt that stands for a recorded transaction."""
    valid = committed.outcome.code == "VALID"
    return Receipt(
        tx_id=committed.transaction.proposal.tx_id,
        state=TransactionState.COMMITTED if valid else TransactionState.INVALID,
        code=committed.outcome.code,
        block=committed.block,
        response=committed.response,
    )
