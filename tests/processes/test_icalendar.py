"""Duties as an iCalendar file: its form by RFC 5545, whatever the names hold."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.domain.errors import Text
from chainfusion.domain.roles import Role
from chainfusion.processes.duties import Duty, DutyKind, DutyState
from chainfusion.processes.icalendar import escaped, icalendar, uid

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
NAMES = {"YunjinMSP": Text("Yunjin Trust; Shanghai, Ltd", "云锦信托")}


def a_duty(
    name: str = "Trustee report", state: DutyState = DutyState.DUE, due: date | None = date(2026, 3, 23)
) -> Duty:
    """A duty of the trustee."""
    return Duty("d-1", "main", "report", 1, Text(name, "受托机构报告"), DutyKind.ACT, Role.TRUSTEE, "YunjinMSP", False,
                due, state, None, None)  # fmt: skip


def properties(data: bytes) -> list[tuple[str, str]]:
    """The lines of a file, unfolded, as name and value."""
    assert data.endswith(b"\r\n")
    lines = data.decode().replace("\r\n ", "").split("\r\n")[:-1]
    assert not any("\n" in line or "\r" in line for line in lines)
    return [(name, value) for name, _, value in (line.partition(":") for line in lines)]


def read(text: str) -> str:
    """A TEXT value as a reader understands it."""
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], text)


def test_a_duty_is_an_event_of_its_whole_day_with_a_reminder() -> None:
    found = properties(icalendar([a_duty()], NOW, NAMES))
    assert found[0] == ("BEGIN", "VCALENDAR")
    assert found[-1] == ("END", "VCALENDAR")
    assert ("VERSION", "2.0") in found
    assert ("DTSTART;VALUE=DATE", "20260323") in found
    assert ("DTEND;VALUE=DATE", "20260324") in found
    assert ("DTSTAMP", "20260301T093000Z") in found
    assert ("TRIGGER", "-P1D") in found
    assert ("SUMMARY", r"Trustee report (Yunjin Trust\; Shanghai\, Ltd: do)") in found


def test_the_moment_is_told_in_utc() -> None:
    beijing = NOW.astimezone(datetime.strptime("+0800", "%z").tzinfo)
    assert icalendar([a_duty()], beijing, NAMES) == icalendar([a_duty()], NOW, NAMES)


@pytest.mark.parametrize("state", [DutyState.ON_TIME, DutyState.LATE, DutyState.MISSED])
def test_what_is_over_reminds_of_nothing(state: DutyState) -> None:
    assert b"VALARM" not in icalendar([a_duty(state=state)], NOW, NAMES)


def test_what_has_no_date_is_left_out() -> None:
    assert b"VEVENT" not in icalendar([a_duty(state=DutyState.NOT_DATED, due=None)], NOW, NAMES)


def test_chinese_files_have_chinese_names() -> None:
    found = dict(properties(icalendar([a_duty()], NOW, NAMES, "zh")))
    assert found["SUMMARY"] == "受托机构报告 (云锦信托: 办理)"
    assert found["CATEGORIES"] == "待办"


def test_a_duty_keeps_its_uid_when_its_date_or_state_changes() -> None:
    moved = a_duty(state=DutyState.OVERDUE, due=date(2026, 3, 24))
    assert uid(moved) == uid(a_duty())
    assert uid(moved) != uid(Duty("d-1", "main", "report", 2, *(getattr(moved, n) for n in Duty.__slots__[4:])))


@given(st.text(max_size=300))
def test_any_name_is_escaped_and_folded_so_that_it_is_read_back(name: str) -> None:
    data = icalendar([a_duty(name)], NOW, NAMES)
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    kept = "".join(letter for letter in name.replace("\r\n", "\n") if letter in "\n\t" or letter.isprintable())
    summary = next(value for key, value in properties(data) if key == "SUMMARY")
    assert read(summary).startswith(kept)


@given(st.text(alphabet=st.sampled_from('\\;,\n\r:"x界'), max_size=40))
def test_no_text_ends_its_line(text: str) -> None:
    written = escaped(text)
    assert "\n" not in written
    assert "\r" not in written
    assert read(written) == text.replace("\r\n", "\n").replace("\r", "")


def test_lines_are_folded_between_characters() -> None:
    data = icalendar([a_duty("界" * 100)], NOW + timedelta(0), NAMES)
    assert all(part.decode() for part in data.split(b"\r\n") if part)
