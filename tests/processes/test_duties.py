"""A calendar of duties, made from what real contracts answer: who owes what by when, and who was late with what."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest

from chainfusion.contracts.deal.contract import DealView
from chainfusion.contracts.process.view import AwaitedStep
from chainfusion.domain.process.definition import END, START, Deadline, Definition, Quorum
from chainfusion.domain.process.records import MAIN, Act
from chainfusion.domain.records import from_json
from chainfusion.domain.roles import Role
from chainfusion.processes.duties import Course, DutyKind, DutyState, duties
from tests.contracts.process.office import CALENDAR, DEFINITION, PAY_DAY, Office, process, step
from tests.domain.process.drawn import a_flow
from tests.support.context import START as FIRST_MOMENT
from tests.support.world import DEAL, desk, msp_of

ARRANGER, TRUSTEE = Role.LEAD_UNDERWRITER, Role.TRUSTEE


@pytest.fixture
def office() -> Office:
    return Office().running().mandated().reviewed()


def course(office: Office, definition: Definition = DEFINITION) -> Course:
    """A deal as the contracts tell of it."""
    reader = desk(Role.INVESTOR)
    return Course(
        deal=DEAL,
        definition=definition,
        parties=from_json(DealView, office.call("deal.show", reader, deal=DEAL)).parties,
        acts=from_json(tuple[Act, ...], office.call("process.acts", reader, deal=DEAL)),
        awaited=from_json(tuple[AwaitedStep, ...], office.call("process.awaited", reader, deal=DEAL)),
    )


def told(office: Office, definition: Definition = DEFINITION) -> list[tuple[str, str | None, DutyState, date | None]]:
    """Step, institution, state and date of every duty."""
    return [(d.step, d.msp, d.state, d.due) for d in duties(course(office, definition), now(office))]


def now(office: Office) -> datetime:
    """The moment at which the test's ledger stands."""
    return FIRST_MOMENT + timedelta(minutes=office.ledger.committed)


def later(office: Office, days: int) -> None:
    """Lets days pass."""
    office.ledger.committed = days * 24 * 60


def test_what_is_reached_is_due_and_what_lies_ahead_has_no_date_yet(office: Office) -> None:
    assert told(office) == [
        ("price", msp_of(ARRANGER), DutyState.DUE, date(2026, 1, 8)),
        ("reprice", msp_of(ARRANGER), DutyState.NOT_DATED, None),
    ]


def test_after_its_day_a_duty_is_overdue_and_an_act_then_was_late(office: Office) -> None:
    later(office, 3)
    assert told(office)[0][2] is DutyState.DUE
    later(office, 4)
    assert told(office)[0][2] is DutyState.OVERDUE
    act = office.act("price", ARRANGER, coupon="35000", pay_day="2026-03-26")
    (late,) = (each for each in duties(course(office), now(office)) if each.step == "price")
    assert (late.state, late.due, late.tx_id, late.at) == (
        DutyState.LATE, date(2026, 1, 8), act["tx_id"], datetime.fromisoformat(act["at"]),
    )  # fmt: skip
    assert late.role is ARRANGER


def test_an_act_in_time_was_on_time(office: Office) -> None:
    office.act("price", ARRANGER, coupon="35000", pay_day="2026-03-26")
    assert ("price", msp_of(ARRANGER), DutyState.ON_TIME, date(2026, 1, 8)) in told(office)


def test_steps_are_counted_each_time_that_the_deal_comes_to_them(office: Office) -> None:
    office.act("price", ARRANGER, coupon="50000", pay_day="2026-03-26")
    office.act("reprice", ARRANGER)
    found = [(d.step, d.turn, d.state) for d in duties(course(office), now(office)) if d.step == "price"]
    assert found == [("price", 1, DutyState.ON_TIME), ("price", 2, DutyState.DUE)]


def test_a_deadline_that_passed_without_an_act_was_missed(office: Office) -> None:
    later(office, 4)
    office.advance("price")
    assert told(office) == [
        ("price", msp_of(ARRANGER), DutyState.MISSED, date(2026, 1, 8)),
        ("lapse", msp_of(Role.ORIGINATOR), DutyState.NOT_DATED, None),
    ]


def test_who_may_act_after_escalation_owes_it_too(office: Office) -> None:
    office.act("price", ARRANGER, coupon="50000", pay_day="2026-03-26")
    later(office, 3)
    found = [each for each in duties(course(office), now(office)) if each.step == "reprice"]
    assert {each.msp for each in found} == {msp_of(ARRANGER), msp_of(TRUSTEE)}
    assert all(each.shared and each.state is DutyState.OVERDUE for each in found)


def test_an_act_that_is_sent_back_for_rework_is_no_duty_done() -> None:
    office = Office().running(CHECKED)
    office.act("plan", Role.ORIGINATOR, pay_day="2026-03-26")
    office.check("plan", Role.ORIGINATOR, approve=False, reason="wrong day")
    assert [(d.kind, d.state) for d in duties(course(office, CHECKED), now(office)) if d.step == "plan"] == [
        (DutyKind.ACT, DutyState.DUE)
    ]


def counted(days: int) -> Deadline:
    """So many days after the payment day that the plan states."""
    return Deadline(days, CALENDAR, "plan.pay-day")


STEPS = (
    step("plan", Role.ORIGINATOR, checked=True, template=(PAY_DAY,), deadline=Deadline(2, CALENDAR, "")),
    step("report", TRUSTEE, checked=True, countersign=Role.CUSTODIAN, deadline=counted(-3)),
    step("pay", Role.REGISTRAR, Role.CUSTODIAN, quorum=Quorum.ALL, deadline=counted(1)),
    step("audit", Role.ACCOUNTANT, deadline=Deadline(5, CALENDAR, "")),
)
FLOWS = tuple(a_flow(*pair) for pair in pairwise((START, "plan", "report", "pay", "audit", END)))
CHECKED = Definition("checked", 1, process("main", STEPS, FLOWS), (), ())


def test_dates_that_a_step_deposited_date_what_lies_ahead() -> None:
    office = Office().running(CHECKED)
    assert [each[3] for each in told(office, CHECKED) if each[0] != "plan"] == [None] * 4
    office.act("plan", Role.ORIGINATOR, pay_day="2026-03-26")
    assert ("plan", msp_of(Role.ORIGINATOR), DutyState.DUE) in [each[:3] for each in told(office, CHECKED)]
    (check,) = (each for each in duties(course(office, CHECKED), now(office)) if each.step == "plan")
    assert check.kind is DutyKind.CHECK
    office.check("plan", Role.ORIGINATOR)
    assert told(office, CHECKED) == [
        ("plan", msp_of(Role.ORIGINATOR), DutyState.ON_TIME, date(2026, 1, 7)),
        ("report", msp_of(TRUSTEE), DutyState.DUE, date(2026, 3, 23)),
        ("pay", msp_of(Role.CUSTODIAN), DutyState.DUE, date(2026, 3, 27)),
        ("pay", msp_of(Role.REGISTRAR), DutyState.DUE, date(2026, 3, 27)),
        ("audit", msp_of(Role.ACCOUNTANT), DutyState.NOT_DATED, None),
    ]
    assert not any(each.shared for each in duties(course(office, CHECKED), now(office)))


def test_a_countersignature_is_a_duty_of_its_own() -> None:
    office = Office().running(CHECKED)
    for name, role, entries in (("plan", Role.ORIGINATOR, {"pay_day": "2026-03-26"}), ("report", TRUSTEE, {})):
        office.act(name, role, **entries)
        office.check(name, role)
    owed = [each for each in duties(course(office, CHECKED), now(office)) if each.step == "report"]
    assert [(each.kind, each.msp, each.state) for each in owed] == [
        (DutyKind.CHECK, msp_of(TRUSTEE), DutyState.ON_TIME),
        (DutyKind.COUNTERSIGN, msp_of(Role.CUSTODIAN), DutyState.DUE),
    ]
    custodian = msp_of(Role.CUSTODIAN)
    office.call("process.countersign", desk(Role.CUSTODIAN), deal=DEAL, run=MAIN, step="report", msp=custodian)
    done = [each for each in duties(course(office, CHECKED), now(office)) if each.kind is DutyKind.COUNTERSIGN]
    assert [(each.msp, each.role, each.state) for each in done] == [(custodian, Role.CUSTODIAN, DutyState.ON_TIME)]


def test_the_run_of_a_sub_process_is_owed_by_whose_it_is() -> None:
    rating = process("rating", (step("report", Role.RATING_AGENCY, deadline=Deadline(4, CALENDAR, "")),),
                     (a_flow(START, "report"), a_flow("report", END)))  # fmt: skip
    main = process("main", (step("ratings", Role.RATING_AGENCY, process="rating", quorum=Quorum.ALL,
                                 deadline=Deadline(9, CALENDAR, "")), step("end-it", TRUSTEE)),
                   (a_flow(START, "ratings"), a_flow("ratings", "end-it"), a_flow("end-it", END)))  # fmt: skip
    definition = Definition("rated", 1, main, (rating,), ())
    office = Office().running(definition)
    assert told(office, definition) == [
        ("report", msp_of(Role.RATING_AGENCY), DutyState.DUE, date(2026, 1, 9)),
        ("ratings", msp_of(Role.RATING_AGENCY), DutyState.DUE, date(2026, 1, 16)),
    ]
    run = next(each["run"] for each in office.awaited().values() if each["step"] == "report")
    office.act("report", Role.RATING_AGENCY, run=run)
    office.advance("ratings")
    assert [each[:3] for each in told(office, definition)] == [
        ("report", msp_of(Role.RATING_AGENCY), DutyState.ON_TIME),
        ("ratings", msp_of(Role.RATING_AGENCY), DutyState.ON_TIME),
        ("end-it", msp_of(TRUSTEE), DutyState.NOT_DATED),
    ]


def test_a_role_that_nobody_took_owes_without_an_institution() -> None:
    office = Office().running(CHECKED)
    known = course(office, CHECKED)
    without = replace(known, parties=tuple(each for each in known.parties if each.role is not Role.ACCOUNTANT))
    (audit,) = (each for each in duties(without, now(office)) if each.step == "audit")
    assert (audit.role, audit.msp) == (Role.ACCOUNTANT, None)


def test_a_day_beyond_the_calendar_is_not_dated() -> None:
    office = Office().running(CHECKED)
    office.act("plan", Role.ORIGINATOR, pay_day="2050-03-26")
    known = course(office, CHECKED)
    fixed = replace(known, awaited=tuple(replace(each, step="report") for each in known.awaited))
    assert [each.due for each in duties(fixed, now(office)) if each.step == "pay"] == [None, None]


def test_an_ended_process_keeps_its_record() -> None:
    office = Office().running(CHECKED)
    later(office, 30)
    office.act("plan", Role.ORIGINATOR, pay_day="2026-03-26")
    office.check("plan", Role.ORIGINATOR)
    ended = replace(course(office, CHECKED), awaited=())
    assert [(each.step, each.state) for each in duties(ended, now(office))] == [("plan", DutyState.LATE)]
