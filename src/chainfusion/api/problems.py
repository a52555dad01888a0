"""Refusals over HTTP: which status a typed error has, and the problem document (RFC 9457) that tells it."""

from __future__ import annotations

from typing import Any

from fastapi.responses import JSONResponse

from chainfusion.api.statuses import OF_CONTRACTS
from chainfusion.domain.errors import ChainFusionError, Text

STATUSES = {
    "NOT_FOUND": 404,
    "NO_SUCH_PAGE": 404,
    "NOT_ON_LEDGER": 404,
    "STATE_REFUSED": 404,
    "UNKNOWN_DEAL": 404,
    "POOL_NOT_REGISTERED": 404,
    "DOCUMENT_MISSING": 404,
    "LOAN_UNKNOWN": 404,
    "TERMS_UNKNOWN": 404,
    "NO_SUCH_PERIOD": 404,
    "JOB_UNKNOWN": 404,
    "POOL_VERSION_UNKNOWN": 404,
    "NO_DRAFT": 404,
    "NOT_THE_ORIGINATOR": 403,
    "JOB_NOT_YOURS": 403,
    "JOB_ENDED": 409,
    "JOB_PAST_STOPPING": 409,
    "JOBS_ELSEWHERE": 503,
    "TOO_MANY_JOBS": 429,
    "DRAFT_CHANGED": 409,
    "TAPE_NOT_READY": 409,
    "CRITERIA_NOT_MET": 409,
    "ROOT_DIFFERS": 409,
    "TAPE_TOO_LARGE": 413,
    "TAPE_BAD_MAPPING": 422,
    "BAD_CRITERIA": 422,
    "BAD_LOAN_FILTER": 422,
    "SIGN_IN_NEEDED": 401,
    "SIGN_IN_REFUSED": 401,
    "TOKEN_REFUSED": 401,
    "LINK_SPENT": 403,
    "PASSKEY_REFUSED": 403,
    "PROVIDER_REFUSED": 403,
    "SIGN_IN_AGAIN": 403,
    "TOKEN_READS_ONLY": 403,
    "NOT_FOR_PROGRAMS": 403,
    "FORM_STALE": 403,
    "KEY_LOCKED": 403,
    "WRONG_PASSWORD": 403,
    "NO_SUCH_ENTRY": 404,
    "TOO_SLOW": 408,
    "NOT_ENCRYPTED": 421,
    "PASSWORD_UNFIT": 422,
    "SIGN_IN_PAUSED": 429,
    "TOO_MANY_REQUESTS": 429,
    "NOT_GRANTED": 403,
    "OPENINGS_MISSING": 403,
    "OTHER_SITE": 403,
    "NOT_IN_CHECKPOINT": 409,
    "EVIDENCE_UNSOUND": 409,
    "CUT_OFF_DIFFERS": 409,
    "NOTHING_TO_PROJECT": 409,
    "UPLOAD_TOO_LARGE": 413,
    "OTHER_HOST": 421,
    "BAD_ADDRESS": 422,
    "NOT_AN_ANALYSIS": 404,
    "BAD_SCENARIO": 422,
    "ANOTHER_TEXT": 422,
    "BAD_CARD": 422,
    "BAD_DEAL": 422,
    "BAD_PROCESS_FILE": 422,
    "NOT_BPMN": 422,
    "BPMN_REFUSED": 422,
    "DEFINITION_REFUSED": 422,
    "DEFINITION_UNSOUND": 422,
    "BAD_SHARE": 422,
    "BAD_INQUIRY": 422,
    "BAD_ANALYSIS": 422,
    "UNKNOWN_QUESTION": 422,
    "NO_DEFAULTS": 422,
    "NO_SOLUTION": 422,
    "ASSUMED_UNKNOWN": 422,
    "INDEX_NEEDED": 422,
    "FORM_REFUSED": 422,
    "FAILED": 500,
} | {code: status for status, codes in OF_CONTRACTS.items() for code in codes.split()}


class NoSuchPage(ChainFusionError):
    """An address that leads nowhere."""

    code = "NO_SUCH_PAGE"
    says = Text("There is no page at this address.", "此地址没有页面。")
    do = Text("Start from the deals, or search the ledger.", "请从项目列表开始，或在账本中搜索。")


class BadAddress(ChainFusionError):
    """A part of the address that is not of the form it needs."""

    code = "BAD_ADDRESS"
    says = Text("{where} of the address is not what it should be: {why}.", "地址中的 {where} 不符合要求：{why}。")
    do = Text("Follow a link instead, or correct the address.", "请通过链接访问，或更正地址。")


class FormRefused(ChainFusionError):
    """A form that cannot be read."""

    code = "FORM_REFUSED"
    says = Text("The form cannot be used: {why}.", "表单无法使用：{why_zh}。")
    do = Text("Choose the files again and send the form once more.", "请重新选择文件并再次提交。")


class UploadTooLarge(ChainFusionError):
    """More bytes than this node takes at once."""

    code = "UPLOAD_TOO_LARGE"
    says = Text("More than {limit} bytes were sent; nothing was kept.", "提交内容超过 {limit} 字节；未保留任何内容。")
    do = Text(
        "Use `chainfusion verify` on your own machine: it reads files of any size.",
        "请在本机使用 `chainfusion verify`，其对文件大小没有限制。",
    )


class OtherSite(ChainFusionError):
    """A form sent from another site."""

    code = "OTHER_SITE"
    says = Text("The form was sent from another site; nothing was done.", "该表单来自其他站点，未执行任何操作。")
    do = Text("Open this workspace's own page and send it from there.", "请在本工作台的页面中提交。")


class OtherHost(ChainFusionError):
    """A request under a name that this node does not serve."""

    code = "OTHER_HOST"
    says = Text("This node does not serve the name {host}.", "本节点不以 {host} 之名提供服务。")
    do = Text("Use the address that `chainfusion serve` printed.", "请使用 `chainfusion serve` 显示的地址。")


class NotEncrypted(ChainFusionError):
    """A request that came past the encryption that the node stands behind."""

    code = "NOT_ENCRYPTED"
    says = Text("This node answers encrypted requests alone.", "本节点仅应答加密请求。")
    do = Text("Use its https address.", "请使用 https 地址。")


class TooSlow(ChainFusionError):
    """A body that does not come."""

    code = "TOO_SLOW"
    says = Text("What was to be sent did not come in {seconds} s; nothing was kept.",
                "提交内容未在 {seconds} 秒内到达；未保留任何内容。")  # fmt: skip
    do = Text("Send it again over a faster connection.", "请通过更快的网络重新提交。")


class Failed(ChainFusionError):
    """Something that should not happen."""

    code = "FAILED"
    says = Text("This page could not be made; nothing was changed.", "页面生成失败，未改变任何内容。")
    do = Text("Try again; the node's log has the details.", "请重试；详情见节点日志。")


def status_of(error: ChainFusionError) -> int:
    """The HTTP status of a refusal; 400 where nothing better is known."""
    return STATUSES.get(error.code, 400)


def problem(error: ChainFusionError, lang: str = "en") -> JSONResponse:
    """`application/problem+json` with the error's code and facts, and both sentences in `lang`."""
    body: dict[str, Any] = {
        "type": f"urn:chainfusion:error:{error.code.lower().replace('_', '-')}",
        "title": error.message(lang),
        "status": status_of(error),
        "detail": error.remedy(lang),
        "code": error.code,
        "facts": error.facts,
    }
    return JSONResponse(body, status_of(error), headers_of(error), media_type="application/problem+json")


def headers_of(error: ChainFusionError) -> dict[str, str]:
    """What a refusal tells programs besides: how long to wait, how to come in."""
    if status_of(error) == 429:
        return {"Retry-After": str(error.facts.get("seconds", 1))}
    return {"WWW-Authenticate": "Bearer"} if status_of(error) == 401 else {}
