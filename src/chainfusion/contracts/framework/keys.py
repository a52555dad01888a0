"""Composite keys, byte for byte as Fabric's chaincode shim makes them."""

from __future__ import annotations

from functools import lru_cache

from chainfusion.contracts.framework.refusals import StateRefused

NAMESPACE = "\x00"
SEPARATOR = "\x00"
LAST = "\U0010ffff"
FIRST_SIMPLE = "\x01"
"""Where simple keys begin: the shim puts it in place of an empty range start, which keeps composite keys out."""

IMPLICIT_COLLECTION = "_implicit_org_"
"""Fabric's prefix of the private data collection that each organisation has to itself."""


@lru_cache(maxsize=8192)
def composite_key(object_type: str, *attributes: str) -> str:
    """The key of an object: NUL, type, NUL, then each attribute and NUL.

    Raises: StateRefused where a part holds U+0000 or U+10FFFF, or the type is empty.
    """
    joined = SEPARATOR.join((object_type, *attributes))
    if not object_type:
        raise StateRefused(what="key", why="empty object type")
    if LAST in joined or joined.count(SEPARATOR) != len(attributes):
        raise StateRefused(what="key", why=f"reserved character in {joined[:80]!r}")
    return f"{NAMESPACE}{joined}{SEPARATOR}"


def split_composite_key(key: str) -> tuple[str, ...]:
    """Object type and attributes of a composite key. Raises: StateRefused for a simple key."""
    if not key.startswith(NAMESPACE) or not key.endswith(SEPARATOR) or len(key) < 3:
        raise StateRefused(what="key", why=f"{key[:40]!r} is not a composite key")
    return tuple(key[1:-1].split(SEPARATOR))


def check_simple(key: str, *, bound: bool = False) -> None:
    """Refuses what is no simple key; an open range bound may be empty. Raises: StateRefused."""
    if not key and not bound:
        raise StateRefused(what="key", why="empty")
    if key.startswith(NAMESPACE):
        raise StateRefused(what="key", why="simple keys do not begin with U+0000")
