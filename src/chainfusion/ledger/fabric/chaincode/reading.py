"""What the chaincode offers under the reserved name `ledger`: the committed state, for the node's read calls.

Whoever the peer lets ask is a member of the channel and may read its public state; private data is not read here.
"""

from __future__ import annotations

from typing import Any

from chainfusion.contracts.framework import Context, Contract, Modification, Operation
from chainfusion.ledger.fabric.chaincode.context import FabricContext

PAGE = 500
PAGE_BYTES = 1 << 20
"""Where an answer ends: after so many rows, or bytes of values."""


def _members(ctx: Context, operation: Operation, arguments: dict[str, Any]) -> None:
    """The peer has let the caller in."""


reading = Contract("ledger", version=1, guard=_members)


@reading.query()
def state(ctx: Context, key: str) -> bytes | None:
    """The committed value of a key."""
    return ctx.get(key)


@reading.query()
def prefix(ctx: FabricContext, parts: tuple[str, ...], after: str) -> tuple[tuple[str, str], ...]:
    """Composite keys that begin with these parts, with their values (hexadecimal): a page of those beyond the bookmark
    `after`, which is the last key of the page before."""
    page: list[tuple[str, str]] = []
    size = 0
    for key, value in ctx.by_prefix_after(after, *parts):
        page.append((key, value.hex()))
        size += len(value)
        if len(page) == PAGE or size > PAGE_BYTES:
            break
    return tuple(page)


@reading.query()
def history(ctx: Context, key: str) -> tuple[Modification, ...]:
    """Committed changes of a key, newest first."""
    return tuple(ctx.history(key))
