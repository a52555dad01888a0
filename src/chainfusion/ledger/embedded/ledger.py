"""The embedded ledger: the port's calls on one file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

from chainfusion.contracts.framework import Registry
from chainfusion.ledger.embedded.admission import (
    admit,
    check_proposal,
    check_time,
    operation_in_force,
    read_certificate,
)
from chainfusion.ledger.embedded.blocks import BlockSigner
from chainfusion.ledger.embedded.committer import Committer
from chainfusion.ledger.embedded.execution import Engine
from chainfusion.ledger.embedded.founding import found
from chainfusion.ledger.embedded.membership import caller_of, membership_in, require_creator
from chainfusion.ledger.embedded.private import Collections
from chainfusion.ledger.embedded.reader import LedgerFile, LedgerUnreadable
from chainfusion.ledger.embedded.state import State
from chainfusion.ledger.embedded.store import Connect
from chainfusion.ledger.evidence.note import Note
from chainfusion.ledger.evidence.transaction import Creator, Proposal, Transaction, transaction_id
from chainfusion.ledger.port import (
    CommittedTransaction,
    NotOnLedger,
    Receipt,
    Signer,
    TransactionRefused,
    TransactionState,
)


def _now() -> datetime:
    return datetime.now(UTC)


class EmbeddedLedger(LedgerFile):
    """A ledger in one SQLite file, written by this process and any number of others. Thread-safe.

    Without a signer it is read, and evaluated on, but not written. Close it, or use it as a context manager.
    """

    def __init__(
        self,
        path: Path,
        registry: Registry,
        signer: BlockSigner | None = None,
        *,
        clock: Callable[[], datetime] = _now,
        collections: Mapping[str, frozenset[str]] | None = None,
        connect: Connect = sqlite3.connect,
    ) -> None:
        """Opens a ledger. `collections` declares private data collections: name to the MSP ids that share it.

        Raises: LedgerUnreadable.
        """
        super().__init__(path, connect)
        self._registry = registry
        self._engine = Engine(registry, Collections(dict(collections or {})))
        self._clock = clock
        self._committer: Committer | None = None
        if signer is not None:
            self._committer = Committer(path, self.ledger_id, self._engine, signer, clock, connect)
            self._committer.start()

    @classmethod
    def create(
        cls,
        path: Path,
        founding: Transaction,
        certificate: bytes,
        registry: Registry,
        signer: BlockSigner,
        *,
        clock: Callable[[], datetime] = _now,
        collections: Mapping[str, frozenset[str]] | None = None,
        connect: Connect = sqlite3.connect,
    ) -> EmbeddedLedger:
        """Makes a ledger whose block 0 is the founding of its consortium, and opens it.

        `founding` calls `consortium.found` with the signed genesis; its channel is the genesis' ledger id, its creator
        (by `certificate`, DER) a person of a founder. Either all of block 0 is on disk or there is no ledger.

        Raises: LedgerExists, TransactionRefused, NotTheOrderer, and the contract's refusal.
        """
        engine = Engine(registry, Collections(dict(collections or {})))
        found(path, founding, certificate, engine, signer, clock, connect)
        return cls(path, registry, signer, clock=clock, collections=collections, connect=connect)

    # -------------------------------------------------------------- the port

    def evaluate(self, proposal: Proposal, signer: Signer, transient: Mapping[str, bytes] | None = None) -> bytes:
        """Runs an operation on the committed state and keeps nothing; needs no signature.

        Raises: the contract's typed refusal, UnknownOperation, VersionNotInForce, TransactionRefused.
        """
        transient = dict(transient or {})
        size = len(proposal.payload)
        check_proposal(proposal, transient, size, self.ledger_id)
        operation_in_force(proposal, self._registry)
        check_time(proposal.time, self._clock())
        creator = read_certificate(signer.certificate_der, proposal)
        with self._readers.one() as store:
            state = State(store)
            require_creator(membership_in(state), proposal.creator.msp, creator, proposal.time)
            caller = caller_of(creator, proposal.creator.msp)
            return self._engine.evaluate(state, proposal, caller, transient, size)

    def submit(self, proposal: Proposal, signer: Signer, transient: Mapping[str, bytes] | None = None) -> Receipt:
        """Evaluates, signs and records a transaction; a repeat returns the first receipt.

        Raises: the contract's typed refusal, and what `record` raises.
        """
        if self.recorded(proposal.nonce, signer) is None:
            self.evaluate(proposal, signer, transient)
        transaction = Transaction(proposal, signer.sign(proposal.signing_bytes))
        return self.record(transaction, signer.certificate_der, transient)

    def recorded(self, nonce: str, signer: Signer) -> CommittedTransaction | None:
        """What the ledger has recorded for a nonce of this signer, or None."""
        tx_id = transaction_id(nonce, Creator(signer.msp_id, signer.certificate_fingerprint))
        try:
            return self.transaction(tx_id)
        except NotOnLedger:
            return None

    def record(
        self, transaction: Transaction, certificate: bytes, transient: Mapping[str, bytes] | None = None
    ) -> Receipt:
        """Orders, executes and records a signed transaction; returns when it is durable.

        `certificate` is the creator's (DER). A repeat returns the first receipt. What the contract refuses is recorded
        as INVALID.

        Raises: TransactionRefused, LedgerWriteFailed, NotTheOrderer.
        """
        return self.record_soon(transaction, certificate, transient).result()

    def record_soon(
        self, transaction: Transaction, certificate: bytes, transient: Mapping[str, bytes] | None = None
    ) -> Future[Receipt]:
        """`record` without waiting for it: the receipt, or what `record` raises, comes by the future.

        What needs neither the state nor the signature is refused at once. Raises: TransactionRefused.
        """
        if self._committer is None:
            raise TransactionRefused(reason="READ_ONLY", why="this node only reads the ledger")
        admitted = admit(transaction, certificate, transient or {}, self.ledger_id, self._registry)
        if not self._committer.waiting.enter(admitted):
            raise TransactionRefused(reason="CLOSED", why="the ledger is closed")
        return admitted.future

    def status(self, tx_id: str) -> TransactionState:
        """Where a transaction stands, as far as this process knows."""
        pending = self._committer is not None and self._committer.waiting.holds(tx_id)
        recorded = super().status(tx_id)
        return TransactionState.PENDING if pending and recorded is TransactionState.UNKNOWN else recorded

    # -------------------------------------------------------------- checkpoints

    def keep_note(self, size: int, note: Note) -> None:
        """Keeps the signed checkpoint of a tree size, in place of an earlier note of that size."""
        if self._committer is None:
            raise LedgerUnreadable(path=str(self._path), why="opened without a signer, it is not written")
        self._committer.keep_note(size, bytes(note))

    def close(self) -> None:
        """Serves what waits, then closes the file."""
        if self._committer is not None:
            self._committer.finish()
        super().close()  # before the writer: the last connection to close folds the write-ahead log into the file
        if self._committer is not None:
            self._committer.close()

    def __enter__(self) -> EmbeddedLedger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
