"""The messages that Fabric hashes and signs, as far as evidence reads them; names and numbers are Fabric's.

Every field that Fabric 3.1 may write is listed, since the reader refuses what it does not know.
"""

# ruff: noqa: RUF009 - `at` declares a field, as `dataclasses.field` does

from __future__ import annotations

from dataclasses import dataclass

from chainfusion.ledger.evidence.fabric.wire import at

CONFIG, CONFIG_UPDATE, ENDORSER_TRANSACTION = 1, 2, 3
"""Types of envelopes (common.HeaderType)."""


@dataclass(frozen=True)
class Envelope:
    """What its creator signed."""

    payload: bytes = at(1)
    signature: bytes = at(2)


@dataclass(frozen=True)
class Header:
    """Both headers, as bytes."""

    channel_header: bytes = at(1)
    signature_header: bytes = at(2)


@dataclass(frozen=True)
class Payload:
    """Headers and content."""

    header: Header | None = at(1)
    data: bytes = at(2)


@dataclass(frozen=True)
class Timestamp:
    """POSIX seconds and nanoseconds."""

    seconds: int = at(1)
    nanos: int = at(2)


@dataclass(frozen=True)
class ChannelHeader:
    """Which kind, channel and transaction; `extension` names the chaincode."""

    type: int = at(1)
    version: int = at(2)
    timestamp: Timestamp | None = at(3)
    channel_id: str = at(4)
    tx_id: str = at(5)
    epoch: int = at(6)
    extension: bytes = at(7)
    tls_cert_hash: bytes = at(8)


@dataclass(frozen=True)
class SignatureHeader:
    """Who signs, and a nonce."""

    creator: bytes = at(1)
    nonce: bytes = at(2)


@dataclass(frozen=True)
class IdentifierHeader:
    """Which SmartBFT orderer signs, by its number, and a nonce."""

    identifier: int = at(1)
    nonce: bytes = at(2)


@dataclass(frozen=True)
class SerializedIdentity:
    """MSP id and certificate in PEM."""

    mspid: str = at(1)
    id_bytes: bytes = at(2)


# ------------------------------------------------------------------ block metadata


@dataclass(frozen=True)
class LastConfig:
    """Number of the configuration block in force."""

    index: int = at(1)


@dataclass(frozen=True)
class OrdererBlockMetadata:
    """What orderers sign beside the header."""

    last_config: LastConfig | None = at(1)
    consenter_metadata: bytes = at(2)


@dataclass(frozen=True)
class MetadataSignature:
    """One orderer's signature with the header that names the orderer."""

    signature_header: bytes = at(1)
    signature: bytes = at(2)
    identifier_header: bytes = at(3)


@dataclass(frozen=True)
class Metadata:
    """A block's signatures over `value`."""

    value: bytes = at(1)
    signatures: tuple[MetadataSignature, ...] = at(2)


# ------------------------------------------------------------------ transactions


@dataclass(frozen=True)
class TransactionAction:
    """One action: the header of its proposal and its content."""

    header: bytes = at(1)
    payload: bytes = at(2)


@dataclass(frozen=True)
class Transaction:
    """Actions, of which Fabric allows one."""

    actions: tuple[TransactionAction, ...] = at(1)


@dataclass(frozen=True)
class Endorsement:
    """An endorser's serialized identity and its signature."""

    endorser: bytes = at(1)
    signature: bytes = at(2)


@dataclass(frozen=True)
class ChaincodeEndorsedAction:
    """What endorsers signed, and their signatures."""

    proposal_response_payload: bytes = at(1)
    endorsements: tuple[Endorsement, ...] = at(2)


@dataclass(frozen=True)
class ChaincodeActionPayload:
    """The proposal's payload and what was endorsed of it."""

    chaincode_proposal_payload: bytes = at(1)
    action: ChaincodeEndorsedAction | None = at(2)


@dataclass(frozen=True)
class ChaincodeID:
    """A chaincode by name."""

    path: str = at(1)
    name: str = at(2)
    version: str = at(3)


@dataclass(frozen=True)
class ChaincodeHeaderExtension:
    """Which chaincode is called."""

    chaincode_id: ChaincodeID | None = at(2)


@dataclass(frozen=True)
class ChaincodeInput:
    """The arguments of a call."""

    args: tuple[bytes, ...] = at(1)
    decorations: dict[str, bytes] = at(2)
    is_init: bool = at(3)


@dataclass(frozen=True)
class ChaincodeSpec:
    """The call."""

    type: int = at(1)
    chaincode_id: ChaincodeID | None = at(2)
    input: ChaincodeInput | None = at(3)
    timeout: int = at(4)


@dataclass(frozen=True)
class ChaincodeInvocationSpec:
    """The call, wrapped."""

    chaincode_spec: ChaincodeSpec | None = at(1)


@dataclass(frozen=True)
class ChaincodeProposalPayload:
    """The call as bytes; a transient map is never recorded."""

    input: bytes = at(1)


@dataclass(frozen=True)
class ProposalResponsePayload:
    """What an endorser signs: the proposal's hash and the result."""

    proposal_hash: bytes = at(1)
    extension: bytes = at(2)


@dataclass(frozen=True)
class Response:
    """The chaincode's answer."""

    status: int = at(1)
    message: str = at(2)
    payload: bytes = at(3)


@dataclass(frozen=True)
class ChaincodeAction:
    """The result: what was read and written, told and answered."""

    results: bytes = at(1)
    events: bytes = at(2)
    response: Response | None = at(3)
    chaincode_id: ChaincodeID | None = at(4)


# ------------------------------------------------------------------ what was read and written


@dataclass(frozen=True)
class CollectionHashedReadWriteSet:
    """What was read and written of a private collection, by hashes."""

    collection_name: str = at(1)
    hashed_rwset: bytes = at(2)
    pvt_rwset_hash: bytes = at(3)


@dataclass(frozen=True)
class NsReadWriteSet:
    """One chaincode's part."""

    namespace: str = at(1)
    rwset: bytes = at(2)
    collection_hashed_rwset: tuple[CollectionHashedReadWriteSet, ...] = at(3)


@dataclass(frozen=True)
class TxReadWriteSet:
    """All of it."""

    data_model: int = at(1)
    ns_rwset: tuple[NsReadWriteSet, ...] = at(2)


@dataclass(frozen=True)
class Version:
    """The place of the transaction that last wrote a key."""

    block_num: int = at(1)
    tx_num: int = at(2)


@dataclass(frozen=True)
class KVRead:
    """A key as it was read; no version where there was no such key."""

    key: str = at(1)
    version: Version | None = at(2)


@dataclass(frozen=True)
class KVWrite:
    """A key as it is written."""

    key: str = at(1)
    is_delete: bool = at(2)
    value: bytes = at(3)


@dataclass(frozen=True)
class KVMetadataEntry:
    """Metadata of a key, such as its own endorsement policy."""

    name: str = at(1)
    value: bytes = at(2)


@dataclass(frozen=True)
class KVMetadataWrite:
    """A key's metadata as it is written."""

    key: str = at(1)
    entries: tuple[KVMetadataEntry, ...] = at(2)


@dataclass(frozen=True)
class KVRWSet:
    """Public reads and writes; ranges are kept as bytes."""

    reads: tuple[KVRead, ...] = at(1)
    range_queries_info: tuple[bytes, ...] = at(2)
    writes: tuple[KVWrite, ...] = at(3)
    metadata_writes: tuple[KVMetadataWrite, ...] = at(4)


# ------------------------------------------------------------------ lifecycle


@dataclass(frozen=True)
class StateData:
    """A field of a chaincode's definition as the state holds it."""

    Int64: int | None = at(1)
    Bytes: bytes | None = at(2)
    String: str | None = at(3)


@dataclass(frozen=True)
class ChaincodeValidationInfo:
    """How transactions of a chaincode are validated."""

    validation_plugin: str = at(1)
    validation_parameter: bytes = at(2)


# ------------------------------------------------------------------ policies


@dataclass(frozen=True)
class Policy:
    """A policy by type: 1 signature, 3 implicit meta."""

    type: int = at(1)
    value: bytes = at(2)


@dataclass(frozen=True)
class MSPPrincipal:
    """Somebody who may sign: 0 by role, 1 by organisational unit, 2 by identity."""

    principal_classification: int = at(1)
    principal: bytes = at(2)


@dataclass(frozen=True)
class MSPRole:
    """A role in an organisation: 0 member, 1 admin, 2 client, 3 peer, 4 orderer."""

    msp_identifier: str = at(1)
    role: int = at(2)


@dataclass(frozen=True)
class NOutOf:
    """At least `n` of the rules."""

    n: int = at(1)
    rules: tuple[SignaturePolicy, ...] = at(2)


@dataclass(frozen=True)
class SignaturePolicy:
    """Either the principal of this number, or so many of some rules."""

    signed_by: int | None = at(1)
    n_out_of: NOutOf | None = at(2)


@dataclass(frozen=True)
class SignaturePolicyEnvelope:
    """A rule over principals."""

    version: int = at(1)
    rule: SignaturePolicy | None = at(2)
    identities: tuple[MSPPrincipal, ...] = at(3)


@dataclass(frozen=True)
class ImplicitMetaPolicy:
    """So many of the sub-groups' policies of one name: 0 any, 1 all, 2 a majority."""

    sub_policy: str = at(1)
    rule: int = at(2)


@dataclass(frozen=True)
class ApplicationPolicy:
    """A chaincode's endorsement policy: its own, or one of the channel's by its path."""

    signature_policy: SignaturePolicyEnvelope | None = at(1)
    channel_config_policy_reference: str | None = at(2)


# ------------------------------------------------------------------ configuration


@dataclass(frozen=True)
class ConfigValue:
    """A value and who may change it."""

    version: int = at(1)
    value: bytes = at(2)
    mod_policy: str = at(3)


@dataclass(frozen=True)
class ConfigPolicy:
    """A policy and who may change it."""

    version: int = at(1)
    policy: Policy | None = at(2)
    mod_policy: str = at(3)


@dataclass(frozen=True)
class ConfigGroup:
    """A group and who may change what belongs to it."""

    version: int = at(1)
    groups: dict[str, ConfigGroup] = at(2)
    values: dict[str, ConfigValue] = at(3)
    policies: dict[str, ConfigPolicy] = at(4)
    mod_policy: str = at(5)


@dataclass(frozen=True)
class Config:
    """A channel's configuration, counted by `sequence`."""

    sequence: int = at(1)
    channel_group: ConfigGroup | None = at(2)


@dataclass(frozen=True)
class ConfigEnvelope:
    """A configuration and the update that made it."""

    config: Config | None = at(1)
    last_update: Envelope | None = at(2)


@dataclass(frozen=True)
class ConfigSignature:
    """A signature on an update."""

    signature_header: bytes = at(1)
    signature: bytes = at(2)


@dataclass(frozen=True)
class ConfigUpdateEnvelope:
    """An update with its signatures."""

    config_update: bytes = at(1)
    signatures: tuple[ConfigSignature, ...] = at(2)


@dataclass(frozen=True)
class ConfigUpdate:
    """What an update takes to be there, and what it writes."""

    channel_id: str = at(1)
    read_set: ConfigGroup | None = at(2)
    write_set: ConfigGroup | None = at(3)
    isolated_data: dict[str, bytes] = at(5)


@dataclass(frozen=True)
class ConsensusType:
    """How orderers agree: "etcdraft" or "BFT"."""

    type: str = at(1)
    metadata: bytes = at(2)
    state: int = at(3)


@dataclass(frozen=True)
class Consenter:
    """An orderer that takes part in SmartBFT."""

    id: int = at(1)
    host: str = at(2)
    port: int = at(3)
    msp_id: str = at(4)
    identity: bytes = at(5)
    client_tls_cert: bytes = at(6)
    server_tls_cert: bytes = at(7)


@dataclass(frozen=True)
class Orderers:
    """Those that take part in SmartBFT."""

    consenter_mapping: tuple[Consenter, ...] = at(1)


# ------------------------------------------------------------------ organisations


@dataclass(frozen=True)
class MSPConfig:
    """An organisation's MSP: type 0 is X.509."""

    type: int = at(1)
    config: bytes = at(2)


@dataclass(frozen=True)
class FabricOUIdentifier:
    """An organisational unit, and the CA that may state it where one is named."""

    certificate: bytes = at(1)
    organizational_unit_identifier: str = at(2)


@dataclass(frozen=True)
class FabricNodeOUs:
    """The units that tell clients, peers, administrators and orderers apart."""

    enable: bool = at(1)
    client_ou_identifier: FabricOUIdentifier | None = at(2)
    peer_ou_identifier: FabricOUIdentifier | None = at(3)
    admin_ou_identifier: FabricOUIdentifier | None = at(4)
    orderer_ou_identifier: FabricOUIdentifier | None = at(5)


@dataclass(frozen=True)
class FabricMSPConfig:
    """An X.509 MSP; certificates in PEM."""

    name: str = at(1)
    root_certs: tuple[bytes, ...] = at(2)
    intermediate_certs: tuple[bytes, ...] = at(3)
    admins: tuple[bytes, ...] = at(4)
    revocation_list: tuple[bytes, ...] = at(5)
    signing_identity: bytes = at(6)
    organizational_unit_identifiers: tuple[FabricOUIdentifier, ...] = at(7)
    crypto_config: bytes = at(8)
    tls_root_certs: tuple[bytes, ...] = at(9)
    tls_intermediate_certs: tuple[bytes, ...] = at(10)
    fabric_node_ous: FabricNodeOUs | None = at(11)
