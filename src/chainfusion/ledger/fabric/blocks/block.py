"""A Fabric block: its header and hash, the orderers' signatures, the validation codes of its transactions."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from fabric_protos.common import common_pb2 as common
from fabric_protos.peer import transaction_pb2 as transactions
from google.protobuf.message import DecodeError

from chainfusion.domain.errors import require
from chainfusion.ledger.fabric.blocks.envelope import BlockUnreadable, Envelope

SIGNATURES = common.BlockMetadataIndex.SIGNATURES
FILTER = common.BlockMetadataIndex.TRANSACTIONS_FILTER
COMMIT_HASH = common.BlockMetadataIndex.COMMIT_HASH


@dataclass(frozen=True)
class FabricBlock:
    """A block as a peer gave it. `signatures` are the orderers', each over metadata and header."""

    number: int
    previous: bytes
    data_hash: bytes
    envelopes: tuple[bytes, ...]
    codes: tuple[str, ...]
    signatures: tuple[bytes, ...]
    commit_hash: bytes

    @classmethod
    def parse(cls, data: bytes) -> FabricBlock:
        """Reads a block. Raises: BlockUnreadable where it is none, or its data are not those that its header states."""
        try:
            block = common.Block.FromString(data)
            metadata = list(block.metadata.metadata)
            signed = _metadata(metadata, SIGNATURES).signatures
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
            codes=tuple(map(code_name, codes or bytes(len(envelopes)))),
            signatures=tuple(each.signature for each in signed),
            commit_hash=commit_hash,
        )

    @cached_property
    def header_bytes(self) -> bytes:
        """The header in DER, as Fabric hashes it."""
        return der_sequence(_der_integer(self.number), _der_octets(self.previous), _der_octets(self.data_hash))

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of the header: what the next block names as its previous."""
        return hashlib.sha256(self.header_bytes).digest()

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


def der_sequence(*parts: bytes) -> bytes:
    """An ASN.1 SEQUENCE in DER."""
    return _der(0x30, b"".join(parts))


def _der_integer(number: int) -> bytes:
    return _der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _der_octets(data: bytes) -> bytes:
    return _der(0x04, data)


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def _metadata(metadata: list[bytes], index: int) -> common.Metadata:
    return common.Metadata.FromString(metadata[index] if len(metadata) > index else b"")
