"""Processes are known by id and birth, and ended one by one."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from chainfusion.ledger.fabric.network import processes
from chainfusion.ledger.fabric.network.processes import ProcessEnded, Running

SLEEP = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def started(folder: Path, code: str, name: str = "peer.A") -> Running:
    return processes.start(name, [sys.executable, "-c", code], {"PATH": os.environ["PATH"]}, folder / "log", folder)


def until_up(folder: Path) -> None:
    deadline = time.monotonic() + 20
    while "up" not in (folder / "log").read_text() and time.monotonic() < deadline:
        time.sleep(0.02)


def test_a_process_is_started_written_down_and_ended(tmp_path: Path) -> None:
    running = started(tmp_path, SLEEP)
    processes.save(tmp_path / "running.json", [running])
    (again,) = processes.load(tmp_path / "running.json")
    assert again == running
    assert again.is_alive
    assert processes.end_all([again]) == ()
    assert not again.is_alive


def test_what_does_not_end_is_killed_and_named(tmp_path: Path) -> None:
    running = started(tmp_path, STUBBORN)
    until_up(tmp_path)
    assert processes.end_all([running], grace=0.3) == ("peer.A",)
    deadline = time.monotonic() + 20
    while running.is_alive and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not running.is_alive


def test_a_later_process_with_the_same_id_is_not_ours(tmp_path: Path) -> None:
    running = started(tmp_path, SLEEP)
    stranger = replace(running, born="1")
    assert not stranger.is_alive
    stranger.end(signal.SIGKILL)
    assert running.is_alive
    processes.end_all([running])


def test_a_process_that_ended_is_told_with_its_last_words(tmp_path: Path) -> None:
    running = started(tmp_path, "print('first'); print('no such port')")
    deadline = time.monotonic() + 20
    while running.is_alive and time.monotonic() < deadline:
        time.sleep(0.02)
    with pytest.raises(ProcessEnded, match="no such port"):
        processes.check_alive([running], {"peer.A": tmp_path / "log"})


def test_a_process_s_log_and_its_folder_are_its_owner_s_alone(tmp_path: Path) -> None:
    running = started(tmp_path / "node", SLEEP) if (tmp_path / "node").mkdir() is None else None
    assert running is not None
    assert (tmp_path / "node" / "log").stat().st_mode & 0o077 == 0
    processes.end_all([running])


def test_nothing_runs_where_nothing_was_written_down(tmp_path: Path) -> None:
    assert processes.load(tmp_path / "running.json") == ()
