"""What the evidence's blocks and transactions prove by themselves: places, signatures, and the membership they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.governance import governance_step
from chainfusion.domain.membership import Member, Membership, fingerprint
from chainfusion.domain.records import utc_text
from chainfusion.ledger.evidence.block import FORMAT, NO_PREVIOUS, BlockHeader
from chainfusion.ledger.evidence.certificates import Certificate, validate_chain
from chainfusion.ledger.evidence.evidence_file import (
    Evidence,
    EvidenceMalformed,
    ProvenBlock,
    ProvenTransaction,
    malformed,
)
from chainfusion.ledger.evidence.merkle import leaf_hash, verify_inclusion
from chainfusion.ledger.evidence.signatures import verify_p256
from chainfusion.ledger.evidence.transaction import MAX_CLOCK_DIFFERENCE, VALID

GOVERNANCE_VERSION = 1
PEOPLE = frozenset({"client", "admin"})
"""Organisational units of those who sign transactions."""


class NotValid(ChainFusionError):
    """A transaction that the ledger recorded as invalid: it states nothing."""

    code = "TRANSACTION_NOT_VALID"
    says = Text(
        "Transaction {tx_id} is on the ledger as {outcome}: it was refused and states nothing.",
        "交易 {tx_id} 在账本上的结果为 {outcome}：已被拒绝，不证明任何内容。",
    )
    do = Text("Ask for evidence of a transaction that was accepted.", "请索取已被接受的交易的存证。")


class NotThisLedger(ChainFusionError):
    """A part of the evidence that names another ledger."""

    code = "PART_OF_ANOTHER_LEDGER"
    says = Text("{part} is of ledger {found}, not of {ledger}.", "{part} 属于账本 {found}，而非 {ledger}。")
    do = Text("Reject the evidence; ask for a new export.", "请拒绝该存证，并要求重新导出。")


class MembershipDiffers(ChainFusionError):
    """A membership change that the evidence leaves out, adds or alters."""

    code = "MEMBERSHIP_DIFFERS"
    says = Text(
        "The membership changes in the evidence do not make the membership that block {block} states.",
        "存证中的成员变更与区块 {block} 所载的成员状态不符。",
    )
    do = Text("A change is missing or altered: reject the evidence.", "成员变更被遗漏或篡改，请拒绝该存证。")


class MembershipChangeRefused(ChainFusionError):
    """A governance transaction that the consortium's rules do not allow."""

    code = "MEMBERSHIP_CHANGE_REFUSED"
    says = Text(
        "Membership change {tx_id} is not allowed by the consortium's rules: {why}",
        "成员变更 {tx_id} 不符合联盟规则：{why_zh}",
    )
    do = Text("Reject the evidence.", "请拒绝该存证。")


class CreatorNotActive(ChainFusionError):
    """A transaction by an institution that could not act at that point."""

    code = "CREATOR_NOT_ACTIVE"
    says = Text(
        "{msp} was not an active member when transaction {tx_id} was recorded.",
        "交易 {tx_id} 记账时，{msp} 不是有效成员。",
    )
    do = Text("Reject the evidence.", "请拒绝该存证。")


class CreatorNotAPerson(ChainFusionError):
    """A transaction signed with a node's or a notary's certificate."""

    code = "CREATOR_NOT_A_PERSON"
    says = Text(
        "Transaction {tx_id} is signed with the certificate of {subject}, which is not a person's.",
        "交易 {tx_id} 由 {subject} 的证书签名，而该证书不属于个人。",
    )
    do = Text("Reject the evidence.", "请拒绝该存证。")


class ClockDiffers(ChainFusionError):
    """A transaction that states a time far from its block's."""

    code = "CLOCK_DIFFERS"
    says = Text(
        "Transaction {tx_id} states the time {stated}, its block {block}: more than 15 minutes apart.",
        "交易 {tx_id} 所载时间为 {stated}，其区块时间为 {block}，相差超过 15 分钟。",
    )
    do = Text("Reject the evidence.", "请拒绝该存证。")


@dataclass(frozen=True)
class History:
    """The memberships that the evidence proves.

    `before` is by block the membership in force when that block was ordered (after block 0 for block 0 itself);
    `at_subject` the one in force when the subject's transaction was recorded; `last` the one at the checkpoint.
    """

    before: Mapping[int, Membership]
    at_subject: Membership
    last: Membership


def check_places(evidence: Evidence, ledger_id: str) -> None:
    """Checks that each transaction is of this ledger, valid, and at its place in its block with its outcome.

    Raises: NotThisLedger, NotValid, EvidenceMalformed, ProofInvalid.
    """
    for each in evidence.transactions:
        header, proposal = evidence.header(each.block), each.proposal
        _require_ledger(ledger_id, proposal.channel, f"transaction {proposal.tx_id}")
        same = each.outcome.tx_id == proposal.tx_id
        require(
            same,
            malformed(f"the outcome beside {proposal.tx_id} is another's", f"{proposal.tx_id} 所附结果属于另一笔交易"),
        )
        transaction, outcome = leaf_hash(each.transaction.leaf), leaf_hash(each.outcome.leaf)
        verify_inclusion(transaction, each.index, header.count, each.transaction_path, header.transactions)
        verify_inclusion(outcome, each.index, header.count, each.outcome_path, header.outcomes)
        require(each.outcome.code == VALID, NotValid(tx_id=proposal.tx_id, outcome=each.outcome.code))


def check_blocks(evidence: Evidence, ledger_id: str) -> None:
    """Checks that each block is of this ledger and in the log at the checkpoint.

    Raises: NotThisLedger, EvidenceMalformed, ProofInvalid.
    """
    head = evidence.head
    _require_ledger(ledger_id, head.ledger_id, "the checkpoint")
    for block in evidence.blocks:
        header = block.header
        _require_ledger(ledger_id, header.channel, f"block {header.number}")
        _check_header(header)
        verify_inclusion(leaf_hash(header.encoded), header.number, head.size, block.path, head.root)
    _check_links(evidence)


def replay(evidence: Evidence) -> History:
    """Makes the membership anew from the evidence's governance transactions, each signed by an active member, and
    compares it with what every block states.

    Raises: MembershipDiffers, MembershipChangeRefused, CreatorNotActive, CertificateRefused, SignatureRefused.
    """
    certificates = certificates_of(evidence)
    membership: Membership | None = None
    before: dict[int, Membership] = {}
    at_subject: Membership | None = None
    for block in evidence.blocks:
        ordered_under = membership
        for each in evidence.in_block(block.header.number):
            if each.proposal.tx_id == evidence.subject.tx_id:
                at_subject = membership
            if each.is_governance:
                after = _stepped(membership, each)
                check_creator(each, block.header, membership or after, certificates)
                membership = after
        assert membership is not None  # the founding comes first
        before[block.header.number] = ordered_under or membership
        stated = block.header.membership
        require(fingerprint(membership) == stated, MembershipDiffers(block=block.header.number))
    assert membership is not None
    return History(before, at_subject or before[0], membership)


def check_creator(
    each: ProvenTransaction, header: BlockHeader, membership: Membership, certificates: Mapping[str, Certificate]
) -> Certificate:
    """The certificate of who signed a transaction: a person of an active member, valid when signed and recorded.

    Raises: CreatorNotActive, CreatorNotAPerson, ClockDiffers, CertificateRefused, SignatureRefused.
    """
    proposal = each.proposal
    member = membership.members.get(proposal.creator.msp)
    if member is None or not member.is_active:
        raise CreatorNotActive(msp=proposal.creator.msp, tx_id=proposal.tx_id)
    certificate = certificates[proposal.creator.certificate]
    require(certificate.node_ou in PEOPLE, CreatorNotAPerson(subject=certificate.subject, tx_id=proposal.tx_id))
    in_time = abs(proposal.time - header.time) <= MAX_CLOCK_DIFFERENCE
    require(in_time, ClockDiffers(tx_id=proposal.tx_id, stated=utc_text(proposal.time), block=utc_text(header.time)))
    for at in (proposal.time, header.time):
        validate_chain(certificate, member.root_certificates, member.intermediate_certificates, at=at)
    verify_p256(certificate.p256_key, each.transaction.signature, proposal.signing_bytes)
    return certificate


def check_orderer(block: ProvenBlock, membership: Membership) -> Member:
    """The member that ordered a block, whose node signed its header. Raises: CertificateRefused, SignatureRefused."""
    member = membership.members[membership.rules.orderer]
    node = Certificate.from_der(member.node_certificate)
    validate_chain(node, member.root_certificates, member.intermediate_certificates, at=block.header.time)
    verify_p256(node.p256_key, block.signature, block.header.signing_bytes)
    return member


def certificates_of(evidence: Evidence) -> dict[str, Certificate]:
    """The evidence's certificates by fingerprint. Raises: CertificateMalformed."""
    found = [Certificate.from_der(der) for der in evidence.certificates]
    return {certificate.fingerprint: certificate for certificate in found}


def _stepped(membership: Membership | None, each: ProvenTransaction) -> Membership:
    proposal = each.proposal
    try:
        require(
            proposal.version == GOVERNANCE_VERSION, malformed("an unknown version of the contract", "未知的合约版本")
        )
        return governance_step(membership, proposal.operation, proposal.args, proposal.creator.msp, proposal.tx_id)
    except ChainFusionError as error:
        why, why_zh = error.message("en"), error.message("zh")
        raise MembershipChangeRefused(tx_id=proposal.tx_id, why=why, why_zh=why_zh) from None


def _check_header(header: BlockHeader) -> None:
    fits = header.format == FORMAT and len(header.previous) == len(header.membership) == 32
    require(
        fits and header.count > 0,
        malformed(f"block {header.number} has another form", f"区块 {header.number} 格式不符"),
    )
    first = (header.previous == NO_PREVIOUS) == (header.number == 0)
    require(first, _unlinked(header.number))


def _check_links(evidence: Evidence) -> None:
    for earlier, later in pairwise(evidence.blocks):
        follows = later.header.previous == earlier.header.hash or later.header.number > earlier.header.number + 1
        in_time = later.header.time >= earlier.header.time
        require(follows and in_time, _unlinked(later.header.number))


def _unlinked(number: int) -> EvidenceMalformed:
    return malformed(f"block {number} does not follow the one before", f"区块 {number} 与前一区块不衔接")


def _require_ledger(ledger_id: str, found: str, part: str) -> None:
    require(found == ledger_id, NotThisLedger(part=part, found=found[:80], ledger=ledger_id))
