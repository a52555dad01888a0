"""A range costs what it holds, and not what stands behind it."""

from __future__ import annotations

import pytest

from chainfusion.ledger.embedded.store import Store

BEHIND = 20_000


def steps_of(store: Store, start: bytes, end: bytes | None, collection: str = "") -> tuple[int, list[bytes]]:
    """How many hundreds of steps SQLite's machine takes for a range, and its keys."""
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    store._sql.set_progress_handler(count, 100)
    rows = list(store.private_range(collection, start, end) if collection else store.state_range(start, end))
    store._sql.set_progress_handler(None, 0)
    return taken, [key for key, _ in rows]


@pytest.mark.parametrize("collection", ["", "shared"])
def test_keys_behind_a_range_are_not_read(collection: str) -> None:
    store = Store.scratch()
    keys = [b"a%d" % n for n in range(5)] + [b"b%06d" % n for n in range(BEHIND)]
    store.put_states((key, b"v", 0) for key in keys)
    store.put_private(("shared", key, b"v", 0) for key in keys)
    store.put_private(("z" * n, b"a", b"other", 0) for n in range(1, 50))
    narrow, found = steps_of(store, b"a", b"b", collection)
    assert found == keys[:5]
    wide, everything = steps_of(store, b"a", None, collection)
    assert everything == keys
    assert narrow < 10 < BEHIND // 100 < wide
    store.close()
