"""A shell of a few lines that runs the commands of a page in this process: one start of the program for all of them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from chainfusion.cli.main import app

ROOT = Path(__file__).parents[2]
ASSIGNED = re.compile(r"(\w+)=\$\((chainfusion .*?)(?: \| field (\w+))?\)")


@dataclass(frozen=True)
class Ran:
    """A command with what came of it."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed for programs."""
        return json.loads(self.out)

    @property
    def refusal(self) -> dict[str, Any]:
        """The refusal that it printed for programs."""
        return json.loads(self.err)["error"]


@dataclass
class Shell:
    """Runs commands in a folder with variables of its own; keeps all that ran."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    ran: list[Ran] = field(default_factory=list)

    def run(self, *words: str, env: dict[str, str] | None = None, typed: str | None = None) -> Ran:
        """One command of the program, its words as a shell would give them."""
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            result = CliRunner().invoke(app, list(words), env=env, input=typed, prog_name="chainfusion")
        finally:
            os.chdir(before)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        ran = Ran(words, result.exit_code, result.stdout, result.stderr)
        self.ran.append(ran)
        return ran

    def ask(self, line: str, **env: str) -> Any:
        """What a command that must succeed prints for programs."""
        ran = self.run("--json", *self.words(line), env=env)
        assert ran.code == 0, ran.err
        return ran.json

    def refused(self, line: str, **env: str) -> dict[str, Any]:
        """What a command that must be refused prints for programs."""
        ran = self.run("--json", *self.words(line), env=env)
        assert (ran.code, ran.out) == (1, ""), ran
        return ran.refusal

    def words(self, line: str) -> list[str]:
        """A line's words with variables put in."""
        return shlex.split(re.sub(r"\$(\w+)", lambda found: self.variables[found[1]], line))

    def line(self, line: str) -> Ran | None:
        """A line of a page: an assignment, a command of the program, or anything else for the real shell."""
        if (found := ASSIGNED.fullmatch(line)) is not None:
            ran = self.run(*self.words(found[2])[1:])
            self.variables[found[1]] = str(ran.json[found[3]])
            return ran
        if line.startswith("chainfusion "):
            return self._command(line)
        if (assigned := re.fullmatch(r"(\w+)=(\S+)", line)) is not None:
            self.variables.setdefault(assigned[1], self.words(assigned[2])[0])
            return None
        done = subprocess.run(["bash", "-euc", line], cwd=self.folder, env=os.environ | self.variables, check=False)
        assert done.returncode == 0, line
        return None

    def _command(self, line: str) -> Ran:
        first, *others = line.split(" || ")
        ran = self.run(*self.words(first)[1:])
        if ran.code and others:
            alternative = others[0]
            if alternative == f"test $? = {ran.code}":
                return ran
            return self._command(alternative)
        assert ran.code == 0, f"{line}\n{ran.out}{ran.err}"
        return ran


def commands(page: str) -> Iterator[str]:
    """The lines of a page's shell blocks."""
    for block in re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        yield from (line for line in block.splitlines() if line.strip())
