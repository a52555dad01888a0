"""What a loan's terms are refused for. Each names the loan and the field."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class BadLoanTerms(ChainFusionError):
    """Terms that contradict themselves, or lack what their kind needs."""

    code = "BAD_LOAN_TERMS"
    says = Text("Loan {loan}, {field}: {why}.", "贷款 {loan}，{field}：{why}。")
    do = Text("Correct the field.", "请更正该字段。")


class MaturityBeforeStart(ChainFusionError):
    """A loan that ends before interest starts, or before the day from which it is looked at."""

    code = "MATURITY_BEFORE_START"
    says = Text(
        "Loan {loan}: maturity {maturity} is not after {start}.", "贷款 {loan}：到期日 {maturity} 不晚于 {start}。"
    )
    do = Text("Correct the maturity, or leave the loan out of the pool.", "请更正到期日，或将该笔贷款移出资产池。")


class NegativeRate(ChainFusionError):
    """A rate below the lowest that the loan allows (zero, unless its terms say otherwise)."""

    code = "NEGATIVE_RATE"
    says = Text(
        "Loan {loan}, {field}: rate {rate} is below the lowest, {lowest}.",
        "贷款 {loan}，{field}：利率 {rate} 低于下限 {lowest}。",
    )
    do = Text("Correct the rate, or set lowest_rate.", "请更正利率，或设置 lowest_rate。")


class NeverAmortizes(ChainFusionError):
    """A payment that never pays the loan off."""

    code = "NEVER_AMORTIZES"
    says = Text(
        "Loan {loan}: a payment of {payment} does not repay it; the first interest is {interest}.",
        "贷款 {loan}：每期还款 {payment} 不足以还清，首期利息为 {interest}。",
    )
    do = Text("Raise the payment, or give a maturity.", "请提高每期还款额，或给出到期日。")


class OverlappingSchedules(ChainFusionError):
    """Instalments or rate steps that fall on one day, or run backwards, or repay more than the loan."""

    code = "OVERLAPPING_SCHEDULES"
    says = Text(
        "Loan {loan}, {field}: {day} comes twice or out of order.", "贷款 {loan}，{field}：{day} 重复或顺序有误。"
    )
    do = Text("Give each day once, in order.", "请按日期顺序逐日列出，且不得重复。")


class MissingObservation(ChainFusionError):
    """No published value of an index on or before the day it is fixed."""

    code = "MISSING_OBSERVATION"
    says = Text("Loan {loan}: no value of {index} is known on {day}.", "贷款 {loan}：{day} 没有可用的 {index} 报价。")
    do = Text("Give the index's published values up to that day.", "请提供截至该日已公布的报价。")
