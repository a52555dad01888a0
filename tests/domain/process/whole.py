"""Definitions around a single process."""

from __future__ import annotations

from chainfusion.domain.process.definition import Definition, Process


def definition_of(process: Process, *inside: Process) -> Definition:
    """A definition whose main process this is."""
    return Definition("drawn", 1, process, inside, ())
