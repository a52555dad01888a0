"""A process that writes a ledger until it is killed; and the ledger it leaves."""

from __future__ import annotations

import os
import random
import signal
import struct
import time
from collections import deque
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from chainfusion.ledger.embedded import fsck
from chainfusion.ledger.port import Receipt
from tests.ledger.conftest import COLLECTIONS
from tests.support.ledger import Consortium, Desk, representative

IN_FLIGHT = 48  # so that one group is checked while another is written
ID_BYTES = 32


def write_until_killed(consortium: Consortium, path: Path, pipe: int, round_number: int) -> None:
    """Keeps transactions in flight and tells the pipe the id of each one that was acknowledged."""
    person = representative(consortium.orderer)
    with consortium.open(path, collections=COLLECTIONS) as ledger:
        os.write(pipe, bytes(ID_BYTES))  # ready
        waiting: deque[Future[Receipt]] = deque()
        for number in range(1_000_000):
            operation, args = _call(round_number, number)
            signed = consortium.signed(person, operation, request=f"{round_number}/{number}", **args)
            waiting.append(ledger.record_soon(signed, person.certificate_der))
            if len(waiting) == IN_FLIGHT:
                os.write(pipe, bytes.fromhex(waiting.popleft().result().tx_id))


def _call(round_number: int, number: int) -> tuple[str, dict[str, Any]]:
    if number % 5 == 0:
        return "probe.put_many", {"entries": [["a", str(number)], ["b", str(number)]]}  # both or neither
    if number % 5 == 1:
        return "probe.put", {"key": f"k{round_number}/{number}", "value": "x" * (number % 7 * 700 + 1)}
    return "probe.count_up", {"key": f"n{number % 3}"}


def killed_round(consortium: Consortium, path: Path, round_number: int) -> int:
    """One writer killed at a random moment; checks what it left. Returns how many transactions it had acknowledged."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            write_until_killed(consortium, path, writing, round_number)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as acknowledged:
        draw = random.Random(round_number)
        acknowledged.read(ID_BYTES)
        told = acknowledged.read(draw.randrange(100) * ID_BYTES)
        time.sleep(draw.uniform(0.0, 0.005))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        told += acknowledged.read()
    check(consortium, path, [tx_id for (tx_id,) in struct.iter_unpack("32s", told[: len(told) // 32 * 32])])
    return len(told) // ID_BYTES


def check(consortium: Consortium, path: Path, told: list[bytes]) -> None:
    """Nothing acknowledged is lost, nothing is half done, and the ledger goes on."""
    with consortium.open(path, collections=COLLECTIONS) as ledger:
        for tx_id in told:
            assert ledger.transaction(tx_id.hex()).outcome.code == "VALID"
        assert ledger.state("a") == ledger.state("b")
        height = ledger.height()
        Desk(consortium, ledger, representative(consortium.orderer)).submit("probe.put", key="k", value="after")
        assert ledger.height() == height + 1


def examine(consortium: Consortium, path: Path) -> None:
    """All of the file holds."""
    assert list(fsck(path, consortium.registry, collections=COLLECTIONS)) == []
