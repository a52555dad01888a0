"""What the notes withstand, and what sizes and coupons withstand what is asked."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from chainfusion.cashflow.analytics.errors import NoSolution
from chainfusion.cashflow.analytics.sensitivity import sensitivity
from chainfusion.cashflow.analytics.sizing import coupon_to_price, largest_size
from chainfusion.cashflow.analytics.stress import (
    BreakEven,
    break_even_cdr,
    break_even_cpr,
    break_even_multiple,
    stress_grid,
)
from chainfusion.cashflow.assumptions import default, prepayment
from chainfusion.cashflow.assumptions.scenario import Scenario
from chainfusion.cashflow.inquiry.answer import CLASS, Column, Row, Table, flag, money, number, share, text
from chainfusion.cashflow.inquiry.inquiry import Case, Parameter, Question, Work
from chainfusion.cashflow.inquiry.words import Given
from chainfusion.cashflow.inquiry.worth import BASES, BASIS, CLASSES, PRICE, SETTLEMENT
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.terms.records import DealTerms

A_CLASS = Parameter("class", Text("Class", "档次"), Text("A class of the deal", "项目的一个档次"), is_class=True)
STRESSES = Parameter(
    "stresses",
    Text("Stresses", "压力倍数"),
    Text(
        "RATING=MULTIPLE of the base case's defaults, with commas between them; the multiples are yours to state",
        "评级=基准违约的倍数，以逗号分隔；倍数由您给出",
    ),
    "AAA=5, AA=4, A=3, BBB=2, BB=1.5",
)


class NoDefaults(ChainFusionError):
    """Multiples of defaults, and a base case without any."""

    code = "NO_DEFAULTS"
    says = Text(
        "The base case assumes no defaults: a multiple of them stresses nothing.",
        "基准情景未假设违约，违约倍数无从施压。",
    )
    do = Text("Assume a default rate (CDR), then ask again.", "请先给出年化违约率（CDR），再重新提交。")


def require_defaults(base: Scenario) -> None:
    """Refuses a base case in which nothing defaults. Raises: NoDefaults."""
    require(any(any(group.default.rates) for group in base.groups), NoDefaults())


# ------------------------------------------------------------------ stresses


def _stress(given: Given, terms: DealTerms) -> Work:
    names, listed = given.tranches("classes", terms), given.stresses("stresses")

    def answer(case: Case) -> tuple[Table, ...]:
        require_defaults(case.base)
        frame = stress_grid(case.study, case.base, listed).frame()
        columns = [column.name for column in _STRESSED]
        rows = tuple(row for row in frame.rename({"tranche": "class"}).select(columns).iter_rows() if row[0] in names)
        return (Table("stress", Text("Stresses by rating", "分评级压力测试"), _STRESSED, rows),)

    return answer


_STRESSED = (
    CLASS,
    text("rating", "Rating", "评级"),
    number("multiple", "Multiple of defaults", "违约倍数"),
    share("defaults", "Defaults of the pool", "资产池累计违约率"),
    money("loss", "Loss", "损失"),
    share("loss_share", "Loss of the class", "档次损失率"),
    number("average_life", "Average life (years)", "加权平均期限（年）"),
    flag("passes", "Withstands", "是否通过"),
)

STRESS = Question(
    "stress",
    Text("Stresses by rating", "分评级压力测试"),
    Text(
        "Whether each class loses a cent when the base case's defaults are multiplied, rating by rating.",
        "将基准违约按评级放大后，各档次是否发生损失。",
    ),
    (CLASSES, STRESSES),
    _stress,
)


def _break_even(given: Given, terms: DealTerms) -> Work:
    names = given.tranches("classes", terms)
    ways = {"multiple": break_even_multiple, "cdr": break_even_cdr, "cpr": break_even_cpr}
    of = given.among("of", ways)
    columns = _broken_columns(number if of == "multiple" else share)

    def answer(case: Case) -> tuple[Table, ...]:
        if of == "multiple":
            require_defaults(case.base)
        rows: list[Row] = []
        for done, name in enumerate(names):
            case.progress(done, len(names))
            try:
                rows.append(_broken(ways[of](case.study, case.base, name)))
            except NoSolution:  # it loses without any stress: that is the answer
                rows.append((name, None, 0.0, None, None))
        return (Table("break_even", Text("Break-even", "盈亏平衡点"), columns, tuple(rows)),)

    return answer


def _broken(found: BreakEven) -> Row:
    breaks = None if found.breaks is None else float(found.breaks)
    return found.tranche, float(found.holds), breaks, found.loss, found.defaults


def _broken_columns(figure: Callable[[str, str, str], Column]) -> tuple[Column, ...]:
    return (
        CLASS,
        figure("holds", "Withstands", "可承受"),
        figure("breaks", "Loses at", "开始损失"),
        money("loss", "Loss there", "此时损失"),
        share("defaults", "Defaults of the pool", "资产池累计违约率"),
    )


BREAK_EVEN = Question(
    "break-even",
    Text("Break-even", "盈亏平衡"),
    Text(
        "The highest multiple of defaults, default rate or prepayment rate at which a class loses nothing.",
        "各档次不发生损失时所能承受的最高违约倍数、年化违约率或年化早偿率。",
    ),
    (
        CLASSES,
        Parameter(
            "of",
            Text("Of", "变量"),
            Text(
                "multiple: of the base case's defaults; cdr, cpr: defaults or prepayments a year",
                "multiple：基准违约的倍数；cdr、cpr：年化违约率或早偿率",
            ),
            "cdr",
            ("multiple", "cdr", "cpr"),
        ),
    ),
    _break_even,
)


# ------------------------------------------------------------------ tables of two rates


def _sensitivity(given: Given, terms: DealTerms) -> Work:
    name = given.tranche("class", terms)
    early = {f"{rate}": prepayment.cpr(rate / 100) for rate in given.per_cents("cprs")}
    late = {f"{rate}": default.cdr(rate / 100) for rate in given.per_cents("cdrs")}
    price, basis = given.decimal("price", 0, 10_000), BASES[given.among("basis", BASES)]
    settlement = given.day("settlement", terms.dates.closing)

    def answer(case: Case) -> tuple[Table, ...]:
        recovery = case.base.groups[0].recovery
        found = sensitivity(case.study, name, early, late, recovery, price=price, settlement=settlement, basis=basis)
        rows = tuple(
            (name, float(c.prepayment) / 100, float(c.default) / 100, c.average_life, c.loss, c.rate)
            for c in found.cells
        )
        return (Table("sensitivity", Text("Sensitivity", "敏感性"), _SENSITIVE, rows),)

    return answer


_SENSITIVE = (
    CLASS,
    share("cpr", "CPR", "年化早偿率"),
    share("cdr", "CDR", "年化违约率"),
    number("average_life", "Average life (years)", "加权平均期限（年）"),
    money("loss", "Loss", "损失"),
    share("yield", "Yield", "收益率"),
)

SENSITIVITY = Question(
    "sensitivity",
    Text("Sensitivity", "敏感性分析"),
    Text(
        "Average life, loss and yield of a class for every pair of prepayment and default rates.",
        "某一档次在各早偿率与违约率组合下的期限、损失与收益率。",
    ),
    (
        A_CLASS,
        Parameter(
            "cprs",
            Text("Prepayment", "早偿率"),
            Text("CPR in per cent, with commas", "年化百分数，以逗号分隔"),
            "0, 5, 10, 15, 20",
        ),
        Parameter(
            "cdrs",
            Text("Default", "违约率"),
            Text("CDR in per cent, with commas", "年化百分数，以逗号分隔"),
            "0, 1, 2, 4, 8",
        ),
        PRICE,
        SETTLEMENT,
        BASIS,
    ),
    _sensitivity,
)


# ------------------------------------------------------------------ sizes and coupons


def _size(given: Given, terms: DealTerms) -> Work:
    name, other = given.tranche("class", terms), given.tranche("from", terms)
    same = given.refusal("from", other, "it is another class than the one that is sized", "须不同于被测档次")
    if other == name:
        raise same
    listed, unit = given.stresses("stresses"), given.whole("unit", 1, 10**12)

    def answer(case: Case) -> tuple[Table, ...]:
        require_defaults(case.base)
        found = largest_size(case.study, name, other, [each.of(case.base) for each in listed], unit)
        row = (name, terms_size(terms, name), found.size, other, float(found.support), found.loss_beyond)
        return (Table("size", Text("Largest size", "最大规模"), _SIZED, (row,)),)

    return answer


def terms_size(terms: DealTerms, name: str) -> int:
    """The size that the terms give a class, in minor units."""
    return next(tranche.size for tranche in terms.tranches if tranche.id == name)


_SIZED = (
    CLASS,
    money("size", "Size in the terms", "条款规模"),
    money("largest", "Largest without loss", "无损失最大规模"),
    text("takes_from", "Takes from", "调整来源"),
    share("support", "Support below", "支持比例"),
    money("loss_beyond", "Loss one unit beyond", "再增一单位时损失"),
)

SIZE = Question(
    "size",
    Text("Largest size", "最大规模"),
    Text(
        "How large a class may be, at another's expense, and lose nothing under every stress.",
        "以另一档次让渡规模时，某一档次在全部压力下均不损失的最大规模。",
    ),
    (
        A_CLASS,
        Parameter(
            "from",
            Text("Takes from", "调整来源"),
            Text("The class that gives or takes the difference", "增减差额的档次"),
            is_class=True,
        ),
        STRESSES,
        Parameter(
            "unit",
            Text("Unit", "单位"),
            Text("Steps of the size, in minor units", "规模步长，最小货币单位"),
            "10000000",
        ),
    ),
    _size,
)


def _coupon(given: Given, terms: DealTerms) -> Work:
    name = given.tranche("class", terms)
    rate, price = given.decimal("yield", -99, 1000) / 100, given.decimal("price", Decimal("0.000001"), 10_000)
    settlement, basis = given.day("settlement", terms.dates.closing), BASES[given.among("basis", BASES)]

    def answer(case: Case) -> tuple[Table, ...]:
        found = coupon_to_price(case.study, name, case.base, rate, price=price, settlement=settlement, basis=basis)
        row = (name, float(found), float(rate), float(price))
        return (Table("coupon", Text("Coupon", "票面利率"), _COUPON, (row,)),)

    return answer


_COUPON = (
    CLASS,
    share("coupon", "Least coupon", "最低票面利率"),
    share("yield", "Yield", "收益率"),
    number("price", "Clean price", "净价"),
)

COUPON = Question(
    "coupon",
    Text("Coupon to a price", "定价票面利率"),
    Text(
        "The least fixed coupon at which a class yields what is asked at a price.",
        "某一档次在给定价格下达到目标收益率所需的最低固定票面利率。",
    ),
    (
        A_CLASS,
        Parameter("yield", Text("Yield", "收益率"), Text("Per cent", "百分数"), "3"),
        PRICE,
        SETTLEMENT,
        BASIS,
    ),
    _coupon,
)
