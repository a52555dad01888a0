"""Questions about a deal's cash in the workspace: asked once, answered by a job, the same in every form."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import polars as pl
import pytest

from chainfusion.cashflow.deal.assumed import assumed
from chainfusion.cashflow.export.pictures import pictures
from chainfusion.cashflow.inquiry.questions import QUESTIONS, inquiry
from chainfusion.domain.records import to_json
from chainfusion.node import studies
from tests.support.scene import DEAL, TERMS
from tests.web.conftest import Asked
from tests.web.test_pages import LANGUAGES, page

BASE = f"/deals/{DEAL}/analysis"
API = f"/api/v1/deals/{DEAL}/analysis"
FUTURE = {"cpr": "6", "cdr": "4", "recovery": "30", "lag": "6"}
WORDS = {"class": "B", "from": "A1", "stresses": "A=1.5", "paths": "100", "cprs": "0,8", "cdrs": "1,60"}


def ask(asked: Asked, question: str, request: str = "", **changes: str) -> httpx.Response:
    said = FUTURE | {f"word.{name}": word for name, word in (WORDS | changes).items()}
    more = {"request": request} if request else {}
    return asked.post(BASE, data=said | {"question": question} | more)


def answered(asked: Asked, question: str, **changes: str) -> str:
    """Where the answer is, once it is there."""
    where = ask(asked, question, **changes).headers["location"]
    if where.startswith("/jobs/"):
        job = asked.get(f"{where}.json").json()
        while job["is_open"]:
            job = asked.get(f"{where}.json").json()
        assert job["state"] == "done", job["refusal"]
        where = job["then"]
    return where


def expected(asked: Asked, question: str, **changes: str) -> dict[str, Any]:
    """The answer as the desk itself finds it."""
    case = studies.of_deal(asked.workspace.desk, DEAL, assumed(FUTURE), 1)
    made = inquiry(question, WORDS | changes, TERMS).answer(case)
    found: dict[str, Any] = to_json(made)
    return found


@pytest.mark.parametrize("question", sorted(QUESTIONS))
def test_every_question_is_asked_in_a_form_and_answered(trustee: Asked, question: str) -> None:
    form = page(trustee, f"{BASE}?question={question}", "en")
    names = {e.attributes.get("name") for e in form.elements}
    assert {f"word.{p.name}" for p in QUESTIONS[question].parameters} <= names
    where = answered(trustee, question)
    assert where.startswith(f"{BASE}/")
    twin = trustee.get(f"{where}.json").json()
    answer = expected(trustee, question)
    assert twin["answer"]["tables"] == answer["tables"]
    assert twin["answer"]["terms"] == TERMS.fingerprint()
    rows = list(csv.reader(io.StringIO(trustee.get(f"{where}.csv").text.removeprefix("\ufeff"))))
    assert rows[0] == [column["name"] for column in answer["tables"][0]["columns"]]
    assert len(rows) - 1 == len(answer["tables"][0]["rows"])
    assert trustee.get(f"{where}.xlsx").content.startswith(b"PK")
    frame = pl.read_parquet(io.BytesIO(trustee.get(f"{where}.parquet").content))
    assert [list(row) for row in frame.rows()] == answer["tables"][0]["rows"]
    for lang in LANGUAGES:
        found = page(trustee, where, lang)
        for table in answer["tables"]:
            assert table["title"][lang] in found.text
            assert all(column["title"][lang] in found.text for column in table["columns"])


def test_a_grid_and_a_drawing_say_what_the_table_says(trustee: Asked) -> None:
    found = page(trustee, answered(trustee, "sensitivity"), "en")
    losses = [row[4] for row in expected(trustee, "sensitivity")["tables"][0]["rows"]]
    assert losses[1] > 0
    assert found.text.count(f"{losses[1] / 100:,.2f}") >= 2, "in the grid and in the table"
    drawn = page(trustee, answered(trustee, "simulation"), "en")
    assert sum(e.tag == "rect" for e in drawn.elements) >= 5


def test_sent_twice_it_is_asked_once(trustee: Asked) -> None:
    before = len(trustee.get(f"{BASE}.json").json()["analyses"])
    for _ in range(2):
        assert ask(trustee, "value", "the-same").status_code == 303
    listed = trustee.get(f"{BASE}.json").json()["analyses"]
    assert len(listed) == before + 1
    assert (listed[0]["question"], listed[0]["version"]) == ("value", 1)
    assert {each["name"]: each["value"] for each in listed[0]["assumed"]}["cdr"] == "4"
    rows = list(csv.DictReader(io.StringIO(trustee.get(f"{BASE}.csv").text.removeprefix("\ufeff"))))
    assert rows[0]["analysis"] == listed[0]["job"]["id"]
    assert listed[0]["job"]["id"] in "".join(page(trustee, BASE, "en").links)


@pytest.mark.parametrize(
    ("question", "changes", "code"),
    [
        ("value", {"price": "x"}, "BAD_INQUIRY"),
        ("size", {"from": "B"}, "BAD_INQUIRY"),
        ("luck", {}, "UNKNOWN_QUESTION"),
    ],
)
def test_a_refusal_keeps_what_was_typed_and_starts_nothing(
    trustee: Asked, question: str, changes: dict[str, str], code: str
) -> None:
    before = trustee.get("/jobs.json").json()["jobs"]
    answer = ask(trustee, question, **changes)
    assert answer.status_code == 422
    assert code in answer.text
    assert all(f'value="{word}"' in answer.text for word in changes.values() if word == "x")
    assert 'value="6"' in answer.text, "the base case is kept as well"
    assert trustee.get("/jobs.json").json()["jobs"] == before


def test_what_cannot_be_answered_is_told_on_its_page(trustee: Asked) -> None:
    said = {"question": "stress", "word.stresses": "A=2", "cpr": "6"}
    where = trustee.post(BASE, data=said).headers["location"]
    job = where.rpartition("/")[2]
    while trustee.get(f"/jobs/{job}.json").json()["is_open"]:
        pass
    for lang, word in (("en", "assumes no defaults"), ("zh", "未假设违约")):
        assert word in page(trustee, f"{BASE}/{job}", lang).text
    assert trustee.get(f"{BASE}/{job}.json").json()["answer"] is None
    assert trustee.get(f"{BASE}/{job}.xlsx").status_code == 422


def test_an_analysis_belongs_to_its_deal(trustee: Asked) -> None:
    job = answered(trustee, "value").rpartition("/")[2]
    assert trustee.get(f"/deals/none/analysis/{job}").status_code == 404
    assert trustee.get(f"{BASE}/none").status_code == 404


def test_who_may_not_read_the_loans_is_told_so(agency: Asked) -> None:
    found = page(agency, BASE, "en")
    assert "word.price" not in {e.attributes.get("name") for e in found.elements}
    assert "document grant" in found.text


# ------------------------------------------------------------------ the run's files


def test_a_run_is_downloaded_as_tables_and_pictures(trustee: Asked) -> None:
    query = "?" + "&".join(f"{name}={word}" for name, word in FUTURE.items())
    case = trustee.workspace.case(DEAL, assumed(FUTURE))
    outcomes = case.study.outcomes([case.base])
    frame = pl.read_parquet(io.BytesIO(trustee.get(f"/deals/{DEAL}/cashflow.parquet{query}").content))
    paid = outcomes.deal.flow(outcomes.result, "A1.principal_paid")[0].tolist()
    assert frame.filter(pl.col("tranche") == "A1")["principal_paid"].to_list() == paid
    assert trustee.get(f"/deals/{DEAL}/cashflow.xlsx{query}").content.startswith(b"PK")
    for lang in LANGUAGES:
        for picture in pictures(outcomes, lang=lang):
            answer = trustee.get(f"/deals/{DEAL}/cashflow/pictures/{picture.name}.svg{query}&lang={lang}")
            assert (answer.text, answer.headers["content-type"]) == (picture.svg, "image/svg+xml")
    assert trustee.get(f"/deals/{DEAL}/cashflow/pictures/none.svg").status_code == 422


def test_every_file_is_linked_from_the_run(trustee: Asked) -> None:
    links = [link for link in page(trustee, f"/deals/{DEAL}/cashflow?cpr=6", "en").links if "cashflow" in link]
    files = [link for link in links if ".svg" in link or ".xlsx" in link or ".parquet" in link]
    assert len(files) == 8
    assert all(trustee.get(link).status_code == 200 for link in files)


# ------------------------------------------------------------------ programs


def test_a_program_asks_and_reads(trustee: Asked) -> None:
    questions = trustee.get("/api/v1/analysis").json()["questions"]
    assert [each["name"] for each in questions] == [*QUESTIONS]
    body = {"question": "value", "words": {"price": "99"}, "assumed": FUTURE, "version": 1}
    started = [trustee.post(API, json=body, headers={"Idempotency-Key": "program"}) for _ in range(2)]
    assert [each.status_code for each in started] == [202, 202]
    assert started[0].json()["id"] == started[1].json()["id"]
    where = started[0].headers["location"]
    while (found := trustee.get(where).json())["answer"] is None:
        assert found["line"]["job"]["is_open"]
    assert found["answer"]["tables"] == expected(trustee, "value", price="99")["tables"]
    assert where.rpartition("/")[2] in {each["job"]["id"] for each in trustee.get(API).json()["analyses"]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"question": 7}, 422),
        ({"question": "value", "words": {"price": 7}}, 422),
        ({"question": "value", "words": []}, 422),
        ({"question": "value", "version": True}, 422),
        ({"question": "value", "luck": ""}, 422),
        ({"question": "luck"}, 422),
        ({"question": "value", "words": {"price": "x"}}, 422),
        ({"question": "value", "assumed": {"cpr": "x"}}, 422),
        ({"question": "value", "version": 9}, 404),
    ],
)
def test_what_a_program_may_not_say_is_refused(trustee: Asked, body: dict[str, Any], status: int) -> None:
    answer = trustee.post(API, json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
