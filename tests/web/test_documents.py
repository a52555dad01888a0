"""Documents and opinions by form: uploaded, granted, required, stated; refused for each wrong role, recorded once."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest

from chainfusion.contracts.deal.contract import DealView
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.records import from_json
from chainfusion.domain.roles import Role
from chainfusion.node import documents, uploads
from chainfusion.node.jobs import JobState
from chainfusion.node.office import Office
from chainfusion.node.views.documents import DocumentLine
from chainfusion.web.app import create_app
from chainfusion.web.seating import OpenSeat
from tests.support.consortium import Consortium
from tests.support.scene import DEAL, DRAFT, TERMS
from tests.web.conftest import HOST, Asked, workspace_of
from tests.web.html import Page

FILE = b"%PDF-1.7 due diligence"
LAW, ORIGINATOR, TRUSTEE, AGENCY = Role.LAW_FIRM, Role.ORIGINATOR, Role.TRUSTEE, Role.RATING_AGENCY


def upload(asked: Asked, what: str, content: bytes = FILE, name: str = "意见.pdf", **fields: Any) -> httpx.Response:
    files = {"file": (name, io.BytesIO(content), "application/pdf")}
    return asked.post(f"/deals/{DEAL}/documents/new?lang=en", data={"what": what} | fields, files=files)


def page_of(asked: Asked, path: str, lang: str = "en") -> str:
    answer = asked.get(f"{path}{'&' if '?' in path else '?'}lang={lang}")
    assert answer.status_code == 200, answer.text
    found = Page.of(answer.text)
    assert (found.forbidden, found.misnested, found.open_tags) == ([], [], []), path
    return answer.text


def newest(asked: Asked, kind: DocumentKind) -> DocumentLine:
    rows = [row for row in asked.workspace.documents(DEAL).index if row.kind is kind and row.documents]
    lines = [line for row in rows for line in row.documents]
    return max(lines, key=lambda line: line.registered.block)


# ------------------------------------------------------------------ pages


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("role", [ORIGINATOR, LAW, AGENCY, TRUSTEE, Role.CUSTODIAN])
def test_every_page_is_whole_for_every_reader(consortium: Consortium, role: Role, lang: str) -> None:
    asked = workspace_of(consortium, role)
    line = asked.document(DocumentKind.LEGAL_DUE_DILIGENCE_REPORT)
    base = f"/deals/{DEAL}/documents"
    version = f"{base}/{line.id}/versions/1/grant"
    for path in (base, f"{base}/new", f"{base}/index", f"{base}/{line.id}", version, f"/deals/{DEAL}/opinions/new"):
        page_of(asked, path, lang)
    for path in (base, f"{base}/new", f"{base}/index"):
        page_of(asked, path.replace(DEAL, DRAFT), lang)


def test_buttons_are_those_that_the_contract_would_take(consortium: Consortium) -> None:
    base = f"/deals/{DEAL}/documents"
    law, bank = (page_of(workspace_of(consortium, role), base) for role in (LAW, ORIGINATOR))
    assert ("State an opinion…" in law, "Change the index…" in law, "Upload…" in law) == (True, False, True)
    assert ("State an opinion…" in bank, "Change the index…" in bank, "Upload…" in bank) == (False, True, True)
    assert "Upload…" not in page_of(workspace_of(consortium, LAW), base.replace(DEAL, DRAFT))


def test_the_missing_ones_name_who_owes_them_and_lead_the_provider_to_the_form(consortium: Consortium) -> None:
    base = f"/deals/{DEAL}/documents"
    link = f"{base}/new?for=kind:trust-contract"
    assert link in page_of(workspace_of(consortium, TRUSTEE), base)
    assert link not in page_of(workspace_of(consortium, LAW), base)
    form = page_of(workspace_of(consortium, TRUSTEE), link)
    assert '<option value="kind:trust-contract" selected>' in form
    assert "kind:legal-opinion" not in form  # the index has the law firm provide it
    assert "kind:loan-openings" not in form


def test_a_document_tells_since_when_each_reader_reads(consortium: Consortium) -> None:
    asked = workspace_of(consortium, TRUSTEE)
    line = asked.document(DocumentKind.LEGAL_DUE_DILIGENCE_REPORT)
    version = asked.get(f"/deals/{DEAL}/documents/{line.id}.json").json()["versions"][0]
    assert {each["institution"]["msp"] for each in version["granted"]} == {each.msp for each in line.readers}
    assert {each["since"]["tx_id"] for each in version["granted"]} == {line.registered.tx_id}


# ------------------------------------------------------------------ uploading


def test_an_upload_is_sealed_for_its_readers_and_recorded_once(growing: Consortium) -> None:
    law, trustee, bank = (workspace_of(growing, role) for role in (LAW, TRUSTEE, ORIGINATOR))
    reader = trustee.workspace.desk.msp
    answer = upload(law, "kind:master-definitions", request="defs", reader=[reader])
    assert answer.status_code == 303, answer.text
    where, height = answer.headers["location"], growing.ledger.height()
    assert "Recorded on the ledger" in page_of(law, where)
    assert upload(law, "kind:master-definitions", request="defs", reader=[reader]).headers["location"] == where
    assert growing.ledger.height() == height
    line = newest(law, DocumentKind.MASTER_DEFINITIONS)
    content = f"/deals/{DEAL}/documents/{line.id}/versions/1/content"
    got = trustee.get(content)
    assert got.content == FILE
    assert got.headers["content-disposition"].endswith("%E6%84%8F%E8%A7%81.pdf")
    assert bank.get(content).status_code == 404
    assert "not granted to your institution" in page_of(bank, f"/deals/{DEAL}/documents/{line.id}")
    said = growing.ledger.transaction(line.registered.tx_id).transaction.proposal.signing_bytes
    assert line.fingerprint.encode() in said
    assert "意见.pdf" not in said.decode()


def test_a_new_version_replaces_the_one_before_it_and_keeps_its_kind(growing: Consortium) -> None:
    law = workspace_of(growing, LAW)
    upload(law, "kind:master-definitions", b"first")
    first = newest(law, DocumentKind.MASTER_DEFINITIONS)
    form = page_of(law, f"/deals/{DEAL}/documents/new?for=next:{first.id}")
    assert f'<option value="next:{first.id}" selected>' in form
    answer = upload(law, f"next:{first.id}", b"second")
    assert answer.headers["location"].startswith(f"/deals/{DEAL}/documents/{first.id}?receipt=")
    second = newest(law, DocumentKind.MASTER_DEFINITIONS)
    assert (second.id, second.version) == (first.id, first.version + 1)
    assert "Replaced by 2" in page_of(law, f"/deals/{DEAL}/documents/{first.id}")


@pytest.mark.parametrize(
    ("role", "what", "status", "code"),
    [
        (LAW, "kind:rating-report", 403, "NOT_THE_PROVIDER"),
        (LAW, "kind:nonsense", 422, "FORM_REFUSED"),
        (LAW, "", 422, "FORM_REFUSED"),
        (LAW, "next:" + "0" * 32, 404, "DOCUMENT_MISSING"),
        (LAW, "next:../../x", 404, "DOCUMENT_MISSING"),
    ],
)
def test_what_cannot_be_uploaded_changes_nothing(
    growing: Consortium, role: Role, what: str, status: int, code: str
) -> None:
    asked, height, kept = workspace_of(growing, role), growing.ledger.height(), objects(growing)
    answer = upload(asked, what)
    assert (answer.status_code, code in answer.text) == (status, True)
    assert (growing.ledger.height(), objects(growing)) == (height, kept)


def objects(consortium: Consortium) -> int:
    """How many files the vault's store has."""
    return sum(1 for each in (consortium.path / "store").rglob("*") if each.is_file())


def test_another_institutions_document_gets_no_version_of_ours(growing: Consortium) -> None:
    agency, law = workspace_of(growing, AGENCY), workspace_of(growing, LAW)
    line = newest(agency, DocumentKind.RATING_REPORT)
    height = growing.ledger.height()
    answer = upload(law, f"next:{line.id}")
    assert (answer.status_code, growing.ledger.height()) == (403, height)
    assert "NOT_THE_PROVIDER" in answer.text or "NOT_THE_OWNER" in answer.text


def test_a_reader_who_is_no_party_is_refused_and_the_form_keeps_what_was_chosen(growing: Consortium) -> None:
    law, trustee = workspace_of(growing, LAW), workspace_of(growing, TRUSTEE)
    reader = trustee.workspace.desk.msp
    height = growing.ledger.height()
    answer = upload(law, "kind:working-paper", reader=[reader, "NobodyMSP"])
    assert (answer.status_code, "NOT_A_MEMBER" in answer.text) == (403, True)
    assert f'value="{reader}" checked' in answer.text
    assert '<option value="kind:working-paper" selected>' in answer.text
    assert growing.ledger.height() == height


def test_a_draft_deal_takes_no_document(growing: Consortium) -> None:
    law, height = workspace_of(growing, LAW), growing.ledger.height()
    answer = law.post(f"/deals/{DRAFT}/documents/new", data={"what": "kind:working-paper"}, files={"file": ("a", b"a")})
    assert answer.status_code in (403, 409)
    assert growing.ledger.height() == height


def test_an_empty_form_says_that_a_file_is_needed(growing: Consortium) -> None:
    answer = workspace_of(growing, LAW).post(f"/deals/{DEAL}/documents/new", data={"what": "kind:working-paper"})
    assert (answer.status_code, "FORM_REFUSED" in answer.text) == (422, True)


def test_a_large_file_goes_on_as_a_job_that_keeps_no_copy(growing: Consortium, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "AT_ONCE", 10)
    desk = growing.desk_of(LAW)
    office = Office(desk, growing.ledger, growing.trust)
    asked = Asked(growing, create_app(office, seating=OpenSeat(desk, "lin"), hosts=(HOST,)), office.workspace)
    content = bytes(range(256)) * 40_000
    answer = upload(asked, "kind:working-paper", content, request="large")
    again = upload(asked, "kind:working-paper", content, request="large")
    assert (answer.status_code, again.status_code) == (303, 303)
    job = office.jobs.newest(1)[0]
    done = office.jobs.awaited(job.id, 30)
    assert (done.state, done.done, done.of) == (JobState.DONE, len(content), len(content))
    assert list((office.folder / "uploads").iterdir()) == []
    line = newest(asked, DocumentKind.WORKING_PAPER)
    assert done.result["document"] == line.id
    assert asked.get(f"/deals/{DEAL}/documents/{line.id}/versions/1/content").content == content
    assert len(office.jobs.newest(10)) == 1
    refused = upload(asked, "kind:rating-report", content)
    assert (refused.status_code, "NOT_THE_PROVIDER" in refused.text) == (403, True)
    assert len(office.jobs.newest(10)) == 1
    office.jobs.close()


def test_a_job_whose_file_is_gone_says_so(growing: Consortium, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "AT_ONCE", 10)
    desk = growing.desk_of(LAW)
    office = Office(desk, growing.ledger, growing.trust)
    create_app(office, seating=OpenSeat(desk, "lin"), hosts=(HOST,))
    arguments = {"file": "00", "size": 9, "name": "a", "media_type": "a/b", "kind": "working-paper", "readers": [],
                 "next_of": None, "request": "gone"}  # fmt: skip
    job = office.jobs.start(uploads.KIND, "lin", desk, deal=DEAL, arguments=arguments)
    ended = office.jobs.awaited(job.id, 10)
    assert ended.error is not None
    assert ended.error.code == "UPLOAD_GONE"
    office.jobs.close()


# ------------------------------------------------------------------ grants


def test_a_grant_is_recorded_once_and_lets_them_read(growing: Consortium) -> None:
    law, trustee, bank = (workspace_of(growing, role) for role in (LAW, TRUSTEE, ORIGINATOR))
    upload(law, "kind:working-paper", b"for some")
    line = newest(law, DocumentKind.WORKING_PAPER)
    where = f"/deals/{DEAL}/documents/{line.id}/versions/1/grant"
    readers = [each.workspace.desk.msp for each in (trustee, bank)]
    assert f'value="{readers[0]}"' in page_of(law, where)
    height = growing.ledger.height()
    answer = law.post(where, data={"reader": readers, "request": "let in"})
    assert answer.status_code == 303, answer.text
    assert growing.ledger.height() == height + 2
    assert law.post(where, data={"reader": readers, "request": "let in"}).headers == answer.headers
    assert growing.ledger.height() == height + 2
    content = f"/deals/{DEAL}/documents/{line.id}/versions/1/content"
    assert {trustee.get(content).content, bank.get(content).content} == {b"for some"}
    assert f'value="{readers[0]}"' not in page_of(law, where)
    refused = law.post(where, data={"reader": readers[:1]})
    assert (refused.status_code, "ALREADY_GRANTED" in refused.text) == (409, True)


def test_one_reader_who_cannot_be_let_in_lets_nobody_in(growing: Consortium) -> None:
    law, trustee = workspace_of(growing, LAW), workspace_of(growing, TRUSTEE)
    upload(law, "kind:working-paper", b"for nobody")
    line = newest(law, DocumentKind.WORKING_PAPER)
    where, height = f"/deals/{DEAL}/documents/{line.id}/versions/1/grant", growing.ledger.height()
    refused = law.post(where, data={"reader": [trustee.workspace.desk.msp, "NobodyMSP"]})
    assert (refused.status_code >= 400, growing.ledger.height()) == (True, height)
    assert law.post(where, data={}).status_code == 422
    foreign = trustee.post(where, data={"reader": [workspace_of(growing, AGENCY).workspace.desk.msp]})
    assert (foreign.status_code, growing.ledger.height()) == (403, height)


@pytest.mark.parametrize("path", ["versions/9/grant", "versions/99999999999999999999/grant"])
def test_a_version_that_is_not_there_is_not_granted(consortium: Consortium, path: str) -> None:
    asked = workspace_of(consortium, LAW)
    line = asked.document(DocumentKind.LEGAL_OPINION)
    assert asked.get(f"/deals/{DEAL}/documents/{line.id}/{path}").status_code == 404


# ------------------------------------------------------------------ the index


def test_the_index_is_set_by_its_form(growing: Consortium) -> None:
    bank, law = workspace_of(growing, ORIGINATOR), workspace_of(growing, LAW)
    where = f"/deals/{DEAL}/documents/index"
    rows = {"kind": ["legal-opinion", "tax-opinion", "tax-opinion", "prospectus"],
            "role": ["law-firm", "law-firm", "accountant", ""], "request": "index"}  # fmt: skip
    height = growing.ledger.height()
    assert bank.post(where, data=rows).status_code == 303
    assert bank.post(where, data=rows).status_code == 303
    assert growing.ledger.height() == height + 1
    found = [(row.kind, row.provider) for row in bank.workspace.documents(DEAL).index if row.provider]
    assert found == [("legal-opinion", "law-firm"), ("tax-opinion", "law-firm"), ("tax-opinion", "accountant")]
    for data, status in (
        ({"kind": ["tax-opinion", "tax-opinion"], "role": ["law-firm", "law-firm"]}, 422),
        ({"kind": ["tax-opinion"], "role": [""]}, 422),
        ({"kind": ["nonsense"], "role": ["law-firm"]}, 422),
        ({"kind": ["tax-opinion"], "role": ["representative"]}, 422),
        ({"kind": ["tax-opinion", "prospectus"], "role": ["law-firm"]}, 422),
    ):
        assert bank.post(where, data=data).status_code == status, data
    refused = law.post(where, data={"kind": ["tax-opinion"], "role": ["law-firm"]})
    assert (refused.status_code, growing.ledger.height()) == (403, height + 1)
    assert "Originator and lead underwriter set the index" in refused.text or "ROLE_NEEDED" in refused.text


# ------------------------------------------------------------------ opinions


def told(line: DocumentLine) -> str:
    """A version as the form names it."""
    return f"{line.id}|{line.version}|{line.fingerprint}"


def test_an_opinion_names_the_facts_that_were_chosen(growing: Consortium) -> None:
    law = workspace_of(growing, LAW)
    first = newest(law, DocumentKind.LEGAL_OPINION)
    upload(law, f"next:{first.id}", b"a second opinion")
    text, report = newest(law, DocumentKind.LEGAL_OPINION), newest(law, DocumentKind.LEGAL_DUE_DILIGENCE_REPORT)
    pool = law.workspace.deal(DEAL).line.pool
    assert pool is not None
    form = page_of(law, f"/deals/{DEAL}/opinions/new")
    data = {"text": f"legal|{told(text)}", "conclusion": "qualified", "pool": f"{pool.version}|{pool.root}",
            "terms": f"1|{TERMS.fingerprint()}", "document": [told(report)], "request": "opine"}  # fmt: skip
    for value in (data["text"], data["pool"], data["terms"], data["document"][0]):
        assert f'value="{value}"' in form
    height = growing.ledger.height()
    for _ in range(2):
        assert law.post(f"/deals/{DEAL}/opinions/new", data=data).status_code == 303
    assert growing.ledger.height() == height + 1
    opinion = law.workspace.documents(DEAL).opinions[0]
    assert [(each.page, each.version) for each in opinion.relies_on] == [
        ("pool", pool.version), ("terms", 1), (f"documents/{report.id}", report.version)]  # fmt: skip
    assert (opinion.conclusion, opinion.current) == ("qualified", True)
    evidence = law.get(f"/ledger/transactions/{opinion.stated.tx_id}.evidence")
    assert evidence.status_code in (200, 409)  # 409 until a checkpoint covers it
    assert "First upload the document" in page_of(law, f"/deals/{DEAL}/opinions/new")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"pool": "", "document": []}, 422, "FORM_REFUSED"),
        ({"conclusion": "splendid"}, 422, "FORM_REFUSED"),
        ({"pool": "1|" + "00" * 32}, 422, "UNKNOWN_FACT"),
        ({"pool": "one|zz"}, 422, "FORM_REFUSED"),
        ({"terms": "1|" + "00" * 32}, 422, "UNKNOWN_FACT"),
        ({"terms": "7|" + "00" * 32}, 422, "UNKNOWN_FACT"),
        ({"text": "legal"}, 422, "FORM_REFUSED"),
        ({"text": "x|y|z"}, 422, "FORM_REFUSED"),
    ],
)
def test_an_opinion_on_what_is_not_there_comes_back(
    growing: Consortium, change: dict[str, Any], status: int, code: str
) -> None:
    law = workspace_of(growing, LAW)
    first = newest(law, DocumentKind.LEGAL_OPINION)
    upload(law, f"next:{first.id}", b"yet another opinion")
    text, pool = newest(law, DocumentKind.LEGAL_OPINION), law.workspace.deal(DEAL).line.pool
    assert pool is not None
    data = {"text": f"legal|{told(text)}", "conclusion": "adverse", "pool": f"{pool.version}|{pool.root}"}
    height = growing.ledger.height()
    answer = law.post(f"/deals/{DEAL}/opinions/new?lang=en", data=data | change)
    assert (answer.status_code, code in answer.text, growing.ledger.height()) == (status, True, height)
    if "conclusion" not in change:
        assert '<option value="adverse" selected>' in answer.text


def test_opinions_are_for_their_authors(growing: Consortium) -> None:
    trustee, law = workspace_of(growing, TRUSTEE), workspace_of(growing, LAW)
    assert "Opinions are for the law firm" in page_of(trustee, f"/deals/{DEAL}/opinions/new")
    text, pool = newest(law, DocumentKind.LEGAL_OPINION), law.workspace.deal(DEAL).line.pool
    assert pool is not None
    data = {"text": f"legal|{told(text)}", "conclusion": "adverse", "pool": f"{pool.version}|{pool.root}"}
    height = growing.ledger.height()
    for role in (TRUSTEE, AGENCY):
        answer = workspace_of(growing, role).post(f"/deals/{DEAL}/opinions/new", data=data)
        assert (answer.status_code, growing.ledger.height()) == (403, height)


def test_a_closed_deal_still_takes_documents_and_its_pages_say_what_ended(growing: Consortium) -> None:
    session = growing.desk_of(ORIGINATOR).session
    name = f"D{growing.ledger.height()}"
    growing.draft(name)
    growing.accept(name)
    session.call("deal.cancel", deal=name, reason="For good.")
    state = from_json(DealView, session.query("deal.show", deal=name)).deal.state
    assert state == "cancelled"
    law = workspace_of(growing, LAW)
    answer = law.post(f"/deals/{name}/documents/new", data={"what": "kind:working-paper"}, files={"file": ("a", b"a")})
    assert (answer.status_code, "WRONG_STATE" in answer.text) == (409, True)
    assert documents.overview(law.workspace.desk, name) == ()
