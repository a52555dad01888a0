"""The offline verifier: from an evidence file and what the user trusts to a verdict, step by step.

Pure: no clock, network or file beyond the user's document, which is read once as a stream. Each engine has its own
checks; the first that does not hold ends the verification and says what follows.
"""

from __future__ import annotations

from datetime import datetime
from typing import BinaryIO

from chainfusion.ledger.evidence.fabric.evidence_file import FabricEvidence, read_any_evidence
from chainfusion.verify import conclusion, embedded, fabric, report
from chainfusion.verify.conclusion import Proven
from chainfusion.verify.question import Question
from chainfusion.verify.question import TimeImpossible as TimeImpossible
from chainfusion.verify.statement import Progress
from chainfusion.verify.verdict import Recorder, Verdict, VerificationFailed


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
    """What an evidence file proves to one who trusts `trust`: a genesis file, a checkpoint note, or an anchor of a
    Fabric channel, as bytes.

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
        evidence = read_any_evidence(question.evidence)
    if isinstance(evidence, FabricEvidence):
        return fabric.examine(question, evidence, steps)
    return embedded.examine(question, evidence, steps)
