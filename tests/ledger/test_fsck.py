"""Changes that somebody with the file might make, each found and named."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chainfusion.ledger.embedded import Kind
from chainfusion.ledger.embedded.findings import WORDS, Finding
from chainfusion.ledger.embedded.store import PLACES_PER_BLOCK
from chainfusion.ledger.evidence.block import BlockHeader
from chainfusion.ledger.evidence.checkpoint import Checkpoint, sign_checkpoint
from chainfusion.ledger.evidence.merkle import leaf_hash, root
from chainfusion.ledger.evidence.note import cosign_text
from chainfusion.ledger.evidence.transaction import Outcome, Transaction
from tests.ledger.conftest import COLLECTIONS
from tests.ledger.damage import content, edit, examined, varied
from tests.support.identities import NOW, make_member
from tests.support.ledger import Clock, Consortium


@pytest.fixture(scope="module")
def original(institutions: Consortium, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("original") / "ledger.db"
    varied(Consortium(institutions.members, institutions.contracts, Clock()), path)
    return path


@pytest.fixture
def path(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(original, tmp_path / "ledger.db"))


@pytest.fixture
def found(institutions: Consortium, path: Path) -> Callable[..., set[Kind]]:
    return lambda **options: {finding.kind for finding in examined(institutions, path, **options)}


Found = Callable[..., set[Kind]]


def test_a_sound_file_has_no_findings_and_every_block_is_reported(institutions: Consortium, path: Path) -> None:
    seen: list[tuple[int, int]] = []
    before = content(path)
    assert examined(institutions, path, progress=lambda done, total: seen.append((done, total))) == []
    assert seen == [(number + 1, seen[0][1]) for number in range(seen[0][1])]
    assert content(path) == before


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("update state set value = x'31' where key = x'63'", Kind.TABLE_DIFFERS),
        ("update state set place = place + 1 where key = x'63'", Kind.TABLE_DIFFERS),
        ("delete from state where key = x'63'", Kind.TABLE_DIFFERS),
        ("insert into state values (x'7a', x'31', 1)", Kind.TABLE_DIFFERS),
        ("delete from history where key = x'61' and value = x'31'", Kind.TABLE_DIFFERS),
        ("update history set value = x'39' where key = x'63'", Kind.TABLE_DIFFERS),
        ("update private set value = x'00'", Kind.TABLE_DIFFERS),
        ("update private_hashes set value_hash = zeroblob(32)", Kind.TABLE_DIFFERS),
        ("delete from private_hashes", Kind.TABLE_DIFFERS),
        ("update nodes set hash = zeroblob(32) where level = 1 and position = 0", Kind.TABLE_DIFFERS),
        ("delete from nodes where level = 2", Kind.TABLE_DIFFERS),
        ("insert into certificates values (zeroblob(32), x'30')", Kind.TABLE_DIFFERS),
        ("update transactions set time = '2026-01-31T08:00:00.000001Z' where place = 65536", Kind.TABLE_DIFFERS),
        ("update transactions set tx_id = zeroblob(32) where place = 65536", Kind.TABLE_DIFFERS),
        ("insert into transactions select place + 100 * 65536, x'00', time, leaf, outcome, response, events"
         " from transactions where place = 65536", Kind.TABLE_DIFFERS),
        ("insert into meta values ('more', x'00')", Kind.TABLE_DIFFERS),
        ("update meta set value = zeroblob(32)", Kind.BLOCK_MISPLACED),
        ("update transactions set response = x'31' where place = 65536", Kind.RESPONSE_ALTERED),
        ("update transactions set events = x'5b5d' where events is not null", Kind.EVENTS_ALTERED),
        ("update transactions set events = null where place = 0", Kind.EVENTS_ALTERED),
        ("delete from transactions where place = 65536", Kind.TRANSACTIONS_ALTERED),
        ("update transactions set place = place + 1 where place = 65536", Kind.BLOCK_MISPLACED),
        ("update transients set input = x'7b7d'", Kind.TRANSIENT_ALTERED),
        ("delete from transients", Kind.TRANSIENT_ALTERED),
        ("update certificates set der = x'30'", Kind.CERTIFICATE_ALTERED),
        ("delete from certificates", Kind.CERTIFICATE_ALTERED),
        ("delete from blocks where number = 3", Kind.BLOCK_MISPLACED),
        ("delete from blocks", Kind.NOT_A_LEDGER),
        ("update blocks set signature = zeroblob(70) where number = 2", Kind.BLOCK_SIGNATURE),
        ("update blocks set header = x'7b7d' where number = 2", Kind.BLOCK_UNREADABLE),
        ("update checkpoints set size = size - 1", Kind.CHECKPOINT_ALTERED),
        ("update checkpoints set size = size + 100", Kind.CHECKPOINT_ALTERED),
        ("update checkpoints set note = x'00'", Kind.CHECKPOINT_ALTERED),
        ("create table more (a)", Kind.SCHEMA_ALTERED),
        ("create trigger t after insert on state begin delete from history; end", Kind.SCHEMA_ALTERED),
        ("drop table nodes", Kind.SCHEMA_ALTERED),
        ("pragma user_version = 2", Kind.NOT_A_LEDGER),
        ("pragma application_id = 0", Kind.NOT_A_LEDGER),
    ],
)  # fmt: skip
def test_an_edit_is_found(found: Found, path: Path, statement: str, kind: Kind) -> None:
    before = content(path)
    edit(path, statement)
    assert kind in found(), before.keys()


def test_swapped_transactions_are_found(institutions: Consortium, path: Path) -> None:
    first = _place_in_a_full_block(path)
    edit(
        path,
        f"update transactions set place = -1 where place = {first}",
        f"update transactions set place = {first} where place = {first + 1}",
        f"update transactions set place = {first + 1} where place = -1",
    )
    kinds = {finding.kind for finding in examined(institutions, path)}
    assert {Kind.TRANSACTIONS_ALTERED, Kind.OUTCOMES_ALTERED, Kind.TABLE_DIFFERS} <= kinds


def _place_in_a_full_block(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        query = f"select min(place) from transactions group by place / {PLACES_PER_BLOCK} having count(*) > 1"
        return int(connection.execute(query).fetchone()[0])


def test_a_place_is_named(institutions: Consortium, path: Path) -> None:
    edit(path, "update transactions set response = x'31' where place = 131072")
    (finding,) = examined(institutions, path)
    with sqlite3.connect(path) as connection:
        tx_id = connection.execute("select tx_id from transactions where place = 131072").fetchone()[0].hex()
    assert finding == Finding(Kind.RESPONSE_ALTERED, block=2, tx_id=tx_id)
    assert finding.to_json() == {"kind": "RESPONSE_ALTERED", "block": 2, "tx_id": tx_id}
    assert tx_id in finding.message()
    assert tx_id in finding.message("zh")


def test_a_key_is_named(institutions: Consortium, path: Path) -> None:
    edit(path, "update state set value = x'31' where key = x'006465616c0078003100'")
    (finding,) = examined(institutions, path)
    assert (finding.table, finding.key) == ("state", "deal/x/1")


def test_every_kind_has_words_in_both_languages() -> None:
    for kind in Kind:
        finding = Finding(kind, 1, "ab", "k", "state", "why")
        for lang in ("en", "zh"):
            assert "{" not in finding.message(lang) + finding.remedy(lang)
    assert WORDS.keys() == set(Kind)


# ------------------------------------------------------------------ forgeries that hash right


def rewritten(path: Path, number: int, sign: Callable[[bytes], bytes], change: Callable[..., Any]) -> None:
    """Changes a block's transactions and makes its header fit again, signed by somebody."""
    with sqlite3.connect(path) as sql:
        rows = sql.execute(
            "select place, leaf, outcome from transactions where place / 65536 = ? order by place", (number,)
        ).fetchall()
        changed = [(place, *change(leaf, outcome)) for place, leaf, outcome in rows]
        header = BlockHeader.decode(sql.execute("select header from blocks where number = ?", (number,)).fetchone()[0])
        header = replace(
            header,
            transactions=root([leaf_hash(leaf) for _, leaf, _ in changed]),
            outcomes=root([leaf_hash(outcome) for _, _, outcome in changed]),
        )
        sql.executemany("update transactions set leaf = ?2, outcome = ?3 where place = ?1", changed)
        update = "update blocks set header = ?, signature = ? where number = ?"
        sql.execute(update, (header.encoded, sign(header.signing_bytes), number))


def unchanged(leaf: bytes, outcome: bytes) -> tuple[bytes, bytes]:
    return leaf, outcome


def other_arguments(leaf: bytes, outcome: bytes) -> tuple[bytes, bytes]:
    transaction = Transaction.from_leaf(leaf)
    proposal = replace(transaction.proposal, args={"key": "a", "value": "forged"})
    return replace(transaction, proposal=proposal).leaf, outcome


def other_outcome(leaf: bytes, outcome: bytes) -> tuple[bytes, bytes]:
    return leaf, replace(Outcome.from_leaf(outcome), writes=(("61", "00" * 32),)).leaf


def test_a_stranger_cannot_sign_a_block(institutions: Consortium, path: Path) -> None:
    stranger = make_member("DonghaiMSP").node
    rewritten(path, 2, stranger.sign, unchanged)
    assert {finding.kind for finding in examined(institutions, path)} == {Kind.BLOCK_SIGNATURE}


def test_another_members_node_cannot_sign_a_block(institutions: Consortium, path: Path) -> None:
    rewritten(path, 2, institutions.members[1].node.sign, unchanged)
    assert {finding.kind for finding in examined(institutions, path)} == {Kind.BLOCK_SIGNATURE}


def test_the_orderer_itself_cannot_forge_a_members_call(institutions: Consortium, path: Path) -> None:
    rewritten(path, 2, institutions.orderer.node.sign, other_arguments)
    kinds = {finding.kind for finding in examined(institutions, path)}
    assert {Kind.CREATOR_SIGNATURE, Kind.LINK_BROKEN} <= kinds


def test_the_orderer_itself_cannot_forge_an_outcome(institutions: Consortium, path: Path) -> None:
    rewritten(path, 2, institutions.orderer.node.sign, other_outcome)
    kinds = {finding.kind for finding in examined(institutions, path)}
    assert {Kind.REPLAY_DIFFERS, Kind.LINK_BROKEN} <= kinds


# ------------------------------------------------------------------ what the caller knows from elsewhere


def test_another_ledger_is_told_from_the_one_meant(institutions: Consortium, found: Found) -> None:
    assert found(ledger_id=institutions.ledger_id) == set()
    assert found(ledger_id="0" * 32) == {Kind.WRONG_LEDGER}


def test_a_missing_end_is_told_by_a_trusted_checkpoint(institutions: Consortium, path: Path) -> None:
    with institutions.open(path, collections=COLLECTIONS) as ledger:
        last = ledger.checkpoint()
    number = last.size - 1
    edit(path, "delete from checkpoints")
    assert examined(institutions, path, checkpoint=last) == []
    forked = Checkpoint(last.origin, last.size, bytes(32))
    assert [each.kind for each in examined(institutions, path, checkpoint=forked)] == [Kind.CHECKPOINT_ALTERED]
    edit(path, f"delete from blocks where number = {number}", f"delete from transactions where place >= {number} << 16")
    kinds = {finding.kind for finding in examined(institutions, path, checkpoint=last)}
    assert Kind.CHECKPOINT_ALTERED in kinds


def test_notes_by_strangers_are_found(institutions: Consortium, path: Path) -> None:
    stranger = make_member("DonghaiMSP").notary
    with institutions.open(path, collections=COLLECTIONS) as ledger:
        note = ledger.note()
        ledger.keep_note(2, sign_checkpoint(ledger.checkpoint(2), stranger))
        assert [each.kind for each in examined(institutions, path)] == [Kind.CHECKPOINT_ALTERED]
        ledger.keep_note(2, sign_checkpoint(ledger.checkpoint(2), institutions.orderer.notary))
        assert examined(institutions, path) == []
        size = ledger.checkpoint().size
        ledger.keep_note(
            size, note.signed(cosign_text(note.text, make_member("NobodyMSP").notary, int(NOW.timestamp())))
        )
        assert [each.kind for each in examined(institutions, path)] == [Kind.CHECKPOINT_ALTERED]


# ------------------------------------------------------------------ files that are no databases


@pytest.mark.parametrize(
    "data", [b"", b"text", b"SQLite format 3\0" + bytes(84), b"SQLite format 3\0" + b"\xff" * 9000]
)
def test_no_database_is_a_finding(institutions: Consortium, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    assert {finding.kind for finding in examined(institutions, path)} <= {Kind.FILE_DAMAGED, Kind.NOT_A_LEDGER}
    assert examined(institutions, path) != []


def test_no_file_is_a_finding(institutions: Consortium, tmp_path: Path) -> None:
    assert [finding.kind for finding in examined(institutions, tmp_path / "none")] == [Kind.NOT_A_LEDGER]


@pytest.mark.parametrize("part", range(10))
def test_a_file_cut_short_is_a_finding(institutions: Consortium, path: Path, part: int) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * part // 10])
    assert examined(institutions, path) != []
