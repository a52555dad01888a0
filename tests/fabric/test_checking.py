"""A gateway that gives something else to be signed than what the person asked: nothing is signed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fabric_protos.common import common_pb2 as common
from fabric_protos.peer import proposal_pb2 as proposals
from fabric_protos.peer import transaction_pb2 as transactions

from chainfusion.ledger.fabric.gateway.checking import GatewayDiffers, check_prepared
from chainfusion.ledger.fabric.gateway.signing import Prepared, prepare
from tests.support.identities import make_member

PERSON = make_member("DonghaiMSP").user()


def asked(*words: bytes) -> Prepared:
    return prepare("deals", "chainfusion", words, b"n" * 24, (1, 2), PERSON, {"secret": b"s"})


def honest(prepared: Prepared) -> common.Payload:
    """What Fabric's gateway makes of a proposal."""
    proposal = proposals.Proposal.FromString(prepared.signed.proposal_bytes)
    header = common.Header.FromString(proposal.header)
    call = proposals.ChaincodeProposalPayload.FromString(proposal.payload)
    call.TransientMap.clear()
    stated = transactions.ChaincodeActionPayload(chaincode_proposal_payload=call.SerializeToString())
    action = transactions.TransactionAction(header=header.signature_header, payload=stated.SerializeToString())
    return common.Payload(header=header, data=transactions.Transaction(actions=[action]).SerializeToString())


def other_call(payload: common.Payload) -> None:
    payload.data = honest(asked(b"deal@1.cancel", b"{}")).data


def other_header(payload: common.Payload) -> None:
    channel = common.ChannelHeader.FromString(payload.header.channel_header)
    channel.channel_id = "another"
    payload.header.channel_header = channel.SerializeToString()


def other_creator(payload: common.Payload) -> None:
    payload.header.signature_header = b""


def two_actions(payload: common.Payload) -> None:
    transaction = transactions.Transaction.FromString(payload.data)
    transaction.actions.append(transaction.actions[0])
    payload.data = transaction.SerializeToString()


def action_of_another(payload: common.Payload) -> None:
    transaction = transactions.Transaction.FromString(payload.data)
    transaction.actions[0].header = b"x"
    payload.data = transaction.SerializeToString()


def no_action(payload: common.Payload) -> None:
    payload.data = b""


def no_message(payload: common.Payload) -> None:
    payload.data = b"\xff"


def with_transient(payload: common.Payload) -> None:
    transaction = transactions.Transaction.FromString(payload.data)
    stated = transactions.ChaincodeActionPayload.FromString(transaction.actions[0].payload)
    call = proposals.ChaincodeProposalPayload.FromString(stated.chaincode_proposal_payload)
    call.TransientMap["secret"] = b"s"
    stated.chaincode_proposal_payload = call.SerializeToString()
    transaction.actions[0].payload = stated.SerializeToString()
    payload.data = transaction.SerializeToString()


def test_the_own_request_is_signed() -> None:
    prepared = asked(b"deal@1.accept", b"{}")
    request = prepared.submit_request(common.Envelope(payload=honest(prepared).SerializeToString()), PERSON)
    assert request.prepared_transaction.signature


@pytest.mark.parametrize("change", [other_call, other_header, other_creator, two_actions, action_of_another, no_action,
                                    no_message, with_transient])  # fmt: skip
def test_anything_else_is_not(change: Callable[[common.Payload], None]) -> None:
    prepared = asked(b"deal@1.accept", b"{}")
    payload = honest(prepared)
    change(payload)
    with pytest.raises(GatewayDiffers):
        prepared.submit_request(common.Envelope(payload=payload.SerializeToString()), PERSON)
    with pytest.raises(GatewayDiffers):
        check_prepared(b"\xff", prepared.signed.proposal_bytes)
