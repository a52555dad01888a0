"""A tape through the pages: brought, mapped, checked, registered; refused where it must be, nothing changed then."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from chainfusion.domain.roles import Role
from chainfusion.node import pools
from chainfusion.node.home import Home
from chainfusion.node.office import Office
from chainfusion.web.app import create_app
from chainfusion.web.forms.mappingform import COLUMN, KEEP
from chainfusion.web.seating import OpenSeat
from tests.support.consortium import Consortium
from tests.tape import examples
from tests.web.conftest import HOST, Asked
from tests.web.html import Page

ROOT = Path(__file__).parents[2]
TAPE = ROOT / "src/chainfusion/demo/data/ally-auto-2019-08.csv"
BYTES = TAPE.read_bytes()
SOON = 60.0


@dataclass(frozen=True)
class AtHome(Asked):
    """An institution's app with a home of its own."""

    office: Office

    def go(self, path: str, *, lang: str = "en") -> httpx.Response:
        """The page that an address leads to, jobs on the way awaited."""
        answer = self.get(f"{path}{'&' if '?' in path else '?'}lang={lang}")
        for _ in range(6):
            if answer.status_code != 303:
                return answer
            answer = self.follow(answer, lang)
        raise AssertionError("led in circles")

    def follow(self, answer: httpx.Response, lang: str = "en") -> httpx.Response:
        """Where an answer leads."""
        assert answer.status_code == 303, answer.text
        where = answer.headers["location"]
        if found := re.match(r"/jobs/([0-9a-f]{32})", where):
            job = self.office.jobs.awaited(found.group(1), SOON)
            assert not job.is_open
            where = job.then
        return self.get(f"{where}{'&' if '?' in where else '?'}lang={lang}")

    def bring(self, deal: str, data: bytes, name: str = "tape.csv", **more: str) -> httpx.Response:
        return self.post(f"/deals/{deal}/tape", files={"tape": (name, data)}, data=more)

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        return super().send(method, path, **options)

    def draft(self, deal: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/deals/{deal}/tape.json").json()
        return found


def fields_of(page: str) -> dict[str, list[str]]:
    """What a browser would send of the last form that has a `request`: its fields as they are filled in."""
    found: dict[str, list[str]] = {}
    select = None
    chosen: str | None = None
    first: str | None = None

    def put(name: str | None, value: str) -> None:
        if name:
            found.setdefault(name, []).append(value)

    for tag in re.finditer(r"<(/?)(input|select|option|textarea)\b([^>]*)>(?:([^<]*)</(?:option|textarea)>)?", page):
        closing, kind, rest, inside = tag.groups()
        attributes = {k: v or "" for k, v in re.findall(r'([\w.-]+)(?:="([^"]*)")?', rest)}
        attributes = {k: v.replace("&#34;", '"').replace("&amp;", "&") for k, v in attributes.items()}
        if kind == "select" and not closing:
            select, chosen, first = attributes.get("name"), None, None
        elif kind == "option":
            value = attributes.get("value", (inside or "").strip())
            first = value if first is None else first
            chosen = value if "selected" in attributes else chosen
        elif kind == "select":
            put(select, chosen if chosen is not None else first or "")
        elif kind == "input" and attributes.get("type") in ("radio", "checkbox"):
            if "checked" in attributes:
                put(attributes.get("name"), attributes.get("value", "on"))
        elif kind == "input" and attributes.get("type") != "file":
            put(attributes.get("name"), attributes.get("value", ""))
    return found


def at_home(consortium: Consortium, role: Role, home: Path) -> AtHome:
    desk = consortium.desk_of(role)
    office = Office(desk, consortium.ledger, consortium.trust, Home(home))
    app = create_app(office, seating=OpenSeat(desk, "lin"), hosts=(HOST,))
    return AtHome(consortium, app, office.workspace, office)


@pytest.fixture
def bank(growing: Consortium, tmp_path: Path) -> Iterator[AtHome]:
    """The originator."""
    made = at_home(growing, Role.ORIGINATOR, tmp_path)
    yield made
    made.office.jobs.close()


@pytest.fixture
def deal(growing: Consortium) -> str:
    name = f"W{growing.ledger.height()}"
    growing.draft(name)
    growing.accept(name)
    return name


def mapped(bank: AtHome, deal: str, **changes: str) -> httpx.Response:
    """Sends the mapping's form as it is filled in, with some fields changed; the answer."""
    shown = bank.get(f"/deals/{deal}/tape/mapping?lang=en")
    assert shown.status_code == 200, shown.text
    form = fields_of(shown.text)
    form |= {name.replace("__", "."): [value] for name, value in changes.items()}
    return bank.post(f"/deals/{deal}/tape/mapping?lang=en", data=form)


def registered(bank: AtHome, deal: str, **changes: Any) -> httpx.Response:
    form = fields_of(bank.get(f"/deals/{deal}/tape/register?lang=en").text)
    return bank.post(f"/deals/{deal}/tape/register?lang=en", data=form | changes)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_from_the_file_to_the_registered_pool(bank: AtHome, growing: Consortium, deal: str, lang: str) -> None:
    start = bank.get(f"/deals/{deal}/tape?lang={lang}")
    assert start.status_code == 200 and "multipart/form-data" in start.text
    mapping = bank.follow(bank.bring(deal, BYTES, TAPE.name), lang)
    assert mapping.status_code == 303 or "assetNumber" in mapping.text
    shown = bank.go(f"/deals/{deal}/tape", lang=lang)
    assert "Ally Bank" in shown.text and COLUMN + "assetNumber" in shown.text
    result = bank.follow(mapped(bank, deal), lang)
    result = bank.go(f"/deals/{deal}/tape", lang=lang)
    assert result.status_code == 200 and f"/deals/{deal}/tape/register" in result.text, Page.of(result.text).text
    confirmation = bank.get(f"/deals/{deal}/tape/register?lang={lang}")
    root = bank.draft(deal)["checked"]["pool"]["root"]
    assert root[:8] in confirmation.text
    trustee = growing.desk_of(Role.TRUSTEE)
    done = registered(bank, deal, reader=[trustee.msp], though_failing="yes")
    assert done.status_code == 303
    bank.follow(done)
    pool = pools.current(trustee, deal)
    assert pool.record.root.hex() == root
    assert pools.openings(trustee, pool).commitment.count == pool.record.loans
    page = bank.get(f"/deals/{deal}/pool?receipt={pool.tx_id}&lang={lang}")
    assert page.status_code == 200 and "toast" in page.text
    assert bank.get(f"/deals/{deal}/tape.json").status_code == 404


def test_the_root_is_not_told_with_the_salt_of_the_results(bank: AtHome, deal: str) -> None:
    bank.bring(deal, BYTES, TAPE.name)
    bank.follow(mapped(bank, deal))
    assert "salt" not in json.dumps(bank.draft(deal)["checked"])


def rows_with_errors() -> bytes:
    table = [*examples.rows(60), examples.row(id="A901", balance="1 2O4.50"), examples.row(id="A902", end="2019-02-30")]
    table += [examples.row(id="A7"), examples.row(id="A903", balance="-312.08"), examples.row(id="A904", rate="560")]
    return examples.csv_bytes(table)


def by_example(bank: AtHome, deal: str, data: bytes, mapping: str = examples.MAPPING) -> httpx.Response:
    """A tape brought, with the mapping's text, checked."""
    bank.follow(bank.bring(deal, data))
    form = fields_of(bank.get(f"/deals/{deal}/tape/mapping/text?lang=en").text)
    answer = bank.post(f"/deals/{deal}/tape/mapping/text", data=form | {"mapping": mapping})
    assert answer.status_code == 303, answer.text
    return bank.follow(mapped(bank, deal))


def test_errors_stand_where_they_are(bank: AtHome, deal: str) -> None:
    by_example(bank, deal, rows_with_errors())
    page = bank.go(f"/deals/{deal}/tape")
    text = Page.of(page.text).text
    for said in ("Nothing was registered.", "not a number", "D62", "1 2O4.50", "A7", "first in row 8", "below zero"):
        assert said in text, said
    assert page.text.count(" bad") >= 5
    told = bank.get(f"/deals/{deal}/tape/errors.json?rule=not_a_number").json()
    assert [(each["row"], each["column"], each["letter"]) for each in told["findings"]] == [(62, "balance", "D")]
    csv = bank.get(f"/deals/{deal}/tape/errors.csv").text
    assert csv.startswith("\ufeff") and "'-312.08" in csv
    assert "'-312.08" not in bank.get(f"/deals/{deal}/tape/errors.csv?rule=not_a_number").text
    assert registered(bank, deal).status_code in (303, 409)
    assert bank.workspace.deal(deal).line.pool is None


def test_findings_come_page_by_page(bank: AtHome, deal: str) -> None:
    by_example(bank, deal, examples.csv_bytes([examples.row(id=f"A{n}", rate="x") for n in range(60)]))
    second = Page.of(bank.get(f"/deals/{deal}/tape/result?page=2&lang=en").text).text
    assert "26–50 of 60" in second
    for bad in ("x", "-1", "99999999", ""):
        assert bank.get(f"/deals/{deal}/tape/result?page={bad}").status_code in (200, 422)


MALFORMED = {
    "empty": b"",
    "header alone": b"id,amount,balance\n",
    "no text": bytes(range(256)) * 20,
    "broken workbook": b"PK\x03\x04" + b"\0" * 500,
    "old workbook": b"\xd0\xcf\x11\xe0" + b"\0" * 600,
    "wrong encoding": b"id,amount\n1,\xff\xfe\xfd\n",
    "ragged": b"id,amount\n1,2,3\n4\n",
    "quotes": b'id,amount\n"1,2\n',
}


@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_file_is_told_and_the_next_one_taken(bank: AtHome, deal: str, what: str) -> None:
    answer = bank.bring(deal, MALFORMED[what])
    page = bank.follow(answer)
    while page.status_code == 303:
        page = bank.follow(page)
    assert page.status_code == 200
    told = bank.draft(deal)
    assert told["checked"] is None
    if told["seen"] is None:
        assert told["job"]["code"].startswith("TAPE_") and told["job"]["code"] in page.text
    bank.follow(bank.bring(deal, BYTES, TAPE.name))
    assert bank.draft(deal)["seen"]["rows"] == 2895


def test_a_hostile_header_and_name_are_text(bank: AtHome, deal: str) -> None:
    evil = "<script>alert(1)</script>"
    data = f'id,"{evil}"\n1,"{evil}"\n2,=1+1\n'.encode()
    bank.follow(bank.bring(deal, data, f"../../etc/{evil}.csv"))
    page = bank.go(f"/deals/{deal}/tape")
    assert evil not in page.text and "&lt;script&gt;" in page.text
    assert ".." not in bank.draft(deal)["draft"]["name"]


def test_what_is_left_open_in_the_form_is_told_at_its_line(bank: AtHome, deal: str) -> None:
    bank.follow(bank.bring(deal, examples.csv_bytes(examples.rows(30))))
    answer = mapped(bank, deal, from__loan_id=COLUMN + "id", from__original_balance=COLUMN + "amount")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text or "row-bad" in answer.text
    assert "TAPE_BAD_MAPPING" in answer.text
    assert bank.draft(deal)["checked"] is None


def test_a_mapping_is_filled_in_by_hand(bank: AtHome, deal: str) -> None:
    bank.follow(bank.bring(deal, examples.csv_bytes(examples.rows(30))))
    answer = mapped(
        bank,
        deal,
        as_of="2026-06-30",
        from__as_of="constant",
        from__loan_id=COLUMN + "id",
        from__borrower_id=COLUMN + "borrower",
        from__original_balance=COLUMN + "amount",
        from__current_balance=COLUMN + "balance",
        from__rate_ppm=COLUMN + "rate",
        unit__rate_ppm="percent",
        from__product="constant",
        constant__product="AUTO_LOAN",
        from__maturity_date=COLUMN + "end",
        dates__maturity_date="%Y-%m-%d",
        from__origination_date=COLUMN + "start",
        dates__origination_date="%Y-%m-%d",
        originator="Harbour Bank",
        expect__loans="30",
        expect__current_balance="27,015.00",
    )
    assert answer.status_code == 303, Page.of(answer.text).text
    bank.follow(answer)
    told = bank.draft(deal)
    assert told["checked"]["errors"] == 0, told["checked"]["counts"]
    assert 'originator: "Harbour Bank"' in bank.get(f"/deals/{deal}/tape/mapping.yaml").text
    page = Page.of(bank.go(f"/deals/{deal}/tape").text).text
    assert "In agreement" in page


def test_a_total_that_differs_is_shown_with_the_difference(bank: AtHome, deal: str) -> None:
    by_example(bank, deal, examples.csv_bytes(examples.rows(30)), examples.MAPPING + "expect: {loans: 31}\n")
    page = bank.go(f"/deals/{deal}/tape").text
    assert '<td class="n">31</td><td class="n">30</td><td class="n">−1</td>' in page and "Differs" in page


def test_computed_fields_stay_as_the_mapping_says(bank: AtHome, deal: str) -> None:
    bank.follow(bank.bring(deal, BYTES, TAPE.name))
    shown = fields_of(bank.get(f"/deals/{deal}/tape/mapping?lang=en").text)
    assert shown["from.ltv_ppm"] == [KEEP]
    bank.follow(mapped(bank, deal))
    assert "derive" in bank.get(f"/deals/{deal}/tape/mapping.yaml").text


def test_nobody_but_the_originator_brings_a_tape(growing: Consortium, deal: str, tmp_path: Path) -> None:
    trustee = at_home(growing, Role.TRUSTEE, tmp_path)
    page = trustee.get(f"/deals/{deal}/tape?lang=en")
    assert page.status_code == 200 and '<input type="file"' not in page.text
    refused = trustee.bring(deal, BYTES)
    assert refused.status_code == 403 and "NOT_THE_ORIGINATOR" in refused.text
    assert not (tmp_path / "drafts").exists()
    trustee.office.jobs.close()


def test_sent_twice_it_is_done_once(bank: AtHome, deal: str) -> None:
    first, second = (bank.bring(deal, BYTES, TAPE.name, request="twice") for _ in range(2))
    assert first.status_code == second.status_code == 303
    bank.follow(mapped(bank, deal))
    form = fields_of(bank.get(f"/deals/{deal}/tape/register?lang=en").text) | {"though_failing": "yes"}
    answers = [bank.post(f"/deals/{deal}/tape/register", data=form) for _ in range(2)]
    assert answers[0].status_code == 303
    bank.follow(answers[0])
    assert pools.current(bank.office.desk, deal).version == 1
    assert bank.workspace.deal(deal).line.pool is not None


def test_an_old_page_does_not_register_what_it_did_not_show(bank: AtHome, deal: str) -> None:
    bank.follow(bank.bring(deal, BYTES, TAPE.name))
    bank.follow(mapped(bank, deal))
    old = fields_of(bank.get(f"/deals/{deal}/tape/register?lang=en").text) | {"though_failing": "yes"}
    bank.follow(mapped(bank, deal))
    refused = bank.post(f"/deals/{deal}/tape/register", data=old)
    assert refused.status_code == 409 and "DRAFT_CHANGED" in refused.text
    forged = fields_of(bank.get(f"/deals/{deal}/tape/register?lang=en").text)
    refused = bank.post(f"/deals/{deal}/tape/register", data=forged | {"root": "ab" * 32, "though_failing": "yes"})
    assert refused.status_code == 409 and "TAPE_NOT_READY" in refused.text
    refused = bank.post(f"/deals/{deal}/tape/register", data=forged | {"reader": "NobodyMSP"})
    assert refused.status_code == 422
    assert bank.workspace.deal(deal).line.pool is None


def test_a_restart_between_the_steps_is_not_noticed(
    bank: AtHome, growing: Consortium, deal: str, tmp_path: Path
) -> None:
    bank.follow(bank.bring(deal, BYTES, TAPE.name))
    bank.office.jobs.close()
    again = at_home(growing, Role.ORIGINATOR, tmp_path)
    again.follow(mapped(again, deal))
    root = again.draft(deal)["checked"]["pool"]["root"]
    again.office.jobs.close()
    once_more = at_home(growing, Role.ORIGINATOR, tmp_path)
    once_more.follow(registered(once_more, deal, though_failing="yes"))
    assert pools.current(once_more.office.desk, deal).record.root.hex() == root
    once_more.office.jobs.close()


def test_a_draft_is_discarded(bank: AtHome, deal: str) -> None:
    bank.follow(bank.bring(deal, BYTES, TAPE.name))
    assert bank.post(f"/deals/{deal}/tape/discard").status_code == 303
    assert bank.get(f"/deals/{deal}/tape.json").status_code == 404


def test_addresses_of_deals_that_are_none(bank: AtHome) -> None:
    for path in ("tape", "tape/mapping", "tape/result", "tape/register", "tape/mapping/text", "tape.json",
                 "tape/errors.json", "tape/errors.csv", "tape/mapping.yaml", "tape/changes.csv"):  # fmt: skip
        for deal in ("NO-SUCH", "..%2F..%2Fetc", "%00"):
            assert bank.get(f"/deals/{deal}/{path}").status_code in (303, 404, 422), path
