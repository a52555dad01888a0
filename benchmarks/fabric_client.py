"""Our gateway client beside the official one for Node, on one network, with the same calls in flight.

The official client and what it needs come from npm by a lock file with hashes, into build/. Each is measured twice, in
the order ours, theirs, theirs, ours. On a machine that also runs the network the rate is mostly the network's, so that
the processor time of the clients themselves is a row of its own.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._fabric_load import Load, registered
from benchmarks._fabric_stage import Stage, binaries_missing, document, stage
from chainfusion.domain.canonical import canonical
from chainfusion.node.identity.organisation import export_key
from chainfusion.node.network import DESK

SOURCE = Path(__file__).parent / "_fabric_node"
FOLDER = Path("build/fabric-node")
LOAD = Load(64, 8)
PLACEHOLDER = "0123456789abcdef" * 2


def install() -> None:
    """Installs the official client, as locked. Raises: subprocess.CalledProcessError."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for each in SOURCE.iterdir():
        shutil.copy(each, FOLDER)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit-lockfile-registry-resolved"]
    subprocess.run(command, cwd=FOLDER, check=True, stdout=subprocess.DEVNULL)


@dataclass(frozen=True)
class Pace:
    """Transactions a second, and milliseconds of the client's processor time for each."""

    rate: float
    milliseconds: float


def ours(on: Stage, load: Load) -> Pace:
    """Our client's pace. Raises: what a submission raises."""
    before = _seconds(resource.RUSAGE_SELF)
    done = registered(on, load)
    spent = _seconds(resource.RUSAGE_SELF) - before
    return Pace(load.counted(done) / load.seconds, 1000 * spent / len(done))


def theirs(on: Stage, load: Load, key: Path) -> Pace:
    """The official client's pace. Raises: subprocess.CalledProcessError."""
    before = _seconds(resource.RUSAGE_CHILDREN)
    given = json.dumps(_settings(on, load, key)).encode()
    done = subprocess.run(["node", "client.mjs"], cwd=FOLDER, check=True, stdout=subprocess.PIPE, input=given)
    spent = _seconds(resource.RUSAGE_CHILDREN) - before
    found = json.loads(done.stdout)
    if found["refused"]:
        print(f"The official client reported {found['refused']} errors, the first: {found['why']}")
    return Pace(float(found["rate"]), 1000 * spent / found["committed"])


def _settings(on: Stage, load: Load, key: Path) -> dict[str, Any]:
    tls = on.network.places.tls(on.msp, "client")
    call = document(1)
    call["document"]["id"] = PLACEHOLDER
    return {
        "address": on.network.plan.organisation(on.msp).peer,
        "ca": str(tls.ca),
        "tlsKey": str(tls.key),
        "tlsCertificate": str(tls.certificate),
        "msp": on.msp,
        "certificate": str(on.network.organisation(on.msp).user(DESK).folder / "signcerts" / "cert.pem"),
        "key": str(key),
        "channel": on.network.plan.channel,
        "chaincode": on.network.plan.chaincode,
        "operation": "document@1.register",
        "template": canonical(call).decode(),
        "placeholder": PLACEHOLDER,
        "inFlight": load.in_flight,
        "warmUp": load.warm_up,
        "seconds": load.seconds,
    }


def _seconds(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def measured(on: Stage, load: Load) -> tuple[Pace, Pace]:
    """The pace of our client and of theirs."""
    key = on.network.places.root / "client.key"
    export_key(on.network.organisation(on.msp).user(DESK), on.network.password, key)
    registered(on, Load(4, 1))
    turns = (ours(on, load), theirs(on, load, key), theirs(on, load, key), ours(on, load))
    return _mean(turns[0], turns[3]), _mean(turns[1], turns[2])


def _mean(first: Pace, second: Pace) -> Pace:
    return Pace((first.rate + second.rate) / 2, (first.milliseconds + second.milliseconds) / 2)


def rows(mine: Pace, other: Pace) -> list[dict[str, Any]]:
    """Rate and processor time, ours beside theirs."""
    about = {
        "size": f"{LOAD.in_flight} in flight, 4 organisations, 4 SmartBFT orderers",
        "peer": "official gateway client for Node",
    }
    figures = (
        ("fabric_client", "tx/s", mine.rate, other.rate),
        ("fabric_client_cpu", "ms/tx", mine.milliseconds, other.milliseconds),
    )
    return [
        {"name": name, "value": value, "unit": unit, **about, "peer_value": peer, "ratio": value / peer}
        for name, unit, value, peer in figures
    ]


def run() -> list[dict[str, Any]]:
    """The rows of this benchmark; none where Fabric's binaries or Node are missing."""
    missing = binaries_missing() or next((each for each in ("node", "npm") if shutil.which(each) is None), "")
    if missing:
        print(f"fabric_client is skipped: {missing} is not on this machine.")
        return []
    install()
    with stage() as on:
        return rows(*measured(on, LOAD))
