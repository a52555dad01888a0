"""Evidence exported by the pages, dropped on the page, and sent to the API: the same verdict everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.verify import verify
from tests.support.consortium import Consortium
from tests.support.scene import DEAL, HOSTILE
from tests.web.conftest import Asked
from tests.web.html import Page

REPORT = b"%PDF-1.7 a report"


def report_evidence(asked: Asked) -> bytes:
    document = asked.document(DocumentKind.LEGAL_DUE_DILIGENCE_REPORT)
    answer = asked.get(f"/deals/{DEAL}/documents/{document.id}/versions/1.evidence")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith("attachment")
    return answer.content


def dropped(asked: Asked, lang: str = "en", **files: Any) -> Page:
    answer = asked.post(f"/evidence?lang={lang}", files=files)
    assert answer.status_code == 200, answer.text
    found = Page.of(answer.text)
    assert (found.forbidden, found.misnested) == ([], [])
    return found


def test_each_kind_of_evidence_holds(trustee: Asked, consortium: Consortium) -> None:
    openings = trustee.workspace
    from chainfusion.node import pools

    kept = pools.openings(openings.desk, pools.current(openings.desk, DEAL))
    loan = kept.opening(17).verify(kept.commitment).loan_id
    accepted = next(act for act in openings.timeline(DEAL).acts if act.operation == "deal.accept")
    for path, kind in (
        (f"/deals/{DEAL}/pool.evidence", "pool"),
        (f"/deals/{DEAL}/loan.evidence?loan={loan}", "loan"),
        (f"/ledger/transactions/{accepted.tx_id}.evidence", "decision"),
        (f"/ledger/transactions/{trustee.pool_tx}.evidence", "pool"),
    ):
        evidence = trustee.get(path).content
        verdict = verify(evidence, consortium.trust)
        assert (verdict.ok, verdict.facts["kind"]) == (True, kind), verdict.headline()
        said = dropped(trustee, evidence=("x.evidence", evidence)).text
        assert verdict.headline("en") in said
        assert "OK" in said


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_document_and_its_evidence(trustee: Asked, lang: str) -> None:
    files = {"evidence": ("dd.evidence", report_evidence(trustee)), "document": ("dd.pdf", REPORT)}
    found = dropped(trustee, lang, **files)
    verdict = trustee.post("/evidence.json", files=files).json()
    assert verdict == trustee.post("/api/v1/verify", files=files).json()
    assert verdict["ok"]
    for each in (*verdict["proves"], *verdict["does_not_prove"], verdict["headline"]):
        assert each[lang] in found.text
    assert "chainfusion verify dd.evidence dd.pdf --trust genesis.json" in found.text
    assert f"/ledger/transactions/{verdict['facts']['tx_id']}" in found.links


def test_another_document_fails_and_both_fingerprints_are_shown(trustee: Asked) -> None:
    files = {"evidence": ("dd.evidence", report_evidence(trustee)), "document": ("dd.pdf", REPORT + b" ")}
    found = dropped(trustee, **files)
    facts = trustee.post("/evidence.json", files=files).json()["facts"]["document"]
    assert "FAIL" in found.text
    said = found.text.replace(" ", "")
    assert facts["fingerprint"] in said
    assert facts["found"] in said
    assert any(each.tag == "mark" for each in found.elements)


def test_a_byte_changed_in_the_evidence_fails(trustee: Asked) -> None:
    evidence = report_evidence(trustee)
    for at in (0, len(evidence) // 3, len(evidence) - 2):
        changed = evidence[:at] + bytes([evidence[at] ^ 1]) + evidence[at + 1 :]
        assert "FAIL" in dropped(trustee, evidence=("x", changed), document=("d", REPORT)).text


def test_trust_is_what_the_user_names(trustee: Asked, consortium: Consortium) -> None:
    evidence = ("x", report_evidence(trustee))
    checkpoint = trustee.get("/ledger/checkpoint").content
    for trust, holds in ((consortium.trust, True), (checkpoint, True), (b"{}", False), (b"", False)):
        files = {"evidence": evidence, "trust_file": ("trust", trust)}
        verdict = trustee.post("/api/v1/verify", files=files, data={"trust": "file"}).json()
        assert verdict["ok"] is holds, verdict["headline"]
    assert trustee.get("/ledger/genesis.json").content == consortium.trust
    ignored = {"evidence": evidence, "trust_file": ("trust", b"{}")}
    assert trustee.post("/api/v1/verify", files=ignored, data={"trust": "genesis"}).json()["ok"]


@pytest.mark.parametrize("junk", [b"", b"{}", b"\x00" * 100, b"[" * 100_000, "存证".encode()])
def test_what_is_no_evidence_fails_and_nothing_else(trustee: Asked, junk: bytes) -> None:
    assert "FAIL" in dropped(trustee, evidence=("x", junk)).text


def test_names_of_files_are_words_of_strangers(trustee: Asked) -> None:
    name = f"$(rm -rf ~) '{HOSTILE}.evidence"
    answer = trustee.post("/evidence?lang=en", files={"evidence": (name, report_evidence(trustee))})
    assert HOSTILE not in answer.text
    said = Page.of(answer.text).text
    assert "chainfusion verify '$(rm -rf ~)" in said


def test_a_document_is_opened_as_a_download_alone(trustee: Asked) -> None:
    document = trustee.document(DocumentKind.LEGAL_DUE_DILIGENCE_REPORT)
    answer = trustee.get(f"/deals/{DEAL}/documents/{document.id}/versions/1/content")
    assert answer.content == REPORT
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''legal-due-diligence-report.pdf"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["content-type"] == "application/octet-stream"
