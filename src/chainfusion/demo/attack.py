"""One byte changed, in a document, in a proof and in the ledger's file; and each caught."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from chainfusion.contracts.catalogue import registry
from chainfusion.ledger.embedded.fsck import fsck
from chainfusion.verify import verify


@dataclass(frozen=True)
class Caught:
    """What was changed where, and what the check said of it; `caught` is False where it said nothing."""

    what: str
    at: int
    caught: bool
    said: str


def flip(source: Path, target: Path, at: int) -> Path:
    """A copy of a file with one bit of one byte changed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    data = bytearray(source.read_bytes())
    data[at] ^= 0x01
    target.write_bytes(data)
    return target


def change_document(evidence: Path, document: Path, trust: Path, folder: Path) -> Caught:
    """A byte in the middle of a document."""
    at = document.stat().st_size // 2
    changed = flip(document, folder / document.name, at)
    return _verified("document", at, evidence, trust, changed)


def change_proof(evidence: Path, document: Path, trust: Path, folder: Path) -> Caught:
    """A digit in the middle of an evidence file."""
    at = evidence.stat().st_size // 2
    changed = flip(evidence, folder / evidence.name, at)
    return _verified("proof", at, changed, trust, document)


def change_file(database: Path, transaction: bytes, folder: Path) -> Caught:
    """A byte of a recorded transaction in the ledger's file."""
    copy = folder / database.name
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(database)) as whole, closing(sqlite3.connect(copy)) as target:
        whole.backup(target)
    at = copy.read_bytes().index(transaction[:64]) + 32
    flip(copy, copy, at)
    findings = list(fsck(copy, registry()))
    said = findings[0].message("en") if findings else "nothing was found"
    return Caught("ledger file", at, bool(findings), said)


def _verified(what: str, at: int, evidence: Path, trust: Path, document: Path) -> Caught:
    with document.open("rb") as stream:
        verdict = verify(evidence.read_bytes(), trust.read_bytes(), stream)
    return Caught(what, at, not verdict.ok, verdict.headline("en"))
