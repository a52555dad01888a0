"""Measures what a transaction costs on a Fabric network of this machine: `python -m benchmarks._capacity_measure`.

Four organisations with a peer, a SmartBFT orderer and a contract server each. Processor time is what /proc says of the
processes, network and TLS included. A block costs something by itself, so that a transaction's own cost follows from
two loads whose blocks differ in size. Writes the figures as JSON to standard output; `benchmarks._capacity` reads them.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from benchmarks._fabric_kinds import bytes_by_kind, endorsement_bytes
from benchmarks._fabric_load import Load, keep_in_flight, rate
from benchmarks._fabric_stage import Stage, binaries_missing, document, stage
from benchmarks._fabric_usage import KINDS, difference, stored, used
from chainfusion.ledger.evidence.certificates import Certificate
from chainfusion.ledger.evidence.signatures import verify_p256
from chainfusion.node.network import DESK

NODES = 4
LOADS = (Load(1, 8), Load(128, 14))
EVALUATIONS = Load(8, 6)
DEALS = 4
VERIFICATIONS = 2_000


def loaded(on: Stage, load: Load) -> dict[str, Any]:
    """Processor time, blocks, transactions and bytes on disk of a load, from its first to its last transaction."""
    ledger = on.ledgers[on.msp]
    before, disk, height = used(on.network), stored(on.network), ledger.height()
    rate(on, load)
    after, blocks = difference(used(on.network), before), ledger.height() - height
    done = sum(len(ledger.block(number).transactions) for number in range(height, height + blocks))
    return {"cpu": after, "blocks": blocks, "transactions": done, "disk": difference(stored(on.network), disk)}


def split(one: float, many: float, per_tx_one: float, per_tx_many: float) -> tuple[float, float]:
    """What a block and what a transaction costs, from the blocks for a transaction and the cost for a transaction of
    two loads: cost = block * blocks + transaction."""
    block = (per_tx_one - per_tx_many) / (one - many)
    return block, per_tx_one - block * one


def costs(few: dict[str, Any], many: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Milliseconds of one node of each kind for a block and for a transaction."""
    found = {}
    for kind in KINDS:
        shares = [load["blocks"] / load["transactions"] for load in (few, many)]
        spent = [1000 * load["cpu"][kind] / load["transactions"] / NODES for load in (few, many)]
        block, transaction = split(*shares, *spent)
        found[kind] = {"block": round(block, 2), "transaction": round(transaction, 2)}
    return found


def endorsement(on: Stage) -> dict[str, float]:
    """Milliseconds of the peer and of the contracts for one run of a registration, without what follows it."""
    signer, client = on.network.signer(on.msp, DESK), on.clients[on.msp]
    before = used(on.network)
    done = keep_in_flight(
        EVALUATIONS, lambda n: client.evaluate(on.proposal(signer, "document.register", document(n)), signer)
    )
    spent = difference(used(on.network), before)
    return {kind: round(1000 * spent[kind] / len(done), 2) for kind in ("peer", "chaincode")}


def verification(on: Stage) -> float:
    """Milliseconds of one P-256 signature check."""
    signer = on.network.signer(on.msp, DESK)
    key, signature = Certificate.from_der(signer.certificate_der).p256_key, signer.sign(b"data")
    begin = time.thread_time()
    for _ in range(VERIFICATIONS):
        verify_p256(key, signature, b"data")
    return round(1000 * (time.thread_time() - begin) / VERIFICATIONS, 4)


def measure(on: Stage) -> dict[str, Any]:
    """All figures."""
    sizes = bytes_by_kind(on, DEALS)
    few, many = (loaded(on, load) for load in LOADS)
    disk = {kind: round(many["disk"][kind] / many["transactions"] / NODES) for kind in ("peer", "orderer")}
    return {
        "bytes": sizes,
        "endorsement_bytes": endorsement_bytes(on),
        "milliseconds": costs(few, many),
        "endorsement_milliseconds": endorsement(on),
        "verification_milliseconds": verification(on),
        "disk_bytes_per_transaction": disk,
        "loads": {"one in flight": few, "128 in flight": many},
    }


if __name__ == "__main__":
    if binaries_missing():
        sys.exit(f"Fabric's {binaries_missing()} is neither in FABRIC_BIN nor on PATH.")
    with stage() as running:
        print(json.dumps(measure(running), indent=1))
