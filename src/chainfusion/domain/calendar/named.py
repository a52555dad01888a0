"""Calendars by their names: `named("cn-interbank@2025-11-04+statutory")`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache

from chainfusion.domain.calendar.calendars import Calendar, Projection, joint
from chainfusion.domain.calendar.china import EXCHANGES, FIRST_YEAR, STATE_COUNCIL, Notice
from chainfusion.domain.calendar.refusals import UnknownCalendar
from chainfusion.domain.errors import Text

NONE = Calendar("none", every_day=True)
"""Every day is a business day: dates are taken as they are."""
WEEKDAYS = Calendar("weekdays")
"""Monday to Friday."""

LABELS = {
    "cn-interbank": Text("China interbank market", "银行间市场工作日"),
    "cn-bank": Text("China bank working days", "银行工作日"),
    "cn-exchange": Text("China exchange trading days", "交易所交易日"),
    "weekdays": Text("Monday to Friday", "周一至周五"),
    "none": Text("every day", "自然日"),
}
"""The calendars' names, and what to call them."""
_STATIC = {c.name: c for c in (NONE, WEEKDAYS)}
_NOTICES = {
    "cn-interbank": STATE_COUNCIL,
    "cn-bank": STATE_COUNCIL,
    "cn-exchange": tuple(sorted((*STATE_COUNCIL, *EXCHANGES), key=lambda n: n.published)),
}
_WITHOUT_MAKE_UP = frozenset({"cn-exchange"})


def versions(name: str) -> tuple[str, ...]:
    """The versions of a calendar, oldest first: the dates on which a notice was published. Raises: UnknownCalendar."""
    if name in _STATIC:
        return (_STATIC[name].version,)
    return tuple(notice.published for notice in _notices(name))


def newest(name: str) -> str:
    """The reference name@version of the newest version that this program carries. Raises: UnknownCalendar."""
    return f"{name}@{versions(name)[-1]}"


def known_on(name: str, day: date) -> str:
    """The reference of the version that held on `day`: what was published by then. Raises: UnknownCalendar."""
    held = [v for v in versions(name) if name in _STATIC or v <= day.isoformat()]
    if not held:
        raise UnknownCalendar(calendar=f"{name} on {day}", known=_known())
    return f"{name}@{held[-1]}"


@cache
def named(ref: str) -> Calendar:
    """The calendar of a reference: name@version, with +weekdays or +statutory for days not yet published.

    A name alone is the newest version that this program carries; its `ref` tells which, and that is what terms on a
    ledger should hold. References joined by & give the joint calendar. Raises: UnknownCalendar.
    """
    if "&" in ref:
        return joint(*(named(part) for part in ref.split("&")))
    head, plus, projection = ref.partition("+")
    name, _, version = head.partition("@")
    version = version or versions(name)[-1]
    if version not in versions(name) or (plus and projection not in _PROJECTIONS):
        raise UnknownCalendar(calendar=ref, known=_known())
    if name in _STATIC:
        return _STATIC[name]
    return _chinese(name, version, Projection(projection) if plus else Projection.NONE)


_PROJECTIONS = frozenset({Projection.WEEKDAYS.value, Projection.STATUTORY.value})


def _chinese(name: str, version: str, projection: Projection) -> Calendar:
    notices = [notice for notice in _notices(name) if notice.published <= version]
    closed, worked = _replayed(notices)
    return Calendar(
        name,
        version,
        first=date(FIRST_YEAR, 1, 1),
        last=date(max(notice.year for notice in notices), 12, 31),
        closed=closed,
        open=frozenset() if name in _WITHOUT_MAKE_UP else worked,
        projection=projection,
    )


def _replayed(notices: Iterable[Notice]) -> tuple[frozenset[date], frozenset[date]]:
    closed: set[date] = set()
    worked: set[date] = set()
    for notice in notices:
        again = set(notice.days_again())
        closed, worked = closed - again, worked - again
        closed.update(notice.days_off())
        worked.update(notice.days_worked())
    return frozenset(closed), frozenset(worked)


def _notices(name: str) -> tuple[Notice, ...]:
    if name not in _NOTICES:
        raise UnknownCalendar(calendar=name, known=_known())
    return _NOTICES[name]


def _known() -> str:
    return ", ".join(LABELS)
