"""`/deals/{deal}/step`: a reached step worked in the browser: done, checked by a colleague, certified, or sent back."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from chainfusion.api.problems import BadAddress
from chainfusion.api.seats import seat_of
from chainfusion.domain.errors import require
from chainfusion.domain.process.definition import Need, Requirement
from chainfusion.ledger.port import Receipt
from chainfusion.node import processes
from chainfusion.node.desk import Desk
from chainfusion.node.office import Office
from chainfusion.node.processes import Item
from chainfusion.node.views.waits import need_name
from chainfusion.node.worksteps import entries_of, work_step, written
from chainfusion.web.forms.submission import EMPTY, Filled, submit
from chainfusion.web.rendering import language, page

TEMPLATE = "step.html"
ENTRY = "entry."
"""Names of the template's fields begin so."""


def router(office: Office) -> APIRouter:
    """The page of a step and what is done on it."""
    routes = APIRouter(include_in_schema=False)

    def facts(request: Request, deal: str) -> dict[str, Any]:
        item = _item(request, deal)
        found = work_step(seat_of(request).desk.session, item)
        overview = office.workspace.deal(deal)
        targets = [(each.id, each.name_zh if language(request) == "zh" else each.name) for each in found.process.steps]
        return {
            "work": found,
            "overview": overview,
            "tab": "process",
            "query": _query(item),
            "targets": [(key, shown) for key, shown in targets if key in found.step.returns],
            "choices_of": lambda field: [(each, each) for each in field.choices],
            "missing": [(need_name(each), _supplied(deal, each)) for each in found.stands.missing],
            "awaited": [office.workspace.acts.institution(msp).name for msp in found.awaited],
            "written": lambda entry: written(found.step, entry),
        }

    @routes.get("/deals/{deal}/step")
    def step(request: Request, deal: str) -> Response:
        return page(request, office.workspace, TEMPLATE, given=EMPTY, refusal=None, **facts(request, deal))

    @routes.post("/deals/{deal}/step/{deed}")
    async def deed(request: Request, deal: str, deed: str) -> Response:
        require(deed in DEEDS, BadAddress(where="the last part", why=f"none of {', '.join(DEEDS)}"))
        item, do = _item(request, deal), DEEDS[deed]
        where = f"/deals/{quote(deal)}/process"
        return await submit(
            request, office, TEMPLATE, lambda desk, form: do(desk, item, form), where, lambda _: facts(request, deal)
        )

    return routes


def _item(request: Request, deal: str) -> Item:
    """The step that an address names. Raises: BadAddress."""
    run, step = (request.query_params.get(name, "")[:400] for name in ("run", "step"))
    require(bool(run and step), BadAddress(where="run, step", why="both are needed"))
    return Item(deal, run, step)


def _supplied(deal: str, requirement: Requirement) -> str:
    """The page on which what a step requires is supplied."""
    upload = f"documents/new?{urlencode({'for': f'kind:{requirement.of}'})}"
    page = {Need.DOCUMENT: upload, Need.POOL: "pool", Need.TERMS: "terms"}.get(requirement.need, "process")
    return f"/deals/{quote(deal)}/{page}"


def _query(item: Item) -> str:
    return urlencode({"run": item.run, "step": item.step})


# ------------------------------------------------------------------ what may be done


def _done(desk: Desk, item: Item, form: Filled) -> Receipt:
    repeated = desk.session.repeated(form.request)  # whose step may be left by now
    if repeated is not None:
        return repeated
    given = {name.removeprefix(ENTRY): form.text(name) for name in form.fields if name.startswith(ENTRY)}
    entries = entries_of(work_step(desk.session, item).step, given)
    return processes.act(desk.session, item, entries, request=form.request)


def _approved(desk: Desk, item: Item, form: Filled) -> Receipt:
    return processes.check(desk.session, item, approve=True, request=form.request)


def _rejected(desk: Desk, item: Item, form: Filled) -> Receipt:
    reason = form.text("reason")
    return processes.check(desk.session, item, approve=False, reason=reason, request=form.request)


def _certified(desk: Desk, item: Item, form: Filled) -> Receipt:
    return processes.countersign(desk.session, item, request=form.request)


def _returned(desk: Desk, item: Item, form: Filled) -> Receipt:
    target, reason = form.text("target"), form.text("reason")
    return processes.send_back(desk.session, item, target, reason, request=form.request)


DEEDS = {
    "done": _done,
    "approved": _approved,
    "rejected": _rejected,
    "countersigned": _certified,
    "returned": _returned,
}
