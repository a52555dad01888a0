"""What every engine refuses to take as a key or a value, so that a contract meets the same refusal on each."""

from __future__ import annotations

from collections.abc import Collection

from chainfusion.contracts.framework.refusals import StateRefused

MAX_VALUE = 1 << 20
"""Bytes of one value."""
MAX_TRANSACTION = 8 << 20
"""Bytes of one transaction: its arguments, transient input, writes, events and response together."""


def key_bytes(key: str) -> bytes:
    """The UTF-8 form of a simple or composite key, whose byte order is the order of keys.

    Raises: StateRefused where it is empty or no Unicode text.
    """
    if not key:
        raise StateRefused(what="key", why="empty")
    try:
        return key.encode()
    except UnicodeEncodeError:
        raise _not_unicode() from None


def text_bytes(text: str) -> bytes:
    """UTF-8 of a key or a range bound. Raises: StateRefused where it is no Unicode text."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise _not_unicode() from None


def _not_unicode() -> StateRefused:
    return StateRefused(what="key", why="not Unicode text")


def check_value(value: bytes) -> None:
    """Refuses what a key cannot hold. Raises: StateRefused."""
    if not isinstance(value, bytes):
        raise StateRefused(what="value", why=f"bytes are needed, not {type(value).__name__}")
    if not value:
        raise StateRefused(what="value", why="empty")
    if len(value) > MAX_VALUE:
        raise StateRefused(what="value", why=f"{len(value)} bytes, more than {MAX_VALUE}")


def check_transaction_size(size: int) -> None:
    """Refuses a transaction that has grown beyond `MAX_TRANSACTION` bytes. Raises: StateRefused."""
    if size > MAX_TRANSACTION:
        raise StateRefused(what="transaction", why=f"more than {MAX_TRANSACTION} bytes")


def check_endorsers(parties: Collection[str], members: Collection[str]) -> None:
    """Refuses a demand that nobody, or nobody in particular, could meet. Raises: StateRefused."""
    if not parties:
        raise StateRefused(what="endorsement", why="no party is named")
    strangers = sorted(set(parties) - set(members))
    if strangers:
        raise StateRefused(what="endorsement", why=f"{', '.join(strangers)} is none of the members")
