"""Wrong use and refusals: exit codes, clean output, languages, and that nothing changes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import reference
from tests.cli.shell import ROOT, Shell

TERMS = ("--home donghai --name 'Donghai Auto' --name-zh 东海车贷 --product auto-loans "
         "--currency {currency} --party {party}")  # fmt: skip


@pytest.fixture
def shell(guide: Shell) -> Shell:
    """The guide's own folder: what is refused leaves it as it is."""
    return Shell(guide.folder, dict(guide.variables))


def files(shell: Shell) -> dict[Path, int]:
    """Every file with its size; what the database engine keeps beside its file comes and goes."""
    found = (path for path in shell.folder.rglob("*") if path.is_file() and not path.name.endswith(("-wal", "-shm")))
    return {path: path.stat().st_size for path in found}


@pytest.fixture(autouse=True)
def _nothing_changes(shell: Shell):  # type: ignore[no-untyped-def]
    last = "ledger blocks --home yunjin --last 1"
    height = shell.ask(last)[0]["header"]["number"]
    before = {
        path: path.stat().st_size for path in shell.folder.rglob("*") if path.suffix not in (".db-wal", ".db-shm")
    }
    yield
    assert {path: path.stat().st_size for path in before} == before
    assert shell.ask(last)[0]["header"]["number"] == height


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("deal open X " + TERMS.format(currency="dollars", party="trustee=YunjinMSP"), "BAD_INPUT"),
        ("deal open X " + TERMS.format(currency="USD", party="trustee=9MSP"), "BAD_INPUT"),
        ("deal open X " + TERMS.format(currency="USD", party="judge=YunjinMSP"), "BAD_ARGUMENT"),
        ("deal open X " + TERMS.format(currency="USD", party="trustee=StrangerMSP"), "NOT_A_MEMBER"),
        ("deal open DH-2026-1 " + TERMS.format(currency="USD", party="trustee=YunjinMSP"), "DEAL_EXISTS"),
        ("deal accept DH-2026-1 --home yunjin --role trustee", "WRONG_STATE"),
        ("deal show NONE --home yunjin", "UNKNOWN_DEAL"),
        ("deal show DH-2026-1 --home nowhere", "NOT_JOINED"),
        ("deal show DH-2026-1 --home yunjin --user nobody", "IDENTITY_MISSING"),
        ("consortium propose-rules --home donghai --user donghai-rep --admission most", "BAD_SHARE"),
        ("consortium draft genesis.json --card donghai.card --agreement agreement.txt --orderer DonghaiMSP "
         "--name A --name-zh 甲", "FILE_EXISTS"),
        ("consortium draft new.json --card donghai.card --agreement agreement.txt --orderer DonghaiMSP "
         "--name '' --name-zh 甲", "BAD_INPUT"),
        ("consortium found genesis.json --home donghai --user donghai-rep --ledger ledger", "FILE_EXISTS"),
        ("org init --home donghai --msp DonghaiMSP --name A --name-zh 甲", "IDENTITY_EXISTS"),
        ("org card --home donghai --role originator --out donghai.card", "FILE_EXISTS"),
        ("org card --home donghai --role representative --out other.card", "BAD_INPUT"),
        ("document show DH-2026-1 00 --home yunjin", "DOCUMENT_MISSING"),
        ("document open DH-2026-1 $report --home wangchao --out x.txt", "NOT_GRANTED"),
        ("document open DH-2026-1 $report --home yunjin --out received.txt", "FILE_EXISTS"),
        ("document grant DH-2026-1 $report --home yunjin --reader WangchaoMSP", "NOT_THE_OWNER"),
        ("document require DH-2026-1 poem=trustee --home donghai", "BAD_ARGUMENT"),
        ("pool loan DH-2026-1 1 --home yunjin", "LOAN_UNKNOWN"),
        ("pool loan DH-2026-1 22793398 --home yanshan", "OPENINGS_MISSING"),
        ("ledger tx 00 --home yunjin", "NOT_ON_LEDGER"),
        ("ledger block 999 --home yunjin", "NOT_ON_LEDGER"),
        ("ledger cosign --home donghai", "NOT_A_WITNESS"),
        ("evidence export loan DH-2026-1 22793398 --home donghai --out loan.evidence", "FILE_EXISTS"),
        ("tape check $tape --mapping genesis.json", "TAPE_BAD_MAPPING"),
    ],
)  # fmt: skip
def test_a_refusal_is_typed_exits_1_and_prints_nothing_else(shell: Shell, line: str, code: str) -> None:
    refusal = shell.refused(line)
    assert refusal["code"] == code
    assert refusal["message"]
    assert refusal["remedy"]


def test_a_file_that_cannot_be_written_is_told_by_its_path(shell: Shell) -> None:
    refusal = shell.refused("evidence export pool DH-2026-1 --home donghai --out genesis.json/pool.evidence")
    assert refusal["code"] == "FILE_FAILED"
    assert "genesis.json" in refusal["facts"]["path"]


def test_a_wrong_password_is_told_by_the_key(shell: Shell) -> None:
    refusal = shell.refused("deal cancel DH-2026-1 --home yunjin --reason x", CHAINFUSION_ORDERER_PASSWORD="wrong")
    assert refusal["code"] == "WRONG_PASSWORD"
    assert "node.DonghaiMSP" in refusal["facts"]["name"]


def test_without_a_terminal_the_missing_password_is_named(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHAINFUSION_PASSWORD")
    refusal = shell.run("--json", *["deal", "cancel", "DH-2026-1", "--home", "yunjin", "--reason", "x"])
    assert refusal.code == 1
    assert json.loads(refusal.err[refusal.err.index("{") :])["error"]["code"] == "PASSWORD_NEEDED"


def test_people_are_told_in_their_language(shell: Shell) -> None:
    line = shell.words("deal show NONE --home yunjin")
    english, chinese = shell.run(*line), shell.run(*line, env={"CHAINFUSION_LANG": "zh"})
    assert english.err.startswith("UNKNOWN_DEAL: ")
    assert "项目" in chinese.err
    assert shell.run("--lang", "zh", *line).err == chinese.err
    assert english.out == chinese.out == ""


def test_why_a_record_does_not_take_it_is_told_in_chinese_too(shell: Shell) -> None:
    line = shell.words("deal open X " + TERMS.format(currency="dollars", party="trustee=YunjinMSP"))
    said = shell.run("--lang", "zh", *line).err
    assert "币种为三个大写字母" in said
    assert "three capital letters" not in said


def test_tables_and_verdicts_are_in_the_language_asked_for(shell: Shell) -> None:
    assert "发起机构" in shell.run("--lang", "zh", *["deal", "show", "DH-2026-1", "--home", "yunjin"]).out
    assert "资产池" in shell.run("--lang", "zh", *["verify", "pool.evidence", "--trust", "genesis.json"]).out


@pytest.mark.parametrize(
    "line",
    [
        "deal",
        "deal fly",
        "deal show",
        "deal show DH-2026-1 --home yunjin --colour red",
        "verify none --trust genesis.json",
        "tape check none.csv --mapping none.yaml",
        "--lang fr deal list --home yunjin",
        "deal accept DH-2026-1 --home yunjin --role judge",
    ],
)
def test_wrong_use_exits_2(shell: Shell, line: str) -> None:
    ran = shell.run(*shell.words(line))
    assert ran.code == 2
    assert "Traceback" not in ran.err


def test_a_broken_tape_gives_all_errors_located_and_exits_1(shell: Shell, tmp_path: Path) -> None:
    lines = Path(shell.variables["tape"]).read_text().splitlines()
    lines[2] = lines[2].replace("0.0919", "nine percent")
    lines[3] = lines[1]
    broken = tmp_path / "broken.csv"
    broken.write_text("\n".join(lines))
    ran = shell.run("--json", *shell.words(f"tape check {broken} --mapping $mapping"))
    assert ran.code == 1
    places = {(found["row"], found["rule"]) for found in ran.json["findings"] if found["severity"] == "error"}
    assert {row for row, _ in places} >= {3, 4}
    register = f"pool register DH-2026-1 {broken} --home donghai --mapping $mapping --criteria $criteria"
    assert shell.refused(register)["code"] == "TAPE_REFUSED"


def test_every_command_helps_and_says_what_it_does(shell: Shell) -> None:
    for path, _ in reference.commands():
        ran = shell.run(*path.split()[1:], "--help")
        assert ran.code == 0
        assert "Usage: chainfusion" in ran.out


def test_json_may_stand_anywhere_and_version_and_exit_codes_are_told() -> None:
    program = "from chainfusion.cli.main import run; run()"
    environment = {
        "PYTHONPATH": str(ROOT / "src"),
        "PATH": "/usr/bin:/bin",
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }

    def program_run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", program, *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    refused = program_run("deal", "list", "--home", "nowhere", "--json")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert json.loads(refused.stderr)["error"]["code"] == "NOT_JOINED"
    assert "Exit codes: 0 done or proven" in " ".join(program_run("--help").stdout.split())
    completion = program_run("--show-completion", "bash")
    assert (completion.returncode, "_CHAINFUSION_COMPLETE" in completion.stdout) == (0, True)


def test_who_verifies_loads_no_ledger_no_tapes_and_no_web(shell: Shell) -> None:
    heavy = ("sqlite3", "polars", "numpy", "fastapi")
    told = f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    program = f"import sys\nfrom chainfusion.cli.main import app\ntry:\n    app()\nfinally:\n    {told}"
    command = [sys.executable, "-c", program, "verify", "pool.evidence", "--trust", "genesis.json"]
    paths = {"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"}
    ran = subprocess.run(command, cwd=shell.folder, env=paths, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout[:4], ran.stderr.strip()) == (0, "OK: ", "[]")
