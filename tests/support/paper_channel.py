"""A Fabric channel on paper: the bytes that peers and orderers would make, with every key in the test's hand.

Made of Fabric's own messages (`fabric_protos`), which the verifier does without, so that the two can differ. Stored
blocks of real networks show that real ones look the same; here a test may sign whatever it likes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fabric_protos.common import common_pb2 as common
from fabric_protos.common import configtx_pb2 as configtx
from fabric_protos.common import configuration_pb2 as configuration
from fabric_protos.common import policies_pb2 as policies
from fabric_protos.ledger.rwset import rwset_pb2 as rwset
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2 as kvrwset
from fabric_protos.msp import identities_pb2 as identity_messages
from fabric_protos.msp import msp_config_pb2 as msp_config
from fabric_protos.msp import msp_principal_pb2 as principals
from fabric_protos.orderer import configuration_pb2 as ordering
from fabric_protos.peer import chaincode_pb2 as chaincode
from fabric_protos.peer import policy_pb2 as policy
from fabric_protos.peer import proposal_pb2 as proposals
from fabric_protos.peer import proposal_response_pb2 as responses
from fabric_protos.peer import transaction_pb2 as transactions
from fabric_protos.peer.lifecycle import chaincode_definition_pb2 as definitions
from fabric_protos.peer.lifecycle import db_pb2 as lifecycle_state

from chainfusion.domain.canonical import canonical
from chainfusion.ledger.evidence.fabric.block import header_bytes
from chainfusion.ledger.fabric.network.channel.update import compute_update
from chainfusion.node.identity.signer import Signer
from tests.support.identities import NOW, Member

CHANNEL, CHAINCODE = "deals", "chainfusion"
RAFT, SMARTBFT = "etcdraft", "BFT"
ROLES = {"member": 0, "admin": 1, "client": 2, "peer": 3, "orderer": 4}
Place = tuple[int, int]
Keys = Mapping[str, bytes | None]


def pem(der: bytes) -> bytes:
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def serialized(signer: Signer) -> bytes:
    """A signer as Fabric writes it."""
    identity = identity_messages.SerializedIdentity(mspid=signer.msp_id, id_bytes=pem(signer.certificate_der))
    return bytes(identity.SerializeToString())


def orderer_of(member: Member) -> Signer:
    """A member's orderer; the same one each time."""
    key = ("orderer", frozenset[Any](), False)
    if key not in member._users:
        member._users[key] = member._signer("orderer", "orderer", {})
    return member._users[key]


def admin_of(member: Member) -> Signer:
    return member.user("admin", (), admin=True)


# ------------------------------------------------------------------ configuration


def signature_policy(msp: str, *roles: str) -> policies.Policy:
    """Any one of these roles of an organisation."""
    who = [
        principals.MSPPrincipal(
            principal_classification=principals.MSPPrincipal.Classification.ROLE,
            principal=principals.MSPRole(msp_identifier=msp, role=ROLES[role]).SerializeToString(),
        )
        for role in roles
    ]
    return _of(1, who)


def identity_policy(needed: int, identities: Sequence[bytes]) -> policies.Policy:
    """So many of these very identities."""
    kind = principals.MSPPrincipal.Classification.IDENTITY
    return _of(needed, [principals.MSPPrincipal(principal_classification=kind, principal=each) for each in identities])


def _of(needed: int, who: Sequence[principals.MSPPrincipal]) -> policies.Policy:
    rules = [policies.SignaturePolicy(signed_by=number) for number in range(len(who))]
    rule = policies.SignaturePolicy(n_out_of=policies.SignaturePolicy.NOutOf(n=needed, rules=rules))
    envelope = policies.SignaturePolicyEnvelope(rule=rule, identities=who)
    return policies.Policy(type=1, value=envelope.SerializeToString())


def meta_policy(rule: str, name: str) -> policies.Policy:
    """ANY, ALL or MAJORITY of the groups' policies of a name."""
    meta = policies.ImplicitMetaPolicy(sub_policy=name, rule=policies.ImplicitMetaPolicy.Rule.Value(rule))
    return policies.Policy(type=3, value=meta.SerializeToString())


def msp_value(member: Member, **changes: Any) -> bytes:
    """An organisation's MSP, with NodeOUs."""
    units = {
        f"{kind}_ou_identifier": msp_config.FabricOUIdentifier(organizational_unit_identifier=kind)
        for kind in ("client", "peer", "admin", "orderer")
    }
    config = msp_config.FabricMSPConfig(
        name=member.msp_id,
        root_certs=[pem(member.root_der)],
        fabric_node_ous=msp_config.FabricNodeOUs(enable=True, **units),
        crypto_config=msp_config.FabricCryptoConfig(signature_hash_family="SHA2"),
    )
    config.MergeFrom(msp_config.FabricMSPConfig(**changes))
    return bytes(msp_config.MSPConfig(type=0, config=config.SerializeToString()).SerializeToString())


def organisation_group(member: Member, rules: Mapping[str, tuple[str, ...]]) -> configtx.ConfigGroup:
    """An organisation in a group of the configuration."""
    group = configtx.ConfigGroup(mod_policy="Admins")
    group.values["MSP"].CopyFrom(configtx.ConfigValue(value=msp_value(member), mod_policy="Admins"))
    for name, roles in rules.items():
        set_policy(group, name, signature_policy(member.msp_id, *roles))
    return group


MEMBER_RULES = {
    "Readers": ("admin", "peer", "client"),
    "Writers": ("admin", "client"),
    "Admins": ("admin",),
    "Endorsement": ("peer",),
}
ORDERING_RULES = {"Readers": ("member",), "Writers": ("member",), "Admins": ("admin",)}


def set_policy(group: configtx.ConfigGroup, name: str, made: policies.Policy) -> None:
    group.policies[name].CopyFrom(configtx.ConfigPolicy(policy=made, mod_policy="Admins"))


def set_value(group: configtx.ConfigGroup, name: str, value: Any) -> None:
    group.values[name].CopyFrom(configtx.ConfigValue(value=value.SerializeToString(), mod_policy="Admins"))


def first_config(members: Sequence[Member], orderers: Sequence[Member], consensus: str) -> configtx.Config:
    """The configuration of block 0."""
    root = configtx.ConfigGroup(mod_policy="Admins")
    set_value(root, "Capabilities", configuration.Capabilities(capabilities={"V3_0": configuration.Capability()}))
    application, ordering_group = root.groups["Application"], root.groups["Orderer"]
    for group in (root, application, ordering_group):
        group.mod_policy = "Admins"
        for name, rule in (("Readers", "ANY"), ("Writers", "ANY"), ("Admins", "MAJORITY")):
            set_policy(group, name, meta_policy(rule, name))
    for name in ("Endorsement", "LifecycleEndorsement"):
        set_policy(application, name, meta_policy("MAJORITY", "Endorsement"))
    for member in members:
        application.groups[member.msp_id].CopyFrom(organisation_group(member, MEMBER_RULES))
    for member in orderers:
        ordering_group.groups[member.msp_id].CopyFrom(organisation_group(member, ORDERING_RULES))
    set_policy(ordering_group, "BlockValidation", meta_policy("ANY", "Writers"))
    set_value(ordering_group, "ConsensusType", ordering.ConsensusType(type=consensus))
    if consensus == SMARTBFT:
        set_consenters(ordering_group, orderers)
    return configtx.Config(channel_group=root)


def set_consenters(group: configtx.ConfigGroup, orderers: Sequence[Member]) -> None:
    """SmartBFT's orderers, and the policy that names them."""
    consenters = [
        configuration.Consenter(
            id=number, host="h", port=1, msp_id=each.msp_id, identity=pem(orderer_of(each).certificate_der)
        )
        for number, each in enumerate(orderers, 1)
    ]
    set_value(group, "Orderers", configuration.Orderers(consenter_mapping=consenters))
    count = len(orderers)
    quorum = -(-(count + (count - 1) // 3 + 1) // 2)
    set_policy(group, "BlockValidation", identity_policy(quorum, [serialized(orderer_of(each)) for each in orderers]))


# ------------------------------------------------------------------ envelopes


@dataclass(frozen=True)
class Call:
    """One chaincode call to be; every part may be set wrongly."""

    creator: Signer
    args: Sequence[bytes]
    endorsers: Sequence[Signer]
    chaincode: str = CHAINCODE
    channel: str = CHANNEL
    endorsed_by: Sequence[tuple[Signer, Signer]] = ()
    """Endorsements in one signer's name by another's key."""
    signed_by: Signer | None = None
    nonce: bytes = b""
    time: datetime = NOW
    response: bytes = b"{}"
    status: int = 200
    reads: Mapping[str, Mapping[str, Place | None]] = field(default_factory=dict)
    writes: Mapping[str, Keys] = field(default_factory=dict)
    demands: Mapping[str, policies.Policy] = field(default_factory=dict)
    """Endorsement policies that the call gives to keys of the chaincode."""
    tx_id: str = ""
    proposal_hash: bytes = b""
    answered_as: str = ""

    def envelope(self) -> bytes:
        """The signed envelope."""
        nonce = self.nonce or hashlib.sha256(repr((self.args, self.time)).encode()).digest()[:24]
        creator = serialized(self.creator)
        header = self._header(creator, nonce)
        name = chaincode.ChaincodeID(name=self.chaincode)
        spec = chaincode.ChaincodeSpec(chaincode_id=name, input=chaincode.ChaincodeInput(args=self.args))
        asked = proposals.ChaincodeProposalPayload(
            input=chaincode.ChaincodeInvocationSpec(chaincode_spec=spec).SerializeToString()
        ).SerializeToString()
        endorsed = self._endorsed(header, asked)
        action = transactions.ChaincodeActionPayload(
            chaincode_proposal_payload=asked,
            action=transactions.ChaincodeEndorsedAction(
                proposal_response_payload=endorsed, endorsements=self._endorsements(endorsed)
            ),
        )
        one = transactions.TransactionAction(header=header.signature_header, payload=action.SerializeToString())
        payload = common.Payload(
            header=header, data=transactions.Transaction(actions=[one]).SerializeToString()
        ).SerializeToString()
        signature = (self.signed_by or self.creator).sign(payload)
        return bytes(common.Envelope(payload=payload, signature=signature).SerializeToString())

    def _header(self, creator: bytes, nonce: bytes) -> common.Header:
        extension = proposals.ChaincodeHeaderExtension(chaincode_id=chaincode.ChaincodeID(name=self.chaincode))
        channel = common.ChannelHeader(
            type=common.HeaderType.ENDORSER_TRANSACTION,
            channel_id=self.channel,
            tx_id=self.tx_id or hashlib.sha256(nonce + creator).hexdigest(),
            extension=extension.SerializeToString(),
        )
        channel.timestamp.FromDatetime(self.time)
        signer = common.SignatureHeader(creator=creator, nonce=nonce)
        return common.Header(channel_header=channel.SerializeToString(), signature_header=signer.SerializeToString())

    def _endorsed(self, header: common.Header, asked: bytes) -> bytes:
        hashed = hashlib.sha256(header.channel_header + header.signature_header + asked).digest()
        action = proposals.ChaincodeAction(
            results=self._results(),
            response=responses.Response(status=self.status, payload=self.response),
            chaincode_id=chaincode.ChaincodeID(name=self.answered_as or self.chaincode, version="1"),
        )
        payload = responses.ProposalResponsePayload(
            proposal_hash=self.proposal_hash or hashed, extension=action.SerializeToString()
        )
        return bytes(payload.SerializeToString())

    def _results(self) -> bytes:
        found = rwset.TxReadWriteSet()
        for namespace in sorted({*self.reads, *self.writes}):
            inner = kvrwset.KVRWSet()
            for key, place in self.reads.get(namespace, {}).items():
                read = inner.reads.add(key=key)
                if place is not None:
                    read.version.CopyFrom(kvrwset.Version(block_num=place[0], tx_num=place[1]))
            for key, value in self.writes.get(namespace, {}).items():
                inner.writes.add(key=key, value=value or b"", is_delete=value is None)
            for key, rule in self.demands.items() if namespace == self.chaincode else ():
                entry = kvrwset.KVMetadataEntry(name="VALIDATION_PARAMETER", value=rule.value)
                inner.metadata_writes.add(key=key, entries=[entry])
            found.ns_rwset.add(namespace=namespace, rwset=inner.SerializeToString())
        return bytes(found.SerializeToString())

    def _endorsements(self, endorsed: bytes) -> list[responses.Endorsement]:
        pairs = [*((each, each) for each in self.endorsers), *self.endorsed_by]
        return [
            responses.Endorsement(endorser=serialized(name), signature=key.sign(endorsed + serialized(name)))
            for name, key in pairs
        ]


# ------------------------------------------------------------------ the channel


@dataclass
class PaperChannel:
    """A channel with its blocks; `orderers` are the members that order, `config` the configuration in force."""

    members: tuple[Member, ...]
    orderers: tuple[Member, ...]
    consensus: str
    config: configtx.Config
    blocks: list[bytes] = field(default_factory=list)
    last_config: int = 0
    last_hash: bytes = b""
    definition: Place = (0, 0)
    now: datetime = NOW

    @classmethod
    def founded(
        cls, members: Sequence[Member], consensus: str, orderers: Sequence[Member] | None = None
    ) -> PaperChannel:
        """Block 0, and the chaincode defined in block 1."""
        who = tuple(orderers if orderers is not None else members if consensus == SMARTBFT else members[:1])
        channel = cls(tuple(members), who, consensus, first_config(members, who, consensus))
        channel.order(channel.config_envelope(channel.config, None), signers=())
        channel.define()
        return channel

    @property
    def height(self) -> int:
        return len(self.blocks)

    @property
    def peers(self) -> list[Signer]:
        """A bare majority of the members' peers."""
        return [each.node for each in self.members[: len(self.members) // 2 + 1]]

    def tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    # -------------------------------------------------------------- blocks

    def order(
        self,
        *envelopes: bytes,
        signers: Sequence[Member] | None = None,
        number: int | None = None,
        previous: bytes | None = None,
        last_config: int | None = None,
        codes: bytes = b"",
        keys: Mapping[str, Signer] | None = None,
    ) -> int:
        """Appends a block of these envelopes, signed by a quorum of orderers or by others; gives its number."""
        number = self.height if number is None else number
        previous = self.last_hash if previous is None else previous
        if signers is None:
            count = len(self.orderers)
            quorum = -(-(count + (count - 1) // 3 + 1) // 2) if self.consensus == SMARTBFT else 1
            signers = self.orderers[:quorum]
        data_hash = hashlib.sha256(b"".join(envelopes)).digest()
        header = header_bytes(number, previous, data_hash)
        stated = self.last_config if last_config is None else last_config
        value = common.OrdererBlockMetadata(
            last_config=common.LastConfig(index=stated), consenter_metadata=b"\x08\x01"
        ).SerializeToString()
        metadata = common.Metadata(value=value)
        for each in signers:
            self._sign(metadata, header, each, (keys or {}).get(each.msp_id, orderer_of(each)))
        block = common.Block(
            header=common.BlockHeader(number=number, previous_hash=previous, data_hash=data_hash),
            data=common.BlockData(data=envelopes),
            metadata=common.BlockMetadata(
                metadata=[metadata.SerializeToString(), b"", codes or bytes(len(envelopes)), b"", b""]
            ),
        )
        self.blocks.append(block.SerializeToString())
        self.last_hash = hashlib.sha256(header).digest()
        return number

    def _sign(self, metadata: common.Metadata, header: bytes, member: Member, key: Signer) -> None:
        nonce = bytes([len(metadata.signatures)]) * 24
        if self.consensus == SMARTBFT:
            identifier = [each.msp_id for each in self.orderers].index(member.msp_id) + 1
            named = common.IdentifierHeader(identifier=identifier, nonce=nonce).SerializeToString()
            metadata.signatures.add(identifier_header=named, signature=key.sign(metadata.value + named + header))
            return
        named = common.SignatureHeader(creator=serialized(key), nonce=nonce).SerializeToString()
        metadata.signatures.add(signature_header=named, signature=key.sign(metadata.value + named + header))

    # -------------------------------------------------------------- calls

    def call(self, creator: Signer, operation: str, args: dict[str, Any], response: Any = None, **parts: Any) -> Call:
        """A contract's call, endorsed by a majority; `parts` are those of `Call`."""
        reads = {"_lifecycle": {f"namespaces/fields/{CHAINCODE}/Sequence": self.definition}, CHAINCODE: {}}
        made = Call(
            creator,
            [f"{operation.partition('.')[0]}@1.{operation.partition('.')[2]}".encode(), canonical(args)],
            self.peers,
            time=self.tick(),
            response=canonical({} if response is None else response),
            reads=reads,
            writes={CHAINCODE: {"key": b"value"}},
        )
        return replace(made, **parts)

    def record(self, call: Call, **how: Any) -> str:
        """Orders one call alone; gives its transaction's id."""
        self.order(call.envelope(), **how)
        return tx_id_of(call.envelope())

    def define(self, sequence: int = 1, rule: policy.ApplicationPolicy | None = None, **parts: Any) -> Call:
        """Defines the chaincode: with its own policy, or the channel's."""
        rule = rule or policy.ApplicationPolicy(channel_config_policy_reference="/Channel/Application/Endorsement")
        info = definitions.ChaincodeValidationInfo(
            validation_plugin="vscc", validation_parameter=rule.SerializeToString()
        )
        fields = {
            "Sequence": lifecycle_state.StateData(Int64=sequence),
            "ValidationInfo": lifecycle_state.StateData(Bytes=info.SerializeToString()),
        }
        return self.lifecycle(fields, **parts)

    def lifecycle(self, fields: Mapping[str, Any], **parts: Any) -> Call:
        """Records a transaction of the lifecycle that writes these fields of the chaincode's definition."""
        how = parts.pop("how", {})
        keys = {f"namespaces/fields/{CHAINCODE}/{name}": value.SerializeToString() for name, value in fields.items()}
        made = replace(
            Call(
                admin_of(self.members[0]),
                [b"CommitChaincodeDefinition", b"definition"],
                self.peers,
                chaincode="_lifecycle",
                time=self.tick(),
                response=b"",
                writes={"_lifecycle": keys},
            ),
            **parts,
        )
        self.definition = (self.order(made.envelope(), **how), 0)
        return made

    # -------------------------------------------------------------- configuration

    def update(
        self,
        change: Callable[[configtx.ConfigGroup], None],
        signers: Iterable[Signer],
        *,
        result: Callable[[configtx.Config], None] | None = None,
        ordered: Mapping[str, Any] | None = None,
    ) -> int:
        """A configuration update, signed by these; gives its block. `result` may falsify what comes of it."""
        before, after = self.config, configtx.Config()
        after.CopyFrom(before)
        change(after.channel_group)
        update = compute_update(CHANNEL, before, after)
        made = applied(before, update)
        if result is not None:
            result(made)
        envelope = self.config_envelope(made, signed_update(update, signers))
        number = self.height
        self.order(envelope, **{"last_config": number, **(ordered or {})})
        self.last_config, self.config = number, made
        return number

    def admit(self, member: Member, signers: Iterable[Signer], **how: Any) -> int:
        """A member more."""

        def change(root: configtx.ConfigGroup) -> None:
            root.groups["Application"].groups[member.msp_id].CopyFrom(organisation_group(member, MEMBER_RULES))

        number = self.update(change, signers, **how)
        self.members = (*self.members, member)
        return number

    def config_envelope(self, config: configtx.Config, update: common.Envelope | None) -> bytes:
        """A configuration as orderers put it in a block."""
        channel = common.ChannelHeader(type=common.HeaderType.CONFIG, channel_id=CHANNEL)
        channel.timestamp.FromDatetime(self.tick())
        header = common.Header(channel_header=channel.SerializeToString(), signature_header=b"")
        data = configtx.ConfigEnvelope(config=config, last_update=update).SerializeToString()
        payload = common.Payload(header=header, data=data).SerializeToString()
        return bytes(common.Envelope(payload=payload, signature=b"").SerializeToString())


def applied(before: configtx.Config, update: configtx.ConfigUpdate) -> configtx.Config:
    """What Fabric makes of an update."""
    from chainfusion.ledger.fabric.network.channel.update import apply_update

    return apply_update(before, update)


def signed_update(update: configtx.ConfigUpdate, signers: Iterable[Signer]) -> common.Envelope:
    """An update with its signatures, in the envelope that was sent to an orderer."""
    data = update.SerializeToString()
    envelope = configtx.ConfigUpdateEnvelope(config_update=data)
    for number, signer in enumerate(signers):
        header = common.SignatureHeader(creator=serialized(signer), nonce=bytes([number]) * 24).SerializeToString()
        envelope.signatures.add(signature_header=header, signature=signer.sign(header + data))
    channel = common.ChannelHeader(type=common.HeaderType.CONFIG_UPDATE, channel_id=update.channel_id)
    header = common.Header(channel_header=channel.SerializeToString(), signature_header=b"")
    payload = common.Payload(header=header, data=envelope.SerializeToString())
    return common.Envelope(payload=payload.SerializeToString(), signature=b"sender")


def tx_id_of(envelope: bytes) -> str:
    """The id that an envelope states."""
    payload = common.Payload.FromString(common.Envelope.FromString(envelope).payload)
    return str(common.ChannelHeader.FromString(payload.header.channel_header).tx_id)
