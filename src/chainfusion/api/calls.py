"""`/api/v1/calls/…`: every operation of every contract, called by programs as the person whose token they carry.

What the address and the body may be is read off the contracts' own declarations, so that an operation is here as soon
as it is in the catalogue. Three families: `POST /calls/deal.open` records, `POST /checks/deal.open` asks whether it
would be accepted now and records nothing, `POST /queries/deal.show` reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from chainfusion.api.problems import FormRefused
from chainfusion.api.schemas import Schemas
from chainfusion.api.seats import seat_of
from chainfusion.contracts.catalogue import registry
from chainfusion.contracts.framework import Operation
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.port import Receipt, TransactionState
from chainfusion.node.session import Session

LARGEST_CALL = 4 * 1024 * 1024
"""Bytes of a call's arguments."""
LONGEST_KEY = 255
_PROBLEM = {"description": "A typed refusal (RFC 9457)", "content": {"application/problem+json": {}}}
REFUSALS = {str(status): _PROBLEM for status in (400, 401, 403, 404, 409, 413, 415, 422, 429, 503)}
KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Your id for this request: a repeat answers with the first receipt and does nothing.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
}
_RECEIPT = {
    "type": "object",
    "required": ["block", "code", "response", "state", "transaction"],
    "additionalProperties": False,
    "properties": {
        "block": {"type": "integer", "description": "The block that holds the transaction."},
        "code": {"type": "string", "description": "VALID."},
        "response": {"description": "What the contract answered."},
        "state": {"type": "string", "enum": [each.value for each in TransactionState]},
        "transaction": {"type": "string", "description": "The transaction's id, 64 hexadecimal characters."},
    },
}


class NotJson(ChainFusionError):
    """A body that is not the JSON that a call needs."""

    code = "NOT_JSON"
    says = Text("The body is not what the call needs: {why}.", "请求内容不符合要求：{why_zh}。")
    do = Text(
        "Send the operation's arguments as one JSON object, application/json.",
        "请以 application/json 发送一个包含操作参数的 JSON 对象。",
    )


class MediaTypeRefused(ChainFusionError):
    """A body that says it is something else than JSON."""

    code = "MEDIA_TYPE_REFUSED"
    says = Text("A call is sent as application/json, not as {given}.", "请求须为 application/json，而非 {given}。")
    do = Text("Set the header Content-Type: application/json.", "请设置请求头 Content-Type: application/json。")


class BodyTooLarge(ChainFusionError):
    """More arguments than a call takes."""

    code = "BODY_TOO_LARGE"
    says = Text("A call takes at most {limit} bytes of arguments.", "单次调用的参数不得超过 {limit} 字节。")
    do = Text("Put bulk data into the vault as a document.", "大量数据请作为文件存入保险库。")


Use = Callable[[Session, Operation, dict[str, Any], str | None], Response]


def router(schemas: Schemas) -> APIRouter:
    """The calls; the records that they name are collected in `schemas`."""
    api = APIRouter(prefix="/api/v1")
    for operation in registry().operations():
        if operation.reads_only:
            _add(api, schemas, operation, "queries", _query, "read")
        else:
            _add(api, schemas, operation, "calls", _call, "act")
            _add(api, schemas, operation, "checks", _check, "act")
    return api


def _add(api: APIRouter, schemas: Schemas, operation: Operation, family: str, use: Use, tag: str) -> None:
    async def endpoint(request: Request) -> Response:
        session = seat_of(request).desk.session
        arguments, key = await json_object(request), request_key(request)
        operation.arguments(arguments)
        return await run_in_threadpool(use, session, operation, arguments, key)

    said = (operation.body.__doc__ or operation.full_name).strip()
    content = {"application/json": {"schema": schemas.arguments(operation.parameters)}}
    extra: dict[str, Any] = {
        "requestBody": {"required": True, "content": content},
        "responses": _answers(family) | REFUSALS,
    }
    if family == "calls":
        extra["parameters"] = [KEY_PARAMETER]
    api.add_api_route(
        f"/{family}/{operation.full_name}",
        endpoint,
        methods=["POST"],
        operation_id=f"{family}.{operation.full_name}",
        summary=said.split("\n")[0],
        description=said,
        tags=[tag],
        openapi_extra=extra,
        response_model=None,
        status_code=201 if family == "calls" else 204 if family == "checks" else 200,
    )


def _answers(family: str) -> dict[str, Any]:
    if family == "checks":
        return {"204": {"description": "It would be accepted now. Nothing was recorded."}}
    if family == "queries":
        return {"200": {"description": "The contract's answer.", "content": {"application/json": {}}}}
    receipt = {"content": {"application/json": {"schema": _RECEIPT}}}
    return {
        "200": {"description": "The first receipt of a request that is repeated.", **receipt},
        "201": {"description": "Recorded, durably.", **receipt},
    }


# ------------------------------------------------------------------ what is done


def _call(session: Session, operation: Operation, arguments: dict[str, Any], key: str | None) -> Response:
    repeated = session.first(key) is not None
    receipt = session.call(operation.full_name, request=key, **arguments)
    headers = {"Location": f"/api/v1/ledger/transactions/{receipt.tx_id}"}
    return JSONResponse(_receipt(receipt), 200 if repeated else 201, headers)


def _check(session: Session, operation: Operation, arguments: dict[str, Any], key: str | None) -> Response:
    del key
    session.check(operation.full_name, **arguments)
    return Response(status_code=204)


def _query(session: Session, operation: Operation, arguments: dict[str, Any], key: str | None) -> Response:
    del key
    return JSONResponse(session.query(operation.full_name, **arguments))


def _receipt(receipt: Receipt) -> dict[str, Any]:
    return {
        "block": receipt.block,
        "code": receipt.code,
        "response": json.loads(receipt.response),
        "state": receipt.state.value,
        "transaction": receipt.tx_id,
    }


# ------------------------------------------------------------------ what is sent


async def json_object(request: Request) -> dict[str, Any]:
    """The one JSON object of a body. Raises: MediaTypeRefused, BodyTooLarge, NotJson."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    require(kind == "application/json", MediaTypeRefused(given=kind[:60] or "—"))
    body = bytearray()
    async for part in request.stream():
        body += part
        require(len(body) <= LARGEST_CALL, BodyTooLarge(limit=LARGEST_CALL))
    try:
        found = json.loads(body, object_pairs_hook=_without_repeats, parse_constant=_no_such_number)
    except (ValueError, RecursionError) as error:
        raise NotJson(why=str(error)[:200], why_zh="不是合法的 JSON") from None
    require(isinstance(found, dict), NotJson(why="an object is needed", why_zh="应为一个对象"))
    assert isinstance(found, dict)
    return found


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_such_number(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def request_key(request: Request) -> str | None:
    """The caller's id for this request. Raises: FormRefused."""
    key = request.headers.get("idempotency-key")
    fits = key is None or (0 < len(key) <= LONGEST_KEY and all("!" <= each <= "~" for each in key))
    require(fits, FormRefused(why="Idempotency-Key needs 1 to 255 visible characters", why_zh="请求编号格式不符"))
    return key
