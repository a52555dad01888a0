"""What people send to be verified: an evidence file, the document that it is about, and what they trust."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from chainfusion.api.problems import FormRefused, UploadTooLarge
from chainfusion.domain.errors import require
from chainfusion.ledger.evidence.evidence_file import MAX_BYTES as MAX_EVIDENCE
from chainfusion.verify import Verdict, verify
from chainfusion.verify.anchor import MAX_BYTES as MAX_TRUST

OWN, OTHER = "genesis", "file"
FILE = {"type": "string", "format": "binary"}
"""A part of a form that is a file, for OpenAPI."""


@dataclass(frozen=True)
class Sent:
    """A file by the name that its sender gave it, and its size."""

    name: str
    size: int


@dataclass(frozen=True)
class Checked:
    """A verdict, what it was on, and how long it took (seconds)."""

    verdict: Verdict
    evidence: Sent
    document: Sent | None
    trust: Sent | None
    """None: the genesis that this node trusts."""
    at: datetime
    seconds: float


def multipart_body(needed: str, **parts: dict[str, Any]) -> dict[str, Any]:
    """What a form of these parts is described as in OpenAPI; one of them is needed."""
    schema = {"type": "object", "required": [needed], "properties": parts}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


async def check(request: Request, own_trust: bytes) -> Checked:
    """Verifies what a multipart form holds: `evidence`, perhaps `document`, and `trust_file` where `trust` is "file".

    Raises: FormRefused, UploadTooLarge.
    """
    async with multipart(request) as form:
        evidence, document = _file(form, "evidence"), _file(form, "document")
        if evidence is None:
            raise FormRefused(why="no evidence file was chosen", why_zh="未选择存证文件")
        data = await _read(evidence, MAX_EVIDENCE)
        other = _file(form, "trust_file") if form.get("trust") == OTHER else None
        missing = FormRefused(why="no file was chosen as what you trust", why_zh="未选择信任依据文件")
        require(form.get("trust") != OTHER or other is not None, missing)
        trust = await _read(other, MAX_TRUST) if other else own_trust
        began = datetime.now(UTC)
        verdict = await run_in_threadpool(verify, data, trust, document.file if document else None, at=began)
        return Checked(
            verdict=verdict,
            evidence=_sent(evidence),
            document=_sent(document) if document else None,
            trust=_sent(other) if other else None,
            at=began,
            seconds=(datetime.now(UTC) - began).total_seconds(),
        )


@asynccontextmanager
async def multipart(request: Request) -> AsyncIterator[FormData]:
    """A form with files, which last as long as the context. Raises: FormRefused."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise FormRefused(why="it is not multipart/form-data", why_zh="不是 multipart/form-data")
    try:
        form = await request.form(max_files=3, max_fields=4)
    except HTTPException as error:
        raise FormRefused(why=str(error.detail)[:200], why_zh="内容不完整或格式不符") from None
    try:
        yield form
    finally:
        await form.close()


def _file(form: FormData, name: str) -> UploadFile | None:
    found = form.get(name)
    return found if isinstance(found, UploadFile) and (found.filename or found.size) else None


async def _read(file: UploadFile, limit: int) -> bytes:
    require((file.size or 0) <= limit, UploadTooLarge(limit=limit))
    return await file.read()


def _sent(file: UploadFile) -> Sent:
    return Sent(file.filename or "—", file.size or 0)
