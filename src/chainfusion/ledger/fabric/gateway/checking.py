"""What a gateway gives to be signed, held against what was asked: a peer, one's own or another member's, must not have
a person sign anything but the person's own request."""

from __future__ import annotations

from fabric_protos.common import common_pb2 as common
from fabric_protos.peer import proposal_pb2 as proposals
from fabric_protos.peer import transaction_pb2 as transactions
from google.protobuf.message import DecodeError

from chainfusion.domain.errors import ChainFusionError, Text, require


class GatewayDiffers(ChainFusionError):
    """A transaction that a gateway made of another request than the person's."""

    code = "GATEWAY_DIFFERS"
    says = Text("The peer returned a transaction that is not the one asked for: its {what} differs.",
                "对等节点返回的交易与请求不符：{what_zh}不同。")  # fmt: skip
    do = Text("Nothing was signed. Do not use this peer, and tell the member that runs it.",
              "未签署任何内容。请勿再使用该节点，并通知其运营成员。")  # fmt: skip


def check_prepared(payload: bytes, asked: bytes) -> None:
    """Checks that an envelope's payload states the very proposal `asked`: its headers, its call without the transient
    input. What the endorsers add is checked by every peer of the channel. Raises: GatewayDiffers."""
    try:
        proposal = proposals.Proposal.FromString(asked)
        found = common.Payload.FromString(payload)
        actions = transactions.Transaction.FromString(found.data).actions
        stated = [transactions.ChaincodeActionPayload.FromString(each.payload) for each in actions]
        calls = [proposals.ChaincodeProposalPayload.FromString(each.chaincode_proposal_payload) for each in stated]
    except DecodeError:
        raise _differs("form", "格式") from None
    header = common.Header.FromString(proposal.header)
    call = proposals.ChaincodeProposalPayload.FromString(proposal.payload)
    require(found.header == header, _differs("header", "标头"))
    require([each.header for each in actions] == [header.signature_header], _differs("creator", "创建者"))
    same = [(each.input, len(each.TransientMap)) for each in calls] == [(call.input, 0)]
    require(same, _differs("call", "调用"))


def _differs(what: str, what_zh: str) -> GatewayDiffers:
    return GatewayDiffers(what=what, what_zh=what_zh)
