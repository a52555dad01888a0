"""Speaking to nodes: channels with mutual TLS, signed proposals, endorsed transactions."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # before gRPC is loaded: it would print a line for each failed attempt

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fabric_protos.common import common_pb2 as common
from fabric_protos.msp import identities_pb2 as identities
from fabric_protos.peer import chaincode_pb2 as chaincode
from fabric_protos.peer import proposal_pb2 as proposals
from fabric_protos.peer import proposal_response_pb2 as responses
from fabric_protos.peer import transaction_pb2 as transactions

from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.ledger.fabric.network.places import TlsFiles
from chainfusion.ledger.port import Signer

_MESSAGE = 100 * 1024 * 1024


class NodeRefused(ChainFusionError):
    """A peer or an orderer that did not do what it was asked."""

    code = "FABRIC_NODE_REFUSED"
    says = Text("{node} refused {what}: {why}.", "{node} 拒绝{what}：{why}。")
    do = Text("Look at the node's log, and at `chainfusion network status`.", "请查看节点日志和网络状态。")


@dataclass(frozen=True)
class Asked:
    """A signed proposal with its id."""

    tx_id: str
    proposal: proposals.Proposal
    signed: proposals.SignedProposal


def connect(address: str, own: TlsFiles, server_ca: bytes) -> grpc.Channel:
    """A channel to a node, which proves itself by `server_ca`; we prove ourselves by our own certificate."""
    credentials = grpc.ssl_channel_credentials(server_ca, own.key.read_bytes(), own.certificate.read_bytes())
    sizes = [("grpc.max_receive_message_length", _MESSAGE), ("grpc.max_send_message_length", _MESSAGE)]
    quick = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 500)]
    return grpc.secure_channel(address, credentials, options=sizes + quick)


def serialized(signer: Signer) -> bytes:
    """The signer's identity as Fabric writes it."""
    pem = x509.load_der_x509_certificate(signer.certificate_der).public_bytes(Encoding.PEM)
    return bytes(identities.SerializedIdentity(mspid=signer.msp_id, id_bytes=pem).SerializeToString())


def propose(signer: Signer, channel: str, name: str, args: Sequence[bytes], nonce: bytes | None = None) -> Asked:
    """A signed call of a chaincode; `channel` is empty for what concerns a peer alone."""
    creator, nonce = serialized(signer), nonce or secrets.token_bytes(24)
    tx_id = hashlib.sha256(nonce + creator).hexdigest()
    identity = chaincode.ChaincodeID(name=name)
    extension = proposals.ChaincodeHeaderExtension(chaincode_id=identity)
    channel_header = common.ChannelHeader(
        type=common.HeaderType.ENDORSER_TRANSACTION,
        channel_id=channel,
        tx_id=tx_id,
        extension=extension.SerializeToString(),
    )
    channel_header.timestamp.FromNanoseconds(time.time_ns())
    header = common.Header(
        channel_header=channel_header.SerializeToString(),
        signature_header=common.SignatureHeader(creator=creator, nonce=nonce).SerializeToString(),
    )
    spec = chaincode.ChaincodeInvocationSpec(
        chaincode_spec=chaincode.ChaincodeSpec(
            type=chaincode.ChaincodeSpec.Type.GOLANG,
            chaincode_id=identity,
            input=chaincode.ChaincodeInput(args=args),
        )
    )
    payload = proposals.ChaincodeProposalPayload(input=spec.SerializeToString())
    proposal = proposals.Proposal(header=header.SerializeToString(), payload=payload.SerializeToString())
    data = proposal.SerializeToString()
    return Asked(tx_id, proposal, proposals.SignedProposal(proposal_bytes=data, signature=signer.sign(data)))


def transaction(signer: Signer, asked: Asked, answers: Sequence[responses.ProposalResponse]) -> common.Envelope:
    """The signed transaction that carries the endorsements. Raises: NodeRefused where endorsers differ."""
    if len({answer.payload for answer in answers}) != 1:
        raise NodeRefused(node="peers", what="a common result", why="endorsers computed different results")
    action = transactions.ChaincodeActionPayload(
        chaincode_proposal_payload=asked.proposal.payload,
        action=transactions.ChaincodeEndorsedAction(
            proposal_response_payload=answers[0].payload, endorsements=[answer.endorsement for answer in answers]
        ),
    )
    header = common.Header.FromString(asked.proposal.header)
    one = transactions.TransactionAction(header=header.signature_header, payload=action.SerializeToString())
    payload = common.Payload(
        header=header, data=transactions.Transaction(actions=[one]).SerializeToString()
    ).SerializeToString()
    return common.Envelope(payload=payload, signature=signer.sign(payload))
