"""Evidence as the node exports it: of the pool in force, of one loan alone, of the very version that was asked for."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from chainfusion.domain.criteria import Criteria
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.port import NotOnLedger
from chainfusion.node import documents, pools, proofs
from chainfusion.node.documents import Upload
from chainfusion.node.evidence.export import NotInCheckpoint
from chainfusion.node.pools import LoanUnknown, OpeningsMissing
from chainfusion.tape.schema import Tape
from chainfusion.vault.errors import NotGranted
from chainfusion.verify import Verdict, verify
from tests.node.conftest import TAPE
from tests.support.consortium import Consortium

DEAL, REPORT = "PROOFS", DocumentKind.LEGAL_DUE_DILIGENCE_REPORT


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, tape: Tape, criteria: Criteria) -> Consortium:
    """A deal with two versions of its pool and of a report, under one witnessed checkpoint."""
    made = Consortium(tmp_path_factory.mktemp("proofs"))
    made.draft(DEAL)
    made.accept(DEAL)
    readers = (made.desk_of(Role.TRUSTEE).msp,)
    for count in (1300, 1200):
        part = replace(tape, frame=tape.frame.head(count))
        pools.register(made.desk_of(Role.ORIGINATOR), DEAL, TAPE, part, criteria, readers=readers)
    first = made.upload(DEAL, REPORT, Role.LAW_FIRM, b"first")
    made.upload(DEAL, REPORT, Role.LAW_FIRM, b"second", next_of=first.id)
    made.checkpoint()
    return made


def checked(world: Consortium, evidence: bytes, document: bytes | None = None) -> Verdict:
    stream = io.BytesIO(document) if document is not None else None
    return verify(evidence, world.trust, stream, expect_deal=DEAL)


def test_a_pool_s_proof_is_of_the_version_in_force(world: Consortium) -> None:
    desk = world.desk_of(Role.TRUSTEE)
    verdict = checked(world, proofs.prove_pool(world.ledger, desk, DEAL))
    assert verdict.ok
    assert "1200 loans" in verdict.headline("en")


def test_a_loan_s_proof_shows_that_loan_and_no_other(world: Consortium, tape: Tape) -> None:
    desk, shown, hidden = world.desk_of(Role.TRUSTEE), tape.loan(5).loan_id, tape.loan(6).loan_id
    evidence = proofs.prove_loan(world.ledger, desk, DEAL, shown)
    verdict = checked(world, evidence)
    assert verdict.ok
    assert shown in verdict.headline("en")
    assert hidden.encode().hex().encode() not in evidence
    with pytest.raises(LoanUnknown):
        proofs.prove_loan(world.ledger, desk, DEAL, tape.loan(1250).loan_id)
    with pytest.raises(OpeningsMissing):
        proofs.prove_loan(world.ledger, world.desk_of(Role.RATING_AGENCY), DEAL, shown)


@pytest.mark.parametrize(("number", "content", "other"), [(1, b"first", b"second"), (2, b"second", b"first")])
def test_a_document_s_proof_is_of_its_version(world: Consortium, number: int, content: bytes, other: bytes) -> None:
    desk = world.desk_of(Role.LAW_FIRM)
    (view,) = [each for each in documents.overview(desk, DEAL) if each.document.kind is REPORT]
    version = documents.version(desk, DEAL, view.document.id, number).document
    evidence = proofs.prove_document(world.ledger, desk, version)
    assert checked(world, evidence, content).ok
    assert not checked(world, evidence, other).ok
    with pytest.raises(NotGranted):
        proofs.prove_document(world.ledger, world.desk_of(Role.REGISTRAR), version)


def test_a_decision_is_proven_by_anybody_and_against_a_held_checkpoint(world: Consortium) -> None:
    opened = world.desk_of(Role.REGISTRAR).session.query("deal.show", deal=DEAL)["deal"]["tx_id"]
    assert checked(world, proofs.prove_decision(world.ledger, opened)).ok
    note = world.ledger.note()
    held = proofs.prove_decision(world.ledger, opened, trusted=Checkpoint.parse(note.text))
    assert verify(held, bytes(note)).ok
    with pytest.raises(NotOnLedger):
        proofs.prove_decision(world.ledger, "00" * 32)


def test_what_was_not_witnessed_yet_is_not_proven(world: Consortium, tmp_path: Path) -> None:
    desk = world.desk_of(Role.LAW_FIRM)
    upload = Upload(DEAL, DocumentKind.WORKING_PAPER, io.BytesIO(b"new"), "new.txt", "text/plain", ())
    document = documents.add(desk, upload).document
    with pytest.raises(NotInCheckpoint):
        proofs.prove_document(world.ledger, desk, document)
    world.checkpoint()
    assert checked(world, proofs.prove_document(world.ledger, desk, document), b"new").ok
