"""`POST /api/v1/deals/{deal}/documents`: a file that a program brings, sealed in the node and registered."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from chainfusion.api.calls import KEY_PARAMETER, REFUSALS, request_key
from chainfusion.api.problems import BadAddress, FormRefused
from chainfusion.api.routes import DealId
from chainfusion.api.seats import seat_of
from chainfusion.api.uploads import FILE, multipart, multipart_body
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.errors import require
from chainfusion.domain.records import to_json
from chainfusion.node import documents
from chainfusion.node.documents import Upload
from chainfusion.node.jobs import Job
from chainfusion.node.office import Office
from chainfusion.node.views.jobs import JobView, job_view


@dataclass(frozen=True)
class Registered:
    """What was registered, and by which transaction. `fingerprint`: salted SHA-256, hexadecimal."""

    document: str
    version: int
    fingerprint: str
    transaction: str
    block: int


def _query(name: str, said: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": said, "schema": schema}


_TEXT = {"type": "string", "minLength": 1, "maxLength": 120}
_ASKED = {
    "parameters": [
        KEY_PARAMETER,
        _query("kind", "What it is; left out where `next` names a document.", {"enum": [*DocumentKind]}),
        _query("next", "The document whose next version it is.", _TEXT),
        _query("reader", "MSP id of a party that may read it; repeat.", {"type": "array", "items": _TEXT}),
    ],
    **multipart_body("file", file=FILE),
}  # fmt: skip
_ANSWERS: dict[int | str, dict[str, Any]] = {
    201: {"model": Registered, "description": "Sealed and registered, durably."},
    202: {"model": JobView, "description": "A large file: a job seals and registers it."},
} | REFUSALS


def router(office: Office) -> APIRouter:
    """The upload."""
    made = APIRouter(prefix="/api/v1")

    @made.post("/deals/{deal}/documents", responses=_ANSWERS, status_code=201, tags=["act"], openapi_extra=_ASKED)
    async def upload(request: Request, deal: DealId) -> Response:
        """Encrypts a file for its readers and registers its fingerprint; a repeat of the key gives the same answer."""
        seat_of(request)
        key = request_key(request) or secrets.token_hex(16)
        async with multipart(request) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise FormRefused(why="no file was sent as `file`", why_zh="未以 file 字段发送文件")
            return await run_in_threadpool(_add, office, request, deal, file, key)

    return made


def _add(office: Office, request: Request, deal: str, file: UploadFile, key: str) -> Response:
    seat, asked = seat_of(request), request.query_params
    next_of = asked.get("next") or None
    office.workspace.deal(deal)
    if next_of is not None:
        kind = documents.versions(seat.desk, deal, next_of)[-1].document.kind
    else:
        word = asked.get("kind", "")
        require(word in set(DocumentKind), BadAddress(where="kind", why="a kind of document is needed"))
        kind = DocumentKind(word)
    upload = Upload.sent(deal, kind, file.file, file.filename, asked.getlist("reader"))
    found = office.uploads.add(seat.desk, seat.account, upload, file.size or 0, next_of=next_of, request=key)
    if isinstance(found, Job):
        return JSONResponse(to_json(job_view(office.jobs, found)), 202, {"Location": f"/api/v1/jobs/{found.id}"})
    made, receipt = found.document, found.receipt
    told = Registered(made.id, made.version, made.fingerprint.hex(), receipt.tx_id, receipt.block)
    where = f"/api/v1/deals/{quote(deal)}/documents/{made.id}"
    return JSONResponse(to_json(told), 201, {"Location": where})
