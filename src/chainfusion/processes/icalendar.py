"""Duties as an iCalendar file (RFC 5545), so that they stand in the calendars that people already use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from chainfusion.domain.errors import Text
from chainfusion.domain.roles import ROLE_NAMES
from chainfusion.processes.duties import DONE, Duty, DutyKind, DutyState

MAX_OCTETS = 75
"""Of a line, without its end (RFC 5545, 3.1)."""

KIND_NAMES = {
    DutyKind.ACT: Text("do", "办理"),
    DutyKind.CHECK: Text("check", "复核"),
    DutyKind.COUNTERSIGN: Text("countersign", "会签"),
}
STATE_NAMES = {
    DutyState.ON_TIME: Text("done on time", "按期完成"),
    DutyState.LATE: Text("done late", "逾期完成"),
    DutyState.DUE: Text("due", "待办"),
    DutyState.OVERDUE: Text("overdue", "已逾期"),
    DutyState.MISSED: Text("missed", "未办理"),
    DutyState.NOT_DATED: Text("not yet dated", "日期未定"),
}


def icalendar(duties: Iterable[Duty], now: datetime, names: Mapping[str, Text], lang: str = "en") -> bytes:
    """An event of a whole day for every duty with a date; what is still to be done reminds a day before.

    now: the moment that the file says it was made at. names: of institutions, by MSP id; others show their id. A duty
    keeps its UID for ever, so that a calendar that reads a newer file moves the event instead of adding one.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Chain Fusion//duties//EN", "CALSCALE:GREGORIAN"]
    for duty in duties:
        if duty.due is not None:
            lines += _event(duty, now, names, lang)
    return "".join(f"{_folded(line)}\r\n" for line in (*lines, "END:VCALENDAR")).encode()


def _event(duty: Duty, now: datetime, names: Mapping[str, Text], lang: str) -> Iterator[str]:
    assert duty.due is not None, "a duty with a date"
    name, state = said(duty.name, lang), said(STATE_NAMES[duty.state], lang)
    role = said(ROLE_NAMES[duty.role], lang) if duty.role is not None else None
    who = said(names[duty.msp], lang) if duty.msp is not None and duty.msp in names else duty.msp or role
    told = (role, f"{duty.deal} · {duty.run}", state, duty.at, duty.tx_id)
    yield "BEGIN:VEVENT"
    yield f"UID:{uid(duty)}"
    yield f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{duty.due:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{duty.due + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{escaped(f'{name} ({who}: {said(KIND_NAMES[duty.kind], lang)})')}"
    yield "DESCRIPTION:" + escaped("\n".join(str(part) for part in told if part is not None))
    yield f"CATEGORIES:{escaped(state)}"
    yield "TRANSP:TRANSPARENT"
    if duty.state not in (*DONE, DutyState.MISSED):
        yield from ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-P1D")
        yield f"DESCRIPTION:{escaped(name)}"
        yield "END:VALARM"
    yield "END:VEVENT"


def said(text: Text, lang: str) -> str:
    """A name in `lang`, as it stands: what people typed may have braces in it."""
    return text.zh if lang == "zh" else text.en


def uid(duty: Duty) -> str:
    """What names a duty for ever: its deal, run, step, turn, kind and who owes it."""
    parts = (duty.deal, duty.run, duty.step, str(duty.turn), duty.kind.value, duty.msp or duty.role or "")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32] + "@chainfusion"


def escaped(text: str) -> str:
    """A TEXT value (RFC 5545, 3.3.11); other control characters are no text and are left out."""
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n")):
        text = text.replace(plain, written)
    return "".join(letter for letter in text if letter == "\t" or letter.isprintable())


def _folded(line: str) -> str:
    """A line in pieces of at most 75 octets, each but the first behind a space; no character is cut (3.1)."""
    pieces, piece, size = [], "", 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > MAX_OCTETS:
            pieces.append(piece)
            piece, size = "", 1
        piece, size = piece + letter, size + octets
    return "\r\n ".join([*pieces, piece])
