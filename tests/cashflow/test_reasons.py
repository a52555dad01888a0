"""What cash flow refuses is told in both languages, down to the reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import chainfusion
from chainfusion.cashflow.analytics.basis import CHINA
from chainfusion.cashflow.analytics.cash import cash
from chainfusion.cashflow.analytics.errors import BadAnalysis
from chainfusion.cashflow.analytics.value import present_value
from chainfusion.domain.errors import error_from_json

START = date(2026, 1, 1)
FOLDER = Path(chainfusion.__file__).parent
KINDS = frozenset({"BadAnalysis", "BadAssumption", "BadCollections", "BadReplenishment", "NoSolution"})
"""Refusals whose reason is said where they are raised."""


def reasons() -> Iterator[tuple[str, frozenset[str]]]:
    """Where something is refused by one of `KINDS`, and which facts it is told with."""
    for path in (*sorted((FOLDER / "cashflow").rglob("*.py")), FOLDER / "domain" / "waterfall" / "run.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in KINDS:
                yield f"{path.name}:{node.lineno}", frozenset(str(each.arg) for each in node.keywords)


def test_every_reason_is_told_in_both_languages() -> None:
    found = dict(reasons())
    assert len(found) > 70
    assert [place for place, facts in found.items() if not {"why", "why_zh"} <= facts] == []


def test_a_refusal_is_chinese_throughout_and_survives_json() -> None:
    bond = cash([date(2027, 1, 1)], [100], [5], START)
    with pytest.raises(BadAnalysis) as refused:
        present_value(bond, START, -2, CHINA)
    for refusal in (refused.value, error_from_json(refused.value.to_json())):
        assert refusal.message("zh") == "收益率不能取 -2：须大于 -1 且不超过 1000。"
        assert refusal.message("en") == "yield cannot be -2: it lies above -1 and up to 1000."
