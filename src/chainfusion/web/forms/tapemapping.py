"""`/deals/{deal}/tape/mapping`: which column is which field; criteria and totals that the tape is held against."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from chainfusion.api.problems import FormRefused
from chainfusion.api.seats import seat_of
from chainfusion.domain.errors import Text, require
from chainfusion.node.desk import Desk
from chainfusion.node.jobs import Job
from chainfusion.node.office import Office
from chainfusion.node.tapes import Draft, NoDraft, Seen
from chainfusion.processes import products
from chainfusion.tape.criteria_file import AUTO_LOAN
from chainfusion.tape.errors import BadMapping
from chainfusion.tape.mapping import Mapping
from chainfusion.tape.mapping_reader import parse_mapping
from chainfusion.tape.mapping_text import mapping_text
from chainfusion.web.forms.jobs import PATIENCE, led_to
from chainfusion.web.forms.mappingform import FORMS, UNIT_NAMES, field_of, form_of, mapping_of, shown_amount
from chainfusion.web.forms.submission import EMPTY, Filled, submit
from chainfusion.web.forms.tapesteps import facts, number_of
from chainfusion.web.rendering import page

MAX_TEXT = 256 * 1024
OWN = "own"
AUTO = "auto-loan"


def router(office: Office) -> APIRouter:
    """The mapping as a form and as its text."""
    made = APIRouter(include_in_schema=False)

    @made.get("/deals/{deal}/tape/mapping.yaml")
    def download(deal: str) -> Response:
        """The mapping as the file that people keep."""
        draft = office.tapes.folder.draft(deal)
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(deal, safe='')}-mapping.yaml"}
        text = mapping_text(draft.mapping) if draft.mapping else ""
        return Response(text, media_type="application/yaml", headers=headers)

    @made.get("/deals/{deal}/tape/mapping", response_model=None)
    def show(request: Request, deal: str) -> Response:
        """The form."""
        if office.tapes.folder.seen(deal) is None:
            return RedirectResponse(f"/deals/{quote(deal)}/tape", 303)
        told = mapping_facts(office, deal, EMPTY, fresh="fresh" in request.query_params)
        return page(request, office.workspace, "tape-mapping.html", given=EMPTY, refusal=None, **told)

    @made.get("/deals/{deal}/tape/mapping/text", response_model=None)
    def show_text(request: Request, deal: str) -> Response:
        """The text."""
        told = text_facts(office, deal)
        if told["seen"] is None:
            return RedirectResponse(f"/deals/{quote(deal)}/tape", 303)
        return page(request, office.workspace, "tape-text.html", given=EMPTY, refusal=None, **told)

    _posts(made, office)
    return made


def _posts(made: APIRouter, office: Office) -> None:
    @made.post("/deals/{deal}/tape/mapping")
    async def decide(request: Request, deal: str) -> Response:
        """Keeps what was filled in, and checks the tape by it."""
        account = seat_of(request).account

        def act(desk: Desk, form: Filled) -> Job:
            draft = office.tapes.folder.draft(deal, number_of(form))
            text = mapping_text(_mapping(office, draft, form))
            return _decide(office, desk, account, draft, form, text, _criteria(office, deal, draft, form))

        return await submit(
            request,
            office,
            "tape-mapping.html",
            act,
            led_to,
            lambda form: mapping_facts(office, deal, form),
        )

    @made.post("/deals/{deal}/tape/mapping/text")
    async def take_text(request: Request, deal: str) -> Response:
        """Keeps a mapping's text or file, and shows it in the form."""

        def act(desk: Desk, form: Filled) -> None:
            office.tapes.require_originator(desk, deal)
            text = _text(form, "mapping_file", form.text("mapping"))
            office.tapes.folder.change(deal, number_of(form), mapping=parse_mapping(text.encode()))

        where = f"/deals/{quote(deal)}/tape/mapping"
        return await submit(request, office, "tape-text.html", act, where, lambda _: text_facts(office, deal))


def _decide(office: Office, desk: Desk, account: str, draft: Draft, form: Filled, mapping: str, criteria: str) -> Job:
    job = office.tapes.decide(
        desk,
        account,
        draft.deal,
        draft.number,
        mapping=mapping,
        criteria=criteria,
        leave_out=form.text("leave_out") != "no",
        request=form.request,
    )
    return office.jobs.awaited(job.id, PATIENCE)


def text_facts(office: Office, deal: str) -> dict[str, Any]:
    """What the page of the mapping's text shows."""
    told = facts(office, deal)
    draft = told["draft"]
    return told | {"text": mapping_text(draft.mapping) if draft and draft.mapping else ""}


def mapping_facts(office: Office, deal: str, form: Filled, fresh: bool = False) -> dict[str, Any]:
    """What the form shows: the mapping as it stands, or as it was filled in."""
    told = facts(office, deal)
    draft, seen = told["draft"], told["seen"]
    if draft is None or seen is None:
        raise NoDraft(deal=deal)
    currency = told["overview"].line.currency
    base = _begun(seen, draft, fresh)
    shown = base
    if form.text("request"):
        try:
            shown = mapping_of(form, base, seen)
        except BadMapping:
            shown = base
    return told | {
        "form": form_of(shown, seen, currency),
        "unit_names": UNIT_NAMES,
        "date_forms": FORMS,
        "criteria_choices": criteria_choices(draft),
        "criteria_given": form.text("criteria") or (OWN if draft.criteria else AUTO),
        "leave_out": (form.text("leave_out") or ("yes" if draft.leave_out else "no")) != "no",
        "shown_amount": shown_amount,
        "bad_field": field_of,
        "fresh": fresh,
    }


def _mapping(office: Office, draft: Draft, form: Filled) -> Mapping:
    seen = office.tapes.folder.seen(draft.deal)
    if seen is None:
        raise NoDraft(deal=draft.deal)
    return mapping_of(form, _begun(seen, draft, bool(form.text("fresh"))), seen)


def _begun(seen: Seen, draft: Draft, fresh: bool) -> Mapping:
    """The mapping to begin with: as it stands, or as header and values propose it."""
    found = seen.proposed if fresh or draft.mapping is None else draft.mapping
    if found is None:
        raise NoDraft(deal=draft.deal)
    return found


# ------------------------------------------------------------------ criteria


def criteria_choices(draft: Draft) -> list[tuple[str, Text]]:
    """The criteria that one can begin with."""
    own = [(OWN, Text("as chosen before", "沿用先前所选"))] if draft.criteria else []
    made = [(AUTO, Text("Auto loans (short)", "汽车贷款（简）"))]
    return [*own, *made, *((name, products.template(name).name) for name in products.names())]


def _criteria(office: Office, deal: str, draft: Draft, form: Filled) -> str:
    """The criteria's text: a file that came, what was chosen before, or a product's in the deal's currency."""
    came = _text(form, "criteria_file", "")
    if came:
        return came
    chosen = form.text("criteria")
    if chosen == OWN and draft.criteria:
        return draft.criteria
    currency = office.workspace.deal(deal).line.currency
    known = chosen in products.names()
    return in_currency(products.template(chosen).criteria if known else AUTO_LOAN.read_text("utf-8"), currency)


def in_currency(criteria: str, currency: str) -> str:
    """The same criteria in another currency: shares and terms stay, amounts are to be looked at."""
    lines = [f"currency: {currency}" if each.startswith("currency:") else each for each in criteria.splitlines()]
    return "\n".join(lines) + "\n"


def _text(form: Filled, name: str, otherwise: str) -> str:
    """A small text file that came, else the text itself. Raises: FormRefused."""
    file = form.file(name)
    if file is None:
        return otherwise
    data = file.file.read(MAX_TEXT + 1)
    require(len(data) <= MAX_TEXT, FormRefused(why=f"more than {MAX_TEXT} bytes", why_zh=f"超过 {MAX_TEXT} 字节"))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FormRefused(why="the file is not UTF-8", why_zh="文件不是 UTF-8 编码") from None
