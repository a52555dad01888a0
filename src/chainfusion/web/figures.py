"""Numbers, dates and hashes as the market writes them, in Chinese and English.

Money in tables stands in 亿元 or 万元, or in millions and billions; exact money to the cent; shares and rates in
per cent with the unit in the head. Rounding here is for reading alone (half up) and touches no ledger figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

from babel.dates import format_date

from chainfusion.domain.criteria import Concentration, Unit
from chainfusion.domain.errors import Text
from chainfusion.domain.loan import minor_digits

SHANGHAI = timezone(timedelta(hours=8), "UTC+8")
MISSING = "—"
MINUS = "\u2212"

_CURRENCY_ZH = {"CNY": "元", "USD": "美元", "EUR": "欧元", "HKD": "港元", "JPY": "日元", "GBP": "英镑"}


@dataclass(frozen=True)
class Shown:
    """A figure and the unit that stands beside it or in the head."""

    value: str
    unit: str = ""


def grouped(number: int | None) -> str:
    """12846 as 12,846; a negative with a true minus."""
    return MISSING if number is None else f"{number:,}".replace("-", MINUS)


def decimal(value: Decimal | int, places: int) -> str:
    """A decimal with grouped thousands, rounded half up to `places`."""
    quantum = Decimal(1).scaleb(-places)
    return f"{Decimal(value).quantize(quantum, ROUND_HALF_UP):,}".replace("-", MINUS)


def major(minor: int, currency: str) -> Decimal:
    """Minor units as the currency's major unit."""
    return Decimal(minor).scaleb(-minor_digits(currency))


@dataclass(frozen=True)
class Scale:
    """How money is written in one table: what to divide by, digits, and the unit for the head."""

    exponent: int
    places: int
    unit: str

    def of(self, minor: int, currency: str) -> str:
        """An amount in this scale."""
        return decimal(major(minor, currency).scaleb(-self.exponent), self.places)


def scale(minor: int, currency: str, lang: str) -> Scale:
    """The scale that fits the largest amount of a table: 亿元, 万元; bn, mm, k."""
    size = abs(major(minor, currency))
    if lang == "zh":
        name = _CURRENCY_ZH.get(currency, currency)
        return Scale(8, 2, f"亿{name}") if size >= 10**8 else Scale(4, 2, f"万{name}")
    if size >= 10**9:
        return Scale(9, 2, f"{currency} bn")
    return Scale(6, 1, f"{currency} mm") if size >= 10**6 else Scale(3, 1, f"{currency} k")


def money(minor: int, currency: str, lang: str) -> Shown:
    """One amount in the unit that fits it."""
    fitting = scale(minor, currency, lang)
    return Shown(fitting.of(minor, currency), fitting.unit)


def exact_money(minor: int, currency: str, lang: str) -> str:
    """7,362,418,905.37 元 or CNY 7,362,418,905.37."""
    amount = decimal(major(minor, currency), minor_digits(currency))
    return f"{amount} {_CURRENCY_ZH.get(currency, currency)}" if lang == "zh" else f"{currency} {amount}"


def amount(minor: int | None, currency: str) -> str:
    """An amount to the cent without its currency, which the head tells: 7,362,418,905.37."""
    return MISSING if minor is None else decimal(major(minor, currency), minor_digits(currency))


def per_cent(ppm: int | None, places: int = 2) -> str:
    """Millionths as per cent: 38600 as 3.86."""
    return MISSING if ppm is None else decimal(Decimal(ppm) / 10_000, places)


def share(hundredths: int) -> str:
    """Hundredths of a percent as per cent: 2294 as 22.94."""
    return decimal(Decimal(hundredths) / 100, 2)


def tenths(hundredths: int | None) -> str:
    """Hundredths (of a month, of a point) with one digit: 24003 as 240.0."""
    return MISSING if hundredths is None else decimal(Decimal(hundredths) / 100, 1)


def day(value: date | None, lang: str) -> str:
    """2026-11-24, or 24 Nov 2026."""
    if value is None:
        return MISSING
    return value.isoformat() if lang == "zh" else format_date(value, "d MMM y", locale="en")


def moment(value: datetime, lang: str, seconds: bool = False) -> str:
    """A time in UTC+8: with seconds in full, else to the minute and without the year where it is this year."""
    local = value.astimezone(SHANGHAI)
    return f"{day(local.date(), lang)} {local:%H:%M:%S}" if seconds else f"{short_day(value, lang)} {local:%H:%M}"


def short_day(value: datetime, lang: str) -> str:
    """11-24, or 24 Nov; in full where it is not this year."""
    local = value.astimezone(SHANGHAI).date()
    if local.year != datetime.now(SHANGHAI).year:
        return day(local, lang)
    return f"{local:%m-%d}" if lang == "zh" else format_date(local, "d MMM", locale="en")


def local_day(value: datetime, lang: str) -> str:
    """The day in UTC+8, in full."""
    return day(value.astimezone(SHANGHAI).date(), lang)


def is_hash(text: str) -> bool:
    """Whether a text is a SHA-256 value in hexadecimal."""
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


def iso(value: datetime) -> str:
    """For `datetime` attributes."""
    return value.astimezone(SHANGHAI).isoformat(timespec="seconds")


def limit(value: int | None, criterion: Concentration, currency: str, lang: str) -> str:
    """A measure of the pool, its limit or its headroom, in the criterion's own unit."""
    if value is None:
        return MISSING
    if criterion.unit in (Unit.SHARE, Unit.RATE):
        return f"{per_cent(value)} %"
    return exact_money(value, currency, lang) if criterion.unit is Unit.MONEY else grouped(value)


def short_hash(text: str) -> str:
    """Six characters, an ellipsis, four."""
    return text if len(text) <= 12 else f"{text[:6]}…{text[-4:]}"


def hash_groups(text: str) -> str:
    """A hash in groups of eight."""
    return " ".join(text[at : at + 8] for at in range(0, len(text), 8))


def in_lang(text: Text | None, lang: str) -> str:
    """A text that stands in both languages; a dash for none."""
    return MISSING if text is None else (text.zh if lang == "zh" else text.en)
