"""`chainfusion cashflow value`, `stress` and so on: a command for each question that is asked of a deal's cash."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from chainfusion.cashflow.export.answers import answer_file
from chainfusion.cashflow.inquiry.answer import Answer, Form, Table
from chainfusion.cashflow.inquiry.inquiry import Parameter, Question
from chainfusion.cashflow.inquiry.questions import QUESTIONS, inquiry
from chainfusion.cli.cashflow_source import Future, Source, Word, sourced
from chainfusion.cli.output import Printer, printer
from chainfusion.cli.tape import money
from chainfusion.cli.work import fresh
from chainfusion.domain.errors import Text
from chainfusion.domain.records import to_json
from chainfusion.node.home import write_bytes

_PREFIX = "word_"
_OUT = Annotated[
    Path | None, typer.Option("--out", help="Where to write it: .xlsx (all tables), .csv, .parquet (the first).")
]


def add_to(app: typer.Typer) -> None:
    """A command for each question."""
    for question in QUESTIONS.values():
        words = [_word(parameter) for parameter in question.parameters]
        app.command(question.name, help=question.about.en)(sourced(_asking(question), *words, Word("out", _OUT, None)))


def _word(parameter: Parameter) -> Word:
    hint = parameter.hint.en
    told = f"{hint}; else {parameter.otherwise}." if parameter.otherwise else f"{hint}."
    return Word(_PREFIX + parameter.name, Annotated[str, typer.Option(f"--{parameter.name}", help=told)], "")


def _asking(question: Question) -> Any:
    def ask(ctx: typer.Context, source: Source, future: Future, out: Path | None, **given: str) -> None:
        told, words = future.assumed(), {name.removeprefix(_PREFIX): word for name, word in given.items()}
        printed = printer(ctx)
        with source.opened(ctx) as origin:
            asked = inquiry(question.name, words, origin.terms)
            with printed.progress("computing") as progress:
                answer = asked.answer(origin.case(told, progress))
        if out is not None:
            write_bytes(fresh(out), answer_file(answer, out.name))
        printed.result(to_json(answer) | {"written": str(out) if out else None}, lambda: _show(printed, answer))

    return ask


def _show(out: Printer, answer: Answer) -> None:
    for table in answer.tables:
        titles = [_said(column.title, out) + ("" if column.form is Form.TEXT else "#") for column in table.columns]
        out.table(titles, (_cells(table, row, answer.currency) for row in table.rows), _said(table.title, out))


def _cells(table: Table, row: tuple[Any, ...], currency: str) -> list[Any]:
    return [_cell(column.form, value, currency) for column, value in zip(table.columns, row, strict=True)]


def _cell(form: Form, value: Any, currency: str) -> Any:
    if value is None:
        return None
    match form:
        case Form.MONEY:
            return money(value, currency)
        case Form.SHARE:
            return f"{100 * value:.4f}%"
        case Form.NUMBER:
            return f"{value:,.4f}"
        case _:
            return value


def _said(text: Text, out: Printer) -> str:
    return text.zh if out.lang == "zh" else text.en
