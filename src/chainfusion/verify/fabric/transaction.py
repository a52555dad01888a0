"""Creator and endorsers of one chaincode call."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.evidence.certificates import CertificateRefused
from chainfusion.ledger.evidence.evidence_file import malformed
from chainfusion.ledger.evidence.fabric import messages as m
from chainfusion.ledger.evidence.fabric.configuration import Configuration
from chainfusion.ledger.evidence.fabric.envelope import Invocation, Place, read_invocation, read_outer
from chainfusion.ledger.evidence.fabric.evidence_file import FabricEvidence
from chainfusion.ledger.evidence.fabric.identities import ADMIN, CLIENT, Identity, IdentityRefused
from chainfusion.ledger.evidence.fabric.wire import WireMalformed
from chainfusion.ledger.evidence.signatures import SignatureRefused, verify_p256

IMPLICIT_COLLECTION = "_implicit_org_"


class RepeatedTransaction(ChainFusionError):
    """A transaction whose id another one has taken before it in the same block: Fabric records it as invalid."""

    code = "FABRIC_TRANSACTION_REPEATED"
    says = Text("Transaction {tx_id} stands in its block a second time.", "交易 {tx_id} 在区块中重复出现。")
    do = Text("Reject the evidence.", "请拒绝该存证。")


def transaction_at(evidence: FabricEvidence, place: Place) -> Invocation:
    """The chaincode call at a place of the file, on the evidence's channel.

    Raises: EvidenceMalformed, WireMalformed, EnvelopeMalformed.
    """
    found = read_invocation(evidence.envelope(place))
    same = found.outer.channel == evidence.channel
    require(same, malformed("a transaction is of another channel", "交易属于另一通道"))
    return found


def check_first_of_its_id(evidence: FabricEvidence, found: Invocation) -> None:
    """Checks that nothing before it in its block has the same id. Raises: RepeatedTransaction."""
    tx_id = found.outer.tx_id
    earlier = (_id_of(data) for data in evidence.block.data[: evidence.place.index])
    require(all(each != tx_id for each in earlier), RepeatedTransaction(tx_id=tx_id))


def check_creator(found: Invocation, configuration: Configuration, people: bool = True) -> Identity:
    """Who signed the call: a person of one of the channel's organisations, whose certificate was valid then.

    Raises: IdentityRefused, CertificateRefused, SignatureRefused, WireMalformed.
    """
    outer = found.outer
    creator = configuration.msps.identity(outer.creator, outer.time)
    person = creator.role in (CLIENT, ADMIN) or not people
    who = creator.certificate.subject
    require(person, IdentityRefused(who=who, why="it is a node's certificate", why_zh="这是节点的证书"))
    verify_p256(creator.certificate.p256_key, outer.signature, outer.payload)
    return creator


def endorsers_of(found: Invocation, configuration: Configuration) -> tuple[Identity, ...]:
    """Whose endorsements hold, each once; others count for nothing, as on the channel."""
    signers: dict[Identity, None] = {}
    for each in found.endorsements:
        try:
            signer = configuration.msps.identity(each.endorser, found.outer.time)
            verify_p256(signer.certificate.p256_key, each.signature, found.endorsed + each.endorser)
        except (WireMalformed, IdentityRefused, CertificateRefused, SignatureRefused):
            continue
        signers.setdefault(signer)
    return tuple(signers)


def check_endorsed(
    found: Invocation, configuration: Configuration, policy: m.ApplicationPolicy, what: Text
) -> tuple[Identity, ...]:
    """The endorsers, once they meet the chaincode's policy, and that of each organisation whose own private collection
    was touched. Raises: PolicyNotMet."""
    endorsers = endorsers_of(found, configuration)
    configuration.policies.require_application(policy, endorsers, what)
    return endorsers


def _id_of(data: bytes) -> str | None:
    """The id that an envelope states; None where it cannot be read, which Fabric records as invalid."""
    try:
        return read_outer(data).tx_id
    except ChainFusionError:
        return None
