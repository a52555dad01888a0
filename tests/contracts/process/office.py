"""A consortium with a process, and people who act on a deal's steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from chainfusion.contracts.catalogue import registry
from chainfusion.contracts.framework import Caller
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.process.definition import (
    END,
    START,
    Condition,
    Deadline,
    Definition,
    Field,
    FieldKind,
    Flow,
    Gateway,
    GatewayKind,
    Holds,
    Need,
    Process,
    Quorum,
    Requirement,
    Step,
    Weight,
)
from chainfusion.domain.process.records import MAIN, Entry, sub_run
from chainfusion.domain.roles import Role
from tests.domain.process.drawn import a_flow, a_step
from tests.support.world import DEAL, World, desk, digest, msp_of, representative

COUPON = Field("coupon", "Coupon", "票面利率", FieldKind.RATE, optional=False, choices=(), lowest=0, highest=100_000)
PAY_DAY = Field(
    "pay-day", "Payment day", "支付日", FieldKind.DATE, optional=False, choices=(), lowest=None, highest=None
)
CALENDAR = "cn-interbank@2025-11-04"


def step(name: str, *by: Role, **changed: Any) -> Step:
    """A step for these roles."""
    return a_step(name, by=by, **changed)


def process(name: str, steps: tuple[Step, ...], flows: tuple[Flow, ...], *gateways: Gateway) -> Process:
    """A process under one name in both languages."""
    return Process(name, name, name, steps, gateways, flows)


RATING = process(
    "rating",
    (step("analyse", Role.RATING_AGENCY), step("committee", Role.RATING_AGENCY, checked=True, returns=("analyse",))),
    (a_flow(START, "analyse"), a_flow("analyse", "committee"), a_flow("committee", END)),
)

MAIN_STEPS = (
    step("mandate", Role.ORIGINATOR, checked=True),
    step(
        "diligence", Role.LAW_FIRM, requires=(Requirement(Need.DOCUMENT, "legal-due-diligence-report", Role.LAW_FIRM),)
    ),
    step("ratings", Role.RATING_AGENCY, process="rating", quorum=Quorum.ALL),
    step("review", Role.LEAD_UNDERWRITER, returns=("diligence", "mandate"), countersign=Role.TRUSTEE),
    step("price", Role.LEAD_UNDERWRITER, template=(COUPON, PAY_DAY), deadline=Deadline(3, CALENDAR, "")),
    step("orders", Role.INVESTOR, Role.SERVICER, Role.CUSTODIAN, quorum=Quorum.COUNT, threshold=2),
    step("reprice", Role.LEAD_UNDERWRITER, deadline=Deadline(1, CALENDAR, ""), escalate=Role.TRUSTEE),
    step("wait", deadline=Deadline(0, CALENDAR, "price.pay-day")),
    step("lapse", Role.ORIGINATOR),
)
MAIN_FLOWS = (
    a_flow(START, "mandate"),
    a_flow("mandate", "fork"),
    a_flow("fork", "diligence"),
    a_flow("fork", "ratings"),
    a_flow("diligence", "join"),
    a_flow("ratings", "join"),
    a_flow("join", "review"),
    a_flow("review", "pricing"),
    a_flow("pricing", "price"),
    a_flow("price", "dear"),
    a_flow("price", "lapse", expired=True),
    Flow("dear", "reprice", (Condition("figure.price.coupon", Holds.AT_LEAST, "50000"),), expired=False),
    a_flow("dear", "orders"),
    a_flow("reprice", "pricing"),
    a_flow("orders", "wait"),
    a_flow("wait", END),
    a_flow("lapse", END),
)
GATEWAYS = (
    Gateway("fork", GatewayKind.ALL),
    Gateway("join", GatewayKind.ALL),
    Gateway("pricing", GatewayKind.ONE),
    Gateway("dear", GatewayKind.ONE),
)
DEFINITION = Definition("small-deal", 1, process("main", MAIN_STEPS, MAIN_FLOWS, *GATEWAYS), (RATING,), ())


class Office(World):
    """The world, its process and its people."""

    def adopted(self, definition: Definition = DEFINITION) -> Office:
        """The members have adopted a definition."""
        first, *others = (each.msp for each in self.signed_genesis.genesis.members)
        state = self.call("process-definition.propose", representative(first), definition=definition)["state"]
        while state == "proposed":
            name = {"process": definition.id, "version": definition.version, "approve": True}
            state = self.call("process-definition.vote", representative(others.pop(0)), **name)["state"]
        assert state == "adopted"
        return self

    def running(self, definition: Definition = DEFINITION) -> Office:
        """A deal with all parties runs on the definition."""
        self.founded().signed()
        self.adopted(definition).opened()
        self.call("process.start", desk(Role.ORIGINATOR), deal=DEAL, process=definition.id, version=definition.version)
        return self

    def act(self, name: str, role: Role, *, run: str = MAIN, caller: Caller | None = None, **entries: str) -> Any:
        """Somebody does a step."""
        filled = tuple(Entry(field.replace("_", "-"), value) for field, value in entries.items())
        at = {"deal": DEAL, "run": run, "step": name, "msp": msp_of(role)}
        return self.call("process.act", caller or desk(role), **at, entries=filled)

    def check(self, name: str, role: Role, *, run: str = MAIN, approve: bool = True, reason: str | None = None) -> Any:
        """A colleague checks it."""
        at = {"deal": DEAL, "run": run, "step": name, "msp": msp_of(role)}
        return self.call("process.check", colleague(role), **at, approve=approve, reason=reason)

    def advance(self, name: str, run: str = MAIN) -> Any:
        """Somebody asks for the deal to move on."""
        return self.call("process.advance", desk(Role.TRUSTEE), deal=DEAL, run=run, step=name)

    def awaited(self) -> dict[str, Any]:
        """What the deal waits for, by run and step."""
        found = self.call("process.awaited", desk(Role.INVESTOR), deal=DEAL)
        return {f"{each['run']} {each['step']}" if each["run"] != MAIN else each["step"]: each for each in found}

    def rating_run(self) -> str:
        """The name of the rating agency's run."""
        return sub_run(MAIN, "ratings", msp_of(Role.RATING_AGENCY), self.awaited()["ratings"]["item"])

    def mandated(self) -> Office:
        """The mandate is given."""
        self.act("mandate", Role.ORIGINATOR)
        self.check("mandate", Role.ORIGINATOR)
        return self

    def reviewed(self) -> Office:
        """The branches are done, and the review is countersigned."""
        self.document("dd", DocumentKind.LEGAL_DUE_DILIGENCE_REPORT, Role.LAW_FIRM)
        self.act("diligence", Role.LAW_FIRM)
        self.rated()
        self.act("review", Role.LEAD_UNDERWRITER)
        self.call(
            "process.countersign", desk(Role.TRUSTEE), deal=DEAL, run=MAIN, step="review", msp=msp_of(Role.TRUSTEE)
        )
        return self

    def rated(self) -> Office:
        """The agency's own process is done."""
        run = self.rating_run()
        self.act("analyse", Role.RATING_AGENCY, run=run)
        self.act("committee", Role.RATING_AGENCY, run=run)
        self.check("committee", Role.RATING_AGENCY, run=run)
        self.advance("ratings")
        return self


def colleague(role: Role) -> Caller:
    """Another person of the institution in a role."""
    first = desk(role)
    return replace(first, name=f"{first.msp} second desk", certificate=digest(f"{first.msp} second").hex())


def a_time(text: str) -> datetime:
    """A moment of ISO 8601."""
    return datetime.fromisoformat(text)


def contracts() -> Any:
    """All contracts."""
    return registry()


WEIGHED = step("weighed", Role.INVESTOR, Role.TRUSTEE, quorum=Quorum.WEIGHT, threshold=3,
               weights=(Weight(Role.INVESTOR, 1), Weight(Role.TRUSTEE, 2)))  # fmt: skip
