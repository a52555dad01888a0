"""The chaincode server against a scripted peer that speaks the shim's protocol: in order, mixed, wrong and cut off."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fabric_protos", reason="the extra `fabric` is not installed")

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fabric_protos.peer import chaincode_pb2 as chaincode

from chainfusion.domain.errors import ChainFusionError, error_from_json
from chainfusion.ledger.evidence.transaction import Proposal
from chainfusion.ledger.fabric.chaincode.call import BROKEN, OK, REFUSED, Program, refusal_in
from chainfusion.ledger.fabric.chaincode.server import ChaincodeServer, TlsFiles
from chainfusion.ledger.fabric.chaincode.stream import limits_in
from chainfusion.node.identity.signer import Signer
from tests.fabric.scripted_peer import BATCHES, TOGETHER, Message, ScriptedPeer, Type, kinds, response_of
from tests.fabric.scripted_state import State
from tests.support.ledger import Consortium, representative
from tests.support.probe import SHARED, probe

FIVE_MB = 5 * 1024 * 1024


@dataclass
class Stage:
    """A server, and a person whose transactions a peer brings to it."""

    consortium: Consortium
    server: ChaincodeServer
    person: Signer

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    def peer(self, ready: bytes = b"") -> ScriptedPeer:
        return ScriptedPeer(self.address, ready=ready)

    def proposal(self, operation: str, **given: Any) -> Proposal:
        return self.consortium.proposal(self.person, operation, **given)

    def run(self, peer: ScriptedPeer, state: State, operation: str, **given: Any) -> Any:
        transient = given.get("transient")
        proposal = self.proposal(operation, **given)
        response = peer.run(state, proposal, self.person, transient=transient)
        if response.status == OK:
            state.commit(next(reversed(state.drafts)))
        return response


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    consortium = Consortium.of(contracts=(probe,))
    collections = {SHARED: frozenset(member.msp_id for member in consortium.members)}
    program = Program(consortium.registry, consortium.ledger_id, collections)
    with ChaincodeServer("probe:1", program, "127.0.0.1:0") as server:
        yield Stage(consortium, server, representative(consortium.orderer))


@pytest.fixture
def peer(stage: Stage) -> Iterator[ScriptedPeer]:
    found = stage.peer()
    yield found
    found.hang_up()


def refusal(response: Any) -> ChainFusionError:
    assert response.status == REFUSED
    told = refusal_in(response.message)
    assert told is not None
    return error_from_json(told)


# -------------------------------------------------------------- in order


def test_it_registers_under_its_package_id(peer: ScriptedPeer) -> None:
    assert peer.registered.type == Type.REGISTER
    assert chaincode.ChaincodeID.FromString(peer.registered.payload).name == "probe:1"


def test_a_written_value_is_read_by_the_next_transaction(stage: Stage, peer: ScriptedPeer) -> None:
    state = State()
    assert stage.run(peer, state, "probe.put", key="k", value="一").status == OK
    assert state.values == {("", "k"): "一".encode()}
    assert json.loads(stage.run(peer, state, "probe.get", key="k").payload) == "一"


def test_long_ranges_are_fetched_page_by_page_and_closed(stage: Stage, peer: ScriptedPeer) -> None:
    state = State()
    stage.run(peer, state, "probe.put_many", entries=[[f"k{n:02d}", str(n)] for n in range(20)])
    seen: list[Message] = []
    peer.begin(stage.proposal("probe.scan", start="k", end="l"), stage.person)
    done = peer.serve(state, seen=seen)
    found = json.loads(response_of(next(iter(done.values()))).payload)
    assert [key for key, _ in found] == [f"k{n:02d}" for n in range(20)]
    assert kinds(seen)[-2:] == ["QUERY_STATE_NEXT", "COMPLETED"]  # the peer closes with the last page
    assert state.open_queries == {}


def test_the_event_bundle_is_one_event(stage: Stage, peer: ScriptedPeer) -> None:
    tx_id = peer.begin(stage.proposal("probe.emit", numbers=[1, 2]), stage.person)
    event = peer.serve(State())[tx_id].chaincode_event
    assert (event.event_name, event.tx_id) == ("chainfusion", tx_id)
    assert [each["name"] for each in json.loads(event.payload)] == ["First", "First", "Second"]


def test_transient_input_reaches_the_contract_when_it_is_the_signed_one(stage: Stage, peer: ScriptedPeer) -> None:
    state = State()
    given = {"collection": SHARED, "key": "k"}
    assert stage.run(peer, state, "probe.put_private", transient={"value": b"secret"}, **given).status == OK
    assert state.values == {(SHARED, "k"): b"secret"}
    proposal = stage.proposal("probe.put_private", transient={"value": b"secret"}, **given)
    assert refusal(peer.run(state, proposal, stage.person, transient={"value": b"other"})).code == "CALL_MALFORMED"


def test_what_a_contract_knows_of_its_caller_is_what_the_certificate_says(stage: Stage, peer: ScriptedPeer) -> None:
    seen = json.loads(peer.run(State(), stage.proposal("probe.identity"), stage.person).payload)
    assert seen["channel"] == stage.consortium.ledger_id
    assert seen["certificate"] == stage.person.certificate_fingerprint
    assert seen["msp"] == stage.person.msp_id


# -------------------------------------------------------------- write batches


@pytest.mark.parametrize(("ready", "expected"), [(b"", ["PUT_STATE"] * 5), (BATCHES, ["WRITE_BATCH_STATE"] * 3)])
def test_writes_go_one_by_one_or_in_batches_as_the_peer_says(stage: Stage, ready: bytes, expected: list[str]) -> None:
    peer, state, seen = stage.peer(ready), State(), list[Message]()
    entries = [[f"k{n}", str(n)] for n in (3, 1, 4, 0, 2)]
    tx_id = peer.begin(stage.proposal("probe.put_many", entries=entries), stage.person)
    peer.serve(state, seen=seen)
    assert kinds(seen) == [*expected, "COMPLETED"]
    state.commit(tx_id)
    assert list(state.values) == [("", f"k{n}") for n in range(5)]
    peer.hang_up()


def test_deletions_and_private_writes_go_one_by_one_too(stage: Stage, peer: ScriptedPeer) -> None:
    state, seen = State(), list[Message]()
    peer.begin(stage.proposal("probe.delete", key="k"), stage.person)
    peer.serve(state, seen=seen)
    assert kinds(seen) == ["DEL_STATE", "COMPLETED"]


@pytest.mark.parametrize(
    ("payload", "sizes"),
    [
        (b"", (0, 0)),
        (b"\x08\x00\x10\x05", (0, 0)),
        (b"\x08\x01\x10\xe8\x07", (1000, 0)),
        (b"\x10\x05", (0, 0)),
        (b"\x0a\x01x", (0, 0)),
        (TOGETHER, (0, 3)),
        (BATCHES + TOGETHER, (2, 3)),
        (b"\x20\x03", (0, 0)),
    ],
)
def test_limits_are_read_from_the_ready_message(payload: bytes, sizes: tuple[int, int]) -> None:
    limits = limits_in(payload)
    assert (limits.writes_in_a_batch, limits.keys_in_a_question) == sizes


@pytest.mark.parametrize(
    ("ready", "keys", "expected"),
    [
        (TOGETHER, ["a", "b", "c"], ["GET_STATE_MULTIPLE"]),
        (TOGETHER, ["a", "b", "a", "b"], ["GET_STATE_MULTIPLE"]),
        (TOGETHER, ["a", "b", "c", "d"], ["GET_STATE"] * 4),
        (TOGETHER, ["a"], ["GET_STATE"]),
        (b"", ["a", "b", "c"], ["GET_STATE"] * 3),
    ],
)
def test_keys_that_are_foreseen_are_one_question_where_the_peer_takes_it(
    stage: Stage, ready: bytes, keys: list[str], expected: list[str]
) -> None:
    peer, state, seen = stage.peer(ready), State(), list[Message]()
    state.values = {("", "a"): b"1", ("", "c"): b"3"}
    tx_id = peer.begin(stage.proposal("probe.get_foreseen", keys=keys), stage.person)
    done = peer.serve(state, seen=seen)[tx_id]
    assert kinds(seen) == [*expected, "COMPLETED"]
    values = {"a": "1", "b": None, "c": "3", "d": None}
    assert json.loads(response_of(done).payload) == [values[key] for key in keys]
    peer.hang_up()


def test_a_peer_that_answers_for_too_few_keys_is_asked_for_each(stage: Stage) -> None:
    """Fabric 3.1 answers with no values at all where its database fails, and with no error."""
    peer, state, seen = stage.peer(TOGETHER), State(), list[Message]()
    peer.begin(stage.proposal("probe.get_foreseen", keys=["a", "b"]), stage.person)
    peer.answer(peer.next())
    peer.serve(state, seen=seen)
    assert kinds(seen) == ["GET_STATE", "GET_STATE", "COMPLETED"]
    peer.hang_up()


def test_a_key_or_range_is_asked_for_once_in_a_transaction(stage: Stage, peer: ScriptedPeer) -> None:
    state, seen = State(), list[Message]()
    peer.begin(stage.proposal("probe.get_foreseen", keys=["a", "a", "b", "a"]), stage.person)
    peer.serve(state, seen=seen)
    assert kinds(seen) == ["GET_STATE", "GET_STATE", "COMPLETED"]


# -------------------------------------------------------------- mixed


def test_transactions_interleave_and_each_gets_its_own_answers(stage: Stage, peer: ScriptedPeer) -> None:
    names = [f"k{n}" for n in range(12)]
    ids = {peer.begin(stage.proposal("probe.get", key=name), stage.person): name for name in names}
    questions = [peer.next() for _ in names]
    assert {each.txid for each in questions} == set(ids)
    for question in reversed(questions):
        peer.answer(question, ids[question.txid].encode())
    done = [peer.next() for _ in names]
    assert {each.txid: json.loads(response_of(each).payload) for each in done} == ids


def test_a_slow_transaction_holds_up_no_other(stage: Stage, peer: ScriptedPeer) -> None:
    slow = peer.begin(stage.proposal("probe.get", key="slow"), stage.person)
    held = peer.next()
    quick = peer.begin(stage.proposal("probe.get", key="quick"), stage.person)
    peer.answer(peer.next(), b"q")
    assert peer.next().txid == quick
    peer.answer(held, b"s")
    assert peer.next().txid == slow


def test_two_peers_are_served_at_once(stage: Stage, peer: ScriptedPeer) -> None:
    other, proposal = stage.peer(), stage.proposal("probe.get", key="k")
    peer.begin(proposal, stage.person)
    other.begin(proposal, stage.person)  # the same transaction, as another organisation's peer has it endorsed
    here, there = peer.next(), other.next()
    other.answer(there, b"there")
    peer.answer(here, b"here")
    assert json.loads(response_of(peer.next()).payload) == "here"
    assert json.loads(response_of(other.next()).payload) == "there"
    other.hang_up()


# -------------------------------------------------------------- wrong


def test_an_error_is_raised_and_never_taken_for_a_value(stage: Stage, peer: ScriptedPeer) -> None:
    peer.begin(stage.proposal("probe.get", key="k"), stage.person)
    peer.answer(peer.next(), b"GET_STATE failed: no such collection", Type.ERROR)
    told = refusal(response_of(peer.next()))
    assert told.code == "PEER_REFUSED"
    assert told.facts == {"question": "GET_STATE", "why": "GET_STATE failed: no such collection"}


def test_a_collection_that_the_peer_does_not_know_is_refused_as_such(stage: Stage, peer: ScriptedPeer) -> None:
    proposal = stage.proposal("probe.digest_private", collection="_implicit_org_NobodyMSP", key="k")
    for why, code in (
        (b"collection [c] not defined in the collection config for chaincode [n]", "COLLECTION_REFUSED"),
        (b"the database is closed", "PEER_REFUSED"),
    ):
        peer.begin(replace(proposal, nonce=code.encode().hex().ljust(48, "0")[:48]), stage.person)
        peer.answer(peer.next(), why, Type.ERROR)
        assert refusal(response_of(peer.next())).code == code


def test_an_error_to_a_write_refuses_the_transaction(stage: Stage, peer: ScriptedPeer) -> None:
    peer.begin(stage.proposal("probe.put", key="k", value="v"), stage.person)
    peer.answer(peer.next(), b"too large", Type.ERROR)
    assert refusal(response_of(peer.next())).facts["question"] == "PUT_STATE"


@pytest.mark.parametrize("changes", [{"txid": "ab" * 32}, {"channel_id": "another"}, {"txid": ""}])
def test_answers_to_others_wake_nobody(stage: Stage, peer: ScriptedPeer, changes: dict[str, str]) -> None:
    peer.begin(stage.proposal("probe.get", key="k"), stage.person)
    question = peer.next()
    wrong = Message(type=Type.RESPONSE, payload=b"wrong", txid=question.txid, channel_id=question.channel_id)
    for name, value in changes.items():
        setattr(wrong, name, value)
    peer.send(wrong)
    assert peer.is_silent()
    peer.answer(question, b"right")
    assert json.loads(response_of(peer.next()).payload) == "right"


def test_a_transaction_under_way_is_not_begun_twice(stage: Stage, peer: ScriptedPeer) -> None:
    proposal = stage.proposal("probe.get", key="k")
    peer.begin(proposal, stage.person)
    question = peer.next()
    peer.begin(proposal, stage.person)
    assert peer.is_silent()
    peer.answer(question, b"v")
    assert json.loads(response_of(peer.next()).payload) == "v"


@pytest.mark.parametrize("kind", [Type.UNDEFINED, Type.COMPLETED, Type.REGISTER, Type.GET_STATE])
def test_messages_out_of_place_are_passed_over(stage: Stage, peer: ScriptedPeer, kind: int) -> None:
    peer.send(Message(type=kind, txid="x", payload=b"?"))
    assert stage.run(peer, State(), "probe.put", key="k", value="v").status == OK


def test_a_keepalive_is_answered_by_one(peer: ScriptedPeer) -> None:
    peer.send(Message(type=Type.KEEPALIVE))
    assert peer.next().type == Type.KEEPALIVE


def test_a_query_answer_that_cannot_be_read_is_an_error(stage: Stage, peer: ScriptedPeer) -> None:
    peer.begin(stage.proposal("probe.scan", start="", end=""), stage.person)
    peer.answer(peer.next(), b"\xff\xff\xff")
    assert refusal(response_of(peer.next())).code == "PEER_REFUSED"


@pytest.mark.parametrize(
    "args",
    [
        [],
        [b"probe@1.get"],
        [b"probe@1.get", b"{}", b"00", b"more"],
        [b"probe.get", b"{}"],
        [b"probe@x.get", b"{}"],
        [b"@1.get", b"{}"],
        [b"probe@1.", b"{}"],
        [b"\xff@1.get", b"{}"],
        [b"probe@1.get", b"[]"],
        [b"probe@1.get", b'{"key": "k"}'],
        [b"probe@1.get", b"\xff"],
        [b"probe@1.get", b'{"key":"k"}', b"ab" * 32],
        [b"ledger@1.nothing", b"{}"],
        [b"ledger@2.state", b'{"key":"k"}'],
        [b"probe@2.get", b'{"key":"k"}'],
        [b"probe@1.get", b'{"wrong":"k"}'],
    ],
)
def test_what_is_no_call_is_refused_with_a_typed_error(stage: Stage, peer: ScriptedPeer, args: list[bytes]) -> None:
    response = peer.run(State(), stage.proposal("probe.get", key="k"), stage.person, args=args)
    assert refusal(response).code in {"CALL_MALFORMED", "NOT_CANONICAL", "UNKNOWN_OPERATION", "BAD_ARGUMENTS"}


def test_a_contracts_refusal_writes_nothing_and_is_rebuilt(stage: Stage, peer: ScriptedPeer) -> None:
    state, seen = State(), list[Message]()
    peer.begin(stage.proposal("probe.refuse", what="这个"), stage.person)
    done = peer.serve(state, seen=seen)
    told = refusal(response_of(next(iter(done.values()))))
    assert (told.code, told.facts) == ("PROBE_REFUSED", {"what": "这个"})
    assert kinds(seen) == ["COMPLETED"]


def test_a_contract_that_breaks_is_named_by_its_kind_alone(stage: Stage, peer: ScriptedPeer) -> None:
    response = stage.run(peer, State(), "probe.break_down")
    assert response.status == BROKEN
    assert response.message.startswith("the contract broke with ")
    assert stage.run(peer, State(), "probe.put", key="k", value="v").status == OK


def test_a_proposal_that_cannot_be_read_is_refused(stage: Stage, peer: ScriptedPeer) -> None:
    peer.send(
        Message(
            type=Type.TRANSACTION,
            txid="x",
            payload=chaincode.ChaincodeInput(args=[b"probe@1.get", b'{"key":"k"}']).SerializeToString(),
        )
    )
    assert refusal(response_of(peer.next())).code == "CALL_MALFORMED"


# -------------------------------------------------------------- cut off, and large


def test_a_peer_that_hangs_up_in_the_middle_leaves_the_server_sound(stage: Stage) -> None:
    gone = stage.peer()
    for number in range(8):
        gone.begin(stage.proposal("probe.get", key=f"k{number}"), stage.person)
    gone.next()
    gone.hang_up()
    again = stage.peer()
    assert stage.run(again, State(), "probe.put", key="k", value="v").status == OK
    again.hang_up()


def test_a_stopped_server_ends_its_streams(stage: Stage) -> None:
    program = Program(stage.consortium.registry, stage.consortium.ledger_id)
    server = ChaincodeServer("probe:1", program, "127.0.0.1:0")
    server.start()
    peer = ScriptedPeer(f"127.0.0.1:{server.port}")
    begin = time.monotonic()
    server.stop(grace_seconds=0.2)
    with pytest.raises(grpc.RpcError):
        peer.next()
    assert time.monotonic() - begin < 5
    peer.hang_up()


def test_five_megabytes_go_both_ways(stage: Stage, peer: ScriptedPeer) -> None:
    """More than gRPC's own limit of 4 MiB, which would end the stream."""
    value = b"x" * FIVE_MB
    peer.begin(stage.proposal("probe.get", key="large"), stage.person)
    peer.answer(peer.next(), value)
    assert json.loads(response_of(peer.next()).payload) == value.decode()


def test_what_is_larger_than_a_transaction_may_be_is_refused(stage: Stage, peer: ScriptedPeer) -> None:
    response = stage.run(peer, State(), "probe.put_sizes", key="k", size=1 << 20, count=8)
    assert refusal(response).code == "STATE_REFUSED"


# -------------------------------------------------------------- the reserved operations


def test_the_node_reads_state_and_history_through_the_reserved_contract(stage: Stage, peer: ScriptedPeer) -> None:
    state = State()
    stage.run(peer, state, "probe.put", key="k", value="1")
    asked = replace(stage.proposal("probe.get", key="k"), contract="ledger", operation="state")
    assert json.loads(peer.run(state, asked, stage.person).payload) == b"1".hex()
    asked = replace(asked, operation="history", nonce="00" * 24)
    assert [each["value"] for each in json.loads(peer.run(state, asked, stage.person).payload)] == [b"1".hex()]


# -------------------------------------------------------------- TLS


def test_only_clients_of_the_named_roots_connect(stage: Stage, tmp_path: Path) -> None:
    """The server asks for the peer's certificate; one of another CA, or none, is not let in."""
    own, other = tls_of("OwnMSP", tmp_path), tls_of("OtherMSP", tmp_path)
    program = Program(stage.consortium.registry, stage.consortium.ledger_id)
    with ChaincodeServer("probe:1", program, "127.0.0.1:0", own) as server:
        address = f"localhost:{server.port}"
        roots, key, certificate = (file.read_bytes() for file in (own.client_roots, own.key, own.certificate))
        allowed = grpc.ssl_channel_credentials(roots, key, certificate)
        peer = ScriptedPeer(address, allowed)
        assert stage.run(peer, State(), "probe.put", key="k", value="v").status == OK
        peer.hang_up()
        for credentials in (
            grpc.ssl_channel_credentials(roots),
            grpc.ssl_channel_credentials(roots, other.key.read_bytes(), other.certificate.read_bytes()),
        ):
            with pytest.raises(grpc.RpcError):
                ScriptedPeer(address, credentials)


def tls_of(msp: str, folder: Path) -> TlsFiles:
    """A TLS certificate for localhost under a CA of its own."""
    key, now = generate_private_key(SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"tls.{msp}")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, SHA256())
    )
    pem = certificate.public_bytes(Encoding.PEM)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key_file, certificate_file = folder / f"{msp}.key", folder / f"{msp}.pem"
    key_file.write_bytes(private)
    certificate_file.write_bytes(pem)
    return TlsFiles(key_file, certificate_file, certificate_file)
