"""`chainfusion serve`: on this machine alone unless somebody says otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chainfusion.cli.main import app
from chainfusion.cli.serve import NotLoopback, Place


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "workspace.example"])
@pytest.mark.parametrize("words", [(), ("--name", "workspace.example")])
def test_other_interfaces_need_encryption(tmp_path: Path, host: str, words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, ["--json", "serve", "--home", str(tmp_path), "--host", host, *words])
    assert result.exit_code == 1
    assert json.loads(result.stderr)["error"]["code"] == NotLoopback.code


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    certificate = tmp_path / "cert.pem"
    certificate.write_text("-")
    result = CliRunner().invoke(app, ["--json", "serve", "--home", str(tmp_path), "--tls-cert", str(certificate)])
    assert (result.exit_code, json.loads(result.stderr)["error"]["code"]) == (1, "TLS_INCOMPLETE")


@pytest.mark.parametrize(
    ("place", "address"),
    [
        (Place(), "http://127.0.0.1:81/"),
        (Place("::1"), "http://[::1]:81/"),
        (
            Place("0.0.0.0", names=("deals.bank.example",), tls_cert=Path("c"), tls_key=Path("k")),
            "https://deals.bank.example:81/",
        ),
        (Place("10.1.1.5", names=("deals.bank.example",), gateway="10.1.1.1"), "https://deals.bank.example/"),
    ],
)
def test_the_address_is_the_one_that_people_open(place: Place, address: str) -> None:
    place.check()
    assert place.address(81) == address


def test_ports_are_ports(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["serve", "--home", str(tmp_path), "--port", "65536"])
    assert result.exit_code == 2
