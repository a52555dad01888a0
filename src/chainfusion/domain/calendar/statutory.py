"""The public holidays that China's law fixes, for years whose notice is not yet published.

Regulation on Public Holidays for National Annual Festivals and Memorial Days, as amended 2024-11-10, in force
2025-01-01: New Year's Day, Spring Festival 4 days (its eve and the first three days), Qingming, Labour Day 2 days,
Dragon Boat, Mid-Autumn, National Day 3 days. A Mid-Autumn inside National Day's three days adds nothing here.
The dates of the lunar festivals and of Qingming are almanac data, equal in three independent almanacs.
"""

from __future__ import annotations

from datetime import date, timedelta

from chainfusion.domain.calendar.refusals import OutsideCalendar

_ALMANAC = """
2025 0129 0404 0531 1006   2026 0217 0405 0619 0925   2027 0206 0405 0609 0915   2028 0126 0404 0528 1003
2029 0213 0404 0616 0922   2030 0203 0405 0605 0912   2031 0123 0405 0624 1001   2032 0211 0404 0612 0919
2033 0131 0404 0601 0908   2034 0219 0405 0620 0927   2035 0208 0405 0610 0916   2036 0128 0404 0530 1004
2037 0215 0404 0618 0924   2038 0204 0405 0607 0913   2039 0124 0405 0527 1002   2040 0212 0404 0614 0920
2041 0201 0404 0603 0910   2042 0122 0404 0622 0928   2043 0210 0405 0611 0917   2044 0130 0404 0531 1005
2045 0217 0404 0619 0925   2046 0206 0404 0608 0915   2047 0126 0405 0529 1004   2048 0214 0404 0615 0922
2049 0202 0404 0604 0911   2050 0123 0404 0623 0930   2051 0211 0405 0613 0919   2052 0201 0404 0601 0907
2053 0219 0404 0620 0926   2054 0208 0404 0610 0916   2055 0128 0405 0530 1005   2056 0215 0404 0617 0924
2057 0204 0404 0606 0913   2058 0124 0404 0625 1002   2059 0212 0405 0614 0921   2060 0202 0404 0603 0909
"""  # year, Spring Festival (first day of the lunar year), Qingming, Dragon Boat, Mid-Autumn
_FIXED = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})


def _festivals() -> dict[int, frozenset[date]]:
    words = _ALMANAC.split()
    years = {}
    for at in range(0, len(words), 5):
        year = int(words[at])
        spring, *others = (date(year, int(w[:2]), int(w[2:])) for w in words[at + 1 : at + 5])
        years[year] = frozenset([*(spring + timedelta(days=n) for n in range(-1, 3)), *others])
    return years


_FESTIVALS = _festivals()
FIRST_YEAR, LAST_YEAR = min(_FESTIVALS), max(_FESTIVALS)


def is_statutory_holiday(day: date) -> bool:
    """Whether the law makes `day` a public holiday. Raises: OutsideCalendar for years without almanac."""
    if day.year not in _FESTIVALS:
        raise OutsideCalendar(
            calendar="statutory", day=day.isoformat(), first=f"{FIRST_YEAR}-01-01", last=f"{LAST_YEAR}-12-31"
        )
    return (day.month, day.day) in _FIXED or day in _FESTIVALS[day.year]
