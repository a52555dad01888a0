"""Brute force, and finding out who has an account."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from chainfusion.node.accounts.attempts import FREE, LONGEST_PAUSE, pause_after
from chainfusion.node.accounts.refusals import SignInPaused, SignInRefused
from chainfusion.node.accounts.sessions import Where
from tests.support.gate import OWN, Gate


def forms(text: str, name: str) -> str:
    """A page without what differs by chance, and without the name that was typed."""
    text = re.sub(r'name="csrf" value="[^"]+"|name="form-token" content="[^"]+"', "", text)
    return text.replace(name, "NAME")


def test_wrong_passwords_pause_a_name_longer_and_longer(place: Gate) -> None:
    browser = place.browser()
    statuses = [browser.sign_in(place.desk, f"guess number {n}").status_code for n in range(FREE + 2)]
    assert statuses == [401] * FREE + [429] * 2
    assert browser.sign_in(place.desk).status_code == 429
    place.clock.pass_by(seconds=16)
    assert browser.sign_in(place.desk, "guess again").status_code == 401
    answer = browser.sign_in(place.desk)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")
    place.clock.pass_by(seconds=16)
    assert browser.sign_in(place.desk).status_code == 429
    place.clock.pass_by(seconds=16)
    assert browser.sign_in(place.desk).status_code == 303
    assert place.browser().sign_in(place.desk, "one wrong one").status_code == 401


@given(st.integers(0, 10_000))
def test_pauses_only_grow_and_end(failures: int) -> None:
    assert 0 <= pause_after(failures) <= pause_after(failures + 1) <= LONGEST_PAUSE


def test_many_guesses_at_once_are_no_more_than_one_after_the_other(place: Gate) -> None:
    def guess(n: int) -> str:
        try:
            place.keeper.by_password(place.desk, f"guess {n}", Where(f"10.0.0.{n}", ""))
        except (SignInRefused, SignInPaused) as error:
            return error.code
        return "in"

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(guess, range(24)))
    assert told.count("SIGN_IN_REFUSED") == FREE
    assert told.count("SIGN_IN_PAUSED") == 24 - FREE


def test_guessing_from_one_address_is_slowed_whatever_the_names(place: Gate) -> None:
    browser = place.browser()
    token = browser.token("/signin")
    statuses = [
        browser.post("/signin", token=token, data={"name": f"name-{n}", "password": "guess"}).status_code
        for n in range(25)
    ]
    assert statuses == [401] * 20 + [429] * 5
    assert place.browser().sign_in(place.desk).status_code == 429
    place.clock.pass_by(seconds=4)
    assert place.browser().sign_in(place.desk).status_code == 303


def test_an_unknown_name_looks_like_a_wrong_password_down_to_the_pause(place: Gate) -> None:
    known, unknown = place.browser(), place.browser()
    for _ in range(FREE + 1):
        one, two = known.sign_in(place.desk, "wrong one"), unknown.sign_in("nobody-1", "wrong one")
        assert (one.status_code, forms(one.text, place.desk)) == (two.status_code, forms(two.text, "nobody-1"))
        assert dict(one.headers).keys() == dict(two.headers).keys()


def test_an_unknown_name_costs_the_same_work(place: Gate) -> None:
    """Counted, not timed: each sign-in runs the hash once, with the same parameters."""
    passwords, seen = place.keeper.accounts.people.passwords, []
    verify = passwords.hasher.verify

    class Counting:
        def __getattr__(self, name: str) -> object:
            return getattr(kept, name)

        def verify(self, kept_hash: str, password: str) -> bool:
            seen.append(kept_hash.split("$")[:4])
            return verify(kept_hash, password)

    kept = passwords.hasher
    passwords.hasher = Counting()  # type: ignore[assignment]
    place.keeper.accounts.people.lock(place.representative, 1)
    for name in (place.desk, "nobody", place.representative, "x" * 63, ""):
        place.browser().sign_in(name, "a wrong password")
    assert len(seen) == 5
    assert len({tuple(each) for each in seen}) == 1


def test_a_locked_account_is_told_by_nothing(place: Gate) -> None:
    place.keeper.accounts.people.lock(place.representative, 1)
    right, wrong = place.browser(), place.browser()
    one = right.sign_in(place.representative, "demonstration")
    two = wrong.sign_in("nobody-2", "demonstration")
    assert (one.status_code, forms(one.text, place.representative)) == (two.status_code, forms(two.text, "nobody-2"))


def test_the_password_is_all_of_it(place: Gate) -> None:
    for password in (OWN[:-1], OWN + " ", OWN.upper(), " " + OWN, "", OWN + "\0"):
        assert place.browser().sign_in(place.desk, password).status_code in (401, 429), password
        place.keeper.accounts.attempts.clear(place.desk)
    assert place.browser().sign_in(place.desk.lower(), OWN).status_code == 303


def test_the_log_tells_of_refusals_and_of_no_secret(place: Gate) -> None:
    typed = "my password in the wrong field"
    place.browser().sign_in(typed, "whatever it is")
    place.browser().sign_in(place.desk, "another guess")
    log = place.log()
    assert '"why": "wrong"' in log
    assert place.desk in log
    for secret in (typed, "whatever it is", "another guess"):
        assert secret not in log


def test_requests_of_one_account_are_bounded(place: Gate) -> None:
    person = place.signed_in()
    codes = [person.get("/account.json").status_code for _ in range(320)]
    assert codes[0] == 404
    assert codes[-1] == 429
    place.clock.pass_by(seconds=2)
    assert person.get("/account").status_code == 200
