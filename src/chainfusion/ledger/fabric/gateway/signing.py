"""Our proposals in Fabric's form, signed by the person: what peers, orderers and the gateway are given."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fabric_protos.common import common_pb2 as common
from fabric_protos.gateway import gateway_pb2 as gateway
from fabric_protos.msp import identities_pb2 as identities
from fabric_protos.orderer import ab_pb2 as orderer
from fabric_protos.peer import chaincode_pb2 as chaincode
from fabric_protos.peer import proposal_pb2 as proposals
from google.protobuf.timestamp_pb2 import Timestamp

from chainfusion.ledger.evidence.transaction import Proposal
from chainfusion.ledger.fabric.chaincode.call import Call
from chainfusion.ledger.fabric.gateway.attempts import attempt_nonce
from chainfusion.ledger.fabric.gateway.checking import check_prepared
from chainfusion.ledger.port import Signer


@dataclass(frozen=True)
class Prepared:
    """A signed proposal with the id that it will be recorded under."""

    channel: str
    tx_id: str
    signed: proposals.SignedProposal

    def evaluate_request(self, organisations: Sequence[str] = ()) -> gateway.EvaluateRequest:
        """To be run on one peer, of these organisations where any are named."""
        return gateway.EvaluateRequest(
            transaction_id=self.tx_id,
            channel_id=self.channel,
            proposed_transaction=self.signed,
            target_organizations=organisations,
        )

    def endorse_request(self) -> gateway.EndorseRequest:
        """To be endorsed as the chaincode's policy demands."""
        return gateway.EndorseRequest(
            transaction_id=self.tx_id, channel_id=self.channel, proposed_transaction=self.signed
        )

    def submit_request(self, endorsed: common.Envelope, signer: Signer) -> gateway.SubmitRequest:
        """To be ordered: the endorsed envelope with the person's signature. Raises: GatewayDiffers."""
        check_prepared(endorsed.payload, self.signed.proposal_bytes)
        envelope = common.Envelope(payload=endorsed.payload, signature=signer.sign(endorsed.payload))
        return gateway.SubmitRequest(transaction_id=self.tx_id, channel_id=self.channel, prepared_transaction=envelope)


def prepare(
    channel: str,
    name: str,
    args: Sequence[bytes],
    nonce: bytes,
    seconds_and_nanos: tuple[int, int],
    signer: Signer,
    transient: Mapping[str, bytes] | None = None,
) -> Prepared:
    """A call of the chaincode `name`, signed."""
    creator = serialized_identity(signer.msp_id, signer.certificate_der)
    tx_id = hashlib.sha256(nonce + creator).hexdigest()
    target = chaincode.ChaincodeID(name=name)
    channel_header = common.ChannelHeader(
        type=common.HeaderType.ENDORSER_TRANSACTION,
        timestamp=Timestamp(seconds=seconds_and_nanos[0], nanos=seconds_and_nanos[1]),
        channel_id=channel,
        tx_id=tx_id,
        extension=proposals.ChaincodeHeaderExtension(chaincode_id=target).SerializeToString(),
    )
    header = common.Header(
        channel_header=channel_header.SerializeToString(),
        signature_header=common.SignatureHeader(creator=creator, nonce=nonce).SerializeToString(),
    )
    spec = chaincode.ChaincodeSpec(chaincode_id=target, input=chaincode.ChaincodeInput(args=args))
    payload = proposals.ChaincodeProposalPayload(
        input=chaincode.ChaincodeInvocationSpec(chaincode_spec=spec).SerializeToString(), TransientMap=transient
    )
    proposal = proposals.Proposal(header=header.SerializeToString(), payload=payload.SerializeToString())
    data = proposal.SerializeToString()
    signed = proposals.SignedProposal(proposal_bytes=data, signature=signer.sign(data))
    return Prepared(channel, tx_id, signed)


def prepare_call(
    channel: str, name: str, proposal: Proposal, signer: Signer, transient: Mapping[str, bytes] | None
) -> Prepared:
    """Our proposal, signed: its nonce is Fabric's nonce and its time the channel header's timestamp."""
    call = Call(proposal.contract, proposal.version, proposal.operation, proposal.args, proposal.transient)
    time = Timestamp()
    time.FromDatetime(proposal.time)
    nonce = bytes.fromhex(proposal.nonce)
    return prepare(channel, name, call.args, nonce, (time.seconds, time.nanos), signer, transient)


def attempt(proposal: Proposal, number: int) -> Proposal:
    """The proposal of a further attempt at the same request: a nonce of its own, that follows from the first."""
    return replace(proposal, nonce=attempt_nonce(proposal.nonce, number)) if number else proposal


def transaction_id(nonce: str, signer: Signer) -> str:
    """Fabric's transaction id: SHA-256(nonce, serialized creator), hexadecimal."""
    creator = serialized_identity(signer.msp_id, signer.certificate_der)
    return hashlib.sha256(bytes.fromhex(nonce) + creator).hexdigest()


def status_request(channel: str, tx_id: str, signer: Signer) -> gateway.SignedCommitStatusRequest:
    """The signed question of what became of a transaction."""
    creator = serialized_identity(signer.msp_id, signer.certificate_der)
    data = gateway.CommitStatusRequest(transaction_id=tx_id, channel_id=channel, identity=creator).SerializeToString()
    return gateway.SignedCommitStatusRequest(request=data, signature=signer.sign(data))


def events_request(
    channel: str, name: str, signer: Signer, block: int, after: str
) -> gateway.SignedChaincodeEventsRequest:
    """The signed request of a chaincode's events from a block on, beyond the transaction `after` where it is named."""
    start = orderer.SeekPosition(specified=orderer.SeekSpecified(number=block))
    data = gateway.ChaincodeEventsRequest(
        channel_id=channel,
        chaincode_id=name,
        identity=serialized_identity(signer.msp_id, signer.certificate_der),
        start_position=start,
        after_transaction_id=after,
    ).SerializeToString()
    return gateway.SignedChaincodeEventsRequest(request=data, signature=signer.sign(data))


@lru_cache(maxsize=1024)
def serialized_identity(msp: str, certificate: bytes) -> bytes:
    """A person in Fabric's form: MSP id and certificate (given in DER, written in PEM)."""
    pem = x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)
    return bytes(identities.SerializedIdentity(mspid=msp, id_bytes=pem).SerializeToString())
