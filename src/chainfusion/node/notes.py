"""Cosigned checkpoints of a ledger that has no place for them itself: files that the members exchange.

<folder>/<size>.<msp>       the checkpoint of so many blocks, as one member cosigned it

Each member writes its own file alone, so that nobody waits for anybody; whoever reads puts the lines together. A file
proves nothing by being there: a line that is by no member's notary is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from chainfusion.domain.errors import ChainFusionError
from chainfusion.ledger.evidence.note import Note, NoteSignature
from chainfusion.node.home import write_bytes

DIGITS = 18
Counts = Callable[[NoteSignature, str], bool]
"""Whether a line over a text is by a notary that the reader knows."""


@dataclass(frozen=True)
class NoteFolder:
    """The folder, and the member that writes here."""

    folder: Path
    msp: str

    def keep(self, size: int, note: Note) -> None:
        """Writes this member's file, in the place of an earlier one."""
        write_bytes(self.folder / f"{size:0{DIGITS}d}.{self.msp}", bytes(note))

    def find(self, size: int | None, height: int, counts: Counts) -> Note | None:
        """The newest note of at most `height` blocks, or that of `size`, with every line that counts; or None.

        Where members cosigned different texts of a size, the own one is given, else the first by name: whoever looks
        further compares it with its own log.
        """
        for number in self._sizes(size, height):
            notes = [
                note for path in sorted(self.folder.glob(f"{number:0{DIGITS}d}.*")) for note in _read(path, counts)
            ]
            own = [note for note in notes if any(line.name == self.msp for line in note.signatures)]
            if notes:
                return _together((*own, *notes))
        return None

    def _sizes(self, size: int | None, height: int) -> list[int]:
        """Sizes that there are files of, the largest first."""
        names = {path.name[:DIGITS] for path in self.folder.glob("[0-9]" * DIGITS + ".*")}
        return sorted((int(name) for name in names if int(name) <= height and size in (None, int(name))), reverse=True)


def _read(path: Path, counts: Counts) -> Iterator[Note]:
    """The note in a file with the lines that count; none where no line does, or it cannot be read."""
    try:
        note = Note.parse(path.read_bytes())
    except (ChainFusionError, OSError):
        return
    lines = tuple(line for line in note.signatures if counts(line, note.text))
    if lines:
        yield Note(note.text, lines)


def _together(notes: tuple[Note, ...]) -> Note:
    """One note of the first one's text, with the lines of all that are of that text."""
    lines = {line: None for note in notes if note.text == notes[0].text for line in note.signatures}
    return Note(notes[0].text, tuple(lines))
