"""What a command prints: tables for people, JSON for programs, refusals in the reader's language."""

from __future__ import annotations

import json
import locale
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text as Styled

from chainfusion.domain.errors import ChainFusionError

OK, REFUSED, WRONG_USE = 0, 1, 2
"""Exit codes: done or proven; refused or not proven; wrong use of the command."""


@dataclass
class Printer:
    """How this run of the program speaks."""

    as_json: bool = False
    lang: str = "en"

    def __post_init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
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

    def facts(self, value: dict[str, Any]) -> None:
        """Name and value, a line each."""
        grid = Table.grid(padding=(0, 2))
        for name, item in value.items():
            grid.add_row(Styled(str(name), style="dim"), Styled(_plain(item)))
        self.console.print(grid)

    def table(self, columns: Iterable[str], rows: Iterable[Iterable[Any]], title: str | None = None) -> None:
        """A table; columns whose name ends in # are numbers and stand at the right."""
        table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
        for column in columns:
            table.add_column(column.rstrip("#"), justify="right" if column.endswith("#") else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Styled(_plain(cell)) for cell in row))
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
            disable=self.as_json or not self.errors.is_terminal,
        )
        with bar:
            task = bar.add_task(what, total=total)
            yield lambda done, of: bar.update(task, completed=done, total=of)


def language() -> str:
    """The reader's language from CHAINFUSION_LANG, else from the locale: "zh" or "en"."""
    told = os.environ.get("CHAINFUSION_LANG") or locale.getlocale()[0] or ""
    return "zh" if told.lower().startswith(("zh", "chinese")) else "en"


def _plain(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(item) for item in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)
