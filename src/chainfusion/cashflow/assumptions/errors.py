"""What is refused of an assumption."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class BadAssumption(ChainFusionError):
    """A rate, curve or scenario that means nothing: negative, above one, not a number, empty."""

    code = "BAD_ASSUMPTION"
    says = Text("The assumption {name} cannot be {value}: {why}.", "假设 {name} 不能取 {value}：{why_zh}。")
    do = Text(
        "State rates as fractions of one (0.06 is 6%), PSA and SDA in per cent of the standard curve.",
        "比率请写成小数（0.06 即 6%），PSA 与 SDA 请写成标准曲线的百分比。",
    )
