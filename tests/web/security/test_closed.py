"""Nothing is open but what is named: every route that the app has is asked by strangers, programs and forgers.

A page that somebody adds is found here by itself. What it may not be is open, or changed without the form's token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route

from chainfusion.web.formtokens import SAFE
from chainfusion.web.gate import OPEN, OPEN_BELOW, is_open
from tests.support.gate import HOST, Gate

EXPECTED_OPEN = {
    "/api/v1/openapi.json", "/api/v1/verify", "/evidence", "/evidence.json", "/signin", "/signin/link/{secret}",
    "/signin/passkey", "/signin/passkey/question", "/signin/provider", "/signin/provider/answer", "/static", "/theme",
}  # fmt: skip
"""Whoever adds to these says in docs/signing-in.md why it is for everybody."""


def routes(place: Gate) -> Iterator[tuple[str, str]]:
    """Every method and path that the app answers."""
    return walked(place.app.routes, "")


def walked(found: Iterable[Any], prefix: str) -> Iterator[tuple[str, str]]:
    for route in found:
        if (included := getattr(route, "original_router", None)) is not None:
            yield from walked(included.routes, prefix + route.include_context.prefix)
        elif isinstance(route, Mount):
            yield "GET", prefix + route.path + "/x"
        else:
            assert isinstance(route, Route | APIRoute), f"a kind of route that this test does not know: {route}"
            for method in sorted(route.methods or ()):
                yield method, prefix + route.path


def filled(path: str) -> str:
    return re.sub(r"{(\w+)(:\w+)?}", "1", path)


def test_the_open_addresses_are_these(place: Gate) -> None:
    paths = {path.removesuffix("/x") for _, path in routes(place)}
    assert len(paths) > 40
    assert {path for path in paths if is_open(path + ("/" if path == "/static" else ""))} == EXPECTED_OPEN
    assert {*OPEN, *(each.rstrip("/") for each in OPEN_BELOW)} <= EXPECTED_OPEN


def test_a_stranger_is_sent_to_sign_in_or_refused(place: Gate) -> None:
    stranger = place.browser()
    for method, path in routes(place):
        if is_open(path):
            continue
        answer = stranger.send(method, filled(path))
        if method in SAFE and not (path.startswith("/api/") or path.endswith((".json", ".csv"))):
            assert answer.status_code == 303, (method, path)
            assert answer.headers["location"].startswith("/signin"), (method, path)
        else:
            assert answer.status_code == 401, (method, path)
        place.keeper.requests._buckets.clear()


def test_paths_that_lead_nowhere_are_closed_too(place: Gate) -> None:
    for path in (
        "/nothing",
        "/api/v1/nothing",
        "/deals/none",
        f"http://{HOST}//static/x",
        "/%2e%2e/signin",
        "/evidence/x",
        "/Signin",
    ):
        assert place.browser().get(path).status_code in (303, 401), path


def test_every_change_needs_the_token_of_its_session(place: Gate) -> None:
    person, other = place.signed_in(), place.signed_in(place.representative, "demonstration")
    unsafe = [(method, path) for method, path in routes(place) if method not in SAFE]
    assert len(unsafe) > 10
    for method, path in unsafe:
        for token in (None, "", "AAAA", "A" * 88, other.token()):
            given = {"data": {"csrf": token}} if token is not None else {}
            answer = person.send(method, filled(path), **given)
            assert answer.status_code == 403, (method, path, token)
            assert "FORM_STALE" in answer.text, (method, path)
        for body in ({"content": b"csrf=x", "headers": {"content-type": "text/plain"}}, {"json": {"csrf": "x"}}):
            assert person.send(method, filled(path), **body).status_code == 403, (method, path)
        place.keeper.requests._buckets.clear()
    assert person.get("/account").status_code == 200


def test_forms_to_sign_in_belong_to_a_browser_that_has_seen_the_page(place: Gate) -> None:
    seen = place.browser()
    token = seen.token("/signin")
    unsafe = [path for method, path in routes(place) if method not in SAFE and path.startswith("/signin")]
    assert unsafe
    for path in unsafe:
        for given in ({}, {"csrf": token}, {"csrf": ""}):
            answer = place.browser().send("POST", path, data=given)
            assert (answer.status_code, "FORM_STALE" in answer.text) == (403, True), path


def test_every_change_is_refused_from_another_site(place: Gate) -> None:
    person = place.signed_in()
    token = person.token()
    for method, path in routes(place):
        if method in SAFE:
            continue
        for headers in ({"origin": "http://evil.test"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
            answer = person.send(method, filled(path), headers=headers, data={"csrf": token})
            assert (answer.status_code, "OTHER_SITE" in answer.text) == (403, True), (method, path)
        place.keeper.requests._buckets.clear()


def test_the_right_token_passes_in_form_and_header(place: Gate) -> None:
    person = place.signed_in()
    assert person.post("/theme", data={"theme": "dark", "back": "/"}).status_code == 303
    token = person.token()
    sent = person.send("POST", "/theme", headers={"x-csrf-token": token}, data={"theme": "dark", "back": "/"})
    assert sent.status_code == 303
    assert person.token() != token


def test_reading_changes_nothing(place: Gate) -> None:
    """No route that is there to be read ends a session, locks a key or makes a token."""
    person = place.signed_in()
    before = place.keeper.accounts.database.rows("SELECT digest, account FROM session ORDER BY digest")
    for method, path in routes(place):
        if method in ("GET", "HEAD") and not path.startswith("/signin/"):
            person.send(method, filled(path))
            place.keeper.requests._buckets.clear()
    assert place.keeper.accounts.database.rows("SELECT digest, account FROM session ORDER BY digest") == before
    assert person.get("/account").status_code == 200


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "get"])
def test_other_methods_open_nothing(place: Gate, method: str) -> None:
    answer = place.browser().send(method, "/deals")
    assert answer.status_code in (303, 401, 403), method
