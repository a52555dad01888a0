"""`/deals/{deal}/duties`: by when each party owes what, and as a calendar that others' programs subscribe to."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from chainfusion.domain.errors import Text
from chainfusion.node.duties import calendar_of
from chainfusion.node.office import Office
from chainfusion.node.views.duties import DutiesView
from chainfusion.processes.icalendar import icalendar
from chainfusion.web.pages import Twins, attachment
from chainfusion.web.rendering import language
from chainfusion.web.tables import Sheet, Tables


def router(office: Office) -> APIRouter:
    """The page and the calendar."""
    made = APIRouter(include_in_schema=False)

    @made.get("/deals/{deal}/duties.ics")
    def calendar(request: Request, deal: str) -> Response:
        """What has a date, as iCalendar (RFC 5545); `mine`: of this institution alone."""
        office.workspace.deal(deal)
        session, mine = office.desk.session, "mine" in request.query_params
        found = [each for each in calendar_of(session, deal) if not mine or each.msp == office.desk.msp]
        members = office.desk.members.current().members.items()
        names = {msp: Text(member.name, member.name_zh) for msp, member in members}
        data = icalendar(found, session.clock(), names, language(request))
        return Response(data, media_type="text/calendar", headers=attachment(f"{deal}-duties.ics"))

    twins = Twins(made, office.workspace)
    twins.add(
        "/deals/{deal}/duties",
        "duties.html",
        lambda request: office.workspace.duties(str(request.path_params["deal"])),
        _sheet,
        lambda _, view: _facts(office, view),
    )
    return made


def _facts(office: Office, view: DutiesView) -> dict[str, Any]:
    return {"overview": office.workspace.deal(view.deal), "tab": "process"}


def _sheet(tables: Tables, view: DutiesView) -> Sheet:
    columns = ("due", "step", "name", "run", "role", "institution", "owes", "state", "late", "shared", "transaction")

    def said(text: Text | None) -> str | None:
        return None if text is None else text.zh if tables.lang == "zh" else text.en

    rows = (
        (
            row.due.isoformat() if row.due else None,
            row.step,
            said(row.name),
            row.run,
            said(row.role),
            row.institution.msp if row.institution else None,
            said(row.kind_name),
            row.state.value,
            "yes" if row.late else "no",
            "yes" if row.shared else "no",
            row.done.tx_id if row.done else None,
        )
        for row in view.duties
    )
    return Sheet(columns, rows)
