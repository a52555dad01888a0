"""`chainfusion account`: what an administrator does on the node's machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chainfusion.node.accounts.accounts import Accounts
from chainfusion.node.home import Home
from tests.cli.shell import Shell
from tests.support.homes import THREE, Homes

NEW = {"CHAINFUSION_NEW_PASSWORD": "seven words in a row"}
DESK, REP = THREE[0].desk, THREE[0].representative


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Homes:
    return Homes(tmp_path_factory.mktemp("accounts")).make()


@pytest.fixture
def shell(made: Homes, tmp_path: Path) -> Iterator[Shell]:
    """A folder with a home `bank`."""
    (tmp_path / "bank").mkdir()
    (tmp_path / "bank" / "identity").symlink_to(made.home(THREE[0]).identity)
    yield Shell(tmp_path)


def accounts(shell: Shell) -> Accounts:
    return Accounts.of(Home(shell.folder / "bank"))


def test_an_account_stands_for_a_user_of_the_institution(shell: Shell) -> None:
    told = shell.ask(f"chainfusion account add {DESK} --home bank".removeprefix("chainfusion "), **NEW)
    assert told == {"account": DESK, "user": DESK, "password": True}
    other = shell.ask(f"account add li.wei --identity {REP} --home bank --no-password")
    assert other == {"account": "li.wei", "user": REP, "password": False}
    rows = shell.ask("account list --home bank")
    assert [(row["account"], row["user"], row["password"]) for row in rows] == [
        (DESK, DESK, True),
        ("li.wei", REP, False),
    ]
    assert "seven words" not in (shell.folder / "bank" / "accounts.db").read_bytes().decode("latin-1")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (f"account add {DESK} --home bank", "ACCOUNT_EXISTS"),
        (f"account add another --identity {DESK} --home bank", "ACCOUNT_EXISTS"),
        (f"account add {DESK.lower()} --home bank", "IDENTITY_MISSING"),
        ("account add nobody --home bank", "IDENTITY_MISSING"),
        (f"account add ../x --identity {REP} --home bank", "BAD_IDENTITY_NAME"),
        ("account add x --identity ../x --home bank", "BAD_IDENTITY_NAME"),
        ("account lock nobody --home bank", "ACCOUNT_UNKNOWN"),
        ("account unlock nobody --home bank", "ACCOUNT_UNKNOWN"),
        ("account password nobody --home bank", "ACCOUNT_UNKNOWN"),
        ("account sessions nobody --home bank", "ACCOUNT_UNKNOWN"),
        (f"account sessions {DESK} --end 00 --home bank", "NO_SUCH_ENTRY"),
        (f"account tokens {DESK} --revoke 00 --home bank", "NO_SUCH_ENTRY"),
        (f"account passkeys {DESK} --remove 00 --home bank", "NO_SUCH_ENTRY"),
    ],
)
def test_what_cannot_be_is_refused(shell: Shell, line: str, code: str) -> None:
    shell.ask(f"account add {DESK} --home bank", **NEW)
    assert shell.refused(line, **NEW)["code"] == code
    assert len(shell.ask("account list --home bank")) == 1


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", DESK.lower() + " is my name", "x" * 2000])
def test_easy_passwords_are_refused(shell: Shell, password: str) -> None:
    refused = shell.refused(f"account add {DESK} --home bank", CHAINFUSION_NEW_PASSWORD=password)
    assert refused["code"] == "PASSWORD_UNFIT"
    assert shell.ask("account list --home bank") == []


def test_locking_and_a_new_password_end_what_is_open(shell: Shell) -> None:
    from chainfusion.node.accounts.sessions import Where

    shell.ask(f"account add {DESK} --home bank", **NEW)
    kept = accounts(shell)
    now = 1_800_000_000
    for change in (f"account lock {DESK}", f"account password {DESK}", f"account sessions {DESK} --end all"):
        secret, _ = kept.sessions.begin(DESK, "password", Where("::1", "x"), now)
        assert kept.sessions.find(secret, Where("::1", "x"), now)
        shell.ask(f"{change} --home bank", CHAINFUSION_NEW_PASSWORD="eight words in a row")
        assert kept.sessions.find(secret, Where("::1", "x"), now) is None, change
    account = kept.people.named(DESK)
    assert account.locked
    assert kept.people.passwords.fits(account.password, "eight words in a row")
    assert not kept.people.passwords.fits(account.password, "seven words in a row")
    assert shell.ask(f"account unlock {DESK} --home bank") == {"account": DESK, "locked": False}
    assert not kept.people.named(DESK).locked
    kept.close()


def test_tokens_are_made_listed_and_ended(shell: Shell) -> None:
    shell.ask(f"account add {DESK} --home bank", **NEW)
    told = shell.ask(
        f"account token {DESK} --label 'loan system' --days 7 --act --home bank", CHAINFUSION_PASSWORD="demonstration"
    )
    assert told["token"].startswith("cf_")
    assert told["acts"]
    shell.ask(f"account token {DESK} --label reports --home bank")
    rows = shell.ask(f"account tokens {DESK} --home bank")
    assert sorted((row["name"], row["acts"]) for row in rows) == [("loan system", True), ("reports", False)]
    assert all(told["token"] not in str(row) for row in rows)
    left = shell.ask(f"account tokens {DESK} --revoke {rows[0]['id']} --home bank")
    assert [row["id"] for row in left] == [rows[1]["id"]]
    refused = shell.refused(f"account token {DESK} --label x --act --home bank", CHAINFUSION_PASSWORD="wrong")
    assert refused["code"] == "WRONG_PASSWORD"
    assert len(shell.ask(f"account tokens {DESK} --home bank")) == 1
