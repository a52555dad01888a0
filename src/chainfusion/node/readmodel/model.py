"""The read model of one ledger: followed block by block, in order, and never trusted as a source.

A block is taken in whole or not at all, and the height with it, in one transaction of the database: a node that dies
between two of them goes on where it was. Who finds that another process was there first takes nothing in twice. A model
that is absent, or of another ledger, form or wording, is dropped and read again from block 0.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Row, select, update

from chainfusion.ledger.evidence.certificates import Certificate
from chainfusion.ledger.port import Ledger, NotOnLedger
from chainfusion.node.readmodel import schema
from chainfusion.node.readmodel.database import Database, put
from chainfusion.node.readmodel.narration import Narration
from chainfusion.node.readmodel.projection import Projection

BATCH_BLOCKS = 64
"""Blocks to a transaction of the database, where there are many to take in."""
NO_HEAD = ""

Progress = Callable[[int, int], None]
"""Told of blocks taken in, and of how many there are."""


def unheard(done: int, of: int) -> None:
    """Progress that nobody looks at."""
    del done, of


@dataclass(frozen=True)
class State:
    """How far the model is: which build, how many blocks, the block that last changed a name, records derived."""

    built: str
    height: int
    head: str
    named: int
    made: int


@dataclass
class ReadModel:
    """A ledger's read model in a database."""

    ledger: Ledger
    database: Database
    narration: Narration
    _state: State = State("", -1, NO_HEAD, -1, 0)
    _people: dict[str, str] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def state(self) -> State:
        """How far it was when it was last followed."""
        return self._state

    def follow(self, progress: Progress = unheard) -> State:
        """Takes in what is new on the ledger. Raises: ReadModelUnreachable, and what the ledger raises."""
        if self.ledger.height() == self._state.height:
            return self._state
        with self._lock:
            if self._state.height < 0:
                self._begin()
            return self._catch_up(progress)

    def rebuild(self, progress: Progress = unheard) -> State:
        """Drops everything and reads the ledger again from block 0."""
        with self._lock:
            self._make()
            return self._catch_up(progress)

    def note(self, values: dict[str, Any], connection: Connection) -> None:
        """Writes facts of the model's own row."""
        connection.execute(update(schema.model).values(values))

    # ------------------------------------------------------------------ beginning

    def _begin(self) -> None:
        """Goes on with what is there, if it is of this ledger and this form, and makes it anew otherwise."""
        if not self._fits():
            self._make()

    def _fits(self) -> bool:
        if self.database.tables() != schema.metadata.tables.keys():
            return False
        with self.database.reading() as connection:
            row = connection.execute(select(schema.model)).one_or_none()
        same = row is not None and (row.schema, row.words, row.ledger) == self._form
        return same and row is not None and row.head == self._hash(row.height)

    @property
    def _form(self) -> tuple[int, str, str]:
        return schema.SCHEMA, self.narration.edition, self.ledger.ledger_id

    def _hash(self, height: int) -> str:
        """The hash of the last of so many blocks; one that the ledger has not is of no model."""
        if height == 0:
            return NO_HEAD
        try:
            return self.ledger.block(height - 1).header.hash.hex()
        except NotOnLedger:
            return "-"

    def _make(self) -> None:
        form, words, ledger = self._form
        with self.database.writing() as connection:
            self.database.drop(connection)
            schema.metadata.create_all(connection)
            row = {"id": 1, "schema": form, "words": words, "ledger": ledger, "built": secrets.token_hex(8)}
            put(connection, schema.model, [row | {"height": 0, "head": NO_HEAD, "named": 0, "made": 0}])

    # ------------------------------------------------------------------ following

    def _catch_up(self, progress: Progress) -> State:
        target = self.ledger.height()
        while True:
            self._state = self._take(target)
            progress(min(self._state.height, target), target)
            if self._state.height >= target:
                return self._state

    def _take(self, target: int) -> State:
        """Takes in some blocks up to `target`, from where the database stands now."""
        with self.database.writing() as connection:
            found = self.locked(connection)
            stop = min(target, found.height + BATCH_BLOCKS)
            if stop <= found.height:
                return _state_of(found)
            projection = Projection(connection, self.narration, self._person)
            projection.take(self.ledger.blocks(found.height, stop))
            batch = projection.batch
            batch.write(connection)
            named = found.named if batch.renamed is None else batch.renamed
            changed = {"height": stop, "head": batch.blocks[-1]["hash"], "named": named}
            self.note(changed, connection)
        return State(found.built, stop, changed["head"], named, found.made)

    def locked(self, connection: Connection) -> Row[Any]:
        """The model's own row, which no other writer has before this transaction ends."""
        return connection.execute(select(schema.model).with_for_update()).one()

    def _person(self, fingerprint: str) -> str:
        if fingerprint not in self._people:
            self._people[fingerprint] = Certificate.from_der(self.ledger.certificate(fingerprint)).subject
        return self._people[fingerprint]


def _state_of(row: Row[Any]) -> State:
    return State(row.built, row.height, row.head, row.named, row.made)
