"""What a recipient is given to trust of a Fabric channel: its first block, or a later configuration, by hash.

Whoever makes the anchor vouches for it: the recipient compares it with what other members give.
"""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.membership import MEMBERSHIP_KEY, Membership
from chainfusion.domain.records import from_bytes
from chainfusion.ledger.evidence.evidence_file import SubjectKind
from chainfusion.ledger.evidence.fabric.anchor import (
    FORMAT,
    AnchoredBlock,
    AnchoredDefinition,
    AnchoredMember,
    FabricAnchor,
)
from chainfusion.ledger.evidence.fabric.configuration import Configuration
from chainfusion.ledger.evidence.fabric.evidence_file import FabricEvidence, read_any_evidence
from chainfusion.ledger.evidence.transaction import VALID
from chainfusion.ledger.fabric.blocks.log import BlockLog
from chainfusion.node.evidence.channel import ChannelExport, ChannelSource
from chainfusion.verify.fabric.chain import check_chain
from chainfusion.verify.fabric.definition import definition_in_force
from chainfusion.verify.fabric.transaction import transaction_at

CHAINCODE = "chainfusion"


class NothingToAnchor(ChainFusionError):
    """A channel on which nothing shows yet which definition of the chaincode is in force."""

    code = "NOTHING_TO_ANCHOR"
    says = Text("No call on the channel shows the chaincode's definition yet.", "通道上尚无调用显示链码定义。")
    do = Text("Take the first block as anchor.", "请以首个区块为信任锚。")


class AnchorOfOtherChannel(ChainFusionError):
    """An anchor that this node's channel does not begin from."""

    code = "ANCHOR_OF_OTHER_CHANNEL"
    says = Text("The anchor's block {number} is not the one of this channel.", "信任锚的区块 {number} 与本通道不符。")
    do = Text("Check whose anchor it is, and tell the recipient.", "请核对信任锚来源，并告知接收方。")


def membership_of(source: ChannelSource) -> Membership | None:
    """The consortium's members as the contracts have them; None before the consortium is founded."""
    value = source.state(MEMBERSHIP_KEY)
    return None if value is None else from_bytes(Membership, value)


def first_anchor(source: ChannelSource, attestations: int = 0, chaincode: str = CHAINCODE) -> FabricAnchor:
    """Trust in the channel's first block. Raises: NotOnLedger, ConfigurationRefused."""
    block = source.fabric_block(0).sealed
    return FabricAnchor(
        attestations=attestations,
        block=AnchoredBlock(block.hash, 0),
        chaincode=chaincode,
        channel=Configuration.of(block).channel,
        definition=None,
        format=FORMAT,
        ledger=source.ledger_id,
        members=_members(source),
    )


def newest_anchor(source: ChannelSource, attestations: int = 0, chaincode: str = CHAINCODE) -> FabricAnchor:
    """Trust in the newest configuration, once everything from the first block to it is verified here.

    Where the channel was never changed this is `first_anchor`. Raises: NothingToAnchor, EvidenceUnsound.
    """
    first = first_anchor(source, attestations, chaincode)
    export = ChannelExport(source, first, BlockLog(source), {})
    evidence = read_any_evidence(export.export(SubjectKind.DECISION, _newest_call(source)))
    assert isinstance(evidence, FabricEvidence)
    chain, found = check_chain(evidence), transaction_at(evidence, evidence.place)
    definition = definition_in_force(evidence, chain, first, found, evidence.place)
    last = evidence.by_number[evidence.configurations[-1]]
    if last.number == 0:
        return first
    known = AnchoredDefinition(definition.policy, definition.sequence, definition.validation)
    block = AnchoredBlock(last.hash, last.number)
    return FabricAnchor(attestations, block, chaincode, first.channel, known, FORMAT, first.ledger, first.members)


def _newest_call(source: ChannelSource) -> str:
    for number in range(source.height() - 1, 0, -1):
        for tx_id in _calls(source, number):
            return tx_id
    raise NothingToAnchor()


def _calls(source: ChannelSource, number: int) -> list[str]:
    """Ids of the accepted calls of a block of which evidence of a decision can be made."""
    found = []
    for envelope in source.fabric_block(number).transactions:
        tx_id = envelope.header.tx_id
        if envelope.invocation is None or not envelope.invocation.args[0].count(b"@"):
            continue
        committed = source.transaction(tx_id)
        proposal = committed.transaction.proposal
        decides = f"{proposal.contract}.{proposal.operation}" not in ("pool.register", "document.register")
        if committed.outcome.code == VALID and decides:
            found.append(tx_id)
    return found


def _members(source: ChannelSource) -> tuple[AnchoredMember, ...]:
    membership = membership_of(source)
    members = membership.members.values() if membership else ()
    return tuple(sorted((AnchoredMember(each.msp, each.name, each.name_zh) for each in members), key=lambda m: m.msp))


def require_same(anchor: FabricAnchor, source: ChannelSource) -> None:
    """Checks that a recipient's anchor is of this channel. Raises: AnchorOfOtherChannel."""
    block = source.fabric_block(anchor.block.number)
    same = (block.hash, source.ledger_id) == (anchor.block.hash, anchor.ledger)
    require(same, AnchorOfOtherChannel(number=anchor.block.number))
