"""Typed records under composite keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any, Generic, TypeVar

from chainfusion.contracts.framework.context import Context
from chainfusion.contracts.framework.keys import composite_key
from chainfusion.domain.encoding import encoded
from chainfusion.domain.records import from_json

R = TypeVar("R")
MAX_REMEMBERED = 1 << 16
"""Bytes of a value whose record is remembered: what every transaction reads is smaller."""


class Table(Generic[R]):
    """All records of one kind: `Table("deal", Deal)` keeps each under the composite key (deal, id, ...)."""

    def __init__(self, object_type: str, kind: type[R]) -> None:
        self.object_type = object_type
        self.kind = kind
        self.key: Callable[..., str] = partial(composite_key, object_type)
        """The state key of a record, by its ids. A partial call, since every read of every transaction makes one."""

    def get(self, ctx: Context, *ids: str) -> R | None:
        """The committed record, or None."""
        value = ctx.get(self.key(*ids))
        return None if value is None else self.read(value)

    def put(self, ctx: Context, record: R, *ids: str) -> R:
        """Writes a record and returns it."""
        ctx.put(self.key(*ids), encoded(record))
        return record

    def all(self, ctx: Context, *prefix: str) -> Iterator[R]:
        """The committed records whose ids begin with `prefix`, in key order."""
        for _, value in ctx.by_prefix(self.object_type, *prefix):
            yield self.read(value)

    def read(self, value: bytes) -> R:
        """The record in a state value, which the ledger has already authenticated."""
        kind: Any = self.kind
        read = _read if len(value) <= MAX_REMEMBERED else _read.__wrapped__
        record: R = read(kind, value)
        return record

    def fingerprint(self, ctx: Context, *ids: str) -> bytes | None:
        """SHA-256 of the committed value, as the outcome of the transaction that wrote it states it."""
        value = ctx.get(self.key(*ids))
        return None if value is None else hashlib.sha256(value).digest()


@lru_cache(maxsize=4096)
def _read(kind: Any, value: bytes) -> Any:
    """Records are frozen, so a value that is read by every transaction is parsed once."""
    return from_json(kind, json.loads(value))
