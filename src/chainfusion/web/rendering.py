"""Pages out of templates: one environment for each language, and what every page needs."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from chainfusion import __version__
from chainfusion.api.seats import Visit, visit_of
from chainfusion.domain.roles import ROLE_NAMES
from chainfusion.node.office import Office
from chainfusion.node.views import Workspace
from chainfusion.node.views.acts import Act
from chainfusion.web import figures
from chainfusion.web.durations import duration
from chainfusion.web.formtokens import csrf_field, drawn_for, form_token, key_is_locked
from chainfusion.web.i18n import preferred, translator
from chainfusion.web.strata import gauge

LANGUAGE_COOKIE, THEME_COOKIE = "cf-lang", "cf-theme"
THEMES = ("auto", "light", "dark")
YEAR = 365 * 24 * 3600


@cache
def environment(lang: str) -> Environment:
    """Templates that speak `lang`; everything that they print is escaped."""
    made = Environment(
        loader=PackageLoader("chainfusion.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"_": translator(lang), "lang": lang, "version": __version__, "role_names": ROLE_NAMES}
    for name in ("grouped", "per_cent", "share", "tenths", "iso", "short_hash", "hash_groups", "decimal", "amount"):
        made.globals[name] = getattr(figures, name)
    for name in ("money", "exact_money", "scale", "day", "moment", "short_day", "local_day", "limit"):
        made.globals[name] = _speaking(getattr(figures, name), lang)
    made.globals |= {"csrf_field": csrf_field, "form_token": form_token, "key_is_locked": key_is_locked}
    made.globals["duration"] = _speaking(duration, lang)
    made.globals |= {"gauge": gauge, "fresh_request": partial(secrets.token_hex, 16)}
    made.filters["is_hash"] = figures.is_hash
    made.filters["t"] = partial(figures.in_lang, lang=lang)
    return made


def _speaking(write: Callable[..., Any], lang: str) -> Callable[..., Any]:
    return lambda *values, **options: write(*values, lang=lang, **options)


def language(request: Request) -> str:
    """The language that this request is answered in."""
    return preferred(
        request.query_params.get("lang"),
        request.cookies.get(LANGUAGE_COOKIE),
        request.headers.get("accept-language", ""),
    )


def page(request: Request, workspace: Workspace, template: str, status: int = 200, **facts: Any) -> HTMLResponse:
    """A page of the workspace."""
    visit = visit_of(request)
    inside = visit.seat is not None  # a stranger's page tells nothing of what the institution reads
    frame = {
        "me": workspace.me(),
        "deals": workspace.deal_names() if inside else (),
        "height": workspace.height(),
        "jobs_open": _jobs_open(request) if inside else 0,
        "awaiting_me": workspace.inbox().awaiting if inside else 0,
        "receipt": _receipt(request, workspace) if inside else None,
        "now": datetime.now(UTC),
        "here": partial(_here, request),
    }
    return drawn(request, visit, template, status, **frame, **facts)


def drawn(request: Request, visit: Visit, template: str, status: int, **facts: Any) -> HTMLResponse:
    """A template with what every page needs; `here` makes its own address, and `receipt` is what was just recorded.

    A language that was asked for is remembered. The page holds form tokens: it is one visitor's, never kept.
    """
    lang, theme = language(request), request.cookies.get(THEME_COOKIE, "auto")
    drawing = drawn_for.set(visit)
    try:
        chosen = theme if theme in THEMES else "auto"
        html = environment(lang).get_template(template).render(theme=chosen, status=status, visit=visit, **facts)
    finally:
        drawn_for.reset(drawing)
    response = HTMLResponse(
        html, status, {"Content-Language": "zh-CN" if lang == "zh" else "en", "Vary": "Cookie, Accept-Language"}
    )
    if request.query_params.get("lang") == lang:
        is_tls = request.url.scheme == "https"
        response.set_cookie(LANGUAGE_COOKIE, lang, max_age=YEAR, httponly=True, samesite="lax", secure=is_tls)
    return response


def _jobs_open(request: Request) -> int:
    """How many jobs of the institution have not ended."""
    office: Office = request.app.state.office
    return office.jobs.open_count()


def _receipt(request: Request, workspace: Workspace) -> Act | None:
    """What was just recorded, where a form led here."""
    return workspace.acts.find(request.query_params.get("receipt", ""))


def _here(request: Request, **changes: str) -> str:
    """This page's address, path and query, with some parameters changed."""
    query = {name: value for name, value in request.query_params.items() if name not in ("lang", "receipt")} | changes
    path = "/" + request.url.path.lstrip("/")  # two slashes would lead to another host
    return path + (f"?{urlencode(query)}" if query else "")
