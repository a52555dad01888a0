"""The bank's identity provider: what it may say, and the lies that are not believed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from chainfusion.node.accounts.oidc import Oidc
from chainfusion.node.accounts.settings import ProviderSettings, read_settings
from tests.support.gate import Browser, Gate
from tests.support.provider import CLIENT, SECRET, Provider, running


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running() as made:
        yield made


@pytest.fixture
def banked(place: Gate, provider: Provider, tmp_path: Path) -> Gate:
    """A workspace whose people may sign in at the provider, whose settings lie in a file."""
    (tmp_path / "client-secret").write_text(SECRET + "\n")
    told = {"provider": {"issuer": provider.issuer, "client_id": CLIENT, "secret_file": "client-secret"}}
    (tmp_path / "signin.json").write_text(json.dumps(told))
    settings = read_settings(tmp_path).provider
    assert settings is not None
    place.keeper.oidc = Oidc(settings, tmp_path)
    return place


def at_provider(browser: Browser, then: str = "/deals") -> str:
    """Where the provider sends the browser back to: path and query."""
    browser.get("/signin")
    leave = browser.get(f"/signin/provider?next={then}")
    assert leave.status_code == 303, leave.text
    try:
        build_opener(_Stay()).open(leave.headers["location"])
    except Exception as answer:  # a redirect that is not followed
        back = urlsplit(answer.headers["location"])  # type: ignore[attr-defined]
        return f"{back.path}?{back.query}"
    raise AssertionError("the provider did not lead back")


def come_back(browser: Browser, address: str) -> httpx.Response:
    return browser.get(address, headers={"sec-fetch-site": "cross-site"})


def test_the_provider_signs_its_person_in_and_leads_on_by_a_page_of_ours(banked: Gate) -> None:
    browser = banked.browser()
    answer = come_back(browser, at_provider(browser))
    assert answer.status_code == 200, answer.text
    assert 'content="0;url=/deals"' in answer.text
    assert banked.desk in browser.get("/account").text
    assert "Continue with the bank" in banked.browser().get("/signin").text
    assert '"way": "provider"' in banked.log()


def test_the_question_carries_pkce_state_and_nonce(banked: Gate) -> None:
    browser = banked.browser()
    browser.get("/signin")
    asked = [parse_qs(urlsplit(browser.get("/signin/provider").headers["location"]).query) for _ in range(2)]
    for each in asked:
        assert each["code_challenge_method"] == ["S256"]
        assert each["response_type"] == ["code"]
        assert each["redirect_uri"] == ["http://workspace.test/signin/provider/answer"]
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]
        assert len(asked[0][name][0]) >= 43


def test_an_answer_is_taken_once_from_the_browser_that_asked_in_time(banked: Gate) -> None:
    browser, other = banked.browser(), banked.browser()
    other.get("/signin")
    address = at_provider(browser)
    assert come_back(other, address).status_code == 403
    assert come_back(browser, address).status_code == 403, "spent by the attempt"
    address = at_provider(browser)
    assert come_back(browser, address).status_code == 200
    assert come_back(browser, address).status_code == 403
    late = banked.browser()
    address = at_provider(late)
    banked.clock.pass_by(minutes=11)
    assert come_back(late, address).status_code == 403
    assert come_back(banked.browser(), at_provider(banked.browser())).status_code == 403, "no cookie at all"


def none(provider: Provider, claims: dict[str, Any]) -> str:
    import base64

    def part(what: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(what).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part(claims)}."


def by_shared_secret(provider: Provider, claims: dict[str, Any]) -> str:
    """HS256 with the published key's text: the classic confusion of algorithms."""
    return jwt.encode(
        {"alg": "HS256"}, claims, OctKey.import_key(provider.key.as_pem(private=False)), algorithms=["HS256"]
    )


def by_another_key(provider: Provider, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "ES256", "kid": "one"}, claims, ECKey.generate_key("P-256", {"kid": "one"}))


def with_its_own_key(provider: Provider, claims: dict[str, Any]) -> str:
    key = ECKey.generate_key("P-256")
    return jwt.encode({"alg": "ES256", "jwk": key.as_dict(private=False)}, claims, key)


def cut(provider: Provider, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "ES256", "kid": "one"}, claims, provider.key)[:-6]


@pytest.mark.parametrize("sign", [none, by_shared_secret, by_another_key, with_its_own_key, cut])
def test_tokens_that_the_provider_did_not_sign_are_not_believed(banked: Gate, provider: Provider, sign: Any) -> None:
    provider.sign = sign
    browser = banked.browser()
    answer = come_back(browser, at_provider(browser))
    assert (answer.status_code, browser.session) == (403, "")


LIES = {
    "another nonce": {"nonce": "x" * 43},
    "no nonce": {"nonce": None},
    "another issuer": {"iss": "https://evil.test"},
    "another audience": {"aud": "another-client"},
    "no audience": {"aud": None},
    "several audiences": {"aud": [CLIENT, "another-client"]},
    "several audiences, for another": {"aud": [CLIENT, "another-client"], "azp": "another-client"},
    "expired": {"exp": int(time.time()) - 3600},
    "no expiry": {"exp": None},
    "from the future": {"iat": int(time.time()) + 3600},
    "not yet": {"nbf": int(time.time()) + 3600},
    "nobody": {"preferred_username": "nobody"},
    "no name": {"preferred_username": None},
    "a name that is no text": {"preferred_username": ["DH-0417"]},
    "no subject": {"sub": None},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_claims_that_do_not_fit_are_not_believed(banked: Gate, provider: Provider, lie: dict[str, Any]) -> None:
    provider.claims = lambda claims: {k: v for k, v in (claims | lie).items() if v is not None}
    browser = banked.browser()
    answer = come_back(browser, at_provider(browser))
    assert (answer.status_code, browser.session) == (403, "")
    assert "PROVIDER_REFUSED" in answer.text


def test_clocks_may_differ_by_a_minute(banked: Gate, provider: Provider) -> None:
    provider.claims = lambda claims: claims | {"exp": int(time.time()) - 30, "iat": int(time.time()) + 30}
    browser = banked.browser()
    assert come_back(browser, at_provider(browser)).status_code == 200


@pytest.mark.parametrize(
    "answer",
    [
        {"iss": "https://evil.test"},
        {"code": "forged"},
        {"code": ""},
        {"state": "forged"},
        {"error": "access_denied"},
    ],
)
def test_answers_that_were_changed_on_the_way_are_refused(
    banked: Gate, provider: Provider, answer: dict[str, str]
) -> None:
    provider.answer = lambda told: told | answer
    browser = banked.browser()
    assert (come_back(browser, at_provider(browser)).status_code, browser.session) == (403, "")


def test_a_locked_account_is_not_let_in(banked: Gate) -> None:
    banked.keeper.accounts.people.lock(banked.desk, 1)
    browser = banked.browser()
    assert (come_back(browser, at_provider(browser)).status_code, browser.session) == (403, "")


def test_a_new_key_of_the_provider_is_fetched_once(banked: Gate, provider: Provider) -> None:
    browser = banked.browser()
    assert come_back(browser, at_provider(browser)).status_code == 200
    provider.key = ECKey.generate_key("P-256", {"kid": "two", "use": "sig"})
    provider.sign = lambda it, claims: jwt.encode({"alg": "ES256", "kid": "two"}, claims, it.key)
    later = banked.browser()
    assert come_back(later, at_provider(later)).status_code == 200
    assert provider.asked.count("/keys") == 2


@pytest.mark.parametrize(
    "facts", [{"issuer": "https://evil.test"}, {"token_endpoint": "http://evil.test/token"}, {"jwks_uri": 1}]
)
def test_a_provider_that_describes_itself_wrongly_is_not_used(
    banked: Gate, provider: Provider, facts: dict[str, Any]
) -> None:
    provider.facts = lambda told: told | facts
    browser = banked.browser()
    browser.get("/signin")
    leave = browser.get("/signin/provider")
    if leave.status_code == 303:
        assert come_back(browser, at_provider(browser)).status_code == 403
    else:
        assert leave.status_code == 403


def test_a_provider_that_is_away_is_told_on_the_page(banked: Gate, provider: Provider, tmp_path: Any) -> None:
    assert banked.keeper.oidc is not None
    away = ProviderSettings("http://127.0.0.1:9", CLIENT)
    banked.keeper.oidc = Oidc(away, tmp_path)
    browser = banked.browser()
    browser.get("/signin")
    answer = browser.get("/signin/provider")
    assert (answer.status_code, "did not answer" in answer.text) == (403, True)


def test_claims_lead_to_accounts_by_the_settings_own_table(tmp_path: Any, provider: Provider) -> None:
    told = ProviderSettings(provider.issuer, CLIENT, claim="email", accounts={"li@bank.example": "DH-0417"})
    oidc = Oidc(told, tmp_path)
    assert oidc._account({"email": "li@bank.example", "email_verified": True}) == "DH-0417"
    for claims in ({"email": "li@bank.example"}, {"email": "x@bank.example", "email_verified": True}, {}):
        with pytest.raises(Exception, match="did not lead to an account"):
            oidc._account(claims)


@pytest.mark.parametrize("text", ["{", "[]", '{"idle_minutes": 0}', '{"idle_minutes": "x"}', '{"unknown": 1}',
                                  '{"provider": {"issuer": "http://bank.example", "client_id": "x"}}'])  # fmt: skip
def test_settings_that_cannot_be_are_refused(tmp_path: Any, text: str) -> None:
    (tmp_path / "signin.json").write_text(text)
    with pytest.raises(Exception, match="cannot be used"):
        read_settings(tmp_path)
