"""What members' notaries say of a channel's blocks: that their own peers recorded them, and with which codes.

Fabric neither hashes nor signs validation codes. So each member keeps an RFC 9162 tree over what its own peer recorded,
leaf n the canonical {"codes", "hash", "number"} of block n, and its notary cosigns the tree's head as a checkpoint
(C2SP tlog-checkpoint; cosignatures of type 0x04 alone, since no one operates the log).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from chainfusion.domain.canonical import trusted_canonical
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.evidence.certificates import Certificate, validate_chain
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.cosignatures import Cosignature
from chainfusion.ledger.evidence.fabric.configuration import Configuration
from chainfusion.ledger.evidence.merkle import leaf_hash, verify_inclusion
from chainfusion.ledger.evidence.note import Note, NoteKey, NoteSignature, SignatureType

VALID = 0
"""Fabric's TxValidationCode of a transaction that was applied."""
NOTARY = "notary"


class AttestationRefused(ChainFusionError):
    """A line on a channel's checkpoint that counts for nothing."""

    code = "ATTESTATION_REFUSED"
    says = Text("The attestation of {name} is refused: {why}.", "{name} 的见证被拒绝：{why_zh}。")
    do = Text("Reject the evidence.", "请拒绝该存证。")


class TooFewAttestations(ChainFusionError):
    """Evidence that fewer members attest than the user asks for."""

    code = "TOO_FEW_ATTESTATIONS"
    says = Text(
        "{found} members attest what their peers recorded; what you trust asks for {needed}.",
        "共有 {found} 家成员见证其节点的记录结果；您的信任依据要求 {needed} 家。",
    )
    do = Text("Let more members cosign the channel's log, then export again.", "请由更多成员联署通道日志后重新导出。")


class RecordedInvalid(ChainFusionError):
    """A transaction that peers recorded as invalid: it states nothing."""

    code = "FABRIC_RECORDED_INVALID"
    says = Text("The transaction was recorded as invalid (code {found}).", "该交易被记录为无效（代码 {found}）。")
    do = Text("Ask for evidence of a transaction that was accepted.", "请索取已被接受的交易的存证。")


@dataclass(frozen=True)
class Attestation:
    """A cosigned head of the channel's log, and the subject's block in it.

    `codes` are the validation codes of the block's transactions, a byte each; `path` leads from its leaf to the
    checkpoint's root; `certificates` are the notaries' (DER), in the order of the note's lines.
    """

    certificates: tuple[bytes, ...]
    codes: bytes
    note: str
    path: tuple[bytes, ...]


def block_leaf(number: int, block_hash: bytes, codes: bytes) -> bytes:
    """The leaf of the log's tree that a recorded block is."""
    return trusted_canonical({"codes": codes.hex(), "hash": block_hash.hex(), "number": number})


def check_attestation(
    found: Attestation, leaf: bytes, number: int, ledger_id: str, channel: Configuration
) -> tuple[Cosignature, ...]:
    """Who attests a block's leaf, each member once, by MSP id; every line must count.

    Raises: BadNote, BadCheckpoint, ProofInvalid, AttestationRefused, NoteSignatureInvalid, CertificateRefused.
    """
    note = Note.parse(found.note.encode())
    head = Checkpoint.parse(note.text)
    _need(head.ledger_id == ledger_id, "-", "the checkpoint is of another ledger", "检查点属于另一账本")
    verify_inclusion(leaf_hash(leaf), number, head.size, found.path, head.root)
    paired = len(note.signatures) == len(found.certificates)
    _need(paired, "-", "lines and certificates differ in number", "签名与证书数量不符")
    for before, line in pairwise(note.signatures):
        _need(before.name < line.name, line.name, "it is there twice or out of order", "重复出现或次序错误")
    lines = zip(note.signatures, found.certificates, strict=True)
    return tuple(attested_by(line, der, note.text, channel) for line, der in lines)


def attested_by(line: NoteSignature, der: bytes, text: str, channel: Configuration) -> Cosignature:
    """One member's line, checked. Raises: as `check_attestation`."""
    msp = channel.msps.get(line.name) if line.name in channel.members else None
    if msp is None:
        raise _refused(line.name, "it is not of a member of the channel", "不属于通道成员")
    certificate = Certificate.from_der(der)
    _need(certificate.node_ou == NOTARY, line.name, "its certificate is no notary's", "其证书不是公证证书")
    key = NoteKey(line.name, certificate.ed25519_key.public_bytes_raw(), SignatureType.COSIGNATURE)
    _need(key.made(line), line.name, "it is by another key", "由其他密钥所签")
    key.verify(text, line)
    try:
        time = datetime.fromtimestamp(0, UTC) + timedelta(seconds=line.seconds)
    except OverflowError:
        raise _refused(line.name, "its time is beyond the calendar", "其时间超出日历范围") from None
    validate_chain(certificate, msp.roots, msp.intermediates, at=time)
    return Cosignature(line.name, time)


def counted(note: Note, certificates: Mapping[str, bytes], channel: Configuration) -> tuple[Note, tuple[bytes, ...]]:
    """The note with the lines that count, each member's newest, by MSP id; and their notaries' certificates."""
    newest: dict[str, NoteSignature] = {}
    for line in note.signatures:
        if line.name in certificates and _counts(line, certificates[line.name], note.text, channel):
            newest[line.name] = max(newest.get(line.name, line), line, key=lambda each: each.seconds)
    names = sorted(newest)
    return Note(note.text, tuple(newest[name] for name in names)), tuple(certificates[name] for name in names)


def _counts(line: NoteSignature, der: bytes, text: str, channel: Configuration) -> bool:
    try:
        attested_by(line, der, text, channel)
    except ChainFusionError:
        return False
    return True


def _need(holds: bool, name: str, why: str, why_zh: str) -> None:
    require(holds, _refused(name, why, why_zh))


def _refused(name: str, why: str, why_zh: str) -> AttestationRefused:
    return AttestationRefused(name=name[:80], why=why, why_zh=why_zh)
