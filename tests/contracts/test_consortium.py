"""The consortium contract on a ledger: founding, votes, the participation agreement, and what follows from them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from chainfusion.contracts.access import AgreementNotSigned, RoleNeeded
from chainfusion.contracts.consortium.contract import MembershipChanged
from chainfusion.contracts.consortium.state import AgreementNotInForce, AgreementSigned, standings
from chainfusion.domain import membership_refusals as refusals
from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.governance import GOVERNANCE_OPERATIONS, governance_step
from chainfusion.domain.membership import (
    MEMBERSHIP_KEY,
    Agreement,
    Change,
    ChangeKind,
    Keys,
    Membership,
    fingerprint,
)
from chainfusion.domain.records import from_bytes, to_json
from chainfusion.domain.roles import Role
from tests.support.world import (
    AGREEMENT,
    World,
    default_founders,
    desk,
    genesis,
    member,
    msp_of,
    person,
    representative,
    terms,
)

ORIGINATOR, TRUSTEE = msp_of(Role.ORIGINATOR), msp_of(Role.TRUSTEE)
SMALL = ("AMSP", "BMSP", "CMSP")


def small() -> World:
    """Three members, founded."""
    return World(genesis(*(member(msp, Role.ORIGINATOR) for msp in SMALL))).founded()


def decided(world: World, change: Change, *voters: str) -> None:
    """A change proposed by the first and approved by the others."""
    opened = world.call("consortium.propose", representative(voters[0]), change=change)["open_proposals"]
    for voter in voters[1:]:
        world.call("consortium.vote", representative(voter), proposal=opened[-1], approve=True)


def stored(world: World) -> Membership:
    return from_bytes(Membership, world.ledger.state[MEMBERSHIP_KEY])


def test_founding_is_the_first_transaction_and_happens_once() -> None:
    world = World()
    world.refused(refusals.NotAMember, "deal.open", desk(Role.ORIGINATOR), terms=terms())
    world.founded()
    again = world.signed_genesis
    world.refused(refusals.ConsortiumExists, "consortium.found", representative(ORIGINATOR), genesis=again)


def test_only_a_founder_founds_and_on_the_genesis_own_ledger() -> None:
    world = World()
    stranger, founder = representative("StrangerMSP"), representative(ORIGINATOR)
    world.refused(refusals.NotAMember, "consortium.found", stranger, genesis=world.signed_genesis)
    world.refused(RoleNeeded, "consortium.found", desk(Role.ORIGINATOR), genesis=world.signed_genesis)
    other = genesis(member(ORIGINATOR), member(TRUSTEE))
    world.refused(refusals.GenesisRefused, "consortium.found", founder, genesis=other)


def test_the_stored_membership_is_what_block_headers_fingerprint() -> None:
    world = small()
    value = world.ledger.state[MEMBERSHIP_KEY]
    assert hashlib.sha256(value).digest() == fingerprint(stored(world))
    answer = world.call("consortium.propose", representative("AMSP"), change=Change(ChangeKind.SUSPEND, msp="CMSP"))
    assert bytes.fromhex(answer["fingerprint"]) == fingerprint(stored(world))
    assert [type(event) for event in world.last.events] == [MembershipChanged]


def test_an_admitted_member_acts_after_signing_the_agreement() -> None:
    world = small().signed()
    newcomer = representative("DMSP")
    world.refused(refusals.NotAMember, "consortium.sign_agreement", newcomer, version=1, fingerprint="a1" * 32)
    decided(world, Change(ChangeKind.ADMIT, member=member("DMSP", Role.ORIGINATOR)), "AMSP", "BMSP")
    act: dict[str, Any] = {"terms": terms("d", parties=None)}
    world.refused(AgreementNotSigned, "deal.open", person("DMSP", Role.ORIGINATOR), **act)
    world.signed(["DMSP"])
    world.refused(refusals.NotAMember, "deal.open", person("DMSP", Role.ORIGINATOR), **act)  # of its named parties


def test_a_suspended_member_does_nothing_until_it_is_reinstated() -> None:
    world = small().signed()
    decided(world, Change(ChangeKind.SUSPEND, msp="CMSP"), "AMSP", "BMSP")
    suspended = representative("CMSP")
    world.refused(refusals.MemberSuspended, "consortium.leave", suspended)
    world.refused(refusals.MemberSuspended, "consortium.membership", suspended)
    decided(world, Change(ChangeKind.REINSTATE, msp="CMSP"), "AMSP", "BMSP")
    assert world.call("consortium.agreement", suspended) == to_json(AGREEMENT)
    assert json.loads(world.ledger.state[standings.key("CMSP")])["signed"] == 1


def test_who_left_and_comes_back_signs_again() -> None:
    world = small().signed()
    world.call("consortium.leave", representative("CMSP"))
    world.refused(refusals.NotAMember, "consortium.membership", representative("CMSP"))
    decided(world, Change(ChangeKind.ADMIT, member=member("CMSP")), "AMSP", "BMSP")
    assert json.loads(world.ledger.state[standings.key("CMSP")])["signed"] == 0
    world.call("consortium.sign_agreement", representative("CMSP"), **to_json(AGREEMENT))
    signatures = world.call("consortium.agreement_signatures", representative("AMSP"), version=1)
    assert [each["msp"] for each in signatures] == ["AMSP", "BMSP", "CMSP", "CMSP"]


def test_each_member_signs_the_version_in_force_once() -> None:
    world = small()
    signer = representative("AMSP")
    sign = "consortium.sign_agreement"
    world.refused(AgreementNotInForce, sign, signer, version=1, fingerprint="b2" * 32)
    world.refused(AgreementNotInForce, sign, signer, version=2, fingerprint=AGREEMENT.fingerprint)
    signed = world.call(sign, signer, **to_json(AGREEMENT))
    assert (signed["msp"], signed["certificate"]) == ("AMSP", signer.certificate)
    assert signed["tx_id"] == world.last.tx_id
    world.refused(AgreementSigned, sign, signer, **to_json(AGREEMENT))
    world.signed(["CMSP"])
    signatures = world.call("consortium.agreement_signatures", signer, version=1)
    assert [each["msp"] for each in signatures] == ["AMSP", "CMSP"]


def test_a_new_agreement_stops_business_until_it_is_signed() -> None:
    world = World().founded().signed()
    second = Agreement(2, "b2" * 32)
    founders = [each.msp for each in default_founders()]
    decided(world, Change(ChangeKind.ADOPT_AGREEMENT, agreement=second), *founders[:8])
    world.refused(AgreementNotSigned, "deal.open", desk(Role.ORIGINATOR), terms=terms())
    world.signed([ORIGINATOR])
    world.call("deal.open", desk(Role.ORIGINATOR), terms=terms())
    world.refused(AgreementNotSigned, "deal.accept", desk(Role.TRUSTEE), deal=terms().deal, role=Role.TRUSTEE)
    first = world.call("consortium.agreement_signatures", desk(Role.TRUSTEE), version=1)
    assert len(first) == len(founders)


def test_a_role_that_the_members_take_away_counts_no_more() -> None:
    world = World().founded().signed().opened()
    world.pooled()
    founders = [each.msp for each in default_founders()]
    decided(world, Change(ChangeKind.REPLACE, member=member(TRUSTEE, Role.INVESTOR)), *founders[:8])
    pool = world.call("pool.show", desk(Role.ORIGINATOR), deal=terms().deal)
    fact = {"version": 1, "root": pool["record"]["root"]}
    world.refused(RoleNeeded, "pool.acknowledge", desk(Role.TRUSTEE), deal=terms().deal, pool=fact)


def test_governance_on_the_ledger_replays_to_the_same_membership() -> None:
    world = small()
    script: list[tuple[str, str, dict[str, Any]]] = [
        ("AMSP", "propose", {"change": Change(ChangeKind.ADMIT, member=member("DMSP"))}),
        ("BMSP", "vote", {"approve": True}),
        ("BMSP", "propose", {"change": Change(ChangeKind.SUSPEND, msp="CMSP")}),
        ("AMSP", "vote", {"approve": False}),
        ("BMSP", "withdraw", {}),
        ("CMSP", "renew_keys", {"keys": Keys(b"e", (), b"node", b"notary")}),
        ("DMSP", "leave", {}),
        ("AMSP", "propose", {"change": Change(ChangeKind.SUSPEND, msp="BMSP")}),
    ]
    replayed = governance_step(None, "found", {"genesis": to_json(world.signed_genesis)}, "AMSP", "first")
    for msp, step, args in script:
        assert step in GOVERNANCE_OPERATIONS
        if step in ("vote", "withdraw"):
            args = {**args, "proposal": stored(world).proposals[-1].id}
        world.call(f"consortium.{step}", representative(msp), **args)
        replayed = governance_step(replayed, step, {k: to_json(v) for k, v in args.items()}, msp, world.last.tx_id)
        assert fingerprint(replayed) == fingerprint(stored(world))
    assert {msp: each.status.value for msp, each in stored(world).members.items()} == {
        "AMSP": "active",
        "BMSP": "active",
        "CMSP": "active",
        "DMSP": "left",
    }
    assert len(world.call("consortium.proposals", representative("AMSP"))) == 1


def test_the_small_records_that_guards_read_follow_the_membership() -> None:
    world = small().signed()
    decided(world, Change(ChangeKind.ADMIT, member=member("DMSP", Role.TRUSTEE)), "AMSP", "BMSP")
    decided(world, Change(ChangeKind.SUSPEND, msp="CMSP"), "AMSP", "BMSP")
    world.call("consortium.leave", representative("DMSP"))
    for msp, entry in stored(world).members.items():
        standing = standings.read(world.ledger.state[standings.key(msp)])
        assert (standing.roles, standing.status) == (entry.roles, entry.status)


def test_a_failed_vote_leaves_no_trace() -> None:
    world = small()
    refusal = world.refused(
        refusals.ProposalUnknown, "consortium.vote", representative("AMSP"), proposal="none", approve=True
    )
    assert isinstance(refusal, ChainFusionError)
    assert "none" in refusal.message("zh")
