"""What the workspace refuses, and how it says so: a page for people, a problem document for programs."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from chainfusion.api.problems import STATUSES
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.errors import UnknownRefusal, error_from_json
from chainfusion.domain.roles import Role
from chainfusion.web.guard import HEADERS
from scripts import reference
from tests.support.consortium import Consortium
from tests.support.scene import DEAL, DRAFT
from tests.web.conftest import HOST, Asked, workspace_of
from tests.web.html import Page

NOWHERE = (
    "/nothing",
    "/deals/none",
    "/deals/none/pool",
    "/deals/none/documents",
    "/deals/none/timeline",
    f"/deals/{DEAL}/documents/{'0' * 32}",
    f"/deals/{DEAL}/nothing",
    f"/deals/{DRAFT}/pool/compare",
    "/ledger/blocks/999",
    "/ledger/blocks/99999999999999999999999999",
    "/ledger/blocks/-1",
    "/ledger/transactions/none",
    f"/ledger/transactions/{'0' * 64}",
    f"/ledger/transactions/{'0' * 64}.evidence",
)


def test_every_code_with_a_status_is_a_code_of_this_program() -> None:
    reference.errors_page()  # which loads every module that has a refusal
    for code in STATUSES:
        assert not isinstance(error_from_json({"code": code, "facts": {}}), UnknownRefusal), code


@pytest.mark.parametrize("path", NOWHERE)
def test_unknown_things_are_a_typed_page_and_a_typed_problem(trustee: Asked, path: str) -> None:
    for lang, word in (("zh", "如何处理"), ("en", "What to do")):
        answer = trustee.get(f"{path}?lang={lang}")
        assert answer.status_code == 404, answer.text
        assert word in Page.of(answer.text).text
    if not path.endswith(".evidence"):
        problem = trustee.get(f"{path}.json?lang=en")
        assert (problem.status_code, problem.headers["content-type"]) == (404, "application/problem+json")
        assert problem.json()["code"].isupper()


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/..%5capp.py",
        "/deals/..%2f..%2fetc%2fpasswd",
        "/deals/%00",
        f"/deals/{DEAL}/documents/..%2f..%2fledger",
        "/ledger/transactions/..%2f..%2fetc",
        f"/deals/{'a' * 5000}",
        "/deals/%ff%fe",
    ],
)
def test_addresses_that_try_to_leave_lead_nowhere(trustee: Asked, path: str) -> None:
    answer = trustee.get(path)
    assert answer.status_code == 404
    assert "create_app" not in answer.text


def test_wrong_parameters_are_named(trustee: Asked) -> None:
    for path in ("/ledger?before=x", "/ledger?before=-1", f"/deals/{DEAL}/pool?by=nothing", "/api/v1/ledger?before=x"):
        answer = trustee.get(path)
        assert answer.status_code == 422, path
        assert "BAD_ADDRESS" in answer.text


def test_every_answer_carries_the_headers(trustee: Asked) -> None:
    for path in ("/deals", "/deals.json", "/deals.csv", "/nothing", "/static/tokens.css", "/api/v1/deals", "/"):
        headers = trustee.get(path).headers
        assert {name: headers.get(name) for name in HEADERS} == HEADERS, path


def test_other_hosts_are_refused(trustee: Asked) -> None:
    for host in ("evil.test", "evil.test:80", f"{HOST}.evil.test", "", "127.0.0.1"):
        assert trustee.get("/deals", host=host).status_code == 421
    assert trustee.get("/deals", host=f"{HOST}:8000").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.test"},
        {"origin": "null"},
        {"origin": f"http://{HOST}:81"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": f"http://{HOST}", "sec-fetch-site": "cross-site"},
    ],
)
def test_forms_of_other_sites_are_refused(trustee: Asked, headers: dict[str, str]) -> None:
    for path in ("/theme", "/evidence", "/evidence.json", "/api/v1/verify"):
        assert trustee.post(path, headers=headers, data={"theme": "dark", "back": "/"}).status_code == 403
    own = {"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}
    assert trustee.post("/theme", headers=own, data={"theme": "dark", "back": "/"}).status_code == 303


def test_methods_that_would_write_lead_nowhere(trustee: Asked) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert trustee.send(method, f"/deals/{DEAL}").status_code == 404
        assert trustee.send(method, f"/api/v1/deals/{DEAL}").status_code == 404


# ------------------------------------------------------------------ too much


def test_uploads_are_bounded_by_what_they_state_and_by_what_they_send(consortium: Consortium) -> None:
    small = workspace_of(consortium, Role.TRUSTEE, max_upload=4000)
    files = {"evidence": ("a.evidence", b"x" * 5000)}
    for path in ("/evidence", "/api/v1/verify"):
        answer = small.post(path, files=files)
        assert answer.status_code == 413
        assert "UPLOAD_TOO_LARGE" in answer.text

    async def streamed() -> httpx.Response:
        async def body():  # type: ignore[no-untyped-def]
            yield b'--b\r\nContent-Disposition: form-data; name="evidence"; filename="a"\r\n\r\n'
            for _ in range(10):
                yield b"x" * 1000
            yield b"\r\n--b--\r\n"

        transport = httpx.ASGITransport(app=small.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
            headers = {"content-type": "multipart/form-data; boundary=b"}
            return await client.post("/api/v1/verify", content=body(), headers=headers)

    assert asyncio.run(streamed()).status_code == 413


def test_forms_that_are_none_are_refused(trustee: Asked) -> None:
    for options in (
        {},
        {"data": {"evidence": "text"}},
        {"content": b"{}", "headers": {"content-type": "application/json"}},
        {"content": b"junk", "headers": {"content-type": "multipart/form-data; boundary=b"}},
        {"content": b"junk", "headers": {"content-type": "multipart/form-data"}},
        {"files": {f"f{i}": b"x" for i in range(5)}},
        {"files": {"other": b"x"}},
        {"files": {"evidence": b"x"}, "data": {"trust": "file"}},
    ):
        answer = trustee.post("/api/v1/verify", **options)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["code"]) == (422, "FORM_REFUSED"), options


# ------------------------------------------------------------------ what was not granted


def test_what_was_not_granted_is_not_given(trustee: Asked, agency: Asked) -> None:
    paper = trustee.document(DocumentKind.WORKING_PAPER)
    base = f"/deals/{DEAL}/documents/{paper.id}/versions/1"
    for path in (f"{base}/content", f"{base}.evidence", f"/ledger/transactions/{paper.registered.tx_id}.evidence"):
        answer = trustee.get(path)
        assert answer.status_code == 404
        assert b"not for others" not in answer.content
    assert agency.get(f"/deals/{DEAL}/loan.evidence?loan=1").status_code == 403


def test_loans_are_asked_for_by_number(trustee: Asked) -> None:
    assert trustee.get(f"/deals/{DEAL}/loan.evidence").status_code == 422
    assert trustee.get(f"/deals/{DEAL}/loan.evidence?loan=no+such+loan").status_code == 404


def test_evidence_of_what_no_checkpoint_covers_waits(trustee: Asked) -> None:
    acts = trustee.workspace.timeline(DEAL).acts
    last = next(act for act in acts if act.operation == "pool.acknowledge")
    answer = trustee.get(f"/ledger/transactions/{last.tx_id}.evidence?lang=en")
    assert answer.status_code == 409
    assert "NOT_IN_CHECKPOINT" in answer.text


def test_a_failure_inside_says_nothing_of_the_inside(trustee: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret path")

    monkeypatch.setattr("chainfusion.node.views.workspace.Workspace.block", broken)
    answer = trustee.get("/ledger/blocks/1.json")
    page = trustee.get("/ledger/blocks/1?lang=en")
    assert (page.status_code, "could not be made" in page.text) == (500, True)
    assert (answer.status_code, answer.json()["code"]) == (500, "FAILED")
    assert "secret" not in answer.text
