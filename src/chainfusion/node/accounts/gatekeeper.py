"""Lets people and programs in at one institution's node: by password, link, passkey, provider or token."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chainfusion.domain.errors import ChainFusionError, require
from chainfusion.node.accounts.accounts import Accounts
from chainfusion.node.accounts.audit import Audit
from chainfusion.node.accounts.keyring import Keyring, SeatSigner, desk_of
from chainfusion.node.accounts.oidc import Oidc
from chainfusion.node.accounts.passkeys import Site
from chainfusion.node.accounts.pending import Pending
from chainfusion.node.accounts.people import Account
from chainfusion.node.accounts.refusals import LinkSpent, ProviderRefused, SignInRefused, TokenRefused
from chainfusion.node.accounts.sessions import SignedIn, Where, digest_of
from chainfusion.node.accounts.throttle import Throttle
from chainfusion.node.accounts.tokens import Token, private_key, signer_of
from chainfusion.node.desk import Desk
from chainfusion.node.home import Home
from chainfusion.node.identity.organisation import Identity, change_password, unlock
from chainfusion.node.identity.refusals import IdentityMissing, WrongPassword
from chainfusion.node.identity.signer import Signer

LINK_MINUTES = 10
DAY = 24 * 3600


@dataclass(frozen=True)
class Entered:
    """Somebody who just signed in: the id for the browser, and the session."""

    secret: str
    session: SignedIn
    then: str = "/"


@dataclass(frozen=True)
class Seated:
    """Somebody who is signed in, at the desk."""

    account: Account
    session: SignedIn
    signer: SeatSigner
    desk: Desk


class Gatekeeper:
    """What the doors ask. One for a running node; thread-safe."""

    def __init__(self, home: Home, office_desk: Desk, clock: Callable[[], datetime] | None = None,
                 accounts: Accounts | None = None) -> None:  # fmt: skip
        self.accounts = accounts or Accounts.of(home)
        self.home, self._clock = home, clock or (lambda: datetime.now(UTC))
        self.audit = Audit(home.path)
        self.keyring = Keyring(office_desk)
        settings = self.accounts.settings.provider
        self.oidc = None if settings is None else Oidc(settings, home.path)
        self.sign_ins, self.requests = Throttle(burst=20, rate=1 / 3), Throttle(burst=300, rate=30)
        self._links: Pending[tuple[str, Signer | None]] = Pending(LINK_MINUTES * 60)
        self._office_desk = office_desk

    @property
    def now(self) -> int:
        """Seconds since 1970, UTC."""
        return int(self._clock().timestamp())

    # ------------------------------------------------------------------ ways in

    def by_password(self, name: str, password: str, where: Where) -> Entered:
        """Raises: SignInRefused, SignInPaused, TooManyRequests."""
        self._slow(where)
        now, people = self.now, self.accounts.people
        left = self._tried("password", name, where)
        account = people.find(name)
        right = people.passwords.fits(account.password if account else None, password)
        if account is None or account.locked or not right:
            self._refuse("password", account, where, "locked" if right else "wrong")
            raise SignInRefused(left=left)
        self.accounts.attempts.clear(name)
        if account.password and people.passwords.is_old(account.password):
            people.keep_hash(account, people.passwords.hashed(password))
        entered = self._enter(account, "password", where, now)
        self._unlock_if_fits(entered.session, account, password)
        return entered

    def new_link(self, user: str, key: Signer | None) -> str:
        """A secret that signs one person in once, within ten minutes; with the key that was unlocked for it."""
        secret = secrets.token_urlsafe(32)
        self._links.put(digest_of(secret), (user, key), self.now)
        return secret

    def by_link(self, secret: str, where: Where) -> Entered:
        """Whom a link names; who has no account gets one, without a password. Raises: LinkSpent, TooManyRequests."""
        self._slow(where)
        user, key = self._links.take(digest_of(secret), self.now) or ("", None)
        if not user:
            self._refuse("link", None, where, "spent")
            raise LinkSpent(minutes=LINK_MINUTES)
        account = self.accounts.people.of_user(user) or self.accounts.people.add(user, user, None, self.now)
        require(not account.locked, LinkSpent(minutes=LINK_MINUTES))
        entered = self._enter(account, "link", where, self.now)
        if key is not None:
            self._held(entered.session, account)[0].open(key)
        return entered

    def by_passkey(self, site: Site, browser: bytes, answer: Any, where: Where) -> Entered:
        """Raises: PasskeyRefused, TooManyRequests."""
        self._slow(where)
        try:
            account = self.accounts.passkeys.answered(site, browser, answer, self.now)
        except ChainFusionError:
            self._refuse("passkey", None, where, "wrong")
            raise
        return self._enter_unlocked("passkey", account, where)

    def by_provider(self, browser: bytes, answer: Mapping[str, str], where: Where) -> Entered:
        """Raises: ProviderRefused, TooManyRequests."""
        self._slow(where)
        assert self.oidc is not None
        try:
            name, then = self.oidc.finish(browser, answer, self.now)
            account = self.accounts.people.find(name)
            nobody = ProviderRefused(why="nobody here is who it names", why_zh="此处无其所指人员")
            require(account is not None and not account.locked, nobody)
        except ChainFusionError as error:
            self._refuse("provider", None, where, str(error.facts.get("why", "")))
            raise
        assert account is not None
        entered = self._enter(account, "provider", where, self.now)
        return Entered(entered.secret, entered.session, then)

    # ------------------------------------------------------------------ who is here

    def seated(self, secret: str, where: Where, *, busy: bool = True) -> Seated | None:
        """Who has a session under an id, or None. `busy` tells whether this request shows that the person is there."""
        now = self.now
        session = self.accounts.sessions.find(secret, where, now)
        account = self.accounts.people.find(session.account) if session else None
        if session is None or account is None or account.locked:
            self.keyring.forget(digest_of(secret))
            return None
        if busy:
            self.accounts.sessions.note(session, now)
        return Seated(account, session, *self._held(session, account))

    def is_over(self, session: SignedIn) -> bool:
        """Whether a session has ended since, or timed out."""
        now = self.now
        return all(each.digest != session.digest for each in self.accounts.sessions.of(session.account, now))

    def program(self, token: str) -> tuple[Token, Desk]:
        """What a program's token may do, and the desk that it acts at. Raises: TokenRefused."""
        kept = self.accounts.tokens.find(token, self.now)
        account = self.accounts.people.find(kept.account)
        require(account is not None and not account.locked, TokenRefused())
        assert account is not None
        identity = self.identity(account)
        signer = signer_of(token, kept, identity) if kept.acts else SeatSigner(identity)
        return kept, desk_of(self._office_desk, signer)

    def identity(self, account: Account) -> Identity:
        """The certificate and the locked key of an account's person. Raises: IdentityMissing."""
        return self.home.organisation().user(account.user)

    # ------------------------------------------------------------------ keys

    def unlock(self, seated: Seated, password: str, where: Where) -> None:
        """Unlocks a session's signing key. Raises: WrongPassword, SignInPaused."""
        guesses = f"key of {seated.account.name}"
        self._tried("key", guesses, where)
        try:
            key = unlock(seated.signer.identity, password.encode())
        except WrongPassword:
            self._refuse("key", seated.account, where, "wrong")
            raise
        self.accounts.attempts.clear(guesses)
        seated.signer.open(key)
        self.audit.note("key unlocked", seated.account.name, where, session=seated.session.id)

    def sign_out(self, seated: Seated, where: Where) -> None:
        """Ends a session and forgets its key."""
        self.end(seated.session.digest)
        self.audit.note("signed out", seated.account.name, where, session=seated.session.id)

    def leave(self, secret: str) -> None:
        """Ends the session of an id that a browser had before."""
        self.end(digest_of(secret))

    def end(self, digest: bytes) -> None:
        """Ends a session and forgets its key."""
        self.accounts.sessions.end(digest)
        self.keyring.forget(digest)

    def sweep(self) -> None:
        """Forgets the keys of all sessions that ended or timed out, and what was waited for too long."""
        self.keyring.keep_only(self.accounts.sessions.living(self.now))
        self._links.forget(self.now)

    # ------------------------------------------------------------------ the person's own settings

    def change_password(self, seated: Seated, old: str, new: str, where: Where) -> Entered:
        """Sets another password, and locks the signing key under it where the old one opened it too.

        All sessions end; the person's own begins again. Raises: SignInRefused, SignInPaused, PasswordUnfit.
        """
        people, account = self.accounts.people, seated.account
        left = self._tried("password", account.name, where)
        right = account.password is None or people.passwords.fits(account.password, old)
        require(right, SignInRefused(left=left))
        people.set_password(account.name, new)
        self.accounts.attempts.clear(account.name)
        self._relock(seated.signer.identity, old, new)
        entered = self._again(seated, where)
        self.accounts.sessions.end_all_of(account.name, but=entered.session.digest)
        self.sweep()
        self.audit.note("password changed", account.name, where)
        return entered

    def make_token(self, seated: Seated, label: str, days: int, key_password: str | None, where: Where) -> str:
        """A token for a program; with the key's password it may act. Raises: WrongPassword, SignInPaused."""
        key = None
        if key_password is not None:
            guesses = f"key of {seated.account.name}"
            self._tried("key", guesses, where)
            key = private_key(seated.signer.identity, key_password.encode())
            self.accounts.attempts.clear(guesses)
        now = self.now
        token = self.accounts.tokens.make(seated.account.name, label, now + days * DAY, now, key)
        self.audit.note("token made", seated.account.name, where, acts=key is not None, days=days)
        return token

    def close(self) -> None:
        """Forgets all keys and closes the files."""
        self.keyring.keep_only(frozenset())
        self.audit.close()
        self.accounts.close()

    # ------------------------------------------------------------------ within

    def _slow(self, where: Where) -> None:
        self.sign_ins.take(where.address, self._clock().timestamp())

    def _tried(self, way: str, name: str, where: Where) -> int:
        try:
            return self.accounts.attempts.begin(name, self.now)
        except ChainFusionError:
            self._refuse(way, None, where, "paused")
            raise

    def _refuse(self, way: str, account: Account | None, where: Where, why: str) -> None:
        self.audit.note("sign-in refused", account.name if account else "", where, way=way, why=why)

    def _enter_unlocked(self, way: str, account: Account, where: Where) -> Entered:
        if account.locked:
            self._refuse(way, account, where, "locked")
            raise SignInRefused(left=0)
        return self._enter(account, way, where, self.now)

    def _enter(self, account: Account, way: str, where: Where, now: int) -> Entered:
        secret, session = self.accounts.sessions.begin(account.name, way, where, now)
        self.accounts.people.came_in(account, now)
        self.audit.note("signed in", account.name, where, way=way, session=session.id)
        return Entered(secret, session)

    def _again(self, seated: Seated, where: Where) -> Entered:
        """The same person's session under a new id, with the key as it was."""
        entered = self._enter(seated.account, seated.session.way, where, self.now)
        signer, _ = self._held(entered.session, seated.account)
        if (key := seated.signer.key) is not None:
            signer.open(key)
        self.end(seated.session.digest)
        return entered

    def _held(self, session: SignedIn, account: Account) -> tuple[SeatSigner, Desk]:
        return self.keyring.find(session.digest) or self.keyring.held(session.digest, self.identity(account))

    def _unlock_if_fits(self, session: SignedIn, account: Account, password: str) -> None:
        """One password for both is common: then nobody is asked twice."""
        try:
            signer, _ = self._held(session, account)
            signer.open(unlock(signer.identity, password.encode()))
        except (WrongPassword, IdentityMissing):
            return

    def _relock(self, identity: Identity, old: str, new: str) -> None:
        try:
            change_password(identity, old.encode(), new.encode())
        except (WrongPassword, IdentityMissing):
            return
