"""Why the pool contract refuses, one type per reason."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class StatisticsMismatch(ChainFusionError):
    """Statistics that are not those of the registered tape."""

    code = "STATISTICS_MISMATCH"
    says = Text("The {what} differs: {stated} against {found}.", "{what} 不一致：{stated} 与 {found}。")
    do = Text("Compute root and statistics from the same tape.", "请由同一资产清单计算根与统计量。")


class ReplacesAnother(ChainFusionError):
    """A pool that does not refer to the one in force."""

    code = "REPLACES_ANOTHER"
    says = Text(
        "The pool in force of deal {deal} has version {in_force} (0: none), and this one does not refer to it.",
        "项目 {deal} 的现行资产池版本为 {in_force}（0 表示尚无），本次登记未引用该版本。",
    )
    do = Text("Look at the pool in force, then register one that refers to it.", "请查看现行资产池，并在登记时引用。")


class RootUsed(ChainFusionError):
    """A replacement by the very same pool."""

    code = "ROOT_USED"
    says = Text(
        "This root is already that of version {version} in deal {deal}.", "该根与项目 {deal} 第 {version} 版相同。"
    )
    do = Text("Nothing is to be done.", "无需操作。")


class CutOffAhead(ChainFusionError):
    """A cut-off date that is still to come."""

    code = "CUT_OFF_AHEAD"
    says = Text("The cut-off date {cut_off} is still to come.", "封包日 {cut_off} 尚未到来。")
    do = Text("Register the tape after its cut-off date.", "请在封包日之后登记。")


class PoolAcknowledged(ChainFusionError):
    """A second acknowledgement of one version."""

    code = "POOL_ACKNOWLEDGED"
    says = Text("{msp} has already acknowledged version {version}.", "{msp} 已确认第 {version} 版资产池。")
    do = Text("Nothing is to be done.", "无需操作。")


class NotRegistered(ChainFusionError):
    """A look at the pool of a deal that has none yet."""

    code = "POOL_NOT_REGISTERED"
    says = Text("Deal {deal} has no registered pool yet.", "项目 {deal} 尚未登记资产池。")
    do = Text("The originator registers the loan tape.", "请由发起机构登记资产清单。")
