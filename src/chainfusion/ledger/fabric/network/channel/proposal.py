"""A proposed change as it goes from institution to institution: the envelope that Fabric's own tools read and write.

Each institution signs over the update's bytes and its own signature header. What the file says of itself is not
believed: what the change does is computed from the update and the configuration that one's own peer has.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from fabric_protos.common import common_pb2 as common
from fabric_protos.common import configtx_pb2 as configtx
from fabric_protos.msp import identities_pb2 as identities
from google.protobuf.message import DecodeError

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.evidence.certificates import Certificate, CertificateRefused
from chainfusion.ledger.fabric.network.channel.authority import Signed
from chainfusion.ledger.fabric.network.channel.changes import Change
from chainfusion.ledger.fabric.network.channel.config import ChannelConfig
from chainfusion.ledger.fabric.network.channel.update import compute_update
from chainfusion.ledger.fabric.network.wire import serialized
from chainfusion.ledger.port import Signer

MAX_BYTES = 10 * 1024 * 1024


class ProposalRefused(ChainFusionError):
    """A file that is no proposed change, or one with a signature that is not what it says."""

    code = "CHANNEL_PROPOSAL_REFUSED"
    says = Text("This is not a usable proposed change: {why}.", "该变更提案不可用：{why}。")
    do = Text("Ask whoever proposed it for the file again.", "请向提出方重新索取文件。")


@dataclass(frozen=True)
class ChangeProposal:
    """A change with the signatures that it has."""

    channel: str
    data: bytes
    signatures: tuple[configtx.ConfigSignature, ...]

    @property
    def update(self) -> configtx.ConfigUpdate:
        """The change itself."""
        return configtx.ConfigUpdate.FromString(self.data)

    @property
    def signed(self) -> tuple[Signed, ...]:
        """Who signed, each signature verified. Raises: ProposalRefused."""
        return tuple(self._signed())

    def _signed(self) -> Iterator[Signed]:
        for each in self.signatures:
            try:
                creator = common.SignatureHeader.FromString(each.signature_header).creator
                identity = identities.SerializedIdentity.FromString(creator)
                pem = x509.load_pem_x509_certificate(identity.id_bytes)
                certificate = Certificate.from_der(pem.public_bytes(Encoding.DER))
                signed = each.signature_header + self.data
                certificate.p256_key.verify(each.signature, signed, ECDSA(SHA256()))
            except (DecodeError, ValueError, CertificateRefused) as error:
                raise ProposalRefused(why=f"a signer's certificate cannot be read: {error}"[:200]) from None
            except InvalidSignature:
                why = f"the signature of {identity.mspid} is not over this change"
                raise ProposalRefused(why=why) from None
            yield Signed(identity.mspid, certificate)

    def require_for(self, present: ChannelConfig) -> None:
        """Checks that it is a change of this channel. Raises: ProposalRefused."""
        same = self.channel == present.channel
        require(same, ProposalRefused(why=f"it is for channel {self.channel[:80]}, and this is {present.channel}"))

    def sign(self, signer: Signer) -> ChangeProposal:
        """The same change with one signature more; signing again replaces the own one."""
        creator = serialized(signer)
        header = common.SignatureHeader(creator=creator, nonce=secrets.token_bytes(24)).SerializeToString()
        own = configtx.ConfigSignature(signature_header=header, signature=signer.sign(header + self.data))
        others = [
            each
            for each in self.signatures
            if common.SignatureHeader.FromString(each.signature_header).creator != creator
        ]
        return ChangeProposal(self.channel, self.data, (*others, own))

    def envelope(self, signer: Signer | None = None) -> common.Envelope:
        """As Fabric takes it; `signer` is who submits it."""
        kind = common.HeaderType.CONFIG_UPDATE
        header = common.ChannelHeader(type=kind, channel_id=self.channel)
        payload = common.Payload(data=self._content().SerializeToString())
        if signer is not None:
            header.timestamp.FromNanoseconds(time.time_ns())
            creator, nonce = serialized(signer), secrets.token_bytes(24)
            signature_header = common.SignatureHeader(creator=creator, nonce=nonce)
            payload.header.signature_header = signature_header.SerializeToString()
        payload.header.channel_header = header.SerializeToString()
        data = payload.SerializeToString()
        return common.Envelope(payload=data, signature=signer.sign(data) if signer else b"")

    def to_bytes(self) -> bytes:
        """The file."""
        return bytes(self.envelope().SerializeToString())

    def _content(self) -> configtx.ConfigUpdateEnvelope:
        return configtx.ConfigUpdateEnvelope(config_update=self.data, signatures=self.signatures)


def propose_change(present: ChannelConfig, change: Change) -> ChangeProposal:
    """A change of the channel as it is, which nobody has signed. Raises: ChangeRefused, NothingChanges."""
    update = compute_update(present.channel, present.config, change(present.config))
    return ChangeProposal(present.channel, update.SerializeToString(deterministic=True), ())


def read_proposal(data: bytes) -> ChangeProposal:
    """A proposal from its file; its signatures are verified. Raises: ProposalRefused."""
    require(len(data) <= MAX_BYTES, ProposalRefused(why="it is too large"))
    try:
        payload = common.Payload.FromString(common.Envelope.FromString(data).payload)
        header = common.ChannelHeader.FromString(payload.header.channel_header)
        is_update = header.type == common.HeaderType.CONFIG_UPDATE
        require(is_update, ProposalRefused(why="the file holds no change of a channel"))
        content = configtx.ConfigUpdateEnvelope.FromString(payload.data)
        update = configtx.ConfigUpdate.FromString(content.config_update)
    except DecodeError as error:
        raise ProposalRefused(why=str(error)[:200]) from None
    same = update.channel_id == header.channel_id
    require(same, ProposalRefused(why="it names two channels"))
    proposal = ChangeProposal(header.channel_id, content.config_update, tuple(content.signatures))
    _ = proposal.signed
    return proposal
