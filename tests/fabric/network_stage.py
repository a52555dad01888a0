"""Plans, ports and programs for tests of networks, with Fabric's binaries and without."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

from chainfusion.domain.roles import Role
from chainfusion.ledger.fabric.network.plan import Ordering, OrganisationPlan, Plan


def small_plan(port: int = 21000, ordering: Ordering | None = None, count: int = 4) -> Plan:
    organisations = tuple(
        OrganisationPlan(f"Org{n}MSP", f"Org {n}", f"机构{n}", (Role.ORIGINATOR,), "127.0.0.1", port + 10 * n)
        for n in range(count)
    )
    return Plan("Test consortium", "测试联盟", "deals", organisations, ordering or Ordering())


def scripted_binaries(folder: Path) -> Path:
    """Programs by the names of Fabric's that do nothing."""
    folder.mkdir(parents=True)
    for name in ("peer", "orderer"):
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return folder


def has_fabric(*programs: str) -> bool:
    """Whether Fabric's programs are here: those that a network runs on, or these."""
    folder = os.environ.get("FABRIC_BIN")
    return all(
        shutil.which(name, path=folder) if folder else shutil.which(name) for name in programs or ("peer", "orderer")
    )


def free_ports(count: int = 40) -> int:
    """The first of a row of free ports, below those that the system gives away; other runs begin elsewhere."""
    rows = range(21000, 32000, count)
    begin = os.getpid() % len(rows)
    for first in (*rows[begin:], *rows[:begin]):
        if all(_is_free(port) for port in range(first, first + count)):
            return first
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
