"""Calendars: China's make-up weekends, versions, projections, and what is not published."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.domain.calendar import (
    NONE,
    WEEKDAYS,
    BadCalendar,
    Calendar,
    OutsideCalendar,
    Roll,
    UnknownCalendar,
    add_business_days,
    amended,
    business_days_between,
    joint,
    known_on,
    named,
    newest,
    rolled,
    versions,
)
from chainfusion.domain.calendar.china import STATE_COUNCIL

D = date.fromisoformat
INTERBANK = named(newest("cn-interbank"))
EXCHANGE = named(newest("cn-exchange"))
COVERED = st.dates(date(2007, 3, 1), date(2026, 10, 31))


def every_day(first: str, last: str) -> Iterator[date]:
    day = D(first)
    while day <= D(last):
        yield day
        day += timedelta(days=1)


def test_every_day_of_twenty_years_is_as_an_independent_collection_has_it() -> None:
    other = pytest.importorskip("chinese_calendar", reason="chinesecalendar is not installed")
    for day in every_day("2007-01-01", "2026-12-31"):
        assert INTERBANK.is_business(day) == other.is_workday(day), day
        closed_by_own_notice = day == D("2024-02-09")
        open_day = other.is_workday(day) and day.weekday() < 5 and not closed_by_own_notice
        assert EXCHANGE.is_business(day) == open_day, day


def test_make_up_weekends_are_interbank_days_and_no_exchange_days() -> None:
    # the interbank notice for 2023 lists exactly these as trading, clearing and settlement days
    made_up = [
        D(t) for t in ("2023-01-28", "2023-01-29", "2023-04-23", "2023-05-06", "2023-06-25", "2023-10-07", "2023-10-08")
    ]
    weekends = [day for day in every_day("2023-01-01", "2023-12-31") if day.weekday() >= 5]
    assert [day for day in weekends if INTERBANK.is_business(day)] == made_up
    assert not any(EXCHANGE.is_business(day) for day in weekends)


def test_a_version_keeps_what_it_knew() -> None:
    before, after = named("cn-interbank@2019-11-21"), named("cn-interbank@2020-01-27")
    extended = [D("2020-01-31"), D("2020-02-01")]  # a Friday, and a Saturday that was to be worked
    assert [before.is_business(day) for day in extended] == [True, True]
    assert [after.is_business(day) for day in extended] == [False, False]
    assert rolled(D("2020-01-31"), Roll.FOLLOWING, after) == D("2020-02-03")
    labour_day = [named(v).is_business(D("2019-05-02")) for v in ("cn-bank@2018-12-06", "cn-bank@2019-03-22")]
    assert labour_day == [True, False]


def test_versions_are_the_notices_in_order_and_each_is_told_by_its_day() -> None:
    assert list(versions("cn-interbank")) == sorted(notice.published for notice in STATE_COUNCIL)
    assert known_on("cn-interbank", D("2020-01-26")) == "cn-interbank@2019-11-21"
    assert known_on("cn-interbank", D("2020-01-27")) == "cn-interbank@2020-01-27"
    assert known_on("weekdays", D("2000-01-01")) == "weekdays@1"
    with pytest.raises(UnknownCalendar):
        known_on("cn-interbank", D("2006-12-01"))


def test_what_is_not_published_is_refused_and_never_guessed() -> None:
    old = named("cn-interbank@2019-11-21")
    with pytest.raises(OutsideCalendar, match="2021-01-04"):
        old.is_business(D("2021-01-04"))
    with pytest.raises(OutsideCalendar):
        INTERBANK.is_business(D("2006-12-29"))
    with pytest.raises(OutsideCalendar):
        add_business_days(D("2020-12-30"), 5, old)


def test_a_projection_is_in_the_name_and_says_what_it_takes() -> None:
    weekdays, statutory = (named(f"cn-interbank@2025-11-04+{p}") for p in ("weekdays", "statutory"))
    spring_festival = D("2028-01-26")  # a Wednesday, and the first day of the lunar year
    assert weekdays.is_business(spring_festival)
    assert not statutory.is_business(spring_festival)
    assert rolled(spring_festival, Roll.FOLLOWING, statutory) == D("2028-01-31")
    assert not weekdays.is_business(D("2028-01-29"))  # no weekend is ever projected as worked
    assert (weekdays.ref, statutory.ref) == ("cn-interbank@2025-11-04+weekdays", "cn-interbank@2025-11-04+statutory")
    assert statutory.is_business(D("2026-02-14"))  # inside what is published the notice rules
    with pytest.raises(OutsideCalendar):
        statutory.is_business(D("2061-03-01"))


def test_projected_holidays_are_days_off_in_every_published_year() -> None:
    """The law's own days, as amended for 2025, were days off by notice in 2025 and 2026."""
    bare = Calendar(
        "bare", first=D("2024-12-31"), last=D("2024-12-31"), projection=named("cn-bank+statutory").projection
    )
    for day in every_day("2025-01-01", "2026-12-31"):
        if day.weekday() < 5 and not bare.is_business(day):
            assert not INTERBANK.is_business(day), day


@pytest.mark.parametrize(
    "ref", ["cn-moon", "cn-interbank@2020-02-30", "cn-bank+hope", "cn-bank+none", "weekdays@2", ""]
)
def test_unknown_calendars_are_refused(ref: str) -> None:
    with pytest.raises(UnknownCalendar):
        named(ref)


def test_every_reference_leads_back_to_its_calendar() -> None:
    refs = ["none@1", "weekdays@1", "cn-interbank@2025-11-04", "cn-exchange@2023-12-26+statutory"]
    for ref in [*refs, "&".join(refs[1:3])]:
        assert named(ref).ref == ref


def test_a_joint_calendar_is_open_where_all_are() -> None:
    both = joint(INTERBANK, EXCHANGE)
    assert not both.is_business(D("2023-01-28"))
    assert not both.is_business(D("2024-02-09"))
    assert rolled(D("2024-02-09"), Roll.PRECEDING, both) == D("2024-02-08")


def test_a_notice_of_ones_own_makes_a_version_of_ones_own() -> None:
    own = amended(INTERBANK, "own-1", closed=[D("2026-03-02")], opened=[D("2026-03-07"), D("2026-02-16")])
    assert own.ref == "cn-interbank@own-1"
    assert [own.is_business(D(t)) for t in ("2026-03-02", "2026-03-07", "2026-02-16")] == [False, True, True]
    assert INTERBANK.is_business(D("2026-03-02"))


def test_records_that_contradict_themselves_are_refused() -> None:
    day = D("2026-03-07")
    with pytest.raises(BadCalendar, match="both open and closed"):
        Calendar("mine", closed=frozenset([day]), open=frozenset([day]))
    with pytest.raises(BadCalendar, match="ends before"):
        Calendar("mine", first=day, last=D("2026-01-01"))
    with pytest.raises(BadCalendar, match="no business day"):
        add_business_days(day, 1, Calendar("shut", closed=frozenset(every_day("2026-01-01", "2026-12-31"))))


# ------------------------------------------------------------------ rolls and counting


@pytest.mark.parametrize(
    ("roll", "friday_30th", "saturday_31st", "sunday_1st"),
    [
        (Roll.NONE, "2026-01-30", "2026-01-31", "2026-02-01"),
        (Roll.FOLLOWING, "2026-01-30", "2026-02-02", "2026-02-02"),
        (Roll.MODIFIED_FOLLOWING, "2026-01-30", "2026-01-30", "2026-02-02"),
        (Roll.PRECEDING, "2026-01-30", "2026-01-30", "2026-01-30"),
        (Roll.MODIFIED_PRECEDING, "2026-01-30", "2026-01-30", "2026-02-02"),
    ],
)
def test_rolls_around_a_month_end(roll: Roll, friday_30th: str, saturday_31st: str, sunday_1st: str) -> None:
    given = ("2026-01-30", "2026-01-31", "2026-02-01")
    assert [rolled(D(t), roll, WEEKDAYS) for t in given] == [D(friday_30th), D(saturday_31st), D(sunday_1st)]


@given(COVERED, st.sampled_from(Roll))
def test_a_rolled_date_is_a_business_day_and_rolling_again_moves_nothing(day: date, roll: Roll) -> None:
    found = rolled(day, roll, INTERBANK)
    if roll is Roll.NONE:
        assert found == day
    else:
        assert INTERBANK.is_business(found)
        assert rolled(found, roll, INTERBANK) == found
    if roll in (Roll.MODIFIED_FOLLOWING, Roll.MODIFIED_PRECEDING):
        assert found.month == day.month


@given(COVERED, st.integers(-15, 15))
def test_counting_business_days_and_moving_by_them_are_inverse(day: date, count: int) -> None:
    start = rolled(day, Roll.FOLLOWING, INTERBANK)
    end = add_business_days(start, count, INTERBANK)
    assert business_days_between(start, end, INTERBANK) == count
    assert INTERBANK.is_business(end)


def test_a_working_day_before_a_weekend_start_is_the_friday() -> None:
    assert add_business_days(D("2026-03-07"), -1, WEEKDAYS) == D("2026-03-06")
    assert add_business_days(D("2026-03-07"), 1, WEEKDAYS) == D("2026-03-09")
    assert add_business_days(D("2026-03-07"), 0, WEEKDAYS) == D("2026-03-07")
    assert rolled(D("2026-03-07"), Roll.FOLLOWING, NONE) == D("2026-03-07")


def test_every_roll_has_the_name_that_chinese_deals_give_it() -> None:
    assert [roll.label.zh for roll in Roll] == ["不调整", "向后顺延", "非跨月向后顺延", "向前顺延", "非跨月向前顺延"]
