"""Deals: opening, the parties' answers, replacement, closing, cancelling."""

from __future__ import annotations

from typing import Any

import pytest

from chainfusion.contracts.access import NotAParty, RoleNeeded, WrongState
from chainfusion.contracts.deal.refusals import (
    DealExists,
    NoPool,
    NotNamed,
    OriginatorMustStay,
    PartyNamed,
    ReasonRefused,
    RoleNotHeld,
)
from chainfusion.contracts.deal.state import UnknownDeal
from chainfusion.contracts.framework.contract import BadArguments
from chainfusion.domain.deal import NamedParty
from chainfusion.domain.membership_refusals import NotAMember
from chainfusion.domain.records import to_json
from chainfusion.domain.roles import INSTITUTION_ROLES, Role
from tests.support.world import DEAL, World, default_founders, desk, genesis, member, msp_of, person, terms

ORIGINATOR, TRUSTEE, LAW_FIRM = (desk(role) for role in (Role.ORIGINATOR, Role.TRUSTEE, Role.LAW_FIRM))
RATER_2 = "SecondRatingMSP"


@pytest.fixture
def world() -> World:
    """All founders have signed; a second rating agency is among them."""
    return World(genesis(*default_founders(), member(RATER_2, Role.RATING_AGENCY, Role.INVESTOR))).founded().signed()


def state(world: World, deal: str = DEAL) -> str:
    found: str = world.call("deal.show", ORIGINATOR, deal=deal)["deal"]["state"]
    return found


def status(world: World, role: Role, msp: str | None = None) -> str:
    parties = world.call("deal.show", ORIGINATOR, deal=DEAL)["parties"]
    return next(p["status"] for p in parties if (p["role"], p["msp"]) == (role, msp or msp_of(role)))


def accept(world: World, *roles: Role) -> None:
    for role in roles:
        world.call("deal.accept", desk(role), deal=DEAL, role=role)


def small_terms(*roles: Role) -> Any:
    return terms(parties=tuple(NamedParty(role, msp_of(role)) for role in roles))


def test_a_deal_opens_with_its_last_acceptance(world: World) -> None:
    world.drafted()
    for role in INSTITUTION_ROLES[1:]:
        assert state(world) == "draft"
        accept(world, role)
    assert state(world) == "open"


def test_the_opener_has_accepted_by_opening(world: World) -> None:
    world.call("deal.open", ORIGINATOR, terms=small_terms(Role.TRUSTEE))
    opening = world.last.tx_id
    assert (status(world, Role.ORIGINATOR), status(world, Role.TRUSTEE)) == ("accepted", "named")
    shown = world.call("deal.show", TRUSTEE, deal=DEAL)["deal"]
    assert (shown["originator"], shown["tx_id"], shown["pool"]) == (ORIGINATOR.msp, opening, None)


def test_one_institution_takes_several_roles_and_one_role_several_institutions(world: World) -> None:
    parties = (
        NamedParty(Role.RATING_AGENCY, msp_of(Role.RATING_AGENCY)),
        NamedParty(Role.RATING_AGENCY, RATER_2),
        NamedParty(Role.INVESTOR, RATER_2),
    )
    world.call("deal.open", ORIGINATOR, terms=terms(parties=parties))
    both = person(RATER_2, Role.RATING_AGENCY, Role.INVESTOR)
    world.call("deal.accept", both, deal=DEAL, role=Role.RATING_AGENCY)
    world.call("deal.accept", both, deal=DEAL, role=Role.INVESTOR)
    assert state(world) == "draft"
    accept(world, Role.RATING_AGENCY)
    assert state(world) == "open"


def test_a_person_accepts_only_in_a_role_of_the_own_certificate(world: World) -> None:
    world.call("deal.open", ORIGINATOR, terms=terms(parties=(NamedParty(Role.RATING_AGENCY, RATER_2),)))
    world.refused(RoleNeeded, "deal.accept", person(RATER_2, Role.INVESTOR), deal=DEAL, role=Role.RATING_AGENCY)


def test_who_is_not_named_cannot_answer(world: World) -> None:
    world.call("deal.open", ORIGINATOR, terms=small_terms(Role.TRUSTEE))
    world.refused(NotNamed, "deal.accept", LAW_FIRM, deal=DEAL, role=Role.LAW_FIRM)
    accept(world, Role.TRUSTEE)
    world.refused(NotNamed, "deal.accept", TRUSTEE, deal=DEAL, role=Role.TRUSTEE)
    world.refused(NotNamed, "deal.decline", TRUSTEE, deal=DEAL, role=Role.TRUSTEE, reason="late")


def test_a_decline_keeps_the_deal_waiting_until_the_party_is_replaced(world: World) -> None:
    world.call("deal.open", ORIGINATOR, terms=small_terms(Role.TRUSTEE, Role.RATING_AGENCY))
    accept(world, Role.TRUSTEE)
    rater = desk(Role.RATING_AGENCY)
    world.call("deal.decline", rater, deal=DEAL, role=Role.RATING_AGENCY, reason="Conflict of interest 利益冲突")
    assert (state(world), status(world, Role.RATING_AGENCY)) == ("draft", "declined")
    party = NamedParty(Role.RATING_AGENCY, rater.msp)
    world.call("deal.replace_party", ORIGINATOR, deal=DEAL, party=party, successor=RATER_2, reason="declined")
    assert state(world) == "draft"
    world.call("deal.accept", person(RATER_2, Role.RATING_AGENCY), deal=DEAL, role=Role.RATING_AGENCY)
    assert (state(world), status(world, Role.RATING_AGENCY)) == ("open", "replaced")


def test_dropping_the_last_party_that_has_not_accepted_opens_the_deal(world: World) -> None:
    world.call("deal.open", ORIGINATOR, terms=small_terms(Role.TRUSTEE, Role.INVESTOR))
    accept(world, Role.TRUSTEE)
    party = NamedParty(Role.INVESTOR, msp_of(Role.INVESTOR))
    world.call("deal.replace_party", ORIGINATOR, deal=DEAL, party=party, successor=None, reason="not needed")
    assert state(world) == "open"


def test_a_replaced_party_acts_no_more_and_can_be_named_again(world: World) -> None:
    world.opened()
    party = NamedParty(Role.TRUSTEE, TRUSTEE.msp)
    world.call("deal.replace_party", ORIGINATOR, deal=DEAL, party=party, successor=None, reason="change of trustee")
    fact = {"version": 1, "root": "00" * 32}
    world.refused(NotAParty, "pool.acknowledge", TRUSTEE, deal=DEAL, pool=fact)
    world.refused(NotNamed, "deal.replace_party", ORIGINATOR, deal=DEAL, party=party, successor=None, reason="twice")
    world.call("deal.name_party", ORIGINATOR, deal=DEAL, party=party)
    assert status(world, Role.TRUSTEE) == "named"
    accept(world, Role.TRUSTEE)
    assert (status(world, Role.TRUSTEE), state(world)) == ("accepted", "open")


def test_a_party_named_in_an_open_deal_does_not_stop_it(world: World) -> None:
    world.opened()
    world.call("deal.name_party", ORIGINATOR, deal=DEAL, party=NamedParty(Role.INVESTOR, RATER_2))
    assert state(world) == "open"
    world.call("deal.accept", person(RATER_2, Role.INVESTOR), deal=DEAL, role=Role.INVESTOR)


def test_parties_are_members_with_the_role_and_named_once(world: World) -> None:
    named = {"deal": DEAL, "party": NamedParty(Role.TRUSTEE, RATER_2)}
    world.refused(NotAMember, "deal.open", ORIGINATOR, terms=terms(parties=(NamedParty(Role.TRUSTEE, "NobodyMSP"),)))
    world.refused(RoleNotHeld, "deal.open", ORIGINATOR, terms=terms(parties=(NamedParty(Role.TRUSTEE, RATER_2),)))
    world.opened()
    world.refused(RoleNotHeld, "deal.name_party", ORIGINATOR, **named)
    again = NamedParty(Role.TRUSTEE, TRUSTEE.msp)
    world.refused(PartyNamed, "deal.name_party", ORIGINATOR, deal=DEAL, party=again)
    world.refused(
        PartyNamed, "deal.replace_party", ORIGINATOR, deal=DEAL, party=again, successor=TRUSTEE.msp, reason="same"
    )


@pytest.mark.parametrize("successor", ["", "No Such", "NobodyMSP", "x" * 100])
def test_a_successor_is_a_member(world: World, successor: str) -> None:
    world.opened()
    party = NamedParty(Role.TRUSTEE, TRUSTEE.msp)
    world.refused(
        NotAMember, "deal.replace_party", ORIGINATOR, deal=DEAL, party=party, successor=successor, reason="change"
    )


def test_the_opener_cannot_be_replaced(world: World) -> None:
    world.opened()
    opener = NamedParty(Role.ORIGINATOR, ORIGINATOR.msp)
    world.refused(
        OriginatorMustStay, "deal.replace_party", ORIGINATOR, deal=DEAL, party=opener, successor=None, reason="x"
    )


def test_an_id_is_given_once(world: World) -> None:
    world.drafted()
    world.refused(DealExists, "deal.open", ORIGINATOR, terms=terms())
    world.refused(UnknownDeal, "deal.show", ORIGINATOR, deal="another")
    world.refused(UnknownDeal, "deal.close", ORIGINATOR, deal="another")


def test_closing_needs_a_pool_and_ends_all_changes(world: World) -> None:
    world.opened()
    world.refused(NoPool, "deal.close", ORIGINATOR, deal=DEAL)
    world.pooled()
    assert world.call("deal.close", ORIGINATOR, deal=DEAL)["state"] == "closed"
    for operation, arguments in {
        "deal.close": {},
        "deal.cancel": {"reason": "late"},
        "deal.name_party": {"party": NamedParty(Role.INVESTOR, RATER_2)},
    }.items():
        world.refused(WrongState, operation, ORIGINATOR, deal=DEAL, **arguments)


def test_a_cancelled_deal_is_over(world: World) -> None:
    world.drafted()
    cancelled = world.call("deal.cancel", ORIGINATOR, deal=DEAL, reason="Market closed 市场关闭")
    assert (cancelled["state"], cancelled["reason"]) == ("cancelled", "Market closed 市场关闭")
    world.refused(WrongState, "deal.accept", TRUSTEE, deal=DEAL, role=Role.TRUSTEE)
    world.refused(WrongState, "deal.cancel", ORIGINATOR, deal=DEAL, reason="again")


@pytest.mark.parametrize("reason", ["", " ", " x", "two\nlines", "n" * 401, "\u202e"])
def test_reasons_are_one_short_line(world: World, reason: str) -> None:
    world.drafted()
    world.refused(ReasonRefused, "deal.cancel", ORIGINATOR, deal=DEAL, reason=reason)
    world.refused(ReasonRefused, "deal.decline", TRUSTEE, deal=DEAL, role=Role.TRUSTEE, reason=reason)


@pytest.mark.parametrize(
    "spoil",
    [
        {"deal": ""}, {"deal": "a b"}, {"deal": "-a"}, {"deal": "a" * 65}, {"deal": "a\x00"}, {"name": ""},
        {"name_zh": "名" * 121}, {"currency": "cny"}, {"currency": "RMBY"}, {"product": "boats"}, {"parties": []},
        {"parties": [{"role": "trustee", "msp": "TrusteeMSP"}] * 2},
        {"parties": [{"role": "representative", "msp": "TrusteeMSP"}]},
        {"parties": [{"role": "trustee", "msp": ""}]},
    ],
)  # fmt: skip
def test_terms_are_checked(world: World, spoil: dict[str, Any]) -> None:
    world.refused(BadArguments, "deal.open", ORIGINATOR, terms=to_json(terms()) | spoil)


def test_every_record_of_a_deal_stays_on_the_ledger(world: World) -> None:
    world.opened()
    world.pooled()
    world.call("deal.close", ORIGINATOR, deal=DEAL)
    history = world.call("deal.history", TRUSTEE, deal=DEAL)
    told = [(each["deal"]["state"], each["deal"]["pool"] is not None) for each in history]
    assert told == [("closed", True), ("open", True), ("open", False), ("draft", False)]
    assert history[-1]["tx_id"] == history[0]["deal"]["tx_id"]


def test_deals_are_listed_in_order(world: World) -> None:
    for deal in ("b-2", "a-1"):
        world.drafted(deal)
    assert [each["id"] for each in world.call("deal.overview", TRUSTEE)] == ["a-1", "b-2"]


def test_each_answer_writes_its_own_key_alone(world: World) -> None:
    world.drafted()
    accept(world, Role.TRUSTEE)
    assert len(world.last.writes) == 1
