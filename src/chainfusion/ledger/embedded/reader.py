"""Reading a ledger's file: blocks, transactions, state, history, and the proofs of the log's tree."""

from __future__ import annotations

import json
import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chainfusion.contracts.framework import Modification
from chainfusion.contracts.framework.keys import LAST, composite_key
from chainfusion.contracts.framework.limits import key_bytes, text_bytes
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.ledger.embedded.blocks import LEDGER_ID, stored_node
from chainfusion.ledger.embedded.membership import membership_in
from chainfusion.ledger.embedded.state import State
from chainfusion.ledger.embedded.store import DAMAGE, PLACES_PER_BLOCK, Connect, Store, TransactionRow
from chainfusion.ledger.evidence.block import BlockHeader
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.evidence_file import EMBEDDED
from chainfusion.ledger.evidence.merkle import (
    NodeLookup,
    consistency_proof_of,
    inclusion_proof_of,
    leaf_hash,
    root_of,
)
from chainfusion.ledger.evidence.merkle import inclusion_proof as merkle_path
from chainfusion.ledger.evidence.note import Note
from chainfusion.ledger.evidence.transaction import VALID, Outcome, Transaction
from chainfusion.ledger.port import Block, CommittedTransaction, Inclusion, NotOnLedger, TransactionState


class LedgerUnreadable(ChainFusionError):
    """A file that is no ledger, or none that this program reads."""

    code = "LEDGER_UNREADABLE"
    says = Text("{path} is not a readable ledger: {why}.", "{path} 不是可读取的账本：{why}。")
    do = Text(
        "Check the path; `chainfusion ledger fsck` examines a damaged file.",
        "请检查路径；可用 ledger fsck 检查损坏的文件。",
    )


class Readers:
    """Read-only connections, as many as there are readers at a time; each use sees one unchanging state."""

    def __init__(self, path: Path, connect: Connect) -> None:
        self._path = path
        self._connect = connect
        self._idle: deque[Store] = deque()

    @contextmanager
    def one(self) -> Iterator[Store]:
        """A connection for one use. Raises: LedgerUnreadable where the file is damaged."""
        try:
            store = self._idle.pop() if self._idle else Store.reader(self._path, self._connect)
            try:
                with store.reading():
                    yield store
            finally:
                self._idle.append(store)
        except DAMAGE as error:
            raise LedgerUnreadable(path=str(self._path), why=str(error)) from None

    def close(self) -> None:
        """Closes what is idle."""
        while self._idle:
            self._idle.pop().close()


class LedgerFile:
    """A ledger's file, for reading."""

    def __init__(self, path: Path, connect: Connect = sqlite3.connect) -> None:
        """Opens a ledger's file. Raises: LedgerUnreadable."""
        self._path = path
        self._readers = Readers(path, connect)
        self._ledger_id = _ledger_id(path, self._readers)

    @property
    def ledger_id(self) -> str:
        """First 32 hexadecimal characters of the genesis' SHA-256; the `channel` of every proposal."""
        return self._ledger_id

    @property
    def engine(self) -> str:
        """As evidence names it."""
        return EMBEDDED

    def signers(self, number: int) -> tuple[str, ...]:
        """Nobody beside the member that orders, whom the rules name."""
        del number
        return ()

    def close(self) -> None:
        """Closes the file."""
        self._readers.close()

    # -------------------------------------------------------------- blocks and transactions

    def height(self) -> int:
        """Number of blocks."""
        with self._readers.one() as store:
            return store.height()

    def block(self, number: int) -> Block:
        """A block by number. Raises: NotOnLedger."""
        with self._readers.one() as store:
            row = store.block(number)
            if row is None:
                raise NotOnLedger(what="block", id=str(number))
            transactions = tuple(map(_committed, store.transactions(number)))
        return Block(BlockHeader.decode(row[0]), row[1], transactions)

    def blocks(self, first: int, stop: int) -> Iterator[Block]:
        """The blocks from `first` up to `stop`, that one excluded. Raises: NotOnLedger."""
        return map(self.block, range(first, stop))

    def leaves(self, number: int) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
        """A block's transaction leaves and outcome leaves in order. Raises: NotOnLedger."""
        with self._readers.one() as store:
            rows = tuple(store.transactions(number))
        if not rows:
            raise NotOnLedger(what="block", id=str(number))
        return tuple(row[3] for row in rows), tuple(row[4] for row in rows)

    def transaction(self, tx_id: str) -> CommittedTransaction:
        """A recorded transaction by id. Raises: NotOnLedger."""
        row = self._row(tx_id)
        if row is None:
            raise NotOnLedger(what="transaction", id=tx_id[:80])
        return _committed(row)

    def status(self, tx_id: str) -> TransactionState:
        """Where a transaction stands."""
        row = self._row(tx_id)
        if row is None:
            return TransactionState.UNKNOWN
        valid = Outcome.from_leaf(row[4]).code == VALID
        return TransactionState.COMMITTED if valid else TransactionState.INVALID

    def _row(self, tx_id: str) -> TransactionRow | None:
        try:
            key = bytes.fromhex(tx_id)
        except ValueError:
            return None
        with self._readers.one() as store:
            return store.transaction(key)

    def certificate(self, fingerprint: str) -> bytes:
        """A creator's certificate (DER) by fingerprint. Raises: NotOnLedger."""
        try:
            key = bytes.fromhex(fingerprint)
        except ValueError:
            raise NotOnLedger(what="certificate", id=fingerprint[:80]) from None
        with self._readers.one() as store:
            der = store.certificate(key)
        if der is None:
            raise NotOnLedger(what="certificate", id=fingerprint)
        return der

    # -------------------------------------------------------------- state

    def state(self, key: str) -> bytes | None:
        """The committed value of a key."""
        with self._readers.one() as store:
            return store.state(key_bytes(key))

    def state_by_prefix(self, object_type: str, *attributes: str) -> Iterator[tuple[str, bytes]]:
        """Committed composite keys that begin with these parts, in key order, as they are when it begins."""
        prefix = composite_key(object_type, *attributes)
        with self._readers.one() as store:
            for key, value in store.state_range(text_bytes(prefix), text_bytes(prefix + LAST)):
                yield key.decode(), value

    def history(self, key: str) -> tuple[Modification, ...]:
        """Committed changes of a key, newest first."""
        with self._readers.one() as store:
            return tuple(State(store).history(key_bytes(key)))

    def membership_fingerprint(self) -> bytes:
        """The fingerprint of the membership in force, as the next block's header would state it."""
        with self._readers.one() as store:
            membership = membership_in(State(store))
        assert membership is not None
        return membership.fingerprint

    # -------------------------------------------------------------- the log's tree

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        """The unsigned checkpoint of the first `size` blocks, or of all. Raises: NotOnLedger where there are fewer."""
        with self._tree(size) as (node, found):
            return Checkpoint.of(self.ledger_id, found, root_of(node, found))

    def inclusion_proof(self, block: int, size: int | None = None) -> tuple[bytes, ...]:
        """The path from a block's header to the root of `size` blocks. Raises: NotOnLedger, ProofInvalid."""
        with self._tree(size) as (node, found):
            return inclusion_proof_of(node, block, found)

    def consistency_proof(self, first: int, size: int | None = None) -> tuple[bytes, ...]:
        """Proof that the log of `size` blocks extends the one of `first`. Raises: NotOnLedger, ProofInvalid."""
        with self._tree(size) as (node, found):
            return consistency_proof_of(node, first, found)

    def inclusion(self, tx_id: str, size: int | None = None) -> Inclusion:
        """How a recorded transaction hangs in the log, up to a checkpoint of `size` blocks. Raises: NotOnLedger."""
        found = self.transaction(tx_id)
        leaves, _ = self.leaves(found.block)
        path = merkle_path([leaf_hash(leaf) for leaf in leaves], found.index)
        covered = size is not None and found.block < size
        links = len(self.inclusion_proof(found.block, size)) if covered else None
        return Inclusion(found.index + 1, len(leaves), path, links)

    def note(self, size: int | None = None) -> Note:
        """The signed checkpoint that was kept for a tree size, or the newest. Raises: NotOnLedger."""
        with self._readers.one() as store:
            data = store.note(size)
        if data is None:
            raise NotOnLedger(what="checkpoint", id="" if size is None else str(size))
        return Note.parse(data)

    @contextmanager
    def _tree(self, size: int | None) -> Iterator[tuple[NodeLookup, int]]:
        with self._readers.one() as store:
            height = store.height()
            if size is not None and not 0 <= size <= height:
                raise NotOnLedger(what="log of size", id=str(size))
            yield lambda level, position: stored_node(store, level, position), height if size is None else size


def _committed(row: TransactionRow) -> CommittedTransaction:
    place, _, _, leaf, outcome, response, events = row
    return CommittedTransaction(
        transaction=Transaction.from_leaf(leaf),
        outcome=Outcome.from_leaf(outcome),
        response=response,
        events=tuple(json.loads(events)) if events is not None else (),
        block=place // PLACES_PER_BLOCK,
        index=place % PLACES_PER_BLOCK,
    )


def _ledger_id(path: Path, readers: Readers) -> str:
    if not path.is_file():
        raise LedgerUnreadable(path=str(path), why="there is no such file")
    with readers.one() as store:
        found = store.meta(LEDGER_ID) if store.is_ledger() else None
    if found is None:
        raise LedgerUnreadable(path=str(path), why="it has no ledger of the format that this program reads")
    return found.decode(errors="replace")
