"""A document brought by a program: sealed for its readers, registered once, refused where the contract says so."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.roles import Role
from chainfusion.node import documents, uploads
from tests.support.consortium import Consortium
from tests.support.scene import DEAL
from tests.web.conftest import Asked, workspace_of

HERE = f"/api/v1/deals/{DEAL}/documents"
KIND = DocumentKind.WORKING_PAPER.value
TEXT = b"%PDF-1.7 checked"


def brought(asked: Asked, key: str | None = None, **params: Any) -> httpx.Response:
    headers = {"idempotency-key": key} if key else {}
    return asked.post(HERE, params=params, files={"file": ("a/paper.pdf", TEXT, "application/pdf")}, headers=headers)


@pytest.fixture(scope="module")
def accountant(growing: Consortium) -> Asked:
    return workspace_of(growing, Role.ACCOUNTANT)


def test_a_file_is_sealed_registered_and_read_by_whom_it_is_for(growing: Consortium, accountant: Asked) -> None:
    reader = growing.desk_of(Role.LAW_FIRM)
    answers = [brought(accountant, "one", kind=KIND, reader=reader.msp) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    made = answers[0].json()
    assert answers[1].json() == made
    assert answers[0].headers["location"] == f"{HERE}/{made['document']}"
    (version,) = documents.versions(reader, DEAL, made["document"])
    opened = documents.read(reader, version.document)
    assert opened.read() == TEXT
    assert growing.ledger.transaction(made["transaction"]).block == made["block"]
    following = brought(accountant, next=made["document"]).json()
    assert (following["document"], following["version"]) == (made["document"], 2)


def test_a_large_file_goes_on_as_a_job(accountant: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "AT_ONCE", 4)
    answer = brought(accountant, "large", kind=KIND)
    assert answer.status_code == 202
    job = answer.json()["id"]
    assert answer.headers["location"] == f"/api/v1/jobs/{job}"
    accountant.app.state.office.jobs.awaited(job, 20)
    assert accountant.get(f"/api/v1/jobs/{job}").json()["state"] == "done"


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({}, 422, "BAD_ADDRESS"),
        ({"kind": "secret"}, 422, "BAD_ADDRESS"),
        ({"next": "0" * 32}, 404, "DOCUMENT_MISSING"),
        ({"kind": "rating-report"}, 403, "NOT_THE_PROVIDER"),
        ({"kind": KIND, "reader": "NobodyMSP"}, 403, "NOT_A_MEMBER"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_kept(
    growing: Consortium, accountant: Asked, params: dict[str, str], status: int, code: str
) -> None:
    height = growing.ledger.height()
    answer = brought(accountant, **params)
    assert (answer.headers["content-type"], growing.ledger.height()) == ("application/problem+json", height)
    assert (answer.status_code, code in answer.json()["code"]) == (status, True), answer.json()


def test_a_body_that_brings_no_file_is_refused(accountant: Asked) -> None:
    assert accountant.post(HERE, params={"kind": KIND}, json={}).status_code == 422
    assert accountant.post(HERE, params={"kind": KIND}, files={"other": b"x"}).status_code == 422
