"""Commands beyond the guide, each on a copy of its ledger: governance, parties, keys, repeats."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chainfusion.node.identity.keyfile import plain_key
from tests.cli.shell import Shell
from tests.support.certificates import ca, leaf, make

PASSWORD = "seven words that nobody else would choose"

OPEN = (
    "deal open {deal} --home donghai --name Second --name-zh 第二期 --product auto-loans --currency USD "
    "--party trustee=YunjinMSP --party law-firm=YanshanMSP"
)


@pytest.fixture(scope="module")
def shell(guide: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A copy of the guide's folder, to work on; ids that the guide took are known."""
    folder = tmp_path_factory.mktemp("commands") / "work"
    shutil.copytree(guide.folder, folder)
    yield Shell(folder, dict(guide.variables))


def height(shell: Shell) -> int:
    return int(shell.ask("ledger blocks --home yunjin --last 1")[0]["header"]["number"]) + 1


def test_a_repeated_request_answers_as_the_first_and_records_nothing(shell: Shell) -> None:
    line = OPEN.format(deal="REPEATED") + " --request open-once"
    first = shell.ask(line)
    before = height(shell)
    assert shell.ask(line)["transaction"] == first["transaction"]
    assert height(shell) == before


def test_a_request_id_stands_for_one_call(shell: Shell) -> None:
    before = height(shell)
    refusal = shell.refused(OPEN.format(deal="ANOTHER") + " --request open-once")
    assert refusal["code"] == "REQUEST_REUSED"
    assert refusal["facts"]["operation"] == "deal.open"
    assert height(shell) == before


def test_a_repeated_upload_is_the_first_one_and_another_file_is_refused(shell: Shell) -> None:
    shell.ask(OPEN.format(deal="UPLOADS"))
    shell.ask("deal accept UPLOADS --home yunjin --role trustee")
    shell.ask("deal accept UPLOADS --home yanshan --role law-firm")
    line = "document add UPLOADS {file} --home yanshan --kind working-paper --request one-paper"
    first = shell.ask(line.format(file="opinion.txt"))
    assert shell.ask(line.format(file="opinion.txt")) == first
    assert shell.refused(line.format(file="due-diligence.txt"))["code"] == "REQUEST_REUSED"


def test_a_next_version_keeps_the_document(shell: Shell) -> None:
    first = shell.ask("document add UPLOADS opinion.txt --home yanshan --kind legal-opinion")
    line = f"document add UPLOADS due-diligence.txt --home yanshan --kind legal-opinion --next-of {first['document']}"
    assert shell.ask(line)["version"] == 2
    versions = shell.ask(f"document show UPLOADS {first['document']} --home yunjin")
    assert [each["document"]["supersedes"] for each in versions] == [None, 1]


def test_the_arrangers_set_what_a_deal_needs(shell: Shell) -> None:
    shell.ask("document require UPLOADS working-paper=law-firm trust-contract=trustee --home donghai")
    lines = shell.ask("document list UPLOADS --home yunjin")
    assert [(each["kind"], each["missing"]) for each in lines if each["provider"]] == [
        ("working-paper", False),
        ("trust-contract", True),
    ]


def test_a_party_declines_is_replaced_and_another_is_named(shell: Shell) -> None:
    shell.ask(OPEN.format(deal="PARTIES"))
    shell.ask("deal decline PARTIES --home yanshan --role law-firm --reason 'conflict of interest'")
    shell.ask("deal replace-party PARTIES law-firm=YanshanMSP --home donghai --reason 'it declined'")
    shell.ask("deal name-party PARTIES lead-underwriter=WangchaoMSP --home donghai")
    shell.ask("deal accept PARTIES --home wangchao --role lead-underwriter")
    assert shell.ask("deal accept PARTIES --home yunjin --role trustee")["state"] == "open"
    parties = {each["msp"]: each for each in shell.ask("deal show PARTIES --home donghai")["parties"]}
    assert (parties["YanshanMSP"]["status"], parties["YanshanMSP"]["reason"]) == ("replaced", "it declined")


def test_a_deal_is_cancelled_with_the_reason(shell: Shell) -> None:
    assert shell.ask("deal cancel PARTIES --home donghai --reason 'the market closed'")["state"] == "cancelled"
    newest = shell.ask("deal history PARTIES --home donghai")[0]
    assert newest["deal"]["reason"] == "the market closed"


def test_members_vote_on_rules_and_on_a_new_agreement(shell: Shell) -> None:
    raised = shell.ask("consortium propose-rules --home donghai --user donghai-rep --witnesses 2/3")
    assert (raised["state"], raised["yes"]) == ("open", 1)
    shell.ask(f"consortium vote {raised['proposal']} --yes --home yunjin --user yunjin-rep")
    decided = shell.ask(f"consortium vote {raised['proposal']} --yes --home yanshan --user yanshan-rep")
    assert decided["state"] == "decided"
    rules = shell.ask("consortium show --home yunjin")["rules"]
    assert rules["witnesses"] == {"numerator": 2, "denominator": 3}
    assert rules["admission"] == {"numerator": 2, "denominator": 3}
    (shell.folder / "second.txt").write_text("another agreement")
    proposed = shell.ask("consortium propose-agreement second.txt --home donghai --user donghai-rep")
    shell.ask(f"consortium withdraw {proposed['proposal']} --home donghai --user donghai-rep")
    assert shell.ask("consortium show --home yunjin")["proposals"] == []


def test_a_member_is_suspended_and_returns(shell: Shell) -> None:
    for line, status in (
        ("consortium propose-suspension WangchaoMSP", "suspended"),
        ("consortium propose-reinstatement WangchaoMSP", "active"),
    ):
        proposal = shell.ask(f"{line} --home donghai --user donghai-rep")["proposal"]
        shell.ask(f"consortium vote {proposal} --yes --home yunjin --user yunjin-rep")
        if shell.ask("consortium show --home yunjin")["proposals"]:
            shell.ask(f"consortium vote {proposal} --yes --home yanshan --user yanshan-rep")
        assert shell.ask("consortium show --home yunjin")["members"]["WangchaoMSP"]["status"] == status


def test_a_member_renews_keys_changes_its_card_and_leaves(shell: Shell) -> None:
    shell.ask("consortium renew-keys --home wangchao --user wangchao-rep")
    shell.ask("org card --home wangchao --role lead-underwriter --role investor --out wangchao-2.card")
    proposal = shell.ask("consortium propose-replacement wangchao-2.card --home wangchao --user wangchao-rep")[
        "proposal"
    ]
    shell.ask(f"consortium vote {proposal} --no --home yunjin --user yunjin-rep")
    shell.ask(f"consortium vote {proposal} --no --home yanshan --user yanshan-rep")
    members = shell.ask("consortium show --home yunjin")["members"]
    assert members["WangchaoMSP"]["roles"] == ["lead-underwriter"]
    shell.ask("consortium leave --home wangchao --user wangchao-rep")
    assert shell.ask("consortium show --home yunjin")["members"]["WangchaoMSP"]["status"] == "left"


def test_person_institution_and_encryption_key_have_passwords_of_their_own(shell: Shell) -> None:
    org, mine = {"CHAINFUSION_ORG_PASSWORD": "of the house"}, {"CHAINFUSION_PASSWORD": "of the person"}
    shell.ask("org init --home beiyu --msp BeiyuMSP --name 'Beiyu CPA' --name-zh 北屿会计师事务所", **org)
    both = org | {"CHAINFUSION_NEW_PASSWORD": "of the person"}
    shell.ask("org enrol --home beiyu BY-0141 --role accountant", **both)
    assert shell.refused("org export-key --home beiyu BY-0141 --out key.pem", **org)["code"] == "WRONG_PASSWORD"
    shell.ask("org change-password --home beiyu BY-0141", **mine, CHAINFUSION_NEW_PASSWORD="of the same person")
    shell.ask("org export-key --home beiyu BY-0141 --out key.pem", CHAINFUSION_PASSWORD="of the same person")
    assert "PRIVATE KEY" in (shell.folder / "key.pem").read_text()


def test_documents_are_opened_with_the_password_of_the_encryption_key(shell: Shell) -> None:
    wrong = shell.refused(
        "document open DH-2026-1 $report --home yunjin --out again.txt", CHAINFUSION_ENCRYPTION_PASSWORD="another"
    )
    assert wrong["code"] == "WRONG_PASSWORD"
    assert "encryption" in wrong["facts"]["name"]
    right = {"CHAINFUSION_PASSWORD": "not needed", "CHAINFUSION_ENCRYPTION_PASSWORD": PASSWORD}
    shell.ask("document open DH-2026-1 $report --home yunjin --out again.txt", **right)


def test_who_only_reads_is_asked_for_no_password(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHAINFUSION_PASSWORD")
    assert shell.ask("deal show DH-2026-1 --home yunjin")["deal"]["id"] == "DH-2026-1"
    assert shell.ask("pool versions DH-2026-1 --home yanshan")


def test_a_password_is_asked_for_on_standard_error(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHAINFUSION_PASSWORD")
    ran = shell.run("--json", *shell.words("pool loan DH-2026-1 22793398 --home yunjin"), typed=PASSWORD + "\n")
    assert ran.json["loan_id"] == "22793398"
    assert "Password of the encryption key of YunjinMSP" in ran.err


def test_certificates_of_another_ca_are_taken(shell: Shell) -> None:
    always = {"begins": datetime(2020, 1, 1, tzinfo=UTC), "ends": datetime(2049, 1, 1, tzinfo=UTC)}
    root = make(ca("own root", 1, **always))
    node = make(leaf("node", "peer", **always), root)
    notary = make(leaf("notary", "notary", **always), root, key=Ed25519PrivateKey.generate())
    (shell.folder / "ca.pem").write_bytes(root.pem)
    for name, held in (("node", node), ("notary", notary)):
        (shell.folder / f"{name}.pem").write_bytes(held.pem)
        (shell.folder / f"{name}.key").write_bytes(plain_key(held.key))
    made = shell.ask(
        "org import --home own --msp OwnMSP --name Own --name-zh 自有 --ca ca.pem --node-cert node.pem "
        "--node-key node.key --notary-cert notary.pem --notary-key notary.key"
    )
    assert (made["own_ca"], made["notary"]) == (False, True)


def test_the_ledger_of_the_guide_and_of_these_tests_is_sound(shell: Shell) -> None:
    assert shell.ask("ledger fsck ledger/ledger.db --trust genesis.json")["findings"] == []


def test_a_changed_ledger_file_is_found(shell: Shell, tmp_path: Path) -> None:
    copy = tmp_path / "ledger.db"
    with closing(sqlite3.connect(shell.folder / "ledger" / "ledger.db")) as whole, closing(sqlite3.connect(copy)) as to:
        whole.backup(to)
    data = bytearray(copy.read_bytes())
    at = data.index(b"Donghai Auto 2026-1")
    data[at] ^= 0x20
    copy.write_bytes(data)
    ran = shell.run("--json", "ledger", "fsck", str(copy))
    assert ran.code == 1
    assert ran.json["findings"]


def test_an_anchor_is_of_a_channel_and_an_embedded_ledger_has_its_genesis(shell: Shell) -> None:
    refusal = shell.refused("evidence anchor --home yunjin --out anchor.json")
    assert refusal["code"] == "NO_ANCHOR_HERE"
    assert not (shell.folder / "anchor.json").exists()
