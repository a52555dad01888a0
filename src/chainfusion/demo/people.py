"""Accounts for the people of the demonstration, so that any of them may sign in to the own institution's workspace."""

from __future__ import annotations

import time
from collections.abc import Iterator

from chainfusion.demo.institutions import INSTITUTIONS, ORDERER
from chainfusion.demo.stage import PASSWORD, Stage
from chainfusion.domain.errors import Text
from chainfusion.node.accounts.accounts import Accounts

_TOLD = Text(
    "{user} or {representative} may sign in to {name}, password {password}; others' homes: {homes}",
    "{user}、{representative} 可登录{name}，口令 {password}；其他机构的文件夹：{homes}",
)


def make_accounts(stage: Stage) -> None:
    """An account for each person of each institution, where there is none yet."""
    for each in INSTITUTIONS:
        accounts = Accounts.of(stage.home(each))
        for user in (each.desk, each.representative):
            if accounts.people.of_user(user) is None:
                accounts.add(user, user, PASSWORD.decode(), int(time.time()))
        accounts.close()


def told(stage: Stage, lang: str) -> Iterator[str]:
    """How to sign in, a line each."""
    each = next(each for each in INSTITUTIONS if each.msp == ORDERER)
    yield ""
    yield _TOLD.filled(lang, {
        "user": each.desk, "representative": each.representative, "password": PASSWORD.decode(),
        "name": each.name_zh if lang == "zh" else each.name, "homes": f"{stage.home(each).path.parent}/*",
    })  # fmt: skip
