"""The registered pool on its pages: loans by what is asked, one with its proof, versions compared, acknowledged."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from chainfusion.domain.loan import LOAN_FIELDS
from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence import merkle
from chainfusion.node import pools
from chainfusion.node.loanbooks import LoanBooks
from chainfusion.node.views.loans import PAGE
from chainfusion.tape.criteria_file import AUTO_LOAN, load_criteria
from chainfusion.tape.intake import read_tape
from chainfusion.tape.mapping_reader import load_mapping
from chainfusion.tape.schema import Tape
from tests.support.consortium import Consortium
from tests.support.scene import DEAL, DRAFT
from tests.web.conftest import Asked, workspace_of
from tests.web.html import Page

ROOT = Path(__file__).parents[2]
FILE = ROOT / "src/chainfusion/demo/data/ally-auto-2019-08.csv"
LOANS = f"/deals/{DEAL}/pool/loans"


@pytest.fixture(scope="module")
def tape() -> Tape:
    return read_tape(FILE, load_mapping(ROOT / "src/chainfusion/tape/mappings/ally-auto-aart-2019.yaml"))


def rows(asked: Asked, query: str = "") -> list[dict[str, str]]:
    answer = asked.get(f"{LOANS}.csv{query}")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def numbers(asked: Asked, query: str = "") -> list[str]:
    return [row["loan_id"] for row in rows(asked, query)]


def test_the_loans_are_the_tape_s_in_its_order(trustee: Asked, tape: Tape) -> None:
    found = rows(trustee)
    assert [row["loan_id"] for row in found] == tape.frame["loan_id"].to_list()
    assert [int(row["index"]) for row in found] == list(range(len(tape)))
    assert [int(row["current_balance"]) for row in found] == tape.frame["current_balance"].to_list()


@pytest.mark.parametrize(
    ("query", "mask"),
    [
        ("?region=CA&region=TX", pl.col("region").is_in(["CA", "TX"])),
        ("?status=DELINQUENT", pl.col("status") == "DELINQUENT"),
        (
            "?current_balance.from=20000&current_balance.to=25000.50",
            pl.col("current_balance").is_between(2000000, 2500050),
        ),
        ("?rate_ppm.from=6.5", pl.col("rate_ppm") >= 65_000),
        ("?maturity_date.to=2021-12-31", pl.col("maturity_date").cast(pl.Date) <= pl.date(2021, 12, 31)),
        ("?by=ltv_ppm&part=(300000,400000]&part=(400000,500000]", pl.col("ltv_ppm").is_between(300_001, 500_000)),
        ("?by=credit_score&part=", pl.col("credit_score").is_null()),
        ("?by=remaining_term&part=(,0]", pl.col("remaining_term") <= 0),
        ("?by=region&part=CA", pl.col("region") == "CA"),
        ("?credit_score.from=700&region=CA", (pl.col("credit_score") >= 700) & (pl.col("region") == "CA")),
    ],
)
def test_loans_are_those_that_are_asked_for(trustee: Asked, tape: Tape, query: str, mask: pl.Expr) -> None:
    expected = tape.frame.filter(mask.fill_null(False))["loan_id"].to_list()
    assert numbers(trustee, query) == expected
    told = trustee.get(f"{LOANS}.json{query}").json()
    assert told["found"] == len(expected)
    assert told["found_balance"] == int(tape.frame.filter(mask.fill_null(False))["current_balance"].sum())


def test_every_band_of_every_table_leads_to_its_loans(trustee: Asked) -> None:
    view = trustee.workspace.pool(DEAL)
    for table in view.statistics.stratifications:
        for band in table.bands:
            parts = "".join(f"&part={part}" for part in band.parts) or "&part=rest"
            told = trustee.get(f"{LOANS}.json?by={table.field}{parts}").json()
            assert (told["found"], told["found_balance"]) == (band.loans, band.balance), (table.field, band.parts)


@pytest.mark.parametrize("sort", ["current_balance", "-current_balance", "-credit_score", "region", "loan_id"])
def test_loans_are_sorted_with_what_is_not_stated_last(trustee: Asked, tape: Tape, sort: str) -> None:
    expected = tape.frame.sort(
        sort.removeprefix("-"), descending=sort.startswith("-"), nulls_last=True, maintain_order=True
    )
    assert numbers(trustee, f"?sort={sort}") == expected["loan_id"].to_list()


def test_pages_add_up_and_keep_what_was_asked(trustee: Asked) -> None:
    told = trustee.get(f"{LOANS}.json?region=CA&sort=-current_balance").json()
    seen = [
        line["loan"]["loan_id"]
        for page in range(1, told["pages"] + 1)
        for line in trustee.get(f"{LOANS}.json?region=CA&sort=-current_balance&page={page}").json()["lines"]
    ]
    assert seen == numbers(trustee, "?region=CA&sort=-current_balance")
    page = trustee.get(f"{LOANS}?region=CA&sort=-current_balance&lang=en").text
    assert "region=CA&amp;sort=-current_balance&amp;page=2" in page
    assert len(told["lines"]) == PAGE
    beyond = trustee.get(f"{LOANS}.json?page=9999999").json()
    assert beyond["page"] == beyond["pages"]


@pytest.mark.parametrize(
    "query",
    [
        "?page=x",
        "?page=-1",
        "?sort=nothing",
        "?by=nothing&part=(0,1]",
        "?by=ltv_ppm&part=nonsense",
        "?rate_ppm.from=abc",
        "?maturity_date.from=2021-02-30",
        "?current_balance.from=1e400",
        "?current_balance.from=NaN",
        "?q=" + "x" * 300,
        "?version=x",
        "?version=99",
        "?by=region&part=' OR 1=1",
    ],
)
def test_what_cannot_be_read_is_refused_by_name(trustee: Asked, query: str) -> None:
    answer = trustee.get(f"{LOANS}.json{query}")
    assert answer.status_code in (404, 422) or answer.json()["found"] == 0
    assert trustee.get(f"{LOANS}{query}&lang=en").status_code in (200, 404, 422)


def test_a_loan_stands_under_the_root(trustee: Asked, tape: Tape) -> None:
    for index in (0, 1, 777, len(tape) - 1):
        number = tape.frame["loan_id"][index]
        told = trustee.get(f"/deals/{DEAL}/pool/loan.json?loan={number}").json()
        assert told["index"] == index and told["loan"]["loan_id"] == number
        hashed = bytes.fromhex(told["leaf"])
        for side, other in told["path"]:
            pair = (bytes.fromhex(other), hashed) if side == "left" else (hashed, bytes.fromhex(other))
            hashed = merkle.node_hash(*pair)
        assert hashed.hex() == told["root"] == trustee.workspace.pool(DEAL).root
        page = trustee.get(f"/deals/{DEAL}/pool/loan?loan={number}&lang=zh")
        assert page.status_code == 200
        for field in LOAN_FIELDS:
            assert field.label.zh in page.text
        assert trustee.get(f"/deals/{DEAL}/loan.evidence?loan={number}").status_code == 200


def test_a_loan_that_is_none_is_refused(trustee: Asked) -> None:
    assert trustee.get(f"/deals/{DEAL}/pool/loan?loan=nothing").status_code == 404
    assert trustee.get(f"/deals/{DEAL}/pool/loan").status_code == 422


def test_who_was_not_granted_them_reads_why_and_sees_no_loan(agency: Asked, tape: Tape) -> None:
    number = tape.frame["loan_id"][0]
    for path in (LOANS, f"/deals/{DEAL}/pool/loan?loan={number}"):
        joint = "&" if "?" in path else "?"
        answer = agency.get(f"{path}{joint}lang=en")
        assert answer.status_code == 403
        assert "Not granted" in answer.text and str(tape.frame["current_balance"][0]) not in answer.text
    for path in (f"{LOANS}.json", f"{LOANS}.csv", f"/deals/{DEAL}/pool/loan.json?loan={number}"):
        assert agency.get(path).status_code == 403
    page = agency.get(f"/deals/{DEAL}/pool?lang=en")
    assert page.status_code == 200 and "Loans not granted" in page.text and "pool/loans" not in page.text


def test_the_pool_s_page_leads_those_who_may_to_its_loans(trustee: Asked) -> None:
    page = trustee.get(f"/deals/{DEAL}/pool?by=ltv_ppm&lang=en").text
    assert f"{LOANS}?by=ltv_ppm&amp;part=" in page
    assert Page.of(page).misnested == []


def test_a_deal_without_a_pool_says_who_brings_it(trustee: Asked) -> None:
    page = trustee.get(f"/deals/{DRAFT}/pool?lang=en")
    assert page.status_code == 200 and "No pool is registered yet." in page.text
    assert "/tape" not in page.text
    assert trustee.get(f"/deals/{DRAFT}/pool.json").status_code == 404


def test_every_page_nests_and_speaks_both_languages(trustee: Asked, tape: Tape) -> None:
    paths = (
        LOANS,
        f"{LOANS}?region=CA",
        f"/deals/{DEAL}/pool/loan?loan={tape.frame['loan_id'][5]}",
        f"/deals/{DEAL}/pool/compare",
        "/jobs",
        f"/deals/{DEAL}/tape",
        f"/deals/{DEAL}/pool/acknowledge",
    )
    for path in paths:
        for lang in ("en", "zh"):
            answer = trustee.get(f"{path}{'&' if '?' in path else '?'}lang={lang}")
            assert answer.status_code == 200, path
            page = Page.of(answer.text)
            assert page.misnested == [] and page.open_tags == [], path
            assert "style=" not in answer.text and " on" not in [e.tag for e in page.elements]


# ------------------------------------------------------------------ versions, acknowledgement


@pytest.fixture
def replaced(growing: Consortium, tape: Tape) -> Iterator[tuple[str, Tape, Tape]]:
    """A deal whose pool was replaced: loans went, came and changed."""
    deal = f"V{growing.ledger.height()}"
    growing.draft(deal)
    growing.accept(deal)
    desk, criteria = growing.desk_of(Role.ORIGINATOR), load_criteria(AUTO_LOAN)
    trustee = growing.desk_of(Role.TRUSTEE).msp
    before = replace(tape, frame=tape.frame.head(600))
    changed = tape.frame.slice(100, 550).with_columns(
        pl.when(pl.int_range(pl.len()) < 7).then(pl.col("current_balance") - 1).otherwise(pl.col("current_balance"))
    )
    after = replace(tape, frame=changed)
    for each in (before, after):
        pools.register(desk, deal, FILE, each, criteria, readers=(trustee,), though_failing=True)
    yield deal, before, after


def test_versions_are_compared_loan_by_loan(growing: Consortium, replaced: tuple[str, Tape, Tape]) -> None:
    deal, before, _ = replaced
    trustee = workspace_of(growing, Role.TRUSTEE)
    told = trustee.get(f"/deals/{deal}/pool/compare.json").json()
    changes = told["changes"]
    assert (changes["added"], changes["removed"], changes["stayed"], changes["changed"]) == (50, 100, 500, 7)
    assert changes["removed_balance"] == int(before.frame["current_balance"].head(100).sum())
    assert changes["fields"] == [{"field": "current_balance", "loans": 7}]
    answer = trustee.get(f"/deals/{deal}/pool/compare.csv").text.removeprefix("\ufeff")
    table = list(csv.DictReader(io.StringIO(answer)))
    assert [row["kind"] for row in table] == ["added"] * 50 + ["removed"] * 100 + ["changed"] * 7
    assert all(int(row["before"]) - int(row["after"]) == 1 for row in table if row["kind"] == "changed")
    page = Page.of(trustee.get(f"/deals/{deal}/pool/compare?from=1&to=2&lang=en").text)
    assert "Version 1 against version 2" in page.text and page.misnested == []
    old = trustee.get(f"/deals/{deal}/pool/loan?loan={before.frame['loan_id'][0]}&version=1&lang=en")
    assert old.status_code == 200 and "loan.evidence" not in old.text
    same = trustee.get(f"/deals/{deal}/pool/compare.json?from=2&to=2").json()["changes"]
    assert (same["added"], same["removed"], same["changed"]) == (0, 0, 0)
    agency = workspace_of(growing, Role.RATING_AGENCY)
    assert agency.get(f"/deals/{deal}/pool/compare.json").json()["changes"] is None
    assert agency.get(f"/deals/{deal}/pool/compare.csv").status_code == 403


def test_trustee_and_underwriter_acknowledge_once_and_nobody_else(
    growing: Consortium, replaced: tuple[str, Tape, Tape]
) -> None:
    deal = replaced[0]
    current = pools.current(growing.desk_of(Role.TRUSTEE), deal)
    form = {"version": "2", "root": current.record.root.hex(), "request": "once"}
    path = f"/deals/{deal}/pool/acknowledge"
    for role in (Role.TRUSTEE, Role.LEAD_UNDERWRITER):
        asked = workspace_of(growing, role)
        assert path in asked.get(f"/deals/{deal}/pool").text
        answers = [asked.post(path, data=form) for _ in range(2)]
        assert [each.status_code for each in answers] == [303, 303]
        assert answers[0].headers["location"] == answers[1].headers["location"]
        assert "receipt=" in answers[0].headers["location"]
        assert path not in asked.get(f"/deals/{deal}/pool").text
        again = asked.post(path, data=form | {"request": "another"})
        assert "POOL_ACKNOWLEDGED" in again.text
    agency = workspace_of(growing, Role.RATING_AGENCY)
    height = growing.ledger.height()
    refused = agency.post(path, data=form)
    assert refused.status_code in (400, 403) and "ROLE_NEEDED" in refused.text
    for bad in ({"version": "1"}, {"root": "00" * 32}, {"root": "x"}, {"version": "two"}):
        answer = workspace_of(growing, Role.TRUSTEE).post(path, data=form | bad | {"request": "bad"})
        assert answer.status_code >= 400
    assert growing.ledger.height() == height


# ------------------------------------------------------------------ large pools, jobs


def test_a_large_pool_is_opened_by_a_job_and_found_again(growing: Consortium, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainfusion.node.loanbooks.AT_ONCE", 100)
    trustee = workspace_of(growing, Role.TRUSTEE)
    office = trustee.app.state.office
    answer = trustee.get(f"{LOANS}?region=CA")
    assert answer.status_code == 303
    job = office.jobs.newest(1)[0]
    assert (job.kind, job.then) == ("pool-open", f"{LOANS}?region=CA")
    assert office.jobs.awaited(job.id, 60).result == {"loans": trustee.workspace.pool(DEAL).loans}
    assert trustee.get(f"{LOANS}?region=CA").status_code == 200
    page = trustee.get("/jobs?lang=en").text
    assert "Open a pool’s loans" in page and f"/jobs/{job.id}" in page
    told = trustee.get(f"/api/v1/jobs/{job.id}").json()
    assert told == trustee.get(f"/jobs/{job.id}.json").json() and told["state"] == "done"
    assert trustee.get("/api/v1/jobs").json()["jobs"][0]["id"] == job.id
    assert trustee.post(f"/api/v1/jobs/{job.id}/cancel").status_code == 409
    assert trustee.post(f"/jobs/{job.id}/again").status_code == 409
    assert trustee.get("/jobs/nothing").status_code == 404
    assert trustee.get("/jobs.csv").text.count(job.id) == 1


def test_the_memory_of_opened_pools_is_bounded(
    growing: Consortium, replaced: tuple[str, Tape, Tape], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chainfusion.node.loanbooks.MOST_LOANS", 1000)
    trustee = workspace_of(growing, Role.TRUSTEE)
    books: LoanBooks = trustee.app.state.office.loans
    first, second = (books.version(replaced[0], number) for number in (1, 2))
    books.book(first)
    assert books.kept(first) is not None
    books.book(second)
    assert books.kept(second) is not None and books.kept(first) is None
