"""Who may call what: the declarations against a table that is written out here, operation by operation.

Whoever changes a declaration must change this table too, and so say it twice.
"""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import pytest

from chainfusion.contracts import access
from chainfusion.contracts.access import AgreementNotSigned, NotAParty, RoleNeeded, WrongState
from chainfusion.contracts.catalogue import registry
from chainfusion.contracts.deal.state import UnknownDeal, deals
from chainfusion.contracts.framework import Caller, Operation
from chainfusion.domain.deal import DealState, NamedParty
from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.membership import Change, ChangeKind
from chainfusion.domain.membership_refusals import MemberSuspended, NotAMember
from chainfusion.domain.records import to_bytes
from chainfusion.domain.roles import INSTITUTION_ROLES, Role
from tests.support.world import (
    DEAL,
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

# Columns: originator, trustee, lead underwriter, servicer, custodian, rating agency, law firm, accountant, registrar,
# investor, regulator, representative. `x` may, `.` may not. Then what the caller's institution must be, and in which
# states of the deal (Draft, Open, Closed, cancelled X; - for no deal).
TABLE = """
    operation                        O T U S C R L A P I G V   standing    states
    consortium.found                 . . . . . . . . . . . x   anybody     -
    consortium.propose               . . . . . . . . . . . x   member      -
    consortium.vote                  . . . . . . . . . . . x   member      -
    consortium.withdraw              . . . . . . . . . . . x   member      -
    consortium.leave                 . . . . . . . . . . . x   member      -
    consortium.renew_keys            . . . . . . . . . . . x   member      -
    consortium.sign_agreement        . . . . . . . . . . . x   member      -
    consortium.membership            x x x x x x x x x x x x   member      -
    consortium.proposals             x x x x x x x x x x x x   member      -
    consortium.agreement             x x x x x x x x x x x x   member      -
    consortium.agreement_signatures  x x x x x x x x x x x x   member      -
    deal.open                        x . . . . . . . . . . .   signatory   -
    deal.accept                      x x x x x x x x x x x .   invited     DO
    deal.decline                     x x x x x x x x x x x .   invited     DO
    deal.name_party                  x . . . . . . . . . . .   party       DO
    deal.replace_party               x . . . . . . . . . . .   party       DO
    deal.close                       x . . . . . . . . . . .   party       O
    deal.cancel                      x . . . . . . . . . . .   party       DO
    deal.show                        x x x x x x x x x x x x   member      -
    deal.overview                    x x x x x x x x x x x x   member      -
    deal.history                     x x x x x x x x x x x x   member      -
    pool.register                    x . . . . . . . . . . .   party       O
    pool.acknowledge                 . x x . . . . . . . . .   party       O
    pool.show                        x x x x x x x x x x x x   member      -
    pool.versions                    x x x x x x x x x x x x   member      -
    pool.acknowledged                x x x x x x x x x x x x   member      -
    document.require_kinds           x . x . . . . . . . . .   party       DO
    document.register                x x x x x x x x x x x .   party       OC
    document.grant                   x x x x x x x x x x x .   party       OC
    document.state_opinion           . . . . . x x x . . . .   party       OC
    document.index                   x x x x x x x x x x x x   member      -
    document.show                    x x x x x x x x x x x x   member      -
    document.overview                x x x x x x x x x x x x   member      -
    document.opinions                x x x x x x x x x x x x   member      -
    migration.name_origin            x x x x x x x x x x x .   signatory   -
    migration.link                   x x x x x x x x x x x .   signatory   -
    migration.origins                x x x x x x x x x x x x   member      -
    migration.links                  x x x x x x x x x x x x   member      -
    process-definition.propose       . . . . . . . . . . . x   signatory   -
    process-definition.vote          . . . . . . . . . . . x   signatory   -
    process-definition.show          x x x x x x x x x x x x   member      -
    process-definition.overview      x x x x x x x x x x x x   member      -
    process-definition.votes         x x x x x x x x x x x x   member      -
    process.start                    x . . . . . . . . . . .   party       DO
    process.act                      x x x x x x x x x x x .   signatory   -
    process.check                    x x x x x x x x x x x .   signatory   -
    process.countersign              x x x x x x x x x x x .   signatory   -
    process.send_back                x x x x x x x x x x x .   signatory   -
    process.advance                  x x x x x x x x x x x .   signatory   -
    process.conclude                 x x x x x x x x x x x .   signatory   -
    process.delegate                 x x x x x x x x x x x .   signatory   -
    process.awaited                  x x x x x x x x x x x x   member      -
    process.acts                     x x x x x x x x x x x x   member      -
    process.show                     x x x x x x x x x x x x   member      -
    process-version.propose          x x x x x x x x x x x .   party       DOC
    process-version.answer           x x x x x x x x x x x .   party       DOC
    process-version.change           x x x x x x x x x x x .   party       DOC
    process-version.show             x x x x x x x x x x x x   member      -
    terms.register                   x x x . . . . . . . . .   party       O
    terms.consent                    x x x x x . . . . . . .   party       O
    terms.show                       x x x x x x x x x x x x   member      -
    terms.in_force                   x x x x x x x x x x x x   member      -
    review.share                     x . x . . . . . . . . .   party       O
    review.remark                    . . . . . x . . . x . .   party       O
    review.answer                    x . . . . . . . . . . .   party       O
    review.state_removal             x . . . . . . . . . . .   party       O
    review.overview                  x x x x x x x x x x x x   member      -
    terms.overview                   x x x x x x x x x x x x   member      -
"""
COLUMNS = (
    Role.ORIGINATOR,
    Role.TRUSTEE,
    Role.LEAD_UNDERWRITER,
    Role.SERVICER,
    Role.CUSTODIAN,
    Role.RATING_AGENCY,
    Role.LAW_FIRM,
    Role.ACCOUNTANT,
    Role.REGISTRAR,
    Role.INVESTOR,
    Role.REGULATOR,
    Role.REPRESENTATIVE,
)
STATES = {"D": DealState.DRAFT, "O": DealState.OPEN, "C": DealState.CLOSED, "X": DealState.CANCELLED}
ROWS = [line.split() for line in TABLE.strip().splitlines()[1:]]
ALLOWED = {row[0]: {role for role, mark in zip(COLUMNS, row[1:13], strict=True) if mark == "x"} for row in ROWS}
STANDING = {row[0]: row[13] for row in ROWS}
WHEN = {row[0]: row[14] for row in ROWS}
OPERATIONS = {operation.full_name: operation for operation in registry().operations()}
NEW, SUSPENDED = "NewMSP", "SuspendedMSP"


@pytest.fixture(scope="module")
def world() -> World:
    """An open deal with an accepted party in every role; one more member unsigned, one suspended."""
    founders = (*default_founders(), member(NEW, *INSTITUTION_ROLES), member(SUSPENDED, *INSTITUTION_ROLES))
    made = World(genesis(*founders)).founded().signed(each.msp for each in default_founders()).opened()
    suspension = Change(ChangeKind.SUSPEND, msp=SUSPENDED)
    made.call("consortium.propose", representative(msp_of(Role.ORIGINATOR)), change=suspension)
    for role in INSTITUTION_ROLES[1:]:
        proposals = made.call("consortium.proposals", desk(role))
        if proposals:
            made.call("consortium.vote", representative(msp_of(role)), proposal=proposals[0]["id"], approve=True)
    return made


def in_state(world: World, state: DealState) -> World:
    """The same ledger with the deal put in a state."""
    moved = replace(world)
    moved.ledger.state = dict(world.ledger.state)
    key = deals.key(DEAL)
    record = deals.read(world.ledger.state[key])
    moved.ledger.state[key] = to_bytes(replace(record, state=state))
    return moved


def outcome(world: World, operation: Operation, caller: Caller, deal: str = DEAL) -> type[ChainFusionError] | None:
    """What the guard of an operation says to a caller: None, or the refusal's type."""
    role = next(iter(caller.roles & {*INSTITUTION_ROLES}), Role.ORIGINATOR)
    arguments: dict[str, Any] = {"deal": deal, "role": role}
    try:
        operation.guard(world.ledger.begin(caller), operation, arguments)
    except ChainFusionError as refusal:
        return type(refusal)
    return None


def in_fitting_state(world: World, name: str) -> World:
    return world if WHEN[name] == "-" else in_state(world, STATES[WHEN[name][0]])


def test_table_names_every_operation_in_force_and_no_other() -> None:
    assert sorted(row[0] for row in ROWS) == sorted(OPERATIONS)


@pytest.mark.parametrize("name", ALLOWED)
@pytest.mark.parametrize("role", COLUMNS)
def test_each_role_may_call_what_the_table_says(world: World, name: str, role: Role) -> None:
    msp = msp_of(Role.ORIGINATOR if role is Role.REPRESENTATIVE else role)
    found = outcome(in_fitting_state(world, name), OPERATIONS[name], person(msp, role))
    assert found is (None if role in ALLOWED[name] else RoleNeeded)


@pytest.mark.parametrize("name", ALLOWED)
@pytest.mark.parametrize("role", INSTITUTION_ROLES)
def test_a_persons_role_counts_only_where_the_institution_has_it(world: World, name: str, role: Role) -> None:
    other = Role.TRUSTEE if role is Role.ORIGINATOR else Role.ORIGINATOR
    found = outcome(in_fitting_state(world, name), OPERATIONS[name], person(msp_of(other), role))
    assert found is RoleNeeded


@pytest.mark.parametrize("name", ALLOWED)
@pytest.mark.parametrize("role", INSTITUTION_ROLES)
def test_an_institutions_role_counts_only_with_the_person_who_has_it(world: World, name: str, role: Role) -> None:
    found = outcome(in_fitting_state(world, name), OPERATIONS[name], person(msp_of(role)))
    assert found is RoleNeeded


@pytest.mark.parametrize("name", ALLOWED)
def test_strangers_and_suspended_members_may_call_nothing(world: World, name: str) -> None:
    everything = (*INSTITUTION_ROLES, Role.REPRESENTATIVE)
    stranger = outcome(world, OPERATIONS[name], person("StrangerMSP", *everything))
    suspended = outcome(world, OPERATIONS[name], person(SUSPENDED, *everything))
    if STANDING[name] == "anybody":
        assert (stranger, suspended) == (None, None)
    else:
        assert (stranger, suspended) == (NotAMember, MemberSuspended)


@pytest.mark.parametrize("name", ALLOWED)
def test_business_calls_need_a_signature_under_the_agreement(world: World, name: str) -> None:
    found = outcome(in_fitting_state(world, name), OPERATIONS[name], person(NEW, *ALLOWED[name]))
    assert found is (AgreementNotSigned if STANDING[name] in ("signatory", "party", "invited") else None)


@pytest.mark.parametrize("name", [name for name, standing in STANDING.items() if standing in ("party", "invited")])
def test_calls_on_a_deal_need_the_deal(world: World, name: str) -> None:
    caller = next(desk(role) for role in INSTITUTION_ROLES if role in ALLOWED[name])
    assert outcome(world, OPERATIONS[name], caller, deal="nowhere") is UnknownDeal


@pytest.mark.parametrize("name", [name for name, standing in STANDING.items() if standing == "party"])
@pytest.mark.parametrize("role", INSTITUTION_ROLES)
def test_calls_by_parties_need_an_accepted_party_of_this_very_deal(world: World, name: str, role: Role) -> None:
    if role not in ALLOWED[name]:
        return
    elsewhere = replace(world)
    elsewhere.ledger.state = dict(world.ledger.state)
    rival = "RivalMSP"
    admit = Change(ChangeKind.ADMIT, member=member(rival, *INSTITUTION_ROLES))
    elsewhere.call("consortium.propose", representative(msp_of(Role.ORIGINATOR)), change=admit)
    proposal = elsewhere.call("consortium.proposals", desk(Role.TRUSTEE))[0]["id"]
    for voter in INSTITUTION_ROLES[1:]:
        if elsewhere.call("consortium.proposals", desk(voter)):
            elsewhere.call("consortium.vote", representative(msp_of(voter)), proposal=proposal, approve=True)
    elsewhere.signed([rival])
    assert outcome(in_fitting_state(elsewhere, name), OPERATIONS[name], person(rival, role)) is NotAParty
    own = terms("another-deal", (NamedParty(Role.TRUSTEE, rival),))
    elsewhere.call("deal.open", person(rival, Role.ORIGINATOR), terms=own)
    assert outcome(in_fitting_state(elsewhere, name), OPERATIONS[name], person(rival, role)) is NotAParty


@pytest.mark.parametrize("name", [name for name, states in WHEN.items() if states != "-"])
@pytest.mark.parametrize("letter", STATES)
def test_each_operation_fits_the_states_that_the_table_says(world: World, name: str, letter: str) -> None:
    caller = next(desk(role) for role in INSTITUTION_ROLES if role in ALLOWED[name])
    found = outcome(in_state(world, STATES[letter]), OPERATIONS[name], caller)
    assert found is (None if letter in WHEN[name] else WrongState)


@pytest.mark.parametrize("name", ALLOWED)
def test_the_guard_is_the_one_that_the_table_says(name: str) -> None:
    guards = {
        "anybody": access.as_founder,
        "member": access.as_member,
        "signatory": access.as_signatory,
        "invited": access.as_invited,
        "party": access.as_party,
    }
    assert OPERATIONS[name].guard is guards[STANDING[name]]


@pytest.mark.parametrize("name", ALLOWED)
def test_every_operation_says_what_it_does(name: str) -> None:
    assert inspect.getdoc(OPERATIONS[name].body)
