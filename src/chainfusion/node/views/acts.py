"""Signed acts in order, as the read model has them: by transaction, by block, by deal, by what they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select

from chainfusion.domain.errors import Text
from chainfusion.ledger.port import Ledger
from chainfusion.node.readmodel import Narration, ReadModel
from chainfusion.node.readmodel.schema import acts, blocks, deals, members
from chainfusion.node.views.facts import Institution, Place
from chainfusion.node.views.sentences import edition, sentence

KEPT = 20_000
"""Acts that are kept as they were read: a page names the same ones again and again."""
NARRATION = Narration(sentence, edition())


@dataclass(frozen=True)
class Act:
    """One transaction as people read it.

    `time` is the signer's clock, `recorded` the block's; `what` follows the institution's name; `failure` says why an
    invalid transaction changed nothing.
    """

    tx_id: str
    block: int
    index: int
    time: datetime
    recorded: datetime
    by: Institution
    person: str
    operation: str
    version: int
    deal: str | None
    valid: bool
    code: str
    what: Text
    failure: Text | None

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.tx_id, self.block, self.index, self.time, self.by)


@dataclass(frozen=True)
class BlockLine:
    """A block in a list."""

    number: int
    hash: str
    time: datetime
    count: int
    invalid: int


@dataclass(frozen=True)
class Before:
    """A place in the order of transactions: a page of acts ends above it. As an address has it: "3127.4"."""

    block: int
    index: int

    def __str__(self) -> str:
        return f"{self.block}.{self.index}"

    @property
    def holds(self) -> ColumnElement[bool]:
        """Whether an act stands before it."""
        return or_(acts.c.block < self.block, and_(acts.c.block == self.block, acts.c.position < self.index))


@dataclass(frozen=True)
class ActsPage:
    """Acts, the newest first; `older` is where the next page begins, None on the last."""

    acts: tuple[Act, ...]
    older: str | None


@dataclass
class Acts:
    """All acts of a ledger, read out of its read model."""

    model: ReadModel
    _names: dict[str, Institution] = field(default_factory=dict)
    _named: tuple[str, int] = ("", -1)
    _kept: dict[str, Act] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def ledger(self) -> Ledger:
        """The ledger that these are the acts of."""
        return self.model.ledger

    def follow(self) -> int:
        """Takes in what is new; returns the height that all of this speaks for."""
        state = self.model.follow()
        if (state.built, state.named) != self._named:
            self._rename((state.built, state.named))
        return state.height

    def _rename(self, named: tuple[str, int]) -> None:
        with self._lock, self.model.database.reading() as connection:
            rows = connection.execute(select(members)).all()
            self._names = {row.msp: Institution(row.msp, Text(row.name, row.name_zh)) for row in rows}
            self._kept, self._named = {}, named

    def institution(self, msp: str) -> Institution:
        """A member by MSP id; one that the ledger does not know keeps its id as its name."""
        return self._names.get(msp) or Institution(msp, Text(msp, msp))

    def institutions(self) -> tuple[Institution, ...]:
        """Every member that the ledger has had, by MSP id."""
        return tuple(self._names[msp] for msp in sorted(self._names))

    # ------------------------------------------------------------------ one

    def find(self, tx_id: str) -> Act | None:
        """A transaction by id, or None."""
        found = self._kept.get(tx_id)
        return found or next(iter(self.read(select(acts).where(acts.c.tx_id == tx_id))), None)

    def act(self, tx_id: str) -> Act:
        """A transaction by id, one that has come since the acts were followed too: contracts answer as of now.

        Raises: KeyError.
        """
        found = self.find(tx_id)
        if found is None:
            self.follow()
            found = self.find(tx_id)
        if found is None:
            raise KeyError(tx_id)
        return found

    def place(self, tx_id: str) -> Place:
        """Where a transaction stands. Raises: KeyError."""
        return self.act(tx_id).place

    # ------------------------------------------------------------------ many

    def keep(self, tx_ids: Iterable[str]) -> None:
        """Reads transactions that will be asked for, in one go."""
        missing = sorted({each for each in tx_ids if each not in self._kept})
        for start in range(0, len(missing), 500):
            self.read(select(acts).where(acts.c.tx_id.in_(missing[start : start + 500])))

    def of_block(self, number: int) -> tuple[Act, ...]:
        """A block's transactions in order."""
        return self.read(select(acts).where(acts.c.block == number).order_by(acts.c.position))

    def page(self, size: int, before: Before | None, *such: ColumnElement[bool]) -> ActsPage:
        """So many acts of a kind, the newest first, before a place."""
        asked = select(acts).where(*such, *((before.holds,) if before else ()))
        found = self.read(asked.order_by(acts.c.block.desc(), acts.c.position.desc()).limit(size + 1))
        last = found[size - 1] if len(found) > size else None
        return ActsPage(found[:size], str(Before(last.block, last.index)) if last else None)

    def of_deal(self, deal: str, size: int, before: Before | None = None) -> ActsPage:
        """A deal's acts, the newest first."""
        return self.page(size, before, acts.c.deal == deal)

    def count_of(self, deal: str) -> int:
        """How many transactions name a deal."""
        return self._number(select(deals.c.acts).where(deals.c.id == deal))

    def count(self) -> int:
        """How many transactions the ledger has."""
        return self._number(select(func.sum(blocks.c.transactions)))

    def operations_of(self, deal: str) -> frozenset[str]:
        """The operations that were done in a deal, validly."""
        asked = select(acts.c.operation).distinct().where(acts.c.deal == deal, acts.c.valid.is_(True))
        with self.model.database.reading() as connection:
            return frozenset(connection.execute(asked).scalars())

    def block_lines(self, asked: Select[Any]) -> tuple[BlockLine, ...]:
        """Blocks that a query over the table of blocks finds."""
        with self.model.database.reading() as connection:
            rows = connection.execute(asked).all()
        return tuple(
            BlockLine(r.number, r.hash, datetime.fromisoformat(r.time), r.transactions, r.invalid) for r in rows
        )

    def _number(self, asked: Select[Any]) -> int:
        with self.model.database.reading() as connection:
            return int(connection.execute(asked).scalar() or 0)

    def read(self, asked: Select[Any]) -> tuple[Act, ...]:
        """Acts that a query over their table finds."""
        with self.model.database.reading() as connection:
            rows = connection.execute(asked).all()
        found = tuple(map(self._act, rows))
        with self._lock:
            if len(self._kept) + len(found) > KEPT:
                self._kept = {}
            self._kept.update((each.tx_id, each) for each in found)
        return found

    def _act(self, row: Row[Any]) -> Act:
        failure = None if row.failure_en is None else Text(row.failure_en, row.failure_zh)
        return Act(
            tx_id=row.tx_id,
            block=row.block,
            index=row.position,
            time=datetime.fromisoformat(row.time),
            recorded=datetime.fromisoformat(row.recorded),
            by=self.institution(row.msp),
            person=row.person,
            operation=row.operation,
            version=row.version,
            deal=row.deal,
            valid=row.valid,
            code=row.code,
            what=Text(row.what_en, row.what_zh),
            failure=failure,
        )
