"""The examples of docs/analytics.md are run as they stand."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]


def test_the_page_s_examples_give_what_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    page = str(PROJECT / "docs" / "analytics.md")
    found = doctest.testfile(page, module_relative=False, encoding="utf-8")
    assert found.attempted > 40
    assert found.failed == 0
