"""The benchmarks on Fabric: where they are skipped, what they install, and the arithmetic of capacity."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fabric_protos", reason="the extra `fabric` is not installed")

from benchmarks import _capacity as capacity
from benchmarks import fabric_client, fabric_tx
from benchmarks._capacity_measure import costs, split
from benchmarks._fabric_load import Load, keep_in_flight
from benchmarks._fabric_servers import BARE, OURS

COST: dict[str, Any] = {
    "bytes": {"deal.open, 4 parties": 8000, "document.register, no reader": 7000, "document.register, 3 readers": 9000}
    | dict.fromkeys(("deal.accept", "document.grant", "pool.register", "pool.acknowledge"), 6000),
    "endorsement_bytes": 1000,
    "milliseconds": {kind: {"block": 10.0, "transaction": 5.0} for kind in ("peer", "orderer")},
    "endorsement_milliseconds": {"peer": 2.0, "chaincode": 1.0},
    "verification_milliseconds": 0.1,
    "disk_bytes_per_transaction": {"peer": 9000, "orderer": 15000},
}


# -------------------------------------------------------------- skipped, and installed


@pytest.mark.parametrize(
    ("benchmark", "line"),
    [
        (fabric_tx, "fabric_tx is skipped: Fabric's peer is neither in FABRIC_BIN nor on PATH.\n"),
        (fabric_client, "fabric_client is skipped: peer is not on this machine.\n"),
    ],
)
def test_without_binaries_there_is_one_plain_line_and_no_row(
    benchmark: Any, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FABRIC_BIN", str(tmp_path))
    assert benchmark.run() == []
    assert capsys.readouterr().out == line


def test_without_node_there_is_one_plain_line_and_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("peer", "orderer", "configtxgen"):
        (tmp_path / name).touch(mode=0o700)
    monkeypatch.setenv("FABRIC_BIN", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert fabric_client.run() == []
    assert capsys.readouterr().out == "fabric_client is skipped: node is not on this machine.\n"


def test_what_npm_installs_is_locked_by_hash_and_names_no_registry() -> None:
    lock = json.loads((fabric_client.SOURCE / "package-lock.json").read_text())
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert "node_modules/@hyperledger/fabric-gateway" in packages
    assert all(each["integrity"].startswith("sha512-") for each in packages.values())
    assert not any("resolved" in each for each in packages.values())


# -------------------------------------------------------------- load


def test_a_load_is_counted_between_its_warm_up_and_its_end() -> None:
    load = Load(25, 2)
    assert (load.warm_up, load.end) == (2.5, 4.5)
    assert load.counted([0.1, 2.49, 2.5, 4.4, 4.5, 9.0]) == 2


def test_a_load_ends_with_the_first_failure() -> None:
    def fail(number: int) -> None:
        if number == 3:
            raise KeyError("third")

    with pytest.raises(KeyError, match="third"):
        keep_in_flight(Load(2, 600), fail)


def test_rows_compare_what_was_measured_beside_each_other() -> None:
    found = fabric_tx.rows({16: {OURS: 30.0, BARE: 20.0}})
    assert [(row["name"], row["value"], row["peer_value"], row["ratio"]) for row in found] == [
        ("fabric_tx_16", 30.0, 20.0, 1.5)
    ]
    rows = fabric_client.rows(fabric_client.Pace(30, 4), fabric_client.Pace(20, 16))
    assert [(row["name"], row["ratio"]) for row in rows] == [("fabric_client", 1.5), ("fabric_client_cpu", 0.25)]


# -------------------------------------------------------------- costs


def test_two_loads_tell_a_block_s_cost_from_a_transaction_s() -> None:
    block, transaction = 12.0, 5.0
    one, many = 1.0, 0.25  # blocks for a transaction
    found = split(one, many, block * one + transaction, block * many + transaction)
    assert found == pytest.approx((block, transaction))


def test_costs_are_those_of_one_node() -> None:
    few = {"blocks": 10, "transactions": 10, "cpu": dict.fromkeys(("peer", "orderer", "chaincode"), 0.6)}
    many = {"blocks": 10, "transactions": 100, "cpu": dict.fromkeys(("peer", "orderer", "chaincode"), 2.4)}
    found = costs(few, many)
    assert found["peer"] == {"block": 10.0, "transaction": 5.0}


# -------------------------------------------------------------- the simulation


def test_a_year_holds_every_transaction_of_every_deal() -> None:
    platform = capacity.Platform(78_000_000_000)
    year = capacity.simulate(platform)
    expected: Counter[str] = Counter()
    for kind, count in platform.kinds.items():
        expected[kind] += count * platform.deals
    for kind, count in platform.monthly.items():
        expected[kind] += count * platform.deals * 36
    assert year.by_kind == expected
    assert year == capacity.simulate.__wrapped__(platform)
    assert year.busiest < year.transactions


def test_ten_times_the_deals_are_ten_times_the_transactions_and_a_busier_minute() -> None:
    small, large = (capacity.simulate(capacity.Platform(volume)) for volume in capacity.VOLUMES)
    assert large.transactions == 10 * small.transactions
    assert small.busiest < large.busiest <= 10 * small.busiest


def test_more_endorsers_cost_more_and_an_implicit_majority_costs_their_square() -> None:
    year = capacity.simulate(capacity.Platform(78_000_000_000))
    named = [capacity.needs(capacity.Design("", 200, count, False, 1), year, COST) for count in (3, 5, 9)]
    assert [each.milliseconds for each in named] == sorted(each.milliseconds for each in named)
    implicit = capacity.needs(capacity.Design("", 200, 101, True, 1), year, COST)
    assert implicit.milliseconds > 101 * 101 * COST["verification_milliseconds"]
    assert implicit.bytes > 101 * COST["endorsement_bytes"]


def test_a_peer_that_sees_a_part_needs_a_part() -> None:
    year = capacity.simulate(capacity.Platform(78_000_000_000))
    whole = capacity.needs(capacity.Design("", 8, 5, True, 1), year, COST)
    part = capacity.needs(capacity.Design("", 8, 5, True, 0.25), year, COST)
    assert (part.cores, part.gigabytes) == pytest.approx((whole.cores / 4, whole.gigabytes / 4))


def test_an_orderer_needs_what_all_transactions_need() -> None:
    year = capacity.Year(Counter({"document.register, no reader": 1000}), busiest=60)
    cores, gigabytes = capacity.orderer_needs(year, COST)
    assert cores == pytest.approx(0.015)  # one a second, 15 ms each
    assert gigabytes == pytest.approx(1000 * 15_000 / 1e9)


def test_the_page_shows_both_volumes_from_the_measured_costs(capsys: pytest.CaptureFixture[str]) -> None:
    capacity.main([])
    shown = capsys.readouterr().out
    assert "78 billion yuan a year" in shown
    assert "780 billion yuan a year" in shown
    assert shown.count("a channel for each deal") == 2
