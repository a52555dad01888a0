"""A small OpenID Connect provider on loopback: it signs one person in, and lies where a test tells it to."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT, SECRET = "chain-fusion", "a secret of the client"
Lie = Callable[[dict[str, Any]], dict[str, Any]]


def honest(claims: dict[str, Any]) -> dict[str, Any]:
    return claims


@dataclass
class Provider:
    """The provider's state. `person` is who its sign-in page signs in; `claims` and `sign` may be replaced by lies."""

    person: str = "DH-0417"
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one", "use": "sig"}))
    published: list[Any] = field(default_factory=list)
    claims: Lie = honest
    sign: Callable[[Provider, dict[str, Any]], str] | None = None
    facts: Lie = honest
    answer: Lie = honest
    """What the browser brings back: the code, the state, the issuer."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    issuer: str = ""
    asked: list[str] = field(default_factory=list)

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = self.claims({
            "iss": self.issuer, "sub": "248289761001", "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": nonce,
            "preferred_username": self.person,
        })  # fmt: skip
        if self.sign is not None:
            return self.sign(self, claims)
        return jwt.encode({"alg": "ES256", "kid": "one"}, claims, self.key)

    def discovery(self) -> dict[str, Any]:
        return self.facts({
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        })  # fmt: skip

    def jwks(self) -> dict[str, Any]:
        return {"keys": [each.as_dict(private=False) for each in (self.published or [self.key])]}

    def authorize(self, question: dict[str, str]) -> str:
        """Signs the person in at once, and leads back."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = question
        answer = self.answer({"code": code, "state": question["state"], "iss": self.issuer})
        return f"{question['redirect_uri']}?{urlencode(answer)}"

    def redeem(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """The tokens for a code, once, to who asked for it."""
        question = self.codes.pop(form.get("code", ""), None)
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '%20')}".encode()).decode()
        if question is None or authorization != expected or form.get("redirect_uri") != question["redirect_uri"]:
            return None
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if challenge.rstrip(b"=").decode() != question.get("code_challenge"):
            return None
        return {"access_token": "unused", "token_type": "Bearer", "id_token": self.id_token(question["nonce"])}


def rsa() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})


@contextmanager
def running(provider: Provider | None = None) -> Iterator[Provider]:
    """The provider, served until the block ends."""
    made = provider or Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            made.asked.append(parts.path)
            if parts.path == "/authorize":
                question = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", made.authorize(question))
                self.end_headers()
                return
            self._tell(made.jwks() if parts.path == "/keys" else made.discovery())

        def do_POST(self) -> None:
            made.asked.append("/token")
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            tokens = made.redeem(form, self.headers.get("Authorization", ""))
            self._tell(tokens or {"error": "invalid_grant"}, 200 if tokens else 400)

        def _tell(self, what: dict[str, Any], status: int = 200) -> None:
            body = json.dumps(what).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
