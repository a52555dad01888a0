"""Documents of a deal: sealed and registered together or not at all, granted in that order, checked while read."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from chainfusion.contracts.document.refusals import AlreadyGranted, NotTheOwner, NotTheProvider, ReaderNotAParty
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.document_records import Document
from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.membership_refusals import NotAMember
from chainfusion.domain.roles import Role
from chainfusion.node import documents
from chainfusion.node.desk import Desk
from chainfusion.node.documents import DocumentMissing, Upload
from chainfusion.node.session import RequestReused
from chainfusion.vault.errors import ContentNotAsStated, ContentTampered, EnvelopeTampered, NotGranted, NotSigned
from tests.support.consortium import Consortium

REPORT = DocumentKind.LEGAL_DUE_DILIGENCE_REPORT
CONTENT = b"%PDF-1.7 " + bytes(range(256)) * 9


def upload(deal: str, content: bytes = CONTENT, kind: DocumentKind = REPORT, readers: tuple[str, ...] = ()) -> Upload:
    return Upload(deal, kind, io.BytesIO(content), "report.pdf", "application/pdf", readers)


@pytest.fixture
def firm(consortium: Consortium) -> Desk:
    return consortium.desk_of(Role.LAW_FIRM)


@pytest.fixture
def trustee(consortium: Consortium) -> Desk:
    return consortium.desk_of(Role.TRUSTEE)


def sealed(consortium: Consortium) -> set[str]:
    return set(consortium.vault.objects())


def test_a_document_is_read_by_owner_and_readers_and_by_nobody_else(
    consortium: Consortium, deal: str, firm: Desk, trustee: Desk
) -> None:
    document = documents.add(firm, upload(deal, readers=(trustee.msp,))).document
    for desk in (firm, trustee):
        opened = documents.read(desk, document)
        assert (opened.facts.name, opened.read()) == ("report.pdf", CONTENT)
    with pytest.raises(NotGranted):
        documents.read(consortium.desk_of(Role.REGISTRAR), document)


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"readers": ("StrangerMSP",)}, NotAMember),
        ({"kind": DocumentKind.RATING_REPORT}, NotTheProvider),
    ],
)
def test_a_refused_document_seals_nothing(
    consortium: Consortium, deal: str, firm: Desk, changed: dict[str, object], refusal: type[ChainFusionError]
) -> None:
    before, height = sealed(consortium), consortium.ledger.height()
    with pytest.raises(refusal):
        documents.add(firm, upload(deal, **changed))  # type: ignore[arg-type]
    assert (sealed(consortium), consortium.ledger.height()) == (before, height)


def test_what_is_refused_after_sealing_is_taken_back(
    consortium: Consortium, deal: str, firm: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sealed(consortium)
    monkeypatch.setattr("chainfusion.node.session.Session.check", lambda *_, **__: None)
    with pytest.raises(NotTheProvider):
        documents.add(firm, upload(deal, kind=DocumentKind.RATING_REPORT))
    assert sealed(consortium) == before


def test_a_repeat_seals_nothing_and_answers_as_the_first(consortium: Consortium, deal: str, firm: Desk) -> None:
    first = documents.add(firm, upload(deal), request=f"{deal}-report")
    before = sealed(consortium)
    assert documents.add(firm, upload(deal), request=f"{deal}-report") == first
    assert sealed(consortium) == before


@pytest.mark.parametrize("changed", ["content", "readers", "kind", "next_of", "deal"])
def test_a_repeat_with_anything_else_is_refused(deal: str, firm: Desk, trustee: Desk, changed: str) -> None:
    first = documents.add(firm, upload(deal), request=f"{deal}-report").document
    other = {
        "content": lambda: documents.add(firm, upload(deal, b"other"), request=f"{deal}-report"),
        "readers": lambda: documents.add(firm, upload(deal, readers=(trustee.msp,)), request=f"{deal}-report"),
        "kind": lambda: documents.add(firm, upload(deal, kind=DocumentKind.LEGAL_OPINION), request=f"{deal}-report"),
        "next_of": lambda: documents.add(firm, upload(deal), next_of=first.id, request=f"{deal}-report"),
        "deal": lambda: documents.add(firm, upload("ANOTHER"), request=f"{deal}-report"),
    }[changed]
    with pytest.raises(RequestReused):
        other()


def test_a_request_of_another_operation_is_refused(deal: str, consortium: Consortium) -> None:
    desk = consortium.desk_of(Role.ORIGINATOR)
    desk.session.call("deal.cancel", request=f"{deal}-cancel", deal=deal, reason="x")
    with pytest.raises(RequestReused):
        documents.add(desk, upload(deal), request=f"{deal}-cancel")


def test_a_next_version_follows_the_newest_and_both_are_kept(deal: str, firm: Desk) -> None:
    first = documents.add(firm, upload(deal)).document
    second = documents.add(firm, upload(deal, b"second"), next_of=first.id).document
    third = documents.add(firm, upload(deal, b"third"), next_of=first.id).document
    assert [(each.version, each.supersedes) for each in (first, second, third)] == [(1, None), (2, 1), (3, 2)]
    assert documents.version(firm, deal, first.id).document == third
    assert documents.read(firm, documents.version(firm, deal, first.id, 2).document).read() == b"second"
    with pytest.raises(DocumentMissing):
        documents.version(firm, deal, first.id, 4)


def test_another_institution_s_document_has_no_next_version_of_ours(deal: str, firm: Desk, trustee: Desk) -> None:
    kind = DocumentKind.WORKING_PAPER
    first = documents.add(firm, upload(deal, kind=kind)).document
    with pytest.raises(NotTheOwner):
        documents.add(trustee, upload(deal, kind=kind), next_of=first.id)


# ------------------------------------------------------------------ grants


@pytest.fixture
def document(deal: str, firm: Desk) -> Document:
    return documents.add(firm, upload(deal)).document


def test_a_grant_opens_the_document_to_its_reader(document: Document, firm: Desk, trustee: Desk) -> None:
    with pytest.raises(NotGranted):
        documents.read(trustee, document)
    granted = documents.grant(firm, document, trustee.msp)
    assert granted.reader == trustee.msp
    assert documents.read(trustee, document).read() == CONTENT
    assert documents.versions(firm, document.deal, document.id)[0].readers == (firm.msp, trustee.msp)
    with pytest.raises(AlreadyGranted):
        documents.grant(firm, document, trustee.msp)


def test_a_refused_grant_seals_the_key_to_nobody(consortium: Consortium, document: Document, firm: Desk) -> None:
    readers = consortium.vault.readers(document.object, firm.members.signed)
    with pytest.raises(ReaderNotAParty):
        documents.grant(firm, document, "StrangerMSP")
    with pytest.raises(NotTheOwner):
        documents.grant(consortium.desk_of(Role.TRUSTEE), document, consortium.desk_of(Role.REGISTRAR).msp)
    assert consortium.vault.readers(document.object, firm.members.signed) == readers


def test_a_grant_that_was_interrupted_is_completed(
    document: Document, firm: Desk, trustee: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("chainfusion.vault.vault.Vault.grant", stop)
        with pytest.raises(KeyboardInterrupt):
            documents.grant(firm, document, trustee.msp)
    with pytest.raises(NotGranted):
        documents.read(trustee, document)
    granted = documents.grant(firm, document, trustee.msp)
    assert (granted.reader, granted.document) == (trustee.msp, document.id)
    assert documents.read(trustee, document).read() == CONTENT


# ------------------------------------------------------------------ attacks


def object_files(consortium: Consortium, document: Document) -> list[Path]:
    store = consortium.path / "store"
    return sorted(
        path for path in store.rglob("*") if path.is_file() and document.object in str(path.relative_to(store))
    )


def test_any_changed_stored_file_is_refused_when_read(consortium: Consortium, document: Document, firm: Desk) -> None:
    files = object_files(consortium, document)
    assert len(files) == 2
    for path in files:
        kept = path.read_bytes()
        changed = bytearray(kept)
        changed[len(kept) // 2] ^= 1
        path.write_bytes(changed)
        with pytest.raises((ContentTampered, EnvelopeTampered, NotSigned)):
            documents.read(firm, document).read()
        path.write_bytes(kept)
    assert documents.read(firm, document).read() == CONTENT


def test_another_document_in_its_place_is_refused(
    consortium: Consortium, deal: str, document: Document, firm: Desk
) -> None:
    other = documents.add(firm, upload(deal, b"another")).document
    with pytest.raises(ContentNotAsStated):
        documents.read(firm, replace(document, object=other.object)).read()
