"""The two commands of a fresh machine: which Python they take, what they say where none will do, what they run."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FIND_PYTHON = ROOT / "scripts" / "find-python.sh"


def found(python: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "PYTHON": python}
    return subprocess.run([FIND_PYTHON], env=environment, capture_output=True, text=True, check=False)


def pretend_python(folder: Path, is_new: bool, has_venv: bool) -> str:
    """A program that answers the two questions that the script asks of a Python."""
    program = folder / "python"
    answers = {"version_info": int(not is_new), "ensurepip": int(not has_venv)}
    cases = "\n".join(f"    *{word}*) exit {status} ;;" for word, status in answers.items())
    program.write_text(f'#!/bin/sh\ncase "$2" in\n{cases}\nesac\n')
    program.chmod(0o755)
    return str(program)


def dry_run(*words: str) -> str:
    return subprocess.run(["make", "-n", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_a_python_that_will_do_is_taken(tmp_path: Path) -> None:
    python = pretend_python(tmp_path, is_new=True, has_venv=True)
    ran = found(python)
    assert (ran.returncode, ran.stdout.strip()) == (0, python)


def test_a_python_without_venv_is_told_what_to_install(tmp_path: Path) -> None:
    ran = found(pretend_python(tmp_path, is_new=True, has_venv=False))
    assert ran.returncode == 1
    assert "apt-get install python3-venv" in ran.stderr


def test_an_old_python_is_told_which_is_needed(tmp_path: Path) -> None:
    ran = found(pretend_python(tmp_path, is_new=False, has_venv=True))
    assert ran.returncode == 1
    assert "Python 3.11 to 3.14 is needed" in ran.stderr


def test_a_python_that_is_not_there_is_told_so(tmp_path: Path) -> None:
    missing = str(tmp_path / "none")
    ran = found(missing)
    assert ran.returncode == 1
    assert missing in ran.stderr


def test_the_demo_gets_the_tape_the_mapping_and_whether_to_serve() -> None:
    told = dry_run("demo", "TAPE=my tape.csv", "MAPPING=my.yaml", "SERVE=0")
    assert '--tape "my tape.csv"' in told
    assert '--mapping "my.yaml"' in told
    assert "--no-serve" in told


def test_the_demo_serves_its_own_tape_unless_told_otherwise() -> None:
    told = dry_run("demo")
    assert "--tape" not in told
    assert "--serve" in told


def test_tests_leave_the_long_ones_to_soak() -> None:
    assert '-m "not soak"' in dry_run("test")
    assert "-m soak" in dry_run("soak")


def test_help_tells_every_target_that_people_type() -> None:
    ran = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    told = set(re.findall(r"^make (\S+)", ran, re.MULTILINE))
    assert told >= {
        "setup",
        "demo",
        "test",
        "lint",
        "format",
        "bench",
        "serve",
        "soak",
        "test-browser",
        "clean",
        "lock",
    }


@pytest.mark.parametrize("name", [".ci/run", *(f"scripts/{path.name}" for path in (ROOT / "scripts").glob("*.sh"))])
def test_shell_scripts_parse_stop_at_the_first_failure_and_can_be_run(name: str) -> None:
    path = ROOT / name
    subprocess.run(["bash", "-n", path], check=True)
    assert "set -euo pipefail" in path.read_text()
    assert path.stat().st_mode & 0o111


def test_ci_runs_the_tests() -> None:
    assert re.search(r"^make test$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)


def test_pre_commit_downloads_nothing() -> None:
    repos = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]
    assert {hook["language"] for repo in repos for hook in repo["hooks"]} == {"system"}
