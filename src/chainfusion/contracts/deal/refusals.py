"""Why the deal contract refuses, one type per reason."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class DealExists(ChainFusionError):
    """A second deal under the same id."""

    code = "DEAL_EXISTS"
    says = Text("Deal {deal} exists already.", "项目 {deal} 已存在。")
    do = Text("Choose another id.", "请使用其他编号。")


class RoleNotHeld(ChainFusionError):
    """An institution named for a role that it does not have in the consortium."""

    code = "ROLE_NOT_HELD"
    says = Text("{msp} does not hold the role {role} in the consortium.", "{msp} 在联盟中不具备 {role} 角色。")
    do = Text("Name an institution that holds it.", "请指定具备该角色的机构。")


class PartyNamed(ChainFusionError):
    """An institution named twice for the same role."""

    code = "PARTY_NAMED"
    says = Text("{msp} is already named as {role} of deal {deal}.", "{msp} 已被指定为项目 {deal} 的 {role}。")
    do = Text("Nothing is to be done, or replace it first.", "无需操作；如需更换请先替换。")


class NotNamed(ChainFusionError):
    """An answer or a replacement for a role that the institution is not asked for."""

    code = "NOT_NAMED"
    says = Text(
        "{msp} has no open invitation or role as {role} in deal {deal}.",
        "{msp} 在项目 {deal} 中没有 {role} 的邀请或角色。",
    )
    do = Text("Look at the deal's parties.", "请查看项目参与方。")


class OriginatorMustStay(ChainFusionError):
    """A replacement of the originator that opened the deal."""

    code = "ORIGINATOR_MUST_STAY"
    says = Text("{msp} opened deal {deal} and cannot be replaced in it.", "{msp} 为项目 {deal} 的发起机构，不能更换。")
    do = Text("Cancel the deal and open another.", "请取消本项目后另行发起。")


class NoPool(ChainFusionError):
    """A closing without a registered loan tape."""

    code = "NO_POOL"
    says = Text("Deal {deal} has no registered pool.", "项目 {deal} 尚未登记资产池。")
    do = Text("Register the loan tape first.", "请先登记资产清单。")


class ReasonRefused(ChainFusionError):
    """A reason that is empty, too long, or more than one line."""

    code = "REASON_REFUSED"
    says = Text("A reason is one line of 1 to {limit} characters.", "理由须为一行，1 至 {limit} 个字符。")
    do = Text("Shorten it; every member can read it.", "请精简；全体成员均可见。")
