"""`/deals/{deal}/tape/result`: what checking found, each error where it stands; or the pool that it would make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import polars as pl
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from chainfusion.api.problems import BadAddress
from chainfusion.domain.errors import Text, require
from chainfusion.domain.loan import FIELD
from chainfusion.domain.text import whole_number
from chainfusion.node.office import Office
from chainfusion.node.tapes import Checked, Column, Draft, Seen
from chainfusion.tape.mapping import Mapping
from chainfusion.tape.rules import RULES
from chainfusion.web.csvtable import csv_pieces
from chainfusion.web.forms.loans import loan_value
from chainfusion.web.forms.submission import EMPTY
from chainfusion.web.forms.tapehints import HINTS
from chainfusion.web.forms.tapesteps import facts
from chainfusion.web.rendering import page
from chainfusion.web.strata import chart_of

PAGE = 25
AROUND = 8
"""Columns of a piece of the tape."""
PIECES = 8
MOST_FAILING = 50
_FIRST = re.compile(r"first in row ([0-9]+)")
COLUMNS = ("row", "column", "letter", "value", "rule", "severity", "note")


@dataclass(frozen=True)
class Finding:
    """One finding, with the letter of its column."""

    row: int
    column: str
    letter: str
    value: str
    rule: str
    severity: str
    note: str

    @property
    def place(self) -> str:
        """As a spreadsheet names the cell: J1208."""
        return (
            f"{self.letter}{self.row}"
            if self.letter and self.row
            else self.letter or (f"{self.row}" if self.row else "—")
        )

    @property
    def label(self) -> Text:
        """The column; a computed field by its name."""
        return FIELD[self.column].label if not self.letter and self.column in FIELD else Text(self.column, self.column)

    def shown(self, currency: str, lang: str) -> str:
        """The value as the file has it; a computed one as it is read."""
        field = FIELD.get(self.column) if not self.letter else None
        computed = field is not None and self.value.lstrip("-").isdigit()
        return loan_value(field, int(self.value), currency, lang) if field and computed else self.value

    @property
    def says(self) -> Text:
        """What is wrong."""
        rule = RULES[self.rule].says
        note_zh = _FIRST.sub("首次出现在第 \\1 行", self.note)
        return Text(rule.filled("en", {"note": self.note}), rule.filled("zh", {"note": note_zh}))


@dataclass(frozen=True)
class Cell:
    """A cell of a piece of the tape; `bad` tells what is wrong with it."""

    value: str
    bad: Finding | None
    number: bool


@dataclass(frozen=True)
class PieceRow:
    """A row of the file, and what is wrong in it; `gap` where rows were passed over before it."""

    row: int
    cells: tuple[Cell, ...]
    gap: bool
    says: tuple[Finding, ...]


@dataclass(frozen=True)
class Piece:
    """Some rows and columns of the file around findings."""

    columns: tuple[Column, ...]
    rows: tuple[PieceRow, ...]


def router(office: Office) -> APIRouter:
    """The result, and its findings as tables."""
    made = APIRouter(include_in_schema=False)

    @made.get("/deals/{deal}/tape/result", response_model=None)
    def show(request: Request, deal: str) -> Response:
        """The result of checking."""
        told = facts(office, deal)
        if told["checked"] is None:
            return RedirectResponse(f"/deals/{quote(deal)}/tape", 303)
        more = result_facts(office, request, told)
        return page(request, office.workspace, "tape-result.html", given=EMPTY, refusal=None, **told, **more)

    @made.get("/deals/{deal}/tape/errors.json")
    def as_json(request: Request, deal: str) -> Response:
        """A page of findings, and exact counts."""
        draft, checked, seen = _found(office, deal)
        table, number = _findings(office, request, draft)
        shown = [finding.__dict__ for finding in _page(table, number, seen)]
        counts = [each.__dict__ for each in checked.counts]
        return JSONResponse({"counts": counts, "page": number, "pages": _pages(table), "findings": shown})

    @made.get("/deals/{deal}/tape/errors.csv")
    def as_csv(request: Request, deal: str) -> Response:
        """All findings that were kept."""
        draft, _, seen = _found(office, deal)
        table, _ = _findings(office, request, draft)
        letters = {each.name: each.letter for each in seen.columns}
        rows = ((r, c, letters.get(c, ""), v, rule, s, n) for r, c, v, rule, n, s in table.iter_rows())
        return StreamingResponse(csv_pieces(COLUMNS, rows), media_type="text/csv; charset=utf-8")

    for name, columns in (("failing", ("criterion", "index", "loan", "field", "value")),
                          ("changes", ("kind", "loan", "field", "before", "after"))):  # fmt: skip
        _table(made, office, name, columns)
    return made


def _table(made: APIRouter, office: Office, name: str, columns: tuple[str, ...]) -> None:
    @made.get(f"/deals/{{deal}}/tape/{name}.csv")
    def as_csv(deal: str) -> Response:
        """A table that checking left."""
        draft = office.tapes.folder.draft(deal)
        table = _read(office.tapes.folder.results(draft) / f"{name}.parquet")
        rows = table.select(columns).iter_rows() if table is not None else iter(())
        return StreamingResponse(csv_pieces(columns, rows), media_type="text/csv; charset=utf-8")


def _found(office: Office, deal: str) -> tuple[Draft, Checked, Seen]:
    draft = office.tapes.folder.draft(deal)
    checked, seen = office.tapes.folder.checked(draft), office.tapes.folder.seen(deal)
    require(checked is not None and seen is not None, BadAddress(where="tape", why="it was not checked yet"))
    assert checked is not None
    assert seen is not None
    return draft, checked, seen


def _read(path: Path) -> pl.DataFrame | None:
    return pl.read_parquet(path) if path.exists() else None


def _findings(office: Office, request: Request, draft: Draft) -> tuple[pl.DataFrame, int]:
    """The findings that an address asks for, and the page of them."""
    table = _read(office.tapes.folder.results(draft) / "findings.parquet")
    table = (
        pl.DataFrame(schema=dict.fromkeys(("row", "column", "value", "rule", "note", "severity")))
        if table is None
        else table
    )
    for name in ("rule", "column", "severity"):
        if asked := request.query_params.get(name):
            table = table.filter(pl.col(name) == asked)
    number = whole_number(request.query_params.get("page", "1"))
    if number is None:
        raise BadAddress(where="page", why="a number is needed")
    return table, max(1, min(number, _pages(table)))


def _pages(table: pl.DataFrame) -> int:
    return max(1, -(-table.height // PAGE))


def _page(table: pl.DataFrame, number: int, seen: Seen) -> list[Finding]:
    letters = {each.name: each.letter for each in seen.columns}
    some = table.slice((number - 1) * PAGE, PAGE)
    return [_finding(each, letters) for each in some.iter_rows(named=True)]


def _finding(row: dict[str, Any], letters: dict[str, str]) -> Finding:
    return Finding(letter=letters.get(row["column"], ""), **row)


# ------------------------------------------------------------------ the page


def result_facts(office: Office, request: Request, told: dict[str, Any]) -> dict[str, Any]:
    """What the page of the result shows."""
    draft, checked, seen = told["draft"], told["checked"], told["seen"]
    table, number = _findings(office, request, draft)
    letters = {each.name: each.letter for each in seen.columns}
    asked = {name: value for name in ("rule", "column", "severity") if (value := request.query_params.get(name))}
    pool = checked.pool
    charts = [chart_of(each, pool.statistics) for each in pool.statistics.stratifications] if pool else []
    return {
        "rules": RULES,
        "hints": HINTS,
        "letters": letters,
        "findings": _page(table, number, seen),
        "found": table.height,
        "number": number,
        "pages": _pages(table),
        "first": (number - 1) * PAGE + 1,
        "asked": asked,
        "query": urlencode(asked),
        "piece": _piece(office, draft, seen, table, number, bool(asked)),
        "totals": _totals(draft.mapping, checked),
        "charts": [each for each in charts if len(each.bars) > 1][:4],
        "failing": _failing(office, draft),
    }


def _piece(office: Office, draft: Draft, seen: Seen, table: pl.DataFrame, number: int, asked: bool) -> Piece | None:
    """The rows around some findings: of the page that is asked for, else around the first of each rule."""
    context = _read(office.tapes.folder.results(draft) / "context.parquet")
    located = table.filter(pl.col("row") > 0)
    if context is None or located.is_empty():
        return None
    if asked:
        some = located.slice((number - 1) * PAGE, PIECES)
    else:
        some = located.unique(["rule", "column"], keep="first", maintain_order=True).sort("row").head(PIECES)
    lines, wanted = context["#line"], set(some["row"])
    near = [place for place, line in enumerate(lines.to_list()) if line in wanted]
    places = sorted({max(0, min(place + step, len(lines) - 1)) for place in near for step in (-1, 0, 1)})
    shown = context[places]
    kept = located.filter(pl.col("row").is_in(shown["#line"].implode()))
    letters = {each.name: each.letter for each in seen.columns}
    bad = {(each["row"], each["column"]): _finding(each, letters) for each in kept.iter_rows(named=True)}
    columns = _columns(shown, seen, [column for _, column in bad])
    return Piece(columns, tuple(_rows(shown, columns, bad)))


def _columns(shown: pl.DataFrame, seen: Seen, bad: list[str]) -> tuple[Column, ...]:
    """The columns with something wrong, and first ones beside them, in the file's order."""
    there = [each for each in seen.columns if each.name in shown.columns]
    first = {each.name for each in there if each.name in bad}
    for each in there:
        if len(first) < AROUND:
            first.add(each.name)
    return tuple(each for each in there if each.name in first)


def _rows(shown: pl.DataFrame, columns: tuple[Column, ...], bad: dict[tuple[int, str], Finding]) -> Iterator[PieceRow]:
    before = None
    for row in shown.iter_rows(named=True):
        line = row["#line"]
        cells = tuple(
            Cell(str(row[each.name]), bad.get((line, each.name)), _is_number(str(row[each.name]))) for each in columns
        )
        says = tuple(found for (at, _), found in bad.items() if at == line)
        yield PieceRow(line, cells, before is not None and line > before + 1, says)
        before = line


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "", 1).lstrip("-").isdigit()


def _totals(mapping: Mapping | None, checked: Checked) -> list[tuple[str, int | None, int | None]]:
    """What was stated beside what the tape says."""
    expect = mapping.expect if mapping else None
    stated = (expect.loans, expect.current_balance, expect.original_balance) if expect else (None, None, None)
    counted = (checked.loans, checked.balance, checked.original_balance)
    names = ("loans", "current_balance", "original_balance")
    return list(zip(names, stated, counted, strict=True))


def _failing(office: Office, draft: Draft) -> list[dict[str, Any]]:
    table = _read(office.tapes.folder.results(draft) / "failing.parquet")
    return [] if table is None else list(table.head(MOST_FAILING).iter_rows(named=True))
