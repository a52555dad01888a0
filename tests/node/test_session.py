"""A person's calls: refused without a trace, repeated without an effect, signed by the person's own key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from chainfusion.contracts.deal.refusals import DealExists, NotNamed
from chainfusion.domain.deal import DealTerms
from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence.signatures import verify_p256
from chainfusion.ledger.evidence.transaction import Transaction
from chainfusion.ledger.port import TransactionState
from chainfusion.node.session import RequestReused, Session
from tests.support.consortium import Consortium

Terms = Callable[[str], DealTerms]


class Trusting:
    """A ledger that endorses everything, as one does whose state is behind: what is wrong shows when it is recorded."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger

    def submit(self, proposal: Any, signer: Any, transient: Mapping[str, bytes] | None = None) -> Any:
        if self._ledger.recorded(proposal.nonce, signer) is not None:
            return self._ledger.submit(proposal, signer, transient)
        signed = Transaction(proposal, signer.sign(proposal.signing_bytes))
        return self._ledger.record(signed, signer.certificate_der, transient)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


@pytest.fixture
def session(consortium: Consortium) -> Session:
    return consortium.desk_of(Role.ORIGINATOR).session


def test_a_call_is_signed_by_the_person_and_recorded(consortium: Consortium, session: Session, terms: Terms) -> None:
    receipt = session.call("deal.open", terms=terms("SIGNED"))
    recorded = consortium.ledger.transaction(receipt.tx_id).transaction
    assert recorded.proposal.creator.certificate == session.signer.certificate_fingerprint
    key = consortium.members[session.msp].user("DH-0417").certificate.p256_key
    verify_p256(key, recorded.signature, recorded.proposal.signing_bytes)
    assert receipt.state is TransactionState.COMMITTED


def test_a_refused_call_leaves_no_trace(consortium: Consortium, session: Session, terms: Terms) -> None:
    session.call("deal.open", terms=terms("TAKEN"))
    before = consortium.ledger.height()
    with pytest.raises(DealExists):
        session.call("deal.open", terms=terms("TAKEN"), request="refused")
    assert consortium.ledger.height() == before
    assert session.repeated("refused") is None


def test_a_repeated_request_gives_the_first_receipt(consortium: Consortium, session: Session, terms: Terms) -> None:
    first = session.call("deal.open", terms=terms("ONCE"), request="once")
    before = consortium.ledger.height()
    assert session.call("deal.open", terms=terms("ONCE"), request="once") == first == session.repeated("once")
    assert consortium.ledger.height() == before


@pytest.mark.parametrize("operation", ["deal.open", "deal.cancel"])
def test_a_request_id_is_not_taken_for_another_call(session: Session, terms: Terms, operation: str) -> None:
    name = f"USED-{operation}"
    session.call("deal.open", terms=terms(name), request=name)
    other = {"terms": terms("OTHER")} if operation == "deal.open" else {"deal": name, "reason": "no"}
    with pytest.raises(RequestReused) as refusal:
        session.call(operation, request=name, **other)
    assert refusal.value.facts == {"request": name, "operation": "deal.open"}


def test_one_person_s_request_ids_are_not_another_s(consortium: Consortium, session: Session, terms: Terms) -> None:
    session.call("deal.open", terms=terms("MINE"), request="shared-id")
    trustee = consortium.desk_of(Role.TRUSTEE).session
    assert trustee.repeated("shared-id") is None
    trustee.call("deal.accept", request="shared-id", deal="MINE", role=Role.TRUSTEE)
    assert trustee.query("deal.show", deal="MINE")["deal"]["state"] == "open"


def test_a_race_that_was_lost_is_recorded_and_told_each_time(
    consortium: Consortium, session: Session, terms: Terms
) -> None:
    late = replace(session, ledger=Trusting(consortium.ledger))
    session.call("deal.open", terms=terms("RACE"))
    for _ in range(2):
        with pytest.raises(DealExists):
            late.call("deal.open", terms=terms("RACE"), request="second")
    with pytest.raises(DealExists):
        late.repeated("second")
    lost = session.first("second")
    assert lost is not None
    assert lost.outcome.code != "VALID"
    assert lost.outcome.writes == ()
    assert consortium.ledger.status(lost.transaction.proposal.tx_id) is TransactionState.INVALID


def test_a_check_tells_the_refusal_and_records_nothing(consortium: Consortium, session: Session) -> None:
    before = consortium.ledger.height()
    with pytest.raises(NotNamed):
        consortium.desk_of(Role.REGISTRAR).session.check("deal.accept", deal="RACE", role=Role.REGISTRAR)
    assert consortium.ledger.height() == before
