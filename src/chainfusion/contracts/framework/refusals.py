"""What a ledger refuses a contract."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class StateRefused(ChainFusionError):
    """A key or value that the ledger does not take."""

    code = "STATE_REFUSED"
    says = Text("The ledger does not take the {what}: {why}.", "账本不接受该{what}：{why}。")
    do = Text("Give a non-empty value and a key of plain text.", "请使用非空值与普通文本键。")


class CollectionRefused(ChainFusionError):
    """Private data of a collection that does not exist, or that the caller's member does not share."""

    code = "COLLECTION_REFUSED"
    says = Text(
        "{msp} has no access to the private data collection {collection}.", "{msp} 无权访问私有数据集合 {collection}。"
    )
    do = Text("Name a collection that your institution belongs to.", "请使用本机构所属的私有数据集合。")
