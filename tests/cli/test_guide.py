"""The deal of docs/guide.md: every command runs, and what it leaves on the ledger is what the guide says."""

from __future__ import annotations

import hashlib
import json

import pytest

from scripts import reference
from tests.cli.shell import ROOT, Shell

REPORT, OPINION = "legal-due-diligence-report", "legal-opinion"


def test_every_command_of_the_guide_does_what_the_guide_says(guide: Shell) -> None:
    told = [ran for ran in guide.ran if ran.words[:1] != ("--json",)]
    assert len(told) > 60
    refused = [ran.words[:2] for ran in told if ran.code == 1]
    assert refused == [("tape", "criteria"), ("cashflow", "run"), ("verify", "report.evidence")]


def test_the_consortium_has_its_founders_and_the_admitted_member(guide: Shell) -> None:
    membership = guide.ask("consortium show --home yunjin")
    assert sorted(membership["members"]) == ["DonghaiMSP", "WangchaoMSP", "YanshanMSP", "YunjinMSP"]
    assert membership["agreement_signed_by"] == sorted(membership["members"])
    text = (ROOT / "src/chainfusion/demo/agreement.txt").read_bytes()
    assert membership["agreement"]["fingerprint"] == hashlib.sha256(text).hexdigest()


def test_the_deal_is_closed_and_every_party_accepted(guide: Shell) -> None:
    shown = guide.ask("deal show DH-2026-1 --home wangchao")
    assert shown["deal"]["state"] == "closed"
    assert {party["status"] for party in shown["parties"]} == {"accepted"}
    states = [change["deal"]["state"] for change in guide.ask("deal history DH-2026-1 --home wangchao")]
    assert states == ["closed", "open", "open", "open", "draft"]


def test_the_second_pool_refers_to_the_first_and_is_the_one_acknowledged(guide: Shell) -> None:
    first, second = guide.ask("pool versions DH-2026-1 --home wangchao")
    assert second["record"]["replaces"] == {
        "version": 1, "root": first["record"]["root"], "tx_id": first["tx_id"],
    }  # fmt: skip
    assert (first["record"]["loans"], second["record"]["loans"]) == (2844, 2825)
    assert (first["acknowledged_by"], second["acknowledged_by"]) == ([], ["YunjinMSP"])
    assert guide.ask("pool show DH-2026-1 --home yanshan")["tx_id"] == second["tx_id"]


def test_deal_and_pool_point_at_each_other(guide: Shell) -> None:
    deal = guide.ask("deal show DH-2026-1 --home yunjin")["deal"]
    pool = guide.ask("pool show DH-2026-1 --home yunjin")
    assert deal["pool"] == {"version": 2, "root": pool["record"]["root"], "tx_id": pool["tx_id"]}
    assert pool["project"]["opened"] == deal["tx_id"]


def test_a_loan_is_shown_to_a_reader_as_the_tape_has_it(guide: Shell) -> None:
    loan = guide.ask("pool loan DH-2026-1 22793398 --home yunjin")
    assert (loan["current_balance"], loan["rate_ppm"], loan["region"]) == (892226, 91900, "FL")


def test_the_index_tells_what_is_there_and_what_is_missing(guide: Shell) -> None:
    lines = {line["kind"]: line for line in guide.ask("document list DH-2026-1 --home yunjin")}
    assert not lines[REPORT]["missing"]
    assert lines["trust-contract"]["missing"]
    assert [each["version"] for each in lines["loan-tape"]["documents"]] == [2]


def test_grant_and_opinion_stand_on_the_ledger(guide: Shell) -> None:
    (version,) = guide.ask("document show DH-2026-1 $report --home yunjin")
    assert version["readers"] == ["DonghaiMSP", "YanshanMSP", "YunjinMSP"]
    (opinion,) = guide.ask("document opinions DH-2026-1 --home donghai")
    assert opinion["current"]
    relied = opinion["opinion"]["statement"]
    assert relied["pool"]["version"] == 2
    assert [each["document"] for each in relied["documents"]] == [guide.variables["report"]]


def test_the_ledger_file_names_no_file_and_no_content(guide: Shell) -> None:
    data = b"".join(path.read_bytes() for path in (guide.folder / "ledger").rglob("*") if path.is_file())
    for secret in (b"due-diligence.txt", b"assignable", b"ally-auto", b"22793398"):
        assert secret not in data


def test_the_proposed_mapping_names_the_columns_that_the_kept_one_names(guide: Shell) -> None:
    proposed = guide.ask("tape map $tape")
    chosen = {each["field"]: each["column"] for each in proposed["fields"]}
    assert (chosen["loan_id"], chosen["current_balance"]) == ("assetNumber", "reportingPeriodActualEndBalanceAmount")
    assert (guide.folder / "proposed.yaml").read_text(encoding="utf-8") == proposed["yaml"]


def test_blocks_transactions_and_histories_are_the_same_facts(guide: Shell) -> None:
    newest = guide.ask("ledger blocks --home yunjin --last 1")[0]
    number = newest["header"]["number"]
    block = guide.ask(f"ledger block {number} --home yunjin")
    assert block["hash"] == newest["hash"]
    (transaction,) = block["transactions"]
    assert transaction == guide.ask(f"ledger tx {transaction['tx_id']} --home yunjin")
    assert guide.ask(f"ledger status {transaction['tx_id']} --home yunjin")["state"] == "committed"
    change = guide.ask("ledger history deal DH-2026-1 --home yunjin")[0]
    assert change["transaction"] == transaction["tx_id"]
    assert json.loads(change["value"])["state"] == "closed"


def test_witnesses_cosigned_the_checkpoint_that_was_kept(guide: Shell) -> None:
    note = guide.ask("ledger checkpoint --home wangchao")
    assert note["signatures"] == ["DonghaiMSP", "YunjinMSP", "YanshanMSP", "WangchaoMSP"]
    assert (guide.folder / "held.checkpoint").read_text(encoding="utf-8") == note["note"]


@pytest.mark.parametrize("name", ["loan", "pool", "admission"])
def test_evidence_verifies_under_the_genesis_that_any_member_keeps(guide: Shell, name: str) -> None:
    verdict = guide.ask(f"verify {name}.evidence --trust wangchao/genesis.json")
    assert verdict["ok"]


def test_evidence_of_another_deal_is_not_taken(guide: Shell) -> None:
    ran = guide.run("--json", "verify", "pool.evidence", "--trust", "genesis.json", "--deal", "DH-2026-9")
    assert ran.code == 1
    assert not ran.json["ok"]


def test_every_command_is_run_here_or_in_the_tests_beside(guide: Shell) -> None:
    tests = [*(ROOT / "tests" / "cli").glob("test_*.py"), *(ROOT / "tests" / "fabric").glob("test_*.py")]
    beside = "".join(path.read_text(encoding="utf-8") for path in tests).replace('", "', " ")
    run = {" ".join(ran.words).removeprefix("--json ") + " " for ran in guide.ran}
    paths = {path.removeprefix("chainfusion ") + " " for path, _ in reference.commands()} - {"serve "}
    paths = {path for path in paths if not path.startswith("network ")}  # they have a test module of their own
    assert len(paths) > 50
    assert [path for path in paths if path not in beside and not any(line.startswith(path) for line in run)] == []


def test_the_terms_hold_with_the_last_consent_and_everyone_computes_the_same(guide: Shell) -> None:
    (version,) = guide.ask("terms show DH-2026-1 --home yanshan")["versions"]
    assert version["fingerprint"] == guide.ask("terms fingerprint terms.yaml")["fingerprint"]
    assert (sorted(version["consented"]), version["outstanding"]) == (["DonghaiMSP", "WangchaoMSP", "YunjinMSP"], [])
    stress = "--cpr 6 --cdr 9 --recovery 30 --lag 6"
    own = guide.ask(f"cashflow run DH-2026-1 --home donghai {stress}")
    assert own["terms"] == version["fingerprint"]
    assert own["payments"] == guide.ask(f"cashflow run DH-2026-1 --home yunjin {stress}")["payments"]
    assert own["payments"] == guide.ask("cashflow run DH-2026-1 --home yanshan --collections run.csv")["payments"]
    lines = (guide.folder / "run.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == len(own["payments"]) + 1
