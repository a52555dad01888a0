"""Benchmarks are found and their rows have one shape."""

from __future__ import annotations

import importlib
import json
import sys
import types
from pathlib import Path

import pytest
from rich.console import Console

runner = importlib.import_module("benchmarks.__main__")
process = importlib.import_module("benchmarks._process")

ROW = {"name": "x", "value": 2.0, "unit": "s", "size": 3, "peer": "y", "peer_value": 1.0, "ratio": 2.0}


def offer(monkeypatch: pytest.MonkeyPatch, rows: list[dict[str, object]]) -> None:
    module = types.ModuleType("benchmarks.made_up")
    module.run = lambda: rows  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "benchmarks.made_up", module)


def test_every_benchmark_is_found_by_its_run_function() -> None:
    assert runner.names() == sorted(runner.names())
    assert all(callable(importlib.import_module(f"benchmarks.{name}").run) for name in runner.names())


def test_a_row_of_the_agreed_shape_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, [ROW])
    assert process.measure("made_up") == [ROW]


@pytest.mark.parametrize("row", [{**ROW, "note": "more"}, {k: v for k, v in ROW.items() if k != "peer"}])
def test_a_row_of_another_shape_is_refused(monkeypatch: pytest.MonkeyPatch, row: dict[str, object]) -> None:
    offer(monkeypatch, [row])
    with pytest.raises(ValueError, match="made_up"):
        process.measure("made_up")


def test_a_name_that_does_not_exist_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main(["no_such"]) == 2
    assert "no_such" in capsys.readouterr().out


def test_results_are_written_even_where_one_benchmark_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured(name: str) -> list[dict[str, object]]:
        if name == "bad":
            raise RuntimeError("no disk")
        return [ROW]

    monkeypatch.setattr(runner, "names", lambda: ["bad", "good"])
    monkeypatch.setattr(runner, "in_own_process", measured)
    monkeypatch.setattr(runner, "OUT", tmp_path / "build" / "bench.json")
    assert runner.main([]) == 1
    assert json.loads((tmp_path / "build" / "bench.json").read_text()) == [ROW]
    assert "bad failed: RuntimeError: no disk" in capsys.readouterr().out


def test_the_table_shows_a_missing_peer_as_a_dash() -> None:
    console = Console(record=True, width=160)
    runner.show(console, [{**ROW, "peer": None, "peer_value": None, "ratio": None, "size": 1_000_000}])
    text = console.export_text()
    assert "1,000,000" in text
    assert text.count(" -") >= 3
