"""What is refused of a pool."""

from __future__ import annotations

from typing import Any

from chainfusion.domain.errors import ChainFusionError, Text


class BadPool(ChainFusionError):
    """Loans that cannot be projected. `findings` are {"row", "loan", "field", "value", "why", "why_zh"}, first 100."""

    code = "BAD_POOL"
    says = Text(
        "{count} value(s) of the pool make no sense; the first: row {row}, loan {loan}, {field} = {value}: {why}.",
        "资产池中有 {count} 处数据无意义；第一处：第 {row} 行，贷款 {loan}，{field} = {value}：{why_zh}。",
    )
    do = Text("Correct the rows that the findings name, or leave those loans out.", "请更正所列各行，或剔除这些贷款。")

    @property
    def findings(self) -> list[dict[str, Any]]:
        """The refused values, at most 100."""
        found: list[dict[str, Any]] = self.facts["findings"]
        return found


class UnknownIndex(ChainFusionError):
    """A floating loan whose reference rate the scenario has no path for."""

    code = "UNKNOWN_INDEX"
    says = Text(
        "Scenario {scenario} has no path of the index {index}.", "情景 {scenario} 未给出基准利率 {index} 的路径。"
    )
    do = Text(
        "Give the scenario a path of that index, in ppm by period.",
        "请在情景中给出该基准利率各期的路径（百万分之一）。",
    )


class HorizonTooShort(ChainFusionError):
    """Fewer periods asked for than the projection needs to be told whole."""

    code = "HORIZON_TOO_SHORT"
    says = Text("{given} dates were given for {periods} periods.", "给出了 {given} 个日期，测算共 {periods} 期。")
    do = Text("Give a date for each period.", "请为每一期给出日期。")
