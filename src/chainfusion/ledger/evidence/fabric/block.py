"""A Fabric block in evidence: the hash that its header has, and what its orderers sign."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from chainfusion.ledger.evidence.fabric.messages import OrdererBlockMetadata
from chainfusion.ledger.evidence.fabric.wire import WireMalformed, read


@dataclass(frozen=True)
class OrdererSignature:
    """An orderer's signature. `header` names the orderer: an IdentifierHeader under SmartBFT, else a
    SignatureHeader."""

    header: bytes
    signature: bytes


@dataclass(frozen=True)
class SealedBlock:
    """A block with all its envelopes: the header states only the hash of them all, one after another.

    `metadata` is the OrdererBlockMetadata that orderers sign with the header; the block that a user trusts by its hash
    has neither metadata nor signatures here.
    """

    data: tuple[bytes, ...]
    metadata: bytes
    number: int
    previous: bytes
    signatures: tuple[OrdererSignature, ...]

    @cached_property
    def header_bytes(self) -> bytes:
        """The header in DER, as Fabric hashes and signs it: number, previous hash, data hash."""
        return header_bytes(self.number, self.previous, hashlib.sha256(b"".join(self.data)).digest())

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of the header: what the next block names as its previous."""
        return hashlib.sha256(self.header_bytes).digest()

    @cached_property
    def configuration(self) -> int:
        """Number of the configuration block that the orderers state to be in force. Raises: WireMalformed."""
        found = read(OrdererBlockMetadata, self.metadata).last_config
        if found is None:
            raise WireMalformed(message="block", why="it names no configuration", why_zh="未指明配置区块")
        return found.index

    def signed_bytes(self, header: bytes) -> bytes:
        """What the orderer that `header` names signs."""
        return self.metadata + header + self.header_bytes


def header_bytes(number: int, previous: bytes, data_hash: bytes) -> bytes:
    """A block's header as Fabric hashes and signs it: an ASN.1 SEQUENCE in DER."""
    encoded = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return _der(0x30, _der(0x02, encoded) + _der(0x04, previous) + _der(0x04, data_hash))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content
