"""Fields that a tape does not state and a mapping has computed: a small closed set of functions on whole columns."""

from __future__ import annotations

from datetime import date

import polars as pl

from chainfusion.domain.loan import days
from chainfusion.tape.mapping import AS_OF, FieldRule
from chainfusion.tape.values import typed

_MAX_MONTHS = 1200
_PPM = 1_000_000


def derived(name: str, rule: FieldRule, as_of: date, lines: pl.Series) -> pl.Expr:
    """The values of a derived field, over a frame that has the fields it rests on. `lines` are the rows' lines."""
    arguments = [pl.lit(days(as_of), pl.Int32) if of == AS_OF else pl.col(of) for of in rule.of]
    match rule.derive:
        case "row_number":
            value = pl.lit(lines.cast(pl.String))
        case "months_between":
            value = months_between(*arguments)
        case "days_between":
            value = (arguments[1] - arguments[0]).clip(lower_bound=0)
        case "difference":
            value = arguments[0] - arguments[1]
        case "ratio":
            value = ratio_ppm(*arguments)
        case "add_months":
            value = add_months(*arguments)
        case _:
            value = _band(rule, arguments[0])
    return typed(name, value)


def order(rules: dict[str, FieldRule]) -> list[str]:
    """The derived fields, each after those it rests on. The mapping's reader made sure that there is such an order."""
    done = {name for name, rule in rules.items() if not rule.derive} | {AS_OF}
    left = [name for name, rule in rules.items() if rule.derive]
    ordered: list[str] = []
    while left:
        ready = [name for name in left if done.issuperset(rules[name].of)]
        ordered += ready
        done.update(ready)
        left = [name for name in left if name not in done]
    return ordered


def months_between(first: pl.Expr, second: pl.Expr) -> pl.Expr:
    """Whole months from one date (days since 1970) to another; 0 where the second is the earlier."""
    a, b = first.cast(pl.Date), second.cast(pl.Date)
    months = (_months(b) - _months(a)) - (b.dt.day() < a.dt.day()).cast(pl.Int64)
    return months.clip(lower_bound=0)


def _months(day: pl.Expr) -> pl.Expr:
    return day.dt.year().cast(pl.Int64) * 12 + day.dt.month().cast(pl.Int64) - 1


def ratio_ppm(over: pl.Expr, under: pl.Expr) -> pl.Expr:
    """`over` / `under` in parts per million, half to even, exact; null where `under` is not above zero."""
    scaled, divisor = over.cast(pl.Int128) * _PPM, under.cast(pl.Int128)
    quotient = scaled // divisor
    twice = (scaled - quotient * divisor) * 2
    up = (twice > divisor) | ((twice == divisor) & (quotient % 2 == 1))
    return pl.when(under > 0).then(quotient + up.cast(pl.Int128)).cast(pl.Int64, strict=False)


def add_months(day: pl.Expr, months: pl.Expr) -> pl.Expr:
    """The date so many months later, the month's last day where it has no such day; null beyond 100 years."""
    date_ = day.cast(pl.Date)
    months = pl.when(months.is_between(0, _MAX_MONTHS)).then(months)
    total = _months(date_) + months
    first = pl.date(total // 12, total % 12 + 1, 1)
    return first.cast(pl.Int32) + pl.min_horizontal(date_.dt.day(), first.dt.month_end().dt.day()).cast(pl.Int32) - 1


def _band(rule: FieldRule, value: pl.Expr) -> pl.Expr:
    code: pl.Expr = pl.lit(None, pl.String)
    for band in rule.bands:
        code = pl.when(value >= band.start).then(pl.lit(band.code)).otherwise(code)
    return code
