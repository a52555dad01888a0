"""Pictures of a run, each with its data as a table: balances, collections, losses, coverage, cash flow bands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from html import escape
from pathlib import Path

import polars as pl

from chainfusion.cashflow.analytics.deal import Ints
from chainfusion.cashflow.analytics.enhancement import enhancement
from chainfusion.cashflow.analytics.errors import BadAnalysis
from chainfusion.cashflow.analytics.study import Outcomes
from chainfusion.cashflow.export import drawing
from chainfusion.cashflow.export.drawing import BOTTOM, Plane, Series
from chainfusion.cashflow.export.tables import Table
from chainfusion.domain.errors import Text
from chainfusion.domain.loan import minor_digits

_TITLES = {
    "pool": Text("Pool balance", "资产池余额"),
    "classes": Text("Balances of the classes", "各档证券余额"),
    "collections": Text("Collections by kind", "现金流归集"),
    "losses": Text("Cumulative defaults and losses", "累计违约与损失"),
    "coverage": Text("Credit enhancement", "信用增级"),
    "bands": Text("Cash by class", "各档现金流"),
}
_WORDS = {
    "scheduled": Text("Scheduled principal", "计划本金"),
    "prepaid": Text("Prepayments", "提前偿还"),
    "recovered": Text("Recoveries", "违约回收"),
    "interest": Text("Interest", "利息"),
    "defaulted": Text("Defaults", "违约"),
    "lost": Text("Losses", "损失"),
    "pool": Text("Performing balance", "正常余额"),
}
_UNITS = {
    "zh": ((8, "亿"), (4, "万"), (0, "")),
    "en": ((9, "bn"), (6, "mm"), (3, "k"), (0, "")),
}


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """`name` for its file, `title` and `unit` for its caption, the SVG, and the data that it draws."""

    name: str
    title: str
    unit: str
    svg: str
    table: Table

    def write(self, folder: Path) -> Path:
        """The SVG as a file. Returns its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.svg"
        path.write_text(self.svg + "\n", encoding="utf-8")
        return path

    def _repr_html_(self) -> str:
        return f"<figure><figcaption>{escape(self.title)} ({escape(self.unit)})</figcaption>{self.svg}</figure>"


def pictures(
    outcomes: Outcomes, scenario: int = 0, lang: str = "en", *, reserves: Sequence[str] = ()
) -> tuple[Picture, ...]:
    """All pictures of one scenario. Raises: BadAnalysis."""
    if not 0 <= scenario < outcomes.result.scenarios:
        raise BadAnalysis(
            where="scenario",
            value=scenario,
            why=f"there are {outcomes.result.scenarios}, from 0",
            why_zh=f"共 {outcomes.result.scenarios} 个，从 0 起",
        )
    return (
        pool_picture(outcomes, scenario, lang),
        classes_picture(outcomes, scenario, lang),
        collections_picture(outcomes, scenario, lang),
        losses_picture(outcomes, scenario, lang),
        coverage_picture(outcomes, scenario, lang, reserves),
        bands_picture(outcomes, scenario, lang),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Money:
    """Series of minor units, and how they are told."""

    outcomes: Outcomes
    lang: str
    dates: tuple[date, ...]
    columns: dict[str, Ints]

    def picture(self, name: str, marks: Callable[[Plane, Sequence[Series]], list[str]], highest: int) -> Picture:
        """Marks on axes."""
        digits = minor_digits(self.outcomes.deal.terms.currency)
        exponent, unit = _unit(highest, digits, self.lang)
        per = 10.0 ** (exponent + digits)
        series = [Series(key, tuple(int(v) / per for v in values)) for key, values in self.columns.items()]
        plane = Plane(len(self.dates), drawing.rounded_up(highest / per))
        labels = [(plane.top_value * k / 4, _shown(plane.top_value * k / 4)) for k in range(5)]
        parts = [*drawing.scale(plane, labels), *marks(plane, series)]
        parts += [*drawing.years(plane, self.dates), *drawing.legend(series)]
        return self.captioned(name, unit, drawing.picture(self.label(name, unit), parts))

    def captioned(self, name: str, unit: str, svg: str) -> Picture:
        """A picture with its table."""
        currency = self.outcomes.deal.terms.currency
        frame = pl.DataFrame({"date": self.dates, **self.columns})
        table = Table(name, frame, currency, frozenset(self.columns))
        return Picture(name, _said(_TITLES[name], self.lang), f"{unit} {currency}".strip(), svg, table)

    def label(self, name: str, unit: str) -> str:
        """What the picture says to who cannot see it."""
        currency = self.outcomes.deal.terms.currency
        rest = "数据见表" if self.lang == "zh" else "the figures are in the table"
        return f"{_said(_TITLES[name], self.lang)} ({unit} {currency}): {', '.join(self.columns)}; {rest}"


def _money(outcomes: Outcomes, lang: str, columns: dict[str, Ints]) -> _Money:
    count = min(len(outcomes.deal.periods), *(len(c) for c in columns.values()))
    dates = tuple(p.payment for p in outcomes.deal.periods[:count])
    return _Money(outcomes, lang, dates, {key: values[:count] for key, values in columns.items()})


def _said(words: Text, lang: str) -> str:
    return words.zh if lang == "zh" else words.en


def _unit(highest: int, digits: int, lang: str) -> tuple[int, str]:
    return next(
        (e, name) for e, name in _UNITS["zh" if lang == "zh" else "en"] if highest >= 10 ** (e + digits) or e == 0
    )


def _shown(value: float) -> str:
    return f"{Decimal(repr(round(value, 6))).normalize():,f}"


def _kinds(outcomes: Outcomes, scenario: int, lang: str, names: Sequence[str]) -> dict[str, Ints]:
    return {_said(_WORDS[name], lang): getattr(outcomes.collections, name)[scenario] for name in names}


def pool_picture(outcomes: Outcomes, scenario: int = 0, lang: str = "en") -> Picture:
    """The performing balance after each period."""
    closing = outcomes.collections.closing[scenario]
    found = _money(outcomes, lang, {_said(_WORDS["pool"], lang): closing})
    return found.picture("pool", drawing.areas, int(closing.max(initial=0)))


def classes_picture(outcomes: Outcomes, scenario: int = 0, lang: str = "en") -> Picture:
    """Balances of all classes, on each other: the first class at the bottom."""
    deal = outcomes.deal
    columns = {t.id: deal.flow(outcomes.result, f"{t.id}.balance")[scenario] for t in deal.terms.tranches}
    return _money(outcomes, lang, columns).picture("classes", drawing.areas, _together(columns))


def _together(columns: dict[str, Ints]) -> int:
    return int(sum(columns.values()).max())  # type: ignore[union-attr]


def collections_picture(outcomes: Outcomes, scenario: int = 0, lang: str = "en") -> Picture:
    """What the pool pays each period, by kind."""
    columns = _kinds(outcomes, scenario, lang, ("scheduled", "prepaid", "recovered", "interest"))
    return _money(outcomes, lang, columns).picture("collections", drawing.areas, _together(columns))


def losses_picture(outcomes: Outcomes, scenario: int = 0, lang: str = "en") -> Picture:
    """Defaults and losses so far."""
    columns = {k: v.cumsum() for k, v in _kinds(outcomes, scenario, lang, ("defaulted", "lost")).items()}
    highest = max(int(v.max(initial=0)) for v in columns.values())
    return _money(outcomes, lang, columns).picture("losses", drawing.lines, highest)


def coverage_picture(outcomes: Outcomes, scenario: int = 0, lang: str = "en", reserves: Sequence[str] = ()) -> Picture:
    """Each class's credit enhancement as a share of the pool, while the class is outstanding."""
    deal = outcomes.deal
    found = enhancement(deal, outcomes.result, scenario, reserves=reserves)
    columns: dict[str, list[float | None]] = {}
    for tranche in deal.terms.tranches:
        left = deal.flow(outcomes.result, f"{tranche.id}.balance")[scenario]
        shares = found.of(tranche.id)["enhancement"].to_list()
        columns[tranche.id] = [s if s is not None and b else None for s, b in zip(shares, left, strict=True)]
    series = [Series(name, tuple(None if v is None else min(max(v, 0), 1) for v in c)) for name, c in columns.items()]
    plane = Plane(len(found.dates), 1.0)
    marks = [(k / 4, f"{25 * k}") for k in range(5)]
    parts = [*drawing.scale(plane, marks), *drawing.lines(plane, series)]
    parts += [*drawing.years(plane, found.dates), *drawing.legend(series)]
    title = _said(_TITLES["coverage"], lang)
    frame = pl.DataFrame({"date": found.dates, **{k: pl.Series(v, dtype=pl.Float64) for k, v in columns.items()}})
    label = f"{title} (%): {', '.join(columns)}"
    return Picture("coverage", title, "%", drawing.picture(label, parts), Table("coverage", frame, deal.terms.currency))


BAND = 56
"""Height of a class's band."""


def bands_picture(outcomes: Outcomes, scenario: int = 0, lang: str = "en") -> Picture:
    """A band for each class on one axis of time: interest and principal of each period, to each band's own height."""
    names = [t.id for t in outcomes.deal.terms.tranches]
    columns: dict[str, Ints] = {}
    parts: list[str] = []
    words = (_said(_WORDS["interest"], lang), "本金" if lang == "zh" else "Principal")
    height = drawing.TOP + BAND * len(names) + BOTTOM
    for place, name in enumerate(names):
        cash = outcomes.cash(name, scenario)
        pair = [Series(w, tuple(map(float, v))) for w, v in zip(words, (cash.interest, cash.principal), strict=True)]
        bottom = drawing.TOP + BAND * (place + 1) - 6
        plane = Plane(len(cash.dates), max(1.0, float(max(cash.amounts))), bottom - BAND + 14, bottom)
        parts += [*drawing.scale(plane, [(0, name)]), *drawing.areas(plane, pair)]
        table = cash.frame()
        columns |= {f"{name} {flow}": table[flow].to_numpy() for flow in ("interest", "principal")}
    found = _money(outcomes, lang, columns)
    axis = Plane(len(found.dates), 1.0, drawing.TOP, height - BOTTOM)
    parts += [*drawing.years(axis, found.dates), *drawing.legend([Series(w, ()) for w in words])]
    return found.captioned("bands", "", drawing.picture(found.label("bands", ""), parts, height))
