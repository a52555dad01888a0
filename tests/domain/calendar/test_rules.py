"""Date rules, on the dates of a real deal: 和享2017-5, as its prospectus words them."""

from __future__ import annotations

from datetime import date

import pytest

from chainfusion.domain.calendar import (
    BadDateRule,
    BadPeriod,
    CircularDates,
    Cycle,
    DateBook,
    DateRule,
    Fixed,
    Offset,
    OutsideCalendar,
    Roll,
    Switch,
    Unit,
    UnknownCalendar,
    UnknownDate,
)
from chainfusion.domain.records import from_bytes, to_bytes

D = date.fromisoformat
INTERBANK = "cn-interbank@2025-11-04"


def after(name: str, base: str, count: int, **more: object) -> DateRule:
    offset = Offset(count, Unit.BUSINESS_DAYS)
    return DateRule(name, base=base, offset=offset, calendar=INTERBANK, **more)  # type: ignore[arg-type]


HEXIANG = (
    DateRule("calculation", cycle=Cycle(D("2017-12-31"), "1M", month_end=True)),
    DateRule("collection_start", base="calculation", back=1, offset=Offset(1), exceptions=(Fixed(1, D("2017-10-01")),)),
    DateRule("interest", cycle=Cycle(D("2018-01-26"))),
    DateRule("payment", base="interest", roll=Roll.FOLLOWING, calendar=INTERBANK),
    DateRule("accrual_start", base="interest", back=1),
    after("each_receipt", "calculation", 1),
    after("remittance", "calculation", 5, switches=(Switch("perfection", "each_receipt"),)),
    after("distribution", "payment", -6),
    after("trustee_report", "payment", -5),
)
GIVEN = {"calculation": D("2017-09-30"), "interest": D("2017-12-28")}


def test_the_dates_of_a_real_deal() -> None:
    book = DateBook(HEXIANG, GIVEN)
    months = [str(book.day("calculation", n)) for n in (1, 2, 3)]
    assert months == ["2017-12-31", "2018-01-31", "2018-02-28"]
    assert [str(book.day("collection_start", n)) for n in (1, 2, 3)] == ["2017-10-01", "2018-01-01", "2018-02-01"]
    assert [str(book.day("accrual_start", n)) for n in (1, 2)] == ["2017-12-28", "2018-01-26"]
    assert str(book.day("remittance", 1)) == "2018-01-08"  # the fifth working day; 1 January is a holiday
    assert str(book.day("distribution", 1)) == "2018-01-18"
    assert str(book.day("trustee_report", 1)) == "2018-01-19"


def test_interest_runs_to_the_day_before_rolling() -> None:
    found = DateBook(HEXIANG, GIVEN).rule_date("payment", 5)
    assert (str(found.day), str(found.unrolled)) == ("2018-05-28", "2018-05-26")  # the 26th was a Saturday


def test_a_make_up_weekend_is_a_working_day_of_the_count() -> None:
    """The week before the Spring Festival of 2018 had a worked Sunday, 11 February."""
    book = DateBook((*HEXIANG, after("notice", "mark", 2)), GIVEN | {"mark": D("2018-02-09")})
    assert str(book.day("notice")) == "2018-02-12"
    exchange = DateRule("notice", base="mark", offset=Offset(2, Unit.BUSINESS_DAYS), calendar="cn-exchange@2025-11-04")
    assert str(DateBook([exchange], {"mark": D("2018-02-09")}).day("notice")) == "2018-02-13"


def test_an_event_switches_a_rule_from_its_day_on_and_the_old_date_is_kept() -> None:
    book = DateBook(HEXIANG, GIVEN, {"perfection": D("2018-03-05")})
    before, switched = book.rule_date("remittance", 1), book.rule_date("remittance", 3)
    assert (str(before.day), before.rule, before.before_switch) == ("2018-01-08", "remittance", None)
    assert (str(switched.day), switched.rule) == ("2018-03-01", "each_receipt")
    assert str(switched.before_switch) == "2018-03-07"


def test_rules_are_records() -> None:
    for rule in HEXIANG:
        assert from_bytes(DateRule, to_bytes(rule)) == rule


def test_a_rule_on_its_own_earlier_dates_goes_far() -> None:
    rule = DateRule("next", base="next", back=1, offset=Offset(1, Unit.MONTHS))
    assert DateBook([rule], {"next": D("2026-01-15")}).day("next", 4000) == date(2359, 5, 15)


def test_given_dates_are_dates_too_and_others_are_unknown() -> None:
    book = DateBook(HEXIANG, GIVEN | {"closing": D("2017-12-28")})
    assert book.day("closing", 7) == D("2017-12-28")
    with pytest.raises(UnknownDate, match="maturity"):
        book.day("maturity")
    with pytest.raises(UnknownDate, match="period 0"):
        DateBook(HEXIANG).day("accrual_start", 1)
    with pytest.raises(OutsideCalendar):
        book.day("payment", 120)


@pytest.mark.parametrize(
    ("rules", "refusal", "says"),
    [
        ([DateRule("a", base="b"), DateRule("b", base="a")], CircularDates, "a -> b -> a"),
        ([DateRule("a", base="a")], CircularDates, "a -> a"),
        ([DateRule("a", base="x")], UnknownDate, "from x"),
        ([DateRule("a", cycle=Cycle(date(2026, 1, 1)), switches=(Switch("e", "x"),))], UnknownDate, "from x"),
        ([DateRule("a", cycle=Cycle(date(2026, 1, 1)))] * 2, BadDateRule, "two rules"),
        ([DateRule("a", cycle=Cycle(date(2026, 1, 1), "1X"))], BadPeriod, "1X"),
        ([DateRule("a", cycle=Cycle(date(2026, 1, 1)), calendar="cn-moon@1")], UnknownCalendar, "cn-moon"),
    ],
)
def test_rules_that_can_give_no_date_are_refused_at_once(
    rules: list[DateRule], refusal: type[Exception], says: str
) -> None:
    with pytest.raises(refusal, match=says):
        DateBook(rules)


def test_a_switch_that_leads_back_is_a_circle() -> None:
    first = DateRule("a", cycle=Cycle(D("2026-01-01")), switches=(Switch("e", "b"),))
    with pytest.raises(CircularDates):
        DateBook([first, DateRule("b", base="a")])


def test_a_rule_that_contradicts_itself_is_no_rule() -> None:
    start = Cycle(D("2026-01-01"))
    with pytest.raises(BadDateRule, match="either"):
        DateRule("a")
    with pytest.raises(BadDateRule, match="either"):
        DateRule("a", cycle=start, base="b")
    with pytest.raises(BadDateRule, match="go back"):
        DateRule("a", cycle=start, back=1)
    with pytest.raises(BadDateRule, match="two exceptions"):
        DateRule("a", cycle=start, exceptions=(Fixed(1, D("2026-01-02")), Fixed(1, D("2026-01-03"))))
