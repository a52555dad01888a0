"""Many threads and several processes on one ledger; old contract versions beside new ones."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chainfusion.contracts.framework import Context, Contract, Registry
from chainfusion.ledger.embedded import EmbeddedLedger, Kind, fsck
from chainfusion.ledger.port import TransactionRefused, TransactionState
from tests.ledger.conftest import COLLECTIONS
from tests.support.ledger import Consortium, Desk
from tests.support.probe import ROLES, anyone, probe

EACH = 20


def test_64_threads_share_one_ledger(desk: Desk, path: Path) -> None:
    def work(thread: int) -> list[str]:
        receipts = [desk.submit("probe.count_up", key="n") for _ in range(EACH)]
        assert [desk.ledger.status(each.tx_id) for each in receipts] == [TransactionState.COMMITTED] * EACH
        return [each.response.decode() for each in receipts]

    with ThreadPoolExecutor(64) as pool:
        numbers = [number for answers in pool.map(work, range(64)) for number in answers]
    assert sorted(map(int, numbers)) == list(range(1, 64 * EACH + 1))
    assert desk.ledger.height() < 64 * EACH  # they shared blocks
    assert list(fsck(path, desk.consortium.registry, collections=COLLECTIONS)) == []


def test_a_transaction_sees_the_ones_before_it_in_its_block(desk: Desk) -> None:
    """Ranges too: each counts the keys that the earlier ones wrote."""
    calls = [desk.consortium.signed(desk.person, "probe.scan_and_count", prefix="list") for _ in range(100)]
    futures = [desk.ledger.record_soon(call, desk.person.certificate_der) for call in calls]
    receipts = [future.result() for future in futures]
    assert [int(each.response) for each in receipts] == list(range(100))
    assert max(Counter(each.block for each in receipts).values()) > 1


def test_what_waits_is_pending_and_is_served_before_closing(desk: Desk, path: Path) -> None:
    calls = [desk.consortium.signed(desk.person, "probe.count_up", key="n") for _ in range(300)]
    futures = [desk.ledger.record_soon(call, desk.person.certificate_der) for call in calls]
    last = desk.ledger.status(calls[-1].proposal.tx_id)
    desk.ledger.close()
    assert last in (TransactionState.PENDING, TransactionState.COMMITTED)
    assert {future.result().code for future in futures} == {"VALID"}


# ------------------------------------------------------------------ processes


def _count_up(consortium: Consortium, path: Path, name: str) -> None:
    person = consortium.orderer.user(name)
    with consortium.open(path, collections=COLLECTIONS) as ledger:
        desk = Desk(consortium, ledger, person)
        for number in range(EACH):
            desk.submit("probe.count_up", key="n")
            desk.submit("probe.scan_and_count", prefix=f"list{number % 2}")


def test_several_processes_write_one_ledger(desk: Desk, path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    others = [fork.Process(target=_count_up, args=(desk.consortium, path, f"user{each}")) for each in range(3)]
    for each in others:
        each.start()
    for _ in range(EACH):
        desk.submit("probe.count_up", key="n")
    for each in others:
        each.join()
    assert [each.exitcode for each in others] == [0, 0, 0]
    assert desk.ledger.state("n") == str(4 * EACH).encode()
    assert int(desk.evaluate("probe.count_up", key="n")) == 4 * EACH + 1
    desk.submit("probe.put", key="k", value="v")
    assert list(fsck(path, desk.consortium.registry, collections=COLLECTIONS)) == []


def test_a_writer_sees_what_another_wrote(desk: Desk, consortium: Consortium, path: Path) -> None:
    with consortium.open(path) as second:
        other = Desk(consortium, second, desk.person)
        for number in range(1, 6):
            writer = (desk, other)[number % 2]
            assert writer.submit("probe.count_up", key="n").response == str(number).encode()
        assert other.ledger.checkpoint() == desk.ledger.checkpoint()
        first = desk.submit("probe.put", request="r", key="k", value="v")
        assert other.submit("probe.put", request="r", key="k", value="v") == first


# ------------------------------------------------------------------ versions

newer = Contract("probe", version=2, guard=anyone)


@newer.operation(by=ROLES)
def put(ctx: Context, key: str, value: str) -> None:
    ctx.put(key, f"second version: {value}".encode())


def _upgraded(consortium: Consortium) -> Registry:
    return Registry(consortium.registry.in_force("consortium"), probe, newer)


def test_old_blocks_replay_by_the_version_that_made_them(desk: Desk, consortium: Consortium, path: Path) -> None:
    old = consortium.signed(desk.person, "probe.put", key="late", value="v")
    desk.submit("probe.put", key="k", value="1")
    desk.ledger.close()
    registry = _upgraded(consortium)
    node, clock = consortium.orderer.node, consortium.clock
    with EmbeddedLedger(path, registry, node, clock=clock) as upgraded:
        with pytest.raises(TransactionRefused, match="VERSION_NOT_IN_FORCE"):
            upgraded.record(old, desk.person.certificate_der)
        changed = Consortium(consortium.members, (), clock)
        vars(changed).update(registry=registry, genesis=consortium.genesis)
        Desk(changed, upgraded, desk.person).submit("probe.put", key="k", value="2")
        assert [change.value for change in upgraded.history("k")] == [b"second version: 2", b"1"]
    assert list(fsck(path, registry)) == []
    without = list(fsck(path, Registry(registry.in_force("consortium"), newer)))
    assert without[0].kind is Kind.TRANSACTION_UNREADABLE
    assert "probe@1.put" in without[0].message()


def test_a_repeat_after_an_upgrade_returns_the_first_receipt(desk: Desk, consortium: Consortium, path: Path) -> None:
    signed = consortium.signed(desk.person, "probe.put", request="r", key="k", value="1")
    first = desk.ledger.record(signed, desk.person.certificate_der)
    desk.ledger.close()
    with EmbeddedLedger(path, _upgraded(consortium), consortium.orderer.node, clock=consortium.clock) as upgraded:
        assert upgraded.record(signed, desk.person.certificate_der) == first
