"""A ledger of every kind of content, and what its tables hold, for tests that change its file."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from chainfusion.domain.membership import MEMBERSHIP_KEY
from chainfusion.ledger.embedded import EmbeddedLedger, Finding, fsck
from chainfusion.ledger.embedded.schema import TABLES
from chainfusion.ledger.evidence.checkpoint import sign_checkpoint
from chainfusion.ledger.evidence.note import cosign_text
from tests.ledger.conftest import COLLECTIONS
from tests.support.identities import NOW
from tests.support.ledger import Consortium, Desk, representative
from tests.support.probe import SHARED


def varied(consortium: Consortium, path: Path) -> None:
    """Makes a ledger with values, deletions, history, private data, events, a refusal and a cosigned checkpoint."""
    with consortium.found(path, collections=COLLECTIONS) as ledger:
        desk = Desk(consortium, ledger, representative(consortium.orderer))
        other = Desk(consortium, ledger, representative(consortium.members[1]))
        desk.submit("probe.put_many", entries=[["a", "1"], ["b", "2"], ["c", "3"]])
        other.submit("probe.put", key="a", value="一" * 700)
        desk.submit("probe.delete", key="b")
        desk.submit("probe.put_composite", object_type="deal", attributes=["x", "1"], value="v")
        other.submit("probe.put_private", collection=SHARED, key="p", transient={"value": b"secret"})
        desk.submit("probe.emit", numbers=[1, 2])
        desk.submit("probe.refuse", what="this")
        other.submit("probe.count_up", key="n")
        _several_in_a_block(desk)
        keep_cosigned(consortium, ledger)


def _several_in_a_block(desk: Desk) -> None:
    calls = [desk.consortium.signed(desk.person, "probe.count_up", key=f"n{n}") for n in range(12)]
    for future in [desk.ledger.record_soon(call, desk.person.certificate_der) for call in calls]:
        future.result()


def keep_cosigned(consortium: Consortium, ledger: EmbeddedLedger) -> None:
    """Keeps the current checkpoint, signed by the orderer and cosigned by another member."""
    checkpoint = ledger.checkpoint()
    note = sign_checkpoint(checkpoint, consortium.orderer.notary)
    witness = consortium.members[1].notary
    ledger.keep_note(checkpoint.size, note.signed(cosign_text(note.text, witness, int(NOW.timestamp()))))


def examined(consortium: Consortium, path: Path, **options: Any) -> list[Finding]:
    """What fsck finds."""
    return list(fsck(path, consortium.registry, collections=COLLECTIONS, **options))


def content(path: Path) -> dict[str, list[Any]]:
    """All rows of all tables with their types, as SQLite itself gives them."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    connection.text_factory = bytes
    try:
        return {table: sorted(map(repr, connection.execute(f"select * from {table}"))) for table in TABLES}
    finally:
        connection.close()


def edit(path: Path, *statements: str) -> None:
    """Changes the file with SQL, as somebody who has it could."""
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


MEMBERSHIP = MEMBERSHIP_KEY.encode().hex()
