"""An in-memory ledger for contract tests: Fabric's semantics, one transaction at a time, nothing durable.

A read sees committed state only, never the transaction's own writes; `range` walks simple keys; history is newest
first; a private value is readable by its collection's members, its hash by all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chainfusion.contracts.framework import Caller, Modification, Registry
from chainfusion.contracts.framework.keys import FIRST_SIMPLE, NAMESPACE, check_simple, composite_key
from chainfusion.contracts.framework.limits import check_endorsers, check_value, key_bytes
from chainfusion.contracts.framework.refusals import CollectionRefused, StateRefused
from chainfusion.domain.records import to_json

START = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
Writes = dict[str, bytes | None]


class MemoryLedger:
    """Committed state, history and private data; `invoke` runs one operation and commits what it wrote."""

    def __init__(self, channel: str = "test", collections: Mapping[str, frozenset[str]] | None = None) -> None:
        self.channel = channel
        self.collections = dict(collections or {})
        self.state: dict[str, bytes] = {}
        self.changes: dict[str, list[Modification]] = {}
        self.private: dict[str, dict[str, bytes]] = {name: {} for name in self.collections}
        self.committed = 0

    def begin(
        self,
        caller: Caller,
        *,
        transient: Mapping[str, bytes] | None = None,
        tx_id: str | None = None,
        time: datetime | None = None,
    ) -> MemoryContext:
        """A transaction on the state as it is now; `commit` makes its writes visible."""
        number = self.committed + 1
        return MemoryContext(
            ledger=self,
            channel=self.channel,
            tx_id=tx_id or hashlib.sha256(b"%d" % number).hexdigest(),
            timestamp=time or START + timedelta(minutes=number),
            caller=caller,
            transient=dict(transient or {}),
        )

    def commit(self, ctx: MemoryContext) -> None:
        """Applies a transaction's write set."""
        for key, value in ctx.writes.items():
            self._apply(self.state, key, value)
            self.changes.setdefault(key, []).insert(0, Modification(ctx.tx_id, ctx.timestamp, value))
        for (collection, key), value in ctx.private_writes.items():
            self._apply(self.private[collection], key, value)
        self.committed += 1

    @staticmethod
    def _apply(state: dict[str, bytes], key: str, value: bytes | None) -> None:
        if value is None:
            state.pop(key, None)
        else:
            state[key] = value

    def invoke(
        self, registry: Registry, operation: str, caller: Caller, **arguments: Any
    ) -> tuple[bytes, MemoryContext]:
        """Runs `contract.operation` of the version in force and commits; a refusal changes nothing.

        Arguments are records or JSON values. Returns the canonical response and the finished context.
        """
        contract, _, name = operation.partition(".")
        ctx = self.begin(caller)
        args = {key: to_json(value) for key, value in arguments.items()}
        response = registry.invoke(ctx, contract, registry.in_force(contract).version, name, args)
        if not registry.operation(contract, registry.in_force(contract).version, name).reads_only:
            self.commit(ctx)
        return response, ctx


@dataclass
class MemoryContext:
    """One transaction: reads the ledger's committed state, gathers writes and events."""

    ledger: MemoryLedger
    channel: str
    tx_id: str
    timestamp: datetime
    caller: Caller
    transient: Mapping[str, bytes]
    writes: Writes = field(default_factory=dict)
    private_writes: dict[tuple[str, str], bytes | None] = field(default_factory=dict)
    events: list[object] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    """What was read by prefix: a key that appears below one is a phantom to this transaction."""

    def get(self, key: str) -> bytes | None:
        self._check_key(key)
        self.reads.append(key)
        return self.ledger.state.get(key)

    def put(self, key: str, value: bytes) -> None:
        self._check_key(key)
        check_value(value)
        self.writes[key] = value

    def delete(self, key: str) -> None:
        self._check_key(key)
        self.writes[key] = None

    def range(self, start: str, end: str) -> Iterator[tuple[str, bytes]]:
        check_simple(start, bound=True)
        check_simple(end, bound=True)
        first = start or FIRST_SIMPLE
        keys = sorted(k for k in self.ledger.state if k >= first and (not end or k < end))
        return iter([(key, self.ledger.state[key]) for key in keys])

    def by_prefix(self, object_type: str, *attributes: str) -> Iterator[tuple[str, bytes]]:
        prefix = composite_key(object_type, *attributes)
        self.prefixes.append(prefix)
        keys = sorted(key for key in self.ledger.state if key.startswith(prefix))
        return iter([(key, self.ledger.state[key]) for key in keys])

    def foresee(self, *keys: str) -> None:
        for key in keys:
            self._check_key(key)

    def endorsed_by(self, key: str, parties: Collection[str], members: Collection[str]) -> None:
        self._check_key(key)
        check_endorsers(parties, members)

    def history(self, key: str) -> Iterator[Modification]:
        self._check_key(key)
        return iter(list(self.ledger.changes.get(key, [])))

    def private(self, collection: str) -> MemoryPrivate:
        if collection not in self.ledger.collections:
            raise CollectionRefused(collection=collection, msp=self.caller.msp)
        return MemoryPrivate(self, collection)

    def emit(self, event: object) -> None:
        self.events.append(event)

    @staticmethod
    def _check_key(key: str) -> None:
        key_bytes(key)
        if not key.startswith(NAMESPACE):
            check_simple(key)


@dataclass
class MemoryPrivate:
    """One private data collection as one transaction sees it."""

    ctx: MemoryContext
    collection: str

    def get(self, key: str) -> bytes | None:
        return self._readable().get(key)

    def digest(self, key: str) -> bytes | None:
        value = self.ctx.ledger.private[self.collection].get(key)
        return None if value is None else hashlib.sha256(value).digest()

    def put(self, key: str, value: bytes) -> None:
        self._readable()
        self.ctx._check_key(key)
        check_value(value)
        self.ctx.private_writes[self.collection, key] = value

    def delete(self, key: str) -> None:
        self._readable()
        self.ctx.private_writes[self.collection, key] = None

    def range(self, start: str, end: str) -> Iterator[tuple[str, bytes]]:
        state = self._readable()
        if self.ctx.writes or self.ctx.private_writes:
            raise StateRefused(what="query", why="private data is queried in reading transactions only")
        keys = sorted(key for key in state if key >= (start or FIRST_SIMPLE) and (not end or key < end))
        return iter([(key, state[key]) for key in keys])

    def _readable(self) -> dict[str, bytes]:
        if self.ctx.caller.msp not in self.ctx.ledger.collections[self.collection]:
            raise CollectionRefused(collection=self.collection, msp=self.ctx.caller.msp)
        return self.ctx.ledger.private[self.collection]
