"""Asks an identity provider over HTTPS: small answers, no redirects, no other address than it named itself."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from chainfusion.domain.errors import require
from chainfusion.node.accounts.refusals import ProviderRefused
from chainfusion.node.accounts.settings import is_guarded

PATIENCE, LARGEST = 10, 1_000_000
"""Seconds, and bytes of an answer."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects())


def ask(
    address: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The JSON object at an address, or what it answers to a form. Raises: ProviderRefused."""
    require(is_guarded(address), refused("an address of the provider is not https", "提供方地址不是 https"))
    data = urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(address, data, {"Accept": "application/json", **(headers or {})})  # noqa: S310
    try:
        with _opener.open(request, timeout=PATIENCE) as answer:
            body = json.loads(answer.read(LARGEST))
    except (urllib.error.URLError, OSError, ValueError) as error:
        why = f"the provider did not answer as it should ({type(error).__name__})"
        raise refused(why, f"提供方未正常应答（{type(error).__name__}）") from None
    require(isinstance(body, dict), refused("the provider's answer is no object", "提供方的应答不是对象"))
    found: dict[str, Any] = body
    return found


def refused(why: str, why_zh: str) -> ProviderRefused:
    """A refusal that says why, in both languages."""
    return ProviderRefused(why=why, why_zh=why_zh)
