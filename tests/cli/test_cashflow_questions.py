"""Questions and files of cash flow on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator

import polars as pl
import pytest

from tests.cli.shell import Shell
from tests.cli.test_terms_cashflow import HEXIANG, LOANS, TERMS

BASE = "--cpr 6 --cdr 4 --recovery 30 --lag 6"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A folder without a ledger."""
    yield Shell(tmp_path_factory.mktemp("questions"))


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        ("cashflow value --price 99.5 --basis bond", {"class", "yield", "clean_per_100"}),
        ("cashflow enhancement --classes A2", {"class", "enhancement", "least"}),
        ("cashflow stress --stresses AAA=4,BB=1.5", {"class", "rating", "passes"}),
        ("cashflow break-even --of cpr --classes B", {"class", "holds", "breaks"}),
        ("cashflow sensitivity --class B --cprs 0,8 --cdrs 1,6", {"cpr", "cdr", "yield"}),
        ("cashflow size --class A1 --from B --stresses A=2", {"largest", "loss_beyond"}),
        ("cashflow coupon --class A2 --yield 3.5", {"coupon"}),
        ("cashflow simulation --paths 100 --seed 3", {"expected_loss", "probability"}),
    ],
)
def test_every_question_is_answered_in_words_and_in_json(shell: Shell, line: str, columns: set[str]) -> None:
    _, question, *words = line.split()
    answer = shell.ask(f"cashflow {question} {LOANS} {BASE} {' '.join(words)}")
    table = answer["tables"][0]
    assert columns <= {column["name"] for column in table["columns"]}
    assert table["rows"]
    for lang in ("en", "zh"):
        told = shell.run("--lang", lang, "cashflow", question, *f"{LOANS} {BASE}".split(), *words)
        assert told.code == 0
        assert answer["tables"][0]["title"][lang] in told.out
        assert all(column["title"][lang] in told.out for column in table["columns"])


def test_a_question_is_asked_of_published_collections(shell: Shell) -> None:
    rows = "scheduled,prepaid,interest\n" + "100000000000,0,1000000000\n" * 12
    (shell.folder / "published.csv").write_text(rows, encoding="utf-8")
    answer = shell.ask(f"cashflow value --terms {HEXIANG} --collections published.csv --index PBOC1Y=4.35")
    assert {row[0] for row in answer["tables"][0]["rows"]} == {"A", "B", "Sub"}


def test_an_answer_is_written_as_the_file_that_was_named(shell: Shell) -> None:
    for kind in ("csv", "xlsx", "parquet"):
        answer = shell.ask(f"cashflow stress {LOANS} {BASE} --out stress.{kind}")
        assert answer["written"] == f"stress.{kind}"
    frame = pl.read_parquet(shell.folder / "stress.parquet")
    assert [list(row) for row in frame.rows()] == answer["tables"][0]["rows"]


def test_a_run_is_written_as_tables(shell: Shell) -> None:
    for kind, count in (("csv", 6), ("parquet", 6), ("xlsx", 1)):
        assert len(shell.ask(f"cashflow export {LOANS} {BASE} --out run-{kind} --as {kind}")["written"]) == count
    classes = pl.read_parquet(shell.folder / "run-parquet" / "classes.parquet")
    run = shell.ask(f"cashflow run {LOANS} {BASE}")["payments"]
    paid = classes.filter(pl.col("tranche") == "A1")["principal_paid"].to_list()
    assert paid[: len(run)] == [each["A1.principal_paid"] for each in run]


def test_a_run_is_drawn_in_both_languages(shell: Shell) -> None:
    for lang, word in (("en", "Balances of the classes"), ("zh", "各档")):
        line = f"cashflow draw {LOANS} {BASE} --out drawn-{lang}"
        ran = shell.run("--json", "--lang", lang, *line.split())
        assert ran.code == 0
        assert len(json.loads(ran.out)["written"]) == 6
        texts = [path.read_text(encoding="utf-8") for path in sorted((shell.folder / f"drawn-{lang}").iterdir())]
        assert any(word in text for text in texts)


def test_loans_add_up_to_the_pool(shell: Shell) -> None:
    written = shell.ask(f"cashflow loans {LOANS} {BASE} --out loans")
    assert written["loans"] == 2861
    months = pl.read_parquet(shell.folder / "loans" / "*.parquet")
    payments = shell.ask(f"cashflow run {LOANS} {BASE}")["payments"]
    assert months["scheduled"].sum() == sum(each["scheduled"] for each in payments)
    assert months["interest"].sum() == sum(each["interest"] for each in payments)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("value", "SOURCE_NEEDED"),
        (f"stress {LOANS}", "NO_DEFAULTS"),
        (f"sensitivity {LOANS}", "BAD_INQUIRY"),
        (f"value {LOANS} --price x", "BAD_INQUIRY"),
        (f"size {LOANS} {BASE} --class B --from A1 --stresses AAA=60", "NO_SOLUTION"),
        (f"value {LOANS} --out value.pdf", "FILE_KIND_UNKNOWN"),
        (f"loans --terms {TERMS} --collections {TERMS} --out new", "SOURCE_NEEDED"),
    ],
)
def test_what_cannot_be_answered_is_refused_and_writes_nothing(shell: Shell, line: str, code: str) -> None:
    before = sorted(shell.folder.iterdir())
    assert shell.refused(f"cashflow {line}")["code"] == code
    assert sorted(shell.folder.iterdir()) == before
