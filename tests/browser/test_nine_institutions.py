"""A deal of the interbank market from mandate to wind-up, worked in Chromium by the people of nine institutions.

Everything that the process asks of people is done on its pages: steps, second looks, countersignatures, documents. The
pool and the terms, which have walks of their own, come from the program; so does what waits for a day, as an agent in a
node would submit it, on a clock that is moved to that day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import APIRouter
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from chainfusion.api.seats import VISIT, Seat, Visit
from chainfusion.contracts.process.refusals import NoProcess
from chainfusion.contracts.process.view import AwaitedStep
from chainfusion.contracts.terms.state import CONSENTING
from chainfusion.demo.institutions import INSTITUTIONS, Institution
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.process.definition import Definition, FieldKind, Need, Requirement, Step
from chainfusion.domain.process.records import process_of
from chainfusion.domain.roles import Role
from chainfusion.node import cashflows, processes
from chainfusion.node.desk import Desk
from chainfusion.node.office import Office
from chainfusion.processes import library
from chainfusion.web.app import create_app
from tests.browser.test_pool import NARROW, WIDE, Bank, pictured, visiting
from tests.support.consortium import Consortium
from tests.support.scene import TERMS, register_pool
from tests.support.serving import serving

pytestmark = pytest.mark.browser
DEAL = "NINE-2026-1"
SECOND_AGENCY = Institution("xinhe", "XinheMSP", "Xinhe Ratings", "信合评级", (Role.RATING_AGENCY,), "XH-0007")
NINE = (*INSTITUTIONS, SECOND_AGENCY)
PERSON = "person"
"""The cookie that says which of an institution's people sits there."""
Screens = dict[str, tuple[int, str]]
"""Width and language of each person's browser."""
NOTHING = "about:blank"
"""Where a browser goes whose person has gone: an open page would hear of every act, and its node read for it."""
SPRING = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
MONEY, CHOICES = "1,000,000.00", {"outcome": "allotted", "state": "ends"}
DAYS_AHEAD = {"payment-day": 9}


@dataclass(frozen=True)
class TwoPeople:
    """Seats the maker or the checker, as the browser's cookie says."""

    people: dict[str, Desk]

    def routers(self, office: Office) -> tuple[APIRouter, ...]:
        del office
        return ()

    def middleware(self, app: ASGIApp, office: Office) -> ASGIApp:
        del office

        async def seated(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                said = dict(scope["headers"]).get(b"cookie", b"").decode()
                name = cookie_parser(said).get(PERSON, "maker")
                scope.setdefault("state", {})[VISIT] = Visit(Seat(name, self.people[name]))
            await app(scope, receive, send)

        return seated


@dataclass
class Walk:
    """The deal, the institutions' workspaces, and the browsers of their people."""

    consortium: Consortium
    definition: Definition
    pages: dict[tuple[str, str], Any]
    looked: Callable[[Any, str], None]
    steps: list[str] = field(default_factory=list)
    people: set[tuple[str, str]] = field(default_factory=set)

    def on(self) -> bool:
        """Does the next thing that is awaited; false once the process has ended."""
        session = self.consortium.desk_of(Role.TRUSTEE).session
        try:
            awaited = processes.awaited(session, DEAL)
        except NoProcess:
            return False
        for item in awaited:
            step = self._step(item)
            if item.missing:
                self._supply(item, item.missing[0])
            elif item.to_check:
                self._sign(item, item.to_check[0], "checker", "approved")
            elif item.waits_for and step.process is None:
                self._sign(item, item.waits_for[0], "maker", "done", step)
            elif item.to_countersign:
                self._sign(item, item.to_countersign[0], "maker", "countersigned")
            else:
                continue
            return True
        return self._wait(awaited)

    def _step(self, item: AwaitedStep) -> Step:
        found = process_of(self.definition, item.run).step(item.step)
        assert found is not None
        return found

    def _wait(self, awaited: tuple[AwaitedStep, ...]) -> bool:
        """Nothing but time is awaited: it passes, and a node's agent submits what has come."""
        due = min(item.due for item in awaited if item.due is not None)
        day = datetime.combine(due, time(2), UTC)
        self.consortium.clock.now = max(self.consortium.clock.now, day)
        assert processes.tend(self.consortium.desk_of(Role.TRUSTEE).session), awaited
        return True

    # ------------------------------------------------------------------ in the browser

    def _sign(self, item: AwaitedStep, msp: str, person: str, deed: str, step: Step | None = None) -> None:
        page = self.pages[msp, person]
        if (msp, person) not in self.people:
            self.people.add((msp, person))
            page.goto("/inbox")
            assert page.locator("#main a").count()
        page.goto(f"/deals/{DEAL}/step?{urlencode({'run': item.run, 'step': item.step})}")
        if step is not None:
            self._fill(page, step)
        self.looked(page, item.step)
        page.locator(f"form[action*='/step/{deed}'] button").click()
        page.wait_for_url("**/process?receipt=*")
        page.goto(NOTHING)
        self.steps.append(item.step)

    def _fill(self, page: Any, step: Step) -> None:
        today = (self.consortium.clock.now + timedelta(hours=8)).date()
        for each in step.template:
            place = page.locator(f"[name='entry.{each.id}']")
            match each.kind:
                case FieldKind.CHOICE:
                    place.select_option(CHOICES[each.id])
                case FieldKind.DATE:
                    place.fill((today + timedelta(days=DAYS_AHEAD.get(each.id, 0))).isoformat())
                case FieldKind.MONEY:
                    place.fill(MONEY)
                case FieldKind.TEXT:
                    place.fill(f"{each.id} 2026-17")
                case _:
                    assert each.optional, each

    def _supply(self, item: AwaitedStep, needed: Requirement) -> None:
        if needed.need is Need.POOL:
            register_pool(self.consortium, DEAL)
        elif needed.need is Need.TERMS:
            cashflows.register_terms(self.consortium.desk_of(Role.ORIGINATOR), DEAL, TERMS)
            for each in NINE:
                if {*each.roles} & {*CONSENTING} - {Role.ORIGINATOR} and Role.ORIGINATOR not in each.roles:
                    cashflows.consent(self.consortium.desk(each.msp), DEAL, 1)
        elif needed.of == DocumentKind.LOAN_TAPE:
            register_pool(self.consortium, DEAL)  # the tape comes with its pool
        else:
            self._upload(self.pages[self._provider(item, needed), "maker"], needed.of)

    def _provider(self, item: AwaitedStep, needed: Requirement) -> str:
        """Who brings a document: the run's own institution, whom the index names, or who is to act."""
        found = self.consortium.desk_of(Role.TRUSTEE).session.query("document.index", deal=DEAL)
        named = [Role(each["provider"]) for each in found if each["kind"] == needed.of and each["provider"]]
        roles = {needed.by} if needed.by else {*named} or {*Role}
        able = {each.msp for each in NINE if {*each.roles} & roles}
        own = item.run.rpartition("/")[2].split(":")[1:2]
        return next(msp for msp in (*own, *item.waits_for, *sorted(able)) if msp in able)

    def _upload(self, page: Any, kind: str) -> None:
        page.goto(f"/deals/{DEAL}/documents/new?{urlencode({'for': f'kind:{kind}'})}")
        file = {"name": f"{kind}.pdf", "mimeType": "application/pdf", "buffer": f"%PDF-1.7 {kind}".encode()}
        page.set_input_files("main input[type=file]", files=[file])
        page.locator("form[action$='/documents/new'] button").click()
        page.wait_for_url(lambda url: "/documents/new" not in url)
        assert "receipt=" in page.url
        page.goto(NOTHING)


@contextmanager
def walking(browser: Any, folder: Path, screens: Screens, looked: Callable[[Any, str], None]) -> Iterator[Walk]:
    consortium = Consortium(folder, institutions=NINE)
    consortium.clock.now = SPRING
    definition = library.definition("interbank-credit-abs")
    consortium.draft(DEAL)
    consortium.accept(DEAL)
    consortium.adopt(definition)
    start = {"deal": DEAL, "process": definition.id, "version": definition.version}
    consortium.desk_of(Role.ORIGINATOR).session.call("process.start", **start)
    with ExitStack() as stack:
        stack.callback(consortium.ledger.close)
        pages = {}
        for each in NINE:
            maker, checker = consortium.desk(each.msp), consortium.person(each.msp, f"{each.desk}-2")
            office = Office(maker, consortium.ledger, consortium.trust)
            app = create_app(office, seating=TwoPeople({"maker": maker, "checker": checker}))
            address = stack.enter_context(serving(app))
            for person in ("maker", "checker"):
                width, lang = screens[person]
                page = stack.enter_context(visiting(browser, Bank(office, address), width, lang))
                page.context.add_cookies([{"name": PERSON, "value": person, "url": address}])
                pages[each.msp, person] = page
        yield Walk(consortium, definition, pages, looked)


@pytest.mark.parametrize(
    ("maker", "checker"),
    [
        ((WIDE, "zh"), (NARROW, "en")),
        pytest.param((WIDE, "en"), (WIDE, "en"), marks=pytest.mark.soak),
        pytest.param((NARROW, "zh"), (NARROW, "zh"), marks=pytest.mark.soak),
    ],
    ids=["both", "en", "zh"],
)
def test_from_mandate_to_wind_up(
    browser: Any, screenshots: Path, tmp_path: Path, maker: tuple[int, str], checker: tuple[int, str]
) -> None:
    seen: set[str] = set()

    def looked(page: Any, step: str) -> None:
        """A picture of every step; each kind of form, in each language, is held to what must hold of a page."""
        lang, width = page.evaluate("[document.documentElement.lang.slice(0, 2), innerWidth]")
        forms = page.locator("main form").evaluate_all("all => all.map(f => f.action.split('?')[0].split('/').pop())")
        kind = " ".join([lang, *forms, str(page.locator("main [type=date]").count() > 0)])
        if kind not in seen:
            page.locator("main details").evaluate_all("all => all.forEach(each => { each.open = true })")
            pictured(page, screenshots, f"nine-{step}-{lang}-{width}")
        elif step not in seen:
            page.screenshot(path=screenshots / f"nine-{step}-{lang}-{width}.png")
        seen.update((kind, step))

    with walking(browser, tmp_path, {"maker": maker, "checker": checker}, looked) as walk:
        for _ in range(400):
            if not walk.on():
                break
        for person, (width, lang) in (("maker", maker), ("checker", checker)):
            trustee = walk.pages[walk.consortium.desk_of(Role.TRUSTEE).msp, person]
            for name in (f"deals/{DEAL}/process", f"deals/{DEAL}/timeline", f"deals/{DEAL}/duties", "efficiency"):
                trustee.goto(f"/{name}?lang={lang}")
                pictured(trustee, screenshots, f"nine-ended-{name.rpartition('/')[2]}-{lang}-{width}")
        record = walk.consortium.desk_of(Role.TRUSTEE).session.query("process.show", deal=DEAL)
        assert record["ended"] is not None
        parts = (walk.definition.main, *walk.definition.inside)
        by_people = {step.id for part in parts for step in part.steps if step.by and not step.process}
        assert by_people <= {*walk.steps}
        assert {msp for msp, _ in walk.people} == {each.msp for each in NINE}
