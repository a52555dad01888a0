"""Why the migration contract refuses, one type per reason."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class OriginExists(ChainFusionError):
    """An earlier ledger that is named already."""

    code = "ORIGIN_EXISTS"
    says = Text("The earlier ledger {ledger} is on this ledger already, at {size} blocks.",
                "原账本 {ledger} 已登记，区块数为 {size}。")  # fmt: skip
    do = Text("Nothing is to be done; go on re-stating.", "无需操作；请继续重述。")


class OriginUnknown(ChainFusionError):
    """Links to an earlier ledger that nobody has named."""

    code = "ORIGIN_UNKNOWN"
    says = Text("The earlier ledger {ledger} is not named on this one.", "本账本未登记原账本 {ledger}。")
    do = Text("Name it with its last checkpoint first.", "请先以其最后检查点登记。")


class OriginIsHere(ChainFusionError):
    """This very ledger, named as an earlier one."""

    code = "ORIGIN_IS_HERE"
    says = Text("{ledger} is this ledger itself.", "{ledger} 即本账本。")
    do = Text("Name the ledger that the deals come from.", "请登记项目所来自的账本。")


class PartOutOfOrder(ChainFusionError):
    """A part of a re-statement that is there already, or that leaves one out."""

    code = "PART_OUT_OF_ORDER"
    says = Text("Part {part} of the links of {msp} for deal {deal} does not come next; {expected} does.",
                "{msp} 就项目 {deal} 提交的第 {part} 部分链接次序不符，应为第 {expected} 部分。")  # fmt: skip
    do = Text("Send the part that comes next.", "请提交下一部分。")


class LinksRefused(ChainFusionError):
    """Links that cannot all be true."""

    code = "LINKS_REFUSED"
    says = Text("The links do not hold together: {why}.", "链接不成立：{why_zh}。")
    do = Text("State each fact once, in the order of the earlier ledger.", "请按原账本次序，每项事实仅列一次。")
