"""How a verification is told: the names of its steps, and what each of them found."""

from __future__ import annotations

from dataclasses import asdict

from chainfusion.domain.errors import Text
from chainfusion.domain.membership import Member, Membership
from chainfusion.domain.records import to_json, utc_text
from chainfusion.ledger.evidence.certificates import Certificate
from chainfusion.ledger.evidence.cosignatures import Cosignature, cosignatures_needed, witnesses_of
from chainfusion.ledger.evidence.evidence_file import Evidence, Subject
from chainfusion.ledger.evidence.fabric.evidence_file import FABRIC
from chainfusion.verify.anchor import founding_of
from chainfusion.verify.history import History
from chainfusion.verify.statement import Statement
from chainfusion.verify.verdict import Recorder, Shape, Step, tell

STEP_NAMES = {
    "file": Text("File is evidence, each part in its place", "文件为存证格式，各部分齐备"),
    "loan": Text("Loan is in the registered pool", "贷款属于已登记的资产池"),
    "pool": Text("Pool is registered as shown", "资产池已按所示登记"),
    "document": Text("Document has the registered fingerprint", "文件与登记的数字指纹一致"),
    "decision": Text("Operation is on the ledger as shown", "操作已按所示记入账本"),
    "statement": Text("Stated in the transaction", "由交易载明"),
    "signature": Text("Transaction signed by a person of an active member", "交易由有效成员的人员签名"),
    "inclusion": Text("Transaction, accepted, in its block", "交易有效且在其区块中"),
    "orderer": Text("Block signed by the ordering member's node", "区块由排序成员的节点签名"),
    "log": Text("Block in the checkpoint", "区块在检查点中"),
    "checkpoint": Text("Checkpoint signed by the log's operator", "检查点由日志运营方签名"),
    "cosignatures": Text("Checkpoint cosigned by enough members", "检查点由足够成员联署"),
    "members": Text("Members lead back to the genesis", "成员可追溯至创世文件"),
    "founders": Text("Genesis signed by every founder", "创世文件由全体创始成员签名"),
    "trust": Text("Genesis is of the ledger that you trust", "创世文件属于您信任的账本"),
    "creator": Text("Transaction signed by a person of the channel", "交易由通道成员的人员签名"),
    "endorsements": Text("Result endorsed by enough members' peers", "结果由足够成员的节点背书"),
    "definition": Text("Contracts and their policy as the members defined them", "合约及其策略由成员共同定义"),
    "block": Text("Transaction in its block", "交易在其区块中"),
    "orderers": Text("Blocks signed by enough orderers", "区块由足够的排序节点签名"),
    "validity": Text("Recorded as valid by members' peers", "成员节点记录为有效"),
    "configurations": Text("Members lead back to the block that you trust", "成员可追溯至您信任的区块"),
    "anchor": Text("Channel is the one that you trust", "通道即您所信任的通道"),
}
_ON_FABRIC: tuple[Shape, ...] = (
    ("statement", (("creator", ()),)),
    ("endorsements", (("definition", ()),)),
    ("block", (("orderers", ()),)),
    ("validity", ()),
    ("configurations", (("anchor", ()),)),
)
_BELOW: tuple[Shape, ...] = (
    ("statement", (("signature", ()),)),
    ("inclusion", (("orderer", ()),)),
    ("log", (("checkpoint", ()), ("cosignatures", ()))),
    ("members", (("founders", ()), ("trust", ()))),
)
NO_DOCUMENT = Text(
    "You gave no document: no file of yours was compared with the registered fingerprint.",
    "您未提供文件：没有任何文件与登记的数字指纹进行比对。",
)


# ------------------------------------------------------------------ steps


def note_file(steps: Recorder, evidence: Evidence, ledger_id: str) -> None:
    """What the file says that it is about."""
    stated, head = evidence.stated, evidence.head
    proposal = stated.proposal
    steps.facts |= {
        "ledger": ledger_id,
        "engine": evidence.engine,
        "kind": evidence.subject.kind.value,
        "tx_id": proposal.tx_id,
        "operation": f"{proposal.contract}.{proposal.operation}",
        "args": proposal.args,
        "response": evidence.subject.response,
        "stated": utc_text(proposal.time),
        "block": stated.block,
        "index": stated.index,
        "checkpoint": {"origin": head.origin, "size": head.size, "root": head.root.hex()},
    }
    steps.note("file", tell(Text("Of ledger {ledger}", "账本 {ledger}"), ledger=ledger_id))


def note_founders(steps: Recorder, evidence: Evidence) -> None:
    """How many founders signed, and when."""
    genesis = founding_of(evidence).genesis
    steps.facts["consortium"] = {"name": genesis.name, "name_zh": genesis.name_zh, "founded": utc_text(genesis.founded)}
    template = Text("{name}, {count} founders, {founded}", "{name}，{count} 家创始成员，{founded}")
    name = Text(genesis.name, genesis.name_zh)
    steps.note("founders", tell(template, name=name, count=len(genesis.members), founded=genesis.founded))


def note_inclusion(steps: Recorder, evidence: Evidence) -> None:
    """Which transaction of which block."""
    stated = evidence.stated
    header = evidence.header(stated.block)
    steps.facts |= {"count": header.count, "recorded": utc_text(header.time)}
    template = Text(
        "Transaction {place} of {count} in block {block}",
        "区块 {block} 的第 {place} 笔交易，共 {count} 笔",
    )
    steps.note("inclusion", tell(template, place=stated.index + 1, count=header.count, block=stated.block))


def note_log(steps: Recorder, evidence: Evidence) -> None:
    """Which block under which head."""
    template = Text("Block {block} in checkpoint {size}", "区块 {block} 在检查点 {size} 中")
    steps.note("log", tell(template, block=evidence.stated.block, size=evidence.head.size))


def note_members(steps: Recorder, evidence: Evidence) -> None:
    """How many governance transactions lie between the genesis and the checkpoint."""
    changes = sum(each.is_governance for each in evidence.transactions) - 1
    steps.facts["governance"] = changes
    template = Text("Genesis, then {changes} governance transactions", "创世之后 {changes} 笔治理交易")
    steps.note("members", tell(template, changes=changes))


def note_creator(steps: Recorder, step: str, msp: str, name: Text, creator: Certificate) -> None:
    """Who signed, for which member, in which roles."""
    roles = sorted(role.value for role in creator.roles)
    steps.facts |= {
        "member": {"msp": msp, "name": name.en, "name_zh": name.zh},
        "person": {
            "name": creator.subject,
            "roles": roles,
            "certificate": creator.fingerprint,
            "not_after": utc_text(creator.not_after),
        },
    }
    template = Text(
        "{person} of {member} ({msp}); the certificate states: {roles}; valid to {until}",
        "{member}（{msp}）的 {person}；证书载明角色：{roles}；有效期至 {until}",
    )
    listed = ", ".join(roles) or "-"
    told = {"person": creator.subject, "member": name, "msp": msp, "roles": listed}
    steps.note(step, tell(template, **told, until=creator.not_after))


def note_checkpoint(steps: Recorder, history: History) -> None:
    """Who operates the log."""
    steps.note("checkpoint", member_name(history.last.members[history.last.rules.orderer]))


def note_cosignatures(steps: Recorder, history: History, cosigned: tuple[Cosignature, ...]) -> None:
    """Who cosigned, of how many, and how many were needed."""
    membership = history.last
    steps.facts["cosignatures"] = {
        "by": [{"time": utc_text(each.time)} | _member_json(membership.members[each.msp]) for each in cosigned],
        "needed": cosignatures_needed(membership),
        "witnesses": len(witnesses_of(membership)),
    }
    template = Text(
        "Cosigned by {found} of {all} witnessing members, {needed} needed: {names}",
        "{all} 家见证成员中的 {found} 家联署，需 {needed} 家：{names}",
    )
    numbers = {"found": len(cosigned), "all": len(witnesses_of(membership)), "needed": cosignatures_needed(membership)}
    steps.note("cosignatures", tell(template, **numbers, names=_names(membership, cosigned)))


def note_statement(steps: Recorder, subject: Subject, statement: Statement) -> None:
    """Which operation, of which deal, with what opened."""
    opening = subject.document
    steps.facts |= {"deal": statement.deal}
    if statement.document and opening:
        steps.facts["document"] = to_json(statement.document) | {"content_sha256": opening.content_sha256.hex()}
    if statement.pool:
        steps.facts["pool"] = {"root": statement.pool.root.hex(), "loans": statement.pool.count}
    if statement.loan and subject.loan:
        steps.facts["loan"] = {"index": subject.loan.index} | asdict(statement.loan)
    template = Text("{operation} in transaction {tx_id}", "交易 {tx_id} 中的 {operation}")
    if statement.deal:
        template = Text(template.en + ", deal {deal}", template.zh + "，项目 {deal}")
    told = {"operation": statement.operation, "tx_id": subject.tx_id, "deal": statement.deal}
    steps.note("statement", tell(template, **told))


# ------------------------------------------------------------------ shapes


def tree(steps: Recorder) -> tuple[Step, ...]:
    """The steps as people read them: the file, then the subject with all that it rests on."""
    kind = steps.facts.get("kind")
    file = steps.tree(("file", ()))
    below = _ON_FABRIC if steps.facts.get("engine") == FABRIC else _BELOW
    return (file,) if kind is None else (file, steps.tree((kind, below)))


def member_name(member: Member) -> Text:
    """A member's name in both languages."""
    return Text(member.name, member.name_zh)


def _member_json(member: Member) -> dict[str, str]:
    return {"msp": member.msp, "name": member.name, "name_zh": member.name_zh}


def _names(membership: Membership, cosigned: tuple[Cosignature, ...]) -> Text:
    members = [membership.members[each.msp] for each in cosigned]
    return Text(", ".join(member.name for member in members), "、".join(member.name_zh for member in members))
