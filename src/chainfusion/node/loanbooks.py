"""A pool's loans, opened from the vault: in this process's memory, checked against the root, and nowhere else.

Only what was granted to the institution can be opened. A book of a million loans takes some hundred megabytes: few are
kept, those that were looked at last.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

import polars as pl

from chainfusion.domain.errors import Text
from chainfusion.domain.loan import Loan, loan_record
from chainfusion.domain.pool import Pool
from chainfusion.domain.records import from_json
from chainfusion.ledger.evidence import merkle
from chainfusion.ledger.evidence.opening import SALT_BYTES, LoanOpening
from chainfusion.node import pools
from chainfusion.node.desk import Desk
from chainfusion.node.jobs import Jobs, Kind, Stage, Work
from chainfusion.tape.compare import Changes, compare
from chainfusion.tape.opened import frame_of

T = TypeVar("T")
OPEN = "pool-open"
MOST_LOANS = 1_500_000
"""Loans of all books that are kept together."""
AT_ONCE = 50_000
"""Loans of a pool that is opened while a page waits; a larger one is opened by a job."""
KEPT_COMPARISONS, KEPT_ANSWERS = 4, 16
_TITLE = Text("Open a pool’s loans", "打开资产池贷款")
_STAGES = (
    Stage("opening", Text("Open from the vault", "从保险库打开"), Text("loans", "笔")),
    Stage("reading", Text("Read", "读取"), Text("loans", "笔")),
)


@dataclass(frozen=True, eq=False)
class Book:
    """The loans of a registered pool, in tape order, with what shows each under the root."""

    pool: Pool
    frame: pl.DataFrame
    salts: bytes
    node: merkle.NodeLookup

    def __len__(self) -> int:
        return self.frame.height

    def loan(self, index: int) -> Loan:
        """The loan at a place of the tape, from 0. Raises: IndexError."""
        values: dict[str, Any] = self.frame.row(index, named=True)
        return Loan(**values)

    def opening(self, index: int) -> LoanOpening:
        """What shows a loan under the root."""
        salt = self.salts[index * SALT_BYTES : (index + 1) * SALT_BYTES]
        path = merkle.inclusion_proof_of(self.node, index, len(self))
        return LoanOpening(index=index, path=path, record=loan_record(self.frame.row(index)), salt=salt)

    def index(self, loan_id: str) -> int:
        """A loan's place in the tape, from 0. Raises: LoanUnknown."""
        found = (self.frame["loan_id"] == loan_id).arg_true()
        if found.is_empty():
            raise pools.LoanUnknown(loan=loan_id)
        return int(found[0])


@dataclass
class LoanBooks:
    """The books that were opened last. `desk` is whose grants count: the institution's. Thread-safe."""

    desk: Desk
    jobs: Jobs
    _books: OrderedDict[bytes, Book] = field(default_factory=OrderedDict)
    _comparisons: OrderedDict[tuple[bytes, bytes], Changes] = field(default_factory=OrderedDict)
    _found: OrderedDict[tuple[bytes, tuple[tuple[str, str], ...]], Any] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)
    _opening: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.jobs.offer(Kind(OPEN, _TITLE, _STAGES, self._open, is_large=True))

    def kept(self, pool: Pool) -> Book | None:
        """A pool's book, if it is open."""
        with self._lock:
            found = self._books.get(pool.record.root)
            if found is not None:
                self._books.move_to_end(pool.record.root)
            return found

    def book(self, pool: Pool, work: Work | None = None) -> Book:
        """A pool's book, opened where it is not. Raises: OpeningsMissing, and what opening a document raises."""
        with self._opening:  # two who ask for one pool wait for one opening
            found = self.kept(pool)
            if found is None:
                found = self._opened(pool, work)
                self._keep(found)
            return found

    def found(self, book: Book, asked: tuple[tuple[str, str], ...], find: Callable[[], T]) -> T:
        """What was found for a question, kept while its answer is looked at page by page."""
        key = (book.pool.record.root, asked)
        with self._lock:
            if key in self._found:
                kept: T = self._found[key]
                return kept
        made = find()
        with self._lock:
            self._found[key] = made
            while len(self._found) > KEPT_ANSWERS:
                self._found.popitem(last=False)
        return made

    def is_ready(self, pool: Pool) -> bool:
        """Whether a page can show it now: it is open, or so small that the page can wait."""
        return pool.record.loans <= AT_ONCE or self.kept(pool) is not None

    def changes(self, before: Pool, after: Pool) -> Changes:
        """How two versions differ. Raises: as `book`."""
        key = (before.record.root, after.record.root)
        with self._lock:
            found = self._comparisons.get(key)
        if found is None:
            found = compare(self.book(before).frame, self.book(after).frame)
            with self._lock:
                self._comparisons[key] = found
                while len(self._comparisons) > KEPT_COMPARISONS:
                    self._comparisons.popitem(last=False)
        return found

    def version(self, deal: str, number: int | None = None) -> Pool:
        """A version of a deal's pool, by default that in force. Raises: UnknownDeal, NotRegistered, VersionUnknown."""
        if number is None:
            return pools.current(self.desk, deal)
        every = from_json(tuple[Pool, ...], self.desk.session.query("pool.versions", deal=deal))
        found = next((pool for pool in every if pool.version == number), None)
        if found is None:
            raise pools.VersionUnknown(deal=deal, version=number)
        return found

    def _open(self, work: Work) -> Any:
        pool = self.version(work.job.deal, work.arguments["version"])
        return {"loans": len(self.book(pool, work))}

    def _opened(self, pool: Pool, work: Work | None) -> Book:
        loans = pool.record.loans
        if work is not None:
            work.at("opening", 0, loans)
        openings = pools.openings(self.desk, pool)
        if work is not None:
            work.at("reading", 0, loans)
        salts = b"".join(data[:SALT_BYTES] for data in openings.leaf_data)
        return Book(pool, frame_of(openings.leaf_data), salts, openings.node)

    def _keep(self, book: Book) -> None:
        with self._lock:
            self._books[book.pool.record.root] = book
            while len(self._books) > 1 and sum(map(len, self._books.values())) > MOST_LOANS:
                self._books.popitem(last=False)
