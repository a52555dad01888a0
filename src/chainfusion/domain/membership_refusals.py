"""Why the consortium refuses a governance step, one type per reason."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class GenesisRefused(ChainFusionError):
    """A founding record that cannot found a consortium."""

    code = "GENESIS_REFUSED"
    says = Text(
        "This genesis cannot found a consortium ({rule}): {detail}.", "该创世记录无法成立联盟（{rule}）：{detail}。"
    )
    do = Text("Write the genesis anew and let every founder sign it.", "请重新编制创世记录，并由全部发起成员签署。")


class ConsortiumExists(ChainFusionError):
    """A second founding on the same ledger."""

    code = "CONSORTIUM_EXISTS"
    says = Text("The consortium {name} is already founded on this ledger.", "本账本上已成立联盟 {name}。")
    do = Text("Use a new ledger for another consortium.", "如需成立另一联盟，请使用新的账本。")


class ConsortiumNotFounded(ChainFusionError):
    """A call on a ledger whose first transaction is still to come."""

    code = "CONSORTIUM_NOT_FOUNDED"
    says = Text("No consortium is founded on this ledger yet.", "本账本尚未成立联盟。")
    do = Text("Found it with its genesis first.", "请先以创世记录成立联盟。")


class NotAMember(ChainFusionError):
    """An institution that is not, or no longer, in the consortium."""

    code = "NOT_A_MEMBER"
    says = Text("{msp} is not a member of the consortium.", "{msp} 不是联盟成员。")
    do = Text("Ask a member to propose its admission.", "请由现有成员提议接纳该机构。")


class MemberSuspended(ChainFusionError):
    """A member that may not act until it is reinstated."""

    code = "MEMBER_SUSPENDED"
    says = Text("The membership of {msp} is suspended.", "成员 {msp} 已被暂停资格。")
    do = Text("Ask a member to propose its reinstatement.", "请由其他成员提议恢复其资格。")


class MemberNotSuspended(ChainFusionError):
    """A reinstatement of a member that is not suspended."""

    code = "MEMBER_NOT_SUSPENDED"
    says = Text("{msp} is not suspended.", "{msp} 未被暂停资格。")
    do = Text("Nothing is to be done.", "无需操作。")


class AlreadyAMember(ChainFusionError):
    """An admission of an institution that is a member."""

    code = "ALREADY_A_MEMBER"
    says = Text("{msp} is a member already.", "{msp} 已是联盟成员。")
    do = Text("Propose to replace its entry, if that is what is meant.", "如需更换其登记信息，请提议替换。")


class OrdererMustStay(ChainFusionError):
    """A change that would leave the ledger without an active member that orders transactions."""

    code = "ORDERER_MUST_STAY"
    says = Text(
        "{msp} cannot be the ordering member: it must be an active member.", "{msp} 须为正常成员方可担任排序方。"
    )
    do = Text("First amend the rules to name another ordering member.", "请先修订规则，指定其他排序方。")


class AgreementOutOfOrder(ChainFusionError):
    """A version of the participation agreement that does not follow the one in force."""

    code = "AGREEMENT_OUT_OF_ORDER"
    says = Text(
        "Agreement version {version} does not follow version {current}.",
        "联盟协议第 {version} 版不能接续第 {current} 版。",
    )
    do = Text("Number the new agreement one above the version in force.", "新协议的版本号应为现行版本号加一。")


class ProposalUnknown(ChainFusionError):
    """A proposal that is not open."""

    code = "PROPOSAL_UNKNOWN"
    says = Text("There is no open proposal {proposal}.", "没有待表决的提案 {proposal}。")
    do = Text("List the open proposals; it may be decided already.", "请查看待表决提案；该提案可能已有结果。")


class AlreadyVoted(ChainFusionError):
    """A second vote by the same member."""

    code = "ALREADY_VOTED"
    says = Text("{msp} has already voted on proposal {proposal}.", "{msp} 已对提案 {proposal} 表决。")
    do = Text("A vote stands once cast.", "表决一经作出不可更改。")


class NoVoteOnOwnSuspension(ChainFusionError):
    """A vote by the member whose suspension is proposed."""

    code = "NO_VOTE_ON_OWN_SUSPENSION"
    says = Text("{msp} has no vote on its own suspension.", "{msp} 对自身的暂停提案没有表决权。")
    do = Text("The other members decide.", "由其他成员决定。")


class NotTheProposer(ChainFusionError):
    """A withdrawal by somebody else."""

    code = "NOT_THE_PROPOSER"
    says = Text("Proposal {proposal} was made by {by}, not by {msp}.", "提案 {proposal} 由 {by} 提出，而非 {msp}。")
    do = Text("Vote against it, or ask its proposer.", "请投反对票，或联系提案方。")


class TooManyProposals(ChainFusionError):
    """More open proposals than one member may have."""

    code = "TOO_MANY_PROPOSALS"
    says = Text("{msp} has {limit} open proposals, which is the limit.", "{msp} 已有 {limit} 项待表决提案，达到上限。")
    do = Text("Withdraw one, or wait for a decision.", "请撤回其中一项，或等待表决结果。")


class NoSuchStep(ChainFusionError):
    """A governance step that this version does not know."""

    code = "NO_SUCH_STEP"
    says = Text("There is no governance step {operation}.", "没有治理操作 {operation}。")
    do = Text("Update this program.", "请升级本程序。")
