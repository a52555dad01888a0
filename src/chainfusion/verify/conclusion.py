"""What a verification comes to: one sentence, what is proven, and what is not."""

from __future__ import annotations

from dataclasses import dataclass

from chainfusion.domain.errors import Text
from chainfusion.domain.membership import Member
from chainfusion.ledger.evidence.block import BlockHeader
from chainfusion.ledger.evidence.certificates import Certificate
from chainfusion.ledger.evidence.cosignatures import Cosignature
from chainfusion.ledger.evidence.evidence_file import Evidence, SubjectKind
from chainfusion.verify.history import History
from chainfusion.verify.report import member_name, tree
from chainfusion.verify.statement import Statement
from chainfusion.verify.verdict import Recorder, Verdict, VerificationFailed, tell

NOTHING_PROVEN = Text("Stopped there: nothing about the subject is proven.", "验证就此停止：未证明任何内容。")


@dataclass(frozen=True)
class Proven:
    """Everything that holds, once all of it does."""

    evidence: Evidence
    history: History
    creator: Certificate
    cosigned: tuple[Cosignature, ...]
    statement: Statement
    document_checked: bool

    @property
    def kind(self) -> SubjectKind:
        """What the evidence is of."""
        return self.evidence.subject.kind

    @property
    def member(self) -> Member:
        """Whose person signed."""
        return self.history.at_subject.members[self.evidence.stated.proposal.creator.msp]

    @property
    def header(self) -> BlockHeader:
        """The block that recorded it."""
        return self.evidence.header(self.evidence.stated.block)


def failed(steps: Recorder, refusal: VerificationFailed) -> Verdict:
    """The verdict where a check did not hold."""
    title = Text(refusal.message("en"), refusal.message("zh"))
    return Verdict(tree(steps), title, refusal, (), (NOTHING_PROVEN,), steps.facts)


def held(steps: Recorder, proven: Proven) -> Verdict:
    """The verdict where everything holds."""
    proves = (_subject(proven), _signed(proven), _recorded(proven))
    return Verdict(tree(steps), _title(proven), None, proves, _not_proven(proven), steps.facts)


# ------------------------------------------------------------------ sentences


def _title(proven: Proven) -> Text:
    told = {"deal": proven.statement.deal or "-", "by": member_name(proven.member), "on": proven.header.time}
    return tell(_TITLES[proven.kind, proven.document_checked], **told, **_words(proven))


_TITLES = {
    (SubjectKind.DOCUMENT, True): Text(
        "This document is version {version} of the {kind} of deal {deal}, registered by {by} on {on}.",
        "此文件是项目 {deal} 的{kind}第 {version} 版，由{by}于 {on} 登记。",
    ),
    (SubjectKind.DOCUMENT, False): Text(
        "Version {version} of the {kind} of deal {deal} was registered by {by} on {on}; no document was checked.",
        "项目 {deal} 的{kind}第 {version} 版由{by}于 {on} 登记；未核对任何文件。",
    ),
    (SubjectKind.LOAN, False): Text(
        "Loan {loan} is number {number} of {loans} in the pool of deal {deal}, registered by {by} on {on}.",
        "贷款 {loan} 是项目 {deal} 资产池 {loans} 笔中的第 {number} 笔，由{by}于 {on} 登记。",
    ),
    (SubjectKind.POOL, False): Text(
        "The pool of deal {deal}, {loans} loans, was registered by {by} on {on}.",
        "项目 {deal} 的资产池（{loans} 笔贷款）由{by}于 {on} 登记。",
    ),
    (SubjectKind.DECISION, False): Text(
        "{operation} was accepted by the ledger for {by} on {on}.",
        "{by}的 {operation} 操作于 {on} 被账本接受。",
    ),
}


def _words(proven: Proven) -> dict[str, object]:
    statement, opening = proven.statement, proven.evidence.subject.loan
    words: dict[str, object] = {"operation": statement.operation, "kind": statement.document_kind}
    if statement.document:
        words["version"] = statement.document.version
    if statement.pool:
        words["loans"] = statement.pool.count
    if statement.loan and opening:
        words |= {"loan": statement.loan.loan_id, "number": opening.index + 1}
    return words


def _subject(proven: Proven) -> Text:
    if proven.kind is SubjectKind.DOCUMENT and not proven.document_checked:
        return Text(
            "A document with the SHA-256 that the evidence states was registered, by its salted fingerprint.",
            "摘要（SHA-256）如存证所载的文件，已以加盐数字指纹登记。",
        )
    return _SUBJECTS[proven.kind]


_SUBJECTS = {
    SubjectKind.DOCUMENT: Text(
        "Every byte of the file is as it was when registered.", "该文件的每个字节与登记时一致。"
    ),
    SubjectKind.LOAN: Text(
        "Every field of the loan is as it was in the tape when the pool was registered.",
        "该笔贷款的各字段与资产池登记时资产清单所载一致。",
    ),
    SubjectKind.POOL: Text(
        "The root, the number of loans and the statistics shown are those that were registered.",
        "所示的根、贷款笔数与统计数据即登记时的数据。",
    ),
    SubjectKind.DECISION: Text(
        "The arguments and the contract's answer shown are those on the ledger.",
        "所示参数与合约返回即账本所载内容。",
    ),
}


def _signed(proven: Proven) -> Text:
    template = Text(
        "{by} signed for it: {person}, whose certificate was valid when it was recorded.",
        "由{by}签署：{person}，其证书在记账时有效。",
    )
    return tell(template, by=member_name(proven.member), person=proven.creator.subject)


def _recorded(proven: Proven) -> Text:
    template = Text(
        "It was on the ledger no later than {time}, and {count} other members have seen it there.",
        "其不晚于 {time} 已在账本上，且另有 {count} 家成员见证。",
    )
    return tell(template, time=max(each.time for each in proven.cosigned), count=len(proven.cosigned))


def _not_proven(proven: Proven) -> tuple[Text, ...]:
    lines = [
        Text("That what was stated is true.", "所陈述的内容属实。"),
        Text("That nothing later replaces it.", "此后没有内容取代它。"),
        Text(
            "That the contract was run rightly: members that replay the ledger check it.",
            "合约执行正确：由重放账本的成员核验。",
        ),
    ]
    if proven.kind is SubjectKind.DOCUMENT and not proven.document_checked:
        lines.insert(0, Text("That any file of yours is this document.", "您持有的任何文件即为该文件。"))
    if proven.kind in (SubjectKind.LOAN, SubjectKind.POOL):
        lines.append(Text("Who else has a claim on the loans.", "他人对贷款不享有权利。"))
    return tuple(lines)
