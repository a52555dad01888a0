"""Mappings that were kept for next time, one for each originator: `<home>/mappings`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from chainfusion.domain.errors import ChainFusionError
from chainfusion.node.home import write_bytes
from chainfusion.node.tapes.looking import for_next_time
from chainfusion.tape.mapping import Mapping
from chainfusion.tape.mapping_reader import load_mapping, parse_mapping
from chainfusion.tape.mapping_text import mapping_text


@dataclass(frozen=True)
class Mappings:
    """The institution's own, and behind them those that are carried with the program."""

    path: Path

    def keep(self, mapping: Mapping) -> Path:
        """Keeps an originator's mapping, in the place of the one before."""
        kept = for_next_time(mapping)
        file = self.path / f"{hashlib.sha256(mapping.originator.encode()).hexdigest()[:32]}.yaml"
        write_bytes(file, mapping_text(kept).encode())
        return file

    def known(self) -> Iterator[Mapping]:
        """All of them, the newest of the institution's own first."""
        own = self.path.glob("*.yaml") if self.path.exists() else ()
        for file in sorted(own, key=lambda each: -each.stat().st_mtime):
            try:
                yield load_mapping(file)
            except ChainFusionError:
                continue  # somebody edited it into something else: it is not offered
        for carried in files("chainfusion.tape").joinpath("mappings").iterdir():
            if carried.name.endswith(".yaml"):
                yield parse_mapping(carried.read_bytes())
