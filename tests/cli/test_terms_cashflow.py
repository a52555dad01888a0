"""Terms and cash flow on the command line: findings, readings of a payment, every way to name what is run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.shell import ROOT, Shell

TERMS = ROOT / "src/chainfusion/demo/data/auto-terms.yaml"
TAPE = ROOT / "src/chainfusion/demo/data/ally-auto-2019-08.csv"
MAPPING = ROOT / "src/chainfusion/tape/mappings/ally-auto-aart-2019.yaml"
HEXIANG = ROOT / "examples/hexiang-2017-5/terms.yaml"
LOANS = f"--terms {TERMS} --tape {TAPE} --mapping {MAPPING}"
STRESS = "--cpr 6 --cdr 9 --recovery 30 --lag 6"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A folder without a ledger."""
    yield Shell(tmp_path_factory.mktemp("terms"))


@pytest.fixture(scope="module")
def collections(shell: Shell) -> Path:
    """What a run wrote."""
    shell.ask(f"cashflow run {LOANS} {STRESS} --out run.csv")
    return shell.folder / "run.csv"


def test_findings_are_located_and_refuse(shell: Shell) -> None:
    assert shell.ask(f"terms check {TERMS}") == {"findings": [], "errors": 0, "warnings": 0}
    broken = shell.folder / "broken.yaml"
    text = TERMS.read_text(encoding="utf-8")
    broken.write_text(text.replace("1% * pool.opening", "1 * pool.opened"), encoding="utf-8")
    ran = shell.run("--json", "terms", "check", "broken.yaml")
    assert ran.code == 1
    line = next(n for n, each in enumerate(text.splitlines(), 1) if "1% * pool.opening" in each)
    assert [(each["line"], each["path"]) for each in ran.json["findings"]] == [(line, "fees.servicer.yearly")]
    told = shell.run("--lang", "zh", "terms", "check", "broken.yaml")
    assert (told.code, "错误" in told.out, str(line) in told.out) == (1, True, True)
    refusal = shell.refused("terms fingerprint broken.yaml")
    assert (refusal["code"], refusal["facts"]["line"]) == ("BAD_TERMS", line)


def test_sheet_and_schema_are_printed(shell: Shell) -> None:
    said = {lang: shell.run("--lang", lang, "terms", "sheet", str(TERMS)).out for lang in ("en", "zh")}
    assert "Cumulative losses above their limit" in said["en"]
    assert "分配顺序：正常分配" in said["zh"]
    fingerprint = shell.ask(f"terms fingerprint {TERMS}")["fingerprint"]
    assert said["en"].rstrip().endswith(fingerprint)
    assert shell.ask(f"terms sheet {TERMS}")["fingerprint"] == fingerprint
    assert shell.ask("terms schema ")["$schema"].startswith("https://json-schema.org/")


def test_a_run_is_the_same_from_loans_and_from_its_own_collections(shell: Shell, collections: Path) -> None:
    loans = shell.ask(f"cashflow run {LOANS} {STRESS}")
    again = shell.ask(f"cashflow run --terms {TERMS} --collections {collections}")
    assert loans["payments"] == again["payments"]
    assert (loans["currency"], loans["left_out"]) == ("USD", {"loans": 0, "balance": 0})
    (shell.folder / "stress.json").write_text('{"cpr": 6, "cdr": 9, "recovery": 30, "lag": 6}', encoding="utf-8")
    assert shell.ask(f"cashflow run {LOANS} --scenario stress.json")["payments"] == loans["payments"]
    typed = shell.ask(f"cashflow run {LOANS} --scenario stress.json --cdr 0 --bound high")
    assert typed["payments"] != loans["payments"], "what is typed goes before what the file says"


def test_a_payment_answers_for_every_cent(shell: Shell, collections: Path) -> None:
    found = shell.ask(f"cashflow inspect --terms {TERMS} --collections {collections} --period 9")
    assert (found["state"], found["difference"]) == ("accelerated", 0)
    assert found["cash_out"] == sum(each["amount"] for each in found["outflows"])
    turned = next(each for each in found["triggers"] if each["on"])
    assert turned["conditions"][0]["left"] > turned["conditions"][0]["right"]
    for lang, words in (("en", ("what ranks before it", "the deal enters")), ("zh", ("在先或同顺序", "进入状态"))):
        told = shell.run(
            "--lang", lang, "cashflow", "inspect", "--terms", str(TERMS), "--collections", str(collections),
            "--period", "9",
        )  # fmt: skip
        assert told.code == 0
        for word in words:
            assert word in told.out
        for step in found["steps"]:
            assert step["title"][lang] in told.out
            assert step["payments"][0]["why"][lang] in told.out


def test_an_index_is_named_and_an_event_happens(shell: Shell) -> None:
    rows = "scheduled,prepaid,interest\n" + "100000000000,0,1000000000\n" * 12
    (shell.folder / "published.csv").write_text(rows, encoding="utf-8")
    line = f"cashflow run --terms {HEXIANG} --collections published.csv"
    assert shell.refused(line)["code"] == "INDEX_NEEDED"
    plain = shell.ask(f"{line} --index PBOC1Y=4.35")["payments"]
    called = shell.ask(f"{line} --index PBOC1Y=4.35 --event vote_to_accelerate=3")["payments"]
    assert plain[:2] == called[:2]
    assert [each["acceleration"] for each in called[:4]] == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("cashflow run", "SOURCE_NEEDED"),
        ("cashflow run DEAL", "SOURCE_NEEDED"),
        (f"cashflow run DEAL --terms {TERMS}", "SOURCE_NEEDED"),
        (f"cashflow run --terms {TERMS}", "SOURCE_NEEDED"),
        (f"cashflow run {LOANS} --cpr 101", "BAD_SCENARIO"),
        (f"cashflow run {LOANS} --lag x", "BAD_SCENARIO"),
        (f"cashflow run {LOANS} --index LIBOR=4", "ASSUMED_UNKNOWN"),
        (f"cashflow run {LOANS} --index LIBOR", "BAD_ARGUMENT"),
        (f"cashflow run {LOANS} --private backup_fee=0.1%:00", "BAD_SCENARIO"),
        (f"cashflow run {LOANS} --out run.pdf", "FILE_KIND_UNKNOWN"),
        (f"cashflow inspect {LOANS} --period 900", "NO_SUCH_PERIOD"),
        (f"cashflow run --terms {TERMS} --collections {MAPPING}", "BAD_COLLECTIONS_FILE"),
    ],
)
def test_what_cannot_be_run_is_refused_and_writes_nothing(shell: Shell, line: str, code: str) -> None:
    before = sorted(shell.folder.iterdir())
    assert shell.refused(line)["code"] == code
    assert sorted(shell.folder.iterdir()) == before
