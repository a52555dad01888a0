"""Reviews before closing: who is let in and until when, what may be asked once, and what follows from an answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from chainfusion.contracts.access import NotAParty, RoleNeeded, WrongState
from chainfusion.contracts.document.refusals import KindDiffers, NotTheOwner
from chainfusion.contracts.facts import StaleFact, UnknownFact
from chainfusion.contracts.review.refusals import (
    AlreadyInvited,
    EndsBefore,
    LoanNeeded,
    NoAcceptedRemoval,
    NotALaterPool,
    NotAReviewer,
    NotInvited,
    RemarkAnswered,
    RemarkUnknown,
    RemovalAsked,
    RemovalStated,
    ReviewOver,
)
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.opinions import PoolFact
from chainfusion.domain.review import Ask
from chainfusion.domain.roles import Role
from tests.support.context import START
from tests.support.world import DEAL, World, desk, digest, msp_of

ORIGINATOR, UNDERWRITER, TRUSTEE = (desk(r) for r in (Role.ORIGINATOR, Role.LEAD_UNDERWRITER, Role.TRUSTEE))
AGENCY, INVESTOR = desk(Role.RATING_AGENCY), desk(Role.INVESTOR)
LOAN = digest("a loan")


@pytest.fixture
def world() -> World:
    """An open deal with a pool, and a note of each side."""
    return World().founded().signed().opened()


@pytest.fixture
def fact(world: World) -> PoolFact:
    return world.pooled()


def share(world: World, fact: PoolFact, role: Role = Role.RATING_AGENCY, until: datetime | None = None) -> Any:
    return world.call("review.share", ORIGINATOR, deal=DEAL, pool=fact, guest=msp_of(role), until=until)


def said(
    world: World, fact: PoolFact, role: Role = Role.RATING_AGENCY, note: str = "note", **told: Any
) -> dict[str, Any]:
    """Arguments of a remark whose text is a working paper of the role's institution."""
    text = world.document(note, DocumentKind.WORKING_PAPER, role)
    return {"deal": DEAL, "pool": fact, "ask": Ask.REMOVAL, "loan": LOAN, "text": text} | told


def answered(world: World, remark: str, accepted: bool = True, name: str = "reason") -> dict[str, Any]:
    reason = world.document(name, DocumentKind.WORKING_PAPER, Role.ORIGINATOR)
    return {"deal": DEAL, "version": 1, "remark": remark, "accepted": accepted, "reason": reason}


def overview(world: World) -> Any:
    return world.call("review.overview", TRUSTEE, deal=DEAL)


def test_a_removal_is_asked_accepted_and_done_in_a_later_pool(world: World, fact: PoolFact) -> None:
    share(world, fact)
    remark = world.call("review.remark", AGENCY, **said(world, fact))
    world.call("review.answer", ORIGINATOR, **answered(world, remark["tx_id"]))
    told = {"deal": DEAL, "version": 1, "remark": remark["tx_id"]}
    world.refused(NotALaterPool, "review.state_removal", ORIGINATOR, **told, pool=fact)
    later = world.pooled("second pool", "second tape")
    world.call("review.state_removal", ORIGINATOR, **told, pool=later)
    world.refused(RemovalStated, "review.state_removal", ORIGINATOR, **told, pool=later)
    [line] = overview(world)["remarks"]
    assert line["remark"] == remark
    assert line["answer"]["accepted"] is True
    assert line["removal"]["pool"]["version"] == 2


def test_only_agencies_and_investors_of_the_deal_are_let_in_and_once(world: World, fact: PoolFact) -> None:
    for guest in (msp_of(Role.TRUSTEE), "StrangerMSP", ""):
        world.refused(NotAReviewer, "review.share", ORIGINATOR, deal=DEAL, pool=fact, guest=guest, until=None)
    told = {"deal": DEAL, "pool": fact, "guest": msp_of(Role.INVESTOR), "until": None}
    world.refused(RoleNeeded, "review.share", TRUSTEE, **told)
    world.call("review.share", UNDERWRITER, **told)
    world.refused(AlreadyInvited, "review.share", ORIGINATOR, **told)
    unknown = PoolFact(fact.version, digest("another"))
    world.refused(UnknownFact, "review.share", ORIGINATOR, **told | {"pool": unknown})


def test_who_was_not_invited_to_this_version_says_nothing(world: World, fact: PoolFact) -> None:
    share(world, fact)
    world.refused(NotInvited, "review.remark", INVESTOR, **said(world, fact, Role.INVESTOR))
    world.refused(RoleNeeded, "review.remark", TRUSTEE, **said(world, fact, Role.TRUSTEE, "trustee's"))
    later = world.pooled("second pool", "second tape")
    world.refused(StaleFact, "review.remark", AGENCY, **said(world, fact, note="too late"))
    world.refused(NotInvited, "review.remark", AGENCY, **said(world, later, note="later"))


def test_after_its_time_a_review_is_over_until_it_is_shared_again(world: World, fact: PoolFact) -> None:
    told = said(world, fact)
    now = datetime.fromisoformat(share(world, fact, Role.INVESTOR)["at"])
    world.refused(
        EndsBefore, "review.share", ORIGINATOR, deal=DEAL, pool=fact, guest=msp_of(Role.RATING_AGENCY), until=START
    )
    share(world, fact, until=now + timedelta(minutes=3))
    world.call("review.remark", AGENCY, **told)
    for n in range(4):
        world.document(f"time passes {n}", DocumentKind.WORKING_PAPER, Role.TRUSTEE)
    again = told | {"loan": digest("another loan")}
    world.refused(ReviewOver, "review.remark", AGENCY, **again)
    share(world, fact)
    world.call("review.remark", AGENCY, **again)
    times = [each["at"] for each in overview(world)["invitations"]]
    assert len(times) == 3, "what was is kept"
    assert times == sorted(times)


def test_a_removal_names_a_loan_and_is_asked_once_by_each(world: World, fact: PoolFact) -> None:
    share(world, fact)
    share(world, fact, Role.INVESTOR)
    told = said(world, fact)
    for loan in (None, b"", b"x" * 31):
        world.refused(LoanNeeded, "review.remark", AGENCY, **told | {"loan": loan})
    world.call("review.remark", AGENCY, **told)
    world.refused(RemovalAsked, "review.remark", AGENCY, **told)
    world.call("review.remark", INVESTOR, **said(world, fact, Role.INVESTOR, "investor's"))
    world.call("review.remark", AGENCY, **told | {"ask": Ask.COMMENT})
    world.call("review.remark", AGENCY, **told | {"ask": Ask.COMMENT, "loan": None})
    assert len(overview(world)["remarks"]) == 4


def test_a_text_is_the_speaker_s_own_working_paper(world: World, fact: PoolFact) -> None:
    share(world, fact)
    told = said(world, fact)
    other = world.document("other", DocumentKind.WORKING_PAPER, Role.TRUSTEE)
    world.refused(NotTheOwner, "review.remark", AGENCY, **told | {"text": other})
    report = world.document("report", DocumentKind.RATING_REPORT, Role.RATING_AGENCY)
    world.refused(KindDiffers, "review.remark", AGENCY, **told | {"text": report})
    remark = world.call("review.remark", AGENCY, **told)["tx_id"]
    world.refused(NotTheOwner, "review.answer", ORIGINATOR, **answered(world, remark) | {"reason": told["text"]})


def test_an_answer_is_given_once_by_the_originator(world: World, fact: PoolFact) -> None:
    share(world, fact)
    remark = world.call("review.remark", AGENCY, **said(world, fact))["tx_id"]
    told = answered(world, remark, accepted=False)
    world.refused(RoleNeeded, "review.answer", AGENCY, **told)
    world.refused(RemarkUnknown, "review.answer", ORIGINATOR, **told | {"remark": "0" * 64})
    world.refused(RemarkUnknown, "review.answer", ORIGINATOR, **told | {"version": 2})
    world.call("review.answer", ORIGINATOR, **told)
    world.refused(RemarkAnswered, "review.answer", ORIGINATOR, **told | {"accepted": True})
    later = world.pooled("second pool", "second tape")
    removal = {"deal": DEAL, "version": 1, "remark": remark, "pool": later}
    world.refused(NoAcceptedRemoval, "review.state_removal", ORIGINATOR, **removal)


def test_an_accepted_comment_is_no_removal(world: World, fact: PoolFact) -> None:
    share(world, fact)
    remark = world.call("review.remark", AGENCY, **said(world, fact, ask=Ask.COMMENT))["tx_id"]
    world.call("review.answer", ORIGINATOR, **answered(world, remark))
    later = world.pooled("second pool", "second tape")
    removal = {"deal": DEAL, "version": 1, "remark": remark, "pool": later}
    world.refused(NoAcceptedRemoval, "review.state_removal", ORIGINATOR, **removal)


def test_another_deal_s_remark_and_a_closed_deal_are_refused(world: World, fact: PoolFact) -> None:
    share(world, fact)
    remark = world.call("review.remark", AGENCY, **said(world, fact))["tx_id"]
    world.opened("another-deal")
    reason = world.document("r", DocumentKind.WORKING_PAPER, Role.ORIGINATOR, deal="another-deal")
    told = {"deal": "another-deal", "version": 1, "remark": remark, "accepted": True, "reason": reason}
    world.refused(RemarkUnknown, "review.answer", ORIGINATOR, **told)
    world.call("deal.close", ORIGINATOR, deal=DEAL)
    world.refused(WrongState, "review.remark", AGENCY, **said(world, fact, note="late"))


def test_an_institution_that_is_not_in_the_deal_is_no_party() -> None:
    world = World().founded().signed().drafted()
    told = {"deal": DEAL, "pool": PoolFact(1, digest("pool")), "guest": msp_of(Role.INVESTOR), "until": None}
    world.refused(NotAParty, "review.share", UNDERWRITER, **told)
