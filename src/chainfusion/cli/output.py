"""What a command prints: tables for people, JSON for programs, refusals in the reader's language."""

from __future__ import annotations

import json
import locale
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text as Styled
from typer import Context

from chainfusion.cli.words import in_chinese
from chainfusion.domain.errors import ChainFusionError

OK, REFUSED, WRONG_USE = 0, 1, 2
"""Exit codes: done or proven; refused or not proven; wrong use of the command."""
PIPED_WIDTH = 1000
"""Columns where nobody looks at a terminal: a line is a row, and no hash is folded."""


class Language(StrEnum):
    """What messages are written in."""

    en = "en"
    zh = "zh"


@dataclass
class Printer:
    """How this run of the program speaks."""

    as_json: bool = False
    lang: str = "en"

    def __post_init__(self) -> None:
        width = None if sys.stdout.isatty() else PIPED_WIDTH
        self.console = Console(highlight=False, soft_wrap=True, width=width)
        self.errors = Console(stderr=True, highlight=False, soft_wrap=True)

    def result(self, value: Any, show: Callable[[], None] | None = None) -> None:
        """Prints `value` as JSON where JSON was asked for; otherwise runs `show`, or prints the value's facts."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
        elif show is not None:
            show()
        else:
            self.facts(value)

    def say(self, text: str) -> None:
        """One line for people; nothing where JSON was asked for."""
        if not self.as_json:
            self.console.print(text, markup=False)

    def word(self, text: str) -> str:
        """A heading or a state in the reader's language."""
        return in_chinese(text) if self.lang == "zh" else text

    def facts(self, value: dict[str, Any]) -> None:
        """Name and value, a line each."""
        names = {name: self.word(str(name).replace("_", " ")) for name in value}
        width = max(map(cell_len, names.values()), default=0) + 2
        for name, item in value.items():
            self.console.print(Styled(set_cell_size(names[name], width), style="dim") + Styled(self._plain(item)))

    def table(self, columns: Iterable[str], rows: Iterable[Iterable[Any]], title: str | None = None) -> None:
        """A table; columns whose name ends in # are numbers and stand at the right."""
        table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
        for column in columns:
            justify, name = ("right", column[:-1]) if column.endswith("#") else ("left", column)
            table.add_column(self.word(name), justify="right" if justify == "right" else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Styled(self._plain(cell)) for cell in row))
        self.console.print()
        self.console.print(table)

    def refuse(self, error: ChainFusionError) -> None:
        """What was refused and what to do, on standard error."""
        if self.as_json:
            body = error.to_json() | {"message": error.message(self.lang), "remedy": error.remedy(self.lang)}
            sys.stderr.write(json.dumps({"error": body}, ensure_ascii=False, indent=2) + "\n")
            return
        self.errors.print(Styled(f"{error.code}: ", style="bold red") + Styled(error.message(self.lang)))
        self.errors.print(Styled(error.remedy(self.lang), style="dim"))

    @contextmanager
    def progress(self, what: str, total: int | None = None) -> Iterator[Callable[[int, int | None], None]]:
        """A counted bar on standard error while the block runs; call it with (done, total)."""
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.errors,
            transient=True,
            disable=self._is_quiet,
        )
        with bar:
            task = bar.add_task(self.word(what), total=total)
            yield lambda done, of: bar.update(task, completed=done, total=of)

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """Says on standard error what takes its time, while the block runs."""
        if self._is_quiet:
            yield
            return
        with self.errors.status(self.word(what)):
            yield

    @property
    def _is_quiet(self) -> bool:
        return self.as_json or not self.errors.is_terminal

    def _plain(self, value: Any) -> str:
        if value is None or value == []:
            return "—"
        if isinstance(value, bool):
            return self.word("yes" if value else "no")
        if isinstance(value, (list, tuple)):
            return ", ".join(self._plain(item) for item in value)
        if isinstance(value, int):
            return f"{value:,}"
        return str(value)


def printer(ctx: Context) -> Printer:
    """How this run speaks."""
    found = ctx.find_object(Printer)
    assert found is not None
    return found


def language() -> str:
    """The reader's language from CHAINFUSION_LANG, else from the locale: "zh" or "en"."""
    told = os.environ.get("CHAINFUSION_LANG") or locale.getlocale()[0] or ""
    return "zh" if told.lower().startswith(("zh", "chinese")) else "en"
