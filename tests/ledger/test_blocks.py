"""Blocks, the log's tree and its checkpoints, as an auditor would check them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from chainfusion.domain.membership import MEMBERSHIP_KEY
from chainfusion.ledger.embedded import EmbeddedLedger, LedgerUnreadable
from chainfusion.ledger.embedded.committer import LedgerExists, NotTheOrderer
from chainfusion.ledger.evidence.block import NO_PREVIOUS
from chainfusion.ledger.evidence.certificates import Certificate, verify_p256
from chainfusion.ledger.evidence.checkpoint import Checkpoint, sign_checkpoint
from chainfusion.ledger.evidence.merkle import (
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from chainfusion.ledger.evidence.note import cosign_text
from chainfusion.ledger.port import NotOnLedger, TransactionRefused
from tests.support.identities import NOW
from tests.support.ledger import Consortium, Desk, founder_signature, representative


def grow(desk: Desk, blocks: int) -> None:
    for number in range(blocks):
        desk.consortium.clock.now += timedelta(seconds=1)
        desk.submit("probe.put", key=f"k{number % 3}", value=str(number))


def test_each_block_commits_to_all_that_happened(desk: Desk) -> None:
    grow(desk, 5)
    ledger, node = desk.ledger, Certificate.from_der(desk.consortium.orderer.node.certificate_der)
    previous, time = NO_PREVIOUS, NOW
    membership = ledger.state(MEMBERSHIP_KEY)
    assert membership is not None
    for number in range(ledger.height()):
        block = ledger.block(number)
        header = block.header
        assert (header.number, header.channel, header.previous) == (number, ledger.ledger_id, previous)
        assert header.count == len(block.transactions) == 1
        assert header.transactions == root([leaf_hash(each.transaction.leaf) for each in block.transactions])
        assert header.outcomes == root([leaf_hash(each.outcome.leaf) for each in block.transactions])
        assert header.membership == hashlib.sha256(membership).digest()
        assert header.time >= time
        verify_p256(node.p256_key, block.signature, header.signing_bytes)
        assert ledger.leaves(number)[0] == tuple(each.transaction.leaf for each in block.transactions)
        previous, time = header.hash, header.time


def test_every_proof_of_the_logs_tree_holds(desk: Desk) -> None:
    grow(desk, 8)
    ledger = desk.ledger
    heads = {size: ledger.checkpoint(size) for size in range(10)}
    assert ledger.checkpoint() == heads[9]
    for size in range(1, 10):
        for number in range(size):
            leaf = leaf_hash(ledger.block(number).header.encoded)
            verify_inclusion(leaf, number, size, ledger.inclusion_proof(number, size), heads[size].root)
        for first in range(size + 1):
            verify_consistency(first, heads[first].root, size, heads[size].root, ledger.consistency_proof(first, size))


def test_notes_are_kept_by_size_and_the_newest_is_found(desk: Desk) -> None:
    grow(desk, 2)
    ledger, (log, witness, _) = desk.ledger, desk.consortium.members
    with pytest.raises(NotOnLedger):
        ledger.note()
    first = sign_checkpoint(ledger.checkpoint(2), log.notary)
    last = sign_checkpoint(ledger.checkpoint(), log.notary)
    for size, note in ((3, last), (2, first)):
        ledger.keep_note(size, note)
    assert (ledger.note(), ledger.note(2)) == (last, first)
    cosigned = last.signed(cosign_text(last.text, witness.notary, int(NOW.timestamp())))
    ledger.keep_note(3, cosigned)
    assert ledger.note() == cosigned
    grow(desk, 1)
    assert ledger.height() == 4


def test_block_times_never_go_back(desk: Desk) -> None:
    grow(desk, 1)
    desk.consortium.clock.now -= timedelta(minutes=5)
    desk.submit("probe.put", key="k", value="v")
    assert desk.ledger.block(2).header.time == desk.ledger.block(1).header.time


@pytest.mark.parametrize("size", [-1, 9])
def test_what_the_log_has_not_reached_is_not_there(desk: Desk, size: int) -> None:
    with pytest.raises(NotOnLedger):
        desk.ledger.checkpoint(size)
    with pytest.raises(NotOnLedger):
        desk.ledger.block(size)
    with pytest.raises(NotOnLedger):
        desk.ledger.leaves(size)


@pytest.mark.parametrize("name", ["", "no hex", "ab" * 32])
def test_unknown_ids_are_not_on_the_ledger(desk: Desk, name: str) -> None:
    with pytest.raises(NotOnLedger):
        desk.ledger.transaction(name)
    with pytest.raises(NotOnLedger):
        desk.ledger.certificate(name)
    assert desk.ledger.status(name) == "unknown"


def test_state_is_listed_by_prefix(desk: Desk) -> None:
    for name in ("b", "a"):
        desk.submit("probe.put_composite", object_type="deal", attributes=[name], value=name)
    assert [value for _, value in desk.ledger.state_by_prefix("deal")] == [b"a", b"b"]
    assert [value for _, value in desk.ledger.state_by_prefix("deal", "b")] == [b"b"]


def test_a_closed_ledger_is_one_file(ledger: EmbeddedLedger, desk: Desk, path: Path) -> None:
    grow(desk, 3)
    assert ledger.state("k0") == b"0"
    ledger.close()
    assert sorted(each.name for each in path.parent.iterdir()) == ["ledger.db", "ledger.db-lock"]


def test_a_ledger_opens_where_it_was_closed(consortium: Consortium, ledger: EmbeddedLedger, path: Path) -> None:
    desk = Desk(consortium, ledger, representative(consortium.orderer))
    grow(desk, 3)
    head = ledger.checkpoint()
    ledger.close()
    with consortium.open(path) as again:
        assert (again.ledger_id, again.checkpoint()) == (consortium.ledger_id, head)
        grow(Desk(consortium, again, desk.person), 1)
        assert again.block(4).header.previous == again.block(3).header.hash
    with pytest.raises(TransactionRefused, match="CLOSED"):
        grow(desk, 1)


# ------------------------------------------------------------------ founding


def test_block_0_is_the_founding(consortium: Consortium, ledger: EmbeddedLedger) -> None:
    block = ledger.block(0)
    assert [each.transaction.proposal.operation for each in block.transactions] == ["found"]
    assert ledger.ledger_id == consortium.ledger_id
    assert ledger.checkpoint() == Checkpoint.of(consortium.ledger_id, 1, leaf_hash(block.header.encoded))


def test_a_ledger_is_made_once(consortium: Consortium, ledger: EmbeddedLedger, path: Path) -> None:
    with pytest.raises(LedgerExists):
        consortium.found(path)
    assert ledger.height() == 1


def refused_founding(consortium: Consortium, path: Path, **changes: object) -> str:
    founder = representative(consortium.orderer)
    proposal = replace(consortium.founding(), **changes)  # type: ignore[arg-type]
    with pytest.raises(TransactionRefused) as refusal:
        consortium.found_with(path, proposal, founder)
    with pytest.raises(LedgerUnreadable):
        consortium.open(path)
    return str(refusal.value.facts["reason"])


def test_a_genesis_must_be_the_channels(consortium: Consortium, path: Path) -> None:
    assert refused_founding(consortium, path, channel="0" * 32) == "BAD_GENESIS"


def test_a_ledger_begins_with_nothing_else(consortium: Consortium, path: Path) -> None:
    call = {"contract": "probe", "operation": "put", "args": {"key": "k", "value": "v"}}
    assert refused_founding(consortium, path, **call) == "BAD_GENESIS"


def test_each_founder_must_have_signed_the_genesis(consortium: Consortium, path: Path) -> None:
    genesis = consortium.genesis
    other = replace(genesis.genesis, name="Another")
    forged = founder_signature(consortium.members[1], other)
    signatures = (genesis.signatures[0], forged, *genesis.signatures[2:])
    changed = Consortium(consortium.members, consortium.contracts, consortium.clock)
    vars(changed)["genesis"] = replace(genesis, signatures=signatures)
    assert refused_founding(changed, path) == "BAD_GENESIS"


def test_only_a_founder_founds(consortium: Consortium, path: Path) -> None:
    stranger = representative(Consortium.of("StrangerMSP").orderer)
    with pytest.raises(Exception, match="StrangerMSP"):
        consortium.found_with(path, consortium.founding(stranger), stranger)
    with pytest.raises(LedgerUnreadable):
        consortium.open(path)


def test_only_the_orderer_signs_blocks(consortium: Consortium, ledger: EmbeddedLedger, path: Path) -> None:
    for signer in (consortium.members[1].node, consortium.orderer.user("clerk")):
        with consortium.open(path, signer) as other:
            desk = Desk(consortium, other, representative(consortium.orderer))
            with pytest.raises(NotTheOrderer):
                desk.submit("probe.put", key="k", value="v")
    assert ledger.height() == 1


@pytest.mark.parametrize("content", [None, b"", b"no database", b"SQLite format 3\0" + bytes(5000)])
def test_what_is_no_ledger_is_not_opened(consortium: Consortium, path: Path, content: bytes | None) -> None:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LedgerUnreadable):
        consortium.open(path)
