"""What analytics refuse."""

from __future__ import annotations

from typing import Any

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
    says = Text("{where} cannot be {value}: {why}.", "{where_zh}不能取 {value}：{why_zh}。")
    do = Text("Correct the value named.", "请更正所指的数值。")

    def __init__(self, **facts: Any) -> None:
        super().__init__(**{"where_zh": _PLACES.get(facts.get("where", ""), facts.get("where")), **facts})


_PLACES = {
    "average life": "加权平均期限",
    "base scenario": "基准情景",
    "batch": "批量",
    "cell": "组合",
    "correlation": "相关系数",
    "cumulative defaults": "累计违约",
    "curves": "曲线",
    "draws": "随机数个数",
    "every": "适用期数",
    "index": "基准利率",
    "mean path": "均值路径",
    "months": "月数",
    "paths": "路径数",
    "price": "价格",
    "projection": "测算",
    "ranks": "顺位",
    "recovery": "回收假设",
    "reserve": "储备账户",
    "result": "结果",
    "scenario": "情景",
    "seed": "随机种子",
    "settlement": "结算日",
    "size": "规模",
    "steps": "步长",
    "stresses": "压力倍数",
    "table": "表",
    "tranche": "档次",
    "unit": "单位",
    "yield": "收益率",
}
"""What `where` is called in Chinese; a name of the deal's own stays as it is."""


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
