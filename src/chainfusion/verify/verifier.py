"""The offline verifier: from an evidence file and what the user trusts to a verdict, step by step.

Pure: no clock, network or file beyond the user's document, which is read once as a stream. The order of the checks is
the order of `_examine`; the first that does not hold ends the verification and says what follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.records import utc_text
from chainfusion.ledger.evidence.certificates import Certificate
from chainfusion.ledger.evidence.cosignatures import Cosignature, check_cosignatures, check_log_signature
from chainfusion.ledger.evidence.evidence_file import Evidence, SubjectKind, read_evidence
from chainfusion.verify import conclusion, report
from chainfusion.verify.anchor import OtherLedger, check_consistency, check_founders, founding_of, read_anchor
from chainfusion.verify.conclusion import Proven
from chainfusion.verify.history import (
    MAX_CLOCK_DIFFERENCE,
    History,
    certificates_of,
    check_blocks,
    check_creator,
    check_orderer,
    check_places,
    replay,
)
from chainfusion.verify.statement import DocumentDiffers, Progress, fingerprint_of, read_statement
from chainfusion.verify.verdict import Recorder, Status, Verdict, VerificationFailed


class TimeImpossible(ChainFusionError):
    """A time in the evidence that cannot be: a checkpoint cosigned before its last block, or after it was verified."""

    code = "TIME_IMPOSSIBLE"
    says = Text("{what} states the time {found}: impossible, {limit}.", "{what} 所载时间 {found} 不可能：{limit_zh}。")
    do = Text("Check your clock; if it is right, reject the evidence.", "请核对时钟；若时钟无误，请拒绝该存证。")


@dataclass(frozen=True)
class Question:
    """What the user asks. `at` is the time of asking, or None where no clock is to be trusted."""

    evidence: bytes
    trust: bytes
    document: BinaryIO | None
    expect_deal: str | None
    expect_ledger: str | None
    at: datetime | None
    progress: Progress | None


def verify(
    evidence: bytes,
    trust: bytes,
    document: BinaryIO | None = None,
    *,
    expect_deal: str | None = None,
    expect_ledger: str | None = None,
    at: datetime | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """What an evidence file proves to one who trusts `trust`: a genesis file or a checkpoint note, as bytes.

    `document` is the file that the evidence is said to be of, open for reading in binary; it is read once and in
    constant memory, and `progress` is told the bytes read so far. `expect_deal` and `expect_ledger` refuse evidence of
    another deal or ledger; `at` (now, in UTC) refuses what was signed later than that.

    Malformed input of any kind is a failed verdict, never an exception. Raises: OSError where the document cannot be
    read.
    """
    question = Question(evidence, trust, document, expect_deal, expect_ledger, at, progress)
    steps = Recorder(report.STEP_NAMES)
    try:
        proven = _examine(question, steps)
    except VerificationFailed as refusal:
        return conclusion.failed(steps, refusal)
    return conclusion.held(steps, proven)


def _examine(question: Question, steps: Recorder) -> Proven:
    with steps.step("file"):
        evidence = read_evidence(question.evidence)
        ledger_id = founding_of(evidence).genesis.ledger_id
        report.note_file(steps, evidence, ledger_id)
    with steps.step("trust"):
        anchor = read_anchor(question.trust)
        steps.note("trust", anchor.vouch(evidence))
        check_consistency(evidence)
        _expect_ledger(question, ledger_id)
    with steps.step("founders"):
        check_founders(founding_of(evidence))
        report.note_founders(steps, evidence)
    with steps.step("inclusion"):
        check_places(evidence, ledger_id)
        report.note_inclusion(steps, evidence)
    with steps.step("log"):
        check_blocks(evidence, ledger_id)
        report.note_log(steps, evidence)
    with steps.step("members"):
        history = replay(evidence)
        report.note_members(steps, evidence)
    with steps.step("orderer"):
        orderers = [check_orderer(block, history.before[block.header.number]) for block in evidence.blocks]
        steps.note("orderer", Text(orderers[-1].msp, orderers[-1].msp))
    with steps.step("signature"):
        creator = _creator(evidence, history)
        report.note_creator(steps, evidence, history, creator)
    with steps.step("checkpoint"):
        check_log_signature(evidence.note, history.last, evidence.blocks[-1].header.time)
        report.note_checkpoint(steps, history)
    with steps.step("cosignatures"):
        cosigned = check_cosignatures(evidence.note, history.last)
        _check_times(evidence, cosigned, question.at)
        report.note_cosignatures(steps, history, cosigned)
    with steps.step("statement"):
        statement = read_statement(evidence, question.expect_deal)
        report.note_statement(steps, evidence, statement)
    checked = _examine_document(question, evidence, steps)
    return Proven(evidence, history, creator, cosigned, statement, checked)


def _examine_document(question: Question, evidence: Evidence, steps: Recorder) -> bool:
    kind = evidence.subject.kind
    with steps.step(kind.value):
        if question.document is not None:
            found = fingerprint_of(evidence, question.document, question.progress)
            steps.facts["document"]["found"] = found.hex()
            require(found.hex() == steps.facts["document"]["fingerprint"], DocumentDiffers())
            return True
    if kind is SubjectKind.DOCUMENT:
        steps.note(kind.value, report.NO_DOCUMENT, Status.NOT_CHECKED)
    return False


def _creator(evidence: Evidence, history: History) -> Certificate:
    each = evidence.stated
    return check_creator(each, evidence.header(each.block), history.at_subject, certificates_of(evidence))


def _expect_ledger(question: Question, ledger_id: str) -> None:
    expected = question.expect_ledger
    require(expected in (None, ledger_id), OtherLedger(found=ledger_id, trusted=expected))


def _check_times(evidence: Evidence, cosigned: tuple[Cosignature, ...], at: datetime | None) -> None:
    last = evidence.blocks[-1].header.time
    for each in cosigned:
        _require_time(each.time >= last - MAX_CLOCK_DIFFERENCE, each.msp, each.time, _EARLY)
    if at is None:
        return
    for what, time in [("block", last), *((each.msp, each.time) for each in cosigned)]:
        _require_time(time <= at + MAX_CLOCK_DIFFERENCE, what, time, _LATE)


def _require_time(holds: bool, what: str, found: datetime, limit: Text) -> None:
    require(holds, TimeImpossible(what=what, found=utc_text(found), limit=limit.en, limit_zh=limit.zh))


_EARLY = Text("before the last block", "早于最后一个区块")
_LATE = Text("after now", "晚于当前时间")
