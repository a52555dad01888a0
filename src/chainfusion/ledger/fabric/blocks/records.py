"""The port's blocks and transactions, made of Fabric's.

A Fabric block holds transactions of several kinds; the port shows the calls of our contracts, each at its index in the
block. What an invalid transaction would have written or told is not shown, since it did neither.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fabric_protos.msp import identities_pb2 as identities
from google.protobuf.message import DecodeError

from chainfusion.domain.canonical import NotCanonical
from chainfusion.ledger.evidence.block import BlockHeader
from chainfusion.ledger.evidence.fabric.block import header_bytes
from chainfusion.ledger.evidence.transaction import VALID, Creator, Outcome, Proposal, Transaction
from chainfusion.ledger.fabric.blocks.block import FabricBlock
from chainfusion.ledger.fabric.blocks.envelope import BlockUnreadable, Envelope, Invocation
from chainfusion.ledger.fabric.chaincode.call import Call, CallMalformed
from chainfusion.ledger.port import Block, CommittedTransaction

FORMAT = "fabric-block"


@dataclass(frozen=True)
class FabricHeader(BlockHeader):
    """A Fabric block's header among ours: `transactions` is its data hash, `outcomes` the peer's commit hash, `time`
    the latest of its transactions'; `membership` is empty, since Fabric's header does not state it."""

    @cached_property
    def encoded(self) -> bytes:
        """The header in DER, as Fabric hashes it."""
        return header_bytes(self.number, self.previous, self.transactions)

    @property
    def signing_bytes(self) -> bytes:
        """What each orderer signs ends with this; its metadata and identity come before it."""
        return self.encoded


@dataclass(frozen=True)
class Reader:
    """Reads blocks of one ledger: its id, and the chaincode that runs our contracts."""

    ledger_id: str
    chaincode: str

    def block(self, block: FabricBlock) -> Block:
        """The port's block. Raises: BlockUnreadable."""
        committed = tuple(self.transactions(block))
        header = FabricHeader(
            channel=self.ledger_id,
            count=len(committed),
            format=FORMAT,
            membership=b"",
            number=block.number,
            outcomes=block.commit_hash,
            previous=block.previous,
            time=max(each.header.time for each in block.transactions),
            transactions=block.data_hash,
        )
        return Block(header, block.signatures[0] if block.signatures else b"", committed)

    def transactions(self, block: FabricBlock) -> Iterator[CommittedTransaction]:
        """The calls of our contracts in a block, in order."""
        for index, (envelope, code) in enumerate(zip(block.transactions, block.codes, strict=True)):
            found = self._committed(envelope, code, block.number, index)
            if found is not None:
                yield found

    def _committed(self, envelope: Envelope, code: str, block: int, index: int) -> CommittedTransaction | None:
        invocation = envelope.invocation
        if invocation is None or invocation.chaincode != self.chaincode:
            return None
        try:
            call = Call.of(list(invocation.args))
        except (CallMalformed, NotCanonical):
            return None
        outcome = self._outcome(envelope.header.tx_id, invocation, code)
        return CommittedTransaction(
            transaction=Transaction(self._proposal(envelope, call), envelope.signature),
            outcome=outcome,
            response=invocation.response,
            events=tuple(json.loads(invocation.event)) if outcome.event and invocation.event else (),
            block=block,
            index=index,
        )

    def _proposal(self, envelope: Envelope, call: Call) -> Proposal:
        header = envelope.header
        msp, der = identity_in(header.creator)
        proposal = Proposal(
            args=call.arguments,
            channel=self.ledger_id,
            contract=call.contract,
            creator=Creator(msp, hashlib.sha256(der).hexdigest()),
            nonce=header.nonce.hex(),
            operation=call.operation,
            time=header.time,
            transient=call.transient,
            version=call.version,
        )
        vars(proposal)["tx_id"] = header.tx_id  # Fabric's id hashes the creator in Fabric's form
        return proposal

    def _outcome(self, tx_id: str, invocation: Invocation, code: str) -> Outcome:
        valid = code == VALID
        ours = [each for each in invocation.writes if valid and each.namespace == self.chaincode]
        private = [each for each in invocation.private if valid and each.namespace == self.chaincode]
        writes = [(each.key.encode().hex(), None if each.value is None else _sha256(each.value)) for each in ours]
        hashed = [
            (each.collection, each.key_hash.hex(), each.value_hash.hex() if each.value_hash else None)
            for each in private
        ]
        return Outcome(
            code=code,
            event=_sha256(invocation.event) if valid and invocation.event is not None else None,
            private=tuple(sorted(hashed)),
            response=_sha256(invocation.response),
            tx_id=tx_id,
            writes=tuple(sorted(writes)),
        )


def identity_in(creator: bytes) -> tuple[str, bytes]:
    """MSP id and certificate (DER) of a serialized identity. Raises: BlockUnreadable."""
    try:
        identity = identities.SerializedIdentity.FromString(creator)
        return identity.mspid, x509.load_pem_x509_certificate(identity.id_bytes).public_bytes(Encoding.DER)
    except (DecodeError, ValueError) as error:
        raise BlockUnreadable(why=f"a creator cannot be read: {error}") from None


def certificates_in(block: FabricBlock) -> Iterator[bytes]:
    """The certificates (DER) of the people who signed a block's calls."""
    for envelope in block.transactions:
        if envelope.invocation is not None:
            yield identity_in(envelope.header.creator)[1]


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
