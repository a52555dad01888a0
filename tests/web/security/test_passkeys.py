"""Passkeys: a device's answer is good for one question, of one browser, at one site."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.authenticator import USER_PRESENT, Device
from tests.support.gate import Browser, Gate

ORIGIN = "http://workspace.test"


def ask(browser: Browser, path: str, token: str, body: dict[str, Any] | None = None) -> httpx.Response:
    return browser.send("POST", path, headers={"x-csrf-token": token}, json=body or {})


def registered(place: Gate, device: Device, name: str = "") -> Device:
    """A device whose passkey an account has."""
    person = place.signed_in(name, "demonstration") if name else place.signed_in()
    token = person.token()
    question = ask(person, "/account/passkeys/question", token).json()
    answer = ask(person, "/account/passkeys", token, {"answer": device.make(question), "label": "my laptop"})
    assert answer.status_code == 200, answer.text
    return device


def device(**options: Any) -> Device:
    return Device("workspace.test", ORIGIN, **options)


def question(browser: Browser) -> tuple[str, dict[str, Any]]:
    token = browser.token("/signin")
    return token, ask(browser, "/signin/passkey/question", token).json()


def sign_in(browser: Browser, one: Device, then: str = "/") -> httpx.Response:
    token, asked = question(browser)
    return ask(browser, "/signin/passkey", token, {"answer": one.answer(asked), "next": then})


def test_a_passkey_signs_in_and_is_listed_and_removed(place: Gate) -> None:
    one = registered(place, device())
    browser = place.browser()
    answer = sign_in(browser, one, "/deals")
    assert (answer.status_code, answer.json()) == (200, {"then": "/deals"})
    page = browser.get("/account").text
    assert "my laptop" in page
    assert "signed in by passkey" in page
    assert browser.post("/account/passkeys/remove", data={"id": one.id.hex()}).status_code == 303
    assert sign_in(place.browser(), one).status_code == 403


def test_the_key_stays_locked_after_a_passkey(place: Gate) -> None:
    browser = place.browser()
    sign_in(browser, registered(place, device(), place.representative))
    assert "Locked" in browser.get("/account").text


def test_an_answer_is_taken_once(place: Gate) -> None:
    one, browser = registered(place, device(counts=False)), place.browser()
    token, asked = question(browser)
    answer = {"answer": one.answer(asked), "next": "/"}
    assert ask(browser, "/signin/passkey", token, answer).status_code == 200
    replay = place.browser(cookies={name: value for name, value in browser.cookies.items() if "session" not in name})
    assert ask(replay, "/signin/passkey", replay.token("/signin"), answer).status_code == 403


def test_an_answer_to_another_browser_s_question_is_refused(place: Gate) -> None:
    one, victim, attacker = registered(place, device()), place.browser(), place.browser()
    _, asked = question(victim)
    token, _ = question(attacker)
    answer = ask(attacker, "/signin/passkey", token, {"answer": one.answer(asked)})
    assert (answer.status_code, answer.json()["code"], attacker.session) == (403, "PASSKEY_REFUSED", "")


def test_an_answer_that_comes_late_is_refused(place: Gate) -> None:
    one, browser = registered(place, device()), place.browser()
    token, asked = question(browser)
    place.clock.pass_by(minutes=6)
    assert ask(browser, "/signin/passkey", token, {"answer": one.answer(asked)}).status_code == 403


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "http://evil.test"},
        {"origin": "http://workspace.test:81"},
        {"origin": "https://workspace.test"},
        {"origin": "http://workspace.test.evil.test"},
        {"host": "evil.test"},
        {"flags": USER_PRESENT},
        {"flags": 0x04},
        {"handle": "AAAA"},
        {"count": 0, "counts": False},
    ],
)
def test_a_device_that_lies_is_refused(place: Gate, lie: dict[str, Any]) -> None:
    one = registered(place, device())
    one.count = 5
    assert sign_in(place.browser(), one).status_code == 200
    for name, value in lie.items():
        setattr(one, name, value)
    browser = place.browser()
    assert (sign_in(browser, one).status_code, browser.session) == (403, "")


def test_a_copy_of_a_device_is_found_by_its_count(place: Gate) -> None:
    one = registered(place, device())
    copy = Device(one.host, one.origin, count=one.count, id=one.id, key=one.key, handle=one.handle)
    assert sign_in(place.browser(), one).status_code == 200
    assert sign_in(place.browser(), copy).status_code == 403


@pytest.mark.parametrize("lie", [{"origin": "http://evil.test"}, {"host": "evil.test"}, {"flags": USER_PRESENT}])
def test_a_passkey_is_not_added_by_a_device_that_lies(place: Gate, lie: dict[str, Any]) -> None:
    person = place.signed_in()
    token = person.token()
    one = device(**{name: value for name, value in lie.items() if name == "flags"})
    one.host, one.origin = str(lie.get("host", one.host)), str(lie.get("origin", one.origin))
    asked = ask(person, "/account/passkeys/question", token).json()
    assert ask(person, "/account/passkeys", token, {"answer": one.make(asked)}).status_code == 403
    assert place.keeper.accounts.passkeys.of(place.desk) == []


def test_a_passkey_of_one_account_is_not_taken_for_another(place: Gate) -> None:
    one = registered(place, device())
    thief = place.signed_in(place.representative, "demonstration")
    token = thief.token()
    asked = ask(thief, "/account/passkeys/question", token).json()
    assert ask(thief, "/account/passkeys", token, {"answer": one.make(asked)}).status_code == 403
    assert len(place.keeper.accounts.passkeys.of(place.desk)) == 1


def test_an_old_session_adds_no_passkey(place: Gate) -> None:
    person = place.signed_in()
    token = person.token()
    place.clock.pass_by(minutes=16)
    answer = ask(person, "/account/passkeys/question", token)
    assert (answer.status_code, answer.json()["code"]) == (403, "SIGN_IN_AGAIN")


def test_a_locked_account_s_passkey_opens_nothing(place: Gate) -> None:
    one = registered(place, device())
    place.keeper.accounts.people.lock(place.desk, 1)
    browser = place.browser()
    assert (sign_in(browser, one).status_code, browser.session) == (401, "")


@pytest.mark.parametrize(
    "body",
    [
        [],
        "x",
        {"answer": None},
        {"answer": {}},
        {"answer": {"id": "x" * 3000}},
        {"answer": {"id": "é"}},
        {"answer": {"id": "AAAA", "response": 3}},
    ],
)
def test_answers_that_are_none_are_refused(place: Gate, body: Any) -> None:
    browser = place.browser()
    token, _ = question(browser)
    answer = browser.send("POST", "/signin/passkey", headers={"x-csrf-token": token}, json=body)
    assert answer.status_code in (403, 422)


def test_a_malformed_answer_of_a_known_passkey_is_refused(place: Gate) -> None:
    one = registered(place, device())
    for change in ({"authenticatorData": ""}, {"clientDataJSON": "e30"}, {"signature": 7}, {"userHandle": 7}):
        browser = place.browser()
        token, asked = question(browser)
        answer = one.answer(asked)
        answer["response"] |= change
        assert ask(browser, "/signin/passkey", token, {"answer": answer}).status_code == 403, change


def test_an_address_without_a_name_has_no_passkeys(place: Gate) -> None:
    from chainfusion.web.app import create_app
    from chainfusion.web.gate import SignIn

    app = create_app(place.office, seating=SignIn(place.keeper), hosts=("127.0.0.1",))
    browser = Browser(app, host="127.0.0.1")
    text = browser.get("/signin").text
    assert "Use a passkey" not in text
    assert ask(browser, "/signin/passkey/question", browser.token("/signin")).status_code == 403
