"""Stratification tables as charts: what a band is called, and where its bar stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from chainfusion.domain.errors import Text
from chainfusion.domain.statistics import UNSTATED, Band, PoolStatistics, Stratification
from chainfusion.web.figures import decimal, grouped, major

MOST_COLUMNS = 8
"""More bands than these are drawn as rows."""
_RANGE = re.compile(r"\((-?\d*),(-?\d*)[\])]")

TITLES: dict[str, Text] = {
    "current_balance": Text("Current balance", "未偿本金余额"),
    "rate_ppm": Text("Interest rate", "利率"),
    "original_term": Text("Original term", "合同期限"),
    "remaining_term": Text("Remaining term", "剩余期限"),
    "seasoning": Text("Seasoning", "账龄"),
    "ltv_ppm": Text("Loan to value", "抵押率"),
    "credit_score": Text("Credit score", "信用评分"),
    "days_past_due": Text("Days past due", "逾期天数"),
    "product": Text("Product", "贷款品种"),
    "repayment": Text("Repayment", "还款方式"),
    "status": Text("Status", "贷款状态"),
    "region": Text("Region", "地区"),
}
_UNITS: dict[str, Text] = {
    "rate_ppm": Text("%", "%"),
    "ltv_ppm": Text("%", "%"),
    "original_term": Text("months", "月"),
    "remaining_term": Text("months", "月"),
    "seasoning": Text("months", "月"),
    "credit_score": Text("points", "分"),
    "days_past_due": Text("days", "天"),
}
_CODES: dict[str, Text] = {
    "RESIDENTIAL_MORTGAGE": Text("Residential mortgage", "个人住房抵押贷款"),
    "COMMERCIAL_MORTGAGE": Text("Commercial mortgage", "商业房地产抵押贷款"),
    "AUTO_LOAN": Text("Auto loan", "汽车贷款"),
    "AUTO_LEASE": Text("Auto lease", "汽车租赁"),
    "CONSUMER_LOAN": Text("Consumer loan", "消费贷款"),
    "CREDIT_CARD": Text("Credit card", "信用卡"),
    "STUDENT_LOAN": Text("Student loan", "助学贷款"),
    "SME_LOAN": Text("SME loan", "小微企业贷款"),
    "CORPORATE_LOAN": Text("Corporate loan", "企业贷款"),
    "EQUIPMENT_LEASE": Text("Equipment lease", "设备租赁"),
    "RECEIVABLE": Text("Receivable", "应收账款"),
    "CURRENT": Text("Current", "正常"),
    "GRACE_PERIOD": Text("Grace period", "宽限期"),
    "DELINQUENT": Text("Delinquent", "逾期"),
    "DEFAULTED": Text("Defaulted", "违约"),
    "FORECLOSURE": Text("Foreclosure", "处置抵押物"),
    "REPOSSESSED": Text("Repossessed", "收回"),
    "CHARGED_OFF": Text("Charged off", "核销"),
    "PAID_OFF": Text("Paid off", "结清"),
    "LEVEL_PAYMENT": Text("Level payment", "等额本息"),
    "LEVEL_PRINCIPAL": Text("Level principal", "等额本金"),
    "INTEREST_ONLY": Text("Interest only", "先息后本"),
    "PARTIAL_INTEREST_ONLY": Text("Partly interest only", "部分期先息后本"),
    "BALLOON": Text("Balloon", "气球贷"),
    "BULLET": Text("Bullet", "到期一次还本"),
    "OTHER": Text("Other", "其他"),
}
_REST, _UNSTATED = Text("All others", "其余合计"), Text("not stated", "未填报")


@dataclass(frozen=True)
class Bar:
    """A band as drawn. Positions are per cent of the drawing's width, or pixels of its height."""

    label: Text
    band: Band
    is_largest: bool
    at: str
    width: str
    middle: str
    top: str
    height: str
    edge: str


@dataclass(frozen=True)
class Chart:
    """One stratification, drawn as columns (ordered, few, side by side) or as rows."""

    field: str
    title: Text
    unit: Text
    columns: bool
    bars: tuple[Bar, ...]
    height: int


def chart_of(table: Stratification, pool: PoolStatistics) -> Chart:
    """The chart of a table. Shares are of the balance."""
    unit = _UNITS.get(
        table.field, Text(pool.currency, pool.currency) if table.field == "current_balance" else Text("", "")
    )
    columns = _are_columns(table)
    most = max((band.balance_share for band in table.bands), default=0) or 1
    bars = tuple(_bar(table, pool, i, most, columns) for i in range(len(table.bands)))
    height = 176 if columns else 23 * len(bars) + 14
    return Chart(table.field, TITLES.get(table.field, Text(table.field, table.field)), unit, columns, bars, height)


def code_name(code: str) -> Text:
    """What a code of a loan is called; any other text as it is."""
    return _CODES.get(code, Text(code, code))


def gauge(value: int | None, limit: int) -> tuple[str, str] | None:
    """Where a bar ends and where its limit stands, per cent of the drawing; None where there is nothing to draw."""
    if value is None or value < 0 or limit <= 0:
        return None
    most = Decimal(max(value, limit)) * 118 / 100
    return f"{Decimal(100) * value / most:.2f}", f"{Decimal(100) * limit / most:.2f}"


def _bar(table: Stratification, pool: PoolStatistics, i: int, most: int, columns: bool) -> Bar:
    band = table.bands[i]
    slot = Decimal(100) / len(table.bands)
    tall = Decimal(126) * band.balance_share / most
    return Bar(
        label=_label(table.field, band, pool.currency),
        band=band,
        is_largest=band.balance_share == most,
        at=f"{slot * i + slot * 4 / 100:.3f}" if columns else "0",
        width=f"{slot * 92 / 100:.3f}" if columns else f"{Decimal(100) * band.balance_share / most:.2f}",
        middle=f"{slot * i + slot / 2:.3f}",
        top=f"{152 - tall:.1f}" if columns else str(10 + 23 * i),
        height=f"{tall:.1f}" if columns else "16",
        edge=_edge(table.field, band, pool.currency) if columns else "",
    )


def _are_columns(table: Stratification) -> bool:
    """Whether every band is a range that begins where the one before ends."""
    ends = [found for found in map(_bounds, table.bands) if found]
    stated = not any(UNSTATED in band.parts for band in table.bands)
    fits = 1 < len(table.bands) == len(ends) <= MOST_COLUMNS
    return fits and stated and all(before[1] == after[0] for before, after in pairwise(ends))


def _bounds(band: Band) -> tuple[str, str] | None:
    found = [match for match in map(_RANGE.fullmatch, band.parts) if match]
    return (found[0].group(1), found[-1].group(2)) if found else None


def _label(field: str, band: Band, currency: str) -> Text:
    unstated = UNSTATED in band.parts
    bounds = _bounds(band)
    if bounds is None:
        values = [code_name(part) for part in band.parts if part != UNSTATED]
        texts = [*values, *([_UNSTATED] if unstated else [])] or [_REST]
        return Text(", ".join(text.en for text in texts), "、".join(text.zh for text in texts))
    low, high = (_written(field, bound, currency) if bound else "" for bound in bounds)
    said = f"{low}–{high}" if low and high else f"≤ {high}" if high else f"> {low}"
    return Text(f"{said}, {_UNSTATED.en}", f"{said}、{_UNSTATED.zh}") if unstated else Text(said, said)


def _edge(field: str, band: Band, currency: str) -> str:
    bounds = _bounds(band)
    return _written(field, bounds[1], currency) if bounds and bounds[1] else ""


def _written(field: str, bound: str, currency: str) -> str:
    number = int(bound)
    if field in ("rate_ppm", "ltv_ppm"):
        whole = number % 10_000 == 0
        return decimal(Decimal(number) / 10_000, 0 if whole else 1)
    return decimal(major(number, currency), 0) if field == "current_balance" else grouped(number)
