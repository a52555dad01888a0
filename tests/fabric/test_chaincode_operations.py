"""How a contract server is looked after: counts, health, several processes at one address, and what its log holds."""

from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fabric_protos", reason="the extra `fabric` is not installed")

import grpc

from chainfusion.ledger.fabric.chaincode.call import BROKEN, OK, REFUSED, Program
from chainfusion.ledger.fabric.chaincode.metrics import Metrics
from chainfusion.ledger.fabric.chaincode.operations import Operations, Told
from chainfusion.ledger.fabric.chaincode.server import ChaincodeServer, TlsFiles
from tests.fabric.network_stage import free_ports
from tests.fabric.scripted_peer import ScriptedPeer
from tests.fabric.scripted_state import State
from tests.fabric.test_chaincode import Stage, tls_of
from tests.support.ledger import Consortium, representative
from tests.support.probe import SHARED, probe

SECRET = "9f1c-the-borrower-s-name"


@pytest.fixture
def consortium() -> Consortium:
    return Consortium.of(contracts=(probe,))


@pytest.fixture
def program(consortium: Consortium) -> Program:
    shared = {SHARED: frozenset(member.msp_id for member in consortium.members)}
    return Program(consortium.registry, consortium.ledger_id, shared)


@pytest.fixture
def stage(consortium: Consortium, program: Program) -> Iterator[Stage]:
    with ChaincodeServer("probe:1", program, "127.0.0.1:0") as server:
        yield Stage(consortium, server, representative(consortium.orderer))


def samples(text: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def page(port: int, path: str, context: ssl.SSLContext | None = None) -> tuple[int, str]:
    connection: http.client.HTTPConnection = http.client.HTTPConnection("localhost", port, timeout=10)
    if context is not None:
        connection = http.client.HTTPSConnection("localhost", port, timeout=10, context=context)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


# -------------------------------------------------------------- counts


def test_every_call_is_counted_by_operation_and_outcome(stage: Stage, program: Program) -> None:
    peer, state = stage.peer(), State()
    assert stage.run(peer, state, "probe.put", key="k", value="v").status == OK
    assert stage.run(peer, state, "probe.put", key="l", value="v").status == OK
    assert stage.run(peer, state, "probe.refuse", what="w").status == REFUSED
    assert stage.run(peer, state, "probe.break_down").status == BROKEN
    peer.run(state, stage.proposal("probe.get", key="k"), stage.person, args=[b"nothing@1.of_ours", b"{}"])
    found = samples(program.metrics.text())
    counted = {name: value for name, value in found.items() if "transactions_total" in name}
    name = "chainfusion_chaincode_transactions_total"
    assert counted == {
        f'{name}{{operation="probe@1.put",status="200"}}': 2,
        f'{name}{{operation="probe@1.refuse",status="409"}}': 1,
        f'{name}{{operation="probe@1.break_down",status="500"}}': 1,
        f'{name}{{operation="unknown",status="409"}}': 1,
    }
    assert found['chainfusion_chaincode_questions_total{operation="probe@1.put"}'] == 2
    assert found["chainfusion_chaincode_seconds_count"] == 5
    assert found['chainfusion_chaincode_seconds_bucket{le="+Inf"}'] == 5
    assert found["chainfusion_chaincode_peers"] == 1
    assert found["chainfusion_chaincode_running"] == 0
    peer.hang_up()


def test_a_transaction_under_way_is_seen(stage: Stage, program: Program) -> None:
    peer = stage.peer()
    peer.begin(stage.proposal("probe.get", key="k"), stage.person)
    question = peer.next()
    assert samples(program.metrics.text())["chainfusion_chaincode_running"] == 1
    peer.answer(question, b"v")
    peer.next()
    assert samples(program.metrics.text())["chainfusion_chaincode_running"] == 0
    peer.hang_up()


def test_buckets_hold_what_lasted_at_most_as_long() -> None:
    metrics = Metrics()
    for seconds in (0.005, 0.0051, 31.0):
        metrics.ended("a@1.b", 200, seconds, 0)
    found = samples(metrics.text())
    at = {le: found[f'chainfusion_chaincode_seconds_bucket{{le="{le}"}}'] for le in ("0.005", "0.01", "30.0", "+Inf")}
    assert at == {"0.005": 1, "0.01": 2, "30.0": 2, "+Inf": 3}


# -------------------------------------------------------------- pages


def test_health_and_metrics_have_pages_and_nothing_else_has() -> None:
    healthy = [True]
    with Operations("127.0.0.1:0", Told(Metrics(), lambda: healthy[0])) as pages:
        assert page(pages.port, "/healthz") == (200, "ok\n")
        assert "chainfusion_chaincode_seconds_count 0" in page(pages.port, "/metrics")[1]
        assert page(pages.port, "/")[0] == 404
        healthy[0] = False
        assert page(pages.port, "/healthz")[0] == 503


def test_only_the_institution_s_own_clients_see_the_pages(tmp_path: Path) -> None:
    own = tls_of("OwnMSP", tmp_path)
    with Operations("127.0.0.1:0", Told(Metrics(), lambda: True), own.context("http/1.1")) as pages:
        context = ssl.create_default_context(cafile=str(own.certificate))
        with pytest.raises(OSError):
            page(pages.port, "/metrics", context)
        context.load_cert_chain(own.certificate, own.key)
        assert page(pages.port, "/healthz", context) == (200, "ok\n")


def test_a_stopped_server_is_not_healthy(program: Program) -> None:
    server = ChaincodeServer("probe:1", program, "127.0.0.1:0")
    server.start()
    assert server.healthy
    server.stop(0)
    assert not server.healthy


# -------------------------------------------------------------- processes


def settings(files: TlsFiles, port: int, **more: str) -> dict[str, str]:
    tls = {"KEY": files.key, "CERT": files.certificate, "CLIENT_CA": files.client_roots}
    return {
        **os.environ,
        **{f"CHAINCODE_TLS_{name}": str(path) for name, path in tls.items()},
        "CHAINCODE_ID": "probe:1",
        "CHAINCODE_ADDRESS": f"127.0.0.1:{port}",
        "CHAINCODE_LEDGER_ID": "0" * 32,
        **more,
    }


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def eventually(holds: Any, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are counted in /proc")
def test_several_processes_serve_one_address_and_end_together(tmp_path: Path) -> None:
    own, port = tls_of("OwnMSP", tmp_path), free_ports(4)
    more = {"CHAINCODE_PROCESSES": "2", "CHAINCODE_OPERATIONS": f"127.0.0.1:{port + 1}"}
    command = [sys.executable, "-m", "chainfusion.ledger.fabric.chaincode"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, env=settings(own, port, **more), stdout=log, stderr=log)
    try:
        context = ssl.create_default_context(cafile=str(own.certificate))
        context.load_cert_chain(own.certificate, own.key)
        for each in (port + 1, port + 2):
            eventually(lambda each=each: _answers(each, context))
        credentials = grpc.ssl_channel_credentials(
            *(file.read_bytes() for file in (own.client_roots, own.key, own.certificate))
        )
        peers = [ScriptedPeer(f"localhost:{port}", credentials) for _ in range(12)]
        found = [
            samples(page(each, "/metrics", context)[1])["chainfusion_chaincode_peers"] for each in (port + 1, port + 2)
        ]
        assert sum(found) == 12
        for peer in peers:
            peer.hang_up()
        os.kill(children(server.pid)[0], signal.SIGKILL)  # where one ends, all do: the unit is started anew
        assert server.wait(20) == 1
    finally:
        server.kill()
        server.wait()


@pytest.mark.parametrize("processes", ["1", "2"])
def test_it_ends_when_it_is_told_to(tmp_path: Path, processes: str) -> None:
    own, port = tls_of("OwnMSP", tmp_path), free_ports(4)
    more = {"CHAINCODE_PROCESSES": processes, "CHAINCODE_OPERATIONS": f"127.0.0.1:{port + 1}"}
    command = [sys.executable, "-m", "chainfusion.ledger.fabric.chaincode"]
    server = subprocess.Popen(command, env=settings(own, port, **more), stdout=subprocess.DEVNULL)
    try:
        context = ssl.create_default_context(cafile=str(own.certificate))
        context.load_cert_chain(own.certificate, own.key)
        eventually(lambda: _answers(port + int(processes), context))
        server.terminate()
        assert server.wait(20) == 0
    finally:
        server.kill()
        server.wait()


def test_a_setting_that_is_missing_is_named() -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("CHAINCODE_")}
    command = [sys.executable, "-m", "chainfusion.ledger.fabric.chaincode"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "CHAINCODE_TLS_KEY" in done.stderr


def _answers(port: int, context: ssl.SSLContext) -> bool:
    try:
        return page(port, "/healthz", context)[0] == 200
    except OSError:
        return False


# -------------------------------------------------------------- the log


def test_nothing_confidential_is_in_the_log(stage: Stage, program: Program, capfd: pytest.CaptureFixture[str]) -> None:
    """Private values, transient input, arguments and refusals' facts: none is logged, whatever happens to the call."""
    peer, state = stage.peer(), State()
    private = {"collection": SHARED, "key": SECRET}
    transient = {"value": SECRET.encode()}
    assert stage.run(peer, state, "probe.put_private", transient=transient, **private).status == OK
    assert json.loads(stage.run(peer, state, "probe.get_private", **private).payload) == SECRET
    assert stage.run(peer, state, "probe.refuse", what=SECRET).status == REFUSED
    assert stage.run(peer, state, "probe.put_raw", key=SECRET).status == BROKEN
    peer.run(state, stage.proposal("probe.get", key="k"), stage.person, args=[SECRET.encode()])
    peer.begin(stage.proposal("probe.get", key=SECRET), stage.person)
    peer.hang_up()
    with grpc.insecure_channel(stage.address) as channel:  # bytes that are no message
        stream = channel.stream_stream("/protos.Chaincode/Connect")(iter([SECRET.encode()]))
        assert list(stream)
    eventually(lambda: stage.server.peers == 0)
    logged = "".join(capfd.readouterr())
    assert "contract broke" in logged
    assert SECRET not in logged
    assert SECRET not in program.metrics.text()
