"""The workspace as an ASGI application: pages, their twins, the API, and the page that checks evidence."""

from __future__ import annotations

import logging
from importlib.resources import files
from pathlib import Path

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from chainfusion import __version__
from chainfusion.api import calls, routes
from chainfusion.api.description import describe
from chainfusion.api.problems import BadAddress, Failed, FormRefused, NoSuchPage, problem, status_of
from chainfusion.api.schemas import Schemas
from chainfusion.domain.errors import ChainFusionError
from chainfusion.node.office import Office
from chainfusion.node.views import Workspace
from chainfusion.web import evidence, forms, live, pages
from chainfusion.web.etags import Tagged
from chainfusion.web.formtokens import SAFE, checked_form
from chainfusion.web.guard import LOOPBACK, MAX_UPLOAD, Guard
from chainfusion.web.rendering import THEME_COOKIE, THEMES, YEAR, language, page
from chainfusion.web.seating import Seating
from chainfusion.web.visitors import here, inside, with_next

log = logging.getLogger(__name__)


def create_app(
    office: Office,
    *,
    seating: Seating,
    hosts: tuple[str, ...] = LOOPBACK,
    max_upload: int = MAX_UPLOAD,
    is_tls: bool = False,
) -> FastAPI:
    """The workspace of an institution.

    `seating` tells who sits at each request. `hosts` are the names that the node is reached under; `max_upload` bounds
    a request, in bytes; `is_tls` tells that browsers reach it by TLS, and refuses what comes without.
    """
    workspace = office.workspace
    app = FastAPI(
        title="Chain Fusion",
        version=__version__,
        description="Deals, pools, documents and the ledger as this node has them; evidence checked offline.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(checked_form)],
    )
    app.state.office, app.state.stops = office, False
    app.mount("/static", StaticFiles(directory=Path(str(files("chainfusion.web") / "static"))), "static")
    schemas = Schemas()
    for api in (routes.router(workspace), calls.router(schemas)):
        app.include_router(api)
    describe(app, schemas)
    app.include_router(evidence.router(workspace))
    app.include_router(live.router(office))
    for router in (*seating.routers(office), *forms.routers(office), pages.router(workspace)):
        app.include_router(router)
    _theme(app)

    async def refuse(request: Request, error: Exception) -> Response:
        return _refusal(request, workspace, _typed(error))

    for kind in (ChainFusionError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, refuse)
    app.add_middleware(Tagged)
    app.add_middleware(seating.middleware, office=office)
    app.add_middleware(Guard, refuse=refuse, hosts=hosts, max_upload=max_upload, is_tls=is_tls)
    return app


def _theme(app: FastAPI) -> None:
    @app.post("/theme", include_in_schema=False)
    async def theme(request: Request) -> Response:
        form = await request.form(max_files=0, max_fields=4)
        chosen, back = form.get("theme"), form.get("back")
        if chosen not in THEMES:
            raise FormRefused(why="there is no such colour scheme", why_zh="没有该配色方案")
        response = RedirectResponse(inside(back if isinstance(back, str) else None), 303)
        is_tls = request.url.scheme == "https"
        response.set_cookie(THEME_COOKIE, str(chosen), max_age=YEAR, httponly=True, samesite="lax", secure=is_tls)
        return response


def _typed(error: Exception) -> ChainFusionError:
    if isinstance(error, ChainFusionError):
        return error
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        return BadAddress(where=str(first["loc"][-1]), why=str(first["msg"]))
    if isinstance(error, HTTPException):
        return (
            NoSuchPage() if error.status_code in (404, 405) else FormRefused(why=str(error.detail), why_zh="格式不符")
        )
    log.error("a page failed", exc_info=error)
    return Failed()


def _refusal(request: Request, workspace: Workspace, error: ChainFusionError) -> Response:
    """The refusal as a problem document for programs, as a page for people."""
    path = request.url.path
    if path.startswith("/api/") or path.endswith((".json", ".csv")):
        return problem(error, language(request))
    if error.code == "KEY_LOCKED" and request.method in SAFE:
        return RedirectResponse(with_next("/unlock", here(request)), 303)
    return page(request, workspace, "error.html", status_of(error), error=error)
