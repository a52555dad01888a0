"""Keys with an endorsement policy of their own, as far as the file shows them.

A call that changes a key has read it, and names the transaction that wrote it last. From one to the next the file leads
to the one that gave the key its policy; whatever lies between left it as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.evidence.fabric import messages as m
from chainfusion.ledger.evidence.fabric.anchor import FabricAnchor
from chainfusion.ledger.evidence.fabric.envelope import Invocation, Place
from chainfusion.ledger.evidence.fabric.evidence_file import Demand, FabricEvidence
from chainfusion.ledger.evidence.fabric.identities import Identity
from chainfusion.ledger.evidence.fabric.wire import read
from chainfusion.verify.fabric.chain import Chain
from chainfusion.verify.fabric.definition import definition_in_force
from chainfusion.verify.fabric.transaction import check_creator, check_endorsed, transaction_at


class DemandRefused(ChainFusionError):
    """A key's own policy that the file does not lead to."""

    code = "FABRIC_DEMAND_REFUSED"
    says = Text("The endorsement policy of key {key} is refused: {why}.", "键 {key} 的背书策略被拒绝：{why_zh}。")
    do = Text("Reject the evidence.", "请拒绝该存证。")


def check_demands(
    evidence: FabricEvidence, chain: Chain, anchor: FabricAnchor, found: Invocation, endorsers: Sequence[Identity]
) -> frozenset[int]:
    """Checks that the subject's endorsers meet the policy of each key that the file shows one for; gives the blocks
    that show it. Raises: DemandRefused, PolicyNotMet, and what is wrong of the transactions on the way."""
    trail = _Trail(evidence, chain, anchor, found.chaincode)
    for each in evidence.demands:
        changes = each.key in found.changed(found.chaincode)
        require(changes, _refused(each, "the call does not change it", "该调用未变更此键"))
        policy = m.ApplicationPolicy(trail.policy(each, found), None)
        what = Text(f"key {each.key}", f"键 {each.key}")
        chain.in_force(evidence.block).policies.require_application(policy, endorsers, what)
    return frozenset(trail.blocks)


@dataclass(frozen=True)
class _Trail:
    evidence: FabricEvidence
    chain: Chain
    anchor: FabricAnchor
    chaincode: str
    blocks: set[int] = field(default_factory=set)

    def policy(self, demand: Demand, found: Invocation) -> m.SignaturePolicyEnvelope:
        """The policy that the last of the places gave to the key."""
        call, before, given = found, self.evidence.place, None
        for place in demand.places:
            read_there = call.version_read(self.chaincode, demand.key) == place and given is None
            require(read_there, _refused(demand, "its writers do not follow each other", "写入者前后不衔接"))
            call, before = self._proven(place, before, demand), place
            given = call.demanded(self.chaincode, demand.key)
        if given is None:
            raise _refused(demand, "nobody gave it", "无人设定")
        return read(m.SignaturePolicyEnvelope, given)

    def _proven(self, place: Place, before: Place, demand: Demand) -> Invocation:
        """A call of the same chaincode, rightly ordered, signed and endorsed."""
        earlier = (place.block, place.index) < (before.block, before.index)
        require(earlier, _refused(demand, "it was written later", "写入晚于调用"))
        call = transaction_at(self.evidence, place)
        ours = call.chaincode == self.chaincode and demand.key in call.changed(self.chaincode)
        require(ours, _refused(demand, "what wrote it did not", "所指交易未写入此键"))
        block = self.evidence.by_number[place.block]
        configuration = self.chain.in_force(block)
        configuration.check_orderers(block, call.outer.time)
        check_creator(call, configuration)
        definition = definition_in_force(self.evidence, self.chain, self.anchor, call, place)
        what = Text(f"transaction {call.outer.tx_id}", f"交易 {call.outer.tx_id}")
        check_endorsed(call, configuration, definition.application_policy, what)
        self.blocks.update({place.block}, definition.blocks)
        return call


def _refused(demand: Demand, why: str, why_zh: str) -> DemandRefused:
    return DemandRefused(key=demand.key[:80], why=why, why_zh=why_zh)
