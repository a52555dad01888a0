"""Tokens for programs: what they may, how long, and whose they are."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import httpx
import pytest

from chainfusion.domain.errors import ChainFusionError
from chainfusion.node.accounts.refusals import KeyLocked
from tests.support.gate import Browser, Gate

KEY = "demonstration"


def make(person: Browser, scope: str = "read", days: str = "30", **more: str) -> str:
    data = {"label": "loan system", "days": days, "scope": scope, **more}
    answer = person.post("/account/tokens", data=data)
    found = re.search(r"cf_[A-Za-z0-9_-]{43}", answer.text)
    assert found is not None, answer.text
    return found[0]


def ask(place: Gate, token: str, path: str, method: str = "GET", **options: object) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"}
    return place.browser().send(method, path, headers=headers, **options)  # type: ignore[arg-type]


def test_a_token_reads_without_a_cookie_or_a_form_s_token(place: Gate) -> None:
    token = make(place.signed_in())
    assert ask(place, token, "/api/v1/deals").status_code == 200
    assert ask(place, token, "/deals.json").status_code == 200
    assert "loan system" in place.signed_in().get("/account").text


def test_a_token_that_reads_does_not_act(place: Gate) -> None:
    token = make(place.signed_in())
    for method, path in (("POST", "/api/v1/deals"), ("DELETE", "/api/v1/deals/x"), ("POST", "/deals")):
        answer = ask(place, token, path, method)
        assert (answer.status_code, answer.json()["code"]) == (403, "TOKEN_READS_ONLY")
    _, desk = place.keeper.program(token)
    with pytest.raises(KeyLocked):
        desk.session.signer.sign(b"data")


def test_a_token_that_acts_signs_as_its_person(place: Gate) -> None:
    token = make(place.signed_in(), "act", token_key_password=KEY)
    _, desk = place.keeper.program(token)
    assert desk.session.signer.sign(b"data")
    mine = place.home.organisation().user(place.desk).certificate.fingerprint
    assert desk.session.signer.certificate_fingerprint == mine
    assert ask(place, token, "/theme", "POST", data={"theme": "dark", "back": "/"}).status_code == 303


def test_a_token_that_acts_needs_the_key_s_password(place: Gate) -> None:
    person = place.signed_in()
    for password in ("", "wrong"):
        data = {"label": "x", "days": "1", "scope": "act", "token_key_password": password}
        assert person.post("/account/tokens", data=data).status_code in (403, 422)
    assert place.keeper.accounts.tokens.of(place.desk) == []


@pytest.mark.parametrize("days", ["0", "367", "0366999", "00001", "1.5", "-1", "", "３"])
def test_a_token_lasts_a_year_and_a_day_at_most(place: Gate, days: str) -> None:
    assert (
        place.signed_in().post("/account/tokens", data={"label": "x", "days": days, "scope": "read"}).status_code == 422
    )
    assert place.keeper.accounts.tokens.of(place.desk) == []


def test_a_token_does_not_reach_the_account(place: Gate) -> None:
    token = make(place.signed_in(), "act", token_key_password=KEY)
    for method, path in (
        ("GET", "/account"), ("POST", "/account/tokens"), ("POST", "/account/password"), ("POST", "/unlock"),
        ("POST", "/account/passkeys/question"), ("POST", "/signout"), ("POST", "/lock"),
    ):  # fmt: skip
        answer = ask(place, token, path, method)
        assert (answer.status_code, answer.json()["code"]) == (403, "NOT_FOR_PROGRAMS"), path


def test_tokens_end(place: Gate) -> None:
    person = place.signed_in()
    short, revoked, locked = make(person, days="1"), make(person), make(person)
    (kept,) = [
        each for each in place.keeper.accounts.tokens.of(place.desk) if each.id == place.keeper.program(revoked)[0].id
    ]
    assert person.post("/account/tokens/revoke", data={"id": kept.id}).status_code == 303
    assert ask(place, revoked, "/api/v1/deals").status_code == 401
    place.clock.pass_by(days=1)
    assert ask(place, short, "/api/v1/deals").status_code == 401
    assert ask(place, locked, "/api/v1/deals").status_code == 200
    place.keeper.accounts.people.lock(place.desk, 1)
    answer = ask(place, locked, "/api/v1/deals")
    assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_REFUSED")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("forged", ["", "x", "cf_" + "A" * 43, "cf_" + "A" * 5000, "cf_é" + "A" * 42, "null"])
def test_forged_tokens_are_refused_and_a_cookie_beside_them_does_not_help(place: Gate, forged: str) -> None:
    person = place.signed_in()
    headers: dict[str, Any] = {"authorization": f"Bearer {forged}".encode()}
    assert person.send("GET", "/api/v1/deals", headers=headers).status_code == 401


def test_guessing_tokens_is_slowed_and_told_by_the_log(place: Gate) -> None:
    codes = [ask(place, "cf_" + "A" * 43, "/api/v1/deals").status_code for _ in range(302)]
    assert (codes[0], codes[-1]) == (401, 429)
    assert '"code": "TOKEN_REFUSED"' in place.log()
    assert "cf_AAAA" not in place.log()


def test_a_token_is_kept_as_a_hash_and_its_key_only_under_it(place: Gate) -> None:
    token = make(place.signed_in(), "act", token_key_password=KEY)
    (kept,) = place.keeper.accounts.tokens.of(place.desk)
    assert not any(token.encode() in path.read_bytes() for path in place.home.path.glob("accounts.db*"))
    other = "cf_" + "B" * 43
    place.keeper.accounts.database.change(
        "UPDATE token SET digest = ? WHERE id = ?", hashlib.sha256(other.encode()).digest(), kept.id
    )
    with pytest.raises(ChainFusionError) as caught:
        place.keeper.program(other)
    assert caught.value.code == "TOKEN_REFUSED"


@pytest.mark.parametrize("days", ["0", "-1", "367", "9999999", "x", "", "１"])
def test_a_token_lasts_a_year_at_most(place: Gate, days: str) -> None:
    person = place.signed_in()
    answer = person.post("/account/tokens", data={"label": "x", "days": days, "scope": "read"})
    assert (answer.status_code, "cf_" in answer.text) == (422, False)


def test_an_old_session_makes_no_token(place: Gate) -> None:
    person = place.signed_in()
    place.clock.pass_by(minutes=16)
    answer = person.post("/account/tokens", data={"label": "x", "days": "1", "scope": "read"})
    assert (answer.status_code, "SIGN_IN_AGAIN" in answer.text) == (403, True)
