"""Processes of a network: started apart from the terminal, known by id and start time, ended one by one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.ledger.fabric.network.places import write

GRACE_SECONDS = 10.0


class ProcessEnded(ChainFusionError):
    """A node that ended while the network was starting."""

    code = "NODE_ENDED"
    says = Text("{name} ended: {why}.", "{name} 已退出：{why}。")
    do = Text("Read its log: {log}.", "请查看其日志：{log}。")


@dataclass(frozen=True)
class Running:
    """A process that was started. `born` tells it from a later one with the same id, `told` what it was told from what
    it would be told now."""

    name: str
    pid: int
    born: str
    told: str = ""

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self.born == _born(self.pid)

    def end(self, how: int = signal.SIGTERM) -> None:
        """Signals it, where it still runs."""
        if self.is_alive:
            os.kill(self.pid, how)


def start(name: str, command: Sequence[str], environment: Mapping[str, str], log: Path, folder: Path) -> Running:
    """Starts a process in a session of its own, its output in `log`. Raises: OSError."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with log.open("ab") as output:
        log.chmod(0o600)
        process = subprocess.Popen(  # noqa: S603 - the command is ours
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            start_new_session=True,
        )
    return Running(name, process.pid, _born(process.pid))


def end_all(processes: Sequence[Running], grace: float = GRACE_SECONDS) -> tuple[str, ...]:
    """Asks all to end, and ends those that have not after `grace` seconds, whose names it gives."""
    for each in processes:
        each.end()
    deadline = time.monotonic() + grace
    while (left := [each for each in processes if each.is_alive]) and time.monotonic() < deadline:
        time.sleep(0.05)
    for each in left:
        each.end(signal.SIGKILL)
    while any(each.is_alive for each in left):  # its port is free once it is gone, and not before
        time.sleep(0.01)
    return tuple(each.name for each in left)


def save(path: Path, processes: Sequence[Running]) -> None:
    """Writes down what runs."""
    write(path, json.dumps([asdict(each) for each in processes], indent=2))


def load(path: Path) -> tuple[Running, ...]:
    """What was written down, none where there is no file."""
    if not path.exists():
        return ()
    return tuple(Running(**each) for each in json.loads(path.read_bytes()))


def check_alive(processes: Sequence[Running], log_of: Mapping[str, Path]) -> None:
    """Raises ProcessEnded with the last line of its log for a process that has ended."""
    for each in processes:
        if not each.is_alive:
            log = log_of[each.name]
            lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
            raise ProcessEnded(name=each.name, why=lines[-1][:300] if lines else "it wrote nothing", log=str(log))


def _born(pid: int) -> str:
    """The process' start time, in clock ticks since the machine started; empty where it ended, reaped or not."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]
