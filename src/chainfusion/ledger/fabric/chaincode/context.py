"""The contract's `Context` over a Fabric peer: reads ask the peer, writes are gathered and handed over at the end."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from fabric_protos.peer import chaincode_shim_pb2 as shim

from chainfusion.contracts.framework import Caller, Modification
from chainfusion.contracts.framework.keys import (
    FIRST_SIMPLE,
    IMPLICIT_COLLECTION,
    LAST,
    NAMESPACE,
    check_simple,
    composite_key,
)
from chainfusion.contracts.framework.limits import (
    check_endorsers,
    check_transaction_size,
    check_value,
    key_bytes,
    text_bytes,
)
from chainfusion.contracts.framework.refusals import CollectionRefused, StateRefused
from chainfusion.domain.encoding import encoded
from chainfusion.ledger.fabric.chaincode.endorsers import VALIDATION_PARAMETER, endorsers_policy
from chainfusion.ledger.fabric.chaincode.peer import Peer, PeerRefused

_UNDEFINED = "not defined in the collection config"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FabricContext:
    """What one run of a contract reads from its peer, and what it asks to be written."""

    def __init__(
        self,
        peer: Peer,
        channel: str,
        tx_id: str,
        timestamp: datetime,
        caller: Caller,
        transient: Mapping[str, bytes],
        collections: Mapping[str, frozenset[str]],
        size: int,
    ) -> None:
        self.channel = channel
        self.tx_id = tx_id
        self.timestamp = timestamp
        self.caller = caller
        self.transient = transient
        self._peer = peer
        self._collections = collections
        self._size = size
        self._seen: dict[str, bytes | None] = {}
        self._ranges: dict[tuple[str, str], tuple[tuple[str, bytes], ...]] = {}
        self._writes: dict[tuple[str, str], bytes | None] = {}
        self._demands: dict[str, bytes] = {}
        self._events: list[bytes] = []
        self._queried_private = False

    # -------------------------------------------------------------- reading

    def get(self, key: str) -> bytes | None:
        """The committed value of a key, or None. The peer is asked once: all reads see one committed state."""
        if key not in self._seen:
            key_bytes(key)
            self._seen[key] = self._peer.state(key) or None
        return self._seen[key]

    def foresee(self, *keys: str) -> None:
        """Asks for keys that will be read, in one question where the peer takes it."""
        unseen = [key for key in dict.fromkeys(keys) if key not in self._seen]
        if len(unseen) > 1:
            for key in unseen:
                key_bytes(key)
            self._seen.update(self._peer.states(unseen))

    def range(self, start: str, end: str) -> Iterator[tuple[str, bytes]]:
        """Committed simple keys from `start` (included) to `end` (excluded); "" leaves a side open. In key order."""
        return self._rows(*_bounds(start, end))

    def by_prefix(self, object_type: str, *attributes: str) -> Iterator[tuple[str, bytes]]:
        """Committed composite keys that begin with these parts, in key order."""
        return self.by_prefix_after("", object_type, *attributes)

    def by_prefix_after(self, bookmark: str, object_type: str, *attributes: str) -> Iterator[tuple[str, bytes]]:
        """`by_prefix` beyond a bookmark, which is the last key of the page before; "" for all."""
        prefix = composite_key(object_type, *attributes)
        text_bytes(prefix + bookmark)
        return self._rows(max(prefix, bookmark + NAMESPACE), prefix + LAST)

    def _rows(self, start: str, end: str) -> Iterator[tuple[str, bytes]]:
        """The rows of a public range, asked for once where they have been read to the end."""
        known = self._ranges.get((start, end))
        if known is not None:
            yield from known
            return
        rows = []
        for row in self._peer.range(start, end):
            rows.append(row)
            yield row
        self._ranges[start, end] = tuple(rows)

    def history(self, key: str) -> Iterator[Modification]:
        """Committed changes of a key, newest first."""
        key_bytes(key)
        for change in self._peer.history(key):
            value = None if change.is_delete else change.value
            yield Modification(change.tx_id, utc_of(change.timestamp.seconds, change.timestamp.nanos), value)

    # -------------------------------------------------------------- writing

    def put(self, key: str, value: bytes) -> None:
        """Writes a key. Raises: StateRefused for an empty key, an empty or an oversized value."""
        check_value(value)
        self.write("", key, value)

    def delete(self, key: str) -> None:
        """Deletes a key."""
        self.write("", key, None)

    def endorsed_by(self, key: str, parties: Collection[str], members: Collection[str]) -> None:
        """Demands endorsements of whoever changes a key later, by Fabric's key-level policy. Raises: StateRefused."""
        key_bytes(key)
        check_endorsers(parties, members)
        policy = endorsers_policy(parties, members)
        self.grow(len(policy))
        self._demands[key] = policy

    def private(self, collection: str) -> FabricCollection:
        """A private data collection by name. Raises: CollectionRefused where there is none of that name."""
        members = self._collections.get(collection)
        if collection.startswith(IMPLICIT_COLLECTION):
            members = frozenset({collection.removeprefix(IMPLICIT_COLLECTION)})
        if members is None:
            raise CollectionRefused(collection=collection, msp=self.caller.msp)
        return FabricCollection(self, self._peer, collection, self.caller.msp in members)

    def emit(self, event: object) -> None:
        """Adds a record to this transaction's one event bundle; its name is the record's class name."""
        entry = b'{"name":"%b","payload":%b}' % (type(event).__name__.encode(), encoded(event))
        self.grow(len(entry))
        self._events.append(entry)

    def write(self, collection: str, key: str, value: bytes | None) -> None:
        """Gathers a write of a key, public where `collection` is empty."""
        if self._queried_private:
            raise StateRefused(what="write", why="this transaction has queried private data")
        self.grow(len(key_bytes(key)) + len(value or b""))
        self._writes[collection, key] = value

    def query_private(self) -> None:
        """Marks that a private range was read, which Fabric allows in reading transactions only."""
        if self._writes:
            raise StateRefused(what="query", why="private data is queried in reading transactions only")
        self._queried_private = True

    def grow(self, size: int) -> None:
        """Counts further bytes of this transaction. Raises: StateRefused beyond the limit."""
        self._size += size
        check_transaction_size(self._size)

    # -------------------------------------------------------------- what came of it

    def hand_over(self) -> None:
        """Gives the peer what was written, in the order of keys, and then what is demanded of later writers."""
        records = [_record(*key, value) for key, value in sorted(self._writes.items())]
        records += [_demand(key, policy) for key, policy in sorted(self._demands.items())]
        if records:
            self._peer.write(records)

    @property
    def events(self) -> bytes | None:
        """The canonical event bundle, or None where nothing was emitted."""
        return b"[" + b",".join(self._events) + b"]" if self._events else None


class FabricCollection:
    """One private data collection, as one transaction sees it."""

    def __init__(self, ctx: FabricContext, peer: Peer, name: str, is_member: bool) -> None:
        self._ctx, self._peer, self._name, self._is_member = ctx, peer, name, is_member

    def get(self, key: str) -> bytes | None:
        """The committed private value, or None."""
        self._require_member()
        key_bytes(key)
        return self._peer.state(key, self._name) or None

    def digest(self, key: str) -> bytes | None:
        """SHA-256 of the committed private value, which every member sees, or None."""
        key_bytes(key)
        try:
            return self._peer.private_hash(self._name, key) or None
        except PeerRefused as error:
            # only the peer knows whose collections there are: an organisation's own is declared nowhere
            if _UNDEFINED in str(error.facts["why"]):
                raise CollectionRefused(collection=self._name, msp=self._ctx.caller.msp) from None
            raise

    def put(self, key: str, value: bytes) -> None:
        """Writes a private value; only its hash goes to the ledger."""
        self._require_member()
        check_value(value)
        self._ctx.write(self._name, key, value)

    def delete(self, key: str) -> None:
        """Deletes a private value."""
        self._require_member()
        self._ctx.write(self._name, key, None)

    def range(self, start: str, end: str) -> Iterator[tuple[str, bytes]]:
        """Committed private keys from `start` (included) to `end` (excluded), in order."""
        self._require_member()
        bounds = _bounds(start, end)
        self._ctx.query_private()
        return self._peer.range(*bounds, self._name)

    def _require_member(self) -> None:
        if not self._is_member:
            raise CollectionRefused(collection=self._name, msp=self._ctx.caller.msp)


def utc_of(seconds: int, nanos: int) -> datetime:
    """A protobuf timestamp to the microsecond, as our times are signed."""
    return _EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1000)


def _bounds(start: str, end: str) -> tuple[str, str]:
    check_simple(start, bound=True)
    check_simple(end, bound=True)
    text_bytes(start)
    text_bytes(end)
    return start or FIRST_SIMPLE, end


def _record(collection: str, key: str, value: bytes | None) -> shim.WriteRecord:
    kind = shim.WriteRecord.Type.DEL_STATE if value is None else shim.WriteRecord.Type.PUT_STATE
    return shim.WriteRecord(key=key, value=value or b"", collection=collection, type=kind)


def _demand(key: str, policy: bytes) -> shim.WriteRecord:
    metadata = shim.StateMetadata(metakey=VALIDATION_PARAMETER, value=policy)
    return shim.WriteRecord(key=key, metadata=metadata, type=shim.WriteRecord.Type.PUT_STATE_METADATA)
