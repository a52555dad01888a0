"""An external builder for chaincode that runs as a service: detect, build and release in one small program.

Fabric's own builder for this is a Go program that its binaries' archive brings, yet not every build does. It reads the
same package and the same setting, so that a container of Fabric's takes ours unchanged. This program stands on the
standard library alone; the three names in `bin/` are copies of it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_PLACE = re.compile(r"\{\{ *\.([A-Za-z0-9_]+) *\}\}")


def detect(_source: Path, metadata: Path) -> None:
    """Takes packages of type ccaas and no others."""
    kind = json.loads((metadata / "metadata.json").read_text()).get("type")
    if str(kind).lower() != "ccaas":
        raise SystemExit(f"not ours: type {kind}")


def build(source: Path, metadata: Path, output: Path) -> None:
    """Fills the package's connection.json with this peer's values."""
    detect(source, metadata)
    values = json.loads(os.environ.get("CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG") or "{}")
    template = json.loads((source / "connection.json").read_text())
    filled = {name: _filled(value, values) for name, value in template.items()}
    with open(output / "connection.json", "w", opener=_owner_only) as file:
        json.dump(filled, file)
    if (source / "META-INF").is_dir():
        shutil.copytree(source / "META-INF", output / "META-INF")


def release(output: Path, target: Path) -> None:
    """Gives the peer what it connects by, and index definitions of its state database."""
    server = target / "chaincode" / "server"
    server.mkdir(mode=0o750, parents=True, exist_ok=True)
    shutil.copy(output / "connection.json", server / "connection.json")
    if (output / "META-INF" / "statedb").is_dir():
        shutil.copytree(output / "META-INF" / "statedb", target / "statedb")


def _filled(value: Any, values: dict[str, str]) -> Any:
    if not isinstance(value, str):
        return value
    missing = [name for name in _PLACE.findall(value) if name not in values]
    if missing:
        raise SystemExit(f"no value for {missing[0]}")
    return _PLACE.sub(lambda found: str(values[found[1]]), value)


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def main() -> None:
    """Runs the step that this program's name says."""
    steps: dict[str, Callable[..., None]] = {"detect": detect, "build": build, "release": release}
    steps[Path(sys.argv[0]).name](*map(Path, sys.argv[1:]))


if __name__ == "__main__":
    main()
