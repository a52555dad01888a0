"""Which program serves the contracts of a network: ours, or another for comparison, at the same addresses."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from chainfusion.ledger.fabric.network import processes
from chainfusion.node.network import RunningNetwork

OURS = "chainfusion.ledger.fabric.chaincode"
BARE = "benchmarks._fabric_bare"
PATIENCE_SECONDS = 30


def end_servers(network: RunningNetwork) -> None:
    """Ends the contract servers that came with the network."""
    running = processes.load(network.places.running)
    servers = [each for each in running if each.name.startswith("chaincode.")]
    processes.end_all(servers)
    processes.save(network.places.running, tuple(each for each in running if each not in servers))


@contextmanager
def serving(network: RunningNetwork, module: str) -> Iterator[tuple[int, ...]]:
    """Serves every organisation's contracts by a module of Python; gives the processes' ids."""
    command, quiet = [sys.executable, "-m", module], subprocess.DEVNULL
    started = [subprocess.Popen(command, env=env, stdout=quiet) for env in _settings(network)]
    try:
        for each in network.plan.organisations:
            _await_listener(each.host, int(each.chaincode.rpartition(":")[2]))
        yield tuple(each.pid for each in started)
    finally:
        for server in started:
            server.terminate()
        for server in started:
            server.wait(10)


def _await_listener(host: str, port: int) -> None:
    """Waits until somebody listens; a peer connects with its next call. Raises: OSError."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


def _settings(network: RunningNetwork) -> Iterator[dict[str, str]]:
    for each in network.plan.organisations:
        tls = network.places.tls(each.msp, "chaincode")
        yield {
            **os.environ,
            "CHAINCODE_ID": network.machine.definition.package_id,
            "CHAINCODE_ADDRESS": each.chaincode,
            "CHAINCODE_LEDGER_ID": network.ledger_id,
            "CHAINCODE_TLS_KEY": str(tls.key),
            "CHAINCODE_TLS_CERT": str(tls.certificate),
            "CHAINCODE_TLS_CLIENT_CA": str(tls.ca),
        }
