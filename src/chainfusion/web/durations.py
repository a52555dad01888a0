"""How long something took, as people say it: "42 s", "18 min", "5.5 hours", "12.3 days"."""

from __future__ import annotations

from decimal import Decimal

from chainfusion.web.figures import decimal

MINUTE, HOUR, DAY = 60, 3600, 86_400
_UNITS = {
    "en": {"s": "s", "min": "min", "h": "hours", "d": "days"},
    "zh": {"s": "秒", "min": "分钟", "h": "小时", "d": "天"},
}


def duration(seconds: int, lang: str) -> str:
    """Seconds in the unit that fits them: below two minutes, two hours, two days, and from there on."""
    words = _UNITS[lang]
    if seconds < 2 * MINUTE:
        return f"{seconds} {words['s']}"
    if seconds < 2 * HOUR:
        return f"{decimal(Decimal(seconds) / MINUTE, 0)} {words['min']}"
    if seconds < 2 * DAY:
        return f"{decimal(Decimal(seconds) / HOUR, 1)} {words['h']}"
    return f"{decimal(Decimal(seconds) / DAY, 1)} {words['d']}"
