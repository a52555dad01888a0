"""What a band of a stratification table is called: "10–15", "60 and under", "over 120", "other", "not stated"."""

from __future__ import annotations

import re
from decimal import Decimal

from chainfusion.domain.loan import FIELD, Kind
from chainfusion.domain.statistics import UNSTATED
from chainfusion.web.figures import decimal

_RANGE = re.compile(r"\((-?\d*),(-?\d*)[\])]")
_SCALE = {Kind.MONEY: 100_000, Kind.RATE: 10_000}
"""Money bands stand in thousands of the currency, rates in per cent."""
_WORDS = {
    "en": {"under": "{0} and under", "over": "over {0}", "other": "other", "unstated": "not stated", "join": ", "},
    "zh": {"under": "{0} 及以下", "over": "{0} 以上", "other": "其他", "unstated": "未载明", "join": "、"},
}


def band_label(field: str, parts: tuple[str, ...], lang: str) -> str:
    """A band's name in `lang`, from the parts that it covers."""
    words = _WORDS[lang]
    if not parts:
        return words["other"]
    return words["join"].join(_part(field, part, words) for part in _merged(parts))


def band_unit(field: str, currency: str) -> str:
    """The unit of a field's bands, for the head of the column."""
    kind = FIELD[field].kind
    return {Kind.MONEY: f"{currency} k", Kind.RATE: "%"}.get(kind, "")


def _merged(parts: tuple[str, ...]) -> list[str]:
    """Ranges that touch as one range: a small band was joined to its neighbour."""
    merged: list[str] = []
    for part in parts:
        found, before = _RANGE.fullmatch(part), _RANGE.fullmatch(merged[-1]) if merged else None
        if found and before and before[2] == found[1]:
            merged[-1] = f"({before[1]},{found[2]}]"
        else:
            merged.append(part)
    return merged


def _part(field: str, part: str, words: dict[str, str]) -> str:
    if part == UNSTATED:
        return words["unstated"]
    found = _RANGE.fullmatch(part)
    if found is None:
        return part
    low, high = (_edge(field, edge) for edge in found.groups())
    if low in ("", "0"):
        return words["under"].format(high)
    return words["over"].format(low) if high == "" else f"{low}–{high}"


def _edge(field: str, edge: str) -> str:
    if not edge:
        return ""
    scaled = Decimal(edge) / _SCALE.get(FIELD[field].kind, 1)
    return decimal(scaled, max(0, -int(scaled.normalize().as_tuple().exponent)))
