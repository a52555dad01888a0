"""What the notes are worth, and what stands below them."""

from __future__ import annotations

from chainfusion.cashflow.analytics.basis import BOND, CHINA, MORTGAGE, Basis
from chainfusion.cashflow.analytics.enhancement import Enhancement, enhancement
from chainfusion.cashflow.analytics.errors import BadAnalysis, NoSolution
from chainfusion.cashflow.analytics.margin import discount_margin
from chainfusion.cashflow.analytics.study import Outcomes
from chainfusion.cashflow.analytics.value import Valuation, at_price, at_yield
from chainfusion.cashflow.inquiry.answer import CLASS, Row, Table, day, money, number, share
from chainfusion.cashflow.inquiry.inquiry import Case, Parameter, Question, Work
from chainfusion.cashflow.inquiry.words import Given
from chainfusion.domain.errors import Text
from chainfusion.domain.terms.records import DealTerms

BASES: dict[str, Basis] = {"china": CHINA, "bond": BOND, "mortgage": MORTGAGE}
CLASSES = Parameter(
    "classes", Text("Classes", "档次"), Text("With commas between them; all where empty", "以逗号分隔；留空为全部")
)
SETTLEMENT = Parameter(
    "settlement", Text("Settlement", "结算日"), Text("A date; the closing date where empty", "日期；留空为设立日")
)
BASIS = Parameter(
    "basis",
    Text("Basis of the yield", "收益率口径"),
    Text(
        "china: yearly, ACT/365F; bond: semiannual, 30/360; mortgage: monthly, 30/360",
        "china：按年复利、实际天数/365；bond：半年复利、30/360；mortgage：按月复利、30/360",
    ),
    "china",
    tuple(BASES),
)
PRICE = Parameter(
    "price",
    Text("Clean price", "净价"),
    Text("Per 100 of the balance; par where empty", "每百元余额；留空为面值"),
    "100",
)


def _value(given: Given, terms: DealTerms) -> Work:
    names = given.tranches("classes", terms)
    settlement = given.day("settlement", terms.dates.closing)
    basis = BASES[given.among("basis", BASES)]
    rate = given.decimal("yield", -99, 1000) / 100 if given.has("yield") else None
    price = given.decimal("price", 0, 10_000)

    def answer(case: Case) -> tuple[Table, ...]:
        outcomes = case.study.outcomes([case.base])
        rows: list[Row] = []
        for name in names:
            try:
                cash = outcomes.cash(name)
                found = (
                    at_yield(cash, settlement, rate, basis)
                    if rate is not None
                    else at_price(cash, settlement, price, basis)
                )
                rows.append(_valued(found, _margin(outcomes, name, found)))
            except (BadAnalysis, NoSolution):  # a class that is repaid, or never paid: it has no price, the others do
                rows.append((name, *[None] * (len(_VALUED) - 1)))
        return (Table("value", Text("Price and yield", "价格与收益率"), _VALUED, tuple(rows)),)

    return answer


def _valued(found: Valuation, margin: float | None) -> Row:
    clean = found.per_hundred
    return (
        found.name, found.settlement.isoformat(), found.rate, None if clean is None else float(clean), found.clean,
        found.accrued, found.dirty, margin, found.average_life, found.macaulay, found.modified, found.convexity,
        found.basis_point_value,
    )  # fmt: skip


def _margin(outcomes: Outcomes, name: str, found: Valuation) -> float | None:
    """The discount margin of a class that follows an index; None for others."""
    coupon = outcomes.deal.tranche(name).coupon or ""
    index = next((each.id for each in outcomes.deal.terms.indices if each.id in coupon), None)
    if index is None:
        return None
    path = outcomes.result.flows[index]
    levels = [int(level) for level in (path[0] if path.ndim > 1 else path)]
    cash = outcomes.cash(name)
    return discount_margin(cash, found.settlement, found.dirty, levels[: len(cash.dates)])


_VALUED = (
    CLASS,
    day("settlement", "Settlement", "结算日"),
    share("yield", "Yield", "收益率"),
    number("clean_per_100", "Clean price", "净价"),
    money("clean", "Clean", "净价金额"),
    money("accrued", "Accrued", "应计利息"),
    money("dirty", "Dirty", "全价金额"),
    share("discount_margin", "Discount margin", "贴现利差"),
    number("average_life", "Average life (years)", "加权平均期限（年）"),
    number("macaulay", "Macaulay duration", "麦考利久期"),
    number("modified", "Modified duration", "修正久期"),
    number("convexity", "Convexity", "凸性"),
    number("basis_point_value", "Value of a basis point", "基点价值"),
)

VALUE = Question(
    "value",
    Text("Price and yield", "价格与收益率"),
    Text(
        "What each class yields at a price, or costs at a yield; average life, durations, convexity.",
        "各档次在给定价格下的收益率或给定收益率下的价格，以及加权平均期限、久期与凸性。",
    ),
    (
        CLASSES,
        PRICE,
        Parameter("yield", Text("Yield", "收益率"), Text("Per cent; goes before the price", "百分数；优先于价格")),
        SETTLEMENT,
        BASIS,
    ),
    _value,
)


def _enhancement(given: Given, terms: DealTerms) -> Work:
    names, reserves = given.tranches("classes", terms), given.accounts("reserves", terms)

    def answer(case: Case) -> tuple[Table, ...]:
        outcomes = case.study.outcomes([case.base])
        found = enhancement(outcomes.deal, outcomes.result, reserves=reserves)
        return (_ends(found, names), _course(found, names))

    return answer


def _ends(found: Enhancement, names: tuple[str, ...]) -> Table:
    """Each class's parts after the first payment, and its enhancement where it is least and at the end."""
    rows: list[Row] = []
    for name in names:
        course = found.of(name).drop_nulls("enhancement")
        if course.height:
            enhanced = course["enhancement"].to_list()
            rows.append((name, *course.select(_PARTS).row(0), min(enhanced), enhanced[-1]))
    return Table("enhancement", Text("Credit enhancement", "信用增级"), _ENHANCED, tuple(rows))


_PARTS = ("subordination", "overcollateralization", "reserve", "enhancement")
_ENHANCED = (
    CLASS,
    share("subordination", "Subordination", "次级支持"),
    share("overcollateralization", "Overcollateralization", "超额抵押"),
    share("reserve", "Reserve", "储备"),
    share("enhancement", "After the first payment", "首期后合计"),
    share("least", "Least on the way", "期间最低"),
    share("last", "At the end", "期末"),
)


def _course(found: Enhancement, names: tuple[str, ...]) -> Table:
    """A payment a row, a class a column, while there is a pool."""
    columns = [found.of(name)["enhancement"].to_list() for name in names]
    rows = tuple(
        (at.isoformat(), *shares)
        for at, *shares in zip(found.dates, *columns, strict=True)
        if any(each is not None for each in shares)
    )
    head = (day("date", "Payment", "支付日"), *(share(name, name, name) for name in names))
    return Table("course", Text("Enhancement by payment", "各期信用增级"), head, rows)


ENHANCEMENT = Question(
    "enhancement",
    Text("Credit enhancement", "信用增级"),
    Text(
        "What stands below each class as a share of the pool, payment by payment.",
        "各档次之下的支持占资产池的比例，逐期列示。",
    ),
    (
        CLASSES,
        Parameter(
            "reserves",
            Text("Reserve accounts", "储备账户"),
            Text("With commas between them; none where empty", "以逗号分隔；留空为无"),
        ),
    ),
    _enhancement,
)
