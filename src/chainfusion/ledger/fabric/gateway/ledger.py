"""`FabricLedger`: the port to a ledger, on a channel of Hyperledger Fabric."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from threading import Lock
from typing import Any

from fabric_protos.common import ledger_pb2 as chain

from chainfusion.contracts.framework import Modification
from chainfusion.contracts.framework.keys import composite_key
from chainfusion.contracts.framework.limits import key_bytes
from chainfusion.domain.errors import require
from chainfusion.domain.records import from_json
from chainfusion.ledger.evidence.transaction import VALID, Creator, Proposal
from chainfusion.ledger.fabric.blocks.block import FabricBlock
from chainfusion.ledger.fabric.blocks.records import Reader, certificates_in
from chainfusion.ledger.fabric.chaincode.reading import reading
from chainfusion.ledger.fabric.gateway.attempts import attempt_nonce
from chainfusion.ledger.fabric.gateway.client import Committed, GatewayClient
from chainfusion.ledger.fabric.gateway.signing import transaction_id
from chainfusion.ledger.port import (
    Block,
    CommittedTransaction,
    NotOnLedger,
    Receipt,
    Signer,
    TransactionRefused,
    TransactionState,
)

_QSCC = "qscc"
_ABSENT = ("no such transaction ID", "no such block number")
"""What a peer says of an id and of a number that it does not have."""


class FabricLedger:
    """A channel as one institution's peers show it. Thread-safe.

    `reader` is who asks where a call of the port names nobody: the node, or the person at work. `host` is the member
    whose peers these are, by default the reader's own.
    """

    def __init__(self, client: GatewayClient, ledger_id: str, reader: Signer, host: str = "") -> None:
        self._client = client
        self._ledger_id = ledger_id
        self._reader = reader
        self._host = host or reader.msp_id
        self._blocks = Reader(ledger_id, client.settings.chaincode)
        self._people: dict[str, bytes] = {}
        self._people_read = 0
        self._lock = Lock()

    @property
    def ledger_id(self) -> str:
        """First 32 hexadecimal characters of the genesis' SHA-256; the chaincode is set up with the same."""
        return self._ledger_id

    # -------------------------------------------------------------- calls

    def evaluate(self, proposal: Proposal, signer: Signer, transient: Mapping[str, bytes] | None = None) -> bytes:
        """Runs an operation on one peer and keeps nothing. Raises: the contract's refusal, TransactionRefused,
        PeersUnreachable."""
        self._require_fits(proposal)
        return self._client.evaluate(proposal, signer, transient)

    def submit(self, proposal: Proposal, signer: Signer, transient: Mapping[str, bytes] | None = None) -> Receipt:
        """Has a call endorsed, signed, ordered and recorded; a repeat returns the first receipt.

        Conflicts with other transactions are tried anew under ids that follow from the first, so that the receipt's
        id may be another than the first attempt's.

        Raises: as `GatewayClient.submit`.
        """
        self._require_fits(proposal)
        done = self._client.submit(proposal, signer, transient)
        response = self._first_response(done) if done.response is None else done.response
        return Receipt(done.tx_id, TransactionState.COMMITTED, done.code, done.block, response)

    def recorded(self, nonce: str, signer: Signer) -> CommittedTransaction | None:
        """The valid transaction among the attempts that a nonce of this signer stands for, or None."""
        for number in count():
            found = self._find(transaction_id(attempt_nonce(nonce, number), signer))
            if found is None or found.outcome.code == VALID:
                return found
        return None

    def _first_response(self, done: Committed) -> bytes:
        return self.transaction(done.tx_id).response

    def _require_fits(self, proposal: Proposal) -> None:
        why = f"the channel is {self._ledger_id}"
        require(proposal.channel == self._ledger_id, TransactionRefused(reason="WRONG_CHANNEL", why=why))

    # -------------------------------------------------------------- blocks and transactions

    def status(self, tx_id: str) -> TransactionState:
        """Where a transaction stands, as far as this node and its peer know."""
        found = self._find(tx_id)
        if found is not None:
            return TransactionState.COMMITTED if found.outcome.code == VALID else TransactionState.INVALID
        return TransactionState.PENDING if self._client.is_under_way(tx_id) else TransactionState.UNKNOWN

    def height(self) -> int:
        """Number of blocks, configuration blocks among them."""
        return int(chain.BlockchainInfo.FromString(self._qscc("GetChainInfo") or b"").height)

    def block(self, number: int) -> Block:
        """A block by number; a configuration block has no transactions of ours. Raises: NotOnLedger."""
        return self._blocks.block(self.fabric_block(number))

    def fabric_block(self, number: int) -> FabricBlock:
        """A block as Fabric has it. Raises: NotOnLedger, BlockUnreadable."""
        data = self._qscc("GetBlockByNumber", str(number)) if number >= 0 else None
        if data is None:
            raise NotOnLedger(what="block", id=str(number))
        return FabricBlock.parse(data)

    def transaction(self, tx_id: str) -> CommittedTransaction:
        """A recorded call of our contracts by id. Raises: NotOnLedger."""
        found = self._find(tx_id)
        if found is None:
            raise NotOnLedger(what="transaction", id=tx_id[:80])
        return found

    def _find(self, tx_id: str) -> CommittedTransaction | None:
        data = self._qscc("GetBlockByTxID", tx_id) if tx_id else None
        if data is None:
            return None
        found = self._blocks.transactions(FabricBlock.parse(data))
        return next((each for each in found if each.outcome.tx_id == tx_id), None)

    def certificate(self, fingerprint: str) -> bytes:
        """A creator's certificate (DER) by fingerprint, from the blocks. Raises: NotOnLedger."""
        with self._lock:
            if fingerprint not in self._people:
                self._read_people()
            if fingerprint not in self._people:
                raise NotOnLedger(what="certificate", id=fingerprint[:80])
            return self._people[fingerprint]

    def remember(self, certificates: Iterable[bytes]) -> None:
        """Keeps people's certificates (DER) that were met in a block, so that nobody reads it again for them."""
        for der in certificates:
            self._people[sha256(der).hexdigest()] = der

    def _read_people(self) -> None:
        for number in range(self._people_read, self.height()):
            self.remember(certificates_in(self.fabric_block(number)))
            self._people_read = number + 1

    # -------------------------------------------------------------- state

    def state(self, key: str) -> bytes | None:
        """The committed value of a key, as one peer has it."""
        key_bytes(key)
        found = self._read("state", key=key)
        return None if found is None else bytes.fromhex(found)

    def state_by_prefix(self, object_type: str, *attributes: str) -> Iterator[tuple[str, bytes]]:
        """Committed composite keys that begin with these parts, in key order, read page by page."""
        composite_key(object_type, *attributes)
        after = ""
        while page := self._read("prefix", parts=[object_type, *attributes], after=after):
            yield from ((key, bytes.fromhex(value)) for key, value in page)
            after = page[-1][0]

    def history(self, key: str) -> tuple[Modification, ...]:
        """Committed changes of a key, newest first."""
        key_bytes(key)
        return from_json(tuple[Modification, ...], self._read("history", key=key))

    # -------------------------------------------------------------- asking

    def _read(self, operation: str, **args: Any) -> Any:
        """The answer of one of the chaincode's reserved reading operations."""
        proposal = Proposal(
            args=args,
            channel=self._ledger_id,
            contract=reading.name,
            creator=Creator(self._reader.msp_id, self._reader.certificate_fingerprint),
            nonce=secrets.token_hex(24),
            operation=operation,
            time=datetime.now(UTC),
            transient=None,
            version=reading.version,
        )
        return json.loads(self._client.evaluate(proposal, self._reader))

    def _qscc(self, function: str, *args: str) -> bytes | None:
        """What our own peers' system chaincode answers, or None where it has no such thing."""
        words = [each.encode() for each in (function, self._client.settings.channel, *args)]
        try:
            return self._client.ask(_QSCC, words, self._reader, [self._host])
        except TransactionRefused as refusal:
            if any(mark in str(refusal.facts["why"]) for mark in _ABSENT):
                return None
            raise
