"""Pools: committed, sealed and registered together, replaced by versions that refer back, opened loan by loan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chainfusion.contracts.access import RoleNeeded, WrongState
from chainfusion.contracts.deal.state import UnknownDeal
from chainfusion.contracts.pool.refusals import NotRegistered, ReplacesAnother
from chainfusion.domain.criteria import Criteria, CriteriaResults
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.records import from_bytes
from chainfusion.domain.roles import Role
from chainfusion.node import documents, pools
from chainfusion.node.desk import Desk
from chainfusion.node.pools import CriteriaNotMet, LoanUnknown, OpeningsMissing
from chainfusion.node.session import RequestReused
from chainfusion.tape.schema import Tape
from tests.node.conftest import TAPE
from tests.support.consortium import Consortium


@pytest.fixture
def originator(consortium: Consortium) -> Desk:
    return consortium.desk_of(Role.ORIGINATOR)


@pytest.fixture
def trustee(consortium: Consortium) -> Desk:
    return consortium.desk_of(Role.TRUSTEE)


@pytest.fixture
def small(tape: Tape) -> Tape:
    return replace(tape, frame=tape.frame.head(1200))


def traces(consortium: Consortium) -> tuple[int, set[str]]:
    return consortium.ledger.height(), set(consortium.vault.objects())


def test_a_registered_pool_is_the_tape_s(
    deal: str, originator: Desk, trustee: Desk, tape: Tape, criteria: Criteria
) -> None:
    made = pools.register(originator, deal, TAPE, tape, criteria, readers=(trustee.msp,))
    pool = pools.current(trustee, deal)
    assert pool == made.pool
    assert (pool.record.loans, pool.record.statistics.balance) == (len(tape), tape.frame["current_balance"].sum())
    assert pool.record.tape == made.tape.fact
    assert documents.read(trustee, made.tape).read() == TAPE.read_bytes()


def test_every_loan_is_opened_from_the_vault_against_the_root(
    deal: str, originator: Desk, trustee: Desk, small: Tape, criteria: Criteria
) -> None:
    made = pools.register(originator, deal, TAPE, small, criteria, readers=(trustee.msp,))
    openings = pools.openings(trustee, made.pool)
    for index in (0, 7, len(small) - 1):
        loan = small.loan(index)
        assert pools.loan_index(openings, loan.loan_id) == index
        assert openings.opening(index).verify(openings.commitment) == loan
    with pytest.raises(LoanUnknown):
        pools.loan_index(openings, "0")


def test_who_was_not_granted_the_openings_shows_no_loan(
    consortium: Consortium, deal: str, originator: Desk, small: Tape, criteria: Criteria
) -> None:
    made = pools.register(originator, deal, TAPE, small, criteria)
    with pytest.raises(OpeningsMissing):
        pools.openings(consortium.desk_of(Role.RATING_AGENCY), made.pool)


def test_the_results_of_the_criteria_are_sealed_under_the_registered_fingerprint(
    deal: str, originator: Desk, trustee: Desk, small: Tape, criteria: Criteria
) -> None:
    made = pools.register(originator, deal, TAPE, small, criteria, readers=(trustee.msp,))
    (view,) = [
        each for each in documents.overview(trustee, deal) if each.document.kind is DocumentKind.ELIGIBILITY_CRITERIA
    ]
    assert documents.content_digest(documents.read(trustee, view.document)) == made.pool.record.criteria
    results = from_bytes(CriteriaResults, documents.read(trustee, view.document).read())
    assert results.passed
    assert (results.root, results.loans) == (made.pool.record.root, len(small))


def test_a_second_tape_replaces_the_first_and_both_stay_open(
    deal: str, originator: Desk, trustee: Desk, tape: Tape, small: Tape, criteria: Criteria
) -> None:
    first = pools.register(originator, deal, TAPE, tape, criteria, readers=(trustee.msp,))
    second = pools.register(originator, deal, TAPE, small, criteria, readers=(trustee.msp,))
    assert second.pool.record.replaces == first.pool.reference
    assert (second.tape.id, second.tape.version) == (first.tape.id, 2)
    assert pools.current(trustee, deal) == second.pool
    for made, count in ((first, len(tape)), (second, len(small))):
        assert pools.openings(trustee, made.pool).commitment.count == count
    kinds = [each.document.kind for each in documents.overview(trustee, deal)]
    assert sorted(kinds) == sorted(set(kinds))


def test_a_pool_that_fails_its_criteria_is_refused_without_a_trace(
    consortium: Consortium, deal: str, originator: Desk, whole_tape: Tape, criteria: Criteria
) -> None:
    before = traces(consortium)
    with pytest.raises(CriteriaNotMet) as refusal:
        pools.register(originator, deal, TAPE, whole_tape, criteria)
    assert refusal.value.facts == {"criteria": "performing, days-past-due, balance"}
    assert traces(consortium) == before
    made = pools.register(originator, deal, TAPE, whole_tape, criteria, though_failing=True)
    assert made.criteria is not None
    assert not made.criteria.results.passed


def test_what_the_contract_refuses_leaves_nothing_behind(
    consortium: Consortium, deal: str, originator: Desk, small: Tape, criteria: Criteria
) -> None:
    originator.session.call("deal.cancel", deal=deal, reason="over")
    before = traces(consortium)
    for refused_deal in (deal, "NO-SUCH-DEAL"):
        with pytest.raises((WrongState, UnknownDeal)):
            pools.register(originator, refused_deal, TAPE, small, criteria)
    assert traces(consortium) == before


def test_only_the_originator_registers(
    consortium: Consortium, deal: str, trustee: Desk, small: Tape, criteria: Criteria
) -> None:
    before = traces(consortium)
    with pytest.raises(RoleNeeded):
        pools.register(trustee, deal, TAPE, small, criteria)
    assert traces(consortium) == before


def test_a_repeat_registers_nothing_and_answers_as_the_first(
    consortium: Consortium, deal: str, originator: Desk, small: Tape, criteria: Criteria
) -> None:
    first = pools.register(originator, deal, TAPE, small, criteria, request=f"{deal}-pool")
    before = traces(consortium)
    again = pools.register(originator, deal, TAPE, small, criteria, request=f"{deal}-pool")
    assert (again.pool, again.tape, again.openings) == (first.pool, first.tape, first.openings)
    assert traces(consortium) == before


def test_a_repeat_with_another_tape_or_deal_is_refused(
    deal: str, originator: Desk, small: Tape, criteria: Criteria
) -> None:
    pools.register(originator, deal, TAPE, small, criteria, request=f"{deal}-pool")
    with pytest.raises(RequestReused):
        pools.register(originator, "ANOTHER", TAPE, small, criteria, request=f"{deal}-pool")
    with pytest.raises(RequestReused):
        other = replace(small, source_sha256="00" * 32)
        pools.register(originator, deal, TAPE, other, criteria, request=f"{deal}-pool")


def test_a_replacement_made_without_knowing_of_another_is_refused(
    deal: str, originator: Desk, small: Tape, tape: Tape, criteria: Criteria, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = pools.register(originator, deal, TAPE, small, criteria)
    stale = replace(made.pool.record, replaces=None)
    monkeypatch.setattr(pools, "_record", lambda *_: replace(stale, root=bytes(32)))
    with pytest.raises(ReplacesAnother):
        pools.register(originator, deal, TAPE, tape, criteria)


def test_a_deal_without_a_pool_says_so(deal: str, trustee: Desk) -> None:
    with pytest.raises(NotRegistered):
        pools.current(trustee, deal)
