"""Attacks on evidence from a Fabric channel by whoever has keys: a creator, peers, orderers, administrators.

Each signs what it should not, on a channel on paper; beside the attack stands the check that must stop it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fabric_protos.common import configtx_pb2 as configtx
from fabric_protos.common import policies_pb2 as policies
from fabric_protos.peer import policy_pb2 as policy
from fabric_protos.peer.lifecycle import db_pb2 as lifecycle_state

from tests.support.channel_evidence import accepted, edited, evidence_of, institution, members, refused, source_of
from tests.support.identities import NOW, make_member
from tests.support.paper_channel import (
    RAFT,
    SMARTBFT,
    PaperChannel,
    admin_of,
    identity_policy,
    meta_policy,
    msp_value,
    orderer_of,
    serialized,
    set_policy,
    tx_id_of,
)

CLOSE = ("deal.close", {"deal": "ruiying-2026-1"}, {"state": "closed"})


def channel(consensus: str = SMARTBFT, count: int = 4) -> PaperChannel:
    return PaperChannel.founded(members(count), consensus)


def closing(made: PaperChannel, **parts: Any) -> str:
    """Records the closing of a deal; gives its id."""
    return made.record(made.call(made.members[0].user(), *CLOSE), **parts)


def attacked(made: PaperChannel, tx_id: str) -> tuple[bytes, bytes]:
    return evidence_of(source_of(made), tx_id)


@pytest.mark.parametrize("consensus", [RAFT, SMARTBFT])
def test_what_is_rightly_made_is_accepted(consensus: str) -> None:
    made = channel(consensus)
    verdict = accepted(*attacked(made, closing(made)))
    assert verdict.facts["orderers"]["consensus"] == consensus
    assert verdict.facts["operation"] == "deal.close"
    assert verdict.facts["endorsers"] == ["DonghaiMSP", "WangchaoMSP", "YunjinMSP"]


# ------------------------------------------------------------------ creator

Attack = tuple[Callable[[PaperChannel], dict[str, Any]], str, str | None]
BY_CREATOR: dict[str, Attack] = {
    "signed by another's key": (
        lambda c: {"signed_by": institution("YunjinMSP").user()},
        "creator",
        "SIGNATURE_REFUSED",
    ),
    "a node as creator": (lambda c: {"creator": c.members[0].node}, "creator", "FABRIC_IDENTITY_REFUSED"),
    "a stranger as creator": (lambda c: {"creator": institution("StrangerMSP").user()}, "creator", None),
    "a namesake with another root": (lambda c: {"creator": make_member("DonghaiMSP").user()}, "creator", None),
    "a certificate that is out of date": (
        lambda c: {"time": NOW + timedelta(days=4000)},
        "orderers",
        "CERTIFICATE_OUT_OF_DATE",
    ),
    "an id that is not its own": (lambda c: {"tx_id": "00" * 32}, "file", "FABRIC_ENVELOPE_MALFORMED"),
    "of another channel": (lambda c: {"channel": "others"}, "file", "EVIDENCE_MALFORMED"),
    "refused by the contract": (lambda c: {"status": 409}, "file", "FABRIC_ENVELOPE_MALFORMED"),
    "endorsed for another proposal": (lambda c: {"proposal_hash": bytes(32)}, "file", "FABRIC_ENVELOPE_MALFORMED"),
    "answered by another chaincode": (lambda c: {"answered_as": "gossip"}, "file", "FABRIC_ENVELOPE_MALFORMED"),
    "of a chaincode that nobody trusts": (lambda c: {"chaincode": "gossip"}, "definition", "FABRIC_DEFINITION_REFUSED"),
}


@pytest.mark.parametrize("name", BY_CREATOR)
def test_what_a_creator_may_not_do_is_refused(name: str) -> None:
    parts, step, cause = BY_CREATOR[name]
    made = channel()
    call = made.call(made.members[0].user(), *CLOSE)
    tx_id = made.record(call)
    true, trust = attacked(made, tx_id)
    false = replace(call, **parts(made)).envelope()
    block = _sealed_anew(made, false)
    evidence = edited(true, lambda e: (e["blocks"].__setitem__(-1, block), e["subject"].update(tx_id=tx_id_of(false))))
    refused(evidence, trust, step, cause)


def _sealed_anew(made: PaperChannel, envelope: bytes) -> dict[str, Any]:
    """The last block with another envelope in it, signed by orderers who do not look."""
    from chainfusion.domain.records import to_json

    made.blocks.pop()
    made.last_hash = source_of(made).fabric_block(made.height - 1).hash
    made.order(envelope)
    return to_json(source_of(made).fabric_block(made.height - 1).sealed)  # type: ignore[no-any-return]


def test_a_second_transaction_of_the_same_id_in_its_block_is_refused() -> None:
    made = channel()
    first = made.call(made.members[0].user(), *CLOSE, nonce=bytes(24))
    second = replace(first, args=[b"deal@1.cancel", b'{"deal":"ruiying-2026-1","reason":"x"}'])
    made.order(first.envelope(), second.envelope())
    evidence, trust = attacked(made, tx_id_of(first.envelope()))
    accepted(evidence, trust)
    repeated = edited(evidence, lambda e: e["place"].update(index=1))
    refused(repeated, trust, "block", "FABRIC_TRANSACTION_REPEATED")


# ------------------------------------------------------------------ endorsers

BY_ENDORSERS: dict[str, Callable[[PaperChannel], dict[str, Any]]] = {
    "one peer short of a majority": lambda c: {"endorsers": c.peers[:-1]},
    "one member's two signatures": lambda c: {"endorsers": [*c.peers[:-1], c.peers[0]]},
    "an endorsement by another's key": lambda c: {
        "endorsers": c.peers[:-1],
        "endorsed_by": [(institution("BeichenMSP").node, c.peers[0])],
    },
    "a person in a peer's place": lambda c: {"endorsers": [*c.peers[:-1], institution("WangchaoMSP").user()]},
    "a stranger's peer": lambda c: {"endorsers": [*c.peers[:-1], institution("StrangerMSP").node]},
    "a namesake's peer": lambda c: {"endorsers": [*c.peers[:-1], make_member("WangchaoMSP").node]},
    "nobody": lambda c: {"endorsers": []},
}


@pytest.mark.parametrize("name", BY_ENDORSERS)
def test_endorsements_below_the_policy_are_refused(name: str) -> None:
    made = channel()
    call = made.call(made.members[0].user(), *CLOSE, **BY_ENDORSERS[name](made))
    refused(*attacked(made, made.record(call)), "endorsements", "FABRIC_POLICY_NOT_MET")


def test_a_bad_endorsement_beside_enough_good_ones_counts_for_nothing_and_harms_nothing() -> None:
    made = channel()
    bad = [(institution("StrangerMSP").node, institution("StrangerMSP").node)]
    call = made.call(made.members[0].user(), *CLOSE, endorsed_by=bad)
    assert accepted(*attacked(made, made.record(call))).facts["endorsers"] == sorted(each.msp_id for each in made.peers)


# ------------------------------------------------------------------ the chaincode's definition


def own_policy(needed: int, *msps: str) -> policy.ApplicationPolicy:
    """An endorsement policy of the chaincode's own: so many of these very peers."""
    identities = [serialized(institution(msp).node) for msp in msps]
    rule = policies.SignaturePolicyEnvelope.FromString(identity_policy(needed, identities).value)
    return policy.ApplicationPolicy(signature_policy=rule)


def test_a_chaincode_s_own_policy_is_what_counts() -> None:
    made = channel()
    made.define(2, own_policy(2, "DonghaiMSP", "BeichenMSP"))
    both = [institution("DonghaiMSP").node, institution("BeichenMSP").node]
    enough = made.record(made.call(made.members[0].user(), *CLOSE, endorsers=both))
    accepted(*attacked(made, enough))
    majority = made.record(made.call(made.members[0].user(), *CLOSE))
    refused(*attacked(made, majority), "endorsements", "FABRIC_POLICY_NOT_MET")


def test_a_definition_that_leaves_the_policy_is_followed_to_the_one_that_wrote_it() -> None:
    made = channel()
    first = made.definition
    again = {"Sequence": lifecycle_state.StateData(Int64=2)}
    reads = {"_lifecycle": {"namespaces/fields/chainfusion/ValidationInfo": first}}
    made.lifecycle(again, reads=reads)
    evidence, trust = attacked(made, closing(made))
    accepted(evidence, trust)
    without = edited(evidence, lambda e: e["blocks"].pop(1))
    refused(without, trust, "definition", "EVIDENCE_MALFORMED")


def test_a_definition_below_the_lifecycle_s_policy_is_refused() -> None:
    made = channel()
    alone = [institution("DonghaiMSP").node]
    made.define(2, own_policy(1, "DonghaiMSP"), endorsers=alone)
    call = made.call(made.members[0].user(), *CLOSE, endorsers=alone)
    refused(*attacked(made, made.record(call)), "definition", "FABRIC_POLICY_NOT_MET")


def test_a_definition_in_a_block_that_too_few_orderers_signed_is_refused() -> None:
    made = channel()
    made.define(2, own_policy(1, "DonghaiMSP"), how={"signers": made.orderers[:2]})
    call = made.call(made.members[0].user(), *CLOSE, endorsers=[institution("DonghaiMSP").node])
    refused(*attacked(made, made.record(call)), "definition", "FABRIC_ORDERERS_REFUSED")


def test_a_business_transaction_is_no_definition() -> None:
    made = channel()
    fields = {
        "namespaces/fields/chainfusion/Sequence": b"\x08\x02",
        "namespaces/fields/chainfusion/ValidationInfo": b"",
    }
    call = made.call(made.members[0].user(), "deal.open", {"deal": "x"}, writes={"_lifecycle": fields})
    made.record(call)
    made.definition = (made.height - 1, 0)
    evidence, trust = attacked(made, closing(made))
    refused(evidence, trust, "definition", "FABRIC_DEFINITION_REFUSED")


def test_a_definition_after_the_call_is_refused() -> None:
    made = channel()
    made.definition = (made.height + 1, 0)
    tx_id = closing(made)
    made.define(2, own_policy(1, "DonghaiMSP"))
    refused(*attacked(made, tx_id), "definition", "FABRIC_DEFINITION_REFUSED")


def test_a_call_that_read_no_definition_is_refused() -> None:
    made = channel()
    tx_id = made.record(made.call(made.members[0].user(), *CLOSE, reads={}))
    refused(*attacked(made, tx_id), "definition", "FABRIC_DEFINITION_REFUSED")


# ------------------------------------------------------------------ keys with a policy of their own

KEY = "deal"


def demanding(made: PaperChannel, *msps: str, key: str = KEY, **parts: Any) -> tuple[int, int]:
    """A call that gives a key a policy: the peers of all these members. Gives its place."""
    who = [serialized(institution(msp).node) for msp in msps]
    parts = {"demands": {key: identity_policy(len(who), who)}, "writes": {"chainfusion": {key: b"1"}}} | parts
    made.record(made.call(made.members[0].user(), "deal.open", {"deal": "d"}, **parts))
    return made.height - 1, 0


def changing(made: PaperChannel, after: tuple[int, int] | None, endorsers: Any = None, key: str = KEY) -> str:
    """A call that changes the key which it read as it was `after`; endorsed by a majority, or by these."""
    reads = {"_lifecycle": {"namespaces/fields/chainfusion/Sequence": made.definition}, "chainfusion": {key: after}}
    parts: dict[str, Any] = {"reads": reads, "writes": {"chainfusion": {key: b"2"}}}
    if endorsers is not None:
        parts["endorsers"] = endorsers
    return made.record(made.call(made.members[0].user(), *CLOSE, **parts))


def with_fourth(made: PaperChannel) -> list[Any]:
    return [*made.peers, institution("BeichenMSP").node]


def test_a_key_that_demands_a_member_s_endorsement_has_it() -> None:
    made = channel()
    given = demanding(made, "BeichenMSP")
    between = made.height
    changing(made, given, with_fourth(made))
    enough, short = changing(made, (between, 0), with_fourth(made)), changing(made, (between, 0))
    evidence, trust = attacked(made, enough)
    assert accepted(evidence, trust).facts["demands"] == [KEY]
    assert [each["block"] for each in _json(evidence)["demands"][0]["places"]] == [between, given[0]]
    refused(*attacked(made, short), "endorsements", "FABRIC_POLICY_NOT_MET")


def test_a_key_that_was_new_or_demanded_nothing_shows_no_demand() -> None:
    made = channel()
    made.record(made.call(made.members[0].user(), *CLOSE, writes={"chainfusion": {KEY: b"1"}}))
    after = changing(made, (made.height - 1, 0))
    for tx_id in (changing(made, None, key="new"), after):
        assert accepted(*attacked(made, tx_id)).facts["demands"] == []


DEMANDS: dict[str, Any] = {
    "of another key": lambda e: e["demands"][0].update(key="other"),
    "that nobody made": lambda e: e["demands"][0].update(places=[]),
    "without who wrote between": lambda e: e["demands"][0]["places"].pop(0),
    "without who made it": lambda e: e["demands"][0]["places"].pop(),
    "from somewhere else": lambda e: e["demands"][0]["places"][-1].update(index=1),
    "twice": lambda e: e["demands"].append(e["demands"][0]),
    "left out, its blocks kept": lambda e: e.update(demands=[]),
}


@pytest.mark.parametrize("name", DEMANDS)
def test_a_false_demand_is_refused(name: str) -> None:
    made = channel()
    given = demanding(made, "BeichenMSP")
    changing(made, given, with_fourth(made))
    evidence, trust = attacked(made, changing(made, (made.height - 1, 0), with_fourth(made)))
    accepted(evidence, trust)
    verdict_step = "file" if name in ("that nobody made", "twice") else "endorsements"
    refused(edited(evidence, DEMANDS[name]), trust, verdict_step)


def test_a_demand_that_too_few_endorsed_or_ordered_is_refused() -> None:
    for parts in ({"endorsers": [institution("DonghaiMSP").node]}, {"signed_by": institution("YunjinMSP").user()}):
        made = channel()
        given = demanding(made, "DonghaiMSP", **parts)
        refused(*attacked(made, changing(made, given)), "endorsements")


# ------------------------------------------------------------------ orderers


def test_a_quorum_short_by_one_is_refused() -> None:
    made = channel()
    tx_id = closing(made, signers=made.orderers[:2])
    refused(*attacked(made, tx_id), "orderers", "FABRIC_ORDERERS_REFUSED")


def test_one_orderer_s_signature_twice_is_no_quorum() -> None:
    made = channel()
    tx_id = closing(made, signers=[*made.orderers[:2], made.orderers[1]])
    refused(*attacked(made, tx_id), "orderers", "FABRIC_ORDERERS_REFUSED")


def test_an_orderer_that_is_none_is_refused() -> None:
    made = channel()
    strange = {"DonghaiMSP": orderer_of(institution("StrangerMSP"))}
    evidence, trust = attacked(made, closing(made))
    made.blocks.pop()
    made.last_hash = source_of(made).fabric_block(1).hash
    call = made.call(made.members[0].user(), *CLOSE)
    made.order(call.envelope(), keys=strange)
    block = source_of(made).fabric_block(2).sealed
    lines = sorted(({"header": s.header.hex(), "signature": s.signature.hex()} for s in block.signatures), key=str)

    def swap(e: dict[str, Any]) -> None:
        e["blocks"][-1] = {
            "data": [each.hex() for each in block.data],
            "metadata": block.metadata.hex(),
            "number": 2,
            "previous": block.previous.hex(),
            "signatures": lines,
        }
        e["subject"]["tx_id"] = tx_id_of(call.envelope())

    refused(edited(evidence, swap), trust, "orderers", "SIGNATURE_REFUSED")


def test_under_raft_a_stranger_s_block_is_refused() -> None:
    made = channel(RAFT)
    tx_id = closing(made, keys={"DonghaiMSP": orderer_of(institution("StrangerMSP"))})
    refused(*attacked(made, tx_id), "orderers", "FABRIC_ORDERERS_REFUSED")


def test_under_raft_a_person_of_an_ordering_member_orders_nothing() -> None:
    """Fabric's own policy (any writer of an ordering organisation) would take it."""
    made = channel(RAFT)
    tx_id = closing(made, keys={"DonghaiMSP": institution("DonghaiMSP").user()})
    refused(*attacked(made, tx_id), "orderers", "FABRIC_ORDERERS_REFUSED")


def test_a_block_under_another_number_is_refused() -> None:
    made = channel()
    evidence, trust = attacked(made, closing(made))

    def renumber(e: dict[str, Any]) -> None:
        e["blocks"][-1]["number"] = 7
        e["place"]["block"] = 7

    refused(edited(evidence, renumber), trust, "orderers", "SIGNATURE_REFUSED")


def test_a_block_that_names_another_before_it_is_refused() -> None:
    made = channel()
    tx_id = closing(made, previous=bytes(32))
    refused(*attacked(made, tx_id), "orderers", "EVIDENCE_MALFORMED")


def test_orderers_of_another_channel_prove_nothing_of_this_one() -> None:
    ours, theirs = channel(), PaperChannel.founded(tuple(make_member(m.msp_id) for m in members()), SMARTBFT)
    evidence, _ = attacked(theirs, closing(theirs))
    _, trust = attacked(ours, closing(ours))
    refused(evidence, trust, "anchor", "OTHER_CHANNEL")


# ------------------------------------------------------------------ configuration


def majority(made: PaperChannel) -> list[Any]:
    return [admin_of(each) for each in made.members[: len(made.members) // 2 + 1]]


@pytest.mark.parametrize("consensus", [RAFT, SMARTBFT])
def test_a_member_that_the_others_admitted_counts_from_then_on(consensus: str) -> None:
    made = channel(consensus)
    before = closing(made)
    made.admit(institution("MinghengMSP"), majority(made))
    after = made.record(made.call(institution("MinghengMSP").user(), *CLOSE))
    assert accepted(*attacked(made, before)).facts["members"] == sorted(m.msp_id for m in members())
    evidence, trust = attacked(made, after)
    assert "MinghengMSP" in accepted(evidence, trust).facts["members"]
    assert accepted(evidence, trust).facts["configurations"] == [0, 3]


def test_with_five_members_three_endorse_and_two_do_not_suffice() -> None:
    made = channel()
    made.admit(institution("MinghengMSP"), majority(made))
    two = made.record(made.call(made.members[0].user(), *CLOSE, endorsers=made.peers[:2]))
    refused(*attacked(made, two), "endorsements", "FABRIC_POLICY_NOT_MET")


SHORT: dict[str, Callable[[PaperChannel], list[Any]]] = {
    "two of four administrators": lambda c: [admin_of(each) for each in c.members[:2]],
    "one administrator twice": lambda c: [admin_of(c.members[n]) for n in (0, 1, 1)],
    "persons who are no administrators": lambda c: [each.user() for each in c.members[:3]],
    "the joiner's own": lambda c: [*(admin_of(e) for e in c.members[:2]), admin_of(institution("MinghengMSP"))],
    "namesakes": lambda c: [admin_of(make_member(each.msp_id)) for each in c.members[:3]],
    "nobody": lambda c: [],
}


@pytest.mark.parametrize("name", SHORT)
def test_a_member_admitted_by_too_few_is_refused(name: str) -> None:
    made = channel()
    made.admit(institution("MinghengMSP"), SHORT[name](made))
    refused(*attacked(made, closing(made)), "configurations", "FABRIC_POLICY_NOT_MET")


def test_a_configuration_that_is_not_what_its_update_makes_is_refused() -> None:
    made = channel()

    def weaken(config: configtx.Config) -> None:
        application = config.channel_group.groups["Application"]
        set_policy(application, "Endorsement", meta_policy("ANY", "Endorsement"))

    made.admit(institution("MinghengMSP"), majority(made), result=weaken)
    refused(*attacked(made, closing(made)), "configurations", "FABRIC_CONFIGURATION_REFUSED")


def test_a_skipped_sequence_is_refused() -> None:
    made = channel()

    def skip(config: configtx.Config) -> None:
        config.sequence += 1

    made.admit(institution("MinghengMSP"), majority(made), result=skip)
    refused(*attacked(made, closing(made)), "configurations", "FABRIC_CONFIGURATION_REFUSED")


def test_a_configuration_that_is_left_out_is_missed() -> None:
    made = channel()
    made.admit(institution("MinghengMSP"), majority(made))
    made.admit(institution("YanshanMSP"), majority(made))
    evidence, trust = attacked(made, closing(made))
    accepted(evidence, trust)
    for number in (2, 3):

        def leave_out(e: dict[str, Any], number: int = number) -> None:
            e["blocks"] = [each for each in e["blocks"] if each["number"] != number]
            e["configurations"].remove(number)

        step = "configurations" if number == 2 else "orderers"
        cause = "FABRIC_CONFIGURATION_REFUSED" if number == 2 else "FABRIC_CONFIGURATION_HIDDEN"
        refused(edited(evidence, leave_out), trust, step, cause)


def test_a_later_configuration_says_nothing_of_an_earlier_block() -> None:
    """A member that joined later endorsed beside too few: under the configuration of its time that is no majority."""
    made = channel()
    joiner = institution("MinghengMSP")
    two = [*made.peers[:2], joiner.node]
    early = made.record(made.call(made.members[0].user(), *CLOSE, endorsers=two))
    evidence, trust = attacked(made, early)
    refused(evidence, trust, "endorsements", "FABRIC_POLICY_NOT_MET")
    made.admit(joiner, majority(made))
    later, _ = attacked(made, closing(made))
    configuration = next(b for b in _json(later)["blocks"] if b["number"] == 3)

    def add(e: dict[str, Any]) -> None:
        e["blocks"].append(configuration)
        e["configurations"].append(3)

    refused(edited(evidence, add), trust, "orderers", "EVIDENCE_MALFORMED")


def test_more_signatures_than_orderers_are_refused_before_any_is_checked() -> None:
    made = channel()
    evidence, trust = attacked(made, closing(made))

    def repeat(e: dict[str, Any]) -> None:
        line = e["blocks"][-1]["signatures"][-1]
        e["blocks"][-1]["signatures"] += [{**line, "header": f"08{n:02x}"} for n in range(64, 100)]

    refused(edited(evidence, repeat), trust, "orderers", "FABRIC_ORDERERS_REFUSED")


def test_orderers_that_deny_a_configuration_are_caught() -> None:
    made = channel()
    made.admit(institution("MinghengMSP"), majority(made))
    tx_id = closing(made, last_config=0)
    evidence, trust = attacked(made, tx_id)
    accepted(evidence, trust)  # they say so in agreement, and nothing in the file tells otherwise
    true = made.record(made.call(made.members[0].user(), *CLOSE))
    shown, _ = attacked(made, true)

    def both(e: dict[str, Any]) -> None:
        e["blocks"][-1] = next(b for b in _json(evidence)["blocks"] if b["number"] == 3)
        e["place"]["block"], e["subject"]["tx_id"] = 3, tx_id

    refused(edited(shown, both), trust, "orderers", "FABRIC_CONFIGURATION_HIDDEN")


def _json(data: bytes) -> dict[str, Any]:
    import json

    return json.loads(data)  # type: ignore[no-any-return]


def test_a_configuration_that_too_few_orderers_signed_is_refused() -> None:
    made = channel()
    made.admit(institution("MinghengMSP"), majority(made), ordered={"signers": made.orderers[:2]})
    refused(*attacked(made, closing(made)), "configurations", "FABRIC_ORDERERS_REFUSED")


def test_a_member_s_own_administrator_changes_its_own_roots_and_no_other_s() -> None:
    made, fresh = channel(), make_member("YunjinMSP")

    def rotate(root: configtx.ConfigGroup) -> None:
        root.groups["Application"].groups["YunjinMSP"].values["MSP"].value = msp_value(fresh)
        root.groups["Orderer"].groups["YunjinMSP"].values["MSP"].value = msp_value(fresh)

    other = channel()
    made.update(rotate, [admin_of(institution("YunjinMSP"))])
    other.update(rotate, [admin_of(institution("DonghaiMSP"))])
    left = (made.orderers[0], *made.orderers[2:])
    peers = [institution(msp).node for msp in ("DonghaiMSP", "WangchaoMSP", "BeichenMSP")]
    new = made.record(made.call(fresh.user(), *CLOSE, endorsers=peers), signers=left)
    accepted(*attacked(made, new))
    old = made.record(made.call(institution("YunjinMSP").user("old"), *CLOSE, endorsers=peers), signers=left)
    refused(*attacked(made, old), "creator", "CERTIFICATE_UNTRUSTED")
    refused(*attacked(other, closing(other)), "configurations", "FABRIC_POLICY_NOT_MET")


def test_a_removed_member_s_people_and_peers_count_no_more() -> None:
    made = channel(RAFT)

    def remove(root: configtx.ConfigGroup) -> None:
        del root.groups["Application"].groups["BeichenMSP"]

    made.update(remove, majority(made))
    gone = institution("BeichenMSP")
    tx_id = made.record(made.call(gone.user(), *CLOSE))
    refused(*attacked(made, tx_id), "creator", "FABRIC_IDENTITY_REFUSED")
    padded = made.record(made.call(made.members[0].user(), *CLOSE, endorsers=[made.members[0].node, gone.node]))
    refused(*attacked(made, padded), "endorsements", "FABRIC_POLICY_NOT_MET")
    two = made.record(made.call(made.members[0].user(), *CLOSE, endorsers=made.peers[:2]))
    accepted(*attacked(made, two))


def test_a_revoked_certificate_counts_no_more() -> None:
    from tests.support.crl import revocation_list

    made = channel()
    member, victim = institution("YunjinMSP"), institution("YunjinMSP").user("revoked")
    crl = revocation_list(member, victim.certificate.x509.serial_number)

    def revoke(root: configtx.ConfigGroup) -> None:
        for group in ("Application", "Orderer"):
            value = root.groups[group].groups["YunjinMSP"].values["MSP"]
            value.value = msp_value(member, revocation_list=[crl])

    made.update(revoke, [admin_of(member)])
    accepted(*attacked(made, made.record(made.call(member.user("other"), *CLOSE))))
    refused(*attacked(made, made.record(made.call(victim, *CLOSE))), "creator", "FABRIC_IDENTITY_REFUSED")
