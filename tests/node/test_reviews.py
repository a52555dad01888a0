"""A pool previewed by who was invited: its loans come with the invitation, what is said is read by both sides alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from chainfusion.contracts.review.refusals import NotInvited, RemarkAnswered, RemarkUnknown, RemovalAsked, ReviewOver
from chainfusion.domain.criteria import Criteria
from chainfusion.domain.records import to_bytes
from chainfusion.domain.review import Ask
from chainfusion.domain.roles import Role
from chainfusion.node import pools, reviews
from chainfusion.node.desk import Desk
from chainfusion.node.pools import LoanUnknown, OpeningsMissing
from chainfusion.node.reviews import LoanStillThere, TextRefused
from chainfusion.tape.schema import Tape
from tests.node.conftest import TAPE
from tests.support.consortium import Consortium

SECRET = "Its borrower is the originator's own subsidiary 关联方"


@pytest.fixture
def originator(consortium: Consortium) -> Desk:
    return consortium.desk_of(Role.ORIGINATOR)


@pytest.fixture
def agency(consortium: Consortium) -> Desk:
    return consortium.desk_of(Role.RATING_AGENCY)


@pytest.fixture
def register(originator: Desk, deal: str, tape: Tape, criteria: Criteria) -> Callable[[int], None]:
    """Registers the tape without its first so many loans."""

    def made(without: int) -> None:
        part = replace(tape, frame=tape.frame.slice(without, 60))
        pools.register(originator, deal, TAPE, part, criteria, though_failing=True)

    made(0)
    return made


def test_a_loan_is_removed_at_a_reviewer_s_request(
    deal: str, originator: Desk, agency: Desk, consortium: Consortium, register: Callable[[int], None], tape: Tape
) -> None:
    loan = str(tape.frame["loan_id"][0])
    with pytest.raises(OpeningsMissing):
        pools.openings(agency, pools.current(agency, deal))
    reviews.share(originator, deal, agency.msp, None, request=f"{deal}-s")
    reviews.share(originator, deal, agency.msp, None, request=f"{deal}-s")
    asked = reviews.remark(agency, deal, Ask.REMOVAL, SECRET, loan, request=f"{deal}-r")
    assert reviews.remark(agency, deal, Ask.REMOVAL, SECRET, loan, request=f"{deal}-r").tx_id == asked.tx_id
    [view] = reviews.overview(originator, deal).remarks
    assert reviews.read(originator, deal, view).text == SECRET
    assert reviews.read(originator, deal, view).loan == loan
    other = reviews.read(consortium.desk_of(Role.LAW_FIRM), deal, view)
    assert (other.text, other.loan) == (None, None), "the ledger tells others that something was said, not what"
    reviews.answer(originator, deal, asked.tx_id[:10], True, "Agreed", request=f"{deal}-a")
    with pytest.raises(RemarkAnswered):
        reviews.answer(originator, deal, asked.tx_id, False, "No", request=f"{deal}-b")
    register(0)
    with pytest.raises(LoanStillThere):
        reviews.state_removal(originator, deal, asked.tx_id)
    register(1)
    reviews.state_removal(originator, deal, asked.tx_id)
    reviews.share(originator, deal, agency.msp, None)
    said = reviews.read(agency, deal, reviews.overview(agency, deal).remarks[0])
    assert (said.reason, said.loan, said.still_there) == ("Agreed", loan, False)
    assert said.view.removal is not None
    assert said.view.removal.pool.version == 3


def test_no_word_lies_in_clear_on_the_ledger(
    deal: str, originator: Desk, agency: Desk, register: Callable[[int], None]
) -> None:
    reviews.share(originator, deal, agency.msp, None)
    ledger = agency.session.ledger
    said = reviews.remark(agency, deal, Ask.COMMENT, SECRET, request=f"{deal}-r")
    reviews.answer(originator, deal, said.tx_id, False, SECRET, request=f"{deal}-a")
    for number in range(ledger.height()):
        assert b"subsidiary" not in to_bytes(ledger.block(number))


def test_the_uninvited_the_late_and_the_unfit_leave_nothing(
    deal: str, originator: Desk, agency: Desk, consortium: Consortium, register: Callable[[int], None], tape: Tape
) -> None:
    height = originator.session.ledger.height()
    with pytest.raises(NotInvited):
        reviews.remark(agency, deal, Ask.COMMENT, "hello", request=f"{deal}-1")
    assert originator.session.ledger.height() == height, "not even the sealed text"
    reviews.share(originator, deal, agency.msp, consortium.clock.now + timedelta(hours=12))
    for text in ("", "  ", "x" * 20_001):
        with pytest.raises(TextRefused):
            reviews.remark(agency, deal, Ask.COMMENT, text, request=f"{deal}-2")
    with pytest.raises(LoanUnknown):
        reviews.remark(agency, deal, Ask.REMOVAL, "why", "no such loan", request=f"{deal}-3")
    loan = str(tape.frame["loan_id"][0])
    reviews.remark(agency, deal, Ask.REMOVAL, "why", loan, request=f"{deal}-4")
    with pytest.raises(RemovalAsked):
        reviews.remark(agency, deal, Ask.REMOVAL, "why", loan, request=f"{deal}-5")
    for wrong in ("", "zz", "0" * 64):
        with pytest.raises(RemarkUnknown):
            reviews.answer(originator, deal, wrong, True, "yes", request=f"{deal}-6")
    consortium.clock.now += timedelta(days=1)
    with pytest.raises(ReviewOver):
        reviews.remark(agency, deal, Ask.COMMENT, "late", request=f"{deal}-7")
