"""Two stores' tables side by side, row by row in the order of their keys."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from chainfusion.ledger.embedded.findings import Finding, Kind
from chainfusion.ledger.embedded.store import Store

MOST = 20
"""Differences told of one table; a table that lost its content would have as many as it had rows."""
KEY_COLUMNS = {"history": 2, "private": 2, "private_hashes": 2, "nodes": 2}
"""How many leading columns are a row's key, where it is not one."""
Row = tuple[Any, ...]


def differences(table: str, file: Store, rerun: Store) -> Iterator[Finding]:
    """Where a table of the file is not what running all transactions again gives."""
    width = KEY_COLUMNS.get(table, 1)
    for key, detail in islice(_merged(file.table(table), rerun.table(table), width), MOST):
        yield Finding(Kind.TABLE_DIFFERS, key=" ".join(map(_shown, key)), table=table, detail=detail)


def _merged(found: Iterator[Row], expected: Iterator[Row], width: int) -> Iterator[tuple[Row, str]]:
    left, right = next(found, None), next(expected, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left[:width] < right[:width]):
            assert left is not None
            yield left[:width], "no transaction wrote it"
            left = next(found, None)
        elif left is None or right[:width] < left[:width]:
            yield right[:width], "it is missing"
            right = next(expected, None)
        else:
            if left != right:
                yield left[:width], "its content is not what the transactions wrote"
            left, right = next(found, None), next(expected, None)


def _shown(part: Any) -> str:
    if not isinstance(part, bytes):
        return str(part)
    text = part.decode(errors="backslashreplace")
    if text.startswith("\0"):
        return "/".join(text.strip("\0").split("\0"))
    return text if text.isprintable() else part.hex()
