"""A disk that fails: nothing half done, the caller is told, and the ledger goes on when the disk does."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from chainfusion.ledger.embedded import LedgerUnreadable, fsck
from chainfusion.ledger.embedded.committer import LedgerWriteFailed
from tests.ledger.conftest import COLLECTIONS
from tests.support.ledger import Consortium, Desk, representative


class FailingConnection(sqlite3.Connection):
    """Fails at the statement whose beginning `fail_at` names."""

    fail_at = ""

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        self._fail(sql)
        return super().execute(sql, *parameters)

    def executemany(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        self._fail(sql)
        return super().executemany(sql, *parameters)

    def _fail(self, sql: str) -> None:
        if self.fail_at and sql.startswith(self.fail_at):
            raise sqlite3.OperationalError("disk I/O error")


class Disk:
    """A `connect` whose connections fail on demand."""

    def __init__(self) -> None:
        self.connections: list[FailingConnection] = []

    def __call__(self, *args: Any, **options: Any) -> sqlite3.Connection:
        connection = sqlite3.connect(*args, factory=FailingConnection, **options)
        self.connections.append(connection)
        return connection

    def fail_at(self, sql: str) -> None:
        for connection in self.connections:
            connection.fail_at = sql


@pytest.mark.parametrize(
    "statement",
    [
        "begin immediate",
        "pragma data_version",
        "select value from state",
        "select tx_id from transactions",
        "insert into transactions",
        "insert or replace into state",
        "insert into history",
        "insert into blocks",
        "insert into nodes",
        "insert or ignore into certificates",
        "commit",
    ],
)
def test_a_failing_disk_leaves_no_half_block(consortium: Consortium, path: Path, statement: str) -> None:
    disk = Disk()
    with consortium.found(path, collections=COLLECTIONS, connect=disk) as ledger:
        desk = Desk(consortium, ledger, representative(consortium.orderer))
        desk.submit("probe.put", key="k", value="before")
        disk.fail_at(statement)
        calls = [consortium.signed(desk.person, "probe.count_up", key=f"new{n}") for n in range(3)]
        futures = [ledger.record_soon(call, desk.person.certificate_der) for call in calls]
        for future in futures:
            with pytest.raises(LedgerWriteFailed):
                future.result()
        disk.fail_at("")
        assert ledger.height() == 2
        receipts = [ledger.record(call, desk.person.certificate_der) for call in calls]  # the same requests again
        assert {each.code for each in receipts} == {"VALID"}
    assert list(fsck(path, consortium.registry, collections=COLLECTIONS)) == []


@pytest.mark.parametrize("statement", ["CREATE TABLE nodes", "insert into blocks", "commit"])
def test_a_founding_that_fails_leaves_no_ledger(consortium: Consortium, path: Path, statement: str) -> None:
    disk = Disk()

    def connect(*args: Any, **options: Any) -> sqlite3.Connection:
        connection = disk(*args, **options)
        disk.fail_at(statement)
        return connection

    with pytest.raises(LedgerWriteFailed):
        consortium.found(path, connect=connect)
    with pytest.raises(LedgerUnreadable):
        consortium.open(path)
    consortium.found(path).close()
    assert list(fsck(path, consortium.registry)) == []


def test_a_write_ahead_log_cut_anywhere_gives_a_whole_prefix(desk: Desk, path: Path, tmp_path: Path) -> None:
    """What a power failure leaves: some first bytes of what was written."""
    for number in range(6):
        desk.submit("probe.put", key="n", value=str(number))
    log = path.with_name(path.name + "-wal").read_bytes()
    heights = set()
    for cut in range(0, len(log) + 1, max(1, len(log) // 40)):
        copy = tmp_path / f"cut{cut}.db"
        shutil.copy(path, copy)
        copy.with_name(copy.name + "-wal").write_bytes(log[:cut])
        try:
            with desk.consortium.open(copy) as ledger:
                height = ledger.height()
                assert ledger.state("n") == (None if height == 1 else str(height - 2).encode())
                heights.add(height)
                Desk(desk.consortium, ledger, desk.person).submit("probe.put", key="n", value="after")
        except LedgerUnreadable:  # not even the founding had reached the disk
            assert not heights
            continue
        assert list(fsck(copy, desk.consortium.registry, collections=COLLECTIONS)) == []
    assert len(heights) > 3
