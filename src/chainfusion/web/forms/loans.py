"""`/deals/{deal}/pool/loans`: the loans of a granted pool, filtered and sorted by the address; one with its proof."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import quote

import polars as pl
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from chainfusion.api.problems import BadAddress, status_of
from chainfusion.api.seats import seat_of
from chainfusion.domain.errors import Text, require
from chainfusion.domain.loan import FIELD, LOAN_FIELDS, Kind, LoanField, day
from chainfusion.domain.pool import Pool
from chainfusion.domain.records import to_json
from chainfusion.domain.text import whole_number
from chainfusion.node.loanbooks import OPEN, Book
from chainfusion.node.office import Office
from chainfusion.node.pools import OpeningsMissing
from chainfusion.node.views.facts import Place
from chainfusion.node.views.loans import (
    FACETS,
    RANGES,
    Found,
    LoansView,
    LoanView,
    Question,
    find,
    loan_view,
    loans_view,
)
from chainfusion.web import figures
from chainfusion.web.csvtable import csv_pieces
from chainfusion.web.forms.jobs import PATIENCE, led_to
from chainfusion.web.rendering import page
from chainfusion.web.strata import chart_of, code_name

COLUMNS = ("loan_id", "current_balance", "rate_ppm", "remaining_term", "seasoning", "ltv_ppm", "credit_score", "status",
           "region")  # fmt: skip
"""Fields of the table; a loan's own page has them all."""
_AT_ONCE = 10_000


def router(office: Office) -> APIRouter:
    """The table of loans, and one loan."""
    made = APIRouter(include_in_schema=False)
    _tables(made, office)
    _one(made, office)
    return made


def _tables(made: APIRouter, office: Office) -> None:
    def asked(request: Request, deal: str) -> tuple[Pool, Question]:
        question = Question.of(request.query_params.multi_items())
        return office.loans.version(deal, _version(question)), question

    def view(pool: Pool, question: Question) -> LoansView:
        book = office.loans.book(pool)
        return loans_view(book, placed(office, pool.tx_id), question, _found(office, book, question))

    @made.get("/deals/{deal}/pool/loans.json")
    def as_json(request: Request, deal: str) -> Response:
        """A page of the loans that are asked for."""
        return JSONResponse(to_json(view(*asked(request, deal))))

    @made.get("/deals/{deal}/pool/loans.csv")
    def as_csv(request: Request, deal: str) -> Response:
        """All loans that are asked for, as their records have them."""
        pool, question = asked(request, deal)
        book = office.loans.book(pool)
        places = _found(office, book, question).places
        columns = ("index", *(field.name for field in LOAN_FIELDS))
        return StreamingResponse(csv_pieces(columns, _rows(book, places)), media_type="text/csv; charset=utf-8")

    @made.get("/deals/{deal}/pool/loans", response_model=None)
    def show(request: Request, deal: str) -> Response:
        """The page of loans; who was not granted them reads why."""
        pool, question = asked(request, deal)
        if not office.loans.is_ready(pool):
            return opening(request, office, pool)
        told: dict[str, Any] = {"overview": office.workspace.deal(deal), "tab": "pool"}
        try:
            found = view(pool, question)
        except OpeningsMissing as error:
            return page(request, office.workspace, "loans-locked.html", status_of(error), refusal=error, **told)
        return page(request, office.workspace, "loans.html", view=found, **told, **_facts(question, pool))


def _one(made: APIRouter, office: Office) -> None:
    def view(request: Request, deal: str) -> LoanView:
        number = request.query_params.get("loan", "").strip()
        require(0 < len(number) <= 256, BadAddress(where="loan", why="a loan's number is needed"))
        pool = office.loans.version(deal, _version(Question.of(request.query_params.multi_items())))
        current = office.workspace.pool(deal)
        criteria = current.criteria.criteria.eligibility if current.criteria and current.version == pool.version else ()
        return loan_view(office.loans.book(pool), placed(office, pool.tx_id), number, criteria)

    @made.get("/deals/{deal}/pool/loan.json")
    def as_json(request: Request, deal: str) -> Response:
        """One loan with its commitment and its path to the root."""
        return JSONResponse(to_json(view(request, deal)))

    @made.get("/deals/{deal}/pool/loan", response_model=None)
    def show(request: Request, deal: str) -> Response:
        """One loan."""
        pool = office.loans.version(deal, _version(Question.of(request.query_params.multi_items())))
        if not office.loans.is_ready(pool):
            return opening(request, office, pool)
        overview = office.workspace.deal(deal)
        told: dict[str, Any] = {"overview": overview, "tab": "pool", "fields": LOAN_FIELDS, "shown": loan_value}
        in_force = overview.line.pool is not None and overview.line.pool.version == pool.version
        try:
            found = view(request, deal)
        except OpeningsMissing as error:
            return page(request, office.workspace, "loans-locked.html", status_of(error), refusal=error, **told)
        return page(request, office.workspace, "loan.html", view=found, in_force=in_force, **told)


def placed(office: Office, tx_id: str) -> Place:
    """Where a transaction stands, once the acts have followed the ledger that far."""
    office.workspace.height()
    return office.workspace.acts.place(tx_id)


def opening(request: Request, office: Office, pool: Pool) -> Response:
    """Has a job open a large pool, and leads to where that can be watched, or back here where it is done."""
    seat = seat_of(request)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    deal = pool.project.deal
    under_way = office.jobs.open_of(deal, OPEN)
    job = under_way or office.jobs.start(
        OPEN,
        seat.account,
        seat.desk,
        deal=deal,
        about=f"{pool.record.loans:,}",
        arguments={"version": pool.version},
        then=here,
    )
    return RedirectResponse(led_to(office.jobs.awaited(job.id, PATIENCE)), 303)


def _version(question: Question) -> int | None:
    told = question.first("version")
    if not told:
        return None
    number = whole_number(told)
    if number is None:
        raise BadAddress(where="version", why="a version is a whole number from 1")
    return number


def _found(office: Office, book: Book, question: Question) -> Found:
    asked = tuple(pair for pair in question.pairs if pair[0] not in ("page", "version"))
    return office.loans.found(book, asked, lambda: find(book, question))


def _rows(book: Book, places: pl.Series) -> Iterator[tuple[Any, ...]]:
    """The loans at `places`, dates as 2026-01-31."""
    dates = [field.name for field in LOAN_FIELDS if field.kind is Kind.DATE]
    for start in range(0, len(places), _AT_ONCE):
        some = places.slice(start, _AT_ONCE)
        part = book.frame[some].with_columns(pl.col(dates).cast(pl.Date).cast(pl.String))
        yield from ((index, *row) for index, row in zip(some.to_list(), part.iter_rows(), strict=True))


# ------------------------------------------------------------------ what a page shows


def _facts(question: Question, pool: Pool) -> dict[str, Any]:
    return {
        "question": question,
        "columns": [FIELD[name] for name in COLUMNS],
        "shown": brief_value,
        "facet_fields": [FIELD[name] for name in FACETS],
        "ranges": [FIELD[name] for name in RANGES],
        "code_name": code_name,
        "chips": list(_chips(question, pool)),
        "base": f"/deals/{quote(pool.project.deal)}/pool",
    }


def _chips(question: Question, pool: Pool) -> Iterator[tuple[Text, str]]:
    """Each filter in words, and the address without it."""
    bands = question.all("part")
    if bands:
        table = next(each for each in pool.record.statistics.stratifications if each.field == question.first("by"))
        chart = chart_of(table, pool.record.statistics)
        named = [bar.label for bar in chart.bars if set(bar.band.parts or ("rest",)) == set(bands)]
        label = named[0] if named else Text(", ".join(bands), ", ".join(bands))
        yield (
            Text(f"{chart.title.en}: {label.en}", f"{chart.title.zh}：{label.zh}"),
            question.query(by=None, part=None),
        )
    for name, value in question.pairs:
        field, _, side = name.partition(".")
        if field in FIELD:
            told = code_name(value)
            mark = {"from": "≥ ", "to": "≤ "}.get(side, "")
            label = FIELD[field].label
            yield Text(f"{label.en}: {mark}{told.en}", f"{label.zh}：{mark}{told.zh}"), question.without(name, value)
        elif name == "q":
            yield Text(f"Loan number: {value}", f"借据号：{value}"), question.without(name, value)


def loan_value(field: LoanField, value: Any, currency: str, lang: str) -> str:
    """A field of a loan as it is read: exact amounts, rates in per cent, days, codes by name."""
    if value is None:
        return figures.MISSING
    match field.kind:
        case Kind.MONEY:
            return figures.amount(value, currency)
        case Kind.RATE:
            return f"{figures.per_cent(value, 4 if value % 100 else 2)} %"
        case Kind.DATE:
            return figures.day(day(value), lang)
        case Kind.CODE:
            return figures.in_lang(code_name(value), lang)
        case _:
            return str(value) if isinstance(value, str) else figures.grouped(value)


def brief_value(field: LoanField, value: Any, currency: str, lang: str) -> str:
    """A field of a loan in a table, whose head tells the unit."""
    return figures.per_cent(value) if field.kind is Kind.RATE else loan_value(field, value, currency, lang)


def changed_value(field: LoanField, value: str | None, currency: str, lang: str) -> str:
    """A field's value out of a table of changes, which holds texts."""
    if value is None:
        return figures.MISSING
    if field.kind is Kind.DATE:
        return figures.day(date.fromisoformat(value), lang)
    number = field.kind in (Kind.MONEY, Kind.RATE, Kind.INTEGER)
    return loan_value(field, int(value) if number else value, currency, lang)
