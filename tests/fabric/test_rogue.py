"""A rogue institution on a real network, and how each of its doings is caught."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fabric_protos.common import common_pb2 as common
from fabric_protos.peer import proposal_response_pb2 as responses

from chainfusion.contracts.consortium.state import signatures
from chainfusion.domain.errors import ChainFusionError
from chainfusion.ledger.evidence.transaction import MAX_CLOCK_DIFFERENCE, VALID, Creator, Proposal, transient_digest
from chainfusion.ledger.fabric.blocks.block import FabricBlock
from chainfusion.ledger.fabric.network.lifecycle import PeerClient
from chainfusion.ledger.fabric.network.plan import CollectionPlan
from chainfusion.ledger.fabric.network.wire import Asked, NodeRefused, transaction
from chainfusion.ledger.port import TransactionRefused
from chainfusion.node.identity.enrolment import create_organisation, enrol_user
from chainfusion.node.identity.organisation import unlock
from chainfusion.node.identity.signer import Signer
from chainfusion.node.network import ADMIN, DESK, RunningNetwork, start
from tests.fabric.load_stage import DEAL, Working, database, document, working
from tests.fabric.network_stage import free_ports, has_fabric, small_plan
from tests.fabric.rogue_stage import (
    asked_by,
    desk,
    killed,
    ordered,
    peers_of,
    stopped,
    with_contracts,
)

pytestmark = [
    pytest.mark.fabric,
    pytest.mark.skipif(not has_fabric(), reason="Fabric's binaries are neither in FABRIC_BIN nor on PATH"),
]
SHARED = "shared"
ROGUE = "Org3MSP"
HONEST = ("Org0MSP", "Org1MSP", "Org2MSP")


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Working]:
    plan = replace(small_plan(free_ports()), collections=(CollectionPlan(SHARED, ("Org0MSP", "Org1MSP")),))
    with start(plan, tmp_path_factory.mktemp("network") / "net") as network, working(network) as found:
        yield found


def valid_ones(on: Working, tx_id: str) -> list[tuple[int, str]]:
    """Block and code of every transaction of this id that a peer has, valid or not."""
    return [
        (block.number, code)
        for block in on.blocks("Org0MSP")
        for envelope, code in zip(block.transactions, block.codes, strict=True)
        if envelope.header.tx_id == tx_id
    ]


def await_recorded(on: Working, tx_id: str, count: int = 1) -> list[tuple[int, str]]:
    end = time.monotonic() + 30
    while len(found := valid_ones(on, tx_id)) < count:
        assert time.monotonic() < end, f"{tx_id} is recorded {len(found)} times"
        time.sleep(0.2)
    return found


def registered(on: Working, number: int) -> str:
    """An honest registration through the gateway."""
    return on.submit("Org0MSP", DESK, "document.register", **document(number))


# ------------------------------------------------------------------ a wrong result


def test_a_wrong_result_that_one_institution_endorses_is_not_valid_and_does_not_stop_the_others(on: Working) -> None:
    network, signer = on.network, desk(on.network, "Org0MSP")
    with_contracts(network, ROGUE, "lying")
    try:
        with ExitStack() as stack:
            *honest, rogue = peers_of(network, stack, (*HONEST, ROGUE), signer)
            alone = asked_by(signer, network, "document@1.register", **document(1000))
            mixed = asked_by(signer, network, "document@1.register", **document(1001))
            truly = [peer.endorse(mixed, "a call") for peer in honest]
            wrong = rogue.endorse(mixed, "a call")
            assert len({answer.payload for answer in truly}) == 1
            assert wrong.payload != truly[0].payload
            with pytest.raises(NodeRefused, match="different results"):
                transaction(signer, mixed, [*truly, wrong])
            borrowed = [_endorsed(wrong.payload, answer) for answer in (wrong, *truly)]
            for asked, answers in ((alone, [rogue.endorse(alone, "a call")]), (mixed, borrowed)):
                status, _ = ordered(network, ROGUE, transaction(signer, asked, answers))
                assert status == common.Status.SUCCESS  # an orderer looks at who sends, and not at what
                assert [code for _, code in await_recorded(on, asked.tx_id)] == ["ENDORSEMENT_POLICY_FAILURE"]
        assert await_recorded(on, registered(on, 1002))[0][1] == VALID
    finally:
        with_contracts(network, ROGUE, None)
    overview = on.proposal(signer, "document.overview", deal=DEAL)
    for msp in on.msps:
        known = on.ledgers[msp].evaluate(overview, signer).decode()
        assert f"{1002:032x}" in known
        assert f"{1000:032x}" not in known
        assert f"{1001:032x}" not in known


def _endorsed(payload: bytes, answer: responses.ProposalResponse) -> responses.ProposalResponse:
    """A result with the endorsement of another one."""
    return responses.ProposalResponse(response=answer.response, payload=payload, endorsement=answer.endorsement)


# ------------------------------------------------------------------ a time that nobody else has


@pytest.mark.parametrize("side", [-1, 1])
def test_a_time_far_from_the_peers_own_is_not_endorsed(on: Working, side: int) -> None:
    """Deadlines are decided by the time that is stated."""
    signer = desk(on.network, "Org0MSP")
    away = side * (MAX_CLOCK_DIFFERENCE + timedelta(minutes=1))
    proposal = on.proposal(signer, "document.register", **document(999))
    with pytest.raises(TransactionRefused, match="incorrect timestamp"):
        on.ledgers["Org0MSP"].submit(replace(proposal, time=proposal.time + away), signer)


# ------------------------------------------------------------------ an institution's own word


def test_a_majority_that_colludes_does_not_change_what_another_institution_has_said(on: Working) -> None:
    for msp in HONEST:
        with_contracts(on.network, msp, "probing")
    try:
        ((signature, said),) = on.ledgers[ROGUE].state_by_prefix(signatures.object_type, "000001", ROGUE)
        codes = {key: _changed_by_most(on, key) for key in (signature, "another key")}
        assert codes == {signature: "ENDORSEMENT_POLICY_FAILURE", "another key": VALID}
        on.await_same_height()
        assert [on.ledgers[msp].state(signature) for msp in on.msps] == [said] * len(on.msps)
    finally:
        for msp in HONEST:
            with_contracts(on.network, msp, None)


def _changed_by_most(on: Working, key: str) -> str:
    """Three of four endorse another value, which is a majority; gives the code that the peers recorded."""
    signer = desk(on.network, "Org0MSP")
    with ExitStack() as stack:
        peers = peers_of(on.network, stack, HONEST, signer)
        asked = asked_by(signer, on.network, "probe@1.put", key=key, value="forged")
        answers = [peer.endorse(asked, "a call") for peer in peers]
        ordered(on.network, "Org0MSP", transaction(signer, asked, answers))
    ((_, code),) = await_recorded(on, asked.tx_id)
    return code


# ------------------------------------------------------------------ replay


def test_a_transaction_that_is_sent_again_is_not_valid_again(on: Working) -> None:
    tx_id = registered(on, 1003)
    ((number, code),) = await_recorded(on, tx_id)
    assert code == VALID
    block = on.ledgers["Org0MSP"].fabric_block(number)
    index = next(n for n, each in enumerate(block.transactions) if each.header.tx_id == tx_id)
    envelope = common.Envelope.FromString(block.envelopes[index])
    for _ in range(2):
        ordered(on.network, ROGUE, envelope)
    registered(on, 1004)
    codes = [code for _, code in await_recorded(on, tx_id)]
    assert codes.count(VALID) == 1
    assert set(codes) <= {VALID, "DUPLICATE_TXID"}


def test_a_proposal_that_was_recorded_is_not_endorsed_again(on: Working) -> None:
    signer = desk(on.network, "Org0MSP")
    with ExitStack() as stack:
        peers = peers_of(on.network, stack, HONEST, signer)
        asked = asked_by(signer, on.network, "document@1.register", **document(1005))
        answers = [peer.endorse(asked, "a call") for peer in peers]
        peers[0].record(on.network.plan.channel, asked, answers, "a call")
        with pytest.raises(NodeRefused, match=r"(?i)duplicate transaction"):
            peers[0].endorse(asked, "a call")


# ------------------------------------------------------------------ a forged creator


def test_nobody_signs_for_another(on: Working, tmp_path: Path) -> None:
    network, rogue = on.network, desk(on.network, ROGUE)
    victim = desk(network, "Org0MSP")
    own_key = Signer(victim.msp_id, victim.certificate, rogue._key)
    other_name = Signer(victim.msp_id, rogue.certificate, rogue._key)
    same_name = _made_up(tmp_path, "Org0MSP")
    for forged in (own_key, other_name, same_name):
        with ExitStack() as stack:
            honest = peers_of(network, stack, HONEST, forged)
            asked = asked_by(forged, network, "document@1.register", **document(1006))
            for peer in honest:
                with pytest.raises(NodeRefused, match=r"(?i)access denied|creator|signature|unknown authority"):
                    peer.endorse(asked, "a call")
        with ExitStack() as stack:
            # endorsed for the rogue itself, then sent under the forged name
            peers = peers_of(network, stack, HONEST, rogue)
            truly = asked_by(rogue, network, "consortium@1.membership")
            answers = [peer.endorse(truly, "a call") for peer in peers]
            status, _ = ordered(network, ROGUE, transaction(forged, asked, answers))
            assert status in (common.Status.FORBIDDEN, common.Status.BAD_REQUEST)
        assert valid_ones(on, asked.tx_id) == []


def _made_up(root: Path, msp: str) -> Signer:
    """A person of an institution that a rogue's own CA makes under another's name."""
    organisation = create_organisation(root / "identity", msp, "Org 0", "机构0", b"x", now=datetime.now(UTC))
    enrol_user(organisation, DESK, (), b"x", now=datetime.now(UTC))
    return unlock(organisation.user(DESK), b"x")


# ------------------------------------------------------------------ private data


@pytest.fixture
def probed(on: Working) -> Iterator[RunningNetwork]:
    """All serve a contract that reaches for private data; the rogue's takes itself for a member of every collection."""
    for msp in HONEST:
        with_contracts(on.network, msp, "probing")
    with_contracts(on.network, ROGUE, "prying")
    yield on.network
    for msp in on.msps:
        with_contracts(on.network, msp, None)


@pytest.mark.parametrize(
    ("collection", "holders"), [(SHARED, ("Org0MSP", "Org1MSP")), ("_implicit_org_Org0MSP", ("Org0MSP",))]
)
def test_private_data_is_neither_told_nor_sent_to_who_is_not_in_the_collection(
    on: Working, probed: RunningNetwork, collection: str, holders: tuple[str, ...]
) -> None:
    owner, rogue, secret = desk(probed, "Org0MSP"), desk(probed, ROGUE), secrets.token_bytes(64).hex()
    asked = {"collection": collection, "key": "price"}
    assert await_recorded(on, _put_private(on, owner, secret, asked))[0][1] == VALID
    on.await_same_height()
    with ExitStack() as stack:
        question = asked_by(owner, probed, "probe@1.get_private", **asked)
        for msp, peer in zip(on.msps, peers_of(probed, stack, on.msps, owner), strict=True):
            if msp in holders:
                assert secret.encode() in peer.endorse(question, "a question").response.payload
            else:
                _refused(peer, question, secret)
    with ExitStack() as stack:
        *honest, own = peers_of(probed, stack, (*HONEST, ROGUE), rogue)
        question = asked_by(rogue, probed, "probe@1.get_private", **asked)
        for peer in (*honest, own):
            _refused(peer, question, secret)
        digest = asked_by(rogue, probed, "probe@1.digest_private", **asked)
        shown = own.endorse(digest, "a question").response.payload
        assert hashlib.sha256(secret.encode()).hexdigest().encode() in shown
    assert {msp for msp in on.msps if _on_disk(probed, msp, secret)} == set(holders)


def _refused(peer: PeerClient, question: Asked, secret: str) -> None:
    with pytest.raises(NodeRefused) as refused:
        peer.endorse(question, "a question")
    assert secret not in str(refused.value)


def _put_private(on: Working, owner: Signer, secret: str, where: dict[str, str]) -> str:
    """Writes a private value through the gateway, which has the collection's members alone endorse it."""
    transient = {"value": secret.encode()}
    proposal = Proposal(
        args=where,
        channel=on.network.ledger_id,
        contract="probe",
        creator=Creator(owner.msp_id, owner.certificate_fingerprint),
        nonce=secrets.token_hex(24),
        operation="put_private",
        time=datetime.now(UTC),
        transient=transient_digest(transient),
        version=1,
    )
    return on.ledgers["Org0MSP"].submit(proposal, owner, transient).tx_id


def _on_disk(network: RunningNetwork, msp: str, text: str) -> bool:
    data = network.places.node(msp, "peer") / "data"
    return any(text.encode() in path.read_bytes() for path in data.rglob("*") if path.is_file())


# ------------------------------------------------------------------ an edited block file


def test_a_block_that_an_institution_edits_on_its_disk_is_seen_beside_the_others(on: Working) -> None:
    network = on.network
    registered(on, 1007)
    registered(on, 1008)
    on.await_same_height()
    site, admin = network.site("Org0MSP"), network.signer("Org0MSP", ADMIN)
    assert site.compare(admin).agrees

    stopped(network, f"peer.{ROGUE}")
    file = database(network, ROGUE)
    data, mark = file.read_bytes(), f"{1007:064x}".encode()
    assert mark in data
    file.write_bytes(data.replace(mark, f"{1907:064x}".encode()))
    network.up()

    served = on.ledgers[ROGUE]
    assert served.height() == on.ledgers["Org0MSP"].height()  # its peer started, and serves what it holds
    found = site.compare(admin)
    assert not found.agrees
    assert {each.peer.split()[0] for each in found.differences} == {ROGUE}
    assert {each.why for each in found.differences if "states" in each.why}
    with pytest.raises(ChainFusionError):
        [served.fabric_block(number) for number in range(served.height())]

    stopped(network, f"peer.{ROGUE}")
    file.write_bytes(data)
    network.up()
    assert site.compare(admin).agrees
    killed(network, f"peer.{ROGUE}")
    silent = site.compare(admin)
    assert [each.split()[0] for each in silent.absent] == [ROGUE]
    network.up()


def test_blocks_are_numbered_without_a_gap(on: Working) -> None:
    blocks: list[FabricBlock] = on.blocks("Org1MSP")
    assert [each.number for each in blocks] == list(range(len(blocks)))
