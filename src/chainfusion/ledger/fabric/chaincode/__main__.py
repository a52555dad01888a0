"""Serves the contracts to one organisation's peer: `python -m chainfusion.ledger.fabric.chaincode`.

Settings come from the environment: CHAINCODE_ID (the package id), CHAINCODE_ADDRESS (host:port), CHAINCODE_LEDGER_ID,
PEM files for TLS: CHAINCODE_TLS_KEY, CHAINCODE_TLS_CERT, CHAINCODE_TLS_CLIENT_CA, and, where private data collections
are declared, CHAINCODE_COLLECTIONS (JSON: the members of each).
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from threading import Event

from chainfusion.contracts.catalogue import registry
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.ledger.fabric.chaincode.call import Program
from chainfusion.ledger.fabric.chaincode.server import ChaincodeServer, TlsFiles

TLS_FILES = ("CHAINCODE_TLS_KEY", "CHAINCODE_TLS_CERT", "CHAINCODE_TLS_CLIENT_CA")


class SettingMissing(ChainFusionError):
    """The chaincode's process was started without a setting that it needs."""

    code = "CHAINCODE_SETTING_MISSING"
    says = Text("The environment variable {name} is not set.", "未设置环境变量 {name}。")
    do = Text("Set it, as `chainfusion network bundle` does.", "请按部署包的方式设置。")


def main() -> None:
    """Serves until it is told to end (SIGTERM or SIGINT). Raises: SettingMissing, OSError."""
    tls = TlsFiles(*(Path(_setting(name)) for name in TLS_FILES))
    program = Program(registry(), _setting("CHAINCODE_LEDGER_ID"), _collections())
    told = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    with ChaincodeServer(_setting("CHAINCODE_ID"), program, _setting("CHAINCODE_ADDRESS"), tls):
        told.wait()


def _collections() -> dict[str, frozenset[str]]:
    """The members of each declared private data collection."""
    declared = json.loads(os.environ.get("CHAINCODE_COLLECTIONS") or "{}")
    return {name: frozenset(members) for name, members in declared.items()}


def _setting(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise SettingMissing(name=name)
    return value


if __name__ == "__main__":
    try:
        main()
    except ChainFusionError as error:
        sys.exit(f"{error.code}: {error}")
