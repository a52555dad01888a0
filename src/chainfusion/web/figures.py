"""Numbers, dates and hashes as the market writes them, in Chinese and English.

Money in tables stands in 亿元 or 万元, or in millions and billions; exact money to the cent; shares and rates in
per cent with the unit in the head. Rounding here is for reading alone (half up) and touches no ledger figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

from babel.dates import format_date

SHANGHAI = timezone(timedelta(hours=8), "UTC+8")
MISSING = "—"

_CURRENCY_ZH = {"CNY": "元", "USD": "美元", "EUR": "欧元", "HKD": "港元", "JPY": "日元", "GBP": "英镑"}


@dataclass(frozen=True)
class Shown:
    """A figure and the unit that stands beside it or in the head."""

    value: str
    unit: str = ""


def grouped(number: int) -> str:
    """12846 as 12,846; a negative with a true minus."""
    return f"{number:,}".replace("-", "\u2212")


def decimal(value: Decimal | int, places: int) -> str:
    """A decimal with grouped thousands, rounded half up to `places`."""
    quantum = Decimal(1).scaleb(-places)
    return f"{Decimal(value).quantize(quantum, ROUND_HALF_UP):,}".replace("-", "\u2212")


def money(minor: int, currency: str, lang: str) -> Shown:
    """Minor units in the unit that fits the amount: 亿元, 万元; bn, mm, k."""
    major = Decimal(minor) / 100
    size = abs(major)
    if lang == "zh":
        name = _CURRENCY_ZH.get(currency, currency)
        scale, places, unit = (8, 2, f"亿{name}") if size >= 10**8 else (4, 2, f"万{name}")
    elif size >= 10**9:
        scale, places, unit = 9, 2, f"{currency} bn"
    elif size >= 10**6:
        scale, places, unit = 6, 1, f"{currency} mm"
    else:
        scale, places, unit = 3, 1, f"{currency} k"
    return Shown(decimal(major.scaleb(-scale), places), unit)


def exact_money(minor: int, currency: str, lang: str) -> str:
    """7,362,418,905.37 元 or CNY 7,362,418,905.37."""
    amount = decimal(Decimal(minor) / 100, 2)
    return f"{amount} {_CURRENCY_ZH.get(currency, currency)}" if lang == "zh" else f"{currency} {amount}"


def per_cent(ppm: int | None, places: int = 2) -> str:
    """Millionths as per cent: 38600 as 3.86."""
    return MISSING if ppm is None else decimal(Decimal(ppm) / 10_000, places)


def months(hundredths: int | None) -> str:
    """Hundredths of a month as months with one digit: 24003 as 240.0."""
    return MISSING if hundredths is None else decimal(Decimal(hundredths) / 100, 1)


def day(value: date | None, lang: str) -> str:
    """2026-11-24, or 24 Nov 2026."""
    if value is None:
        return MISSING
    return value.isoformat() if lang == "zh" else format_date(value, "d MMM y", locale="en")


def moment(value: datetime, lang: str) -> str:
    """A time in Shanghai's zone to the minute; the page names the zone once."""
    local = value.astimezone(SHANGHAI)
    return f"{day(local.date(), lang)} {local:%H:%M}"


def short_hash(text: str) -> str:
    """Six characters, an ellipsis, four."""
    return text if len(text) <= 12 else f"{text[:6]}…{text[-4:]}"


def hash_groups(text: str) -> str:
    """A hash in groups of eight."""
    return " ".join(text[at : at + 8] for at in range(0, len(text), 8))
