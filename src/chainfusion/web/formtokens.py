"""A token in every form, made from the visitor's session: who cannot read the page cannot send its form.

The token is the session's secret under a mask of its own each time, so that a page that is compressed on its way does
not give it away by its length.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import AsyncIterator
from contextvars import ContextVar

from fastapi import Request
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from chainfusion.api.problems import FormRefused
from chainfusion.api.seats import NOBODY, Visit, visit_of
from chainfusion.domain.errors import ChainFusionError, Text, require

FIELD, HEADER, KEY_PASSWORD = "csrf", "x-csrf-token", "key_password"
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
SAFE = ("GET", "HEAD", "OPTIONS")
MAX_FIELDS, MAX_FILES = 2_000, 20
LENGTH = 32
drawn_for: ContextVar[Visit] = ContextVar("drawn_for", default=NOBODY)
"""For whom a page is being made, as `rendering.page` knows: macros see no page's facts."""


class FormStale(ChainFusionError):
    """A form without the token of the session that it is sent in."""

    code = "FORM_STALE"
    says = Text("The form is of another session, or was made before this one.", "该表单不属于当前会话。")
    do = Text("Open the page again and send the form from there; nothing was done.",
              "请重新打开页面后再提交；未执行任何操作。")  # fmt: skip


def token_of(secret: bytes) -> str:
    """A token for a form, another each time. `secret` has 32 bytes."""
    mask = secrets.token_bytes(LENGTH)
    return base64.urlsafe_b64encode(mask + _under(mask, secret)).decode()


def fits(secret: bytes, token: str) -> bool:
    """Whether a token was made from this secret."""
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii"))
    except ValueError:
        return False
    return len(raw) == 2 * LENGTH and hmac.compare_digest(_under(raw[:LENGTH], raw[LENGTH:]), secret)


def form_token() -> str:
    """The token of who the page is being made for; empty where none is needed."""
    secret = drawn_for.get().form_secret
    return token_of(secret) if secret else ""


def csrf_field() -> Markup:
    """The field that every form of the workspace carries."""
    token = form_token()
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token) if token else Markup("")


def key_is_locked() -> bool:
    """Whether who the page is being made for must unlock the signing key to act."""
    return drawn_for.get().unlock is not None


async def checked_form(request: Request) -> AsyncIterator[None]:
    """Stands before every route: what changes something in a signed-in person's name carries the token.

    The form is read here once; whoever handles the request finds it read. A password of the signing key that came with
    it unlocks the key first. Raises: FormStale, FormRefused.
    """
    visit = visit_of(request)
    try:
        if visit.form_secret and request.method not in SAFE:
            token = request.headers.get(HEADER) or await _field(request, FIELD)
            require(fits(visit.form_secret, token), FormStale())
            if visit.unlock is not None and (password := await _field(request, KEY_PASSWORD)):
                await run_in_threadpool(visit.unlock, password)
        yield
    finally:
        await request.close()


async def _field(request: Request, name: str) -> str:
    if not request.headers.get("content-type", "").startswith(FORMS):
        return ""
    found = (await form_of(request)).get(name)
    return found if isinstance(found, str) else ""


async def form_of(request: Request) -> FormData:
    """A request's form, read once however often it is asked for. Raises: FormRefused."""
    try:
        return await request.form(max_files=MAX_FILES, max_fields=MAX_FIELDS)
    except HTTPException as error:
        raise FormRefused(why=str(error.detail)[:200], why_zh="内容不完整或格式不符") from None


def _under(mask: bytes, text: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(mask, text, strict=True))
