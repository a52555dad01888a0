"""Fabric's own tools do the same: configtxgen the first block, configtxlator an update, peer a signature."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from fabric_protos.common import configtx_pb2 as configtx

from chainfusion.ledger.fabric.network.channel.changes import (
    Change,
    add_orderer,
    admit_member,
    remove_member,
    remove_orderer,
)
from chainfusion.ledger.fabric.network.channel.config import read_config_block
from chainfusion.ledger.fabric.network.channel.proposal import propose_change, read_proposal
from chainfusion.ledger.fabric.network.machine import program
from chainfusion.ledger.fabric.network.offer import read_offer
from chainfusion.ledger.fabric.network.plan import Consensus, Ordering, Plan
from chainfusion.node.identity.organisation import export_key
from chainfusion.node.network import ADMIN, RunningNetwork, make
from tests.fabric.configtx_reference import PROFILE
from tests.fabric.configtx_reference import configtx as reference
from tests.fabric.network_stage import has_fabric, small_plan

pytestmark = [
    pytest.mark.fabric,
    pytest.mark.skipif(
        not has_fabric("peer", "orderer", "configtxgen", "configtxlator"),
        reason="Fabric's tools are neither in FABRIC_BIN nor on PATH",
    ),
]


def with_guest(plan: Plan) -> Plan:
    """Its last organisation runs no node."""
    guest = replace(plan.organisations[-1], hosts=False, orders=False, host="", port=0)
    return replace(plan, organisations=(*plan.organisations[:-1], guest))


PLANS = [
    small_plan(),
    small_plan(ordering=Ordering(Consensus.RAFT, batch_ms=200, batch_count=10, leader_timeout_ms=5000)),
    with_guest(small_plan(count=5)),
]


@pytest.fixture(scope="module", params=PLANS, ids=["smartbft", "raft", "a member without nodes"])
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RunningNetwork:
    return make(request.param, tmp_path_factory.mktemp("network") / "net")


def test_the_first_block_says_what_configtxgen_s_says(network: RunningNetwork, tmp_path: Path) -> None:
    (tmp_path / "configtx.yaml").write_text(reference(network.plan, network.places))
    block = tmp_path / "block"
    command = [program("configtxgen"), "-configPath", tmp_path, "-profile", PROFILE]
    subprocess.run(
        [*command, "-channelID", network.plan.channel, "-outputBlock", block], check=True, capture_output=True
    )
    theirs, ours = (read_config_block(path.read_bytes()) for path in (block, network.places.block))
    assert ours == theirs


def changes(network: RunningNetwork) -> list[Change]:
    offer = replace(read_offer(network.places.offer("Org0MSP").read_bytes()), msp="EastMSP", port=25000)
    guest = replace(offer, hosts=False)
    found = [admit_member(offer), admit_member(guest), add_orderer(offer), remove_member("Org1MSP")]
    return found + ([remove_orderer("Org1MSP")] if network.plan.ordering.consensus is Consensus.RAFT else [])


def test_an_update_is_configtxlator_s_byte_for_byte(network: RunningNetwork, tmp_path: Path) -> None:
    present = read_config_block(network.places.block.read_bytes())
    for change in changes(network):
        (tmp_path / "before").write_bytes(present.config.SerializeToString())
        (tmp_path / "after").write_bytes(change(present.config).SerializeToString())
        files = ["--original", tmp_path / "before", "--updated", tmp_path / "after", "--output", tmp_path / "update"]
        command = [program("configtxlator"), "compute_update", "--channel_id", present.channel, *files]
        subprocess.run(command, check=True, capture_output=True)
        theirs = configtx.ConfigUpdate.FromString((tmp_path / "update").read_bytes())
        # Go writes maps in an order that differs from run to run: bytes are compared in one order
        assert theirs.SerializeToString(deterministic=True) == propose_change(present, change).data


def test_fabric_s_own_tool_signs_our_proposals(network: RunningNetwork, tmp_path: Path) -> None:
    present = read_config_block(network.places.block.read_bytes())
    proposal = propose_change(present, remove_member("Org1MSP")).sign(network.signer("Org1MSP", ADMIN))
    file = tmp_path / "change.pb"
    file.write_bytes(proposal.to_bytes())
    admin = network.organisation("Org0MSP").user(ADMIN)
    msp = tmp_path / "msp"
    subprocess.run(["cp", "-r", admin.folder, msp], check=True)
    locked = msp / admin.key_file.relative_to(admin.folder)
    locked.unlink()
    export_key(admin, network.password, locked)
    environment = os.environ | {
        "FABRIC_CFG_PATH": str(network.places.node("Org0MSP", "peer")),
        "CORE_PEER_MSPCONFIGPATH": str(msp),
        "CORE_PEER_LOCALMSPID": "Org0MSP",
    }
    command = [program("peer"), "channel", "signconfigtx", "-f", file]
    subprocess.run(command, check=True, capture_output=True, env=environment, cwd=tmp_path)
    assert [each.msp for each in read_proposal(file.read_bytes()).signed] == ["Org1MSP", "Org0MSP"]
