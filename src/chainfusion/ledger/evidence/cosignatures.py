"""Who stands by a checkpoint: the log's operator by its signature, witnesses by their cosignatures.

Witnesses are the active members other than the one that orders: that the operator vouches for its own log says
nothing. The consortium's rule `witnesses` is the share of them that makes a checkpoint one to rely on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.membership import Member, Membership
from chainfusion.ledger.evidence.certificates import Certificate, validate_chain
from chainfusion.ledger.evidence.checkpoint import log_signature
from chainfusion.ledger.evidence.note import Note, NoteKey, NoteSignature, SignatureType


class CosignatureRefused(ChainFusionError):
    """A signature line on a checkpoint that counts for nothing."""

    code = "COSIGNATURE_REFUSED"
    says = Text("The checkpoint's signature line of {name} is idle: {why}.", "检查点上 {name} 的签名行无效：{why_zh}。")
    do = Text("Export again on a checkpoint that active members cosigned.", "请基于有效成员联署的检查点重新导出。")


class TooFewCosignatures(ChainFusionError):
    """A checkpoint that not enough witnesses cosigned."""

    code = "TOO_FEW_COSIGNATURES"
    says = Text(
        "The checkpoint is cosigned by {found} of {witnesses} witnesses; the consortium's rules need {needed}.",
        "检查点由 {witnesses} 家见证成员中的 {found} 家联署；联盟规则要求 {needed} 家。",
    )
    do = Text("Wait until more members have cosigned, then export again.", "请等待更多成员联署后重新导出。")


@dataclass(frozen=True)
class Cosignature:
    """A witness's cosignature, checked: who, and when it says it saw the checkpoint (UTC)."""

    msp: str
    time: datetime


def log_key(membership: Membership) -> NoteKey:
    """The key that the log's checkpoints are signed with: the orderer's notary's. Raises: CertificateRefused."""
    return _key(membership.members[membership.rules.orderer], SignatureType.ED25519)


def witnesses_of(membership: Membership) -> tuple[Member, ...]:
    """The members that may cosign, in order of their MSP ids."""
    orderer = membership.rules.orderer
    return tuple(membership.members[msp] for msp in sorted(membership.active) if msp != orderer)


def cosignatures_needed(membership: Membership) -> int:
    """How many witnesses must cosign: the least number that reaches the rule, and never none."""
    rule = membership.rules.witnesses
    return max(1, -(-rule.numerator * len(witnesses_of(membership)) // rule.denominator))


def check_log_signature(note: Note, membership: Membership, at: datetime) -> None:
    """Checks the log's signature, and the orderer's notary certificate at that time.

    Raises: BadNote, NoteSignatureInvalid, CertificateRefused.
    """
    log_signature(note, log_key(membership))
    _check_certificate(membership.members[membership.rules.orderer], at)


def cosignature_of(signature: NoteSignature, note: Note, membership: Membership) -> Cosignature:
    """One cosignature line, checked. Raises: CosignatureRefused, NoteSignatureInvalid, CertificateRefused."""
    member = next((each for each in witnesses_of(membership) if each.msp == signature.name), None)
    if member is None:
        raise _refused(signature, "it is not of an active member that witnesses", "不是有效的见证成员")
    key = _key(member, SignatureType.COSIGNATURE)
    require(key.made(signature), _refused(signature, "it is not by its notary's key", "不是该成员公证密钥所签"))
    key.verify(note.text, signature)
    try:
        time = datetime.fromtimestamp(0, UTC) + timedelta(seconds=signature.seconds)
    except OverflowError:
        raise _refused(signature, "its time is beyond the calendar", "其时间超出日历范围") from None
    _check_certificate(member, time)
    return Cosignature(member.msp, time)


def check_cosignatures(note: Note, membership: Membership) -> tuple[Cosignature, ...]:
    """The cosignatures of a checkpoint in evidence: the log's line first, then each witness once, by MSP id.

    Every line must count. Raises: as `cosignature_of`, and TooFewCosignatures.
    """
    log, *lines = note.signatures
    require(log_key(membership).made(log), _refused(log, "the log's line comes first", "日志自身的签名行应在首位"))
    found = tuple(cosignature_of(line, note, membership) for line in lines)
    for before, line in pairwise(lines):
        ordered = before.name < line.name
        require(ordered, _refused(line, "it is there twice or out of order", "重复出现或次序错误"))
    needed, witnesses = cosignatures_needed(membership), len(witnesses_of(membership))
    require(len(found) >= needed, TooFewCosignatures(found=len(found), needed=needed, witnesses=witnesses))
    return found


def without_idle_lines(note: Note, membership: Membership) -> Note:
    """The note with the log's signature and the cosignatures that count, each member's newest, in order of MSP ids."""
    log = log_key(membership)
    counted: dict[str, NoteSignature] = {}
    for line in note.signatures:
        if not log.made(line) and _counts(line, note, membership):
            counted[line.name] = max(counted.get(line.name, line), line, key=lambda each: each.seconds)
    return Note(note.text, (log_signature(note, log), *(counted[msp] for msp in sorted(counted))))


def _counts(line: NoteSignature, note: Note, membership: Membership) -> bool:
    try:
        cosignature_of(line, note, membership)
    except ChainFusionError:
        return False
    return True


def _key(member: Member, kind: SignatureType) -> NoteKey:
    public = Certificate.from_der(member.notary_certificate).ed25519_key.public_bytes_raw()
    return NoteKey(member.msp, public, kind)


def _check_certificate(member: Member, at: datetime) -> None:
    notary = Certificate.from_der(member.notary_certificate)
    validate_chain(notary, member.root_certificates, member.intermediate_certificates, at=at)


def _refused(line: NoteSignature, why: str, why_zh: str) -> CosignatureRefused:
    return CosignatureRefused(name=line.name, why=why, why_zh=why_zh)
