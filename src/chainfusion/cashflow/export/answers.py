"""Answers to questions as files: a sheet a table, or the first table alone."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from chainfusion.cashflow.export.files import content, xlsx_bytes
from chainfusion.cashflow.export.tables import Table
from chainfusion.cashflow.inquiry.answer import Answer, Form
from chainfusion.cashflow.inquiry.answer import Table as Told

_TYPES: dict[Form, type[pl.DataType]] = {
    Form.TEXT: pl.String,
    Form.MONEY: pl.Int64,
    Form.SHARE: pl.Float64,
    Form.NUMBER: pl.Float64,
    Form.COUNT: pl.Int64,
    Form.DATE: pl.String,
    Form.FLAG: pl.Boolean,
}


def answer_file(answer: Answer, name: str) -> bytes:
    """An answer as a file of the kind that its name ends in: all tables in a workbook, else the first one.

    Raises: FileKindUnknown, SheetTooLong.
    """
    tables = [as_table(table, answer.currency) for table in answer.tables]
    return xlsx_bytes(tables) if Path(name).suffix.lower() == ".xlsx" else content(tables[0], name)


def as_table(table: Told, currency: str) -> Table:
    """A table with its columns' types; shares are fractions of one."""
    schema = {column.name: _TYPES[column.form] for column in table.columns}
    money = frozenset(column.name for column in table.columns if column.form is Form.MONEY)
    return Table(table.name, pl.DataFrame(list(table.rows), schema, orient="row"), currency, money)
