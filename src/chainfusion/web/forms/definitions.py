"""`/processes`: the processes that deals run on: proposed from a text or a diagram, voted on, drawn."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from chainfusion.api.problems import FormRefused
from chainfusion.api.routes import whole
from chainfusion.domain.errors import require
from chainfusion.domain.process.definition import Definition
from chainfusion.domain.roles import INSTITUTION_ROLES, ROLE_NAMES, Role
from chainfusion.ledger.port import Receipt
from chainfusion.node import definitions
from chainfusion.node.desk import Desk
from chainfusion.node.office import Office
from chainfusion.node.views.definitions import DefinitionsView, name_of, steps_of
from chainfusion.processes import library
from chainfusion.processes.bpmn import write_bpmn
from chainfusion.web.forms.acting import held
from chainfusion.web.forms.submission import EMPTY, Filled, file_of, one_of, submit
from chainfusion.web.pages import Twins, attachment
from chainfusion.web.rendering import language
from chainfusion.web.tables import Sheet, Tables

TEMPLATE, HERE = "definitions.html", "/processes"


def router(office: Office) -> APIRouter:
    """The page, its diagrams, and what is done on it."""
    made = APIRouter(include_in_schema=False)

    @made.get("/processes/{process}/{version}.bpmn")
    def diagram(request: Request, process: str, version: str) -> Response:
        """A version as BPMN 2.0 with its diagram, named in the reader's language."""
        found = definitions.show(office.desk, process, whole("version", version)).definition
        data = write_bpmn(found, language(request))
        headers = attachment(f"{process}-{version}.bpmn")
        return Response(data, media_type="application/xml", headers=headers)

    twins = Twins(made, office.workspace)
    twins.add(
        HERE,
        TEMPLATE,
        lambda _: office.workspace.definitions(),
        _sheet,
        lambda request, _: _facts(request, office) | {"given": EMPTY, "refusal": None},
    )
    _act(made, office)
    return made


def _facts(request: Request, office: Office) -> dict[str, Any]:
    return {
        "may": Role.REPRESENTATIVE in held(request),
        "offered": [(each, name_of(each), steps_of(each)) for each in definitions.offered(office.desk)],
        "roles": [(role, ROLE_NAMES[role]) for role in INSTITUTION_ROLES],
    }


def _sheet(_: Tables, view: DefinitionsView) -> Sheet:
    columns = ("process", "version", "name", "name_zh", "steps", "state", "by", "yes", "no", "transaction")
    rows = (
        (
            row.process,
            row.version,
            row.name.en,
            row.name.zh,
            row.steps,
            row.state.value,
            row.by.msp,
            " ".join(each.msp for each in row.yes),
            " ".join(each.msp for each in row.no),
            row.proposed.tx_id,
        )
        for row in view.definitions
    )
    return Sheet(columns, rows)


def _act(made: APIRouter, office: Office) -> None:
    acts = {"propose": _propose, "vote": _vote}

    @made.post("/processes/{act}")
    async def do(request: Request, act: str) -> Response:
        """Signs what the form says."""

        def said(desk: Desk, form: Filled) -> Receipt:
            return one_of(acts, act)(desk, form)

        def again(_: Filled) -> dict[str, Any]:
            return _facts(request, office) | {"view": office.workspace.definitions()}

        return await submit(request, office, TEMPLATE, said, HERE, again)


def _propose(desk: Desk, form: Filled) -> Receipt:
    return definitions.propose(desk, _definition(form), request=form.request)


def _definition(form: Filled) -> Definition:
    name, role = form.text("library"), form.text("role")
    if name:
        require(name in library.names(), FormRefused(why="there is no such definition", why_zh="没有该流程定义"))
        return library.definition(name)
    known = role in set(INSTITUTION_ROLES)
    return definitions.read(file_of(form), None, Role(role) if known else None)


def _vote(desk: Desk, form: Filled) -> Receipt:
    word, version = form.text("approve"), form.text("version")
    fits = word in ("yes", "no") and version.isascii() and version.isdigit()
    require(fits, FormRefused(why="a vote is yes or no", why_zh="请选择赞成或反对"))
    return definitions.vote(desk, form.text("process"), int(version), approve=word == "yes", request=form.request)
