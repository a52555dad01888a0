"""The small parts of signing in against simple models: what is used once is used once, what is measured is measured."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.domain.errors import ChainFusionError
from chainfusion.node.accounts.database import Database
from chainfusion.node.accounts.passwords import AT_ONCE, Passwords, check_password
from chainfusion.node.accounts.pending import Pending
from chainfusion.node.accounts.people import NAME, People
from chainfusion.node.accounts.refusals import AccountExists, TooManyRequests
from chainfusion.node.accounts.sessions import Sessions, Where, digest_of, form_secret
from chainfusion.node.accounts.settings import SignInSettings
from chainfusion.node.accounts.throttle import Throttle
from chainfusion.node.home import FileDamaged
from chainfusion.web.formtokens import fits, token_of

CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 8), st.floats(0.2, 5))
def test_a_bucket_lets_through_what_it_holds_and_what_flows_in(pauses: list[float], burst: int, rate: float) -> None:
    throttle, now, passed = Throttle(burst, rate), 0.0, 0
    for pause in pauses:
        now += pause
        try:
            throttle.take("one", now)
            passed += 1
        except TooManyRequests as error:
            assert error.facts["seconds"] >= 1
        assert passed <= burst + now * rate + 1e-6
    throttle.take("another", now)


def test_a_bucket_tells_how_long_to_wait() -> None:
    throttle = Throttle(1, 0.1)
    throttle.take("one", 0)
    with pytest.raises(TooManyRequests) as caught:
        throttle.take("one", 1)
    throttle.take("one", 1 + caught.value.facts["seconds"])


def test_the_keys_that_are_known_are_bounded() -> None:
    throttle, pending = Throttle(1, 1, most=10), Pending[int](10, most=10)
    for n in range(100):
        throttle.take(str(n), 0)
        pending.put(bytes([n]), n, 0)
    assert len(throttle._buckets) == len(pending._held) == 10
    assert (pending.take(bytes([99]), 0), pending.take(bytes([0]), 0)) == (99, None)


def test_what_is_pending_is_taken_once_by_whoever_is_first() -> None:
    pending = Pending[str](10)
    pending.put(b"key", "value", 0)
    with ThreadPoolExecutor(16) as pool:
        taken = list(pool.map(lambda _: pending.take(b"key", 1), range(64)))
    assert sorted(taken, key=str) == [None] * 63 + ["value"]
    pending.put(b"key", "value", 0)
    assert pending.take(b"key", 10) is None
    pending.put(b"old", "value", 0)
    pending.forget(11)
    assert pending._held == {}


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.text(max_size=100))
def test_a_form_s_token_fits_its_own_session_alone(one: bytes, other: bytes, junk: str) -> None:
    token = token_of(one)
    assert fits(one, token)
    assert token != token_of(one)
    assert fits(other, token) is (one == other)
    assert not fits(one, token[:-4])
    assert not fits(one, junk)


def test_what_forms_are_made_of_tells_nothing_of_the_session() -> None:
    assert form_secret("secret") not in (digest_of("secret"), b"secret")
    assert form_secret("secret") != form_secret("Secret")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "accounts.db")


def test_an_account_is_one_person_s_and_a_person_has_one(database: Database) -> None:
    people = People(database, Passwords(CHEAP))
    people.add("li", "DH-1", "several words here", 1)
    for name, user in (("li", "DH-2"), ("LI", "DH-2"), ("wang", "DH-1"), ("wang", "dh-1")):
        with pytest.raises(AccountExists):
            people.add(name, user, None, 1)
    assert [each.name for each in people.all()] == ["li"]
    assert people.named("LI").name == "li"


@given(st.text(max_size=70))
def test_names_are_plain(name: str) -> None:
    if NAME.fullmatch(name):
        assert name.isascii()
        assert name.isprintable()
        assert not set(name) & set("/\\ '\"<>%:")


@pytest.mark.parametrize(
    "password", ["", "elevenchars", "aaaaaaaaaaaa", "abababababab", "my name is Li Wei", "x" * 1025, "é" * 600]
)
def test_passwords_that_are_easily_guessed_are_none(password: str) -> None:
    with pytest.raises(ChainFusionError):
        check_password(password, "li wei")


def test_few_hashes_run_beside_each_other() -> None:
    running, most = [], []

    class Watched(PasswordHasher):
        def verify(self, kept: str, password: str) -> bool:  # type: ignore[override]
            running.append(1)
            most.append(len(running))
            try:
                return super().verify(kept, password)
            finally:
                running.pop()

    passwords = Passwords(Watched(time_cost=2, memory_cost=1024, parallelism=1))
    kept = passwords.hashed("several words here")
    with ThreadPoolExecutor(12) as pool:
        told = list(pool.map(lambda n: passwords.fits(kept, "several words here" if n % 2 else "other"), range(24)))
    assert told == [False, True] * 12
    assert max(most) <= AT_ONCE


def test_the_work_of_today_is_that_of_the_recommendation() -> None:
    kept = Passwords().hashed("several words here")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert not Passwords().is_old(kept)
    assert Passwords().is_old(Passwords(CHEAP).hashed("several words here"))


def test_a_damaged_or_newer_file_is_refused(tmp_path: Path, database: Database) -> None:
    (tmp_path / "bad.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(FileDamaged):
        Database(tmp_path / "bad.db")
    database.change("PRAGMA user_version = 9")
    database.close()
    with pytest.raises(FileDamaged, match="version 9"):
        Database(database.path)


def test_a_change_is_whole_or_not_at_all(database: Database) -> None:
    people = People(database, Passwords(CHEAP))
    with pytest.raises(RuntimeError), database.writing():
        people.add("li", "DH-1", None, 1)
        raise RuntimeError
    assert people.all() == []


def test_sessions_go_with_their_account_and_time(database: Database) -> None:
    people, sessions = People(database, Passwords(CHEAP)), Sessions(database, SignInSettings())
    people.add("li", "DH-1", None, 1)
    where = Where("::1", "Mozilla/5.0 (Macintosh) Firefox/1.0")
    secrets = [sessions.begin("li", "password", where, 1000 + 60 * n)[0] for n in range(3)]
    assert [len(sessions.of("li", 1000 + 1800 + 60 * n)) for n in (-1, 0, 1, 2)] == [3, 2, 1, 0]
    assert sessions.living(1000 + 1800) == {digest_of(secret) for secret in secrets[1:]}
    database.change("DELETE FROM account")
    assert sessions.living(1060) == frozenset()


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36 Edg/150.0", "Edg Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/150.0 Safari/537.36", "Chrome Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19) Version/19.0 Mobile/15E148 Safari/604.1", "Safari iPhone"),
        ("Mozilla/5.0 (Android 16; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0", "Firefox Android"),
        ("curl/8", "other"),
        ("", "other"),
    ],
)
def test_browsers_are_told_apart_by_kind(agent: str, kind: str) -> None:
    assert Where("", agent).kind == kind
