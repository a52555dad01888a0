"""Refusals of statements that rely on facts: all that is relied on must be on the ledger as stated, and current."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class UnknownFact(ChainFusionError):
    """An opinion that relies on something that is not on the ledger as stated."""

    code = "UNKNOWN_FACT"
    says = Text("Deal {deal} has no {fact} with this fingerprint.", "项目 {deal} 中没有该指纹的 {fact}。")
    do = Text("Name the fact as the ledger has it.", "请按账本记录引用事实。")


class StaleFact(ChainFusionError):
    """An opinion that relies on something that has been replaced."""

    code = "STALE_FACT"
    says = Text(
        "{fact} of deal {deal} has been replaced; version {current} is current.",
        "项目 {deal} 的 {fact} 已被替换，现行为第 {current} 版。",
    )
    do = Text("Examine the current version, then state the opinion on it.", "请审阅现行版本后再出具意见。")
