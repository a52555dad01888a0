"""Answers to questions about a deal's cash as a page shows them: cells, grids of two headings, drawings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from chainfusion.cashflow.inquiry.answer import Answer, Form, Table
from chainfusion.domain.errors import Text
from chainfusion.web.csvtable import Cell
from chainfusion.web.drawings import Columns, Series, histogram
from chainfusion.web.figures import MISSING, amount, decimal, grouped
from chainfusion.web.tables import Sheet

PPM = 1_000_000
_GRIDS = {
    "stress": ("class", "rating", ("loss_share", "average_life")),
    "sensitivity": ("cpr", "cdr", ("yield", "average_life", "loss")),
}
"""By question: what stands down the side, across the head, and in the cells of each grid."""


@dataclass(frozen=True)
class Grid:
    """One measure of a table by two headings. `hurt`: where the class loses."""

    title: Text
    side: Text
    head: Text
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, bool], ...]], ...]


@dataclass(frozen=True)
class Drawing:
    """Columns with what they are, and what the tallest one says."""

    title: Text
    columns: Columns
    most: str


def cell(form: Form, value: Any, currency: str, lang: str) -> str:
    """A value as people read it."""
    if value is None:
        return MISSING
    match form:
        case Form.MONEY:
            return amount(value, currency)
        case Form.SHARE:
            return f"{decimal(100 * Decimal(repr(float(value))), 4)}%"
        case Form.NUMBER:
            return decimal(Decimal(repr(float(value))), 4)
        case Form.COUNT:
            return grouped(value)
        case Form.FLAG:
            return ("是" if value else "否") if lang == "zh" else ("yes" if value else "no")
        case _:
            return str(value)


def grids(answer: Answer, lang: str) -> list[Grid]:
    """A long table as grids, where it is one of two headings."""
    if answer.question not in _GRIDS:
        return []
    side, head, measures = _GRIDS[answer.question]
    return [_grid(answer.tables[0], side, head, measure, answer.currency, lang) for measure in measures]


def _grid(table: Table, side: str, head: str, measure: str, currency: str, lang: str) -> Grid:
    by_name = {column.name: column for column in table.columns}
    records = table.records()

    def said(name: str, value: Any) -> str:
        return cell(by_name[name].form, value, currency, lang)

    heads = list(dict.fromkeys(record[head] for record in records))
    rows = []
    for place in dict.fromkeys(record[side] for record in records):
        found = {record[head]: record for record in records if record[side] == place}
        cells = tuple((said(measure, found[h][measure]), bool(found[h]["loss"])) for h in heads)
        rows.append((_short(said(side, place)), cells))
    columns = tuple(_short(said(head, h)) for h in heads)
    return Grid(by_name[measure].title, by_name[side].title, by_name[head].title, columns, tuple(rows))


def _short(said: str) -> str:
    """A heading without the zeros that a column of figures needs."""
    number, sign, _ = said.partition("%")
    return f"{number.rstrip('0').rstrip('.')}{sign}" if sign and "." in number else said


def drawings(answer: Answer) -> list[Drawing]:
    """What of an answer is better looked at than read."""
    if answer.question == "simulation":
        return [_spread(answer.tables[1])]
    if answer.question == "enhancement":
        return _courses(answer.tables[1])
    return []


def _spread(table: Table) -> Drawing:
    records = table.records()
    labels = [f"{100 * record['from']:.1f}%" for record in records]
    counts = tuple(int(record["paths"]) for record in records)
    drawn = histogram(labels, [Series(Text("Paths", "路径数"), counts)])
    return Drawing(
        Text("Paths by the pool’s cumulative defaults", "按资产池累计违约率统计的路径数"), drawn, grouped(max(counts))
    )


def _courses(table: Table) -> list[Drawing]:
    records = table.records()
    years = [str(record["date"])[:4] for record in records]
    labels = [year if n == 0 or year != years[n - 1] else "" for n, year in enumerate(years)]
    found = []
    for column in table.columns[1:]:
        values = tuple(max(round(PPM * (record[column.name] or 0)), 0) for record in records)
        drawn = histogram(labels, [Series(column.title, values)])
        found.append(Drawing(column.title, drawn, f"{decimal(Decimal(max(values, default=0)) / 10_000, 1)}%"))
    return found


def sheet(answer: Answer | None) -> Sheet:
    """The first table; nothing until there is an answer."""
    if answer is None:
        return Sheet((), ())
    table = answer.tables[0]
    return Sheet([column.name for column in table.columns], ([_plain(value) for value in row] for row in table.rows))


def _plain(value: Any) -> Cell:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return repr(value) if isinstance(value, float) else value


def shown(answer: Answer, lang: str) -> list[tuple[Table, list[Sequence[str]]]]:
    """Every table with its cells as people read them."""

    def row_of(table: Table, row: Sequence[Any]) -> Sequence[str]:
        pairs = zip(table.columns, row, strict=True)
        return [cell(column.form, value, answer.currency, lang) for column, value in pairs]

    return [(table, [row_of(table, row) for row in table.rows]) for table in answer.tables]
