"""Institutions that are apart: each has a folder of its own, and every command is a process that is given one of them.

Each Python process writes down which files it opens, so that a test can tell whose keys it has seen.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WATCH = """
import os, sys
log = os.open(os.environ["OPENED"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
def watch(event, args):
    if event == "open" and isinstance(args[0], str):
        os.write(log, (os.path.realpath(args[0]) + chr(10)).encode())
sys.addaudithook(watch)
"""


RUN = """
import json, sys
from chainfusion.cli.main import app
for words in json.loads(sys.stdin.read()):
    code = app(["--json", *words], prog_name="chainfusion", standalone_mode=False)
    if code:
        sys.exit(code)
"""


@dataclass(frozen=True)
class Apart:
    """One institution on its own."""

    msp: str
    name: str
    role: str
    root: Path
    port: int

    @property
    def home(self) -> Path:
        return self.root / self.msp

    @property
    def offer(self) -> Path:
        return self.root / "public" / f"{self.msp}.offer"

    @property
    def card(self) -> Path:
        return self.root / "public" / f"{self.msp}.card"

    @property
    def opened(self) -> list[Path]:
        """The files that its processes opened."""
        log = self.root / f"{self.msp}.opened"
        return [Path(line) for line in log.read_text().splitlines()] if log.exists() else []

    def begin(self, *commands: tuple[object, ...]) -> subprocess.Popen[str]:
        """Commands one after another, in a process of its own with this institution's password."""
        watch = self.root / "watch"
        watch.mkdir(exist_ok=True)
        (watch / "sitecustomize.py").write_text(WATCH)
        environment = os.environ | {
            "CHAINFUSION_HOME": str(self.home),
            "CHAINFUSION_PASSWORD": f"password of {self.msp}",
            "OPENED": str(self.root / f"{self.msp}.opened"),
            "PYTHONPATH": os.pathsep.join((str(watch), *filter(None, [os.environ.get("PYTHONPATH", "")]))),
        }
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen([sys.executable, "-c", RUN], env=environment, text=True, cwd=self.root, **pipes)
        assert process.stdin is not None
        process.stdin.write(json.dumps([[str(word) for word in words] for words in commands]))
        process.stdin.close()
        process.stdin = None
        return process

    def run(self, *words: object) -> Any:
        return finished(self.begin(words))[-1]


def finished(process: subprocess.Popen[str]) -> list[Any]:
    """What its commands printed."""
    out, error = process.communicate(timeout=180)
    assert process.returncode == 0, error
    found, reader = [], json.JSONDecoder()
    while out := out.strip():
        value, end = reader.raw_decode(out)
        found.append(value)
        out = out[end:]
    return found


def together(institutions: Sequence[Apart], *commands: tuple[object, ...]) -> list[Any]:
    """The same commands by all, at the same time; gives what each one's last command printed."""
    return [finished(each)[-1] for each in [one.begin(*commands) for one in institutions]]


def four(root: Path, port: int) -> tuple[Apart, ...]:
    (root / "public").mkdir(parents=True)
    roles = ("originator", "trustee", "lead-underwriter", "custodian")
    return tuple(
        Apart(f"Org{number}MSP", f"Org {number}", role, root, port + 10 * number) for number, role in enumerate(roles)
    )


def prepare(institutions: Sequence[Apart]) -> None:
    """Each, by itself: its identity, its people, its nodes' keys, and what it shows to the others."""
    for each in [one.begin(*_preparation(one)) for one in institutions]:
        finished(each)


def _preparation(one: Apart) -> list[tuple[object, ...]]:
    return [
        ("org", "init", "--msp", one.msp, "--name", one.name, "--name-zh", f"机构 {one.port}"),
        ("org", "enrol", "admin", "--admin", "--role", one.role),
        ("org", "enrol", "rep", "--role", "representative"),
        ("org", "card", "--role", one.role, "--out", one.card),
        ("network", "offer", "--role", one.role, "--host", "127.0.0.1", "--port", one.port, "--out", one.offer),
    ]


def assembled(institutions: Sequence[Apart]) -> Path:
    """The folder that all share, made by the first of them of what the others show."""
    first, public = institutions[0], institutions[0].root / "public"
    plan, genesis, text, shared = (public / name for name in ("plan.yaml", "genesis.json", "agreement", "shared"))
    text.write_text("Participation agreement\n")
    named = ("--name", "Consortium", "--name-zh", "联盟")
    offers, cards = [each.offer for each in institutions], [each.card for each in institutions]
    founding = ("--agreement", text, "--orderer", first.msp)
    sign = ("consortium", "sign", genesis, "--user", "rep")
    finished(
        first.begin(
            ("network", "init", plan, *_repeated("--offer", offers), *named),
            ("consortium", "draft", genesis, *_repeated("--card", cards), *founding, *named),
            sign,
        )
    )
    for each in institutions[1:]:
        each.run(*sign)
    first.run("network", "assemble", plan, *offers, "--genesis", genesis, "--out", shared)
    return shared


def _repeated(option: str, values: Sequence[Path]) -> list[object]:
    return [word for value in values for word in (option, value)]


def keys_of(home: Path) -> set[Path]:
    """The private keys in an institution's folder, locked ones too."""
    found = [*home.rglob("*_sk"), *home.rglob("key.pem"), *home.rglob("key.json")]
    return {path.resolve() for path in found}
