"""Terms registered and consented to, and run on the loans of the registered pool by who was granted them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from chainfusion.cashflow.deal.assumed import Assumed, assumed
from chainfusion.cashflow.deal.files import table
from chainfusion.cashflow.export.files import content
from chainfusion.cashflow.text.reader import read_terms
from chainfusion.contracts.terms.refusals import (
    AnotherCurrency,
    ConsentGiven,
    TermsDiffer,
    TermsReplaced,
    TermsUnknown,
)
from chainfusion.domain.criteria import Criteria
from chainfusion.domain.roles import Role
from chainfusion.domain.terms.refusals import BadTerms
from chainfusion.node import cashflows, pools
from chainfusion.node.cashflows import CutOffDiffers, NothingToProject
from chainfusion.node.desk import Desk
from chainfusion.node.pools import OpeningsMissing
from chainfusion.tape.schema import Tape
from tests.node.conftest import TAPE
from tests.support.consortium import Consortium

TERMS = read_terms(files("chainfusion").joinpath("demo/data/auto-terms.yaml").read_bytes())
FUTURE = assumed({"cpr": "10", "cdr": "2", "recovery": "40", "lag": "6"})


@pytest.fixture
def originator(consortium: Consortium) -> Desk:
    return consortium.desk_of(Role.ORIGINATOR)


@pytest.fixture
def trustee(consortium: Consortium) -> Desk:
    return consortium.desk_of(Role.TRUSTEE)


def test_terms_hold_once_everyone_that_they_bind_has_consented(deal: str, consortium: Consortium) -> None:
    originator = consortium.desk_of(Role.ORIGINATOR)
    with pytest.raises(TermsUnknown):
        cashflows.show(originator, deal)
    cashflows.register_terms(originator, deal, TERMS)
    first = cashflows.show(originator, deal)
    assert first.record.terms == TERMS
    assert first.outstanding
    assert originator.msp not in first.outstanding
    for msp in first.outstanding:
        cashflows.consent(consortium.desk(msp), deal, 1, TERMS.fingerprint())
    assert cashflows.show(originator, deal).outstanding == ()
    cashflows.register_terms(originator, deal, replace(TERMS, pool_balance=TERMS.pool_balance + 1))
    assert cashflows.show(originator, deal).record.version == 1, "the second waits for consents"
    assert [each.record.version for each in cashflows.versions(originator, deal)] == [1, 2]


def test_consent_is_to_what_was_read_and_to_the_newest(deal: str, originator: Desk, trustee: Desk) -> None:
    cashflows.register_terms(originator, deal, TERMS)
    height = originator.session.ledger.height()
    with pytest.raises(TermsDiffer):
        cashflows.consent(trustee, deal, 1, "0" * 64)
    with pytest.raises(TermsUnknown):
        cashflows.consent(trustee, deal, 2)
    with pytest.raises(ConsentGiven):
        cashflows.consent(originator, deal, 1)
    assert originator.session.ledger.height() == height
    cashflows.register_terms(originator, deal, TERMS)
    with pytest.raises(TermsReplaced):
        cashflows.consent(trustee, deal, 1)


def test_nonsense_and_another_currency_are_not_registered(deal: str, originator: Desk) -> None:
    with pytest.raises(BadTerms):
        cashflows.register_terms(originator, deal, replace(TERMS, fees=()))
    in_yuan = read_terms(
        files("chainfusion").joinpath("demo/data/auto-terms.yaml").read_bytes().replace(b"USD", b"CNY")
    )
    with pytest.raises(AnotherCurrency):
        cashflows.register_terms(originator, deal, in_yuan)
    assert cashflows.versions(originator, deal) == ()


def test_who_was_granted_the_loans_computes_the_same_cents(
    deal: str, originator: Desk, trustee: Desk, tape: Tape, criteria: Criteria
) -> None:
    made = pools.register(originator, deal, TAPE, tape, criteria, readers=(trustee.msp,))
    balance = made.pool.record.statistics.balance
    terms = replace(TERMS, pool_balance=balance)
    cashflows.register_terms(originator, deal, terms)
    told: list[tuple[int, int | None]] = []
    mine = cashflows.project(trustee, deal, FUTURE, progress=lambda done, of: told.append((done, of)))
    assert (len(tape), len(tape)) in told
    assert table(mine).frame.equals(table(cashflows.project(originator, deal, FUTURE)).frame)
    assert table(mine).frame.equals(table(cashflows.run_tape(terms, tape.frame, FUTURE)).frame), (
        "the tape itself gives the same"
    )
    assert mine.flows["pool.opening"][0] == balance - mine.left_out.balance
    paid = sum(mine.run["A1.principal_paid"])
    assert paid == next(t.size for t in terms.tranches if t.id == "A1")


def test_who_was_not_granted_the_loans_runs_published_collections(
    deal: str, consortium: Consortium, originator: Desk, tape: Tape, criteria: Criteria, tmp_path: Path
) -> None:
    pools.register(originator, deal, TAPE, tape, criteria)
    cashflows.register_terms(originator, deal, TERMS)
    agency = consortium.desk_of(Role.RATING_AGENCY)
    with pytest.raises(OpeningsMissing):
        cashflows.project(agency, deal, FUTURE)
    own = cashflows.project(originator, deal, FUTURE)
    published = tmp_path / "published.csv"
    published.write_bytes(content(table(own), published.name))
    assert table(cashflows.run_published(agency, deal, published, FUTURE)).frame.equals(table(own).frame)


def test_loans_whose_term_is_over_are_left_out_and_told(
    deal: str, originator: Desk, tape: Tape, criteria: Criteria, small_tape: Callable[[int], Tape]
) -> None:
    del tape
    found = small_tape(3)
    pools.register(originator, deal, TAPE, found, criteria, though_failing=True)
    opened = cashflows.pool_of_deal(originator, deal)
    assert (opened.left_out.loans, opened.loans.balance.shape) == (3, (len(found) - 3,))
    assert opened.left_out.balance == int(found.frame["current_balance"].head(3).sum())
    assert cashflows.run_tape(TERMS, found.frame, Assumed()).left_out == opened.left_out


def test_a_pool_without_a_month_left_or_of_another_day_is_refused(
    deal: str, originator: Desk, criteria: Criteria, small_tape: Callable[[int], Tape]
) -> None:
    over = small_tape(40)
    pools.register(originator, deal, TAPE, over, criteria, though_failing=True)
    with pytest.raises(NothingToProject):
        cashflows.pool_of_deal(originator, deal)
    with pytest.raises(NothingToProject):
        cashflows.run_tape(TERMS, over.frame, FUTURE)
    pools.register(originator, deal, TAPE, small_tape(0), criteria, though_failing=True)
    opened = cashflows.pool_of_deal(originator, deal)
    later = replace(TERMS, dates=replace(TERMS.dates, cut_off=TERMS.dates.cut_off.replace(day=30)))
    with pytest.raises(CutOffDiffers):
        cashflows.run_on(deal, later, opened, FUTURE)


@pytest.fixture
def small_tape(tape: Tape) -> Callable[[int], Tape]:
    """The first forty loans, so many of them with their term over."""

    def made(over: int) -> Tape:
        frame = tape.frame.head(40)
        term = [0 if n < over else months for n, months in enumerate(frame["remaining_term"])]
        return replace(tape, frame=frame.with_columns(remaining_term=frame["remaining_term"].__class__(term)))

    return made
