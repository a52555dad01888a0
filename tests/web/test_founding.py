"""A consortium founded by three institutions on its pages alone: from empty folders to members that see each other."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from chainfusion.node.home import Home
from chainfusion.node.opening import open_ledger
from chainfusion.web.founding import create_founding_app
from tests.web.test_pages import LANGUAGES

SECRET, OWN, PERSON = "the link", "keys of the house", "keys of a person"
HOST = "127.0.0.1:8000"
AGREEMENT = "协议文本 The agreement.".encode()


@dataclass
class Founder:
    """An institution's folder, and a browser on its pages."""

    home: Path
    msp: str
    roles: tuple[str, ...]
    cookies: dict[str, str] = field(default_factory=lambda: {"cf-founding": SECRET})

    @property
    def app(self) -> FastAPI:
        return create_founding_app(Home(self.home), SECRET)

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            base, headers = f"http://{HOST}", {"accept-language": "en", **options.pop("headers", {})}
            async with httpx.AsyncClient(transport=transport, base_url=base, cookies=self.cookies) as client:
                return await client.request(method, path, headers=headers, **options)

        return asyncio.run(ask())

    def do(self, act: str, *, files: Any = None, **said: Any) -> httpx.Response:
        return self.send("POST", f"/{act}", data=said, files=files)

    def shown(self, lang: str = "en") -> str:
        return self.send("GET", f"/?lang={lang}").text

    def made(self) -> Founder:
        names = {"msp": self.msp, "name": self.msp, "name_zh": "机构"}
        assert self.do("create", **names, password=OWN, again=OWN).status_code == 303
        for user, role in (("rep", "representative"), ("desk", self.roles[0])):
            said = {"user": user, "role": [role], "password": PERSON, "again": PERSON, "ca_password": OWN}
            assert self.do("enrol", **said).status_code == 303
        return self

    def card(self) -> bytes:
        answer = self.do("card.json", role=list(self.roles))
        assert answer.headers["content-disposition"].startswith("attachment")
        return answer.content

    def sign(self) -> None:
        assert self.do("sign", user="rep", password=PERSON).status_code == 303


@pytest.fixture
def founders(tmp_path: Path) -> tuple[Founder, ...]:
    named = (("AlphaMSP", ("originator", "servicer")), ("BetaMSP", ("trustee",)), ("GammaMSP", ("custodian",)))
    return tuple(Founder(tmp_path / msp, msp, roles).made() for msp, roles in named)


def drafted(first: Founder, others: tuple[Founder, ...]) -> httpx.Response:
    cards = [("card", (f"{each.msp}.json", each.card())) for each in (first, *others)]
    files = [*cards, ("agreement", ("agreement.txt", AGREEMENT))]
    return first.do("draft", files=files, name="Harbour", name_zh="港湾", orderer=first.msp)


def passed_on(source: Founder, target: Founder) -> int:
    file = ("genesis.json", source.send("GET", "/genesis.json").content)
    return target.do("take", files=[("genesis", file)]).status_code


def test_three_institutions_found_a_consortium(founders: tuple[Founder, ...], tmp_path: Path) -> None:
    first, *others = founders
    assert drafted(first, tuple(others)).status_code == 303
    first.sign()
    folder = str(tmp_path / "shared" / "ledger")
    begin = {"folder": folder, "user": "rep", "password": PERSON, "node_password": OWN}
    assert first.do("found", **begin).status_code == 422  # two have not signed
    for each in others:
        assert passed_on(first, each) == 303
        each.sign()
        assert passed_on(each, first) == 303
        assert each.do("join", folder=folder, user="desk").status_code == 422  # there is no ledger yet
    assert "All founders have signed" in first.shown()
    assert first.do("found", **begin).status_code == 303
    for each in others:
        assert each.do("join", folder=folder, user="desk").status_code == 303
    for each in founders:
        assert "chainfusion serve" in each.shown()
        with closing(open_ledger(Home(each.home).ledger())) as ledger:
            assert ledger.height() == 1
            record = json.loads(Home(each.home).genesis_file.read_bytes())
    assert [each["msp"] for each in record["genesis"]["members"]] == ["AlphaMSP", "BetaMSP", "GammaMSP"]


def test_the_pages_speak_both_languages(founders: tuple[Founder, ...]) -> None:
    first, *others = founders
    drafted(first, tuple(others))
    for lang in LANGUAGES:
        assert ("创世文件" in first.shown(lang)) == (lang == "zh")


def test_who_has_not_the_link_sees_and_does_nothing(tmp_path: Path) -> None:
    stranger = Founder(tmp_path / "home", "AlphaMSP", ("trustee",), cookies={"cf-founding": "another"})
    assert stranger.send("GET", "/").status_code == 401
    assert stranger.do("create", msp="AlphaMSP", name="A", name_zh="甲", password=OWN, again=OWN).status_code == 401
    assert stranger.send("GET", "/begin/another").status_code == 401
    assert not (tmp_path / "home").exists()
    led = stranger.send("GET", f"/begin/{SECRET}")
    assert (led.status_code, led.headers["location"]) == (303, "/")
    assert "HttpOnly; SameSite=strict" in led.headers["set-cookie"].replace("Path=/; ", "")


def test_another_sites_form_does_nothing(tmp_path: Path) -> None:
    mine = Founder(tmp_path / "home", "AlphaMSP", ("trustee",))
    said = {"msp": "AlphaMSP", "name": "A", "name_zh": "甲", "password": OWN, "again": OWN}
    answer = mine.send("POST", "/create", data=said, headers={"origin": "https://elsewhere.example"})
    assert answer.status_code == 403
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"again": "other"}, "differ"),
        ({"password": "short", "again": "short"}, "at least 8 characters are needed"),
        ({"msp": "no blanks please"}, ""),
        ({"name": ""}, ""),
    ],
)
def test_an_institution_that_does_not_fit_is_not_made(tmp_path: Path, changed: dict[str, str], why: str) -> None:
    mine = Founder(tmp_path / "home", "AlphaMSP", ("trustee",))
    said = {"msp": "AlphaMSP", "name": "A", "name_zh": "甲", "password": OWN, "again": OWN} | changed
    answer = mine.do("create", **said)
    assert 400 <= answer.status_code < 500
    assert why in answer.text
    assert not (tmp_path / "home" / "identity").exists()
    assert OWN not in answer.text


def test_what_does_not_fit_the_founding_is_refused(founders: tuple[Founder, ...], tmp_path: Path) -> None:
    first, second, third = founders
    assert first.do("card.json").status_code == 422
    assert first.send("GET", "/genesis.json").status_code == 422
    assert first.do("sign", user="rep", password=PERSON).status_code == 422  # there is nothing to sign
    assert first.do("take", files=[("genesis", ("x", b"{}"))]).status_code == 422
    assert drafted(first, (second,)).status_code == 303
    assert first.do("sign", user="desk", password=PERSON).status_code == 422  # who is no representative
    assert first.do("sign", user="rep", password="wrong wrong").status_code in (403, 422)
    assert passed_on(first, third) == 422  # it is none of the founders
    first.sign()
    assert drafted(first, (second, third)).status_code == 422  # another one was signed here
    assert passed_on(first, second) == 303
    assert second.do("join", folder="relative/path", user="desk").status_code == 422
    assert second.do("enrol", user="x", password=PERSON, again=PERSON, ca_password=OWN).status_code == 422
    assert second.do("begin-again").status_code == 422
    assert "cf-founding" not in second.shown()
    assert list(tmp_path.glob("**/node.json")) == []
