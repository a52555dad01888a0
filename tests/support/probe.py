"""A contract that shows what a contract can observe; for tests of ledger engines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chainfusion.contracts.framework import Context, Contract, Operation
from chainfusion.contracts.framework.keys import composite_key
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.domain.roles import Role

ROLES = tuple(Role)
SHARED = "shared"
"""A private collection that the first two members share."""


def anyone(ctx: Context, operation: Operation, arguments: dict[str, Any]) -> None:
    """No rule of access."""


probe = Contract("probe", version=1, guard=anyone)


class ProbeRefused(ChainFusionError):
    """A refusal with facts."""

    code = "PROBE_REFUSED"
    says = Text("The probe refuses {what}.", "探针拒绝 {what}。")


@dataclass(frozen=True)
class First:
    """An event."""

    number: int


@dataclass(frozen=True)
class Second:
    """Another event."""

    text: str


@dataclass(frozen=True)
class Past:
    """One change of a key."""

    tx_id: str
    timestamp: datetime
    value: str | None


@dataclass(frozen=True)
class Seen:
    """What a transaction knows of itself."""

    channel: str
    tx_id: str
    timestamp: datetime
    msp: str
    name: str
    roles: tuple[Role, ...]
    certificate: str


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


@probe.operation(by=ROLES)
def put(ctx: Context, key: str, value: str) -> None:
    ctx.put(key, value.encode())


@probe.operation(by=ROLES)
def put_endorsed(ctx: Context, key: str, value: str, parties: tuple[str, ...], members: tuple[str, ...]) -> None:
    """Writes a key whose later changes these parties, and a majority of the members, must endorse."""
    ctx.put(key, value.encode())
    ctx.endorsed_by(key, parties, members)


@probe.operation(by=ROLES)
def put_many(ctx: Context, entries: tuple[tuple[str, ...], ...]) -> None:
    for key, value in entries:
        ctx.put(key, value.encode())


@probe.operation(by=ROLES)
def put_sizes(ctx: Context, key: str, size: int, count: int) -> None:
    for number in range(count):
        ctx.put(f"{key}{number}", b"x" * size)


@probe.operation(by=ROLES)
def put_raw(ctx: Context, key: str) -> None:
    ctx.put({"surrogate": "\ud800", "not bytes": "k"}[key], "text" if key == "not bytes" else b"v")  # type: ignore[arg-type]


@probe.operation(by=ROLES)
def delete(ctx: Context, key: str) -> None:
    ctx.delete(key)


@probe.operation(by=ROLES)
def put_then_look(ctx: Context, key: str, value: str) -> tuple[str | None, ...]:
    """What get, range and history say of a key that this very transaction has written."""
    ctx.put(key, value.encode())
    ctx.delete("other")
    seen = [_text(ctx.get(key)), _text(ctx.get("other"))]
    seen += [_text(v) for k, v in ctx.range(key, key + "\x01")]
    seen += [_text(change.value) for change in ctx.history(key)]
    return tuple(seen)


@probe.operation(by=ROLES)
def put_and_delete(ctx: Context, key: str) -> None:
    ctx.put(key, b"1")
    ctx.delete(key)


@probe.operation(by=ROLES)
def put_composite(ctx: Context, object_type: str, attributes: tuple[str, ...], value: str) -> None:
    ctx.put(composite_key(object_type, *attributes), value.encode())


@probe.operation(by=ROLES)
def count_up(ctx: Context, key: str) -> int:
    number = int(ctx.get(key) or b"0") + 1
    ctx.put(key, str(number).encode())
    return number


@probe.operation(by=ROLES)
def scan_and_count(ctx: Context, prefix: str) -> int:
    """Writes how many composite keys it saw, as a further one."""
    number = len(list(ctx.by_prefix(prefix)))
    ctx.put(composite_key(prefix, f"{number:05d}"), b"x")
    return number


@probe.operation(by=ROLES)
def emit(ctx: Context, numbers: tuple[int, ...]) -> None:
    for number in numbers:
        ctx.emit(First(number))
    if numbers:
        ctx.emit(Second("末"))


@probe.operation(by=ROLES)
def identity(ctx: Context) -> Seen:
    caller = ctx.caller
    roles = tuple(sorted(caller.roles))
    return Seen(ctx.channel, ctx.tx_id, ctx.timestamp, caller.msp, caller.name, roles, caller.certificate)


@probe.operation(by=ROLES)
def refuse(ctx: Context, what: str) -> None:
    ctx.put("refused", b"written before the refusal")
    ctx.emit(First(1))
    raise ProbeRefused(what=what)


@probe.operation(by=ROLES)
def break_down(ctx: Context) -> None:
    ctx.put("broken", b"written before the break")
    raise KeyError("a bug")


@probe.operation(by=ROLES)
def put_private(ctx: Context, collection: str, key: str) -> None:
    ctx.private(collection).put(key, ctx.transient["value"])


@probe.operation(by=ROLES)
def delete_private(ctx: Context, collection: str, key: str) -> None:
    ctx.private(collection).delete(key)


@probe.operation(by=ROLES)
def query_private_then_put(ctx: Context, collection: str) -> None:
    list(ctx.private(collection).range("", ""))
    ctx.put("k", b"v")


@probe.operation(by=ROLES)
def put_then_query_private(ctx: Context, collection: str) -> None:
    ctx.put("k", b"v")
    list(ctx.private(collection).range("", ""))


@probe.query()
def get(ctx: Context, key: str) -> str | None:
    return _text(ctx.get(key))


@probe.query()
def get_foreseen(ctx: Context, keys: tuple[str, ...]) -> tuple[str | None, ...]:
    """Several keys, all named before the first is read."""
    ctx.foresee(*keys)
    return tuple(_text(ctx.get(key)) for key in keys)


@probe.query()
def scan(ctx: Context, start: str, end: str) -> tuple[tuple[str, ...], ...]:
    return tuple((key, value.decode()) for key, value in ctx.range(start, end))


@probe.query()
def by_prefix(ctx: Context, object_type: str, attributes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value.decode() for _, value in ctx.by_prefix(object_type, *attributes))


@probe.query()
def history(ctx: Context, key: str) -> tuple[Past, ...]:
    return tuple(Past(change.tx_id, change.timestamp, _text(change.value)) for change in ctx.history(key))


@probe.query()
def get_private(ctx: Context, collection: str, key: str) -> str | None:
    return _text(ctx.private(collection).get(key))


@probe.query()
def digest_private(ctx: Context, collection: str, key: str) -> bytes | None:
    return ctx.private(collection).digest(key)


@probe.query()
def scan_private(ctx: Context, collection: str, start: str, end: str) -> tuple[tuple[str, ...], ...]:
    return tuple((key, value.decode()) for key, value in ctx.private(collection).range(start, end))
