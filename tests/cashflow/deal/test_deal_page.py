"""The page of a deal's run: its example runs as it stands, and its table of limits is whole."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from chainfusion.domain.waterfall.trace import Bound

PROJECT = Path(__file__).parents[3]
PAGE = (PROJECT / "docs" / "deal-run.md").read_text(encoding="utf-8")


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert code is not None
    before = Path.cwd()
    os.chdir(PROJECT)
    try:
        exec(compile(code[1], "deal-run.md", "exec"), {})
    finally:
        os.chdir(before)
    said = capsys.readouterr().out
    assert "Accelerated" in said
    assert "在先或同顺序" in said


def test_every_limit_is_told() -> None:
    for bound in Bound:
        assert f"| `{bound.value}` |" in PAGE
