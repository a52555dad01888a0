"""How many signed document registrations the embedded ledger commits in a second, beside bare signature checks.

64 transactions are in flight from one submitter; each is a real contract call (a document's fingerprint with its
reader), checked in full, executed, hashed into its block and on disk before it counts. The peer is what the processor
gives for the one thing that cannot be saved: P-256 verifications on one core, in the same run.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

from chainfusion.contracts.deal.contract import deal_contract
from chainfusion.contracts.document.contract import document_contract
from chainfusion.contracts.pool.contract import pool_contract
from chainfusion.domain.deal import DealTerms, NamedParty, Product
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.document_records import NewDocument
from chainfusion.domain.records import to_json
from chainfusion.domain.roles import Role
from chainfusion.ledger.embedded import EmbeddedLedger
from chainfusion.ledger.evidence.certificates import Certificate
from chainfusion.ledger.evidence.signatures import verify_p256
from chainfusion.ledger.evidence.transaction import Transaction
from chainfusion.ledger.port import Receipt
from tests.support.ledger import AGREEMENT, Consortium, Desk, representative

IN_FLIGHT = 64
TRANSACTIONS = 20_000
WARM_UP = 1_000
VERIFICATIONS = 4_000
PEER = "P-256 verifications on one core"
DEAL = "bench-2026-1"
USERS = 8


@contextmanager
def open_deal() -> Iterator[tuple[Consortium, EmbeddedLedger]]:
    """A ledger on disk with a deal that its originator has opened."""
    consortium = Consortium.of(contracts=(deal_contract, pool_contract, document_contract))
    with tempfile.TemporaryDirectory() as folder, consortium.found(Path(folder) / "ledger.db") as ledger:
        for member in consortium.members:
            agree = Desk(consortium, ledger, representative(member))
            agree.submit("consortium.sign_agreement", version=1, fingerprint=AGREEMENT.fingerprint)
        party = NamedParty(Role.ORIGINATOR, consortium.orderer.msp_id)
        terms = DealTerms(DEAL, "Benchmark", "基准测试", Product.AUTO_LOANS, "CNY", (party,))
        Desk(consortium, ledger, representative(consortium.orderer)).submit("deal.open", terms=to_json(terms))
        yield consortium, ledger


def signed(consortium: Consortium, count: int) -> list[tuple[Transaction, bytes]]:
    """Signed registrations by several people, with their certificates."""
    people = [consortium.orderer.user(f"user{number}", [Role.ORIGINATOR]) for number in range(USERS)]
    found = []
    for number in range(count):
        document = NewDocument(
            id=f"{number:032x}",
            kind=DocumentKind.WORKING_PAPER,
            version=1,
            fingerprint=number.to_bytes(32, "big"),
            object=f"{number:064x}",
            readers=(),
            supersedes=None,
        )
        person = people[number % USERS]
        transaction = consortium.signed(person, "document.register", deal=DEAL, document=to_json(document))
        found.append((transaction, person.certificate_der))
    return found


class Load:
    """One submitter that keeps `IN_FLIGHT` transactions under way: each receipt sends the next transaction."""

    def __init__(self, ledger: EmbeddedLedger, transactions: list[tuple[Transaction, bytes]]) -> None:
        self._ledger = ledger
        self._waiting = iter(transactions)
        self._left = len(transactions)
        self._done = Event()
        self.refused: Future[Receipt] | None = None
        self.took: list[float] = []
        """Seconds from submission to receipt, of each."""

    def run(self) -> list[float]:
        """Commits them all; returns what each took."""
        for _ in range(IN_FLIGHT):
            self._send()
        self._done.wait()
        if self.refused is not None:
            raise RuntimeError(f"not committed: {self.refused}")
        return self.took

    def _send(self) -> None:
        following = next(self._waiting, None)
        if following is not None:
            start = time.perf_counter()
            self._ledger.record_soon(*following).add_done_callback(lambda future: self._landed(start, future))

    def _landed(self, start: float, future: Future[Receipt]) -> None:
        self.took.append(time.perf_counter() - start)
        self._left -= 1
        if future.exception() is not None or future.result().code != "VALID":
            self.refused = future
            self._left = 0
        if self._left:
            self._send()
        else:
            self._done.set()


def commit(ledger: EmbeddedLedger, transactions: list[tuple[Transaction, bytes]]) -> list[float]:
    """Commits transactions; returns each one's seconds from submission to receipt."""
    return Load(ledger, transactions).run()


def verifications_per_second(transactions: list[tuple[Transaction, bytes]]) -> float:
    """Signature checks alone, one after the other."""
    key = Certificate.from_der(transactions[0][1]).p256_key
    transaction = transactions[0][0]
    data = transaction.proposal.signing_bytes
    begin = time.perf_counter()
    for _ in range(VERIFICATIONS):
        verify_p256(key, transaction.signature, data)
    return VERIFICATIONS / (time.perf_counter() - begin)


def run() -> list[dict[str, Any]]:
    """The rows of this benchmark."""
    with open_deal() as (consortium, ledger):
        transactions = signed(consortium, WARM_UP + TRANSACTIONS)
        gc.freeze()  # what the load holds ready is not the ledger's: else every full collection walks through it
        commit(ledger, transactions[:WARM_UP])
        before = verifications_per_second(transactions)
        begin = time.perf_counter()
        took = commit(ledger, transactions[WARM_UP:])
        rate = TRANSACTIONS / (time.perf_counter() - begin)
        peer = statistics.mean((before, verifications_per_second(transactions)))
        blocks = ledger.height()
    gc.unfreeze()
    centiles = statistics.quantiles(took, n=100)
    p50, p99 = (1000 * centiles[at - 1] for at in (50, 99))
    print(f"ledger_tx: p50 {p50:.1f} ms, p99 {p99:.1f} ms, {(WARM_UP + TRANSACTIONS) / blocks:.0f} a block")
    return [
        _row("ledger_tx", round(rate), "transactions/s", PEER, round(peer)),
        _row("ledger_tx_p50", round(p50, 2), "ms", None, None),
        _row("ledger_tx_p99", round(p99, 2), "ms", None, None),
    ]


def _row(name: str, value: float, unit: str, peer: str | None, peer_value: float | None) -> dict[str, Any]:
    ratio = None if peer_value is None else round(value / peer_value, 3)
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "size": TRANSACTIONS,
        "peer": peer,
        "peer_value": peer_value,
        "ratio": ratio,
    }


if __name__ == "__main__":
    for each in run():
        print(each)
