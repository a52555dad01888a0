"""Peers beside one another: whoever holds something else is named, with the block."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import pytest
from fabric_protos.common import common_pb2 as common
from fabric_protos.common import ledger_pb2 as chain
from fabric_protos.peer import proposal_response_pb2 as responses
from fabric_protos.peer import transaction_pb2 as transactions

from chainfusion.ledger.fabric.blocks.block import FabricBlock
from chainfusion.ledger.fabric.network import comparing
from chainfusion.ledger.fabric.network.comparing import compare_peers
from chainfusion.ledger.fabric.network.wire import NodeRefused

VALID, CONFLICT = (transactions.TxValidationCode.Value(name) for name in ("VALID", "MVCC_READ_CONFLICT"))


def chain_of(*contents: bytes, codes: int = VALID) -> list[bytes]:
    blocks, previous = [], b""
    for number, content in enumerate(contents):
        block = common.Block(data=common.BlockData(data=[content]))
        block.header.number, block.header.previous_hash = number, previous
        block.header.data_hash = hashlib.sha256(content).digest()
        block.metadata.metadata.extend([b"", b"", bytes([codes])])
        blocks.append(block.SerializeToString())
        previous = FabricBlock.parse(blocks[-1]).hash
    return blocks


@dataclass
class Peer:
    """Answers from its blocks; None is a peer that is not there."""

    blocks: list[bytes] | None
    signer: Any = field(default=None)

    def endorse(self, asked: tuple[bytes, ...], what: str) -> responses.ProposalResponse:
        if self.blocks is None:
            raise NodeRefused(node="peer", what=what, why="nobody there")
        if asked[0] == b"GetChainInfo":
            payload = chain.BlockchainInfo(height=len(self.blocks)).SerializeToString()
        else:
            payload = self.blocks[int(asked[2])]
        return responses.ProposalResponse(response=responses.Response(status=200, payload=payload))


@pytest.fixture(autouse=True)
def unsigned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "propose", lambda _signer, _channel, _name, words: words)


def compared(first: int = 0, **peers: list[bytes] | None) -> comparing.Comparison:
    return compare_peers({name: Peer(blocks) for name, blocks in peers.items()}, "deals", first)


GOOD = chain_of(b"a", b"b", b"c", b"d")


def test_peers_that_hold_the_same_agree_as_far_as_all_of_them_have_come() -> None:
    found = compared(a=GOOD, b=GOOD, c=GOOD[:3])
    assert found.agrees
    assert (found.blocks, dict(found.heights)) == (3, {"a": 4, "b": 4, "c": 3})


def test_an_altered_block_is_no_block_any_more() -> None:
    bad = [*GOOD[:1], GOOD[1].replace(b"b", b"x"), *GOOD[2:]]
    found = compared(a=GOOD, b=bad, c=GOOD)
    assert {(each.block, each.peer) for each in found.differences} == {(1, "b"), (2, "b")}
    assert "header states" in found.differences[0].why


def test_a_block_with_a_new_header_is_another_and_the_next_does_not_follow_it() -> None:
    other = chain_of(b"a", b"x")[1]
    found = compared(a=GOOD, b=[GOOD[0], other, *GOOD[2:]], c=GOOD)
    assert [(each.block, each.peer) for each in found.differences] == [(1, "b"), (2, "b")]
    assert "where most have" in found.differences[0].why
    assert "does not follow" in found.differences[1].why


def test_a_whole_other_chain_is_seen_from_its_first_block_on() -> None:
    found = compared(a=GOOD, b=chain_of(b"a", b"x", b"c", b"d"), c=GOOD)
    assert {each.peer for each in found.differences} == {"b"}
    assert [each.block for each in found.differences] == [1, 2, 3]
    assert [each.block for each in compared(3, a=GOOD, b=chain_of(b"a", b"x", b"c", b"d"), c=GOOD).differences] == [3]


def test_other_verdicts_on_the_same_transactions_are_seen() -> None:
    found = compared(a=GOOD, b=chain_of(b"a", b"b", b"c", b"d", codes=CONFLICT), c=GOOD)
    assert {each.peer for each in found.differences} == {"b"}
    assert all("valid and invalid otherwise" in each.why for each in found.differences)


def test_a_silent_peer_is_named() -> None:
    found = compared(a=GOOD, b=None, c=GOOD)
    assert not found.agrees
    assert not found.differences
    assert "nobody there" in found.absent["b"]
    assert compared(a=None).blocks == 0
