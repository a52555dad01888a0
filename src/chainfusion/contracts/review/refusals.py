"""Refusals of the review contract."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class NotAReviewer(ChainFusionError):
    """An invitation of an institution that is no rating agency or investor of the deal."""

    code = "NOT_A_REVIEWER"
    says = Text(
        "{msp} is not an accepted rating agency or investor of deal {deal}.",
        "{msp} 不是项目 {deal} 已接受的评级机构或投资者。",
    )
    do = Text("Name it as a party, let it accept, then share the pool.", "请先指定其为参与方并待其接受后再共享。")


class AlreadyInvited(ChainFusionError):
    """A second invitation while the first holds."""

    code = "ALREADY_INVITED"
    says = Text("{msp} is already invited to review version {version}.", "{msp} 已受邀预览第 {version} 版。")
    do = Text("Nothing is to be done.", "无需操作。")


class EndsBefore(ChainFusionError):
    """An invitation that would be over at once."""

    code = "ENDS_BEFORE"
    says = Text("The review would end at {until}, which is past.", "预览截止时间 {until} 已过。")
    do = Text("Give a later end, or none.", "请填写更晚的截止时间，或不设截止。")


class NotInvited(ChainFusionError):
    """A remark by a party that was not let in."""

    code = "NOT_INVITED"
    says = Text(
        "{msp} was not invited to review version {version} of the pool of deal {deal}.",
        "{msp} 未受邀预览项目 {deal} 第 {version} 版资产池。",
    )
    do = Text("Ask the originator to share the pool.", "请联系发起机构共享资产池。")


class ReviewOver(ChainFusionError):
    """A remark after the stated time."""

    code = "REVIEW_OVER"
    says = Text(
        "The time in which {msp} may review version {version} of deal {deal} is over.",
        "{msp} 对项目 {deal} 第 {version} 版的预览期已结束。",
    )
    do = Text("Ask the originator to share the pool again.", "请联系发起机构重新共享。")


class LoanNeeded(ChainFusionError):
    """A request for removal that names no loan, or a commitment that is none."""

    code = "LOAN_NEEDED"
    says = Text("A removal names one loan by its commitment.", "移除请求须以承诺指明一笔贷款。")
    do = Text("Choose the loan in the pool.", "请在资产池中选择贷款。")


class RemovalAsked(ChainFusionError):
    """The same removal asked for twice by one party."""

    code = "REMOVAL_ASKED"
    says = Text(
        "{msp} has already asked for the removal of this loan from version {version}.",
        "{msp} 已请求从第 {version} 版移除该笔贷款。",
    )
    do = Text("Wait for the originator's answer.", "请等待发起机构答复。")


class RemarkUnknown(ChainFusionError):
    """A remark that is not on the ledger."""

    code = "REMARK_UNKNOWN"
    says = Text(
        "Version {version} of the pool of deal {deal} has no remark {remark}.",
        "项目 {deal} 第 {version} 版资产池没有意见 {remark}。",
    )
    do = Text("List the remarks.", "请查看意见列表。")


class RemarkAnswered(ChainFusionError):
    """A second answer to one remark."""

    code = "REMARK_ANSWERED"
    says = Text("Remark {remark} has been answered.", "意见 {remark} 已答复。")
    do = Text("Nothing is to be done.", "无需操作。")


class NoAcceptedRemoval(ChainFusionError):
    """A removal stated that was not asked for, or not accepted."""

    code = "NO_ACCEPTED_REMOVAL"
    says = Text("Remark {remark} is no removal that was accepted.", "意见 {remark} 并非已接受的移除请求。")
    do = Text("Accept the request first.", "请先接受该请求。")


class NotALaterPool(ChainFusionError):
    """A removal said to be done in the version that it was asked of."""

    code = "NOT_A_LATER_POOL"
    says = Text("Version {version} is not later than the one reviewed.", "第 {version} 版并不晚于所预览的版本。")
    do = Text("Register the pool without the loan first.", "请先登记不含该贷款的资产池。")


class RemovalStated(ChainFusionError):
    """A removal stated twice."""

    code = "REMOVAL_STATED"
    says = Text("The removal of remark {remark} has been stated.", "意见 {remark} 的移除已登记。")
    do = Text("Nothing is to be done.", "无需操作。")
