"""A form from the page to the ledger: read, acted on as who sits there, answered with the receipt or the refusal.

Every form carries a request id that was made with the page: sent twice, it is recorded once. What is refused comes
back with what was typed, and with the reason where it belongs.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from chainfusion.api.problems import FormRefused, status_of
from chainfusion.api.seats import seat_of
from chainfusion.domain.errors import ChainFusionError, require
from chainfusion.ledger.port import Receipt
from chainfusion.node.desk import Desk
from chainfusion.node.office import Office
from chainfusion.web.rendering import page

MAX_FIELDS, MAX_FILES = 2_000, 20
LONGEST = 100_000
"""Characters of one field."""


@dataclass(frozen=True)
class Filled:
    """What a person filled in: the fields by name, each as often as it was given, and the files."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, tuple[UploadFile, ...]] = field(default_factory=dict)

    @property
    def request(self) -> str:
        """The request id that the page was made with; a fresh one where a program sent none."""
        return self.text("request") or secrets.token_hex(16)

    def text(self, name: str) -> str:
        """A field without blanks around it; empty where it is not there."""
        return self.fields.get(name, ("",))[0].strip()

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field, in the form's order."""
        return tuple(each.strip() for each in self.fields.get(name, ()))

    def file(self, name: str) -> UploadFile | None:
        """A file that was chosen, or None."""
        found = self.files.get(name, ())
        return found[0] if found else None


EMPTY = Filled()
"""The form as it is first shown."""

Act = Callable[[Desk, Filled], Receipt | None]
"""What a form does, as the person at a desk. Its receipt, or None where nothing was recorded on the ledger."""


@asynccontextmanager
async def filled(request: Request) -> AsyncIterator[Filled]:
    """A form as it was sent; its files last as long as the context. Raises: FormRefused."""
    try:
        form = await request.form(max_files=MAX_FILES, max_fields=MAX_FIELDS)
    except HTTPException as error:
        raise FormRefused(why=str(error.detail)[:200], why_zh="内容不完整或格式不符") from None
    fields: dict[str, tuple[str, ...]] = {}
    files: dict[str, tuple[UploadFile, ...]] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files[name] = (*files.get(name, ()), value) if value.filename or value.size else files.get(name, ())
        else:
            require(len(value) <= LONGEST, FormRefused(why=f"{name[:40]} is too long", why_zh="内容过长"))
            fields[name] = (*fields.get(name, ()), value)
    try:
        yield Filled(fields, files)
    finally:
        await form.close()


async def submit(
    request: Request,
    office: Office,
    template: str,
    act: Act,
    then: str | Callable[[Filled], str],
    facts: Callable[[Filled], dict[str, Any]] = lambda _: {},
) -> Response:
    """Acts on a form as the person who sits there, and leads on to `then` with the receipt.

    A refusal is answered by `template` again, with `refusal`, what was `given` and `facts`; nothing was changed.
    """
    async with filled(request) as form:
        try:
            receipt = await run_in_threadpool(act, seat_of(request).desk, form)
        except ChainFusionError as error:
            return page(request, office.workspace, template, status_of(error), given=form, refusal=error, **facts(form))
        return led_on(then if isinstance(then, str) else then(form), receipt)


def led_on(where: str, receipt: Receipt | None) -> Response:
    """On to another page, which shows the receipt."""
    joint = "&" if urlsplit(where).query else "?"
    return RedirectResponse(where if receipt is None else f"{where}{joint}receipt={receipt.tx_id}", 303)
