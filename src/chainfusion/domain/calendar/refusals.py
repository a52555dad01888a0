"""What calendars and date rules refuse."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class UnknownCalendar(ChainFusionError):
    """No calendar of this name and version is known."""

    code = "UNKNOWN_CALENDAR"
    says = Text("There is no calendar {calendar}; known: {known}.", "没有名为 {calendar} 的日历；已有：{known}。")
    do = Text("Name a known calendar and one of its versions.", "请使用已有的日历及其版本。")


class OutsideCalendar(ChainFusionError):
    """A day for which no notice of holidays has been published in this version of the calendar."""

    code = "OUTSIDE_CALENDAR"
    says = Text(
        "Calendar {calendar} knows {first} to {last}; whether {day} is a business day is not published.",
        "日历 {calendar} 覆盖 {first} 至 {last}；{day} 是否为工作日尚未公布。",
    )
    do = Text(
        "Take a newer version, or choose a projection in the calendar's name, such as {calendar}+statutory.",
        "请使用更新的版本，或在日历名称中明示推算规则，例如 {calendar}+statutory。",
    )


class BadCalendar(ChainFusionError):
    """A calendar's record that contradicts itself."""

    code = "BAD_CALENDAR"
    says = Text("Calendar {calendar}: {why}.", "日历 {calendar}：{why}。")
    do = Text("Correct the calendar's days.", "请更正日历数据。")


class BadDayCount(ChainFusionError):
    """A year fraction that cannot be told from what was given."""

    code = "BAD_DAY_COUNT"
    says = Text("Day count {day_count}, {start} to {end}: {why}.", "计息基准 {day_count}，{start} 至 {end}：{why}。")
    do = Text("Give what the convention needs.", "请补充该计息基准所需的信息。")


class BadPeriod(ChainFusionError):
    """A text that is no period such as 3M, 2W or 1Y."""

    code = "BAD_PERIOD"
    says = Text(
        "{text} is no period such as 10D, 2W, 3M, 1Q or 1Y.", "{text} 不是有效的期限，例如 10D、2W、3M、1Q、1Y。"
    )
    do = Text("Write a whole number and D, W, M, Q, H or Y.", "请写整数加 D、W、M、Q、H 或 Y。")


class BadDateRule(ChainFusionError):
    """A date rule that cannot give a date."""

    code = "BAD_DATE_RULE"
    says = Text("Date rule {rule}: {why}.", "日期规则 {rule}：{why}。")
    do = Text("Correct the rule.", "请更正该规则。")


class UnknownDate(ChainFusionError):
    """A rule starts from a date that nobody has given."""

    code = "UNKNOWN_DATE"
    says = Text("Date rule {rule} starts from {base}, which is not known.", "日期规则 {rule} 的比较对象 {base} 未知。")
    do = Text("Give the date, or name a rule of the same set.", "请提供该日期，或引用同一组中的规则。")


class CircularDates(ChainFusionError):
    """Date rules that wait for each other."""

    code = "CIRCULAR_DATES"
    says = Text("Date rules wait for each other: {chain}.", "日期规则相互引用：{chain}。")
    do = Text("Let one of them start from a date or a cycle.", "请让其中一条规则以日期或周期为起点。")
