"""Key-level endorsement: the policy that stands in a key's metadata, and how it reaches the peer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pytest

pytest.importorskip("fabric_protos", reason="the extra `fabric` is not installed")

from fabric_protos.common import policies_pb2 as policies
from fabric_protos.msp import msp_principal_pb2 as principals
from fabric_protos.peer import chaincode_shim_pb2 as shim

from chainfusion.ledger.fabric.chaincode.call import OK, REFUSED
from chainfusion.ledger.fabric.chaincode.endorsers import endorsers_policy
from tests.fabric.scripted_peer import BATCHES, Message, Type, response_of
from tests.fabric.test_chaincode import Stage, refusal, stage

__all__ = ["stage"]
MEMBERS = ("A", "B", "C", "D", "E")


def holds(rule: policies.SignaturePolicy, envelope: policies.SignaturePolicyEnvelope, signed: set[str]) -> bool:
    """As a peer judges: a signature is used up by the first rule that it satisfies, and a rule that fails uses none."""
    if rule.WhichOneof("Type") == "signed_by":
        role = principals.MSPRole.FromString(envelope.identities[rule.signed_by].principal)
        assert role.role == principals.MSPRole.PEER
        if role.msp_identifier in signed:
            signed.discard(role.msp_identifier)
            return True
        return False
    met = 0
    for each in rule.n_out_of.rules:
        left = set(signed)
        if holds(each, envelope, left):
            met += 1
            signed.intersection_update(left)
    return met >= rule.n_out_of.n


def subsets(of: tuple[str, ...]) -> Iterator[set[str]]:
    for size in range(len(of) + 1):
        yield from map(set, combinations(of, size))


@pytest.mark.parametrize("members", [MEMBERS[:count] for count in range(1, 6)])
def test_all_parties_and_a_majority_of_the_members_must_sign_and_no_more(members: tuple[str, ...]) -> None:
    for parties in subsets(members):
        if not parties:
            continue
        envelope = policies.SignaturePolicyEnvelope.FromString(endorsers_policy(parties, members))
        for signed in subsets(members):
            needed = parties <= signed and len(signed) > len(members) / 2
            assert holds(envelope.rule, envelope, set(signed)) is needed, (parties, members, signed)


def test_the_policy_does_not_depend_on_the_order_in_which_it_is_stated() -> None:
    """Every endorser must come to the same bytes."""
    assert endorsers_policy(["B", "A"], ["C", "B", "A", "A"]) == endorsers_policy({"A", "B"}, ("A", "B", "C"))


@pytest.mark.parametrize("ready", [b"", BATCHES])
def test_a_demand_follows_the_write_in_the_key_s_metadata(stage: Stage, ready: bytes) -> None:
    peer, seen = stage.peer(ready), list[Message]()
    call = stage.proposal("probe.put_endorsed", key="k", value="v", parties=["B"], members=["A", "B", "C"])
    peer.begin(call, stage.person)
    while (message := peer.next()).type != Type.COMPLETED:
        seen.append(message)
        peer.answer(message)
    assert response_of(message).status == OK
    expected = shim.StateMetadata(metakey="VALIDATION_PARAMETER", value=endorsers_policy(["B"], ["A", "B", "C"]))
    if ready:
        write, demand = shim.WriteBatchState.FromString(seen[0].payload).rec
        assert (write.type, demand.type) == (Type.PUT_STATE, Type.PUT_STATE_METADATA)
        assert (demand.key, demand.metadata) == ("k", expected)
    else:
        assert [each.type for each in seen] == [Type.PUT_STATE, Type.PUT_STATE_METADATA]
        put = shim.PutStateMetadata.FromString(seen[1].payload)
        assert (put.key, put.collection, put.metadata) == ("k", "", expected)
    peer.hang_up()


@pytest.mark.parametrize("parties", [[], ["Z"]])
def test_a_demand_that_none_could_meet_is_refused_and_nothing_is_written(stage: Stage, parties: list[str]) -> None:
    peer = stage.peer()
    call = stage.proposal("probe.put_endorsed", key="k", value="v", parties=parties, members=["A", "B"])
    peer.begin(call, stage.person)
    response = response_of(peer.next())
    assert response.status == REFUSED
    assert refusal(response).code == "STATE_REFUSED"
    peer.hang_up()
