"""How many document registrations a Fabric network commits in a second, beside a minimal chaincode on the same.

Four organisations, four SmartBFT orderers, TLS, all on this machine; client, peers and orderers are the same
for both. The minimal chaincode asks and writes the same, and knows no rule. Each is measured twice, in the order ours,
bare, bare, ours, so that what the machine does meanwhile touches both alike.
"""

from __future__ import annotations

from typing import Any

from benchmarks._fabric_load import Load, rate
from benchmarks._fabric_servers import BARE, OURS, end_servers, serving
from benchmarks._fabric_stage import binaries_missing, stage

LOADS = (Load(1, 5), Load(16, 5), Load(64, 6), Load(256, 8))
TURNS = (OURS, BARE, BARE, OURS)


def measured(loads: tuple[Load, ...]) -> dict[int, dict[str, float]]:
    """Transactions a second by how many are in flight and by who serves."""
    found: dict[int, dict[str, list[float]]] = {load.in_flight: {OURS: [], BARE: []} for load in loads}
    with stage() as on:
        end_servers(on.network)
        for turn in TURNS:
            with serving(on.network, turn):
                rate(on, Load(4, 1))  # peers connect
                for load in loads:
                    found[load.in_flight][turn].append(rate(on, load))
    return {count: {who: sum(each) / len(each) for who, each in by.items()} for count, by in found.items()}


def rows(found: dict[int, dict[str, float]]) -> list[dict[str, Any]]:
    """One row for each number in flight."""
    return [
        {
            "name": f"fabric_tx_{count}",
            "value": by[OURS],
            "unit": "tx/s",
            "size": f"{count} in flight, 4 organisations, 4 SmartBFT orderers",
            "peer": "minimal chaincode on the same network",
            "peer_value": by[BARE],
            "ratio": by[OURS] / by[BARE],
        }
        for count, by in found.items()
    ]


def run() -> list[dict[str, Any]]:
    """The rows of this benchmark; none where Fabric's binaries are missing."""
    missing = binaries_missing()
    if missing:
        print(f"fabric_tx is skipped: Fabric's {missing} is neither in FABRIC_BIN nor on PATH.")
        return []
    return rows(measured(LOADS))
