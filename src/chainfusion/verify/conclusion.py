"""What a verification comes to: one sentence, what is proven, and what is not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chainfusion.domain.errors import Text
from chainfusion.ledger.evidence.evidence_file import SubjectKind
from chainfusion.verify.report import tree
from chainfusion.verify.statement import Statement
from chainfusion.verify.verdict import Recorder, Verdict, VerificationFailed, tell

NOTHING_PROVEN = Text("Stopped there: nothing about the subject is proven.", "验证就此停止：未证明任何内容。")


@dataclass(frozen=True)
class Proven:
    """What holds, once all of it does, whichever the engine.

    `by` is the member whose `person` signed and `on` when it was recorded, or stated where the engine tells no more;
    `recorded` says who saw it on the ledger, `caveat` what must be said in the same breath, and `unproven` what this
    engine's evidence leaves open.
    """

    kind: SubjectKind
    statement: Statement
    loan_index: int | None
    document_checked: bool
    by: Text
    person: str
    on: datetime
    recorded: Text
    caveat: Text | None = None
    unproven: tuple[Text, ...] = ()


def failed(steps: Recorder, refusal: VerificationFailed) -> Verdict:
    """The verdict where a check did not hold."""
    title = Text(refusal.message("en"), refusal.message("zh"))
    return Verdict(tree(steps), title, refusal, (), (NOTHING_PROVEN,), steps.facts)


def held(steps: Recorder, proven: Proven) -> Verdict:
    """The verdict where everything holds."""
    proves = (_subject(proven), _signed(proven), proven.recorded)
    return Verdict(tree(steps), _title(proven), None, proves, _not_proven(proven), steps.facts)


# ------------------------------------------------------------------ sentences


def _title(proven: Proven) -> Text:
    told = {"deal": proven.statement.deal or "-", "by": proven.by, "on": proven.on}
    caveat = proven.caveat
    ordered = caveat is not None and proven.kind is SubjectKind.DECISION
    template = _ORDERED if ordered else _TITLES[proven.kind, proven.document_checked]
    title = tell(template, **told, **_words(proven))
    return Text(f"{title.en} {caveat.en}", f"{title.zh}{caveat.zh}") if caveat else title


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


_ORDERED = Text(
    "{operation} was endorsed by the members' peers and ordered for {by} on {on}.",
    "{by}的 {operation} 操作于 {on} 经成员节点背书并排序。",
)


def _words(proven: Proven) -> dict[str, object]:
    statement = proven.statement
    words: dict[str, object] = {"operation": statement.operation, "kind": statement.document_kind}
    if statement.document:
        words["version"] = statement.document.version
    if statement.pool:
        words["loans"] = statement.pool.count
    if statement.loan and proven.loan_index is not None:
        words |= {"loan": statement.loan.loan_id, "number": proven.loan_index + 1}
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
    return tell(template, by=proven.by, person=proven.person)


def _not_proven(proven: Proven) -> tuple[Text, ...]:
    lines = [
        Text("That what was stated is true.", "所陈述的内容属实。"),
        Text("That nothing later replaces it.", "此后没有内容取代它。"),
        Text(
            "That the contract was run rightly: members that replay the ledger check it.",
            "合约执行正确：由重放账本的成员核验。",
        ),
    ]
    lines = [*proven.unproven, *lines]
    if proven.kind is SubjectKind.DOCUMENT and not proven.document_checked:
        lines.insert(0, Text("That any file of yours is this document.", "您持有的任何文件即为该文件。"))
    if proven.kind in (SubjectKind.LOAN, SubjectKind.POOL):
        lines.append(Text("Who else has a claim on the loans.", "他人对贷款不享有权利。"))
    return tuple(lines)
