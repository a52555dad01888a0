"""The loans of a pool that was granted: found by what an address asks, a page of them, and one with its proof."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

import polars as pl

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.loan import FIELD, LOAN_FIELDS, Kind, Loan, days, minor_digits
from chainfusion.domain.statistics import UNSTATED, PoolStatistics, rounded
from chainfusion.domain.text import whole_number
from chainfusion.ledger.evidence import merkle
from chainfusion.node.loanbooks import Book
from chainfusion.node.views.facts import Place
from chainfusion.tape.sums import exact_dot, exact_sum

PAGE = 50
MOST_FACETS = 12
FACETS = ("product", "status", "repayment", "region")
"""Fields whose values are offered as filters, with how many loans have them."""
RANGES = ("current_balance", "original_balance", "rate_ppm", "remaining_term", "seasoning", "ltv_ppm", "credit_score",
          "days_past_due", "origination_date", "maturity_date")  # fmt: skip
"""Fields that can be bounded from both sides, in the units that pages show."""
_BAND = re.compile(r"\((-?[0-9]{0,19}),(-?[0-9]{0,19})[\])]")
REST = "rest"
"""In place of a band's parts: all values that have no band of their own."""


class BadQuestion(ChainFusionError):
    """A filter that cannot be read."""

    code = "BAD_LOAN_FILTER"
    says = Text("The filter {name} cannot be read: {value}.", "筛选条件 {name} 无法识别：{value}。")
    do = Text("Correct the filter, or take it away.", "请更正或移除该筛选条件。")


@dataclass(frozen=True)
class Question:
    """What loans are asked for. `pairs` are the address's own parameters, in their order: what a link repeats."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Question:
        """Of an address's parameters: those that ask for loans. Raises: BadQuestion."""
        kept = tuple(
            (name, value.strip()) for name, value in pairs if _asks(name) and (value.strip() or name == "part")
        )
        for name, value in kept:
            require(len(value) <= 256, BadQuestion(name=name, value=value[:40]))
        return cls(kept[:60])

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a parameter."""
        return tuple(value for each, value in self.pairs if each == name)

    def first(self, name: str) -> str:
        """A parameter's first value; empty where it is not asked."""
        return next(iter(self.all(name)), "")

    def query(self, **changes: str | None) -> str:
        """The parameters as an address has them, some changed or (None) taken away; the page only where changed."""
        kept = [(name, value) for name, value in self.pairs if name not in changes and name != "page"]
        return urlencode(kept + [(name, value) for name, value in changes.items() if value is not None])

    def without(self, name: str, value: str) -> str:
        """The address's parameters without one of them."""
        return urlencode([pair for pair in self.pairs if pair != (name, value) and pair[0] != "page"])

    @property
    def page(self) -> int:
        """The page, from 1. Raises: BadQuestion."""
        asked = self.first("page") or "1"
        number = whole_number(asked)
        if number is None:
            raise BadQuestion(name="page", value=asked[:40])
        return max(1, number)


def _asks(name: str) -> bool:
    field, _, side = name.partition(".")
    known = name in ("q", "by", "part", "sort", "page", "version") or name in FACETS or name == "borrower_id"
    return known or (field in RANGES and side in ("from", "to"))


@dataclass(frozen=True)
class Facet:
    """A value of a field among the loans found, and how many have it; None where the loan does not state it."""

    field: str
    value: str | None
    loans: int
    chosen: bool


@dataclass(frozen=True)
class LoanLine:
    """A loan of the page; `index` is its place in the tape, from 0, as in its commitment."""

    index: int
    loan: Loan


@dataclass(frozen=True)
class LoansView:
    """A page of the loans that were asked for. Balances are minor units, `wac` ppm."""

    deal: str
    version: int
    root: str
    currency: str
    cut_off: date
    registered: Place
    loans: int
    balance: int
    found: int
    found_balance: int
    wac: int | None
    page: int
    pages: int
    sort: str
    asked: tuple[tuple[str, str], ...]
    lines: tuple[LoanLine, ...]
    facets: tuple[Facet, ...]


@dataclass(frozen=True)
class Criterion:
    """An eligibility criterion, and whether this loan meets it."""

    title: Text
    met: bool


@dataclass(frozen=True)
class LoanView:
    """One loan, and the proof that it stands under the root: from its leaf, each hash with the side that it is on."""

    deal: str
    version: int
    root: str
    loans: int
    cut_off: date
    registered: Place
    index: int
    loan: Loan
    leaf: str
    path: tuple[tuple[str, str], ...]
    criteria: tuple[Criterion, ...]
    before: str | None
    after: str | None


# ------------------------------------------------------------------ finding


@dataclass(frozen=True, eq=False)
class Found:
    """The loans that an address asks for: their places in the tape in the order asked, and figures of them together."""

    places: pl.Series
    balance: int
    wac: int | None
    facets: tuple[Facet, ...]


def find(book: Book, question: Question) -> Found:
    """Finds loans. Raises: BadQuestion."""
    places = selected(book, question)
    found = book.frame.select("current_balance", "rate_ppm", *FACETS)
    found = found[places] if len(places) < len(book) else found
    balance = exact_sum(found["current_balance"])
    wac = rounded(exact_dot(found["rate_ppm"], found["current_balance"]), balance) if balance > 0 else None
    return Found(places, balance, wac, tuple(facet for name in FACETS for facet in _facets(found, name, question)))


def selected(book: Book, question: Question) -> pl.Series:
    """The places in the tape of the loans that are asked for, in the order asked. Raises: BadQuestion."""
    frame = book.frame
    conditions = [*_equalities(question), *_bounds(question, book.pool.record.currency)]
    if (words := question.first("q")) != "":
        conditions.append(pl.col("loan_id").str.contains(words, literal=True))
    conditions += _in_bands(question, book.pool.record.statistics)
    mask = frame.select(pl.all_horizontal(conditions).fill_null(False)).to_series() if conditions else None
    places = pl.Series("places", range(0)) if mask is None else mask.arg_true()
    if mask is None:
        places = pl.int_range(len(book), eager=True, dtype=pl.UInt32)
    return _ordered(frame, places, question.first("sort"))


def _equalities(question: Question) -> list[pl.Expr]:
    made = []
    for name in (*FACETS, "borrower_id"):
        if wanted := question.all(name):
            column = pl.col(name)
            none = column.is_null() if "—" in wanted else pl.lit(False)
            made.append(
                column.is_in(pl.Series([each for each in wanted if each != "—"], dtype=pl.String).implode()) | none
            )
    return made


def _bounds(question: Question, currency: str) -> list[pl.Expr]:
    made = []
    for name in RANGES:
        for side in ("from", "to"):
            told = question.first(f"{name}.{side}")
            if told:
                limit = _number(name, f"{name}.{side}", told, currency)
                made.append(pl.col(name) >= limit if side == "from" else pl.col(name) <= limit)
    return made


def _number(field: str, name: str, told: str, currency: str) -> int:
    """A bound as the record has it: minor units, ppm, days, or the number itself."""
    kind = FIELD[field].kind
    try:
        if kind is Kind.DATE:
            return days(date.fromisoformat(told))
        scale = {Kind.MONEY: minor_digits(currency), Kind.RATE: 4}.get(kind, 0)
        number = Decimal(told.replace(",", "")).scaleb(scale)
        require(number.is_finite() and abs(number) < 2**62, BadQuestion(name=name, value=told[:40]))
        return round(number)
    except (InvalidOperation, ValueError):
        raise BadQuestion(name=name, value=told[:40]) from None


def _in_bands(question: Question, statistics: PoolStatistics) -> list[pl.Expr]:
    by, parts = question.first("by"), question.all("part")
    if not parts:
        return []
    table = next((each for each in statistics.stratifications if each.field == by), None)
    if table is None:
        raise BadQuestion(name="by", value=by[:40])
    if parts == (REST,):
        named = [part for band in table.bands for part in band.parts if part != UNSTATED]
        return [~pl.col(by).is_in(named) & pl.col(by).is_not_null()]
    return [pl.any_horizontal([_part(by, part) for part in parts])]


def _part(field: str, part: str) -> pl.Expr:
    column = pl.col(field)
    if part == UNSTATED:
        return column.is_null()
    if FIELD[field].kind in (Kind.TEXT, Kind.CODE):
        return column == part
    found = _BAND.fullmatch(part)
    if found is None:
        raise BadQuestion(name="part", value=part[:40])
    low, high = found.groups()
    above = column > int(low) if low not in ("", "-") else column.is_not_null()
    return above & (column <= int(high)) if high not in ("", "-") else above


def _ordered(frame: pl.DataFrame, places: pl.Series, sort: str) -> pl.Series:
    if not sort:
        return places
    name = sort.removeprefix("-")
    require(name in FIELD, BadQuestion(name="sort", value=sort[:40]))
    values = frame[name].gather(places)
    order = values.to_frame("v").select(
        pl.arg_sort_by("v", descending=sort.startswith("-"), nulls_last=True, maintain_order=True)
    )
    return places.gather(order.to_series())


def loans_view(book: Book, place: Place, question: Question, found: Found) -> LoansView:
    """The page that is asked for, of the loans that were found. Raises: BadQuestion."""
    record, places = book.pool.record, found.places
    pages = max(1, -(-len(places) // PAGE))
    page = min(question.page, pages)
    shown = places.slice((page - 1) * PAGE, PAGE)
    return LoansView(
        deal=book.pool.project.deal,
        version=book.pool.version,
        root=record.root.hex(),
        currency=record.currency,
        cut_off=record.cut_off,
        registered=place,
        loans=record.loans,
        balance=record.statistics.balance,
        found=len(places),
        found_balance=found.balance,
        wac=found.wac,
        page=page,
        pages=pages,
        sort=question.first("sort"),
        asked=question.pairs,
        lines=tuple(LoanLine(int(index), book.loan(int(index))) for index in shown),
        facets=found.facets,
    )


def _facets(found: pl.DataFrame, name: str, question: Question) -> list[Facet]:
    chosen = question.all(name)
    counts = found[name].value_counts().sort("count", name, descending=[True, False]).head(MOST_FACETS)
    facets = [Facet(name, value, count, (value or "—") in chosen) for value, count in counts.iter_rows()]
    return facets if len(facets) > 1 or chosen else []


# ------------------------------------------------------------------ one loan


def loan_view(book: Book, place: Place, loan_id: str, criteria: Iterable[Any] = ()) -> LoanView:
    """A loan by its number. `criteria` are eligibility criteria. Raises: LoanUnknown."""
    index = book.index(loan_id)
    opening, loan = book.opening(index), book.loan(index)
    return LoanView(
        deal=book.pool.project.deal,
        version=book.pool.version,
        root=book.pool.record.root.hex(),
        loans=len(book),
        cut_off=book.pool.record.cut_off,
        registered=place,
        index=index,
        loan=loan,
        leaf=merkle.leaf_hash(opening.salt + opening.record).hex(),
        path=tuple(zip(_sides(index, len(book)), (each.hex() for each in opening.path), strict=True)),
        criteria=tuple(Criterion(each.title, each.condition.holds(loan)) for each in criteria),
        before=book.frame["loan_id"][index - 1] if index > 0 else None,
        after=book.frame["loan_id"][index + 1] if index + 1 < len(book) else None,
    )


def _sides(index: int, count: int) -> list[str]:
    """On which side each hash of an inclusion path stands (RFC 9162, 2.1.3.2), leaf first."""
    sides, last = [], count - 1
    while last > 0:
        if index % 2 or index < last:
            sides.append("left" if index % 2 else "right")
        index, last = index // 2, last // 2
    return sides


def as_record(loan: Loan) -> Mapping[str, Any]:
    """A loan's fields by name, in the record's order."""
    return {each.name: getattr(loan, each.name) for each in LOAN_FIELDS}
