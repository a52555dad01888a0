"""What the user asks, and what is asked alike of evidence from every engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.records import utc_text
from chainfusion.ledger.evidence.evidence_file import Subject, SubjectKind
from chainfusion.ledger.evidence.transaction import MAX_CLOCK_DIFFERENCE
from chainfusion.verify import report
from chainfusion.verify.anchor import OtherLedger
from chainfusion.verify.statement import DocumentDiffers, Progress, fingerprint_of
from chainfusion.verify.verdict import Recorder, Status


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

    def expect(self, ledger_id: str) -> None:
        """Raises OtherLedger where another ledger was expected."""
        expected = self.expect_ledger
        require(expected in (None, ledger_id), OtherLedger(found=ledger_id, trusted=expected))

    def examine_document(self, subject: Subject, steps: Recorder) -> bool:
        """Whether the user's file was compared, and is the one that the evidence is of. Raises: VerificationFailed."""
        kind = subject.kind
        with steps.step(kind.value):
            if self.document is not None:
                found = fingerprint_of(subject, self.document, self.progress)
                steps.facts["document"]["found"] = found.hex()
                require(found.hex() == steps.facts["document"]["fingerprint"], DocumentDiffers())
                return True
        if kind is SubjectKind.DOCUMENT:
            steps.note(kind.value, report.NO_DOCUMENT, Status.NOT_CHECKED)
        return False

    def require_past(self, what: str, time: datetime) -> None:
        """Raises TimeImpossible where a time lies after the time of asking."""
        if self.at is not None:
            require_time(time <= self.at + MAX_CLOCK_DIFFERENCE, what, time, _LATE)


def require_after(what: str, time: datetime, least: datetime) -> None:
    """Raises TimeImpossible where a cosignature's time lies before what it is on."""
    require_time(time >= least - MAX_CLOCK_DIFFERENCE, what, time, _EARLY)


def require_time(holds: bool, what: str, found: datetime, limit: Text) -> None:
    """Raises TimeImpossible unless it holds."""
    require(holds, TimeImpossible(what=what, found=utc_text(found), limit=limit.en, limit_zh=limit.zh))


_EARLY = Text("before the last block", "早于最后一个区块")
_LATE = Text("after now", "晚于当前时间")
