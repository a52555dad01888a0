"""What the processes of a Fabric network use: processor time from /proc, bytes on disk, bytes in blocks."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from chainfusion.ledger.fabric.network import processes
from chainfusion.node.network import RunningNetwork

_TICKS = os.sysconf("SC_CLK_TCK")
KINDS = ("peer", "orderer", "chaincode")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def used(network: RunningNetwork) -> dict[str, float]:
    """Seconds of processor time so far, summed over all peers, all orderers, all contract servers; and this process."""
    total: defaultdict[str, float] = defaultdict(float)
    for each in processes.load(network.places.running):
        total[each.name.partition(".")[0]] += cpu_seconds(each.pid)
    return {**total, "client": cpu_seconds(os.getpid())}


def stored(network: RunningNetwork) -> dict[str, int]:
    """Bytes on disk now, summed over all peers and all orderers."""
    nodes = {each.name for each in processes.load(network.places.running)}
    total: defaultdict[str, int] = defaultdict(int)
    for name in nodes:
        kind, _, msp = name.partition(".")
        folder = network.places.node(msp, kind) / "data"
        files = (file for file in folder.rglob("*") if file.is_file()) if folder.exists() else ()
        total[kind] += sum(file.stat().st_size for file in files)
    return dict(total)


def difference(after: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    """What was added, by name."""
    return {name: after[name] - before.get(name, 0) for name in after}
