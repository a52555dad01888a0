"""The consortium's own rules: votes, thresholds, and the replay that the offline verifier does."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.domain import membership_refusals as refusals
from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.governance import (
    GOVERNANCE_OPERATIONS,
    MAX_OPEN_PROPOSALS,
    governance_step,
    leave,
    propose,
    renew_keys,
    vote,
    withdraw,
)
from chainfusion.domain.governance import found as found_with
from chainfusion.domain.membership import (
    Agreement,
    Change,
    ChangeKind,
    Genesis,
    Keys,
    Membership,
    MemberStatus,
    SignedGenesis,
    Threshold,
    fingerprint,
)
from chainfusion.domain.records import BadRecord, from_bytes, from_json, to_bytes, to_json
from chainfusion.domain.roles import Role
from tests.support.world import AGREEMENT, TWO_THIRDS, genesis, member, rules

A, B, C, D = "AMSP", "BMSP", "CMSP", "DMSP"


def consortium(*msps: str, threshold: Threshold = TWO_THIRDS) -> Membership:
    return found_with(genesis(*(member(msp) for msp in msps), threshold=threshold))


def admit(msp: str) -> Change:
    return Change(ChangeKind.ADMIT, member=member(msp))


def suspend(msp: str) -> Change:
    return Change(ChangeKind.SUSPEND, msp=msp)


def passed(membership: Membership, change: Change, *voters: str) -> Membership:
    """The change proposed by the first voter and approved by the others."""
    membership = propose(membership, "p", change, voters[0])
    for voter in voters[1:]:
        membership = vote(membership, "p", True, voter)
    assert membership.proposals == ()
    return membership


# ------------------------------------------------------------------ founding


def test_founding_takes_over_what_the_genesis_says() -> None:
    signed = genesis(member(A, Role.TRUSTEE), member(B))
    founded = found_with(signed)
    assert founded.active == {A, B}
    assert founded.members[A].roles == (Role.TRUSTEE,)
    assert (founded.version, founded.agreement, founded.proposals) == (0, AGREEMENT, ())
    assert founded.ledger_id == signed.genesis.ledger_id
    assert len(founded.ledger_id) == 32


@pytest.mark.parametrize(
    ("rule", "spoil"),
    [
        ("members", lambda g: replace(g, members=())),
        ("members", lambda g: replace(g, members=(*g.members, g.members[0]))),
        ("members", lambda g: replace(g, members=(*g.members[:2], replace(member(C), status=MemberStatus.SUSPENDED)))),
        ("orderer", lambda g: replace(g, rules=rules("ElsewhereMSP"))),
        ("agreement", lambda g: replace(g, agreement=Agreement(2, "a1" * 32))),
    ],
)
def test_an_unsound_genesis_founds_nothing(rule: str, spoil: Any) -> None:
    signed = genesis(member(A), member(B), member(C))
    with pytest.raises(refusals.GenesisRefused) as caught:
        found_with(SignedGenesis(spoil(signed.genesis), signed.signatures))
    assert caught.value.facts["rule"] == rule


@pytest.mark.parametrize("keep", [slice(0, 2), slice(0, 0), slice(1, 3)])
def test_every_founder_signs(keep: slice) -> None:
    signed = genesis(member(A), member(B), member(C))
    with pytest.raises(refusals.GenesisRefused):
        found_with(SignedGenesis(signed.genesis, signed.signatures[keep]))


def test_a_second_signature_does_not_stand_for_a_missing_one() -> None:
    signed = genesis(member(A), member(B))
    with pytest.raises(refusals.GenesisRefused):
        found_with(SignedGenesis(signed.genesis, (signed.signatures[0], signed.signatures[0])))


def test_the_ledger_id_changes_with_every_part_of_the_genesis() -> None:
    base = genesis(member(A), member(B)).genesis
    others = [replace(base, name="Another"), replace(base, members=base.members[:1]), replace(base, rules=rules(B))]
    assert len({each.ledger_id for each in (base, *others)}) == 4


def test_a_genesis_of_another_format_is_not_read() -> None:
    body = to_json(genesis(member(A)).genesis)
    with pytest.raises(BadRecord):
        from_json(Genesis, body | {"format": "chainfusion-genesis-v2"})


@pytest.mark.parametrize("spoil", [{"version": 0}, {"fingerprint": "A1" * 32}, {"fingerprint": "a1"}])
def test_an_agreement_is_a_version_and_a_digest(spoil: dict[str, Any]) -> None:
    with pytest.raises(BadRecord):
        from_json(Agreement, to_json(AGREEMENT) | spoil)


# ------------------------------------------------------------------ counting


@pytest.mark.parametrize(
    ("numerator", "denominator", "members", "needed"),
    [
        (1, 2, 4, 2),
        (51, 100, 4, 3),
        (2, 3, 3, 2),
        (2, 3, 4, 3),
        (1, 1, 3, 3),
        (1, 3, 3, 1),
        (2, 3, 8, 6),
        (1, 1000, 3, 1),
    ],
)
def test_votes_needed(numerator: int, denominator: int, members: int, needed: int) -> None:
    threshold = Threshold(numerator, denominator)
    assert next(votes for votes in range(members + 1) if threshold.reached(votes, members)) == needed


def test_nobody_decides_nothing() -> None:
    assert not Threshold(1, 2).reached(0, 0)


@pytest.mark.parametrize(("numerator", "denominator"), [(0, 3), (-1, 3), (4, 3), (1, 0), (1, 1001)])
def test_a_threshold_is_a_share(numerator: int, denominator: int) -> None:
    with pytest.raises(ValueError, match="threshold"):
        Threshold(numerator, denominator)


def test_a_proposal_passes_the_moment_the_threshold_is_reached() -> None:
    opened = propose(consortium(A, B, C), "p", admit(D), A)
    assert opened.active == {A, B, C}
    assert [proposal.yes for proposal in opened.proposals] == [(A,)]
    decided = vote(opened, "p", True, B)
    assert decided.active == {A, B, C, D}
    assert decided.proposals == ()


def test_the_proposers_vote_alone_can_be_enough() -> None:
    assert propose(consortium(A), "p", admit(B), A).active == {A, B}


def test_a_proposal_lapses_the_moment_it_can_no_longer_pass() -> None:
    opened = propose(consortium(A, B, C), "p", admit(D), A)
    once = vote(opened, "p", False, B)
    assert len(once.proposals) == 1
    assert vote(once, "p", False, C).proposals == ()


def test_a_member_has_no_vote_on_its_own_suspension_and_is_not_counted() -> None:
    base = consortium(A, B, C)
    with pytest.raises(refusals.NoVoteOnOwnSuspension):
        propose(base, "p", suspend(B), B)
    opened = propose(base, "p", suspend(C), A)
    with pytest.raises(refusals.NoVoteOnOwnSuspension):
        vote(opened, "p", True, C)
    assert vote(opened, "p", True, B).members[C].status is MemberStatus.SUSPENDED


def test_votes_of_suspended_members_do_not_count() -> None:
    base = propose(consortium(A, B, C, D), "admit", admit("EMSP"), C)
    suspended = propose(base, "suspend", suspend(C), A)
    suspended = vote(suspended, "suspend", True, B)
    assert suspended.active == {A, B, D}
    assert vote(suspended, "admit", True, A).proposals != ()
    assert vote(vote(suspended, "admit", True, A), "admit", True, B).active == {A, B, D, "EMSP"}


def test_a_smaller_base_decides_what_was_open() -> None:
    base = propose(consortium(A, B, C, D), "admit", admit("EMSP"), A)
    base = vote(base, "admit", True, B)
    assert "EMSP" not in base.members
    assert leave(base, D).active == {A, B, C, "EMSP"}


def test_a_change_that_became_impossible_lapses_when_it_passes() -> None:
    base = propose(consortium(A, B, C), "first", admit(D), A)
    base = propose(base, "second", replace(admit(D), member=member(D, Role.TRUSTEE)), B)
    base = vote(base, "first", True, B)
    decided = vote(vote(base, "second", True, A), "second", True, C)
    assert decided.members[D].roles == (Role.INVESTOR,)
    assert decided.proposals == ()


def test_a_vote_stands() -> None:
    opened = propose(consortium(A, B, C), "p", admit(D), A)
    with pytest.raises(refusals.AlreadyVoted):
        vote(opened, "p", False, A)
    with pytest.raises(refusals.ProposalUnknown):
        vote(opened, "q", True, B)


def test_only_the_proposer_withdraws() -> None:
    opened = propose(consortium(A, B, C), "p", admit(D), A)
    with pytest.raises(refusals.NotTheProposer):
        withdraw(opened, "p", B)
    assert withdraw(opened, "p", A).proposals == ()


def test_open_proposals_are_few() -> None:
    opened = consortium(A, B, C)
    for number in range(MAX_OPEN_PROPOSALS):
        opened = propose(opened, f"p{number}", admit(f"X{number}"), A)
    with pytest.raises(refusals.TooManyProposals):
        propose(opened, "one more", admit(D), A)
    assert len(propose(opened, "another's", admit(D), B).proposals) == MAX_OPEN_PROPOSALS + 1


# ------------------------------------------------------------------ changes


def test_suspension_and_reinstatement() -> None:
    suspended = passed(consortium(A, B, C), suspend(C), A, B)
    with pytest.raises(refusals.MemberSuspended):
        propose(suspended, "p", admit(D), C)
    with pytest.raises(refusals.MemberSuspended):
        propose(suspended, "p", suspend(C), A)
    assert passed(suspended, Change(ChangeKind.REINSTATE, msp=C), A, B).active == {A, B, C}
    with pytest.raises(refusals.MemberNotSuspended):
        propose(suspended, "p", Change(ChangeKind.REINSTATE, msp=B), A)


def test_the_ordering_member_stays_until_the_rules_name_another() -> None:
    base = consortium(A, B, C)
    with pytest.raises(refusals.OrdererMustStay):
        leave(base, A)
    with pytest.raises(refusals.OrdererMustStay):
        propose(base, "p", suspend(A), B)
    with pytest.raises(refusals.OrdererMustStay):
        propose(base, "p", Change(ChangeKind.AMEND_RULES, rules=rules("ElsewhereMSP")), A)
    amended = passed(base, Change(ChangeKind.AMEND_RULES, rules=rules(B)), A, C)
    assert leave(amended, A).active == {B, C}


def test_who_has_left_is_no_member_and_can_be_admitted_again() -> None:
    left = leave(consortium(A, B, C), C)
    assert left.members[C].status is MemberStatus.LEFT
    with pytest.raises(refusals.NotAMember):
        leave(left, C)
    with pytest.raises(refusals.NotAMember):
        propose(left, "p", Change(ChangeKind.REPLACE, member=member(C)), A)
    assert passed(left, admit(C), A, B).active == {A, B, C}


def test_agreements_follow_each_other() -> None:
    base = consortium(A, B)
    for version in (1, 3):
        with pytest.raises(refusals.AgreementOutOfOrder):
            propose(base, "p", Change(ChangeKind.ADOPT_AGREEMENT, agreement=Agreement(version, "b2" * 32)), A)
    second = Agreement(2, "b2" * 32)
    assert passed(base, Change(ChangeKind.ADOPT_AGREEMENT, agreement=second), A, B).agreement == second


def test_new_thresholds_hold_from_the_next_count() -> None:
    unanimous = rules(A, Threshold(1, 1))
    base = passed(consortium(A, B, C), Change(ChangeKind.AMEND_RULES, rules=unanimous), A, B)
    assert vote(propose(base, "p", admit(D), A), "p", True, B).active == {A, B, C}


def test_a_member_renews_its_own_keys_and_the_members_vote_on_roots() -> None:
    base = consortium(A, B, C)
    renewed = renew_keys(base, Keys(b"e2", (b"i2",), b"node2", b"notary2"), B)
    assert renewed.members[B].notary_certificate == b"notary2"
    assert renewed.members[B].root_certificates == base.members[B].root_certificates
    assert renewed.members[A] == base.members[A]
    entry = replace(member(B), root_certificates=(b"new root",))
    replaced = passed(base, Change(ChangeKind.REPLACE, member=entry), A, B)
    assert replaced.members[B].root_certificates == (b"new root",)


def test_a_replaced_entry_does_not_reinstate() -> None:
    suspended = passed(consortium(A, B, C), suspend(C), A, B)
    entry = replace(member(C), name="New Name")
    replaced = passed(suspended, Change(ChangeKind.REPLACE, member=entry), A, B).members[C]
    assert (replaced.name, replaced.status) == ("New Name", MemberStatus.SUSPENDED)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "admit", "member": None, "msp": D, "rules": None, "agreement": None},
        {"kind": "suspend", "member": None, "msp": None, "rules": None, "agreement": None},
        {"kind": "amend-rules", "member": None, "msp": A, "rules": to_json(rules(A)), "agreement": None},
        {"kind": "admit", "member": to_json(replace(member(D), status=MemberStatus.LEFT)), "msp": None, "rules": None,
         "agreement": None},
    ],
)  # fmt: skip
def test_a_change_carries_what_its_kind_needs_and_nothing_else(change: dict[str, Any]) -> None:
    with pytest.raises(BadRecord):
        from_json(Change, change)


@pytest.mark.parametrize(
    "spoil",
    [
        {"msp": ""}, {"msp": "a\x00b"}, {"msp": "9MSP"}, {"msp": "M" * 65}, {"name": ""}, {"name": " x"},
        {"name": "two\nlines"}, {"name": "n" * 121}, {"roles": []}, {"roles": ["trustee", "trustee"]},
        {"roles": ["representative"]}, {"root_certificates": []}, {"root_certificates": [""]}, {"encryption_key": ""},
        {"notary_certificate": "00" * 4097},
        {"root_certificates": ["00", "01", "02"]}, {"intermediate_certificates": ["00"] * 5},
    ],
)  # fmt: skip
def test_a_members_entry_is_checked(spoil: dict[str, Any]) -> None:
    with pytest.raises(BadRecord):
        from_json(type(member(A)), to_json(member(A)) | spoil)


# ------------------------------------------------------------------ replay


def test_steps_that_no_consortium_takes() -> None:
    signed = to_json(genesis(member(A), member(B)))
    with pytest.raises(refusals.ConsortiumNotFounded):
        governance_step(None, "leave", {}, A, "t")
    with pytest.raises(refusals.NotAMember):
        governance_step(None, "found", {"genesis": signed}, C, "t")
    founded = governance_step(None, "found", {"genesis": signed}, A, "t")
    with pytest.raises(refusals.ConsortiumExists):
        governance_step(founded, "found", {"genesis": signed}, A, "t")
    with pytest.raises(refusals.NoSuchStep):
        governance_step(founded, "sign_agreement", {}, A, "t")
    with pytest.raises(BadRecord):
        governance_step(founded, "vote", {"proposal": "p", "approve": 1}, A, "t")
    with pytest.raises(BadRecord):
        governance_step(founded, "propose", {}, A, "t")


def test_governance_operations_are_known_by_name() -> None:
    assert {"found", "propose", "vote", "withdraw", "leave", "renew_keys"} == GOVERNANCE_OPERATIONS


# ------------------------------------------------------------------ random consortia against a simple count

FOUNDERS = (A, B, C, D, "EMSP")
EVERYONE = (*FOUNDERS, "FMSP", "GMSP")
moves = st.one_of(
    st.tuples(st.just("admit"), st.sampled_from(EVERYONE), st.sampled_from(EVERYONE)),
    st.tuples(st.just("suspend"), st.sampled_from(EVERYONE), st.sampled_from(EVERYONE)),
    st.tuples(st.just("reinstate"), st.sampled_from(EVERYONE), st.sampled_from(EVERYONE)),
    st.tuples(st.sampled_from(["yes", "yes", "no", "withdraw"]), st.sampled_from(EVERYONE), st.integers(0, 5)),
    st.tuples(st.just("leave"), st.sampled_from(EVERYONE), st.just(0)),
)
thresholds = st.sampled_from([Threshold(1, 2), Threshold(2, 3), Threshold(51, 100), Threshold(3, 4), Threshold(1, 1)])


class Reference:
    """The rules once more, as one would count on paper: sets, fractions, and a loop until nothing is left to decide."""

    def __init__(self, share: Fraction) -> None:
        self.share = share
        self.status = dict.fromkeys(FOUNDERS, "active")
        self.ballots: dict[str, tuple[str, str, dict[str, bool]]] = {}

    def voters(self, kind: str, target: str) -> set[str]:
        active = {msp for msp, status in self.status.items() if status == "active"}
        return active - {target} if kind == "suspend" else active

    def decide(self) -> None:
        undecided = False
        while not undecided:
            undecided = True
            for name, (kind, target, votes) in list(self.ballots.items()):
                voters = self.voters(kind, target)
                yes = sum(votes.get(msp, False) for msp in voters)
                possible = sum(votes.get(msp, True) for msp in voters)
                passes = bool(yes) and Fraction(yes, len(voters)) >= self.share
                lapses = not possible or Fraction(possible, len(voters)) < self.share
                if passes or lapses:
                    del self.ballots[name]
                    if passes and self.possible(kind, target):
                        self.status[target] = "suspended" if kind == "suspend" else "active"
                    undecided = False
                    break

    def possible(self, kind: str, target: str) -> bool:
        status = self.status.get(target, "left")
        wanted = {"admit": "left", "suspend": "active", "reinstate": "suspended"}[kind]
        return status == wanted and not (kind == "suspend" and target == A)


def step_of(move: tuple[str, str, Any], membership: Membership) -> tuple[str, dict[str, Any]]:
    what, _, detail = move
    if what in ("admit", "suspend", "reinstate"):
        change = admit(detail) if what == "admit" else Change(ChangeKind(what), msp=detail)
        return "propose", {"change": to_json(change)}
    if what == "leave":
        return "leave", {}
    ids = [proposal.id for proposal in membership.proposals]
    chosen = ids[detail % len(ids)] if ids else "none"
    if what == "withdraw":
        return "withdraw", {"proposal": chosen}
    return "vote", {"proposal": chosen, "approve": what == "yes"}


def follow(reference: Reference, step: str, args: dict[str, Any], by: str, tx_id: str) -> None:
    """What an accepted step means on paper."""
    match step:
        case "propose":
            change = args["change"]
            target = change["msp"] or change["member"]["msp"]
            reference.ballots[tx_id] = (change["kind"], target, {by: True})
        case "vote":
            reference.ballots[args["proposal"]][2][by] = args["approve"]
        case "withdraw":
            del reference.ballots[args["proposal"]]
            return
        case "leave":
            reference.status[by] = "left"
    reference.decide()


@settings(max_examples=150, deadline=None)
@given(threshold=thresholds, script=st.lists(moves, max_size=30))
def test_random_consortia_follow_a_simple_count_and_replay_to_the_same(
    threshold: Threshold, script: list[tuple[str, str, Any]]
) -> None:
    founded = consortium(*FOUNDERS, threshold=threshold)
    membership, reference = founded, Reference(Fraction(threshold.numerator, threshold.denominator))
    taken: list[tuple[str, dict[str, Any], str, str]] = []
    for number, move in enumerate(script):
        step, args = step_of(move, membership)
        before = to_bytes(membership)
        try:
            membership = governance_step(membership, step, args, move[1], f"t{number}")
        except ChainFusionError:
            assert to_bytes(membership) == before
            continue
        follow(reference, step, args, move[1], f"t{number}")
        taken.append((step, args, move[1], f"t{number}"))
        assert {msp: member.status.value for msp, member in membership.members.items()} == reference.status
        assert [proposal.id for proposal in membership.proposals] == list(reference.ballots)
        assert membership.rules.orderer in membership.active
        assert membership.version == len(taken)
    replayed = founded
    for step, args, by, tx_id in taken:
        replayed = governance_step(from_bytes(Membership, to_bytes(replayed)), step, args, by, tx_id)
    assert fingerprint(replayed) == fingerprint(membership)
