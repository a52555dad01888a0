"""The accounts of a home, as commands and the running node use them."""

from __future__ import annotations

from dataclasses import dataclass

from chainfusion.node.accounts.attempts import Attempts
from chainfusion.node.accounts.database import FILE, Database
from chainfusion.node.accounts.passkeys import Passkeys
from chainfusion.node.accounts.passwords import Passwords
from chainfusion.node.accounts.people import Account, People
from chainfusion.node.accounts.sessions import Sessions
from chainfusion.node.accounts.settings import SignInSettings, read_settings
from chainfusion.node.accounts.tokens import Tokens
from chainfusion.node.home import Home


@dataclass(frozen=True)
class Accounts:
    """All that is kept of who may come in."""

    home: Home
    database: Database
    settings: SignInSettings
    people: People
    attempts: Attempts
    sessions: Sessions
    passkeys: Passkeys
    tokens: Tokens

    @classmethod
    def of(cls, home: Home, passwords: Passwords | None = None) -> Accounts:
        """Opens those of a home, or begins them. Raises: FileDamaged, SettingsUnusable."""
        settings = read_settings(home.path)
        database = Database(home.path / FILE)
        people = People(database, passwords or Passwords())
        return cls(
            home=home,
            database=database,
            settings=settings,
            people=people,
            attempts=Attempts(database),
            sessions=Sessions(database, settings),
            passkeys=Passkeys(database, people),
            tokens=Tokens(database),
        )

    def add(self, name: str, user: str, password: str | None, now: int) -> Account:
        """An account for an identity of the organisation.

        Raises: IdentityMissing, AccountExists, BadIdentityName, PasswordUnfit.
        """
        return self.people.add(name, self.home.organisation().user(user).name, password, now)

    def close(self) -> None:
        """Closes the file."""
        self.database.close()
