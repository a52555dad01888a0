"""Blocks that networks of our own produced, as files: made by make_blocks.py, read by every test that needs Fabric's
real bytes without Fabric."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "data"


@dataclass(frozen=True)
class Stored:
    """A channel's blocks from 0 on, the ledger that lives on it, and transactions' ids by what they did."""

    ledger_id: str
    channel: str
    ids: dict[str, str]
    blocks: tuple[bytes, ...]


def save(path: Path, stored: Stored) -> int:
    """Writes them to one file; gives its size."""
    facts = {"ledger_id": stored.ledger_id, "channel": stored.channel, "ids": stored.ids}
    parts = [json.dumps(facts, sort_keys=True).encode(), *stored.blocks]
    data = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    path.write_bytes(gzip.compress(data, mtime=0))
    return path.stat().st_size


@cache
def load(name: str) -> Stored:
    """The blocks of a network: "raft" or "smartbft"."""
    data, parts = gzip.decompress((FOLDER / f"{name}.blocks.gz").read_bytes()), []
    while data:
        size = int.from_bytes(data[:4], "big")
        parts.append(data[4 : 4 + size])
        data = data[4 + size :]
    facts = json.loads(parts[0])
    return Stored(facts["ledger_id"], facts["channel"], facts["ids"], tuple(parts[1:]))
