"""What programs come in with: a random token, its hash here.

A token that may act carries the person's signing key: sealed under the token itself, so that this node can sign for a
program while the program is there, and neither this node nor whoever copies its files can at any other time.
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from chainfusion.domain.errors import require
from chainfusion.node.accounts.database import Database
from chainfusion.node.accounts.refusals import NoSuchEntry, TokenRefused
from chainfusion.node.accounts.sessions import digest_of
from chainfusion.node.identity import folder
from chainfusion.node.identity.keyfile import open_key
from chainfusion.node.identity.organisation import Identity
from chainfusion.node.identity.signer import Signer

SHAPE = re.compile(r"cf_[A-Za-z0-9_-]{43}")
LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Token:
    """A token, as its row is laid out after the digest; times are seconds since 1970, UTC."""

    id: str
    account: str
    label: str
    sealed: bytes | None
    """The signing key under the token; None where it may read alone."""
    added: int
    ends: int
    used: int | None

    @property
    def acts(self) -> bool:
        """Whether it may act."""
        return self.sealed is not None


@dataclass(frozen=True)
class Tokens:
    """The tokens of all accounts."""

    database: Database

    def make(self, account: str, label: str, ends: int, now: int, key: EllipticCurvePrivateKey | None = None) -> str:
        """A new token, told this once; with a `key` it may act."""
        token, id_ = "cf_" + secrets.token_urlsafe(32), secrets.token_hex(8)
        sealed = None if key is None else _seal(token, id_, key)
        values = (digest_of(token), id_, account, label[:80], sealed, now, ends, None)
        self.database.change("INSERT INTO token VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *values)
        return token

    def find(self, token: str, now: int) -> Token:
        """What a token stands for. Raises: TokenRefused."""
        row = self.database.row("SELECT * FROM token WHERE digest = ?", digest_of(token[:80]))
        require(row is not None and SHAPE.fullmatch(token) is not None, TokenRefused())
        assert row is not None
        found = Token(*row[1:])
        require(now < found.ends, TokenRefused())
        if found.used is None or now >= found.used + 60:
            self.database.change("UPDATE token SET used = ? WHERE id = ?", now, found.id)
        return found

    def of(self, account: str) -> list[Token]:
        """An account's tokens, the newest first."""
        rows = self.database.rows("SELECT * FROM token WHERE account = ? ORDER BY added DESC, id", account)
        return [Token(*row[1:]) for row in rows]

    def revoke(self, account: str, id_: str) -> None:
        """Ends one of an account's own tokens. Raises: NoSuchEntry."""
        gone = self.database.change("DELETE FROM token WHERE account = ? AND id = ?", account, id_)
        require(gone == 1, NoSuchEntry())


def private_key(identity: Identity, password: bytes) -> EllipticCurvePrivateKey:
    """A person's signing key, to be sealed under a token. Raises: WrongPassword, NotAnOrganisation."""
    key = open_key(folder.read(identity.key_file), password, identity.certificate)
    assert isinstance(key, EllipticCurvePrivateKey)
    return key


def signer_of(token: str, kept: Token, identity: Identity) -> Signer:
    """Signs as the person whose key the token carries. Raises: TokenRefused, also where the person has a new key."""
    assert kept.sealed is not None
    try:
        plain = _cipher(token, kept.id).decrypt(kept.sealed[:12], kept.sealed[12:], kept.id.encode())
        key = load_der_private_key(plain, None)
    except (InvalidTag, ValueError):
        raise TokenRefused() from None
    require(isinstance(key, EllipticCurvePrivateKey), TokenRefused())
    assert isinstance(key, EllipticCurvePrivateKey)
    same = key.public_key().public_numbers() == identity.certificate.p256_key.public_numbers()
    require(same, TokenRefused())
    return Signer(identity.msp_id, identity.certificate, key)


def _seal(token: str, id_: str, key: EllipticCurvePrivateKey) -> bytes:
    nonce, plain = os.urandom(12), key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return nonce + _cipher(token, id_).encrypt(nonce, plain, id_.encode())


def _cipher(token: str, id_: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=id_.encode(), info=b"chainfusion api token").derive(token.encode()))
