"""Writes an evidence file: gathers a transaction, the governance before it, their blocks, and the proofs of all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from chainfusion.contracts.framework import Modification
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.membership import MEMBERSHIP_KEY, Membership, SignedGenesis
from chainfusion.domain.records import from_bytes, from_json, to_bytes
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.cosignatures import without_idle_lines
from chainfusion.ledger.evidence.evidence_file import (
    EMBEDDED,
    FORMAT,
    Consistency,
    DocumentOpening,
    Evidence,
    ProvenBlock,
    ProvenTransaction,
    Subject,
    SubjectKind,
    write_evidence,
)
from chainfusion.ledger.evidence.merkle import inclusion_proof, leaf_hash
from chainfusion.ledger.evidence.note import Note
from chainfusion.ledger.evidence.opening import LoanOpening
from chainfusion.ledger.port import Block, CommittedTransaction
from chainfusion.verify import verify


@runtime_checkable
class EvidenceSource(Protocol):
    """What a ledger must show for evidence to be made of it; `EmbeddedLedger` and `LedgerFile` do."""

    def block(self, number: int) -> Block:
        """A block by number. Raises: NotOnLedger."""

    def leaves(self, number: int) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
        """A block's transaction leaves and outcome leaves, in order."""

    def transaction(self, tx_id: str) -> CommittedTransaction:
        """A recorded transaction by id. Raises: NotOnLedger."""

    def certificate(self, fingerprint: str) -> bytes:
        """A creator's certificate (DER) by fingerprint."""

    def history(self, key: str) -> tuple[Modification, ...]:
        """Committed changes of a key, newest first."""

    def inclusion_proof(self, block: int, size: int) -> tuple[bytes, ...]:
        """The path from a block's header to the root of the first `size` blocks."""

    def consistency_proof(self, first: int, size: int) -> tuple[bytes, ...]:
        """Proof that the log of `size` blocks extends the one of `first`."""

    def note(self, size: int | None = None) -> Note:
        """The signed and cosigned checkpoint of a tree size, or the newest."""


class NotInCheckpoint(ChainFusionError):
    """A transaction that is newer than the checkpoint that evidence would stand on."""

    code = "NOT_IN_CHECKPOINT"
    says = Text(
        "Transaction {tx_id} is in block {block}; the newest cosigned checkpoint covers {size} blocks.",
        "交易 {tx_id} 在区块 {block}；最新的联署检查点仅覆盖 {size} 个区块。",
    )
    do = Text("Make a checkpoint and let members cosign it, then export.", "请先生成检查点并由成员联署，再行导出。")


class EvidenceUnsound(ChainFusionError):
    """Evidence that would not verify, and was not written."""

    code = "EVIDENCE_UNSOUND"
    says = Text("The evidence would not verify: {why}", "该存证无法通过验证：{why_zh}")
    do = Text(
        "If cosignatures are missing, let more members cosign; otherwise run `chainfusion ledger fsck`.",
        "若缺少联署，请由更多成员联署；否则请运行 `chainfusion ledger fsck` 检查账本。",
    )


def export_evidence(
    source: EvidenceSource,
    kind: SubjectKind,
    tx_id: str,
    *,
    loan: LoanOpening | None = None,
    document: DocumentOpening | None = None,
    note: Note | None = None,
    trusted: Checkpoint | None = None,
) -> bytes:
    """An evidence file for the transaction `tx_id`, on the checkpoint `note` (by default the newest kept).

    `loan` opens a loan of a pool (tx_id: its registration), `document` a document's fingerprint. `trusted` is a
    checkpoint that the recipient holds; a proof between it and `note` is put in. What is written has been verified
    against the genesis of its own ledger.

    Raises: NotOnLedger, NotInCheckpoint, EvidenceUnsound.
    """
    gathering = _Gathering(source, note or source.note())
    stated = source.transaction(tx_id)
    size = gathering.head.size
    require(stated.block < size, NotInCheckpoint(tx_id=tx_id, block=stated.block, size=size))
    subject = Subject(document, kind, loan, json.loads(stated.response), tx_id)
    evidence = gathering.evidence(subject, stated, trusted)
    data = write_evidence(evidence)
    _require_sound(data, evidence)
    return data


@dataclass(frozen=True)
class _Gathering:
    """One export: a ledger, and the checkpoint that all paths lead to."""

    source: EvidenceSource
    note: Note

    @property
    def head(self) -> Checkpoint:
        return Checkpoint.parse(self.note.text)

    def evidence(self, subject: Subject, stated: CommittedTransaction, trusted: Checkpoint | None) -> Evidence:
        governance, membership = self._governance()
        chosen = {each.transaction.proposal.tx_id: each for each in (*governance, stated)}
        ordered = sorted(chosen.values(), key=lambda each: (each.block, each.index))
        numbers = sorted({each.block for each in ordered} | {self.head.size - 1})
        return Evidence(
            blocks=tuple(map(self._block, numbers)),
            certificates=self._certificates(ordered),
            checkpoint=str(without_idle_lines(self.note, membership)),
            consistency=self._consistency(trusted),
            engine=EMBEDDED,
            format=FORMAT,
            subject=subject,
            transactions=tuple(map(self._transaction, ordered)),
        )

    def _governance(self) -> tuple[list[CommittedTransaction], Membership]:
        """Every change of the membership up to the checkpoint, and what they made of it."""
        changes = []
        membership = None
        for change in reversed(self.source.history(MEMBERSHIP_KEY)):
            committed = self.source.transaction(change.tx_id)
            if committed.block < self.head.size and change.value is not None:
                changes.append(committed)
                membership = from_bytes(Membership, change.value)
        assert membership is not None  # block 0 founds the consortium, and a checkpoint has at least that block
        return changes, membership

    def _block(self, number: int) -> ProvenBlock:
        block = self.source.block(number)
        return ProvenBlock(block.header, self.source.inclusion_proof(number, self.head.size), block.signature)

    def _transaction(self, each: CommittedTransaction) -> ProvenTransaction:
        transactions, outcomes = self.source.leaves(each.block)
        return ProvenTransaction(
            block=each.block,
            index=each.index,
            outcome=each.outcome,
            outcome_path=_path(outcomes, each.index),
            transaction=each.transaction,
            transaction_path=_path(transactions, each.index),
        )

    def _certificates(self, transactions: Sequence[CommittedTransaction]) -> tuple[bytes, ...]:
        fingerprints = {each.transaction.proposal.creator.certificate for each in transactions}
        found = [self.source.certificate(fingerprint) for fingerprint in fingerprints]
        return tuple(sorted(found, key=lambda der: hashlib.sha256(der).digest()))

    def _consistency(self, trusted: Checkpoint | None) -> Consistency | None:
        if trusted is None or trusted == self.head:
            return None
        first, size = sorted((trusted.size, self.head.size))
        return Consistency(self.source.consistency_proof(first, size), trusted.root, trusted.size)


def _path(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    return inclusion_proof([leaf_hash(leaf) for leaf in leaves], index)


def _require_sound(data: bytes, evidence: Evidence) -> None:
    genesis = from_json(SignedGenesis, evidence.transactions[0].proposal.args["genesis"])
    verdict = verify(data, to_bytes(genesis))
    sound = EvidenceUnsound(why=verdict.headline("en"), why_zh=verdict.headline("zh"))
    require(verdict.ok, sound)
