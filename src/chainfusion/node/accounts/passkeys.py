"""Passkeys: WebAuthn credentials that the person unlocks on the own device (user verification is required)."""

from __future__ import annotations

import json
import secrets
import sqlite3
from dataclasses import dataclass, field
from typing import Any

import webauthn
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from chainfusion.domain.errors import require
from chainfusion.node.accounts.database import Database
from chainfusion.node.accounts.pending import Pending
from chainfusion.node.accounts.people import Account, People
from chainfusion.node.accounts.refusals import NoSuchEntry, PasskeyRefused

PATIENCE = 300
"""Seconds that a person has at the device."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey, as its row is laid out; times are seconds since 1970, UTC. `host` is the name that it works under."""

    id: bytes
    account: str
    label: str
    host: str
    public_key: bytes
    count: int
    added: int
    used: int | None


@dataclass(frozen=True, slots=True)
class Site:
    """Where a browser is: a passkey works under one host, and its answers state the origin."""

    host: str
    origin: str


@dataclass(frozen=True)
class Passkeys:
    """The passkeys of all accounts. `browser` in its calls is who was asked: one answers nobody else's question."""

    database: Database
    people: People
    name: str = "Chain Fusion"
    _asked: Pending[bytes] = field(default_factory=lambda: Pending(PATIENCE))

    def ask_for_new(self, account: Account, site: Site, browser: bytes, now: int) -> dict[str, Any]:
        """What `navigator.credentials.create` is given."""
        options = webauthn.generate_registration_options(
            rp_id=site.host,
            rp_name=self.name,
            user_name=account.name,
            user_id=account.handle,
            challenge=self._challenge(browser, b"new", now),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(each.id) for each in self.of(account.name)],
        )
        return _plain(webauthn.options_to_json(options))

    def add(self, account: Account, site: Site, browser: bytes, answer: Any, label: str, now: int) -> None:
        """Keeps the passkey that a device made. Raises: PasskeyRefused."""
        challenge = self._asked.take(b"new" + browser, now)
        require(challenge is not None and isinstance(answer, dict), PasskeyRefused())
        assert challenge is not None
        try:
            made = webauthn.verify_registration_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError):
            raise PasskeyRefused() from None
        row = (
            made.credential_id,
            account.name,
            label[:80],
            site.host,
            made.credential_public_key,
            made.sign_count,
            now,
        )
        try:
            self.database.change("INSERT INTO passkey VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", *row)
        except sqlite3.IntegrityError:
            raise PasskeyRefused() from None

    def ask(self, site: Site, browser: bytes, now: int) -> dict[str, Any]:
        """What `navigator.credentials.get` is given: whoever answers, it names no account."""
        options = webauthn.generate_authentication_options(
            rp_id=site.host,
            challenge=self._challenge(browser, b"in", now),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return _plain(webauthn.options_to_json(options))

    def answered(self, site: Site, browser: bytes, answer: Any, now: int) -> Account:
        """The account whose passkey answered; the same answer is taken once. Raises: PasskeyRefused."""
        challenge = self._asked.take(b"in" + browser, now)
        passkey = self._find(answer)
        require(challenge is not None and passkey is not None and passkey.host == site.host, PasskeyRefused())
        assert challenge is not None
        assert passkey is not None
        try:
            verified = webauthn.verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError):
            raise PasskeyRefused() from None
        self._note(passkey, verified.new_sign_count, now)
        account = self.people.find(passkey.account)
        require(account is not None and _names(answer, account), PasskeyRefused())
        assert account is not None
        return account

    def of(self, account: str) -> list[Passkey]:
        """An account's passkeys, the newest first."""
        rows = self.database.rows("SELECT * FROM passkey WHERE account = ? ORDER BY added DESC, id", account)
        return [Passkey(*row) for row in rows]

    def remove(self, account: str, id_: str) -> None:
        """Forgets one of an account's own passkeys, by the hexadecimal of its id. Raises: NoSuchEntry."""
        gone = self.database.change("DELETE FROM passkey WHERE account = ? AND hex(id) = upper(?)", account, id_)
        require(gone == 1, NoSuchEntry())

    def _challenge(self, browser: bytes, purpose: bytes, now: int) -> bytes:
        challenge = secrets.token_bytes(32)
        self._asked.put(purpose + browser, challenge, now)
        return challenge

    def _find(self, answer: Any) -> Passkey | None:
        given = answer.get("id") if isinstance(answer, dict) else None
        try:
            id_ = webauthn.base64url_to_bytes(given) if isinstance(given, str) and len(given) < 2000 else b""
        except ValueError:
            return None
        row = self.database.row("SELECT * FROM passkey WHERE id = ?", id_)
        return None if row is None else Passkey(*row)

    def _note(self, passkey: Passkey, count: int, now: int) -> None:
        """Keeps the device's count: of two answers with one count, one is a copy's."""
        statement = "UPDATE passkey SET count = ?, used = ? WHERE id = ? AND count = ?"
        require(self.database.change(statement, count, now, passkey.id, passkey.count) == 1, PasskeyRefused())


def _names(answer: Any, account: Account) -> bool:
    """Whether the account that the device named is the one that the passkey was made for."""
    handle = answer.get("response", {}).get("userHandle")
    return handle is None or webauthn.base64url_to_bytes(handle) == account.handle


def _plain(options: str) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(options)
    return plain
