"""A Fabric block: its header and hash, the orderers' signatures, the validation codes of its transactions."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from fabric_protos.common import common_pb2 as common
from fabric_protos.peer import transaction_pb2 as transactions
from google.protobuf.message import DecodeError

from chainfusion.domain.errors import require
from chainfusion.ledger.evidence.fabric.attestation import block_leaf
from chainfusion.ledger.evidence.fabric.block import OrdererSignature, SealedBlock, header_bytes
from chainfusion.ledger.fabric.blocks.envelope import BlockUnreadable, Envelope

SIGNATURES = common.BlockMetadataIndex.SIGNATURES
FILTER = common.BlockMetadataIndex.TRANSACTIONS_FILTER
COMMIT_HASH = common.BlockMetadataIndex.COMMIT_HASH


@dataclass(frozen=True)
class FabricBlock:
    """A block as a peer gave it. `signed` are the orderers' lines, each over `metadata` and the header; `flags` the
    validation codes, a byte for each envelope."""

    number: int
    previous: bytes
    data_hash: bytes
    envelopes: tuple[bytes, ...]
    flags: bytes
    metadata: bytes
    signed: tuple[OrdererSignature, ...]
    commit_hash: bytes

    @classmethod
    def parse(cls, data: bytes) -> FabricBlock:
        """Reads a block. Raises: BlockUnreadable where it is none, or its data are not those that its header states."""
        try:
            block = common.Block.FromString(data)
            metadata = list(block.metadata.metadata)
            signed = _metadata(metadata, SIGNATURES)
            commit_hash = _metadata(metadata, COMMIT_HASH).value
        except DecodeError as error:
            raise BlockUnreadable(why=str(error)) from None
        envelopes = tuple(block.data.data)
        found = hashlib.sha256(b"".join(envelopes)).digest()
        require(found == block.header.data_hash, BlockUnreadable(why="its data are not those that its header states"))
        codes = metadata[FILTER] if len(metadata) > FILTER else b""
        require(len(codes) in (0, len(envelopes)), BlockUnreadable(why="codes and transactions differ in number"))
        return cls(
            number=block.header.number,
            previous=block.header.previous_hash,
            data_hash=block.header.data_hash,
            envelopes=envelopes,
            flags=codes or bytes(len(envelopes)),
            metadata=signed.value,
            signed=tuple(
                OrdererSignature(each.identifier_header or each.signature_header, each.signature)
                for each in signed.signatures
            ),
            commit_hash=commit_hash,
        )

    @property
    def codes(self) -> tuple[str, ...]:
        """The validation codes by name."""
        return tuple(map(code_name, self.flags))

    @property
    def signatures(self) -> tuple[bytes, ...]:
        """The orderers' signatures."""
        return tuple(each.signature for each in self.signed)

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of the header: what the next block names as its previous."""
        return hashlib.sha256(header_bytes(self.number, self.previous, self.data_hash)).digest()

    @property
    def sealed(self) -> SealedBlock:
        """The block as evidence has it."""
        return SealedBlock(self.envelopes, self.metadata, self.number, self.previous, self.signed)

    @property
    def leaf(self) -> bytes:
        """The leaf of the members' log that this block is, as this peer recorded it."""
        return block_leaf(self.number, self.hash, self.flags)

    @cached_property
    def transactions(self) -> tuple[Envelope, ...]:
        """The envelopes, in order. Raises: BlockUnreadable."""
        return tuple(map(Envelope.parse, self.envelopes))


def code_name(code: int) -> str:
    """The name of a validation code."""
    try:
        return str(transactions.TxValidationCode.Name(code))
    except ValueError:
        return f"CODE_{code}"


def _metadata(metadata: list[bytes], index: int) -> common.Metadata:
    return common.Metadata.FromString(metadata[index] if len(metadata) > index else b"")
