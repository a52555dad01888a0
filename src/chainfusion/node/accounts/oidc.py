"""OpenID Connect: the authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0, RFC 7636, RFC 9207).

What comes back is believed as far as the provider signed it: with one of its published keys and an asymmetric
algorithm, for this client, in answer to this browser's own request, once, and now.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote, urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from chainfusion.domain.errors import require
from chainfusion.node.accounts.pending import Pending
from chainfusion.node.accounts.provider import ask, refused
from chainfusion.node.accounts.sessions import digest_of
from chainfusion.node.accounts.settings import ProviderSettings

ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519")
"""Signatures alone: with "none" or a shared secret anybody could have made the token."""
PATIENCE = 600
"""Seconds that a person has at the provider."""
KEYS_LAST = 3600
DISCOVERY = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in under way: what the answer must fit."""

    browser: bytes
    nonce: str
    verifier: str
    redirect: str
    then: str


@dataclass
class Oidc:
    """Signs people in at one provider. `home` is where its secret lies."""

    settings: ProviderSettings
    home: Path
    ask: Callable[..., dict[str, Any]] = ask
    _begun: Pending[Begun] = field(default_factory=lambda: Pending(PATIENCE))
    _known: tuple[int, dict[str, Any], KeySet] | None = None
    _lock: Lock = field(default_factory=Lock)

    def begin(self, browser: bytes, redirect: str, then: str, now: int) -> str:
        """The address at the provider to send a browser to, which comes back to `redirect`. Raises: ProviderRefused."""
        facts, _ = self._provider(now)
        state, begun = secrets.token_urlsafe(32), Begun(browser, _random(), _random(), redirect, then)
        self._begun.put(digest_of(state), begun, now)
        question = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect,
            "scope": " ".join(self.settings.scopes),
            "state": state,
            "nonce": begun.nonce,
            "code_challenge": _challenge(begun.verifier),
            "code_challenge_method": "S256",
        }
        address = str(facts["authorization_endpoint"])
        return f"{address}{'&' if '?' in address else '?'}{urlencode(question)}"

    def finish(self, browser: bytes, answer: Mapping[str, str], now: int) -> tuple[str, str]:
        """The account that an answer stands for, and where its person was going. Raises: ProviderRefused."""
        begun = self._begun.take(digest_of(answer.get("state", "")), now)
        unasked = refused("it was not asked for by this browser, or too long ago", "并非由本浏览器发起，或已超时")
        require(begun is not None, unasked)
        assert begun is not None
        require(hmac.compare_digest(begun.browser, browser), unasked)
        told = answer.get("error", "")[:40]
        require(not told, refused(f"the provider said {told!r}", f"提供方返回 {told!r}"))
        from_us = answer.get("iss", self.settings.issuer) == self.settings.issuer
        require(from_us, refused("another provider answered", "应答来自其他提供方"))
        tokens = self._redeem(answer.get("code", ""), begun, now)
        claims = self._claims(str(tokens.get("id_token", "")), begun.nonce, now)
        return self._account(claims), begun.then

    def _redeem(self, code: str, begun: Begun, now: int) -> dict[str, Any]:
        facts, _ = self._provider(now)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": begun.redirect,
            "client_id": self.settings.client_id,
            "code_verifier": begun.verifier,
        }
        headers = {}
        if self.settings.secret_file:
            secret = (self.home / self.settings.secret_file).read_text(encoding="utf-8").strip()
            pair = f"{quote(self.settings.client_id, safe='')}:{quote(secret, safe='')}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        return self.ask(str(facts["token_endpoint"]), form, headers)

    def _claims(self, token: str, nonce: str, now: int) -> dict[str, Any]:
        try:
            claims = self._decoded(token, now)
            self._registry(nonce, now).validate(claims)
        except JoseError as error:
            why = f"its token does not hold ({type(error).__name__})"
            raise refused(why, f"其令牌不成立（{type(error).__name__}）") from None
        except (ValueError, TypeError):
            raise refused("its token cannot be read", "其令牌无法读取") from None
        audience = claims["aud"]
        alone = isinstance(audience, str) or len(audience) == 1 or claims.get("azp") == self.settings.client_id
        require(alone, refused("its token is for others too", "其令牌同时面向其他方"))
        return claims

    def _decoded(self, token: str, now: int) -> dict[str, Any]:
        _, keys = self._provider(now)
        try:
            return jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
        except (JoseError, ValueError):
            self._known = None  # the provider may have changed its keys since: asked once more
            _, keys = self._provider(now)
            return jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims

    def _registry(self, nonce: str, now: int) -> JWTClaimsRegistry:
        return JWTClaimsRegistry(
            now=now,
            leeway=self.settings.leeway,
            iss={"essential": True, "value": self.settings.issuer},
            aud={"essential": True, "value": self.settings.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )

    def _account(self, claims: dict[str, Any]) -> str:
        claim = self.settings.claim
        value = claims.get(claim)
        require(isinstance(value, str) and value != "", refused(f"it states no {claim}", f"未载明 {claim}"))
        proven = claim != "email" or claims.get("email_verified") is True
        require(proven, refused("its e-mail address is not verified", "其邮箱地址未经验证"))
        accounts = self.settings.accounts
        require(not accounts or value in accounts, refused("nobody here is who it names", "此处无其所指人员"))
        return accounts[str(value)] if accounts else str(value)

    def _provider(self, now: int) -> tuple[dict[str, Any], KeySet]:
        """What the provider tells of itself, and its keys; asked for once an hour."""
        with self._lock:
            if self._known is None or now >= self._known[0] + KEYS_LAST:
                issuer = self.settings.issuer
                facts = self.ask(issuer.rstrip("/") + DISCOVERY)
                require(facts.get("issuer") == issuer, refused("it names another issuer", "其所载签发方不一致"))
                needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
                require(
                    all(isinstance(facts.get(each), str) for each in needed), refused("it lacks addresses", "缺少地址")
                )
                self._known = now, facts, self._keys(facts)
            return self._known[1:]

    def _keys(self, facts: dict[str, Any]) -> KeySet:
        published: Any = self.ask(str(facts["jwks_uri"]))
        try:
            return KeySet.import_key_set(published)
        except (JoseError, ValueError, KeyError, TypeError):
            raise refused("its keys cannot be read", "其公钥无法读取") from None


def _random() -> str:
    return secrets.token_urlsafe(32)


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
