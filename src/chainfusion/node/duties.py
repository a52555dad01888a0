"""A deal's calendar of duties, read from the ledger."""

from __future__ import annotations

from chainfusion.contracts.deal.contract import DealView
from chainfusion.domain.process.records import Act, DealProcess, Proposed
from chainfusion.domain.records import from_json
from chainfusion.node import processes
from chainfusion.node.session import Session
from chainfusion.processes.duties import Course, Duty, duties


def calendar_of(session: Session, deal: str) -> tuple[Duty, ...]:
    """Every duty of a deal's process as it stands now. Raises: UnknownDeal, NoProcess where none was started."""
    record = from_json(DealProcess, session.query("process.show", deal=deal))
    shown = session.query("process-definition.show", process=record.process, version=record.version)
    course = Course(
        deal=deal,
        definition=from_json(Proposed, shown).definition,
        parties=from_json(DealView, session.query("deal.show", deal=deal)).parties,
        acts=from_json(tuple[Act, ...], session.query("process.acts", deal=deal)),
        awaited=() if record.ended else processes.awaited(session, deal),
    )
    return duties(course, session.clock())
