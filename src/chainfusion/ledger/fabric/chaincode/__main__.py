"""Serves the contracts to one organisation's peers: `python -m chainfusion.ledger.fabric.chaincode`.

Settings come from the environment: CHAINCODE_ID (the package id), CHAINCODE_ADDRESS (host:port), CHAINCODE_LEDGER_ID,
and PEM files for TLS: CHAINCODE_TLS_KEY, CHAINCODE_TLS_CERT, CHAINCODE_TLS_CLIENT_CA. Others may be left out:
CHAINCODE_OPERATIONS (host:port of /healthz and /metrics), CHAINCODE_PROCESSES (1), CHAINCODE_COLLECTIONS (JSON: the
members of each declared private collection) and CHAINCODE_CHANNELS (JSON: by name, `ledger` and `collections` of each
channel beside the first).

Several processes listen at the one address, and the system gives each peer's connection to one of them; they look after
themselves at ports in a row, from that of CHAINCODE_OPERATIONS on. Where one ends, all do, and whoever started them
starts them anew.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Any

from chainfusion.contracts.catalogue import registry
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.ledger.fabric.chaincode.call import Ground, Program
from chainfusion.ledger.fabric.chaincode.operations import Operations, Told
from chainfusion.ledger.fabric.chaincode.server import ChaincodeServer, TlsFiles

TLS_FILES = ("CHAINCODE_TLS_KEY", "CHAINCODE_TLS_CERT", "CHAINCODE_TLS_CLIENT_CA")
ENDS = (signal.SIGTERM, signal.SIGINT)


class SettingMissing(ChainFusionError):
    """The chaincode's process was started without a setting that it needs."""

    code = "CHAINCODE_SETTING_MISSING"
    says = Text("The environment variable {name} is not set.", "未设置环境变量 {name}。")
    do = Text("Set it, as `chainfusion network bundle` does.", "请按部署包的方式设置。")


def main() -> int:
    """Serves until it is told to end (SIGTERM or SIGINT). Raises: SettingMissing, OSError."""
    count = int(os.environ.get("CHAINCODE_PROCESSES") or "1")
    if count == 1:
        serve(0, shared=False)
        return 0
    return supervise(count)


def serve(number: int, *, shared: bool) -> None:
    """Serves in this process, the `number`-th of them, until it is told to end."""
    tls = TlsFiles(*(Path(_setting(name)) for name in TLS_FILES))
    first = _ground({"ledger": _setting("CHAINCODE_LEDGER_ID"), "collections": _json("CHAINCODE_COLLECTIONS")})
    further = {name: _ground(each) for name, each in _json("CHAINCODE_CHANNELS").items()}
    program = Program(registry(), first.ledger_id, first.collections, further=further)
    # Kept from all threads and waited for: a handler would run once the main thread wakes, and a signal that the system
    # gives to another thread does not wake it.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    with ExitStack() as stack:
        server = ChaincodeServer(_setting("CHAINCODE_ID"), program, _setting("CHAINCODE_ADDRESS"), tls, shared=shared)
        stack.enter_context(server)
        host, _, port = os.environ.get("CHAINCODE_OPERATIONS", "").rpartition(":")
        if port:
            shown = Told(program.metrics, lambda: server.healthy)
            stack.enter_context(Operations(f"{host}:{int(port) + number}", shown, tls.context("http/1.1")))
        signal.sigwait(ENDS)


def supervise(count: int) -> int:
    """Forks so many processes that serve; 0 where they ended because they were told to, 1 where one ended by itself."""
    children = [_forked(number) for number in range(count)]
    told = Event()

    def end(*_: object) -> None:
        told.set()
        for each in children:
            os.kill(each, signal.SIGTERM)

    for number in ENDS:
        signal.signal(number, end)
    gone, _ = os.wait()
    children.remove(gone)
    alone = not told.is_set()
    end()
    for each in children:
        os.waitpid(each, 0)
    return int(alone)


def _forked(number: int) -> int:
    """A child that serves; forked before there are threads."""
    child = os.fork()
    if child == 0:
        try:
            serve(number, shared=True)
        except (ChainFusionError, OSError) as error:
            print(error, file=sys.stderr)
            os._exit(1)
        os._exit(0)
    return child


def _ground(told: dict[str, Any]) -> Ground:
    collections = {name: frozenset(members) for name, members in told.get("collections", {}).items()}
    return Ground(told["ledger"], collections)


def _json(name: str) -> dict[str, Any]:
    """A setting that may be left out."""
    told: dict[str, Any] = json.loads(os.environ.get(name) or "{}")
    return told


def _setting(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise SettingMissing(name=name)
    return value


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ChainFusionError as error:
        sys.exit(f"{error.code}: {error}")
