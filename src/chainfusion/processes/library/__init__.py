"""The process definitions that come with the program, as texts."""

from __future__ import annotations

from importlib.resources import files

from chainfusion.domain.process.definition import Definition
from chainfusion.processes.refusals import UnknownProcess
from chainfusion.processes.text import read_definition


def names() -> tuple[str, ...]:
    """The definitions of the library, in order of name."""
    found = (file.name for file in files(__name__).iterdir() if file.name.endswith(".yaml"))
    return tuple(sorted(name.removesuffix(".yaml") for name in found))


def text_of(name: str) -> bytes:
    """The text of a definition. Raises: UnknownProcess."""
    if name not in names():
        raise UnknownProcess(process=name, known=", ".join(names()))
    return files(__name__).joinpath(f"{name}.yaml").read_bytes()


def definition(name: str) -> Definition:
    """A definition of the library. Raises: UnknownProcess."""
    return read_definition(text_of(name))
