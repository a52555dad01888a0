"""Our gateway client beside the official one for Node, on one network, with the same calls in flight.

The official client and what it needs come from npm by a lock file with hashes, into build/. Each is measured twice, in
the order ours, theirs, theirs, ours.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from benchmarks._fabric_load import Load, rate
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


def their_rate(on: Stage, load: Load, key: Path) -> float:
    """Transactions a second that the official client has committed. Raises: subprocess.CalledProcessError."""
    tls = on.network.places.tls(on.msp, "client")
    signer = on.network.organisation(on.msp).user(DESK)
    call = document(1)
    call["document"]["id"] = PLACEHOLDER
    settings = {
        "address": on.network.plan.organisation(on.msp).peer,
        "ca": str(tls.ca),
        "tlsKey": str(tls.key),
        "tlsCertificate": str(tls.certificate),
        "msp": on.msp,
        "certificate": str(signer.folder / "signcerts" / "cert.pem"),
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
    done = subprocess.run(
        ["node", "client.mjs"], cwd=FOLDER, check=True, capture_output=True, input=json.dumps(settings).encode()
    )
    found = json.loads(done.stdout)
    if found["refused"]:
        print(f"The official client reported {found['refused']} errors, the first: {found['why']}")
    return float(found["rate"])


def measured(on: Stage, load: Load) -> tuple[float, float]:
    """Transactions a second of our client and of theirs."""
    key = on.network.places.root / "client.key"
    export_key(on.network.organisation(on.msp).user(DESK), on.network.password, key)
    rate(on, Load(4, 1))
    turns = (rate(on, load), their_rate(on, load, key), their_rate(on, load, key), rate(on, load))
    return (turns[0] + turns[3]) / 2, (turns[1] + turns[2]) / 2


def run() -> list[dict[str, Any]]:
    """The row of this benchmark; none where Fabric's binaries or Node are missing."""
    missing = binaries_missing() or next((each for each in ("node", "npm") if shutil.which(each) is None), "")
    if missing:
        print(f"fabric_client is skipped: {missing} is not on this machine.")
        return []
    install()
    with stage() as on:
        ours, theirs = measured(on, LOAD)
    return [
        {
            "name": "fabric_client",
            "value": ours,
            "unit": "tx/s",
            "size": f"{LOAD.in_flight} in flight, 4 organisations, 4 SmartBFT orderers",
            "peer": "official gateway client for Node",
            "peer_value": theirs,
            "ratio": ours / theirs,
        }
    ]
