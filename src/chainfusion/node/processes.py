"""A deal's process at an institution: acts with what follows from them, and the agent that moves deals on.

The agent decides nothing. It asks the contract what is ready and submits `advance`; the contract looks again, at the
time that the transaction states. Every institution may run one: who comes second is refused, and no harm is done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chainfusion.contracts.process.refusals import NoProcess, NotReady, NotTheActor, NotYourTurn
from chainfusion.contracts.process.view import AwaitedStep
from chainfusion.domain.deal import Deal, DealState
from chainfusion.domain.process.records import Entry
from chainfusion.domain.records import from_json
from chainfusion.ledger.port import Receipt
from chainfusion.node.session import Session

OVERTAKEN = (NotYourTurn, NotReady, NoProcess, NotTheActor)
"""What an agent is told when another was there first, or its institution has no part in the deal."""


@dataclass(frozen=True)
class Item:
    """A work item by its place: a deal, a run of a process in it, a step."""

    deal: str
    run: str
    step: str


def awaited(session: Session, deal: str) -> tuple[AwaitedStep, ...]:
    """What a deal waits for now. Raises: UnknownDeal, NoProcess."""
    return from_json(tuple[AwaitedStep, ...], session.query("process.awaited", deal=deal))


def act(
    session: Session, item: Item, entries: tuple[Entry, ...] = (), *, msp: str | None = None, request: str | None = None
) -> Receipt:
    """Does an institution's part of a step, and moves the deal on where nothing else is outstanding.

    Raises: the refusals of `process.act`.
    """
    at: dict[str, Any] = {"deal": item.deal, "run": item.run, "step": item.step}
    receipt = session.call("process.act", request=request, **at, msp=msp or session.msp, entries=entries)
    move_on(session, item.deal)
    return receipt


def check(
    session: Session,
    item: Item,
    *,
    approve: bool,
    reason: str | None = None,
    msp: str | None = None,
    request: str | None = None,
) -> Receipt:
    """Approves or rejects a colleague's work, and moves the deal on. Raises: the refusals of `process.check`."""
    at: dict[str, Any] = {"deal": item.deal, "run": item.run, "step": item.step, "msp": msp or session.msp}
    receipt = session.call("process.check", request=request, **at, approve=approve, reason=reason)
    move_on(session, item.deal)
    return receipt


def countersign(session: Session, item: Item, *, request: str | None = None) -> Receipt:
    """Certifies a step whose own work is complete, and moves the deal on. Raises: as `process.countersign`."""
    at: dict[str, Any] = {"deal": item.deal, "run": item.run, "step": item.step}
    receipt = session.call("process.countersign", request=request, **at, msp=session.msp)
    move_on(session, item.deal)
    return receipt


def send_back(session: Session, item: Item, target: str, reason: str, *, request: str | None = None) -> Receipt:
    """Sends the work back to an earlier step, with the reason. Raises: the refusals of `process.send_back`."""
    at: dict[str, Any] = {"deal": item.deal, "run": item.run, "step": item.step, "msp": session.msp}
    return session.call("process.send_back", request=request, **at, target=target, reason=reason)


def move_on(session: Session, deal: str) -> tuple[Receipt, ...]:
    """Submits every `advance` that is due in a deal, and its end, until nothing is. Returns their receipts."""
    moved: list[Receipt] = []
    while found := tuple(_moves(session, deal)):
        moved += found
    return tuple(moved)


def tend(session: Session) -> tuple[Receipt, ...]:
    """One round of the agent: moves on every deal in which the institution has a part."""
    deals = from_json(tuple[Deal, ...], session.query("deal.overview"))
    live = (deal.id for deal in deals if deal.state is not DealState.CANCELLED)
    return tuple(receipt for deal in live for receipt in move_on(session, deal))


def _moves(session: Session, deal: str) -> Iterator[Receipt]:
    try:
        steps = awaited(session, deal)
    except NoProcess:
        return
    for step in steps:
        if step.ready:
            at: dict[str, Any] = {"deal": deal, "run": step.run, "step": step.step}
            yield from _tried(session, "process.advance", f"{deal} {step.run} {step.step} {step.item}", at)
    if not steps:
        yield from _tried(session, "process.conclude", f"{deal} end", {"deal": deal})


def _tried(session: Session, operation: str, what: str, arguments: dict[str, Any]) -> Iterator[Receipt]:
    request = hashlib.sha256(f"{operation} {what}".encode()).hexdigest()
    try:
        yield session.call(operation, request=request, **arguments)
    except OVERTAKEN:
        return
