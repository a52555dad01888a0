"""What analytics refuse."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class BadCash(ChainFusionError):
    """Dated cash that means nothing: out of order, negative, not whole."""

    code = "BAD_CASH"
    says = Text("The cash of {name}, {where}: {why}.", "{name} 的现金流，{where}：{why}。")
    do = Text(
        "Give rising payment dates, and whole minor units that are not negative.",
        "请按先后给出支付日，金额以最小货币单位的非负整数表示。",
    )


class BadAnalysis(ChainFusionError):
    """A question that cannot be asked: an unknown class, a negative volatility, no paths."""

    code = "BAD_ANALYSIS"
    says = Text("{where} cannot be {value}: {why}.", "{where} 不能取 {value}：{why}。")
    do = Text("Correct the value named.", "请更正所指的数值。")


class NoSolution(ChainFusionError):
    """No value within the limits does what is asked."""

    code = "NO_SOLUTION"
    says = Text(
        "No {what} from {low} to {high} does it: {why}.", "在 {low} 至 {high} 之间没有满足条件的{what_zh}：{why_zh}。"
    )
    do = Text("Ask for something within reach, or widen the limits.", "请更改目标，或放宽上下限。")


def no_solution(what: Text, low: object, high: object, why: Text) -> NoSolution:
    """The refusal of a search between two limits."""
    return NoSolution(what=what.en, what_zh=what.zh, low=str(low), high=str(high), why=why.en, why_zh=why.zh)
