"""How a verification of a Fabric channel's evidence is told."""

from __future__ import annotations

from collections.abc import Iterable

from chainfusion.domain.errors import Text
from chainfusion.domain.records import utc_text
from chainfusion.ledger.evidence.cosignatures import Cosignature
from chainfusion.ledger.evidence.fabric.anchor import FabricAnchor
from chainfusion.ledger.evidence.fabric.configuration import SMARTBFT, Configuration
from chainfusion.ledger.evidence.fabric.envelope import Invocation
from chainfusion.ledger.evidence.fabric.evidence_file import FabricEvidence
from chainfusion.ledger.evidence.fabric.identities import Identity
from chainfusion.ledger.evidence.transaction import Proposal
from chainfusion.verify.fabric.chain import Chain
from chainfusion.verify.fabric.definition import Definition
from chainfusion.verify.verdict import Recorder, Status, tell

UNATTESTED = Text(
    "No member attests that peers recorded it as valid.",
    "尚无成员见证节点已将其记录为有效。",
)
MAY_BE_INVALID = Text(
    "That peers recorded the transaction as valid: Fabric signs no validation codes, and no member attests them here.",
    "节点已将该交易记录为有效：Fabric 不对验证代码签名，而此处没有成员见证。",
)
UNPROVEN = (
    Text("When it was recorded: the time is the signer's own clock.", "记账的时间：所示时间为签名人自己的时钟。"),
)


def note_file(steps: Recorder, evidence: FabricEvidence, proposal: Proposal) -> None:
    """What the file says that it is about."""
    steps.facts |= {
        "ledger": evidence.ledger,
        "engine": evidence.engine,
        "channel": evidence.channel,
        "kind": evidence.subject.kind.value,
        "tx_id": proposal.tx_id,
        "operation": f"{proposal.contract}.{proposal.operation}",
        "args": proposal.args,
        "response": evidence.subject.response,
        "stated": utc_text(proposal.time),
        "block": evidence.place.block,
        "index": evidence.place.index,
    }
    template = Text("Of ledger {ledger} on channel {channel}", "账本 {ledger}，通道 {channel}")
    steps.note("file", tell(template, ledger=evidence.ledger, channel=evidence.channel))


def note_anchor(steps: Recorder, anchor: FabricAnchor) -> None:
    """Which block is trusted."""
    steps.facts["anchor"] = {"number": anchor.block.number, "hash": anchor.block.hash.hex()}
    template = Text("Block {number}, {hash}", "区块 {number}，{hash}")
    steps.note("anchor", tell(template, number=anchor.block.number, hash=anchor.block.hash.hex()))


def note_configurations(steps: Recorder, chain: Chain) -> None:
    """How many changes of the channel, and which organisations it has."""
    last = chain.configurations[-1]
    steps.facts |= {"configurations": [each.number for each in chain.configurations], "members": list(last.members)}
    template = Text("{changes} changes; members: {members}", "共 {changes} 次变更；成员：{members}")
    changes = len(chain.configurations) - 1
    steps.note("configurations", tell(template, changes=changes, members=", ".join(last.members)))


def note_orderers(steps: Recorder, configuration: Configuration, orderers: tuple[Identity, ...]) -> None:
    """Who ordered the subject's block, under which consensus."""
    bft = configuration.consensus == SMARTBFT
    listed = ", ".join(sorted(each.msp for each in orderers))
    steps.facts["orderers"] = {"consensus": configuration.consensus, "by": sorted(each.msp for each in orderers)}
    if bft:
        numbers = {"found": len(orderers), "all": len(configuration.consenters), "needed": configuration.quorum}
        template = Text(
            "SmartBFT: {found} of {all} orderers, {needed} needed: {by}",
            "SmartBFT：{all} 个排序节点中的 {found} 个，需 {needed} 个：{by}",
        )
        steps.note("orderers", tell(template, **numbers, by=listed))
        return
    template = Text("Raft, which takes one orderer's word: {by}", "Raft，以单个排序节点签名为准：{by}")
    steps.note("orderers", tell(template, by=listed))


def note_block(steps: Recorder, evidence: FabricEvidence) -> None:
    """Which transaction of which block."""
    count = len(evidence.block.data)
    steps.facts |= {"count": count, "block_hash": evidence.block.hash.hex()}
    template = Text(
        "Transaction {place} of {count} in block {block}", "区块 {block} 的第 {place} 笔交易，共 {count} 笔"
    )
    place = evidence.place
    steps.note("block", tell(template, place=place.index + 1, count=count, block=place.block))


def note_definition(steps: Recorder, found: Invocation, definition: Definition) -> None:
    """Where the chaincode's definition in force was made."""
    template = Text("Chaincode {name}, defined in block {block}", "链码 {name}，定义于区块 {block}")
    steps.note("definition", tell(template, name=found.chaincode, block=definition.sequence.block))


def note_endorsements(
    steps: Recorder, endorsers: tuple[Identity, ...], anchor: FabricAnchor, evidence: FabricEvidence
) -> None:
    """Whose peers endorsed, and how many keys demanded more than the chaincode."""
    msps = sorted({each.msp for each in endorsers})
    steps.facts |= {"endorsers": msps, "demands": [each.key for each in evidence.demands]}
    names, count = _names(msps, anchor), len(evidence.demands)
    also = Text("{names}; as {count} keys of their own demand", "{names}；并符合 {count} 个键自身的要求")
    steps.note("endorsements", tell(also, names=names, count=count) if count else names)


def note_validity(
    steps: Recorder, attested: tuple[Cosignature, ...], configuration: Configuration, anchor: FabricAnchor
) -> None:
    """Who attests what peers recorded; not checked where nobody does."""
    by = [{"msp": each.msp, "time": utc_text(each.time)} for each in attested]
    steps.facts["attestations"] = {"by": by, "needed": anchor.attestations, "members": len(configuration.members)}
    if not attested:
        steps.note("validity", UNATTESTED, Status.NOT_CHECKED)
        return
    template = Text("Attested by {found} of {all} members: {names}", "{all} 家成员中的 {found} 家见证：{names}")
    numbers = {"found": len(attested), "all": len(configuration.members)}
    steps.note("validity", tell(template, **numbers, names=_names([each.msp for each in attested], anchor)))


def recorded(attested: tuple[Cosignature, ...]) -> Text:
    """Who saw it on the channel, as far as that is proven."""
    if not attested:
        return Text(
            "Enough members' peers endorsed the result, and the channel's orderers put it in a block.",
            "足够成员的节点已为其结果背书，且通道排序节点已将其写入区块。",
        )
    template = Text(
        "It was on the channel, recorded as valid, no later than {time}: {count} members attest it.",
        "其不晚于 {time} 已在通道上并被记录为有效：由 {count} 家成员见证。",
    )
    return tell(template, time=max(each.time for each in attested), count=len(attested))


def _names(msps: Iterable[str], anchor: FabricAnchor) -> Text:
    names = [anchor.names(msp) for msp in msps]
    return Text(", ".join(each.en for each in names), "、".join(each.zh for each in names))
