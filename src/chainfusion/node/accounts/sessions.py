"""Who is signed in: a random id in the person's browser, its hash here."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

from chainfusion.domain.errors import require
from chainfusion.node.accounts.database import Database
from chainfusion.node.accounts.refusals import NoSuchEntry
from chainfusion.node.accounts.settings import SignInSettings

BYTES = 32
NOTED_EVERY = 30
"""Seconds between two notes of when a session was last seen."""
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "CrOS", "Linux")
_BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")


@dataclass(frozen=True, slots=True)
class Where:
    """Where a request comes from: the address, and what the browser calls itself."""

    address: str = ""
    agent: str = ""

    @property
    def kind(self) -> str:
        """Browser and system without their versions: what does not change while somebody is signed in."""
        system = next((each for each in _SYSTEMS if each in self.agent), "")
        browser = next((each for each in _BROWSERS if re.search(rf"{each}\w*/", self.agent)), "")
        return f"{browser or 'other'} {system}".strip()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session, as its row is laid out. Times are seconds since 1970, UTC; `way` is how the person signed in."""

    digest: bytes
    account: str
    way: str
    began: int
    seen: int
    ends: int
    agent: str
    address: str

    @property
    def id(self) -> str:
        """Names the session to its own account; whoever knows it can do nothing with it."""
        return self.digest[:8].hex()


@dataclass(frozen=True)
class Sessions:
    """The sessions of all accounts."""

    database: Database
    settings: SignInSettings

    def begin(self, account: str, way: str, where: Where, now: int) -> tuple[str, SignedIn]:
        """A new session, and the id that its browser keeps: nobody chose it before, so that none can be planted."""
        secret = secrets.token_urlsafe(BYTES)
        made = SignedIn(digest_of(secret), account, way, now, now, now + self._longest, where.kind, where.address[:64])
        values = (made.digest, account, way, now, now, made.ends, made.agent, made.address)
        self.database.change("INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *values)
        return secret, made

    def find(self, secret: str, where: Where, now: int) -> SignedIn | None:
        """The session of an id, if it has not timed out and comes from the kind of browser that it began in.

        One that comes from another is ended: its id is in two places.
        """
        row = self.database.row("SELECT * FROM session WHERE digest = ?", digest_of(secret))
        if row is None:
            return None
        found = SignedIn(*row)
        if self.is_over(found, now) or found.agent != where.kind:
            self.end(found.digest)
            return None
        return found

    def is_over(self, session: SignedIn, now: int) -> bool:
        """Whether a session has timed out."""
        return now >= session.ends or now >= session.seen + self._idle

    def note(self, session: SignedIn, now: int) -> None:
        """Notes that the person is still there."""
        if now >= session.seen + NOTED_EVERY:
            self.database.change("UPDATE session SET seen = ? WHERE digest = ?", now, session.digest)

    def of(self, account: str, now: int) -> list[SignedIn]:
        """An account's sessions that last, the newest first."""
        rows = self.database.rows("SELECT * FROM session WHERE account = ? ORDER BY began DESC", account)
        return [each for each in (SignedIn(*row) for row in rows) if not self.is_over(each, now)]

    def end(self, digest: bytes) -> None:
        """Ends a session."""
        self.database.change("DELETE FROM session WHERE digest = ?", digest)

    def end_one_of(self, account: str, id_: str) -> bytes:
        """Ends one of an account's own sessions; gives its digest. Raises: NoSuchEntry."""
        rows = self.database.rows("SELECT digest FROM session WHERE account = ?", account)
        found = next((digest for (digest,) in rows if digest[:8].hex() == id_), None)
        require(found is not None, NoSuchEntry())
        assert found is not None
        self.end(found)
        return bytes(found)

    def end_all_of(self, account: str, but: bytes = b"") -> None:
        """Ends all sessions of an account, but perhaps the one that asks."""
        self.database.change("DELETE FROM session WHERE account = ? AND digest <> ?", account, but)

    def living(self, now: int) -> frozenset[bytes]:
        """The digests of all sessions that last; those that do not are removed."""
        idle = now - self._idle
        self.database.change("DELETE FROM session WHERE ends <= ? OR seen <= ?", now, idle)
        return frozenset(digest for (digest,) in self.database.rows("SELECT digest FROM session"))

    @property
    def _idle(self) -> int:
        return self.settings.idle_minutes * 60

    @property
    def _longest(self) -> int:
        return self.settings.longest_hours * 3600


def digest_of(secret: str) -> bytes:
    """What is kept of a secret that is random enough to need no salt."""
    return hashlib.sha256(secret.encode()).digest()


def form_secret(secret: str) -> bytes:
    """What a session's form tokens are made of: it tells nothing of the id, and is kept nowhere."""
    return hashlib.sha256(b"form token\n" + secret.encode()).digest()
