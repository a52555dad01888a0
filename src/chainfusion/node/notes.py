"""Cosigned checkpoints of a ledger that has no place for them itself: files that the members exchange.

<folder>/<size>.<msp>       the checkpoint of so many blocks, as one member cosigned it

Each member writes its own file alone, so that nobody waits for anybody; whoever reads puts the lines together. A file
proves nothing by being there: every line is checked by who relies on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chainfusion.domain.errors import ChainFusionError
from chainfusion.ledger.evidence.note import Note
from chainfusion.node.home import write_bytes

DIGITS = 18


@dataclass(frozen=True)
class NoteFolder:
    """The folder, and the member that writes here."""

    folder: Path
    msp: str

    def keep(self, size: int, note: Note) -> None:
        """Writes this member's file, in the place of an earlier one."""
        write_bytes(self.folder / f"{size:0{DIGITS}d}.{self.msp}", bytes(note))

    def find(self, size: int | None, height: int) -> Note | None:
        """The newest note of at most `height` blocks, or that of `size`, with every member's lines; or None."""
        files = self._files(size, height)
        newest = max((number for number, _ in files), default=None)
        notes = [note for number, path in files if number == newest for note in _read(path)]
        own = [note for note in notes if any(line.name == self.msp for line in note.signatures)]
        return _together((*own, *notes)) if notes else None

    def _files(self, size: int | None, height: int) -> list[tuple[int, Path]]:
        found = [
            (int(path.name[:DIGITS]), path)
            for path in sorted(self.folder.glob("[0-9]" * DIGITS + ".*"))
            if any(True for _ in _read(path))
        ]
        return [(number, path) for number, path in found if number <= height and size in (None, number)]


def _read(path: Path) -> Iterator[Note]:
    """The note in a file; none where it cannot be read, as one that was never written."""
    try:
        yield Note.parse(path.read_bytes())
    except (ChainFusionError, OSError):
        return


def _together(notes: tuple[Note, ...]) -> Note:
    """One note of the first one's text, with the lines of all that are of that text."""
    lines = {line: None for note in notes if note.text == notes[0].text for line in note.signatures}
    return Note(notes[0].text, tuple(lines))
