"""A ledger as busy as a large platform's: 200 deals, 1,000,000 loans in their pools, 100,000 transactions.

Deals, pools and one whole deal with terms and a process are made by the use cases that people use; working papers and
their revisions make up the number. Loans are generated.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import generated_tape
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.document_records import NewDocument
from chainfusion.domain.records import to_json
from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence.transaction import Creator, Proposal, Transaction
from chainfusion.ledger.port import Receipt
from chainfusion.node import pools
from chainfusion.tape.criteria_file import AUTO_LOAN, load_criteria
from chainfusion.tape.intake import read_tape
from chainfusion.tape.mapping_reader import parse_mapping
from tests.support.consortium import Clock, Consortium
from tests.support.identities import NOW
from tests.support.scene import DEAL, scene_of

DEALS = 200
LOANS = 5_000
"""To a deal."""
PAPERS, REVISIONS = 96, 5
IN_FLIGHT = 64


@dataclass
class Ticking(Clock):
    """Moves on by a hundredth of a second at each look: what waits is signed shortly before it is recorded."""

    now: datetime = field(default=NOW + timedelta(hours=1))

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=10)
        return self.now


def deal_id(number: int) -> str:
    """The id of one of the deals."""
    return DEAL if number == 0 else f"BUSY-{number:03d}"


def paper_id(deal: int, paper: int) -> str:
    """The id of one of a deal's working papers."""
    return f"{deal:016x}{paper:016x}"


@contextmanager
def busy_ledger() -> Iterator[Consortium]:
    """The ledger, gone afterwards."""
    with TemporaryDirectory() as folder:
        path = Path(folder)
        consortium = scene_of(Consortium(path, Ticking()))
        tape = path / "tape.csv"
        generated_tape.write_tape(tape, LOANS)
        for number in range(1, DEALS):
            _open(consortium, deal_id(number), tape)
        _work(consortium)
        yield consortium
        consortium.ledger.close()


def _open(consortium: Consortium, deal: str, file: Path) -> None:
    consortium.draft(deal, f"Busy Auto {deal[-3:]}", f"繁忙车贷{deal[-3:]}")
    consortium.accept(deal)
    desk = consortium.desk_of(Role.ORIGINATOR)
    tape = read_tape(file, parse_mapping(generated_tape.MAPPING))
    readers = (consortium.desk_of(Role.TRUSTEE).msp,)
    pools.register(desk, deal, file, tape, load_criteria(AUTO_LOAN), readers=readers, though_failing=True)
    desk.session.call("process.start", deal=deal, process="interbank-credit-abs", version=1)


def _work(consortium: Consortium) -> None:
    """Every deal's working papers, each revised, by its accountant."""
    under_way: deque[Future[Receipt]] = deque()
    for transaction, certificate in _papers(consortium):
        if len(under_way) == IN_FLIGHT:
            under_way.popleft().result()
        under_way.append(consortium.ledger.record_soon(transaction, certificate))
    for each in under_way:
        each.result()


def _papers(consortium: Consortium) -> Iterator[tuple[Transaction, bytes]]:
    session = consortium.desk_of(Role.ACCOUNTANT).session
    signer = session.signer
    creator = Creator(signer.msp_id, signer.certificate_fingerprint)
    version = session.registry.in_force("document").version
    for number in range(DEALS):
        for revision in range(1, REVISIONS + 1):
            for paper in range(PAPERS):
                document = NewDocument(
                    id=paper_id(number, paper),
                    kind=DocumentKind.WORKING_PAPER,
                    version=revision,
                    fingerprint=os.urandom(32),
                    object=os.urandom(32).hex(),
                    readers=(),
                    supersedes=revision - 1 or None,
                )
                proposal = Proposal(
                    args={"deal": deal_id(number), "document": to_json(document)},
                    channel=consortium.ledger.ledger_id,
                    contract="document",
                    creator=creator,
                    nonce=os.urandom(24).hex(),
                    operation="register",
                    time=consortium.clock(),
                    transient=None,
                    version=version,
                )
                yield Transaction(proposal, signer.sign(proposal.signing_bytes)), signer.certificate_der
