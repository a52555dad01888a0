"""The wheel carries what the program reads at run time: pages, styles, the demo's tape and its reports' layout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "chainfusion"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    ran = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    own = {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert own - held == set()
    assert {Path(name).suffix for name in own} >= {".py", ".html", ".css", ".csv", ".typ", ".typed"}


def test_the_wheel_holds_licence_and_entry_point_and_no_tests(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    names = archive.namelist()
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith(("tests/", "benchmarks/", "scripts/")) for name in names)
    entry = next(name for name in names if name.endswith("entry_points.txt"))
    assert "chainfusion = chainfusion.cli.main:run" in archive.read(entry).decode()


def test_the_demo_s_tape_is_under_one_megabyte() -> None:
    tapes = list((PACKAGE / "demo" / "data").glob("*.csv"))
    assert tapes
    assert sum(tape.stat().st_size for tape in tapes) < 1_000_000
