"""The deal that docs/guide.md tells of, made once for all tests of the command line."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.cli.shell import ROOT, Shell, commands

SET_UP = ("make ", "mkdir ", "cd ", "PATH=", "project=", "export ", "field()")


@pytest.fixture(scope="session")
def guide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("CHAINFUSION_")}
    os.environ["CHAINFUSION_PASSWORD"] = "seven words that nobody else would choose"
    shell = Shell(tmp_path_factory.mktemp("guide"), {"project": str(ROOT)})
    for line in commands((ROOT / "docs" / "guide.md").read_text(encoding="utf-8")):
        if not line.startswith(SET_UP):
            shell.line(line)
    yield shell
    del os.environ["CHAINFUSION_PASSWORD"]
    os.environ.update(kept)
