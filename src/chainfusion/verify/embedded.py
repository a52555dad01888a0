"""Evidence of an embedded ledger, step by step: the order of the checks is the order of `examine`."""

from __future__ import annotations

from chainfusion.domain.errors import Text
from chainfusion.ledger.evidence.certificates import Certificate
from chainfusion.ledger.evidence.cosignatures import Cosignature, check_cosignatures, check_log_signature
from chainfusion.ledger.evidence.evidence_file import Evidence
from chainfusion.verify import report
from chainfusion.verify.anchor import check_consistency, check_founders, founding_of, log_anchor
from chainfusion.verify.conclusion import Proven
from chainfusion.verify.history import (
    History,
    certificates_of,
    check_blocks,
    check_creator,
    check_orderer,
    check_places,
    replay,
)
from chainfusion.verify.question import Question, require_after
from chainfusion.verify.report import member_name
from chainfusion.verify.statement import Statement, read_statement
from chainfusion.verify.verdict import Recorder, tell


def examine(question: Question, evidence: Evidence, steps: Recorder) -> Proven:
    """What the evidence proves. Raises: VerificationFailed at the first check that does not hold."""
    with steps.step("file"):
        ledger_id = founding_of(evidence).genesis.ledger_id
        report.note_file(steps, evidence, ledger_id)
    with steps.step("trust"):
        anchor = log_anchor(question.trust)
        steps.note("trust", anchor.vouch(evidence))
        check_consistency(evidence)
        question.expect(ledger_id)
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
        member = history.at_subject.members[evidence.stated.proposal.creator.msp]
        report.note_creator(steps, "signature", member.msp, member_name(member), creator)
    with steps.step("checkpoint"):
        check_log_signature(evidence.note, history.last, evidence.blocks[-1].header.time)
        report.note_checkpoint(steps, history)
    with steps.step("cosignatures"):
        cosigned = check_cosignatures(evidence.note, history.last)
        _check_times(evidence, cosigned, question)
        report.note_cosignatures(steps, history, cosigned)
    with steps.step("statement"):
        stated, subject = evidence.stated, evidence.subject
        statement = read_statement(subject, stated.proposal, stated.outcome.response, question.expect_deal)
        report.note_statement(steps, subject, statement)
    checked = question.examine_document(evidence.subject, steps)
    return _proven(evidence, statement, checked, member_name(member), creator, cosigned)


def _creator(evidence: Evidence, history: History) -> Certificate:
    each = evidence.stated
    return check_creator(each, evidence.header(each.block), history.at_subject, certificates_of(evidence))


def _check_times(evidence: Evidence, cosigned: tuple[Cosignature, ...], question: Question) -> None:
    last = evidence.blocks[-1].header.time
    for each in cosigned:
        require_after(each.msp, each.time, last)
    for what, time in [("block", last), *((each.msp, each.time) for each in cosigned)]:
        question.require_past(what, time)


def _proven(
    evidence: Evidence,
    statement: Statement,
    checked: bool,
    by: Text,
    creator: Certificate,
    cosigned: tuple[Cosignature, ...],
) -> Proven:
    opening = evidence.subject.loan
    return Proven(
        kind=evidence.subject.kind,
        statement=statement,
        loan_index=opening.index if opening else None,
        document_checked=checked,
        by=by,
        person=creator.subject,
        on=evidence.header(evidence.stated.block).time,
        recorded=_recorded(cosigned),
    )


def _recorded(cosigned: tuple[Cosignature, ...]) -> Text:
    template = Text(
        "It was on the ledger no later than {time}, and {count} other members have seen it there.",
        "其不晚于 {time} 已在账本上，且另有 {count} 家成员见证。",
    )
    return tell(template, time=max(each.time for each in cosigned), count=len(cosigned))
