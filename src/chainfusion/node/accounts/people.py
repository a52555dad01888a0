"""Accounts: each stands for one identity of the organisation, whose key signs what the person does."""

from __future__ import annotations

import re
import secrets
import sqlite3
from dataclasses import dataclass

from chainfusion.domain.errors import ChainFusionError, require
from chainfusion.node.accounts.database import Database, Row
from chainfusion.node.accounts.passwords import Passwords, check_password
from chainfusion.node.accounts.refusals import AccountExists, AccountUnknown
from chainfusion.node.identity.refusals import BadIdentityName

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,62}")


@dataclass(frozen=True, slots=True)
class Account:
    """A person of the institution, as its row is laid out. `user` is the identity that signs.

    Times are seconds since 1970, UTC.
    """

    name: str
    user: str
    handle: bytes
    """Names the account to its passkeys, and tells nothing."""
    password: str | None
    """The hash; None where the person comes in by other ways alone."""
    added: int
    locked: int | None
    signed_in: int | None


@dataclass(frozen=True)
class People:
    """The accounts of one institution."""

    database: Database
    passwords: Passwords

    def add(self, name: str, user: str, password: str | None, now: int) -> Account:
        """A new account. Raises: AccountExists, BadIdentityName, PasswordUnfit."""
        require(NAME.fullmatch(name) is not None, _bad_name(name))
        if password is not None:
            check_password(password, name)
        kept = None if password is None else self.passwords.hashed(password)
        made = Account(name, user, secrets.token_bytes(32), kept, now, None, None)
        values = (made.name, made.user, made.handle, made.password, made.added, None, None)
        try:
            self.database.change("INSERT INTO account VALUES (?, ?, ?, ?, ?, ?, ?)", *values)
        except sqlite3.IntegrityError:
            raise AccountExists(name=name, user=user) from None
        return made

    def all(self) -> list[Account]:
        """All accounts by name."""
        return [Account(*row) for row in self.database.rows("SELECT * FROM account ORDER BY name")]

    def find(self, name: str) -> Account | None:
        """An account, or None."""
        return _one(self.database.row("SELECT * FROM account WHERE name = ?", name))

    def named(self, name: str) -> Account:
        """An account. Raises: AccountUnknown."""
        found = self.find(name)
        require(found is not None, AccountUnknown(name=name[:80]))
        assert found is not None
        return found

    def of_user(self, user: str) -> Account | None:
        """The account that stands for an identity, or None."""
        return _one(self.database.row("SELECT * FROM account WHERE user = ?", user))

    def of_handle(self, handle: bytes) -> Account | None:
        """The account that a passkey names, or None."""
        return _one(self.database.row("SELECT * FROM account WHERE handle = ?", handle))

    def set_password(self, name: str, password: str) -> None:
        """Raises: AccountUnknown, PasswordUnfit."""
        account = self.named(name)
        check_password(password, account.name)
        self.keep_hash(account, self.passwords.hashed(password))

    def keep_hash(self, account: Account, kept: str) -> None:
        """Puts a hash in the place of the one that is kept."""
        self.database.change("UPDATE account SET password = ? WHERE name = ?", kept, account.name)

    def lock(self, name: str, now: int) -> None:
        """Lets the person in no more, and ends what is open. Raises: AccountUnknown."""
        account = self.named(name)
        with self.database.writing():
            self.database.change("UPDATE account SET locked = ? WHERE name = ?", now, account.name)
            self.database.change("DELETE FROM session WHERE account = ?", account.name)

    def unlock(self, name: str) -> None:
        """Lets the person in again. Raises: AccountUnknown."""
        self.database.change("UPDATE account SET locked = NULL WHERE name = ?", self.named(name).name)

    def came_in(self, account: Account, now: int) -> None:
        """Notes when the person last signed in."""
        self.database.change("UPDATE account SET signed_in = ? WHERE name = ?", now, account.name)


def _one(row: Row | None) -> Account | None:
    return None if row is None else Account(*row)


def _bad_name(name: str) -> ChainFusionError:
    return BadIdentityName(
        name=name[:80],
        what="an account's name",
        what_zh="账户名",
        why="1 to 63 of A-Z a-z 0-9 . _ @ -, beginning with a letter or digit",
        why_zh="应为 1 至 63 个字母、数字或 . _ @ -，并以字母或数字开头",
    )
