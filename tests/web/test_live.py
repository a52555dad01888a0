"""What comes to the ledger is told to open pages: over a real socket, to whoever may see it, from where they were."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from chainfusion.domain.roles import Role
from chainfusion.node.office import Office
from chainfusion.web import live
from chainfusion.web.app import create_app
from chainfusion.web.seating import OpenSeat
from tests.support.consortium import Consortium
from tests.support.serving import serving


@dataclass(frozen=True)
class Heard:
    """An event of a stream."""

    name: str
    facts: dict[str, Any]
    id: str | None


def events(lines: Iterator[str]) -> Iterator[Heard]:
    """The events of a stream, as the HTML standard has a browser read them."""
    told: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            told[name] = value
        elif "event" in told:
            yield Heard(told["event"], json.loads(told["data"]), told.get("id"))
            told = {}
        else:
            told = {}


@contextmanager
def listening(address: str, since: int, **headers: str) -> Iterator[Iterator[Heard]]:
    url = f"{address}/live?since={since}"
    with httpx.stream("GET", url, headers=headers, timeout=20) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield events(answer.iter_lines())


def of(heard: Iterator[Heard], name: str) -> Heard:
    return next(each for each in heard if each.name == name)


@pytest.fixture(scope="module")
def address(growing: Consortium) -> Iterator[str]:
    desk = growing.desk_of(Role.TRUSTEE)
    office = Office(desk, growing.ledger, growing.trust)
    with serving(create_app(office, seating=OpenSeat(desk))) as found:
        yield found


def test_what_another_institution_does_is_told_as_it_happens(growing: Consortium, address: str) -> None:
    before = growing.ledger.height()
    with listening(address, before) as heard:
        assert of(heard, "now").facts["height"] == before
        growing.draft("LIVE-1", "Live 2026-1", "直播2026年第一期")
        news = of(heard, "news")
        after = growing.ledger.height()
        assert news.id == str(after)
        assert (news.facts["since"], news.facts["height"]) == (before, after)
        assert news.facts["deals"] == [{"id": "LIVE-1", "acts": 1}]
        (act,) = news.facts["acts"]
        assert growing.ledger.transaction(act["tx_id"]).transaction.proposal.operation == "open"
        assert set(act["what"]) == set(act["by"]) == {"en", "zh"}
        assert of(heard, "now").facts["height"] == after


def test_a_browser_that_lost_the_stream_goes_on_where_it_was(growing: Consortium, address: str) -> None:
    first = growing.ledger.height()
    for n in range(7):
        growing.draft(f"LIVE-LOST-{n}")
    with listening(address, 0, **{"last-event-id": str(first)}) as heard:
        news = of(heard, "news").facts
    assert (news["since"], news["total"], len(news["deals"])) == (first, 7, 7)
    assert [act["deal"] for act in news["acts"]] == [f"LIVE-LOST-{n}" for n in (6, 5, 4, 3, 2)]  # the newest are named


def test_nothing_new_is_no_news_but_the_line_is_kept_open(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOKED_EVERY", 0.05)
    monkeypatch.setattr(live, "QUIET", 0.1)
    with httpx.stream("GET", f"{address}/live?since=999999", timeout=20) as answer:
        lines = answer.iter_lines()
        seen = [next(lines) for _ in range(12)]
    assert ":" in seen
    assert not [line for line in seen if line == "event: news"]


def test_a_stream_ends_so_that_its_browser_is_looked_at_again(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOKED_EVERY", 0.05)
    monkeypatch.setattr(live, "LONGEST", 0.3)
    with listening(address, 0) as heard:
        assert [each.name for each in heard][:2] == ["news", "now"]


@pytest.mark.parametrize("since", ["", "-1", "x", "9" * 16, "1.5"])
def test_only_a_height_is_a_place_to_go_on_from(address: str, since: str) -> None:
    assert httpx.get(f"{address}/live", params={"since": since}).status_code == 422
