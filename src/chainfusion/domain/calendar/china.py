"""China's holidays and make-up weekends, notice by notice.

Facts from the notices on holidays that the General Office of the State Council publishes on gov.cn, one a year and
three in mid-course (2015, 2019, 2020); 2008 to 2026 were compared day by day with three independent collections
(chinesecalendar 1.11, holiday-cn, QuantLib's interbank calendar), 2007 with the first two. The interbank market and
banks work on the make-up weekends, the exchanges do not; these closed on one more day, 2024-02-09, by their own notice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice: when it was published, the year it is about, the days off, the weekend days worked, its page.

    `again` are days of an earlier notice that this one makes ordinary again.
    """

    published: str
    year: int
    off: str
    worked: str
    page: str
    again: str = ""

    def days_off(self) -> Iterator[date]:
        """Every day off, weekends among them."""
        return _days(self.off, self.year)

    def days_worked(self) -> Iterator[date]:
        """The Saturdays and Sundays that are working days."""
        return _days(self.worked, self.year)

    def days_again(self) -> Iterator[date]:
        """The days that are what their weekday says again."""
        return _days(self.again, self.year)


def _days(text: str, year: int) -> Iterator[date]:
    for part in text.split():
        first, _, last = part.partition("/")
        day, end = _day(first, year), _day(last or first, year)
        while day <= end:
            yield day
            day += timedelta(days=1)


def _day(text: str, year: int) -> date:
    return date.fromisoformat(text if len(text) > len("MM-DD") else f"{year}-{text}")


FIRST_YEAR = 2007
STATE_COUNCIL: tuple[Notice, ...] = (
    Notice("2006-12-18", 2007, "01-01/01-03 02-18/02-24 05-01/05-07 10-01/10-07",
           "2006-12-30 2006-12-31 02-17 02-25 04-28 04-29 09-29 09-30", "2008-03/28/content_1761.htm"),
    Notice("2007-12-18", 2008,
           "2007-12-30/01-01 02-06/02-12 04-04/04-06 05-01/05-03 06-07/06-09 09-13/09-15 09-29/10-05",
           "2007-12-29 02-02 02-03 05-04 09-27 09-28", "2008-03/28/content_1645.htm"),
    Notice("2008-12-10", 2009, "01-01/01-03 01-25/01-31 04-04/04-06 05-01/05-03 05-28/05-30 10-01/10-08",
           "01-04 01-24 02-01 05-31 09-27 10-10", "2008-12/10/content_1572.htm"),
    Notice("2009-12-08", 2010, "01-01/01-03 02-13/02-19 04-03/04-05 05-01/05-03 06-14/06-16 09-22/09-24 10-01/10-07",
           "02-20 02-21 06-12 06-13 09-19 09-25 09-26 10-09", "2009-12/08/content_1476.htm"),
    Notice("2010-12-10", 2011, "01-01/01-03 02-02/02-08 04-03/04-05 04-30/05-02 06-04/06-06 09-10/09-12 10-01/10-07",
           "01-30 02-12 04-02 10-08 10-09", "2010-12/10/content_1423.htm"),
    Notice("2011-12-06", 2012, "01-01/01-03 01-22/01-28 04-02/04-04 04-29/05-01 06-22/06-24 09-30/10-07",
           "2011-12-31 01-21 01-29 03-31 04-01 04-28 09-29", "2011-12/06/content_1411.htm"),
    Notice("2012-12-10", 2013, "01-01/01-03 02-09/02-15 04-04/04-06 04-29/05-01 06-10/06-12 09-19/09-21 10-01/10-07",
           "01-05 01-06 02-16 02-17 04-07 04-27 04-28 06-08 06-09 09-22 09-29 10-12", "2012-12/10/content_1353.htm"),
    Notice("2013-12-11", 2014, "01-01 01-31/02-06 04-05 04-07 05-01/05-03 06-02 09-08 10-01/10-07",
           "01-26 02-08 05-04 09-28 10-11", "2014-01/02/content_1194.htm"),
    Notice("2014-12-16", 2015, "01-01/01-03 02-18/02-24 04-05/04-06 05-01 06-20 06-22 09-27 10-01/10-07",
           "01-04 02-15 02-28 10-10", "2014-12/16/content_9302.htm"),
    Notice("2015-05-13", 2015, "09-03/09-05", "09-06", "2015-05/13/content_9742.htm"),
    Notice("2015-12-10", 2016, "01-01 02-07/02-13 04-04 05-01/05-02 06-09/06-11 09-15/09-17 10-01/10-07",
           "02-06 02-14 06-12 09-18 10-08 10-09", "2015-12/10/content_10394.htm"),
    Notice("2016-12-01", 2017, "01-01/01-02 01-27/02-02 04-02/04-04 05-01 05-28/05-30 10-01/10-08",
           "01-22 02-04 04-01 05-27 09-30", "2016-12/01/content_5141603.htm"),
    Notice("2017-11-30", 2018, "01-01 02-15/02-21 04-05/04-07 04-29/05-01 06-18 09-24 10-01/10-07",
           "02-11 02-24 04-08 04-28 09-29 09-30", "2017-11/30/content_5243579.htm"),
    Notice("2018-12-06", 2019, "2018-12-30/01-01 02-04/02-10 04-05 05-01 06-07 09-13 10-01/10-07",
           "2018-12-29 02-02 02-03 09-29 10-12", "2018-12/06/content_5346276.htm"),
    Notice("2019-03-22", 2019, "05-01/05-04", "04-28 05-05", "2019-03/22/content_5375877.htm"),
    Notice("2019-11-21", 2020, "01-01 01-24/01-30 04-04/04-06 05-01/05-05 06-25/06-27 10-01/10-08",
           "01-19 02-01 04-26 05-09 06-28 09-27 10-10", "2019-11/21/content_5454164.htm"),
    Notice("2020-01-27", 2020, "01-31/02-02", "", "2020-01/27/content_5472352.htm", again="02-01"),
    Notice("2020-11-25", 2021, "01-01/01-03 02-11/02-17 04-03/04-05 05-01/05-05 06-12/06-14 09-19/09-21 10-01/10-07",
           "02-07 02-20 04-25 05-08 09-18 09-26 10-09", "2020-11/25/content_5564127.htm"),
    Notice("2021-10-25", 2022, "01-01/01-03 01-31/02-06 04-03/04-05 04-30/05-04 06-03/06-05 09-10/09-12 10-01/10-07",
           "01-29 01-30 04-02 04-24 05-07 10-08 10-09", "2021-10/25/content_5644835.htm"),
    Notice("2022-12-08", 2023, "2022-12-31/01-02 01-21/01-27 04-05 04-29/05-03 06-22/06-24 09-29/10-06",
           "01-28 01-29 04-23 05-06 06-25 10-07 10-08", "2022-12/08/content_5730844.htm"),
    Notice("2023-10-25", 2024, "01-01 02-10/02-17 04-04/04-06 05-01/05-05 06-10 09-15/09-17 10-01/10-07",
           "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12", "202310/content_6911528.htm"),
    Notice("2024-11-12", 2025, "01-01 01-28/02-04 04-04/04-06 05-01/05-05 05-31/06-02 10-01/10-08",
           "01-26 02-08 04-27 09-28 10-11", "202411/content_6986383.htm"),
    Notice("2025-11-04", 2026, "01-01/01-03 02-15/02-23 04-04/04-06 05-01/05-05 06-19/06-21 09-25/09-27 10-01/10-07",
           "01-04 02-14 02-28 05-09 09-20 10-10", "202511/content_7047091.htm"),
)  # fmt: skip
"""Pages lie under gov.cn/zhengce/zhengceku/ (the last three under gov.cn/zhengce/)."""

EXCHANGES: tuple[Notice, ...] = (
    Notice("2023-12-26", 2024, "02-09", "", "Shanghai, Shenzhen and Beijing exchanges, closing days of 2024"),
)
"""What the exchanges announced beyond the State Council's days."""
