"""The port to a ledger: what the node asks of any engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from chainfusion.contracts.framework.context import Modification
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.ledger.evidence.block import BlockHeader
from chainfusion.ledger.evidence.note import Note
from chainfusion.ledger.evidence.transaction import Outcome, Proposal, Transaction


class TransactionState(StrEnum):
    """Where a transaction stands."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    COMMITTED = "committed"
    INVALID = "invalid"


@dataclass(frozen=True)
class Receipt:
    """What the ledger answers of a transaction that it has recorded durably."""

    tx_id: str
    state: TransactionState
    code: str
    block: int
    response: bytes


@dataclass(frozen=True)
class CommittedTransaction:
    """A transaction with its outcome and its place."""

    transaction: Transaction
    outcome: Outcome
    response: bytes
    events: tuple[dict[str, Any], ...]
    """The event bundle: [{"name": ..., "payload": {...}}, ...]."""
    block: int
    index: int


@dataclass(frozen=True)
class Block:
    """A block with its header's signature (ECDSA P-256 by the ordering node, DER) and its transactions in order."""

    header: BlockHeader
    signature: bytes
    transactions: tuple[CommittedTransaction, ...]


@dataclass(frozen=True)
class Inclusion:
    """How a transaction hangs in the log. `leaf` (from 1) of `leaves` in its block; `path` leads to the block's root,
    and is empty where a block is hashed as a whole; `links` is the number of hashes from the block to the checkpoint,
    None where none covers it."""

    leaf: int
    leaves: int
    path: tuple[bytes, ...]
    links: int | None


class TransactionRefused(ChainFusionError):
    """A transaction that the ledger did not take: nothing was recorded."""

    code = "TRANSACTION_REFUSED"
    says = Text("The ledger refused the transaction ({reason}): {why}.", "账本拒绝该交易（{reason}）：{why}。")
    do = Text("Correct what is named and send it as a new request.", "请更正所指问题，并作为新请求提交。")


class OutcomeUnknown(ChainFusionError):
    """A transaction that was sent, and of which no peer could say in time whether it was recorded."""

    code = "OUTCOME_UNKNOWN"
    says = Text(
        "Transaction {tx_id} was sent, and after {seconds} s its outcome is not known.",
        "交易 {tx_id} 已发送，但 {seconds} 秒内无法得知结果。",
    )
    do = Text(
        "Send the same request with the same request id again: it is never applied twice.",
        "请以相同请求编号重新提交同一请求：不会重复生效。",
    )


class NotOnLedger(ChainFusionError):
    """Something asked for by id that this ledger does not have."""

    code = "NOT_ON_LEDGER"
    says = Text("This ledger has no {what} {id}.", "账本上没有{what} {id}。")
    do = Text("Check the id, and that this is the right ledger.", "请检查编号，并确认账本无误。")


class Signer(Protocol):
    """A person's or node's signing key, unlocked or to be unlocked when it first signs."""

    @property
    def msp_id(self) -> str:
        """The member's MSP id."""

    @property
    def certificate_der(self) -> bytes:
        """The certificate of the key."""

    @property
    def certificate_fingerprint(self) -> str:
        """SHA-256 of the certificate's DER, hexadecimal."""

    def sign(self, data: bytes) -> bytes:
        """ECDSA P-256 with SHA-256 over `data`: DER, low S."""


class Ledger(Protocol):
    """A ledger of one channel. All methods are safe to call from several threads."""

    @property
    def ledger_id(self) -> str:
        """First 32 hexadecimal characters of the genesis' SHA-256; the `channel` of every proposal."""

    @property
    def engine(self) -> str:
        """ "embedded" or "fabric", as evidence names it."""

    def signers(self, number: int) -> tuple[str, ...]:
        """MSP ids of the members whose nodes signed a block, where the block itself tells; () where the consortium's
        rules name the one member that orders. Raises: NotOnLedger."""

    def evaluate(self, proposal: Proposal, signer: Signer, transient: Mapping[str, bytes] | None = None) -> bytes:
        """Runs an operation on the committed state and keeps nothing. Raises: the contract's refusal,
        TransactionRefused."""

    def submit(self, proposal: Proposal, signer: Signer, transient: Mapping[str, bytes] | None = None) -> Receipt:
        """Endorses, signs, orders and records a transaction; returns when it is durable.

        A repeat (of the same nonce by the same signer) does nothing and returns the first receipt. What the contract
        refuses is not recorded; what it refuses only in its place in the order is, as INVALID.

        Raises: the contract's refusal, TransactionRefused (foreign creator, wrong channel, not in force, too large).
        """

    def recorded(self, nonce: str, signer: Signer) -> CommittedTransaction | None:
        """What the ledger has recorded for a nonce of this signer, or None."""

    def status(self, tx_id: str) -> TransactionState:
        """Where a transaction stands."""

    def height(self) -> int:
        """Number of blocks."""

    def block(self, number: int) -> Block:
        """A block by number. Raises: NotOnLedger."""

    def blocks(self, first: int, stop: int) -> Iterator[Block]:
        """The blocks from `first` up to `stop`, that one excluded, in order; their transactions carry their events.

        Raises: NotOnLedger.
        """

    def transaction(self, tx_id: str) -> CommittedTransaction:
        """A recorded transaction by id. Raises: NotOnLedger."""

    def state(self, key: str) -> bytes | None:
        """The committed value of a key."""

    def state_by_prefix(self, object_type: str, *attributes: str) -> Iterator[tuple[str, bytes]]:
        """Committed composite keys that begin with these parts, in key order."""

    def history(self, key: str) -> tuple[Modification, ...]:
        """Committed changes of a key, newest first."""

    def certificate(self, fingerprint: str) -> bytes:
        """A creator's certificate (DER) by fingerprint. Raises: NotOnLedger."""

    def inclusion(self, tx_id: str, size: int | None = None) -> Inclusion:
        """How a recorded transaction hangs in the log, up to a checkpoint of `size` blocks. Raises: NotOnLedger."""

    def note(self, size: int | None = None) -> Note:
        """The signed checkpoint of so many blocks, or the newest that is kept. Raises: NotOnLedger."""

    def keep_note(self, size: int, note: Note) -> None:
        """Keeps a signed checkpoint. Raises: LedgerUnreadable where this node may not."""

    def close(self) -> None:
        """Ends what is open."""
