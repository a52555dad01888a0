"""`/evidence`: drop an evidence file, and a document, and see what they prove. Nothing that is sent is kept."""

from __future__ import annotations

import shlex

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from chainfusion.api.seats import visit_of
from chainfusion.api.uploads import Checked, check
from chainfusion.node.views import Workspace
from chainfusion.verify import Step
from chainfusion.web.rendering import page


def router(workspace: Workspace) -> APIRouter:
    """The page, and its twin."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/evidence")
    def ask(request: Request) -> Response:
        return page(request, workspace, "evidence.html", checked=None, trust_name=workspace.trust_name)

    @routes.post("/evidence")
    async def answer(request: Request) -> Response:
        checked = await check(request, workspace.trust)
        return page(
            request,
            workspace,
            "evidence.html",
            checked=checked,
            trust_name=workspace.trust_name,
            command=command(checked, workspace.trust_name),
            first_failure=_first_failure(checked),
            known=workspace.acts.find(str(checked.verdict.facts.get("tx_id"))) if visit_of(request).seat else None,
        )

    @routes.post("/evidence.json")
    async def twin(request: Request) -> Response:
        return JSONResponse((await check(request, workspace.trust)).verdict.to_json())

    return routes


def command(checked: Checked, trust: str) -> str:
    """The line that checks the same on any machine, without this node."""
    words = ["chainfusion", "verify", checked.evidence.name]
    if checked.document:
        words.append(checked.document.name)
    words += ["--trust", checked.trust.name if checked.trust else trust]
    return shlex.join(words)


def _first_failure(checked: Checked) -> Step | None:
    steps = (step for root in checked.verdict.steps for step in root.walk())
    return next((step for step in steps if step.status == "fail"), None)
