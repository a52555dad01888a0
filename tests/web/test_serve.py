"""`chainfusion serve`: on this machine alone unless somebody says otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chainfusion.cli.main import app
from chainfusion.cli.serve import NotLoopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "workspace.example"])
def test_other_interfaces_need_the_name_that_they_are_reached_by(tmp_path: Path, host: str) -> None:
    result = CliRunner().invoke(app, ["--json", "serve", "--home", str(tmp_path), "--host", host])
    assert result.exit_code == 1
    assert json.loads(result.stderr)["error"]["code"] == NotLoopback.code


def test_ports_are_ports(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["serve", "--home", str(tmp_path), "--port", "65536"])
    assert result.exit_code == 2
