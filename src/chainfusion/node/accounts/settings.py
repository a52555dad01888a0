"""What an institution decides about signing in: `<home>/signin.json`, all of it with sensible values where absent."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from chainfusion.domain.errors import require
from chainfusion.domain.records import BadRecord, from_json
from chainfusion.node.accounts.refusals import SettingsUnusable

FILE = "signin.json"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class ProviderSettings:
    """An OpenID Connect provider. `issuer` is its address, as its tokens state it.

    `claim` is what tells people apart; `accounts` maps its values to accounts, and where it is empty the value is the
    account's name. `secret_file` (seen from the home) holds the client's secret, where it has one; `leeway` is by how
    many seconds clocks may differ.
    """

    issuer: str
    client_id: str
    claim: str = "preferred_username"
    accounts: dict[str, str] = field(default_factory=dict)
    secret_file: str = ""
    scopes: tuple[str, ...] = ("openid", "profile")
    leeway: int = 60


@dataclass(frozen=True)
class SignInSettings:
    """How long people stay signed in, and who else may sign them in.

    Minutes without a request end a session, and so do hours since its beginning.
    """

    idle_minutes: int = 30
    longest_hours: int = 12
    provider: ProviderSettings | None = None

    def __post_init__(self) -> None:
        if not (0 < self.idle_minutes <= 24 * 60 and 0 < self.longest_hours <= 24 * 7):
            raise ValueError("a session lasts from a minute to a week")


def read_settings(home: Path) -> SignInSettings:
    """The settings of a home. Raises: SettingsUnusable."""
    path = home / FILE
    if not path.exists():
        return SignInSettings()
    try:
        given = {**_plain(SignInSettings()), **json.loads(path.read_bytes())}
        if given["provider"] is not None:
            given["provider"] = {**_plain(ProviderSettings("", "")), **given["provider"]}
        settings = from_json(SignInSettings, given)
    except (ValueError, TypeError, OSError) as error:
        raise _unusable(path, str(error)) from None
    except BadRecord as error:
        raise SettingsUnusable(path=str(path), why=error.message("en"), why_zh=error.message("zh")) from None
    if settings.provider is not None:
        require(is_guarded(settings.provider.issuer), _unusable(path, "the issuer's address is not https"))
    return settings


def is_guarded(address: str) -> bool:
    """Whether what is sent to an address is encrypted, or stays on this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _plain(record: SignInSettings | ProviderSettings) -> dict[str, object]:
    from chainfusion.domain.records import to_json

    plain: dict[str, object] = to_json(record)
    return plain


def _unusable(path: Path, why: str) -> SettingsUnusable:
    return SettingsUnusable(path=str(path), why=why[:200], why_zh=why[:200])
