"""Where drafts lie: `<home>/drafts`, a folder a deal, its owner's alone; removed once registered or discarded.

<folder>/draft.json        what was decided
<folder>/tape              the file as it came
<folder>/seen.json         what it shows
<folder>/<number>/         what checking that state of the draft found: checked.json, findings, context, failing
                           (Parquet), salts; the newest alone is kept
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import RLock
from typing import Any, BinaryIO, TypeVar

from chainfusion.domain.errors import require
from chainfusion.node.home import read_record, write_record
from chainfusion.node.private import new_file
from chainfusion.node.tapes.records import Checked, Draft, DraftChanged, NoDraft, Seen
from chainfusion.tape.errors import TapeTooLarge
from chainfusion.tape.mapping import Mapping

MAX_TAPE = 1 << 30
"""Bytes of a tape that the workspace takes; the command line takes larger ones."""
_CHUNK = 1 << 20
R = TypeVar("R")


@dataclass
class DraftFolder:
    """Drafts by deal. Thread-safe."""

    path: Path
    _lock: RLock = field(default_factory=RLock)

    def of(self, deal: str) -> Path:
        """A deal's folder; deals are named by others, folders are not."""
        return self.path / hashlib.sha256(deal.encode()).hexdigest()[:32]

    def find(self, deal: str) -> Draft | None:
        """A deal's draft."""
        file = self.of(deal) / "draft.json"
        return read_record(file, Draft) if file.exists() else None

    def draft(self, deal: str, number: int | None = None) -> Draft:
        """A deal's draft, in the state of that number. Raises: NoDraft, DraftChanged."""
        found = self.find(deal)
        if found is None:
            raise NoDraft(deal=deal)
        require(number in (None, found.number), DraftChanged())
        return found

    def tape(self, deal: str) -> Path:
        """The file as it came."""
        return self.of(deal) / "tape"

    def put(self, draft: Draft, content: BinaryIO) -> Draft:
        """Begins a draft with a file, in the place of an earlier one. Raises: TapeTooLarge, OSError."""
        folder = self.of(draft.deal)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)
        coming = folder / f"coming.{os.urandom(8).hex()}"
        try:
            size, digest = _copied(content, coming, draft.name)
            with self._lock:
                before = self.find(draft.deal)
                made = replace(draft, number=before.number + 1 if before else 1, size=size, sha256=digest)
                for old in folder.iterdir():
                    if old.is_dir():
                        shutil.rmtree(old)
                (folder / "seen.json").unlink(missing_ok=True)
                coming.replace(self.tape(draft.deal))
                write_record(folder / "draft.json", made)
        finally:
            coming.unlink(missing_ok=True)
        return made

    def change(self, deal: str, number: int | None = None, **facts: Any) -> Draft:
        """Decides something; what checking found before does not count any more. Raises: NoDraft, DraftChanged."""
        with self._lock:
            before = self.draft(deal, number)
            made = replace(before, **facts, number=before.number + 1)
            write_record(self.of(deal) / "draft.json", made)
            shutil.rmtree(self.results(before), ignore_errors=True)
        return made

    def note(self, deal: str, number: int, **facts: Any) -> None:
        """Keeps a fact that changes nothing of what was decided. Raises: NoDraft, DraftChanged."""
        with self._lock:
            write_record(self.of(deal) / "draft.json", replace(self.draft(deal, number), **facts))

    def discard(self, deal: str) -> None:
        """Removes a draft, file and all."""
        with self._lock:
            (self.of(deal) / "draft.json").unlink(missing_ok=True)
            shutil.rmtree(self.of(deal), ignore_errors=True)

    # ------------------------------------------------------------------ what was found

    def results(self, draft: Draft) -> Path:
        """The folder of what checking this state found."""
        return self.of(draft.deal) / str(draft.number)

    def seen(self, deal: str) -> Seen | None:
        """What the file shows."""
        return _record(self.of(deal) / "seen.json", Seen)

    def checked(self, draft: Draft) -> Checked | None:
        """What checking found."""
        return _record(self.results(draft) / "checked.json", Checked)

    def keep_seen(self, draft: Draft, seen: Seen, mapping: Mapping) -> None:
        """Keeps what a file shows, and the mapping to begin with. Raises: NoDraft, DraftChanged."""
        with self._lock:
            self.draft(draft.deal, draft.number)
            write_record(self.of(draft.deal) / "seen.json", seen)
            if draft.mapping is None:
                self.note(draft.deal, draft.number, mapping=mapping)

    @contextmanager
    def checking(self, draft: Draft) -> Iterator[Path]:
        """A folder for what checking finds; it counts once the block ends and the draft is still in that state.

        Raises: NoDraft, DraftChanged.
        """
        self.draft(draft.deal, draft.number)
        making = self.of(draft.deal) / f"making.{os.urandom(8).hex()}"
        making.mkdir(mode=0o700)
        try:
            yield making
            with self._lock:
                self.draft(draft.deal, draft.number)
                shutil.rmtree(self.results(draft), ignore_errors=True)
                making.rename(self.results(draft))
        finally:
            shutil.rmtree(making, ignore_errors=True)


def _record(path: Path, kind: type[R]) -> R | None:
    return read_record(path, kind) if path.exists() else None


def _copied(content: BinaryIO, target: Path, name: str) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with new_file(target) as file:
        while chunk := content.read(_CHUNK):
            size += len(chunk)
            require(size <= MAX_TAPE, TapeTooLarge(name=name, size=size, limit=MAX_TAPE))
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return size, digest.hexdigest()
