"""Some transactions are checked while others are run; nothing is told before it is durable."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from threading import Semaphore
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.ledger.embedded import checking, committer, draft, fsck
from chainfusion.ledger.embedded.committer import LedgerWriteFailed
from chainfusion.ledger.embedded.waiting import WaitingRoom
from chainfusion.ledger.port import Receipt, TransactionRefused
from tests.ledger.conftest import COLLECTIONS
from tests.support.ledger import Consortium, Desk, representative

PATIENCE = 30.0
LOT = 20


class Gate:
    """A `connect` whose writer stops before it commits, as often as `stops` says, until it is let through."""

    def __init__(self) -> None:
        self.stops = 0
        self._reached = Semaphore(0)
        self._turn = Semaphore(0)
        self._failure: Exception | None = None

    def __call__(self, *args: Any, **options: Any) -> sqlite3.Connection:
        gate = self

        class Gated(sqlite3.Connection):
            def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
                if sql == "commit" and gate.stops:
                    gate.stop()
                return super().execute(sql, *parameters)

        return sqlite3.connect(*args, factory=Gated, **options)

    def stop(self) -> None:
        """What the writer does."""
        self.stops -= 1
        self._reached.release()
        assert self._turn.acquire(timeout=PATIENCE)
        if self._failure is not None:
            raise self._failure

    def await_writer(self) -> None:
        """Returns when the writer stands at the gate."""
        assert self._reached.acquire(timeout=PATIENCE)

    def open(self, failure: Exception | None = None) -> None:
        """Lets it through, or into a failure."""
        self._failure = failure
        self._turn.release()


class Scene:
    """A block with a lot of transactions stands at the gate; behind it waits another lot."""

    def __init__(self, consortium: Consortium, path: Path) -> None:
        self.gate = Gate()
        self.ledger = consortium.found(path, collections=COLLECTIONS, connect=self.gate)
        self.desk = Desk(consortium, self.ledger, representative(consortium.orderer))
        self.gate.stops = 2
        self.before = self.send(1)
        self.gate.await_writer()
        self.ahead = self.send(LOT)
        self.gate.open()
        self.gate.await_writer()
        self.behind = self.send(LOT)

    def send(self, count: int) -> list[Future[Receipt]]:
        """Transactions that each count one further."""
        calls = [self.desk.consortium.signed(self.desk.person, "probe.count_up", key="n") for _ in range(count)]
        return [self.ledger.record_soon(call, self.desk.person.certificate_der) for call in calls]


@pytest.fixture
def scene(consortium: Consortium, path: Path) -> Iterator[Scene]:
    made = Scene(consortium, path)
    yield made
    made.gate.open()
    made.ledger.close()


def test_a_block_that_fails_leaves_nothing_to_those_behind_it(scene: Scene, consortium: Consortium, path: Path) -> None:
    scene.gate.open(sqlite3.OperationalError("disk I/O error"))
    for future in scene.ahead:
        assert isinstance(future.exception(PATIENCE), LedgerWriteFailed)
    others = scene.before + scene.behind
    assert [int(future.result(PATIENCE).response) for future in others] == list(range(1, len(others) + 1))
    assert scene.ledger.state("n") == str(len(others)).encode()
    scene.ledger.close()
    assert list(fsck(path, consortium.registry, collections=COLLECTIONS)) == []


def test_what_waits_behind_a_block_is_served_before_closing(scene: Scene) -> None:
    scene.gate.open()
    scene.ledger.close()
    assert {future.result().code for future in scene.ahead + scene.behind} == {"VALID"}


def test_a_bad_signature_behind_a_block_is_refused_and_harms_no_other(scene: Scene) -> None:
    good = scene.desk.consortium.signed(scene.desk.person, "probe.count_up", key="n")
    bad = replace(good, signature=scene.desk.person.sign(b"something else"))
    forged = scene.ledger.record_soon(bad, scene.desk.person.certificate_der)
    genuine = scene.ledger.record_soon(good, scene.desk.person.certificate_der)
    scene.gate.open()
    assert isinstance(forged.exception(PATIENCE), TransactionRefused)
    assert int(genuine.result(PATIENCE).response) == 2 * LOT + 2


def test_a_check_that_breaks_answers_its_batch_and_the_ledger_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("out of order")

    with monkeypatch.context() as patched:
        patched.setattr(checking, "signature_refusal", broken)
        with pytest.raises(LedgerWriteFailed, match="out of order"):
            desk.submit("probe.count_up", key="n")
    assert desk.submit("probe.count_up", key="n").response == b"1"


# ------------------------------------------------------------------ how many at a time


def test_what_does_not_fit_in_a_block_stays_in_hand_with_what_its_checks_found(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft, "MAX_TRANSACTIONS", 8)
    person, consortium = scene.desk.person, scene.desk.consortium
    calls = [consortium.signed(person, "probe.count_up", key="m") for _ in range(LOT)]
    calls[15] = replace(calls[15], signature=person.sign(b"something else"))
    futures = [scene.ledger.record_soon(call, person.certificate_der) for call in calls]
    scene.gate.open()
    with pytest.raises(TransactionRefused, match="BAD_SIGNATURE"):
        futures.pop(15).result(PATIENCE)
    receipts = [future.result(PATIENCE) for future in futures]
    assert [int(receipt.response) for receipt in receipts] == list(range(1, LOT))
    blocks = [receipt.block for receipt in receipts]
    assert blocks == sorted(blocks)
    assert max(blocks.count(block) for block in blocks) <= 8


def test_a_failing_block_answers_a_bad_signature_as_such(scene: Scene) -> None:
    good = scene.desk.consortium.signed(scene.desk.person, "probe.count_up", key="n")
    forged = replace(good, signature=scene.desk.person.sign(b"something else"))
    refused = scene.ledger.record_soon(forged, scene.desk.person.certificate_der)
    scene.gate.stops = 1
    scene.gate.open()
    scene.gate.await_writer()
    scene.gate.open(sqlite3.OperationalError("disk I/O error"))
    assert isinstance(refused.exception(PATIENCE), TransactionRefused)
    assert all(isinstance(future.exception(PATIENCE), LedgerWriteFailed) for future in scene.behind)


def test_no_more_is_sent_to_be_checked_ahead_than_a_block_holds(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committer, "MAX_TRANSACTIONS", 24)
    sent: list[int] = []
    begin = checking.SignatureChecker.begin

    def counted(checker: checking.SignatureChecker, batch: Any) -> Any:
        sent.append(len(batch))
        return begin(checker, batch)

    monkeypatch.setattr(checking.SignatureChecker, "begin", counted)
    others = [*scene.behind, *scene.send(LOT), *scene.send(LOT)]
    scene.gate.open()
    assert {future.result(PATIENCE).code for future in others} == {"VALID"}
    assert sum(sent) == len(others)
    assert max(sent) <= 24


def waiting(inside: int) -> WaitingRoom:
    """A waiting room with so many in it, each of one byte."""
    room, size = WaitingRoom(), 1

    class Waiting:
        def __init__(self, number: int) -> None:
            self.size = size
            self.proposal = self
            self.tx_id = str(number)

    for number in range(inside):
        room.enter(Waiting(number))  # type: ignore[arg-type]
    return room


@pytest.mark.parametrize(
    ("inside", "least", "count", "size", "expected"),
    [(0, 1, 9, 9, 0), (15, 16, 99, 99, 0), (16, 16, 99, 99, 16), (16, 1, 9, 99, 9), (16, 1, 99, 5, 5), (1, 1, 9, 9, 1)],
)
def test_what_is_taken_of_those_who_wait(inside: int, least: int, count: int, size: int, expected: int) -> None:
    room = waiting(inside)
    assert len(room.take(count, size, least, wait=False)) == expected
    assert len(room.take(99, 99, 1, wait=False)) == inside - expected


# ------------------------------------------------------------------ the same as one by one

CALLS = st.lists(
    st.sampled_from(["n", "m"]).map(lambda key: ("probe.count_up", {"key": key}))
    | st.sampled_from(["list", "n"]).map(lambda prefix: ("probe.scan_and_count", {"prefix": prefix}))
    | st.integers(1, 9).map(lambda size: ("probe.put", {"key": "k", "value": "x" * size})),
    min_size=40,
    max_size=60,
)


@settings(max_examples=4, deadline=None)
@given(calls=CALLS)
def test_what_is_sent_at_once_comes_out_as_one_by_one(institutions: Consortium, calls: list[Any]) -> None:
    consortium, person = institutions, representative(institutions.orderer)
    signed = [consortium.signed(person, operation, **args) for operation, args in calls]
    with tempfile.TemporaryDirectory() as folder:
        with consortium.found(Path(folder) / "one.db", collections=COLLECTIONS) as ledger:
            one_by_one = [ledger.record(each, person.certificate_der) for each in signed]
            expected = [ledger.transaction(each.tx_id).outcome for each in one_by_one]
        with consortium.found(Path(folder) / "all.db", collections=COLLECTIONS) as ledger:
            futures = [ledger.record_soon(each, person.certificate_der) for each in signed]
            at_once = [future.result() for future in futures]
            assert [ledger.transaction(each.tx_id).outcome for each in at_once] == expected
    assert [each.response for each in at_once] == [each.response for each in one_by_one]
