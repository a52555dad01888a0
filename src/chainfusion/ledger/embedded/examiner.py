"""Walks a ledger's blocks from the first, checks each, and runs every transaction again beside the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from chainfusion.domain.canonical import NotCanonical, parse_canonical
from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.records import BadRecord, utc_text
from chainfusion.ledger.embedded.admission import check_proposal, check_time, signature_refusal
from chainfusion.ledger.embedded.blocks import MAX_TRANSACTIONS, Head
from chainfusion.ledger.embedded.comparison import differences
from chainfusion.ledger.embedded.execution import Engine, Execution
from chainfusion.ledger.embedded.findings import Finding, Kind
from chainfusion.ledger.embedded.founding import check_genesis
from chainfusion.ledger.embedded.membership import (
    InForce,
    caller_of,
    membership_in,
    orderer_certificate,
    require_creator,
)
from chainfusion.ledger.embedded.state import State, sha256
from chainfusion.ledger.embedded.store import PLACES_PER_BLOCK, Store, TransactionRow
from chainfusion.ledger.evidence.block import FORMAT, BlockHeader
from chainfusion.ledger.evidence.certificates import Certificate, CertificateRefused, SignatureRefused, verify_p256
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.cosignatures import check_log_signature, cosignature_of, log_key
from chainfusion.ledger.evidence.merkle import EMPTY_ROOT, leaf_hash, root
from chainfusion.ledger.evidence.note import Note
from chainfusion.ledger.evidence.transaction import Outcome, Transaction
from chainfusion.ledger.port import TransactionRefused

DERIVED = ("state", "history", "private", "private_hashes", "certificates", "transients", "nodes")
"""Tables that follow from the blocks."""
_HASH = re.compile(r"[0-9a-f]{64}")
Progress = Callable[[int, int], None]


class Examiner:
    """Replays the file's blocks into a scratch store of its own."""

    def __init__(self, store: Store, engine: Engine, ledger_id: str, trusted: Checkpoint | None) -> None:
        self._store = store
        self._engine = engine
        self._ledger_id = ledger_id
        self._trusted = trusted
        self._scratch = Store.scratch()
        self._state = State(self._scratch)
        self._head = Head.read(self._scratch)
        self._transactions = 0
        self._complete = True

    def __enter__(self) -> Examiner:
        return self

    def __exit__(self, *_: object) -> None:
        self._scratch.close()

    def findings(self, progress: Progress) -> Iterator[Finding]:
        """All that is wrong, block by block and then table by table."""
        height = self._store.height()
        if height == 0:
            yield Finding(Kind.NOT_A_LEDGER, detail="it has no block 0")
        for number in range(height):
            yield from self._block(number)
            yield from self._checkpoint(number + 1)
            progress(number + 1, height)
        if self._store.count("transactions") != self._transactions:
            yield Finding(Kind.TABLE_DIFFERS, key="*", table="transactions", detail="it holds rows of no block")
        if self._store.count_outside("checkpoints", "size", 1, height):
            yield Finding(Kind.CHECKPOINT_ALTERED, key="*", detail="of a size that this log has not reached")
        if self._trusted is not None and self._trusted.size > height:
            yield Finding(Kind.CHECKPOINT_ALTERED, key=str(self._trusted.size), detail=f"this file ends at {height}")
        if self._complete:
            self._state.flush()
            for table in DERIVED:
                yield from differences(table, self._store, self._scratch)

    # -------------------------------------------------------------- one block

    def _block(self, number: int) -> Iterator[Finding]:
        row = self._store.block(number)
        if row is None:
            self._complete = False
            yield Finding(Kind.BLOCK_MISPLACED, number, detail="it is missing")
            return
        try:
            header = BlockHeader.decode(row[0])
        except (NotCanonical, BadRecord) as error:
            self._complete = False
            yield Finding(Kind.BLOCK_UNREADABLE, number, detail=error.message())
            return
        yield from self._header(number, header)
        ordered_under = membership_in(self._state)
        yield from self._contents(number, header)
        after = membership_in(self._state)
        yield from self._signature(header, row[1], ordered_under or after)
        if after is None or after.fingerprint != header.membership:
            yield Finding(Kind.MEMBERSHIP_DIFFERS, number)
        self._head, nodes = self._head.after(header)
        self._scratch.add_nodes(nodes)

    def _header(self, number: int, header: BlockHeader) -> Iterator[Finding]:
        if header.number != number or header.channel != self._ledger_id or header.format != FORMAT:
            stated = f"{header.format} {header.number} of {header.channel}"
            yield Finding(Kind.BLOCK_MISPLACED, number, detail=stated[:200])
        if header.previous != self._head.hash:
            yield Finding(Kind.LINK_BROKEN, number)
        if self._head.time is not None and header.time < self._head.time:
            yield Finding(Kind.BLOCK_MISPLACED, number, detail="its time is before the last block's")
        if not 0 < header.count <= (MAX_TRANSACTIONS if number else 1):
            yield Finding(Kind.BLOCK_MISPLACED, number, detail=f"it has {header.count} transactions")

    def _signature(self, header: BlockHeader, signature: bytes, membership: InForce | None) -> Iterator[Finding]:
        if membership is None:
            yield Finding(Kind.BLOCK_SIGNATURE, header.number, detail="there is no consortium to sign for")
            return
        try:
            certificate = orderer_certificate(membership, header.time)
            verify_p256(certificate.p256_key, signature, header.signing_bytes)
        except (CertificateRefused, SignatureRefused) as error:
            yield Finding(Kind.BLOCK_SIGNATURE, header.number, detail=error.message())

    def _contents(self, number: int, header: BlockHeader) -> Iterator[Finding]:
        leaves: list[bytes] = []
        outcomes: list[bytes] = []
        for index, row in enumerate(self._store.transactions(number)):
            leaves.append(leaf_hash(row[3]))
            outcomes.append(leaf_hash(row[4]))
            if row[0] != number * PLACES_PER_BLOCK + index:
                yield Finding(Kind.BLOCK_MISPLACED, number, detail=f"position {index} is empty")
            yield from self._transaction(number, header, row)
        self._transactions += len(leaves)
        if len(leaves) != header.count or root(leaves) != header.transactions:
            yield Finding(Kind.TRANSACTIONS_ALTERED, number)
        if root(outcomes) != header.outcomes:
            yield Finding(Kind.OUTCOMES_ALTERED, number)

    # -------------------------------------------------------------- one transaction

    def _transaction(self, number: int, header: BlockHeader, row: TransactionRow) -> Iterator[Finding]:
        place, tx_id, time, leaf, *_ = row
        where: dict[str, Any] = {"block": number, "tx_id": tx_id.hex()}
        try:
            transaction = Transaction.from_leaf(leaf)
            transient = self._transient(place)
            certificate = self._certificate(transaction)
            execution = self._run(header, transaction, certificate, transient)
        except TransactionRefused as refusal:
            self._complete = False
            kind = _KINDS.get(str(refusal.facts.get("reason")), Kind.TRANSACTION_NOT_ALLOWED)
            yield Finding(kind, **where, detail=refusal.message())
            return
        except ChainFusionError as error:
            self._complete = False
            yield Finding(Kind.TRANSACTION_UNREADABLE, **where, detail=error.message())
            return
        expected = (transaction.proposal.tx_id, utc_text(transaction.proposal.time))
        if expected != (tx_id.hex(), time):
            yield Finding(Kind.TABLE_DIFFERS, key=tx_id.hex(), table="transactions", detail="its id or time is another")
        yield from _compared(where, row, execution)
        self._settle(row, transaction, certificate, execution)

    def _transient(self, place: int) -> bytes | None:
        return self._store.transient(place)

    def _certificate(self, transaction: Transaction) -> Certificate:
        fingerprint = transaction.proposal.creator.certificate
        der = self._store.certificate(bytes.fromhex(fingerprint)) if _HASH.fullmatch(fingerprint) else None
        if der is None or sha256(der).hex() != fingerprint:
            raise TransactionRefused(reason="CERTIFICATE", why=f"{fingerprint[:64]} is missing or another")
        return Certificate.from_der(der)

    def _run(
        self, header: BlockHeader, transaction: Transaction, certificate: Certificate, transient: bytes | None
    ) -> Execution:
        """Checks all that was checked when the transaction was taken, and runs it. Raises: TransactionRefused."""
        proposal = transaction.proposal
        values = {} if transient is None else _transient_map(transient)
        check_proposal(proposal, values, len(transaction.leaf), self._ledger_id)
        refusal = signature_refusal(transaction, certificate)
        if refusal is not None:
            raise refusal
        check_time(proposal.time, header.time)
        before = membership_in(self._state)
        if before is None:
            check_genesis(proposal)
        else:
            require_creator(before, proposal.creator.msp, certificate, proposal.time, header.time)
        operation = self._engine.registry.operation(proposal.contract, proposal.version, proposal.operation)
        if operation.reads_only:
            raise TransactionRefused(reason="READS_ONLY", why=f"{operation.full_name} only reads")
        size = len(transaction.leaf) + sum(len(key) + len(value) for key, value in values.items())
        return self._engine.run(self._state, proposal, caller_of(certificate, proposal.creator.msp), values, size)

    def _settle(
        self, row: TransactionRow, transaction: Transaction, certificate: Certificate, execution: Execution
    ) -> None:
        proposal = transaction.proposal
        rerun = (
            row[0],
            bytes.fromhex(proposal.tx_id),
            utc_text(proposal.time),
            row[3],
            execution.outcome,
            execution.response,
            execution.events,
        )
        self._state.apply(rerun, self._transient(row[0]), execution.writes)
        self._scratch.add_certificates([(bytes.fromhex(certificate.fingerprint), certificate.der)])

    # -------------------------------------------------------------- checkpoints

    def _checkpoint(self, size: int) -> Iterator[Finding]:
        found = Checkpoint.of(self._ledger_id, size, self._head.frontier.root() if self._head.height else EMPTY_ROOT)
        if self._trusted is not None and self._trusted.size == size and self._trusted != found:
            yield Finding(Kind.CHECKPOINT_ALTERED, key=str(size), detail="the trusted checkpoint has another root")
        data, membership = self._store.note(size), membership_in(self._state)
        if data is None or membership is None or self._head.time is None:
            return
        try:
            note = Note.parse(data)
            if note.text != found.text:
                yield Finding(Kind.CHECKPOINT_ALTERED, key=str(size), detail="its root is not the log's")
            check_log_signature(note, membership.record, self._head.time)
            key = log_key(membership.record)
            for line in note.signatures:
                if not key.made(line):
                    cosignature_of(line, note, membership.record)
        except ChainFusionError as error:
            yield Finding(Kind.CHECKPOINT_ALTERED, key=str(size), detail=error.message())


_KINDS = {
    "BAD_SIGNATURE": Kind.CREATOR_SIGNATURE,
    "CERTIFICATE": Kind.CERTIFICATE_ALTERED,
    "TRANSIENT_MISMATCH": Kind.TRANSIENT_ALTERED,
    "CONTRACT_FAILED": Kind.REPLAY_DIFFERS,
}


def _compared(where: dict[str, Any], row: TransactionRow, execution: Execution) -> Iterator[Finding]:
    *_, stored, response, events = row
    if stored != execution.outcome:
        yield Finding(Kind.REPLAY_DIFFERS, **where, detail=_difference(stored, execution.outcome))
    elif response != execution.response:
        yield Finding(Kind.RESPONSE_ALTERED, **where)
    elif events != execution.events:
        yield Finding(Kind.EVENTS_ALTERED, **where)


def _difference(stored: bytes, rerun_leaf: bytes) -> str:
    rerun = Outcome.from_leaf(rerun_leaf)
    try:
        recorded = Outcome.from_leaf(stored)
    except ChainFusionError as error:
        return error.message()
    fields = ("code", "writes", "private", "event", "response", "tx_id")
    return ", ".join(name for name in fields if getattr(recorded, name) != getattr(rerun, name))


def _transient_map(data: bytes) -> dict[str, bytes]:
    try:
        return {key: bytes.fromhex(value) for key, value in parse_canonical(data).items()}
    except (NotCanonical, ValueError, AttributeError, TypeError):
        raise TransactionRefused(reason="TRANSIENT_MISMATCH", why="its transient input is unreadable") from None
