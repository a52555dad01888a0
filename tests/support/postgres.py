"""A PostgreSQL server for tests, from the system's own programs: on a socket in a folder, gone with the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

SERVER_USER = "postgres"
"""Who runs the server where the tests run as root, which it refuses to."""


def programs() -> Path | None:
    """The folder of the newest server's programs, None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    own = shutil.which("initdb")
    return Path(own).parent if own else None


@dataclass(frozen=True)
class Server:
    """A running server; `new_url` makes a database and gives its address."""

    socket: Path
    run: tuple[str, ...]
    folder: Path
    _names: Iterator[int]

    def new_url(self) -> str:
        """An empty database."""
        name = f"test{next(self._names)}"
        command = [*self.run, str(self.folder / "createdb"), "-h", str(self.socket), name]
        subprocess.run(command, check=True, capture_output=True, cwd="/")
        return f"postgresql://{SERVER_USER}@/{name}?host={self.socket}"


@contextmanager
def server(binaries: Path) -> Iterator[Server]:
    """Starts a server; its folder and it are gone afterwards."""
    root = Path(mkdtemp(prefix="pg-"))
    data = root / "data"
    run: tuple[str, ...] = ()
    if os.geteuid() == 0:
        shutil.chown(root, SERVER_USER)
        run = ("runuser", "-u", SERVER_USER, "--")
    told = ["-D", str(data)]
    try:
        initdb = [*run, str(binaries / "initdb"), *told, "-U", SERVER_USER, "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(initdb, check=True, capture_output=True, cwd="/")
        settings = f"-c listen_addresses= -c unix_socket_directories={root} -c fsync=off"
        control = [*run, str(binaries / "pg_ctl"), *told, "-w", "-o", settings, "-l", str(root / "log")]
        subprocess.run([*control, "start"], check=True, capture_output=True, cwd="/")
        try:
            yield Server(root, run, binaries, count())
        finally:
            subprocess.run([*run, str(binaries / "pg_ctl"), *told, "-m", "immediate", "stop"], check=True, cwd="/",
                           capture_output=True)  # fmt: skip
    finally:
        shutil.rmtree(root, ignore_errors=True)
