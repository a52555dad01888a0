"""The committer: one thread that orders what waits, runs it, and makes it durable a block at a time.

Many transactions share one fsync: while a block is made and written the next ones gather. Their signatures are sent to
be checked on another core (`checking`) as soon as enough of them wait: between the answers of a block, since who is
answered asks again, and between the batches of the next, so that one is run while the others are checked.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Thread

from chainfusion.domain.errors import ChainFusionError, Text, error_from_json, require
from chainfusion.domain.records import utc_text
from chainfusion.ledger.embedded.admission import (
    Admitted,
    check_time,
    transient_bytes,
)
from chainfusion.ledger.embedded.blocks import LEDGER_ID, MAX_BYTES, MAX_TRANSACTIONS, BlockSigner, Head
from chainfusion.ledger.embedded.checking import WORTH_IT, Refusals, SignatureChecker
from chainfusion.ledger.embedded.draft import Answer, Answers, Draft, receipt
from chainfusion.ledger.embedded.execution import Engine, Execution
from chainfusion.ledger.embedded.lock import WriteLock
from chainfusion.ledger.embedded.membership import (
    InForce,
    caller_of,
    membership_in,
    orderer,
    orderer_certificate,
    require_creator,
)
from chainfusion.ledger.embedded.state import State
from chainfusion.ledger.embedded.store import PLACES_PER_BLOCK, Connect, StorageError, Store
from chainfusion.ledger.embedded.waiting import WaitingRoom
from chainfusion.ledger.evidence.certificates import CertificateRefused
from chainfusion.ledger.evidence.transaction import VALID, Outcome, Transaction
from chainfusion.ledger.port import OutcomeUnknown, Receipt, TransactionRefused

Checked = tuple[list[Admitted], Callable[[], Refusals]]
"""A batch, and what waits for the checks of its signatures."""
ANSWERS = 32
"""Answers between two looks at who waits: few enough for the checks to begin early, too many for the look to cost."""


class LedgerWriteFailed(OutcomeUnknown):
    """The file could not be written."""

    code = "LEDGER_WRITE_FAILED"
    says = Text("The ledger could not be written: {why}.", "账本写入失败：{why}。")
    do = Text(
        "Free the disk or repair it, then send the same request again: it is recorded once at most.",
        "请清理或修复磁盘，然后重发同一请求；同一请求至多记录一次。",
    )


class LedgerExists(ChainFusionError):
    """A ledger that would be made where there is one."""

    code = "LEDGER_EXISTS"
    says = Text("{path} is a ledger already.", "{path} 已是账本。")
    do = Text("Open it, or name another file.", "请直接打开，或指定其他文件。")


class NotTheOrderer(ChainFusionError):
    """A node that would sign blocks without being the member that the consortium's rules name for it."""

    code = "NOT_THE_ORDERER"
    says = Text("This node may not sign blocks: {why}.", "本节点无权签署区块：{why}。")
    do = Text("Send transactions to the node of the ordering member.", "请将交易发送至排序成员的节点。")


class Committer:
    """Owns the one connection that writes."""

    def __init__(
        self,
        path: Path,
        ledger_id: str,
        engine: Engine,
        signer: BlockSigner,
        clock: Callable[[], datetime],
        connect: Connect,
    ) -> None:
        store = Store.writer(path, connect)
        self._path = path
        self._connect = connect
        self._store = store
        self._ledger_id = ledger_id
        self._engine = engine
        self._signer = signer
        self._clock = clock
        self._state = State(store)
        self._head: Head | None = None
        self._seen = -1
        self._lock = WriteLock(path)
        self._checker = SignatureChecker()
        self._ahead: deque[Checked] = deque()
        self.waiting = WaitingRoom()
        self._thread = Thread(target=self._work, name="ledger-committer", daemon=True)

    def start(self) -> None:
        """Begins to serve."""
        self._thread.start()

    def found(self, founding: Admitted) -> None:
        """Makes the tables and block 0 in one durable write.

        Raises: LedgerExists, TransactionRefused, NotTheOrderer, the contract's refusal.
        """
        with self._lock.held(), self._store.writing():
            require(self._store.is_empty(), LedgerExists(path=str(self._path)))
            self._store.create()
            self._store.set_meta(LEDGER_ID, self._ledger_id.encode())
            draft = Draft(Head.read(self._store), self._clock(), None)
            check_time(founding.proposal.time, draft.time)
            execution = self._execute(draft, founding)
            if execution.code != VALID:
                raise error_from_json(json.loads(execution.response))
            draft.add(founding, execution)
            proposal, membership = founding.proposal, membership_in(self._state)
            require_creator(membership, proposal.creator.msp, founding.certificate, proposal.time, draft.time)
            self._seal(draft)

    def keep_note(self, size: int, note: bytes) -> None:
        """Keeps a checkpoint note, over a connection of its own, since any thread may call."""
        lock, store = WriteLock(self._path), Store.writer(self._path, self._connect)
        try:
            with lock.held(), store.writing():
                store.put_note(size, note)
        except StorageError as error:
            raise LedgerWriteFailed(why=str(error)) from None
        finally:
            store.close()
            lock.close()

    def finish(self) -> None:
        """Serves what waits, then takes no more."""
        self.waiting.close()
        if self._thread.is_alive():
            self._thread.join()
        self._checker.close()

    def close(self) -> None:
        """Ends; where no other connection is open, everything is then in the one file."""
        self.finish()
        self._store.close()
        self._lock.close()

    def _work(self) -> None:
        while True:
            self._look_ahead(1, wait=not self._ahead)
            if not self._ahead:
                return
            self._commit()

    def _look_ahead(self, least: int = WORTH_IT, *, wait: bool = False) -> None:
        """Has the signatures of those who wait checked, where they are at least so many."""
        room = MAX_TRANSACTIONS - sum([len(batch) for batch, _ in self._ahead])
        batch = self.waiting.take(room, MAX_BYTES, least, wait=wait)
        if batch:
            self._ahead.append((batch, self._checker.begin(batch)))

    def _tell(self, answers: Answers) -> None:
        for first in range(0, len(answers), ANSWERS):
            part = answers[first : first + ANSWERS]
            self.waiting.leave(admitted for admitted, _ in part)
            for admitted, answer in part:
                _tell(admitted.future, answer)
            self._look_ahead()

    # -------------------------------------------------------------- one block

    def _commit(self) -> None:
        """Makes a block of those in hand, as far as they fit, durable, and answers them."""
        hand = [*self._ahead]
        self._ahead.clear()
        unsigned: Answers = []
        try:
            with self._lock.held(), self._store.writing():
                draft = self._begin_draft()
                answers = self._fill(draft, hand, unsigned)
                if draft.admitted:
                    self._seal(draft)
            answers += draft.receipts()
        except Exception as error:  # the thread must outlive whatever one block brings
            answers = self._failed(hand, unsigned, error)
        self._tell(unsigned + answers)

    def _failed(self, hand: list[Checked], unsigned: Answers, error: Exception) -> Answers:
        """What to answer those whose block failed; the next one begins with what the file says."""
        self._state.forget()
        self._head = None
        failure = error if isinstance(error, NotTheOrderer) else LedgerWriteFailed(why=_reason(error))
        answered = {id(admitted) for admitted, _ in unsigned}
        return [(admitted, failure) for batch, _ in hand for admitted in batch if id(admitted) not in answered]

    def _begin_draft(self) -> Draft:
        head = self._current_head()
        return Draft(head, head.next_time(self._clock()), membership_in(self._state))

    def _fill(self, draft: Draft, hand: list[Checked], unsigned: Answers) -> Answers:
        """Runs the batches in hand, first come first, until the draft is full; the others are put back, out of `hand`.

        `unsigned` gathers those whose signature does not hold. Returns what to answer of others that were not added.
        """
        answers: Answers = []
        for at, (batch, refusals) in enumerate(hand):
            draft.known |= self._store.known(admitted.key for admitted in batch)
            found = refusals()
            for count, (admitted, refusal) in enumerate(zip(batch, found, strict=True)):
                if draft.is_full:
                    rest: Checked = (batch[count:], partial(list, found[count:]))
                    self._ahead.extendleft(reversed([rest, *hand[at + 1 :]]))
                    hand[at:] = [(batch[:count], refusals)]
                    return answers
                if refusal is not None:
                    unsigned.append((admitted, refusal))
                elif (answer := self._ordered(draft, admitted)) is not None:
                    answers.append((admitted, answer))
            self._look_ahead()
        return answers

    def _current_head(self) -> Head:
        version = self._store.data_version()
        if self._head is None or version != self._seen:
            self._state.forget()
            self._head = Head.read(self._store)
            self._seen = version
        return self._head

    # -------------------------------------------------------------- one transaction

    def _ordered(self, draft: Draft, admitted: Admitted) -> Answer | None:
        try:
            return self._order(draft, admitted)
        except TransactionRefused as refusal:
            return refusal

    def _order(self, draft: Draft, admitted: Admitted) -> Receipt | None:
        """Runs a transaction and adds it to the draft; or returns its first receipt. Raises: TransactionRefused."""
        first = draft.first.get(admitted.key)
        if first is not None:
            _require_same(first.transaction, admitted.transaction)
            first.repeats.append(admitted)
            return None
        if admitted.key in draft.known:
            return self._recorded(admitted)
        self._require_allowed(draft, admitted)
        draft.add(admitted, self._execute(draft, admitted))
        return None

    def _recorded(self, admitted: Admitted) -> Receipt:
        row = self._store.transaction(admitted.key)
        assert row is not None
        _require_same(Transaction.from_leaf(row[3]), admitted.transaction)
        outcome = Outcome.from_leaf(row[4])
        return receipt(outcome.tx_id, outcome.code, row[5], row[0] // PLACES_PER_BLOCK)

    def _require_allowed(self, draft: Draft, admitted: Admitted) -> None:
        if admitted.refusal is not None:
            raise admitted.refusal
        proposal = admitted.proposal
        check_time(proposal.time, draft.time)
        membership = membership_in(self._state)
        require_creator(membership, proposal.creator.msp, admitted.certificate, proposal.time, draft.time)

    def _execute(self, draft: Draft, admitted: Admitted) -> Execution:
        proposal, leaf = admitted.proposal, admitted.transaction.leaf
        caller = caller_of(admitted.certificate, proposal.creator.msp)
        execution = self._engine.run(
            self._state, proposal, caller, admitted.transient, admitted.size, admitted.arguments
        )
        row = (
            draft.head.place(len(draft.admitted)),
            admitted.key,
            utc_text(proposal.time),
            leaf,
            execution.outcome,
            execution.response,
            execution.events,
        )
        self._state.apply(row, transient_bytes(admitted.transient), execution.writes)
        return execution

    # -------------------------------------------------------------- sealing

    def _seal(self, draft: Draft) -> None:
        membership = membership_in(self._state)
        assert membership is not None
        self._require_orderer(draft.ordered_under or membership, draft.time)
        header = draft.header(self._ledger_id, membership.fingerprint)
        self._state.flush()
        self._store.add_block(header.number, header.encoded, self._signer.sign(header.signing_bytes))
        certificates = {admitted.certificate for admitted in draft.admitted}
        self._store.add_certificates((bytes.fromhex(each.fingerprint), each.der) for each in certificates)
        self._head, nodes = draft.head.after(header)
        self._store.add_nodes(nodes)

    def _require_orderer(self, membership: InForce, at: datetime) -> None:
        msp = orderer(membership).msp
        require(self._signer.msp_id == msp, NotTheOrderer(why=f"{msp} orders, this is {self._signer.msp_id}"))
        try:
            certificate = orderer_certificate(membership, at)
        except CertificateRefused as error:
            raise NotTheOrderer(why=error.message()) from None
        fits = certificate.der == self._signer.certificate_der
        require(fits, NotTheOrderer(why="its certificate is not the one in the membership record"))


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, StorageError) else f"{type(error).__name__}: {error}"


def _require_same(first: Transaction, second: Transaction) -> None:
    if not first.proposal.asks_as(second.proposal):
        why = f"{second.proposal.tx_id} stands for another request already"
        raise TransactionRefused(reason="DUPLICATE_TXID", why=why)


def _tell(future: Future[Receipt], answer: Answer) -> None:
    try:
        if isinstance(answer, Receipt):
            future.set_result(answer)
        else:
            future.set_exception(answer)
    except InvalidStateError:  # cancelled: nobody waits, and what is recorded stays recorded
        return
