"""What is refused before it is ordered leaves no trace; what a contract refuses is recorded as invalid."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from chainfusion.contracts.framework.registry import UnknownOperation, VersionNotInForce
from chainfusion.ledger.embedded import EmbeddedLedger
from chainfusion.ledger.evidence.signatures import P256_ORDER
from chainfusion.ledger.evidence.transaction import MAX_CLOCK_DIFFERENCE, Creator, Proposal, Transaction, nonce_of
from chainfusion.ledger.port import TransactionRefused, TransactionState
from tests.support.identities import make_member
from tests.support.ledger import Consortium, Desk, representative, sign
from tests.support.probe import ProbeRefused


def proposal_of(desk: Desk, **changes: Any) -> Proposal:
    return replace(desk.consortium.proposal(desk.person, "probe.put", key="k", value="v"), **changes)


def refused(desk: Desk, transaction: Transaction, certificate: bytes | None = None, **transient: bytes) -> str:
    height = desk.ledger.height()
    with pytest.raises(TransactionRefused) as refusal:
        desk.ledger.record(transaction, certificate or desk.person.certificate_der, transient)
    assert desk.ledger.height() == height
    assert desk.ledger.status(transaction.proposal.tx_id) is TransactionState.UNKNOWN
    return str(refusal.value.facts["reason"])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"channel": "0" * 32}, "WRONG_CHANNEL"),
        ({"version": 2}, "VERSION_NOT_IN_FORCE"),
        ({"contract": "nothing"}, "UNKNOWN_OPERATION"),
        ({"operation": "nothing"}, "UNKNOWN_OPERATION"),
        ({"operation": "get", "args": {"key": "k"}}, "READS_ONLY"),
        ({"args": {"key": "k"}}, "BAD_ARGUMENTS"),
        ({"args": {"key": "k", "value": 1}}, "BAD_ARGUMENTS"),
        ({"args": {"key": "k", "value": "v", "more": None}}, "BAD_ARGUMENTS"),
        ({"args": {"key": "k", "value": 1.5}}, "MALFORMED"),
        ({"args": {"key": "k", "value": 2**63}}, "MALFORMED"),
        ({"args": {"ké": "k"}}, "MALFORMED"),
        ({"nonce": "ab" * 23}, "MALFORMED"),
        ({"nonce": "AB" * 24}, "MALFORMED"),
        ({"transient": "ab" * 32}, "TRANSIENT_MISMATCH"),
    ],
)
def test_a_proposal_must_fit(desk: Desk, changes: dict[str, Any], reason: str) -> None:
    assert refused(desk, sign(desk.person, proposal_of(desk, **changes))) == reason


@pytest.mark.parametrize(
    "changes",
    [{"version": True}, {"channel": 7}, {"args": ["k"]}, {"transient": 0}, {"time": None}, {"args": {"key": {1: 2}}}],
)
def test_a_field_of_another_type_is_refused(desk: Desk, changes: dict[str, Any]) -> None:
    with pytest.raises(TransactionRefused, match="MALFORMED"):
        desk.ledger.record(Transaction(proposal_of(desk, **changes), b"\x30"), desk.person.certificate_der)
    assert desk.ledger.height() == 1


def test_transient_input_must_be_the_signed_one(desk: Desk) -> None:
    transient = {"value": b"signed"}
    transaction = desk.consortium.signed(desk.person, "probe.put", transient=transient, key="k", value="v")
    assert refused(desk, transaction, value=b"another") == "TRANSIENT_MISMATCH"
    assert refused(desk, transaction) == "TRANSIENT_MISMATCH"
    assert refused(desk, transaction, **transient, more=b"x") == "TRANSIENT_MISMATCH"


def test_transient_input_is_bounded(desk: Desk) -> None:
    transient = {"value": b"x" * (8 << 20)}
    transaction = desk.consortium.signed(desk.person, "probe.put", transient=transient, key="k", value="v")
    assert refused(desk, transaction, **transient) == "TOO_LARGE"


def test_a_transaction_is_bounded(desk: Desk) -> None:
    assert (
        refused(desk, sign(desk.person, proposal_of(desk, args={"key": "k", "value": "v" * (8 << 20)}))) == "TOO_LARGE"
    )


def high_s(signature: bytes) -> bytes:
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, P256_ORDER - s)


@pytest.mark.parametrize(
    "forge", [high_s, lambda s: s[:-1], lambda s: s + b"\0", lambda s: b"", lambda s: os.urandom(len(s))]
)
def test_only_the_creators_one_signature_is_taken(desk: Desk, forge: Callable[[bytes], bytes]) -> None:
    signed = sign(desk.person, proposal_of(desk))
    assert refused(desk, replace(signed, signature=forge(signed.signature))) == "BAD_SIGNATURE"
    assert desk.ledger.record(signed, desk.person.certificate_der).code == "VALID"


def test_a_signature_of_another_call_is_refused(desk: Desk) -> None:
    signed = sign(desk.person, proposal_of(desk))
    other = proposal_of(desk, args={"key": "k", "value": "raised"}, nonce=signed.proposal.nonce)
    assert refused(desk, Transaction(other, signed.signature)) == "BAD_SIGNATURE"


def test_arguments_changed_after_signing_do_not_run(desk: Desk) -> None:
    signed = sign(desk.person, proposal_of(desk))
    signed.proposal.args["value"] = "changed"
    assert desk.ledger.record(signed, desk.person.certificate_der).code == "VALID"
    assert desk.ledger.state("k") == b"v"


def test_the_creator_is_a_person_of_a_member(desk: Desk) -> None:
    stranger = make_member("StrangerMSP")
    assert _refused_by(desk, representative(stranger)) == "FOREIGN_CREATOR"


def test_a_strangers_certificate_in_a_members_name_is_refused(desk: Desk) -> None:
    impostor = representative(make_member("DonghaiMSP"))
    assert _refused_by(desk, impostor) == "BAD_CERTIFICATE"


def test_one_member_cannot_sign_as_another(desk: Desk) -> None:
    other = desk.consortium.members[1].msp_id
    proposal = proposal_of(desk, creator=Creator(other, desk.person.certificate_fingerprint))
    assert refused(desk, sign(desk.person, proposal)) == "BAD_CERTIFICATE"


def test_a_node_does_not_sign_transactions(desk: Desk) -> None:
    assert _refused_by(desk, desk.consortium.orderer.node) == "BAD_CERTIFICATE"


def _refused_by(desk: Desk, person: Any) -> str:
    transaction = desk.consortium.signed(person, "probe.put", key="k", value="v")
    return refused(desk, transaction, person.certificate_der)


@pytest.mark.parametrize("certificate", [b"no certificate", b"\x30" * 20_000])
def test_a_certificate_must_be_the_named_one(desk: Desk, certificate: bytes) -> None:
    signed = sign(desk.person, proposal_of(desk))
    assert refused(desk, signed, certificate) == "BAD_CERTIFICATE"
    assert refused(desk, signed, desk.consortium.orderer.user("other").certificate_der) == "BAD_CERTIFICATE"


def test_a_certificate_must_be_valid_when_it_signs(desk: Desk) -> None:
    desk.consortium.clock.now += timedelta(days=10_000)
    assert refused(desk, sign(desk.person, proposal_of(desk))) == "BAD_CERTIFICATE"


@pytest.mark.parametrize("side", [-1, 1])
def test_clocks_may_differ_within_a_bound(desk: Desk, side: int) -> None:
    desk.consortium.clock.now += timedelta(hours=1)
    late = desk.consortium.clock() + side * (MAX_CLOCK_DIFFERENCE + timedelta(microseconds=1))
    assert refused(desk, sign(desk.person, proposal_of(desk, time=late))) == "CLOCK_DIFFERENCE"
    in_time = desk.consortium.clock() + side * MAX_CLOCK_DIFFERENCE
    assert (
        desk.ledger.record(sign(desk.person, proposal_of(desk, time=in_time)), desk.person.certificate_der).block == 1
    )


def test_a_suspended_member_is_out_from_the_next_transaction_on(desk: Desk) -> None:
    consortium, ledger = desk.consortium, desk.ledger
    msp = consortium.members[2].msp_id
    change = {"kind": "suspend", "member": None, "msp": msp, "rules": None, "agreement": None}
    proposed = desk.submit("consortium.propose", change=change)  # one of two votes is half of them
    assert proposed.code == "VALID"
    person = representative(consortium.members[2])
    transaction = consortium.signed(person, "probe.put", key="k", value="v")
    assert refused(desk, transaction, person.certificate_der) == "MEMBER_NOT_ACTIVE"
    assert ledger.state("k") is None


def test_a_contracts_refusal_is_recorded_as_invalid(desk: Desk) -> None:
    receipt = desk.submit("probe.refuse", what="this")
    assert (receipt.state, receipt.code) == (TransactionState.INVALID, "BAD_RESPONSE_STATUS")
    assert json.loads(receipt.response) == {"code": "PROBE_REFUSED", "facts": {"what": "this"}}
    recorded = desk.ledger.transaction(receipt.tx_id)
    assert (recorded.outcome.writes, recorded.outcome.event, recorded.events) == ((), None, ())
    assert desk.ledger.status(receipt.tx_id) is TransactionState.INVALID


def test_a_contract_that_breaks_records_nothing(desk: Desk) -> None:
    assert refused(desk, desk.consortium.signed(desk.person, "probe.break_down")) == "CONTRACT_FAILED"
    assert desk.submit("probe.put", key="k", value="v").code == "VALID"


def test_evaluating_raises_what_the_contract_raises(desk: Desk) -> None:
    with pytest.raises(ProbeRefused):
        desk.evaluate("probe.refuse", what="this")
    with pytest.raises(TransactionRefused, match="CONTRACT_FAILED"):
        desk.evaluate("probe.break_down")
    with pytest.raises(VersionNotInForce):
        desk.ledger.evaluate(proposal_of(desk, version=9), desk.person)
    with pytest.raises(UnknownOperation):
        desk.ledger.evaluate(proposal_of(desk, operation="no"), desk.person)
    assert desk.ledger.height() == 1


def test_submitting_records_what_is_endorsed_and_nothing_else(desk: Desk) -> None:
    def submit(operation: str, **args: Any) -> Any:
        return desk.ledger.submit(desk.consortium.proposal(desk.person, operation, **args), desk.person)

    first = submit("probe.count_up", request="r1", key="n")
    assert first == submit("probe.count_up", request="r1", key="n")
    with pytest.raises(ProbeRefused):
        submit("probe.refuse", request="r2", what="this")
    assert desk.ledger.height() == 2
    assert desk.ledger.recorded(nonce_of("r1"), desk.person) == desk.ledger.transaction(first.tx_id)
    assert desk.ledger.recorded(nonce_of("r2"), desk.person) is None
    assert desk.ledger.recorded(nonce_of("r1"), desk.consortium.orderer.user("another")) is None


def test_strangers_evaluate_nothing(desk: Desk) -> None:
    person = representative(make_member("StrangerMSP"))
    with pytest.raises(TransactionRefused, match="FOREIGN_CREATOR"):
        Desk(desk.consortium, desk.ledger, person).evaluate("probe.get", key="k")


def test_a_ledger_without_a_signer_only_reads(consortium: Consortium, ledger: EmbeddedLedger, desk: Desk) -> None:
    desk.submit("probe.put", key="k", value="v")
    with EmbeddedLedger(ledger._path, consortium.registry, clock=consortium.clock) as reading:
        assert reading.state("k") == b"v"
        with pytest.raises(TransactionRefused, match="READ_ONLY"):
            Desk(consortium, reading, desk.person).submit("probe.put", key="k", value="w")
