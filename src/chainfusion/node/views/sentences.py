"""Operations as people say them, in English and Chinese: what a transaction did, without its subject."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from chainfusion.domain.document_kinds import DOCUMENT_KIND_NAMES, DocumentKind
from chainfusion.domain.errors import Text
from chainfusion.domain.opinions import CONCLUSION_NAMES, OPINION_KIND_NAMES, OpinionKind
from chainfusion.domain.roles import ROLE_NAMES, Role
from chainfusion.verify.verdict import tell

Args = dict[str, Any]
NameOf = Callable[[str], Text]
"""An institution's name by MSP id."""
KindOf = Callable[[str], str | None]
"""A document's kind by its id."""

_SAID: dict[str, Text] = {
    "consortium.found": Text("founded the consortium {name}", "创立了联盟「{name}」"),
    "consortium.propose": Text("proposed to the members: {change}", "向成员提议：{change}"),
    "consortium.vote": Text("voted {vote} on proposal {proposal}", "对提案 {proposal} 投{vote}票"),
    "consortium.withdraw": Text("withdrew proposal {proposal}", "撤回了提案 {proposal}"),
    "consortium.leave": Text("left the consortium", "退出了联盟"),
    "consortium.renew_keys": Text("renewed its keys", "更新了本机构的密钥"),
    "consortium.sign_agreement": Text(
        "signed version {version} of the participation agreement", "签署了联盟协议第 {version} 版"
    ),
    "deal.open": Text("opened the deal {name}", "设立了项目「{name}」"),
    "deal.accept": Text("accepted the role of {role}", "接受了{role}角色"),
    "deal.decline": Text("declined the role of {role}: {reason}", "婉拒了{role}角色：{reason}"),
    "deal.name_party": Text("named {party} as {role}", "指定{party}为{role}"),
    "deal.replace_party": Text("replaced {party} as {role}: {reason}", "更换了{role}{party}：{reason}"),
    "deal.close": Text("closed the deal: the pool is final", "封闭了项目：资产池不再变更"),
    "deal.cancel": Text("cancelled the deal: {reason}", "取消了项目：{reason}"),
    "pool.register": Text(
        "registered version {version} of the pool, {loans} loans", "登记了资产池第 {version} 版，{loans} 笔"
    ),
    "pool.acknowledge": Text("acknowledged version {version} of the pool", "确认了资产池第 {version} 版"),
    "migration.name_origin": Text(
        "named the earlier ledger {ledger}, of {size} blocks", "登记了原账本 {ledger}，共 {size} 个区块"
    ),
    "migration.link": Text(
        "linked {count} facts to the earlier ledger {ledger}", "将 {count} 项事实与原账本 {ledger} 相链接"
    ),
    "process-definition.propose": Text("proposed the process {process}", "提议了流程「{process}」"),
    "process-definition.vote": Text("voted {vote} on the process {process}", "对流程 {process} 投{vote}票"),
    "process.start": Text("started the process {process}", "启动了流程 {process}"),
    "process.act": Text("did step {step}", "办理了步骤 {step}"),
    "process.check": Text("checked step {step}: {vote}", "复核了步骤 {step}：{vote}"),
    "process.countersign": Text("countersigned step {step}", "会签了步骤 {step}"),
    "process.send_back": Text("returned step {step} to {target}: {reason}", "将步骤 {step} 退回至 {target}：{reason}"),
    "process.advance": Text("moved the deal on from step {step}", "推进了步骤 {step}"),
    "process.conclude": Text("recorded the end of the process", "登记流程结束"),
    "process.delegate": Text("delegated step {step}", "委托了步骤 {step}"),
    "process-version.propose": Text(
        "proposed that the deal go over to version {version} of its process: {reason}",
        "提议项目改用流程第 {version} 版：{reason}",
    ),
    "process-version.answer": Text("{agreed} to the change of version", "{agreed}变更流程版本"),
    "process-version.change": Text("let the deal go over to the version agreed upon", "使项目改用各方同意的流程版本"),
    "terms.register": Text("registered the deal terms", "登记了交易条款"),
    "terms.consent": Text("consented to version {version} of the terms", "同意了第 {version} 版交易条款"),
    "review.share": Text("let {guest} review version {version} of the pool", "邀请{guest}预览资产池第 {version} 版"),
    "review.remark": Text("reviewing version {version} of the pool: {ask}", "预览资产池第 {version} 版：{ask}"),
    "review.answer": Text("{vote} a remark on version {version} of the pool", "{vote}对资产池第 {version} 版的意见"),
    "review.state_removal": Text(
        "stated that version {version} of the pool is without a loan", "声明资产池第 {version} 版已移除一笔贷款"
    ),
    "document.require_kinds": Text("set an index of {count} kinds of documents", "设定了底稿目录，共 {count} 类"),
    "document.register": Text("registered version {version} of: {kind}", "登记了{kind}第 {version} 版"),
    "document.grant": Text("let {reader} read version {version} of: {kind}", "授予{reader}阅读{kind}第 {version} 版"),
    "document.state_opinion": Text("stated: {opinion}, {conclusion}", "出具{opinion}：{conclusion}"),
}
_CHANGES = {
    "admit": Text("admit {member}", "接纳{member}"),
    "suspend": Text("suspend {member}", "暂停{member}"),
    "reinstate": Text("reinstate {member}", "恢复{member}"),
    "replace": Text("replace the entry of {member}", "更新{member}的登记"),
    "amend-rules": Text("amend the rules", "修订规则"),
    "adopt-agreement": Text("adopt version {version} of the agreement", "采用联盟协议第 {version} 版"),
}


def sentence(operation: str, args: Args, name_of: NameOf, kind_of: KindOf) -> Text:
    """What a call does; for one that this program does not know, or that was malformed, the operation's own name."""
    template = _SAID.get(operation)
    if template is None:
        return Text(operation, operation)
    try:
        return tell(template, **_words(operation, args, name_of, kind_of))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return Text(operation, operation)  # a refused call may carry anything as its arguments


def edition() -> str:
    """Changes with the wording: what was kept as it was worded before is to be worded again."""
    said = "\n".join(f"{name} {text.en} {text.zh}" for name, text in (*_SAID.items(), *_CHANGES.items()))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _words(operation: str, args: Args, name_of: NameOf, kind_of: KindOf) -> dict[str, Any]:
    contract = operation.partition(".")[0]
    words = _WORDS.get(contract)
    return words(args, name_of) if words else _document(args, name_of, kind_of)


def _process(args: Args, name_of: NameOf) -> dict[str, Any]:
    del name_of
    definition = (args.get("definition") or {}).get("main") or {}
    words = {name: args.get(name) for name in ("process", "step", "target", "reason", "version")}
    if definition:
        words["process"] = Text(str(definition.get("name")), str(definition.get("name_zh")))
    words["vote"] = Text("yes", "赞成") if args.get("approve") else Text("no", "反对")
    words["agreed"] = Text("agreed", "同意") if args.get("agree") else Text("did not agree", "不同意")
    return words


def _governance(args: Args, name_of: NameOf) -> dict[str, Any]:
    words: dict[str, Any] = {"version": args.get("version"), "proposal": str(args.get("proposal"))[:8] + "…"}
    if "genesis" in args:
        genesis = args["genesis"]["genesis"]
        words["name"] = Text(genesis["name"], genesis["name_zh"])
    if "approve" in args:
        words["vote"] = Text("yes", "赞成") if args["approve"] else Text("no", "反对")
    if "change" in args:
        words["change"] = _change(args["change"], name_of)
    return words


def _change(change: Args, name_of: NameOf) -> Text:
    member = change.get("member")
    named = Text(member["name"], member["name_zh"]) if member else name_of(str(change.get("msp")))
    version = (change.get("agreement") or {}).get("version")
    return tell(_CHANGES[change["kind"]], member=named, version=version)


def _deal(args: Args, name_of: NameOf) -> dict[str, Any]:
    terms, party = args.get("terms") or {}, args.get("party") or {}
    role = args.get("role") or party.get("role")
    return {
        "name": Text(str(terms.get("name")), str(terms.get("name_zh"))),
        "role": _named(ROLE_NAMES, Role, role) if role else "",
        "party": name_of(party["msp"]) if party else "",
        "reason": args.get("reason"),
    }


def _pool(args: Args, name_of: NameOf) -> dict[str, Any]:
    del name_of
    pool = args["pool"]
    before = pool.get("replaces")
    version = pool.get("version") or (before["version"] + 1 if before else 1)
    return {"version": version, "loans": f"{pool.get('loans', 0):,}"}


def _review(args: Args, name_of: NameOf) -> dict[str, Any]:
    removal = args.get("ask") == "removal"
    return {
        "guest": name_of(str(args.get("guest"))),
        "version": (args.get("pool") or {}).get("version") or args.get("version"),
        "ask": Text("asked for a loan's removal", "请求移除一笔贷款") if removal else Text("a comment", "提出意见"),
        "vote": Text("accepted", "接受了") if args.get("accepted") else Text("refused", "未接受"),
    }


def _migration(args: Args, name_of: NameOf) -> dict[str, Any]:
    del name_of
    origin = args.get("origin") or {}
    ledger = str(args.get("ledger") or origin.get("ledger"))
    return {"ledger": f"{ledger[:8]}…", "size": origin.get("size"), "count": len(args.get("links") or ())}


def _document(args: Args, name_of: NameOf, kind_of: KindOf) -> dict[str, Any]:
    given = args.get("document")
    statement = args.get("statement") or {}
    fresh = given if isinstance(given, dict) else {}
    kind = fresh.get("kind") or kind_of(str(given))
    return {
        "count": len(args.get("entries") or ()),
        "kind": _named(DOCUMENT_KIND_NAMES, DocumentKind, kind) if kind else str(given),
        "version": fresh.get("version") or args.get("version"),
        "reader": name_of(str(args.get("reader"))),
        "opinion": _named(OPINION_KIND_NAMES, OpinionKind, statement.get("kind")) if statement else "",
        "conclusion": conclusion_name(str(statement.get("conclusion"))),
    }


def _named(names: dict[Any, Text], kind: type[StrEnum], value: Any) -> Text:
    return names[kind(value)]


def conclusion_name(conclusion: str) -> Text:
    """An opinion's conclusion in words; a rating's grade as it is."""
    return CONCLUSION_NAMES.get(conclusion, Text(conclusion, conclusion))


_WORDS: dict[str, Callable[[Args, NameOf], dict[str, Any]]] = {
    "consortium": _governance,
    "deal": _deal,
    "migration": _migration,
    "pool": _pool,
    "process": _process,
    "review": _review,
    "process-definition": _process,
    "process-version": _process,
    "terms": _process,
}
