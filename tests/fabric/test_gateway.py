"""The gateway client and the ledger on it, against scripted peers: every status and failure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from threading import Event
from typing import Any

import pytest

pytest.importorskip("fabric_protos", reason="the extra `fabric` is not installed")

import grpc

from chainfusion.contracts.framework.keys import composite_key
from chainfusion.domain.canonical import canonical
from chainfusion.ledger.evidence.transaction import nonce_of
from chainfusion.ledger.fabric.chaincode.call import Program
from chainfusion.ledger.fabric.gateway.attempts import attempt_nonce
from chainfusion.ledger.fabric.gateway.client import GatewayClient, Settings
from chainfusion.ledger.fabric.gateway.events import Checkpoint, events
from chainfusion.ledger.fabric.gateway.ledger import FabricLedger
from chainfusion.ledger.fabric.gateway.peers import PeerAddress, Peers
from chainfusion.ledger.fabric.gateway.refusals import PeersUnreachable, TooBusy, TransactionConflict
from chainfusion.ledger.fabric.gateway.signing import transaction_id
from chainfusion.ledger.port import NotOnLedger, OutcomeUnknown, TransactionRefused, TransactionState
from chainfusion.node.identity.signer import Signer
from chainfusion.node.session import RequestReused, Session
from tests.fabric.scripted_gateway import Chain, ScriptedGateway, fails
from tests.support.ledger import Consortium, representative
from tests.support.probe import SHARED, ProbeRefused, probe

CODE = grpc.StatusCode
QUORUM = "insufficient number of orderers could successfully process transaction to satisfy quorum requirement"
FAST = Settings(
    channel="chan", submit_seconds=8, evaluate_seconds=1, commit_seconds=0.6, settle_seconds=0.3, endorse_seconds=0.4
)


@dataclass
class Harness:
    """Two scripted peers of one institution on one chain, and a person at a ledger on them."""

    consortium: Consortium
    chain: Chain
    peers: tuple[ScriptedGateway, ...]
    ledger: FabricLedger
    client: GatewayClient
    person: Signer

    @property
    def peer(self) -> ScriptedGateway:
        return self.peers[0]

    def proposal(self, operation: str, **given: Any) -> Any:
        return self.consortium.proposal(self.person, operation, **given)

    def submit(self, operation: str, *, transient: Any = None, **given: Any) -> Any:
        return self.ledger.submit(self.proposal(operation, transient=transient, **given), self.person, transient)

    def count(self) -> int:
        return int(self.ledger.state("n") or b"0")


@pytest.fixture(scope="module")
def consortium() -> Consortium:
    return Consortium.of(contracts=(probe,))


@pytest.fixture
def harness(consortium: Consortium) -> Iterator[Harness]:
    yield from harness_with(consortium, FAST)


def harness_with(consortium: Consortium, settings: Settings) -> Iterator[Harness]:
    members = frozenset(member.msp_id for member in consortium.members)
    program = Program(consortium.registry, consortium.ledger_id, {SHARED: members})
    chain = Chain(program)
    person = representative(consortium.orderer)
    gateways = tuple(ScriptedGateway(chain, person.msp_id) for _ in range(2))
    connections = Peers([PeerAddress(each.address) for each in gateways])
    client = GatewayClient(connections, settings)
    yield Harness(consortium, chain, gateways, FabricLedger(client, consortium.ledger_id, person), client, person)
    connections.close()
    for each in gateways:
        each.stop()


# -------------------------------------------------------------- as it should be


def test_a_call_is_recorded_and_read_back_as_it_was_signed(harness: Harness) -> None:
    proposal = harness.proposal("probe.emit", numbers=[1, 2])
    receipt = harness.ledger.submit(proposal, harness.person)
    assert (receipt.state, receipt.code, receipt.block) == (TransactionState.COMMITTED, "VALID", 0)
    recorded = harness.ledger.transaction(receipt.tx_id)
    assert recorded.transaction.proposal == proposal
    assert recorded.transaction.proposal.tx_id == receipt.tx_id == recorded.outcome.tx_id
    assert [event["name"] for event in recorded.events] == ["First", "First", "Second"]
    assert (recorded.block, recorded.index, recorded.response) == (0, 0, receipt.response)
    assert harness.ledger.block(0).transactions == (recorded,)
    assert harness.ledger.status(receipt.tx_id) is TransactionState.COMMITTED


def test_blocks_are_chained_by_fabrics_hash(harness: Harness) -> None:
    for value in ("1", "2", "3"):
        harness.submit("probe.put", key="k", value=value)
    blocks = [harness.ledger.block(number) for number in range(harness.ledger.height())]
    assert [block.header.previous for block in blocks[1:]] == [block.header.hash for block in blocks[:-1]]
    assert blocks[1].signature == b"an orderer's"
    assert [write for write, _ in blocks[1].transactions[0].outcome.writes] == [b"k".hex()]


def test_state_prefixes_and_history_are_read_through_the_chaincode(harness: Harness) -> None:
    assert harness.ledger.state("k") is None
    ids = [harness.submit("probe.put", key="k", value=value).tx_id for value in ("1", "2")]
    harness.submit("probe.delete", key="k")
    names = [f"{number:03d}" for number in range(7)]
    for name in reversed(names):
        harness.submit("probe.put_composite", object_type="deal", attributes=[name], value=name)
    harness.submit("probe.put_composite", object_type="deals", attributes=["x"], value="x")
    assert harness.ledger.state("k") is None
    assert [change.value for change in harness.ledger.history("k")] == [None, b"2", b"1"]
    assert [change.tx_id for change in harness.ledger.history("k")][1:] == ids[::-1]
    expected = [(composite_key("deal", name), name.encode()) for name in names]
    assert list(harness.ledger.state_by_prefix("deal")) == expected
    assert harness.chain.state.open_queries == {}


def test_long_prefixes_come_in_pages(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainfusion.ledger.fabric.chaincode.reading.PAGE", 3)
    for number in range(8):
        harness.submit("probe.put_composite", object_type="deal", attributes=[str(number)], value="v")
    assert [key for key, _ in harness.ledger.state_by_prefix("deal")] == [
        composite_key("deal", str(number)) for number in range(8)
    ]


def test_private_values_leave_only_hashes_in_the_block(harness: Harness) -> None:
    receipt = harness.submit("probe.put_private", collection=SHARED, key="k", transient={"value": b"secret"})
    recorded = harness.ledger.transaction(receipt.tx_id)
    assert b"secret" not in harness.chain.blocks[0].SerializeToString()
    assert recorded.outcome.writes == ()
    assert [collection for collection, _, _ in recorded.outcome.private] == [SHARED]


def test_a_transient_input_that_was_not_signed_is_refused(harness: Harness) -> None:
    proposal = harness.proposal("probe.put_private", transient={"value": b"signed"}, collection=SHARED, key="k")
    with pytest.raises(Exception, match="transient"):
        harness.ledger.submit(proposal, harness.person, {"value": b"another"})
    assert harness.ledger.height() == 0


def test_certificates_are_found_in_the_blocks(harness: Harness) -> None:
    fingerprint = harness.person.certificate_fingerprint
    with pytest.raises(NotOnLedger):
        harness.ledger.certificate(fingerprint)
    harness.submit("probe.put", key="k", value="v")
    assert harness.ledger.certificate(fingerprint) == harness.person.certificate_der


def test_the_system_chaincode_is_asked_of_our_own_peers(harness: Harness) -> None:
    harness.ledger.height()
    assert harness.peer.targets == [(harness.person.msp_id,)]


@pytest.mark.parametrize("number", [-1, 0, 7])
def test_what_is_not_there_is_said_to_be_absent(harness: Harness, number: int) -> None:
    with pytest.raises(NotOnLedger):
        harness.ledger.block(number)
    with pytest.raises(NotOnLedger):
        harness.ledger.transaction("ab" * 32)
    assert harness.ledger.status("") is TransactionState.UNKNOWN


def test_a_proposal_for_another_ledger_is_not_sent(harness: Harness) -> None:
    other = replace(harness.proposal("probe.put", key="k", value="v"), channel="0" * 32)
    for call in (harness.ledger.submit, harness.ledger.evaluate):
        with pytest.raises(TransactionRefused, match="WRONG_CHANNEL"):
            call(other, harness.person)
    assert harness.peer.calls == []


# -------------------------------------------------------------- refusals


def test_a_contracts_refusal_comes_back_typed_and_is_not_recorded(harness: Harness) -> None:
    for call in (harness.ledger.submit, harness.ledger.evaluate):
        with pytest.raises(ProbeRefused) as refusal:
            call(harness.proposal("probe.refuse", what="这个"), harness.person)
        assert refusal.value.facts == {"what": "这个"}
    assert harness.ledger.height() == 0


def test_a_long_refusal_comes_back_whole(harness: Harness) -> None:
    with pytest.raises(ProbeRefused) as refusal:
        harness.submit("probe.refuse", what="字" * 10_000)
    assert refusal.value.facts == {"what": "字" * 10_000}


def test_a_contract_that_breaks_is_told_from_one_that_refuses(harness: Harness) -> None:
    with pytest.raises(TransactionRefused, match="CONTRACT_FAILED"):
        harness.submit("probe.break_down")


@pytest.mark.parametrize("status", [CODE.PERMISSION_DENIED, CODE.INVALID_ARGUMENT, CODE.FAILED_PRECONDITION])
def test_what_no_repetition_mends_is_refused_at_once(harness: Harness, status: grpc.StatusCode) -> None:
    harness.peer.faults["Endorse"].append(fails(status, "no such thing"))
    with pytest.raises(TransactionRefused, match=f"{status.name}.*no such thing"):
        harness.submit("probe.put", key="k", value="v")
    assert harness.peer.calls == ["Endorse"]


def test_a_peer_that_lets_nobody_in_is_not_taken_for_one_that_is_gone(harness: Harness) -> None:
    text = "request unauthorized due to incorrect timestamp"
    harness.peer.faults["Evaluate"].append(fails(CODE.UNAVAILABLE, "failed", ("DonghaiMSP", text)))
    harness.peer.faults["Endorse"].append(fails(CODE.ABORTED, "failed", ("DonghaiMSP", text)))
    for call in (harness.ledger.evaluate, harness.ledger.submit):
        with pytest.raises(TransactionRefused, match=text):
            call(harness.proposal("probe.put", key="k", value="v"), harness.person)
    assert harness.peer.calls == ["Evaluate", "Endorse"]


def test_a_stranger_is_refused_by_the_name_of_the_status(harness: Harness) -> None:
    harness.peer.faults["Evaluate"].append(fails(CODE.PERMISSION_DENIED, "access denied"))
    with pytest.raises(TransactionRefused, match="PERMISSION_DENIED"):
        harness.ledger.evaluate(harness.proposal("probe.get", key="k"), harness.person)


# -------------------------------------------------------------- peers apart


@pytest.mark.parametrize(
    "fault",
    [
        fails(CODE.ABORTED, "failed to collect", ("HengxinMSP", "ProposalResponsePayloads do not match")),
        fails(CODE.FAILED_PRECONDITION, "no combination of peers can be derived which satisfy the policy"),
        fails(
            CODE.ABORTED,
            "failed to collect enough transaction endorsements",
            ("HengxinMSP", 'chaincode response 409, {"code":"PROBE_REFUSED","facts":{"what":"it"}}'),
        ),
    ],
)
def test_endorsers_a_block_apart_are_asked_again(harness: Harness, fault: Any) -> None:
    harness.peer.faults["Endorse"].extend([fault, fault])
    assert harness.submit("probe.count_up", key="n").code == "VALID"
    assert harness.peer.calls.count("Endorse") == 3
    assert harness.count() == 1


def test_endorsers_that_stay_apart_are_reported(harness: Harness) -> None:
    text = "ProposalResponsePayloads do not match"
    harness.peer.faults["Endorse"].extend([fails(CODE.ABORTED, "failed", ("HengxinMSP", text))] * 100)
    with pytest.raises(TransactionRefused, match=text):
        harness.submit("probe.put", key="k", value="v")


def test_our_own_peers_refusal_is_believed_at_once(harness: Harness) -> None:
    text = 'chaincode response 409, {"code":"PROBE_REFUSED","facts":{"what":"it"}}'
    harness.peer.faults["Endorse"].append(fails(CODE.ABORTED, "failed", (harness.person.msp_id, text)))
    with pytest.raises(ProbeRefused):
        harness.submit("probe.put", key="k", value="v")
    assert harness.peer.calls == ["Endorse"]


# -------------------------------------------------------------- sent once, applied once


def test_a_repeat_returns_the_first_receipt(harness: Harness) -> None:
    first = harness.submit("probe.count_up", request="r1", key="n")
    assert harness.submit("probe.count_up", request="r1", key="n") == first
    assert (harness.count(), len(harness.chain.ordered)) == (1, 1)
    recorded = harness.ledger.recorded(nonce_of("r1"), harness.person)
    assert recorded == harness.ledger.transaction(first.tx_id)
    assert harness.ledger.recorded(nonce_of("r2"), harness.person) is None


@pytest.mark.parametrize("code", ["MVCC_READ_CONFLICT", "PHANTOM_READ_CONFLICT"])
def test_a_conflict_is_endorsed_anew_under_the_next_id(harness: Harness, code: str) -> None:
    harness.chain.codes.extend([code, code])
    receipt = harness.submit("probe.count_up", request="r1", key="n")
    ids = [transaction_id(attempt_nonce(nonce_of("r1"), number), harness.person) for number in range(3)]
    assert harness.chain.ordered == ids
    assert (receipt.tx_id, harness.count()) == (ids[2], 1)
    assert harness.ledger.status(ids[0]) is TransactionState.INVALID
    assert harness.ledger.transaction(ids[0]).outcome.writes == ()
    assert harness.submit("probe.count_up", request="r1", key="n") == receipt
    assert harness.count() == 1


def test_endless_conflicts_end(harness: Harness) -> None:
    harness.client.settings = replace(FAST, attempts=3)
    harness.chain.codes.extend(["MVCC_READ_CONFLICT"] * 5)
    with pytest.raises(TransactionConflict) as refusal:
        harness.submit("probe.count_up", request="r1", key="n")
    assert refusal.value.facts == {"attempts": 3, "reason": "MVCC_READ_CONFLICT"}
    assert harness.submit("probe.count_up", request="r1", key="n").code == "VALID"
    assert harness.count() == 1


def test_another_reason_to_be_invalid_is_told_and_does_not_spoil_the_request(harness: Harness) -> None:
    harness.chain.codes.append("ENDORSEMENT_POLICY_FAILURE")
    with pytest.raises(TransactionRefused, match="ENDORSEMENT_POLICY_FAILURE"):
        harness.submit("probe.count_up", request="r1", key="n")
    assert harness.submit("probe.count_up", request="r1", key="n").code == "VALID"
    assert harness.count() == 1


@pytest.mark.parametrize(
    ("status", "message"), [(CODE.UNAVAILABLE, QUORUM), (CODE.DEADLINE_EXCEEDED, "submit timeout expired")]
)
def test_orderers_that_took_it_and_said_otherwise_are_not_sent_it_again(
    harness: Harness, status: grpc.StatusCode, message: str
) -> None:
    harness.peer.after["Submit"].append(fails(status, message))
    assert harness.submit("probe.count_up", key="n").code == "VALID"
    assert (len(harness.chain.ordered), harness.count()) == (1, 1)


def test_orderers_that_did_not_take_it_are_sent_it_again(harness: Harness) -> None:
    for peer in harness.peers:
        peer.faults["Submit"].append(fails(CODE.UNAVAILABLE, QUORUM))
    assert harness.submit("probe.count_up", key="n").code == "VALID"
    assert (len(harness.chain.ordered), harness.count()) == (1, 1)


def test_a_transaction_that_the_orderers_lost_is_sent_again_under_its_id(harness: Harness) -> None:
    harness.chain.lost = 2
    receipt = harness.submit("probe.count_up", key="n")
    assert harness.chain.ordered == [receipt.tx_id] * 3
    assert harness.count() == 1


def test_a_transaction_that_is_never_recorded_has_an_unknown_outcome(harness: Harness) -> None:
    harness.client.settings = replace(FAST, submit_seconds=1.5)
    harness.chain.lost = 100
    with pytest.raises(OutcomeUnknown) as refusal:
        harness.submit("probe.count_up", request="r1", key="n")
    assert harness.ledger.status(refusal.value.facts["tx_id"]) is TransactionState.UNKNOWN
    harness.chain.lost = 0
    assert harness.submit("probe.count_up", request="r1", key="n").tx_id == refusal.value.facts["tx_id"]
    assert harness.count() == 1


@pytest.mark.parametrize("reason", ["BAD_REQUEST", "FORBIDDEN", "REQUEST_ENTITY_TOO_LARGE"])
def test_what_the_orderers_refuse_is_refused(harness: Harness, reason: str) -> None:
    text = f"received unsuccessful response from orderer: status={reason}, info=no"
    harness.peer.faults["Submit"].append(fails(CODE.ABORTED, text))
    with pytest.raises(TransactionRefused, match=reason):
        harness.submit("probe.count_up", key="n")
    assert harness.peer.calls.count("Submit") == 1


def test_one_request_from_many_at_once_is_one_transaction(harness: Harness) -> None:
    proposal = harness.proposal("probe.count_up", request="r1", key="n")
    with ThreadPoolExecutor(16) as pool:
        receipts = list(pool.map(lambda _: harness.ledger.submit(proposal, harness.person), range(16)))
    assert {receipt.tx_id for receipt in receipts} == {transaction_id(nonce_of("r1"), harness.person)}
    assert {receipt.code for receipt in receipts} == {"VALID"}
    assert harness.count() == 1


def test_a_duplicate_in_the_order_is_the_first_receipt(harness: Harness) -> None:
    """Another process sends the same request between our endorsement and our sending."""
    first: list[Any] = []
    harness.peer.after["Endorse"].append(lambda _: first.append(harness.submit("probe.count_up", request="r", key="n")))
    again = harness.submit("probe.count_up", request="r", key="n")
    assert again == first[0]
    assert harness.chain.ordered == [again.tx_id] * 2
    assert harness.count() == 1


# -------------------------------------------------------------- failover, deadlines, pressure


def test_the_next_peer_is_used_where_one_is_gone(harness: Harness) -> None:
    harness.submit("probe.count_up", key="n")
    harness.peers[0].stop()
    harness.submit("probe.count_up", key="n")
    assert harness.count() == 2
    assert "Submit" in harness.peers[1].calls


def test_a_peer_that_goes_while_it_is_waited_for_is_replaced(harness: Harness) -> None:
    harness.peer.faults["CommitStatus"].append(fails(CODE.UNAVAILABLE, "connection reset"))
    assert harness.submit("probe.count_up", key="n").code == "VALID"
    assert harness.peers[1].calls == ["CommitStatus"]


def test_no_peer_at_all_is_said_with_their_names(harness: Harness) -> None:
    for peer in harness.peers:
        peer.stop()
    with pytest.raises(PeersUnreachable) as refusal:
        harness.ledger.evaluate(harness.proposal("probe.get", key="k"), harness.person)
    assert all(peer.address in str(refusal.value) for peer in harness.peers)


def test_more_than_allowed_in_flight_wait_and_then_are_told(consortium: Consortium) -> None:
    for harness in harness_with(consortium, replace(FAST, in_flight=1, submit_seconds=0.8)):
        held, go = Event(), Event()

        def hold(_: Any, held: Event = held, go: Event = go) -> None:
            held.set()
            go.wait(5)

        harness.peer.faults["Endorse"].append(hold)
        with ThreadPoolExecutor(2) as pool:
            running = pool.submit(harness.client.submit, harness.proposal("probe.count_up", key="n"), harness.person)
            held.wait(5)
            harness.client.settings = replace(FAST, submit_seconds=0.1)
            with pytest.raises(TooBusy):
                harness.submit("probe.count_up", key="n")
            go.set()
            running.exception(5)


def test_a_transaction_under_way_is_pending(harness: Harness) -> None:
    seen: list[TransactionState] = []
    tx_id = transaction_id(nonce_of("r1"), harness.person)
    harness.peer.faults["Endorse"].append(lambda _: seen.append(harness.ledger.status(tx_id)))
    harness.submit("probe.put", request="r1", key="k", value="v")
    assert seen == [TransactionState.PENDING]


# -------------------------------------------------------------- events


def test_events_are_given_in_order_and_resumed_after_a_checkpoint(harness: Harness) -> None:
    ids = [harness.submit("probe.emit", numbers=[number]).tx_id for number in range(3)]
    harness.submit("probe.put", key="k", value="silent")
    told = list(islice(events(harness.client, harness.person), 2))
    assert [each.checkpoint.tx_id for each in told] == ids[:2]
    assert told[0].events[0] == {"name": "First", "payload": {"number": 0}}
    rest = events(harness.client, harness.person, told[-1].checkpoint)
    assert next(rest).checkpoint == Checkpoint(2, ids[2])
    rest.close()


def test_events_go_on_at_another_peer_without_loss_or_repeat(harness: Harness) -> None:
    ids = [harness.submit("probe.emit", numbers=[number]).tx_id for number in range(2)]
    stream = events(harness.client, harness.person)
    seen = [next(stream).checkpoint.tx_id]
    harness.peers[0].stop()
    ids.append(harness.submit("probe.emit", numbers=[3]).tx_id)
    seen += [each.checkpoint.tx_id for each in islice(stream, 2)]
    stream.close()
    assert seen == ids


def test_events_of_a_channel_that_one_may_not_read_are_refused(harness: Harness) -> None:
    harness.peer.faults["ChaincodeEvents"].append(fails(CODE.PERMISSION_DENIED, "access denied"))
    with pytest.raises(TransactionRefused, match="PERMISSION_DENIED"):
        next(events(harness.client, harness.person))


# -------------------------------------------------------------- the node's session


def test_a_session_works_on_it_as_on_any_ledger(harness: Harness) -> None:
    session = Session(harness.ledger, harness.consortium.registry, harness.person, harness.consortium.clock)
    first = session.call("probe.put", request="r1", key="k", value="v")
    assert session.call("probe.put", request="r1", key="k", value="v") == first
    assert session.query("probe.get", key="k") == "v"
    with pytest.raises(RequestReused):
        session.call("probe.put", request="r1", key="k", value="another")
    assert json.loads(canonical(session.query("probe.get", key="k"))) == "v"
