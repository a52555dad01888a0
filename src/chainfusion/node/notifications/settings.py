"""Where notifications go: `<home>/notifications.json`. Without the file nothing is sent.

Secrets stand in files of their own, named as seen from the home: the SMTP password, each webhook's key.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.records import BadRecord, from_json
from chainfusion.node.accounts.settings import LOOPBACK, is_guarded

FILE = "notifications.json"


class Security(StrEnum):
    """How a mail server is spoken to; `none` only on this machine."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class NotificationsUnusable(ChainFusionError):
    """A file of notification settings that says what cannot be."""

    code = "NOTIFICATIONS_UNUSABLE"
    says = Text("{path} cannot be used: {why}.", "{path} 无法使用：{why_zh}。")
    do = Text("Correct it as docs/notifications.md tells.", "请按 docs/notifications.md 更正。")


@dataclass(frozen=True)
class MailSettings:
    """The mail server, who sends, and who is written to. `user` is empty where it asks for no password."""

    host: str
    sender: str
    recipients: tuple[str, ...]
    port: int = 587
    security: Security = Security.STARTTLS
    user: str = ""
    secret_file: str = ""


@dataclass(frozen=True)
class WebhookSettings:
    """A program that is told, by its address; `secret_file` holds the key that messages to it are signed with."""

    name: str
    url: str
    secret_file: str


@dataclass(frozen=True)
class NotificationSettings:
    """`base` is the workspace's address as people open it; a reminder comes so many business days before a due day."""

    base: str
    mail: MailSettings | None = None
    webhooks: tuple[WebhookSettings, ...] = ()
    remind_days: int = 1

    @property
    def channels(self) -> tuple[str, ...]:
        """Every way out: "mail:ADDRESS", "webhook:NAME"."""
        mails = tuple(f"mail:{each}" for each in self.mail.recipients) if self.mail else ()
        return (*mails, *(f"webhook:{each.name}" for each in self.webhooks))

    def webhook(self, name: str) -> WebhookSettings | None:
        """A webhook by name."""
        return next((each for each in self.webhooks if each.name == name), None)


def read_settings(home: Path) -> NotificationSettings | None:
    """The settings of a home, None where it has none. Raises: NotificationsUnusable."""
    path = home / FILE
    if not path.exists():
        return None
    try:
        settings = from_json(NotificationSettings, _whole(json.loads(path.read_bytes())))
    except BadRecord as error:
        raise NotificationsUnusable(path=str(path), why=error.message("en"), why_zh=error.message("zh")) from None
    except (ValueError, TypeError, AttributeError, OSError) as error:
        raise _unusable(path, str(error)[:200], "格式不符") from None
    _check(path, settings)
    return settings


def secret_of(home: Path, file: str) -> bytes:
    """A secret from its file, without the line's end. Raises: NotificationsUnusable."""
    try:
        secret = (home / file).read_bytes().strip()
    except OSError as error:
        raise _unusable(home / file, str(error), "无法读取") from None
    require(bool(secret), _unusable(home / file, "it is empty", "文件为空"))
    return secret


def _whole(given: dict[str, Any]) -> dict[str, Any]:
    """What was given, with what may be left out."""
    mail = given.get("mail")
    plain_mail = {"port": 587, "security": "starttls", "user": "", "secret_file": ""}
    return {
        "webhooks": [],
        "remind_days": 1,
        **given,
        "mail": {**plain_mail, **mail} if mail is not None else None,
    }


def _check(path: Path, settings: NotificationSettings) -> None:
    require(is_guarded(settings.base), _unusable(path, "base is not https", "base 不是 https 地址"))
    require(0 <= settings.remind_days <= 30, _unusable(path, "remind_days is 0 to 30", "remind_days 应为 0 至 30"))
    names = [each.name for each in settings.webhooks]
    require(len({*names}) == len(names), _unusable(path, "two webhooks share a name", "webhook 名称重复"))
    for each in settings.webhooks:
        require(is_guarded(each.url), _unusable(path, f"{each.name}: url is not https", f"{each.name}：url 不是 https"))
    mail = settings.mail
    if mail is None:
        return
    for address in (mail.sender, *mail.recipients):
        require(_is_address(address), _unusable(path, f"{address!r} is no address", f"{address!r} 不是邮箱地址"))
    plain = mail.security is Security.NONE and mail.host not in LOOPBACK
    require(not plain, _unusable(path, "mail without encryption leaves this machine", "邮件未加密即离开本机"))
    require(0 < mail.port < 65536, _unusable(path, "port is 1 to 65535", "port 应为 1 至 65535"))


def _is_address(word: str) -> bool:
    name, at, host = word.rpartition("@")
    return bool(name and at and host) and word.isascii() and word.isprintable() and not {*word} & {*' <>,;"\\'}


def _unusable(path: Path, why: str, why_zh: str) -> NotificationsUnusable:
    return NotificationsUnusable(path=str(path), why=why, why_zh=why_zh)
