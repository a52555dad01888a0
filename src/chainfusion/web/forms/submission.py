"""A form from the page to the ledger: read, acted on as who sits there, answered with the receipt or the refusal.

Every form carries a request id that was made with the page: sent twice, it is recorded once. What is refused comes
back with what was typed, and with the reason where it belongs.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from chainfusion.api.problems import FormRefused, status_of
from chainfusion.api.seats import seat_of
from chainfusion.domain.errors import ChainFusionError, require
from chainfusion.ledger.port import Receipt
from chainfusion.node.desk import Desk
from chainfusion.node.office import Office
from chainfusion.web.formtokens import form_of
from chainfusion.web.rendering import page

LONGEST = 100_000
"""Characters of one field."""
LARGEST_FILE = 4 << 20
"""Bytes of a file that is read as a whole: a card, a text, a diagram."""


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

Made = TypeVar("Made")
"""What a form made: a receipt, which the next page shows; a job; or nothing that the ledger knows of."""


@asynccontextmanager
async def filled(request: Request) -> AsyncIterator[Filled]:
    """A form as it was sent; its files last as long as the context. Raises: FormRefused."""
    form = await form_of(request)
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
    act: Callable[[Desk, Filled], Made],
    then: str | Callable[[Made], str],
    facts: Callable[[Filled], dict[str, Any]] = lambda _: {},
) -> Response:
    """Acts on a form as the person who sits there, and leads on to `then`, or to where it says for what was made.

    A refusal is answered by `template` again, with `refusal`, what was `given` and `facts`; nothing was changed. Both
    the act and the page of a refusal run in a thread: others are served meanwhile.
    """

    def answer(form: Filled) -> Response:
        try:
            made = act(seat_of(request).desk, form)
        except ChainFusionError as error:
            return page(request, office.workspace, template, status_of(error), given=form, refusal=error, **facts(form))
        where = then if isinstance(then, str) else then(made)
        return RedirectResponse(with_receipt(where, made.tx_id) if isinstance(made, Receipt) else where, 303)

    async with filled(request) as form:
        return await run_in_threadpool(answer, form)


def file_of(form: Filled) -> bytes:
    """A small file that a form brings as `file`. Raises: FormRefused."""
    file = form.file("file")
    if file is None:
        raise FormRefused(why="a file is needed", why_zh="请选择文件")
    data = file.file.read(LARGEST_FILE + 1)
    require(len(data) <= LARGEST_FILE, FormRefused(why="the file is too large", why_zh="文件过大"))
    return data


def one_of(acts: Mapping[str, Made], name: str) -> Made:
    """What a page's address asks to be done. Raises: FormRefused."""
    if name not in acts:
        raise FormRefused(why="there is no such form", why_zh="表单不存在")
    return acts[name]


def with_receipt(where: str, tx_id: str) -> str:
    """A page's address that shows what was just recorded."""
    return f"{where}{'&' if urlsplit(where).query else '?'}receipt={tx_id}"
