"""A deal's calendar of duties as people read it: who owes what by when, and what was late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from chainfusion.domain.errors import Text
from chainfusion.domain.roles import ROLE_NAMES
from chainfusion.node.desk import Desk
from chainfusion.node.duties import calendar_of
from chainfusion.node.views.acts import Acts
from chainfusion.node.views.facts import Institution, Place
from chainfusion.processes.duties import LATE, Duty, DutyKind, DutyState
from chainfusion.processes.icalendar import KIND_NAMES, STATE_NAMES


@dataclass(frozen=True)
class DutyRow:
    """What one institution owes one step. `institution` is None where nobody has taken the role; `shared`: not all who
    owe it need to act; `done`: where it was done."""

    step: str
    name: Text
    run: str
    kind: DutyKind
    kind_name: Text
    role: Text | None
    institution: Institution | None
    shared: bool
    due: date | None
    state: DutyState
    state_name: Text
    late: bool
    mine: bool
    done: Place | None


@dataclass(frozen=True)
class DutiesView:
    """All duties of a deal's process, and how many are, were or will stay late."""

    deal: str
    height: int
    late: int
    duties: tuple[DutyRow, ...]


def duties_view(desk: Desk, acts: Acts, deal: str, height: int) -> DutiesView:
    """As it stands at the session's time. Raises: UnknownDeal, NoProcess."""
    rows = tuple(_row(each, acts, desk.msp) for each in calendar_of(desk.session, deal))
    return DutiesView(deal, height, sum(row.late for row in rows), rows)


def _row(duty: Duty, acts: Acts, msp: str) -> DutyRow:
    return DutyRow(
        step=duty.step,
        name=duty.name,
        run=duty.run,
        kind=duty.kind,
        kind_name=KIND_NAMES[duty.kind],
        role=ROLE_NAMES[duty.role] if duty.role else None,
        institution=acts.institution(duty.msp) if duty.msp else None,
        shared=duty.shared,
        due=duty.due,
        state=duty.state,
        state_name=STATE_NAMES[duty.state],
        late=duty.state in LATE,
        mine=duty.msp == msp,
        done=acts.place(duty.tx_id) if duty.tx_id else None,
    )
