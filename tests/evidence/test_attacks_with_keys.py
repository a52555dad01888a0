"""Attacks with keys: members, or the log's operator itself, sign what is not so. What they sign is well formed and
cosigned; each attack is one argument of the builder that differs from the truth."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chainfusion.domain.membership import FounderSignature, Membership, SignedGenesis, Threshold, fingerprint
from chainfusion.domain.records import to_json
from chainfusion.ledger.evidence.checkpoint import sign_checkpoint
from chainfusion.ledger.evidence.evidence_file import EvidenceMalformed, SubjectKind, read_evidence
from chainfusion.ledger.evidence.note import BadNote, cosign_text
from chainfusion.node.evidence import EvidenceUnsound, NotInCheckpoint, export, export_evidence
from tests.support.harbour import DEAL, FOUNDERS, JOINER, REPORT, Harbour, build, document_args, institution
from tests.support.harbour import report_opening as opening
from tests.support.identities import make_member
from tests.support.ledger_builder import LedgerBuilder, entry, signed_genesis
from tests.support.tampering import assert_accepted, assert_refused, edited

ADMIT_JOINER = {"kind": "admit", "member": to_json(entry(institution(JOINER)))} | dict.fromkeys(
    ("msp", "rules", "agreement")
)


def young(genesis: SignedGenesis | None = None) -> LedgerBuilder:
    """A ledger that was just founded."""
    return LedgerBuilder.founded([institution(msp) for msp in FOUNDERS], genesis, institution(JOINER))


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exporter that hands out whatever it gathered: the attacker's."""
    monkeypatch.setattr(export, "_require_sound", lambda *_: None)


def lie(builder: LedgerBuilder, *transactions: Any, **lies: Any) -> bytes:
    """Evidence of the first of these transactions, recorded in one block with what is not so."""
    builder.append(transactions, **lies)
    builder.witnessed()
    kind, tx_id = SubjectKind.DOCUMENT, transactions[0].proposal.tx_id
    return export_evidence(builder, kind, tx_id, document=opening())


def registering(builder: LedgerBuilder, msp: str = "YunjinMSP", **changes: Any) -> Any:
    """A registration of the report, signed."""
    return builder.sign(msp, "document.register", document_args(DEAL, REPORT), **changes)


def assert_report_refused(builder: LedgerBuilder, evidence: bytes, step: str, cause: str) -> None:
    assert_refused(evidence, builder.trust, step, document=REPORT, cause=cause)


# ------------------------------------------------------------------ who signs a transaction


def test_a_transaction_that_the_ledger_refused_states_nothing(port: Harbour, unchecked: None) -> None:
    evidence = port.evidence(SubjectKind.DOCUMENT, port.refused, document=opening())
    assert_report_refused(port.builder, evidence, "inclusion", "TRANSACTION_NOT_VALID")


def test_a_person_of_a_foreign_ca_in_a_members_name(unchecked: None) -> None:
    builder = young()
    forged = registering(builder, signer=make_member("YunjinMSP").user("maker"))
    assert_report_refused(builder, lie(builder, forged), "signature", "CERTIFICATE_UNTRUSTED")


def test_a_person_of_one_member_in_anothers_name(unchecked: None) -> None:
    builder = young()
    forged = registering(builder, signer=institution("WangchaoMSP").user("maker"))
    assert_report_refused(builder, lie(builder, forged), "signature", "CERTIFICATE_UNTRUSTED")


def test_a_signature_of_somebody_else_beside_the_named_certificate(unchecked: None) -> None:
    builder = young()
    right = registering(builder)
    other = institution("YunjinMSP").user("other").sign(right.proposal.signing_bytes)
    assert_report_refused(builder, lie(builder, replace(right, signature=other)), "signature", "SIGNATURE_REFUSED")


def test_a_signature_under_another_prefix(unchecked: None) -> None:
    builder = young()
    right = registering(builder)
    bare = institution("YunjinMSP").user("maker").sign(right.proposal.payload)
    assert_report_refused(builder, lie(builder, replace(right, signature=bare)), "signature", "SIGNATURE_REFUSED")


def test_a_node_does_not_sign_for_a_person(unchecked: None) -> None:
    builder = young()
    forged = registering(builder, signer=institution("YunjinMSP").node)
    assert_report_refused(builder, lie(builder, forged), "signature", "CREATOR_NOT_A_PERSON")


def test_a_stranger(unchecked: None) -> None:
    builder = young()
    forged = registering(builder, "StrangerMSP", signer=institution("StrangerMSP").user("maker"))
    assert_report_refused(builder, lie(builder, forged), "signature", "CREATOR_NOT_ACTIVE")


def test_a_member_before_its_admission(unchecked: None) -> None:
    builder = young()
    early = registering(builder, JOINER)
    builder.append([early])
    builder.decide(ADMIT_JOINER, "DonghaiMSP", "YunjinMSP", "WangchaoMSP", "RegistryMSP")
    builder.witnessed()
    evidence = export_evidence(builder, SubjectKind.DOCUMENT, early.proposal.tx_id, document=opening())
    assert_report_refused(builder, evidence, "signature", "CREATOR_NOT_ACTIVE")


def test_a_member_after_its_suspension(unchecked: None) -> None:
    port = build()
    evidence = lie(port.builder, registering(port.builder, "BeichenMSP"))
    assert_report_refused(port.builder, evidence, "signature", "CREATOR_NOT_ACTIVE")


@pytest.mark.parametrize("years", [-3, 3])
def test_a_certificate_out_of_its_time(unchecked: None, years: int) -> None:
    builder = young()
    yunjin = institution("YunjinMSP")
    stale = replace(yunjin, now=yunjin.now + timedelta(days=365 * years), _users={}).user("stale")
    evidence = lie(builder, registering(builder, signer=stale))
    assert_report_refused(builder, evidence, "signature", "CERTIFICATE_OUT_OF_DATE")


def test_a_block_after_the_nodes_certificate_ended(unchecked: None) -> None:
    builder = young()
    late = builder.now + timedelta(days=365 * 5)
    evidence = lie(builder, registering(builder, time=late), time=late)
    assert_report_refused(builder, evidence, "orderer", "CERTIFICATE_OUT_OF_DATE")


def test_a_time_far_from_the_blocks(unchecked: None) -> None:
    builder = young()
    evidence = lie(builder, registering(builder, time=builder.now - timedelta(minutes=16)))
    assert_report_refused(builder, evidence, "signature", "CLOCK_DIFFERS")


def test_a_transaction_of_another_ledger(unchecked: None) -> None:
    builder = young()
    assert_report_refused(
        builder, lie(builder, registering(builder, channel="0" * 32)), "inclusion", "PART_OF_ANOTHER_LEDGER"
    )


# ------------------------------------------------------------------ who orders


def test_a_block_of_another_channel(unchecked: None) -> None:
    builder = young()
    assert_report_refused(
        builder, lie(builder, registering(builder), channel="0" * 32), "log", "PART_OF_ANOTHER_LEDGER"
    )


@pytest.mark.parametrize("msp", ["DonghaiMSP", "StrangerMSP"])
def test_a_block_of_a_node_that_does_not_order(unchecked: None, msp: str) -> None:
    builder = young()
    evidence = lie(builder, registering(builder), signer=institution(msp).node)
    assert_report_refused(builder, evidence, "orderer", "SIGNATURE_REFUSED")


def test_a_block_signed_by_a_person_of_the_orderer(unchecked: None) -> None:
    builder = young()
    evidence = lie(builder, registering(builder), signer=institution("RegistryMSP").user("maker"))
    assert_report_refused(builder, evidence, "orderer", "SIGNATURE_REFUSED")


def test_a_block_that_does_not_follow_the_one_before(unchecked: None) -> None:
    builder = young()
    assert_report_refused(
        builder, lie(builder, registering(builder), previous=bytes([1] * 32)), "log", "EVIDENCE_MALFORMED"
    )


def test_a_block_older_than_the_one_before(unchecked: None) -> None:
    builder = young()
    past = builder.now - timedelta(minutes=5)
    assert_report_refused(builder, lie(builder, registering(builder), time=past), "log", "EVIDENCE_MALFORMED")


def test_a_block_under_another_number(unchecked: None) -> None:
    builder = young()
    builder.append([registering(builder)], number=7)
    builder.witnessed()
    with pytest.raises(EvidenceMalformed):
        export_evidence(builder, SubjectKind.DECISION, builder.blocks[1].block.transactions[0].outcome.tx_id)


# ------------------------------------------------------------------ who belongs


def claimed(builder: LedgerBuilder) -> bytes:
    """The fingerprint of a membership with the joiner in it, that nobody voted for."""
    assert builder.membership is not None
    joiner = entry(institution(JOINER))
    members = {**builder.membership.members, JOINER: joiner}
    return fingerprint(replace(builder.membership, members=members))


def test_an_admission_with_too_few_votes(unchecked: None) -> None:
    builder = young()
    builder.decide(ADMIT_JOINER, "DonghaiMSP", "YunjinMSP")
    evidence = lie(builder, registering(builder, JOINER), membership=claimed(builder))
    assert_report_refused(builder, evidence, "members", "MEMBERSHIP_DIFFERS")


def test_an_admission_that_nobody_proposed(unchecked: None) -> None:
    builder = young()
    evidence = lie(builder, registering(builder, JOINER), membership=claimed(builder))
    assert_report_refused(builder, evidence, "members", "MEMBERSHIP_DIFFERS")


def test_a_vote_forged_in_a_members_name(unchecked: None) -> None:
    builder = young()
    proposal = builder.decide(ADMIT_JOINER, "DonghaiMSP", "YunjinMSP", "RegistryMSP")
    vote = {"proposal": proposal, "approve": True}
    donghai = institution("DonghaiMSP").user("maker")
    builder.append([builder.sign("WangchaoMSP", "consortium.vote", vote, signer=donghai)])
    evidence = lie(builder, registering(builder, JOINER))
    assert_report_refused(builder, evidence, "members", "CERTIFICATE_UNTRUSTED")


def test_a_vote_that_was_signed_for_another_proposal(unchecked: None) -> None:
    builder = young()
    proposal = builder.decide(ADMIT_JOINER, "DonghaiMSP", "YunjinMSP", "RegistryMSP")
    right = builder.sign("WangchaoMSP", "consortium.vote", {"proposal": "00" * 32, "approve": True})
    turned = replace(right, proposal=replace(right.proposal, args={"proposal": proposal, "approve": True}))
    builder.append([turned])
    assert_report_refused(builder, lie(builder, registering(builder, JOINER)), "members", "SIGNATURE_REFUSED")


def test_a_second_vote_of_one_member(unchecked: None) -> None:
    builder = young()
    proposal = builder.decide(ADMIT_JOINER, "DonghaiMSP", "YunjinMSP")
    before = builder.membership
    again = builder.sign("YunjinMSP", "consortium.vote", {"proposal": proposal, "approve": True})
    hidden_step(builder, again, before)
    assert_report_refused(builder, lie(builder, registering(builder)), "members", "MEMBERSHIP_CHANGE_REFUSED")


def hidden_step(builder: LedgerBuilder, transaction: Any, before: Membership | None) -> None:
    """Records a governance transaction as valid that the rules refuse, with a change of the membership to match."""
    builder.append([transaction], codes=["PRETENDED"])
    recorded = builder.blocks.pop()
    committed = recorded.block.transactions[0]
    outcome = replace(committed.outcome, code="VALID")
    pretended = LedgerBuilder._outcome
    LedgerBuilder._outcome = lambda self, *_: outcome  # type: ignore[method-assign]
    try:
        builder.append([transaction])
    finally:
        LedgerBuilder._outcome = pretended  # type: ignore[method-assign]
    latest = builder.changes[0]
    builder.changes.insert(0, replace(latest, tx_id=transaction.proposal.tx_id))


@pytest.mark.parametrize(
    ("operation", "args"),
    [
        ("found", {}),
        ("found", {"genesis": None}),
        ("propose", {}),
        ("propose", {"change": {"kind": "admit"}}),
        ("propose", {"change": 5}),
        ("vote", {}),
        ("vote", {"proposal": [], "approve": "yes"}),
        ("vote", {"proposal": {"a": 1}, "approve": None}),
        ("withdraw", {"proposal": "00" * 32}),
        ("renew_keys", {"keys": {}}),
    ],
)
def test_a_governance_call_that_no_contract_would_take(unchecked: None, operation: str, args: dict[str, Any]) -> None:
    builder = young()
    hidden_step(builder, builder.sign("DonghaiMSP", f"consortium.{operation}", args), builder.membership)
    assert_report_refused(builder, lie(builder, registering(builder)), "members", "MEMBERSHIP_CHANGE_REFUSED")


def test_a_governance_call_of_a_version_that_is_not_known(unchecked: None) -> None:
    builder = young()
    vote = builder.sign("DonghaiMSP", "consortium.propose", {"change": ADMIT_JOINER}, version=2)
    hidden_step(builder, vote, builder.membership)
    assert_report_refused(builder, lie(builder, registering(builder)), "members", "MEMBERSHIP_CHANGE_REFUSED")


def test_a_suspension_that_is_kept_from_the_evidence_is_missed_at_the_checkpoint(unchecked: None) -> None:
    port = build()
    del port.builder.changes[:4]
    assert_report_refused(port.builder, port.of_report(), "members", "MEMBERSHIP_DIFFERS")


# ------------------------------------------------------------------ the genesis


def assert_founding_refused(builder: LedgerBuilder, cause: str) -> None:
    """A forged genesis helps neither as what one trusts nor to one who trusts a checkpoint."""
    evidence = lie(builder, registering(builder))
    assert_report_refused(builder, evidence, "trust", cause)
    assert_refused(evidence, bytes(builder.note()), "founders", document=REPORT, cause=cause)


def test_a_genesis_that_one_founder_did_not_sign(unchecked: None) -> None:
    founders = [institution(msp) for msp in FOUNDERS]
    signers = [*founders[:4], institution("StrangerMSP")]
    builder = young(signed_genesis(founders, signers=signers))
    assert_founding_refused(builder, "CERTIFICATE_UNTRUSTED")


def test_a_founders_signature_on_another_genesis(unchecked: None) -> None:
    right = signed_genesis([institution(msp) for msp in FOUNDERS])
    other = replace(right, genesis=replace(right.genesis, name="Another Consortium"))
    builder = young(other)
    assert_founding_refused(builder, "SIGNATURE_REFUSED")


def test_a_founders_signature_by_somebody_elses_key(unchecked: None) -> None:
    right = signed_genesis([institution(msp) for msp in FOUNDERS])
    first = right.signatures[0]
    forged = FounderSignature(first.msp, first.certificate, right.signatures[1].signature)
    builder = young(SignedGenesis(right.genesis, (forged, *right.signatures[1:])))
    assert_founding_refused(builder, "SIGNATURE_REFUSED")


def test_a_ledger_of_the_same_members_on_another_genesis(port: Harbour, unchecked: None) -> None:
    founders = [institution(msp) for msp in FOUNDERS]
    impostor = young(signed_genesis(founders, witnesses=Threshold(1, 100)))
    evidence = lie(impostor, registering(impostor))
    assert_refused(evidence, port.builder.trust, "trust", document=REPORT, cause="OTHER_LEDGER")
    assert_refused(evidence, bytes(port.builder.note()), "trust", document=REPORT, cause="OTHER_LEDGER")


# ------------------------------------------------------------------ two histories


def fork_of(builder: LedgerBuilder) -> LedgerBuilder:
    """The same ledger up to its last block, in another history of which the log's operator knows."""
    other = replace(builder, blocks=builder.blocks[:-1], certificates=dict(builder.certificates))
    other.append([registering(other, "WangchaoMSP")])
    return other


def test_a_fork_needs_witnesses_that_cosign_twice(unchecked: None) -> None:
    builder = young()
    builder.append([registering(builder)])
    builder.witnessed()
    forked = fork_of(builder)
    forked.witnessed(by=["DonghaiMSP"])
    tx_id = forked.blocks[-1].block.transactions[0].outcome.tx_id
    evidence = export_evidence(forked, SubjectKind.DOCUMENT, tx_id, document=opening())
    assert_report_refused(builder, evidence, "cosignatures", "TOO_FEW_COSIGNATURES")


def test_a_fork_that_all_cosigned_is_still_not_the_checkpoint_one_holds(unchecked: None) -> None:
    builder = young()
    builder.append([registering(builder)])
    held = bytes(builder.witnessed())
    forked = fork_of(builder)
    forked.witnessed()
    tx_id = forked.blocks[-1].block.transactions[0].outcome.tx_id
    evidence = export_evidence(forked, SubjectKind.DOCUMENT, tx_id, document=opening())
    assert_refused(evidence, held, "trust", document=REPORT, cause="NO_WAY_TO_CHECKPOINT")


# ------------------------------------------------------------------ who witnesses, and when


def sealed(builder: LedgerBuilder, **how: Any) -> bytes:
    """Evidence on a checkpoint that was signed in this way."""
    tx = registering(builder)
    builder.append([tx])
    builder.witnessed(**how)
    return export_evidence(builder, SubjectKind.DOCUMENT, tx.proposal.tx_id, document=opening())


def test_a_checkpoint_by_a_notary_that_is_not_the_logs(unchecked: None) -> None:
    builder = young()
    with pytest.raises(BadNote):
        sealed(builder, log=institution("DonghaiMSP").notary)


def test_cosignatures_from_before_the_last_block(unchecked: None) -> None:
    builder = young()
    evidence = sealed(builder, at=builder.now - timedelta(hours=1))
    assert_report_refused(builder, evidence, "cosignatures", "TIME_IMPOSSIBLE")


def test_cosignatures_and_blocks_from_the_future(port: Harbour) -> None:
    long_ago = port.builder.now - timedelta(days=30)
    assert_refused(port.of_report(), port.builder.trust, "cosignatures", at=long_ago, cause="TIME_IMPOSSIBLE")


def test_a_cosignature_after_the_notarys_certificate_ended(unchecked: None) -> None:
    builder = young()
    evidence = sealed(builder, at=builder.now + timedelta(days=365 * 5))
    assert_report_refused(builder, evidence, "cosignatures", "TOO_FEW_COSIGNATURES")


def test_a_cosignature_beyond_the_calendar(unchecked: None) -> None:
    builder = young()
    tx = registering(builder)
    builder.append([tx])
    note = sign_checkpoint(builder.checkpoint(), institution("RegistryMSP").notary)
    builder.kept = note.signed(cosign_text(note.text, institution("DonghaiMSP").notary, 2**62))
    evidence = export_evidence(builder, SubjectKind.DOCUMENT, tx.proposal.tx_id, document=opening())
    assert_report_refused(builder, evidence, "cosignatures", "TOO_FEW_COSIGNATURES")


def test_the_threshold_is_that_of_the_members_own_rules(unchecked: None) -> None:
    builder = young(signed_genesis([institution(msp) for msp in FOUNDERS], witnesses=Threshold(1, 1)))
    evidence = sealed(builder, by=["DonghaiMSP", "YunjinMSP", "WangchaoMSP"])
    assert_report_refused(builder, evidence, "cosignatures", "TOO_FEW_COSIGNATURES")


def test_a_consortium_of_one_has_no_witness(unchecked: None) -> None:
    builder = LedgerBuilder.founded([institution("RegistryMSP")])
    tx = registering(builder, "RegistryMSP")
    builder.append([tx])
    builder.witnessed()
    evidence = export_evidence(builder, SubjectKind.DOCUMENT, tx.proposal.tx_id, document=opening())
    assert_report_refused(builder, evidence, "cosignatures", "TOO_FEW_COSIGNATURES")


# ------------------------------------------------------------------ the honest exporter


def test_the_exporter_strips_lines_that_do_not_count(port: Harbour) -> None:
    note = port.builder.note()
    at = int(port.builder.now.timestamp())
    idle = [cosign_text(note.text, institution(msp).notary, at) for msp in ("BeichenMSP", "StrangerMSP", "RegistryMSP")]
    newer = cosign_text(note.text, institution("DonghaiMSP").notary, at + 5)
    evidence = port.of_report(note=replace(note, signatures=(*idle, *note.signatures, newer)))
    kept = read_evidence(evidence).note.signatures
    assert [line.name for line in kept] == ["RegistryMSP", "DonghaiMSP", JOINER, "WangchaoMSP", "YunjinMSP"]
    assert kept[1] == newer


def test_the_exporter_hands_out_nothing_that_would_not_verify(port: Harbour) -> None:
    for tx_id, cause in ((port.refused, "DOCUMENT_EXISTS"), (port.other_report, "fingerprint")):
        with pytest.raises(EvidenceUnsound) as caught:
            port.evidence(SubjectKind.DOCUMENT, tx_id, document=opening())
        assert cause in caught.value.message()


def test_the_exporter_needs_a_checkpoint_that_covers_the_transaction() -> None:
    port = build()
    later = port.builder.call("DonghaiMSP", "deal.name_party", deal=DEAL)
    with pytest.raises(NotInCheckpoint):
        port.evidence(SubjectKind.DECISION, later)


# ------------------------------------------------------------------ the reader's terminal


@pytest.mark.parametrize("escape", ["\x1b[2K\rOK: verified", "a\nOK: b", "\u202eFAIL", "\x9b1A", "\x00"])
def test_what_is_told_does_not_move_the_cursor_or_turn_the_text(unchecked: None, escape: str) -> None:
    builder = young()
    evil = builder.sign("YunjinMSP", "deal.close", {"deal": escape})
    builder.append([evil])
    builder.witnessed()
    evidence = export_evidence(builder, SubjectKind.DECISION, evil.proposal.tx_id)
    assert_accepted(evidence, builder.trust)
    assert_refused(evidence, builder.trust, "statement", expect_deal=DEAL)
    assert_refused(edited(evidence, lambda e: e.update(engine=escape)), builder.trust, "file")
    elsewhere = edited(evidence, lambda e: e["transactions"][0]["transaction"]["proposal"].update(channel=escape))
    assert_refused(elsewhere, builder.trust, "inclusion", cause="PART_OF_ANOTHER_LEDGER")
