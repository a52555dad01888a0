"""The examination of a ledger's file: everything is checked again from the file alone, the way an auditor would.

Three layers, each on the one below: SQLite finds the file sound; hashes and signatures hold from block to block; every
contract call, run again in a scratch store, comes out the same and leaves the same tables. Memory stays small: one
transaction at a time, and the scratch store spills to disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from chainfusion.contracts.framework import Registry
from chainfusion.ledger.embedded.blocks import LEDGER_ID
from chainfusion.ledger.embedded.examiner import Examiner
from chainfusion.ledger.embedded.execution import Engine
from chainfusion.ledger.embedded.findings import Finding, Kind
from chainfusion.ledger.embedded.private import Collections
from chainfusion.ledger.embedded.schema import TABLES
from chainfusion.ledger.embedded.store import DAMAGE, Connect, Store
from chainfusion.ledger.evidence.checkpoint import Checkpoint

MEANINGLESS = "it holds what cannot be interpreted"
Progress = Callable[[int, int], None]
"""Told blocks done and blocks in all."""


def fsck(
    path: Path,
    registry: Registry,
    *,
    collections: Mapping[str, frozenset[str]] | None = None,
    ledger_id: str | None = None,
    checkpoint: Checkpoint | None = None,
    progress: Progress | None = None,
    connect: Connect = sqlite3.connect,
) -> Iterator[Finding]:
    """Examines a ledger's file and yields what is wrong with it, as it is found; nothing means that all of it holds.

    `registry` and `collections` are the ones that wrote the file, old versions included. `ledger_id` and `checkpoint`
    are what the caller knows from elsewhere: without them a file can prove that it is consistent and by whom it is
    signed, but not that it is the ledger meant, nor that its end is not missing.
    """
    if not path.is_file():
        yield Finding(Kind.NOT_A_LEDGER, detail="there is no such file")
        return
    try:
        store = Store.reader(path, connect)
    except DAMAGE as error:
        yield Finding(Kind.FILE_DAMAGED, detail=str(error))
        return
    engine = Engine(registry, Collections(dict(collections or {})))
    try:
        yield from _examined(store, engine, ledger_id, checkpoint, progress)
    except DAMAGE as error:
        yield Finding(Kind.FILE_DAMAGED, detail=str(error) or type(error).__name__)
    except Exception as error:  # whatever a file holds, its examination ends with a finding
        yield Finding(Kind.FILE_DAMAGED, detail=f"{MEANINGLESS} ({type(error).__name__}: {error})"[:300])
    finally:
        store.close()


def _examined(
    store: Store, engine: Engine, ledger_id: str | None, checkpoint: Checkpoint | None, progress: Progress | None
) -> Iterator[Finding]:
    with store.reading():
        unsound = list(_unsound(store))
        yield from unsound
        if unsound:  # what cannot be read for certain is not interpreted
            return
        stated = (store.meta(LEDGER_ID) or b"").decode(errors="replace")
        if ledger_id is not None and stated != ledger_id:
            yield Finding(Kind.WRONG_LEDGER, detail=f"{stated}, not {ledger_id}")
        with Examiner(store, engine, stated, checkpoint) as examiner:
            yield from examiner.findings(progress or _silent)


def _silent(done: int, total: int) -> None:
    """Nobody watches."""


def _unsound(store: Store) -> Iterator[Finding]:
    if not store.is_ledger():
        yield Finding(Kind.NOT_A_LEDGER, detail="its header does not say so")
        return
    declared = {name: sql for name, sql in store.schema() if not name.startswith("sqlite_autoindex_")}
    for name in sorted(declared.keys() | TABLES.keys()):
        if declared.get(name) != TABLES.get(name):
            yield Finding(Kind.SCHEMA_ALTERED, detail=name[:80])
    for line in store.damage():
        yield Finding(Kind.FILE_DAMAGED, detail=line[:300])
    if [row[0] for row in store.table("meta")] != [LEDGER_ID]:
        yield Finding(Kind.TABLE_DIFFERS, key="*", table="meta", detail="it holds other facts than the ledger's id")
