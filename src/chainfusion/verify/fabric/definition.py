"""Which endorsement policy a call had to meet: that of the chaincode's definition in force.

Every call on Fabric reads the sequence of the chaincode's definition, and what it reads it names by the place of the
transaction that wrote it. So the endorsers state which transaction defined the chaincode; and that transaction,
endorsed under the channel's lifecycle policy, states the endorsement policy, or which one before it did.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.evidence.fabric import messages as m
from chainfusion.ledger.evidence.fabric.anchor import FabricAnchor
from chainfusion.ledger.evidence.fabric.envelope import Invocation, Place
from chainfusion.ledger.evidence.fabric.evidence_file import FabricEvidence
from chainfusion.ledger.evidence.fabric.policies import LIFECYCLE_ENDORSEMENT
from chainfusion.ledger.evidence.fabric.wire import read
from chainfusion.verify.fabric.chain import Chain
from chainfusion.verify.fabric.transaction import check_creator, check_endorsed, transaction_at

LIFECYCLE = "_lifecycle"
_PLUGIN = "vscc"
_LIFECYCLE_POLICY = m.ApplicationPolicy(None, LIFECYCLE_ENDORSEMENT)


class DefinitionRefused(ChainFusionError):
    """Evidence that does not show which endorsement policy was in force."""

    code = "FABRIC_DEFINITION_REFUSED"
    says = Text(
        "The definition of chaincode {chaincode} is refused: {why}.", "链码 {chaincode} 的定义被拒绝：{why_zh}。"
    )
    do = Text("Reject the evidence.", "请拒绝该存证。")


@dataclass(frozen=True)
class Definition:
    """The policy in force; `sequence` and `validation` are the places of who wrote them, `blocks` the file's blocks
    that show it."""

    policy: bytes
    sequence: Place
    validation: Place
    blocks: frozenset[int]

    @property
    def application_policy(self) -> m.ApplicationPolicy:
        """The policy. Raises: WireMalformed."""
        return read(m.ApplicationPolicy, self.policy)


def sequence_key(chaincode: str) -> str:
    """The key that holds which definition of a chaincode is in force."""
    return f"namespaces/fields/{chaincode}/Sequence"


def validation_key(chaincode: str) -> str:
    """The key that holds how transactions of a chaincode are validated."""
    return f"namespaces/fields/{chaincode}/ValidationInfo"


def definition_in_force(
    evidence: FabricEvidence, chain: Chain, anchor: FabricAnchor, found: Invocation, place: Place
) -> Definition:
    """The definition that the endorsers of the call at `place` state to be in force.

    Raises: DefinitionRefused, PolicyNotMet, and what is wrong of the transactions that made it.
    """
    chaincode = found.chaincode
    ours = chaincode == anchor.chaincode
    require(ours, _refused(chaincode, f"you trust {anchor.chaincode}", f"您信任的链码是 {anchor.chaincode}"))
    sequence = found.version_read(LIFECYCLE, sequence_key(chaincode))
    if sequence is None:
        raise _refused(chaincode, "the call does not say which it was", "调用未载明所依据的定义")
    known = anchor.definition
    if known is not None and known.sequence == sequence:
        return Definition(known.policy, sequence, known.validation, frozenset())
    return _Search(evidence, chain, anchor, chaincode).definition(sequence, place)


@dataclass(frozen=True)
class _Search:
    evidence: FabricEvidence
    chain: Chain
    anchor: FabricAnchor
    chaincode: str

    def definition(self, sequence: Place, before: Place) -> Definition:
        """Follows the versions back to who wrote the policy."""
        defining = self._defining(sequence, before)
        written = defining.written(LIFECYCLE, sequence_key(self.chaincode)) is not None
        require(written, _refused(self.chaincode, "its sequence was not written there", "该处未写入定义序号"))
        place, blocks = sequence, {sequence.block}
        while (info := defining.written(LIFECYCLE, validation_key(self.chaincode))) is None:
            earlier = defining.version_read(LIFECYCLE, validation_key(self.chaincode))
            if earlier is None:
                raise _refused(self.chaincode, "nobody wrote its policy", "其策略无处写入")
            known = self.anchor.definition
            if known is not None and known.validation == earlier:
                return Definition(known.policy, sequence, earlier, frozenset(blocks))
            defining, place = self._defining(earlier, place), earlier
            blocks.add(place.block)
        return Definition(self._policy(info), sequence, place, frozenset(blocks))

    def _defining(self, place: Place, before: Place) -> Invocation:
        """The transaction of the lifecycle at a place, rightly ordered, signed and endorsed."""
        earlier = (place.block, place.index) < (before.block, before.index)
        require(earlier, _refused(self.chaincode, "it was defined after it was called", "定义晚于调用"))
        found = transaction_at(self.evidence, place)
        is_lifecycle = found.chaincode == LIFECYCLE
        require(is_lifecycle, _refused(self.chaincode, "what defined it is no definition", "所指交易并非链码定义"))
        block = self.evidence.by_number[place.block]
        configuration = self.chain.in_force(block)
        configuration.check_orderers(block, found.outer.time)
        check_creator(found, configuration)
        name = self.chaincode[:80]
        what = Text(f"the definition of chaincode {name}", f"链码 {name} 的定义")
        check_endorsed(found, configuration, _LIFECYCLE_POLICY, what)
        return found

    def _policy(self, info: bytes) -> bytes:
        state = read(m.StateData, info).Bytes
        validation = read(m.ChaincodeValidationInfo, state or b"")
        plain = validation.validation_plugin == _PLUGIN
        require(plain, _refused(self.chaincode, "it has a validation of its own", "其采用自定义验证"))
        return validation.validation_parameter


def _refused(chaincode: str, why: str, why_zh: str) -> DefinitionRefused:
    return DefinitionRefused(chaincode=chaincode[:80], why=why, why_zh=why_zh)
