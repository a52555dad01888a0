"""The specification's example runs as it stands, and its tables name what there is."""

from __future__ import annotations

import os
import re
from pathlib import Path

from chainfusion.cashflow.text.document import TERMS
from chainfusion.domain.terms.formula import FUNCTIONS
from chainfusion.domain.terms.records import Act

PROJECT = Path(__file__).parents[3]
PAGE = (PROJECT / "docs" / "spec" / "terms.md").read_text(encoding="utf-8")


def test_the_example_runs() -> None:
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert code is not None
    before = Path.cwd()
    os.chdir(PROJECT)
    try:
        exec(compile(code[1], "terms.md", "exec"), {})
    finally:
        os.chdir(before)


def test_every_key_step_and_function_is_told() -> None:
    for key in TERMS.keys:
        assert f"`{key.name}`" in PAGE, key.name
    for act in Act:
        assert f"`{act.value}: " in PAGE, act
    words = set(re.findall(r"[a-z_]+", PAGE))
    assert set(FUNCTIONS) <= words
