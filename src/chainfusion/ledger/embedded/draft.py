"""A block in the making: what was ordered into it, and what to answer once it is durable."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from chainfusion.domain.errors import ChainFusionError
from chainfusion.ledger.embedded.admission import Admitted
from chainfusion.ledger.embedded.blocks import MAX_BYTES, MAX_TRANSACTIONS, Head
from chainfusion.ledger.embedded.execution import Execution
from chainfusion.ledger.embedded.membership import InForce
from chainfusion.ledger.evidence.block import BlockHeader
from chainfusion.ledger.evidence.transaction import VALID
from chainfusion.ledger.port import Receipt, TransactionState

Answer = Receipt | ChainFusionError
Answers = list[tuple[Admitted, Answer]]


@dataclass
class Draft:
    """A block in the making."""

    head: Head
    time: datetime
    ordered_under: InForce | None
    """The membership before the block, whose orderer signs it; None before the founding."""
    admitted: list[Admitted] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)
    first: dict[bytes, Admitted] = field(default_factory=dict)
    known: frozenset[bytes] = frozenset()
    """Ids among those waiting that earlier blocks have recorded."""
    size: int = 0

    def add(self, admitted: Admitted, execution: Execution) -> None:
        """Gives a transaction the next position."""
        self.first[admitted.key] = admitted
        self.admitted.append(admitted)
        self.executions.append(execution)
        self.size += execution.size

    @property
    def is_full(self) -> bool:
        """Whether the next transaction belongs in the next block."""
        return len(self.admitted) >= MAX_TRANSACTIONS or self.size >= MAX_BYTES

    def header(self, channel: str, membership: bytes) -> BlockHeader:
        """The header over what was added."""
        transactions = [admitted.transaction.leaf for admitted in self.admitted]
        outcomes = [execution.outcome for execution in self.executions]
        return self.head.header(channel, membership, self.time, transactions, outcomes)

    def receipts(self) -> Answers:
        """What to answer, once it is durable."""
        return [
            (each, receipt(admitted.proposal.tx_id, execution.code, execution.response, self.head.height))
            for admitted, execution in zip(self.admitted, self.executions, strict=True)
            for each in (admitted, *admitted.repeats)
        ]


def receipt(tx_id: str, code: str, response: bytes, block: int) -> Receipt:
    """The receipt of a recorded transaction."""
    state = TransactionState.COMMITTED if code == VALID else TransactionState.INVALID
    return Receipt(tx_id, state, code, block, response)
