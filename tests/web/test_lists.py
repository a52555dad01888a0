"""Lists with filters: what is shown, what is counted beside it, and what the twins hold are one answer."""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from typing import Any

import pytest

from chainfusion.domain.deal import DealState
from chainfusion.node.views.dealslist import Order
from tests.support.consortium import Consortium
from tests.support.scene import DEAL, DRAFT
from tests.web.conftest import Asked

DAY = "2026-01-31"


def ledger(trustee: Asked, query: str = "") -> dict[str, Any]:
    answer = trustee.get(f"/api/v1/ledger/transactions{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def every_act(trustee: Asked, query: str = "") -> list[dict[str, Any]]:
    """All pages of a list."""
    acts, older = [], ""
    while True:
        sign = "&" if query else "?"
        page = ledger(trustee, f"{query}{sign}before={older}" if older else query)
        acts += page["acts"]
        older = page["older"] or ""
        if not older:
            return acts


def test_transactions_come_page_by_page_newest_first_each_once(trustee: Asked, consortium: Consortium) -> None:
    acts = every_act(trustee)
    places = [(each["block"], each["index"]) for each in acts]
    assert all(later > earlier for later, earlier in pairwise(places))
    assert len(acts) == sum(len(b.transactions) for b in consortium.ledger.blocks(0, consortium.ledger.height()))


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("?contract=document", lambda act: act["operation"].startswith("document.")),
        ("?outcome=valid", lambda act: act["valid"]),
        ("?outcome=refused", lambda act: not act["valid"]),
        (f"?since={DAY}&until={DAY}", lambda act: act["recorded"] < "2026-01-31T16:00:00"),
        ("?until=2026-01-30", lambda act: False),
    ],
)
def test_a_filter_of_the_ledger_keeps_what_it_names_and_nothing_else(trustee: Asked, query: str, holds: Any) -> None:
    expected = [each for each in every_act(trustee) if holds(each)]
    assert every_act(trustee, query) == expected
    assert ledger(trustee, query)["answering"] == len(expected)


def test_facets_of_the_ledger_count_what_each_choice_would_show(trustee: Asked) -> None:
    for query in ("", "?contract=deal", "?member=DonghaiMSP"):
        facets = ledger(trustee, query)["facets"]
        for name in ("contract", "member", "outcome"):
            for choice in facets[name]:
                others = "&".join(part for part in query[1:].split("&") if part and not part.startswith(f"{name}="))
                asked = f"?{others}&{name}={choice['value']}" if others else f"?{name}={choice['value']}"
                assert ledger(trustee, asked)["answering"] == choice["count"], (query, name, choice["value"])


def test_blocks_are_those_that_hold_what_answers(trustee: Asked) -> None:
    shown = trustee.get("/ledger.json?contract=pool").json()["blocks"]
    expected = sorted({act["block"] for act in every_act(trustee, "?contract=pool")}, reverse=True)
    assert [each["number"] for each in shown] == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {DEAL, DRAFT}),
        ("?state=draft", {DRAFT}),
        ("?state=open", {DEAL}),
        ("?state=closed", set()),
        ("?product=auto-loans", {DEAL, DRAFT}),
        ("?role=trustee", {DEAL, DRAFT}),
        ("?role=originator", set()),
        ("?originator=DonghaiMSP", {DEAL, DRAFT}),
        (f"?q={DRAFT.lower()}", {DRAFT}),
        ("?q=no-such-words", set()),
    ],
)
def test_a_filter_of_deals_keeps_what_it_names(trustee: Asked, query: str, expected: set[str]) -> None:
    view = trustee.get(f"/deals.json{query}").json()
    assert {each["id"] for each in view["deals"]} == expected
    assert (view["total"], view["all"]) == (len(expected), 2)
    rows = list(csv.DictReader(io.StringIO(trustee.get(f"/deals.csv{query}").text.lstrip("\ufeff"))))
    assert len(rows) == len(expected)


def test_facets_of_deals_count_what_each_choice_would_show(trustee: Asked) -> None:
    facets = trustee.get("/deals.json").json()["facets"]
    assert {each["value"] for each in facets["state"]} == {DealState.DRAFT.value, DealState.OPEN.value}
    for name, choices in facets.items():
        for choice in choices:
            shown = trustee.get(f"/deals.json?{name}={choice['value']}").json()["total"]
            assert shown == choice["count"], (name, choice["value"])


@pytest.mark.parametrize("sort", [each.value for each in Order])
def test_deals_are_sorted_and_paged_without_loss(trustee: Asked, sort: str) -> None:
    everything = [each["id"] for each in trustee.get(f"/deals.json?sort={sort}").json()["deals"]]
    pages = [trustee.get(f"/deals.json?sort={sort}&size=1&page={page}").json() for page in (1, 2)]
    assert [each["id"] for page in pages for each in page["deals"]] == everything
    assert {page["pages"] for page in pages} == {2}


@pytest.mark.parametrize(
    "path",
    [
        "/deals?state=nothing", "/deals?page=0", "/deals?page=x", "/deals?size=100000", "/deals?sort=fastest",
        "/ledger?since=yesterday", "/ledger?outcome=maybe", "/ledger?before=-1", "/ledger/transactions?before=3",
        "/ledger/transactions?member=%00", "/efficiency?product=houses", f"/deals/{DEAL}/timeline?before=1.2.3",
    ],
)  # fmt: skip
def test_what_no_list_knows_is_refused_by_name(trustee: Asked, path: str) -> None:
    assert trustee.get(path).status_code == 422
    answer = trustee.get(path.replace("?", ".json?"))
    assert (answer.status_code, answer.json()["code"]) == (422, "BAD_ADDRESS")


def test_filters_stay_in_every_link_of_a_page(trustee: Asked) -> None:
    text = trustee.get("/deals?state=draft&q=auto&lang=en").text
    assert "/deals.csv?state=draft&amp;q=auto" in text
    assert 'name="state" value="draft"' in text


def test_cycle_times_are_those_of_the_signed_acts(trustee: Asked) -> None:
    view = trustee.get("/efficiency.json").json()
    assert view["steps"]
    signed = {act["operation"] for act in every_act(trustee, "?contract=process")}
    assert signed
    for step in view["steps"]:
        parts = [*([step["whole"]] if step["whole"] else []), *(each["took"] for each in step["institutions"])]
        for took in parts:
            assert 0 <= took["median"] <= took["longest"]
            assert 0 <= took["late"] <= took["count"]
    table = list(csv.DictReader(io.StringIO(trustee.get("/efficiency.csv").text.lstrip("\ufeff"))))
    assert len(table) == sum(bool(step["whole"]) + len(step["institutions"]) for step in view["steps"])
