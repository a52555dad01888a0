"""Blocks that real networks recorded, read for the port by Fabric's messages and for evidence by ours: alike."""

from __future__ import annotations

import pytest
from fabric_protos.common import common_pb2 as common

from chainfusion.ledger.evidence.fabric.envelope import EnvelopeMalformed, read_call, read_invocation, read_outer
from chainfusion.ledger.evidence.fabric.wire import WireMalformed
from chainfusion.ledger.fabric.blocks.block import FabricBlock, code_name
from chainfusion.ledger.fabric.blocks.envelope import BlockUnreadable
from chainfusion.ledger.fabric.blocks.records import Reader
from tests.fabric.blocks.channel import channel
from tests.fabric.blocks.stored import load

NETWORKS = ("raft", "smartbft")


@pytest.mark.parametrize("network", NETWORKS)
def test_the_port_and_evidence_read_every_call_alike(network: str) -> None:
    source, reader, seen = channel(network), Reader(load(network).ledger_id, "chainfusion"), 0
    for number in range(source.height()):
        block = source.fabric_block(number)
        for each in reader.transactions(block):
            found = read_invocation(block.envelopes[each.index])
            call, proposal = read_call(found.args), each.transaction.proposal
            assert (call.contract, call.version, call.operation) == (
                proposal.contract,
                proposal.version,
                proposal.operation,
            )
            assert call.arguments == proposal.args
            assert call.transient == proposal.transient
            assert (found.outer.tx_id, found.outer.time) == (proposal.tx_id, proposal.time)
            assert found.response == each.response
            keys = tuple(sorted(bytes.fromhex(str(key)).decode() for key, _ in each.outcome.writes))
            assert found.changed("chainfusion") == keys
            seen += 1
    assert seen >= 15


@pytest.mark.parametrize("network", NETWORKS)
def test_what_a_call_read_names_who_wrote_it(network: str) -> None:
    """The versions that evidence follows: each key that a call read was written at that place."""
    source, followed = channel(network), 0
    for number in range(1, source.height()):
        for envelope in source.fabric_block(number).envelopes:
            if read_outer(envelope).kind != common.HeaderType.ENDORSER_TRANSACTION:
                continue
            found = read_invocation(envelope)
            for read in found.rwset("chainfusion").reads:
                place = found.version_read("chainfusion", read.key)
                if place is None:
                    continue
                writer = read_invocation(source.fabric_block(place.block).envelopes[place.index])
                assert read.key in writer.changed("chainfusion")
                assert place.block < number
                followed += 1
    assert followed > 30


def test_a_block_s_signatures_and_codes_are_told_apart() -> None:
    raft, bft = (channel(network).fabric_block(4) for network in NETWORKS)
    assert len(raft.signed) == 1
    assert len(bft.signed) == 3
    assert raft.codes == ("VALID",)
    assert raft.flags == b"\x00"
    assert code_name(11) == "MVCC_READ_CONFLICT"
    assert code_name(201) == "CODE_201"
    assert raft.sealed.hash == raft.hash
    assert raft.leaf.startswith(b'{"codes":"00","hash":"')


def test_a_block_whose_data_are_others_is_not_read() -> None:
    block = common.Block.FromString(load("raft").blocks[4])
    block.data.data[0] = block.data.data[0][:-1] + b"x"
    with pytest.raises(BlockUnreadable):
        FabricBlock.parse(block.SerializeToString())
    block = common.Block.FromString(load("raft").blocks[4])
    block.metadata.metadata[2] = b"\x00\x00"
    with pytest.raises(BlockUnreadable):
        FabricBlock.parse(block.SerializeToString())
    with pytest.raises(BlockUnreadable):
        FabricBlock.parse(b"\x0a\x05")


@pytest.mark.parametrize(
    "args",
    [
        (),
        (b"deal@1.close",),
        (b"deal@1.close", b"{}", b"", b""),
        (b"deal.close", b"{}"),
        (b"deal@1", b"{}"),
        (b"@1.close", b"{}"),
        (b"deal@01.close", b"{}"),
        (b"deal@x.close", b"{}"),
        (b"deal@1234567.close", b"{}"),
        (b"deal@1.close", b"[]"),
        (b"\xff", b"{}"),
    ],
)
def test_what_is_no_contract_s_call_is_refused(args: tuple[bytes, ...]) -> None:
    with pytest.raises(EnvelopeMalformed):
        read_call(args)


def test_a_configuration_is_no_call() -> None:
    with pytest.raises(EnvelopeMalformed, match="not a chaincode's call"):
        read_invocation(channel("raft").fabric_block(0).envelopes[0])
    with pytest.raises(WireMalformed):
        read_invocation(b"\x0a")
