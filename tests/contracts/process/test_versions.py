"""A deal under way goes over to another version: with every party's consent, and never so that it could get stuck."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chainfusion.contracts.process.refusals import DefinitionNotAdopted, NoProcess, NotYourTurn, ReasonNeeded
from chainfusion.contracts.process.version_refusals import (
    AnotherVersionProposed,
    NoVersionProposed,
    VersionAnswered,
    VersionNotAgreed,
    VersionRunning,
    VersionUnfit,
)
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.process.definition import Deadline, Definition, FieldKind, Need, Requirement, Step
from chainfusion.domain.roles import Role
from tests.contracts.process.office import CALENDAR, COUPON, DEFINITION, PAY_DAY, RATING, Office, process, step
from tests.domain.process.drawn import a_flow, chain
from tests.support.world import DEAL, desk, msp_of, representative

PROPOSER = Role.TRUSTEE
WHY = "the regulator asks for a second look"


def version(number: int, *, extra: str = "", without: str = "", **changed: Any) -> Definition:
    """The small deal's process again: with a step more before the pricing, or a step of its own changed."""
    main = DEFINITION.main
    if extra:
        flows = tuple(each for each in main.flows if (each.source, each.target) != ("review", "pricing"))
        main = replace(
            main,
            steps=(*main.steps, step(extra, Role.TRUSTEE)),
            flows=(*flows, a_flow("review", extra), a_flow(extra, "pricing")),
        )
    if without:
        (ahead,), (behind,) = main.into(without), main.out_of(without)
        flows = tuple(each for each in main.flows if each not in (ahead, behind))
        kept = tuple(replace(each, returns=()) for each in main.steps if each.id != without)
        main = replace(main, steps=kept, flows=(*flows, a_flow(ahead.source, behind.target)))
    for name, how in changed.items():
        main = replace(main, steps=tuple(replace(s, **how) if s.id == name else s for s in main.steps))
    return replace(DEFINITION, version=number, main=main)


@pytest.fixture
def office() -> Office:
    return Office().running()


def parties(office: Office) -> list[str]:
    found = office.call("deal.show", desk(Role.INVESTOR), deal=DEAL)["parties"]
    return sorted({each["msp"] for each in found})


def proposed(office: Office, number: int = 2) -> str:
    made = office.call("process-version.propose", desk(PROPOSER), deal=DEAL, version=number, reason=WHY)
    return str(made["tx_id"])


def agreed(office: Office, proposal: str, *but: Role) -> None:
    silent = {msp_of(PROPOSER), *map(msp_of, but)}
    for role in Role:
        if role is not Role.REPRESENTATIVE and msp_of(role) in parties(office) and msp_of(role) not in silent:
            silent.add(msp_of(role))
            office.call("process-version.answer", desk(role), deal=DEAL, proposal=proposal, agree=True, reason=None)


def changed(office: Office, proposal: str) -> Any:
    return office.call("process-version.change", desk(PROPOSER), deal=DEAL, proposal=proposal)


def test_a_deal_goes_over_when_all_have_agreed_and_runs_on(office: Office) -> None:
    office.adopted(version(2, extra="second-look")).mandated()
    before = office.awaited()
    proposal = proposed(office)
    agreed(office, proposal)
    assert changed(office, proposal)["version"] == 2
    assert office.awaited() == before  # the same work, with the same items, since the same moment
    office.reviewed()
    assert list(office.awaited()) == ["second-look"]
    office.act("second-look", Role.TRUSTEE)
    assert list(office.awaited()) == ["price"]
    shown = office.call("process-version.show", desk(Role.INVESTOR), deal=DEAL)
    assert [(each["number"], each["before"], each["after"]) for each in shown["done"]] == [(1, 1, 2)]
    assert shown["proposed"] is None


def test_a_deal_that_nobody_has_acted_on_goes_over_too(office: Office) -> None:
    office.adopted(version(2, extra="second-look"))
    before = office.awaited()
    proposal = proposed(office)
    agreed(office, proposal)
    changed(office, proposal)
    assert office.awaited() == before
    office.mandated().reviewed()
    assert list(office.awaited()) == ["second-look"]


def test_one_partys_silence_keeps_the_version(office: Office) -> None:
    office.adopted(version(2, extra="second-look"))
    proposal = proposed(office)
    agreed(office, proposal, Role.LAW_FIRM)
    call = {"deal": DEAL, "proposal": proposal}
    refusal = office.refused(VersionNotAgreed, "process-version.change", desk(PROPOSER), **call)
    assert msp_of(Role.LAW_FIRM) in refusal.message()
    shown = office.call("process-version.show", desk(Role.INVESTOR), deal=DEAL)
    assert shown["outstanding"] == [msp_of(Role.LAW_FIRM)]


def test_one_no_ends_a_proposal_and_another_may_follow(office: Office) -> None:
    office.adopted(version(2, extra="second-look"))
    proposal = proposed(office)
    no = {"deal": DEAL, "proposal": proposal, "agree": False}
    office.refused(ReasonNeeded, "process-version.answer", desk(Role.LAW_FIRM), **no, reason=None)
    office.call("process-version.answer", desk(Role.LAW_FIRM), **no, reason="not without the custodian")
    yes = {"deal": DEAL, "proposal": proposal, "agree": True, "reason": None}
    office.refused(NoVersionProposed, "process-version.answer", desk(Role.CUSTODIAN), **yes)
    office.refused(NoVersionProposed, "process-version.change", desk(PROPOSER), deal=DEAL, proposal=proposal)
    again = office.call("process-version.propose", desk(Role.LAW_FIRM), deal=DEAL, version=2, reason=WHY)["tx_id"]
    for role in (Role.TRUSTEE, Role.ORIGINATOR):
        office.call("process-version.answer", desk(role), **(yes | {"proposal": again}))
    left = office.call("process-version.show", desk(Role.INVESTOR), deal=DEAL)["outstanding"]
    assert not {msp_of(Role.LAW_FIRM), msp_of(Role.TRUSTEE), msp_of(Role.ORIGINATOR)} & {*left}


def test_parties_who_answer_at_once_touch_no_key_in_common(office: Office) -> None:
    office.adopted(version(2, extra="second-look"))
    proposal = proposed(office)
    call = {"deal": DEAL, "proposal": proposal, "agree": True, "reason": None}
    office.call("process-version.answer", desk(Role.LAW_FIRM), **call)
    first = office.last
    office.call("process-version.answer", desk(Role.CUSTODIAN), **call)
    for one, other in ((first, office.last), (office.last, first)):
        assert not {*one.writes} & {*other.writes, *other.reads}
        assert not [key for key in one.writes if key.startswith(tuple(other.prefixes))]


def test_a_party_answers_once(office: Office) -> None:
    office.adopted(version(2, extra="second-look"))
    proposal = proposed(office)
    call = {"deal": DEAL, "proposal": proposal, "agree": True, "reason": None}
    office.refused(VersionAnswered, "process-version.answer", desk(PROPOSER), **call)


def test_only_its_proposer_puts_another_proposal_in_its_place(office: Office) -> None:
    office.adopted(version(2, extra="second-look")).adopted(version(3, extra="third-look"))
    first = proposed(office)
    call = {"deal": DEAL, "version": 3, "reason": WHY}
    office.refused(AnotherVersionProposed, "process-version.propose", desk(Role.LAW_FIRM), **call)
    second = proposed(office, 3)
    office.refused(NoVersionProposed, "process-version.change", desk(PROPOSER), deal=DEAL, proposal=first)
    agreed(office, second)
    assert changed(office, second)["version"] == 3


def test_consents_do_not_count_for_a_later_change_to_the_same_version(office: Office) -> None:
    office.adopted(version(2, extra="second-look"))
    for number in (2, 1):
        proposal = proposed(office, number)
        agreed(office, proposal)
        changed(office, proposal)
    third = proposed(office, 2)
    office.refused(VersionNotAgreed, "process-version.change", desk(PROPOSER), deal=DEAL, proposal=third)


def test_what_is_no_other_adopted_version_is_not_proposed(office: Office) -> None:
    call = {"deal": DEAL, "reason": WHY}
    office.refused(VersionRunning, "process-version.propose", desk(PROPOSER), version=1, **call)
    later = version(2, extra="second-look")
    office.call("process-definition.propose", representative(msp_of(Role.ORIGINATOR)), definition=later)
    office.refused(DefinitionNotAdopted, "process-version.propose", desk(PROPOSER), version=2, **call)
    office.refused(ReasonNeeded, "process-version.propose", desk(PROPOSER), deal=DEAL, version=2, reason="two\nlines")


def test_work_at_a_step_that_the_version_lacks_is_not_carried(office: Office) -> None:
    office.adopted(version(2, without="review")).mandated()
    assert proposed(office)  # its branches are as they were
    office.document("dd", DocumentKind.LEGAL_DUE_DILIGENCE_REPORT, Role.LAW_FIRM)
    office.act("diligence", Role.LAW_FIRM)
    office.rated()
    office.act("review", Role.LEAD_UNDERWRITER)
    call = {"deal": DEAL, "version": 2, "reason": WHY}
    refusal = office.refused(VersionUnfit, "process-version.propose", desk(PROPOSER), **call)
    assert "review" in refusal.message()


def test_a_step_that_is_begun_is_finished_as_it_was(office: Office) -> None:
    office.adopted(version(2, mandate={"checked": False}))
    assert proposed(office)
    office.act("mandate", Role.ORIGINATOR)
    call = {"deal": DEAL, "version": 2, "reason": WHY}
    refusal = office.refused(VersionUnfit, "process-version.propose", desk(PROPOSER), **call)
    assert "mandate" in refusal.message()
    office.check("mandate", Role.ORIGINATOR)
    assert proposed(office)


def test_a_process_inside_a_step_that_is_begun_is_finished_as_it_was(office: Office) -> None:
    shorter = process("rating", RATING.steps[:1], (RATING.flows[0], a_flow("analyse", "end")))
    office.adopted(replace(DEFINITION, version=2, inside=(shorter,))).mandated()
    assert proposed(office)
    office.act("analyse", Role.RATING_AGENCY, run=office.rating_run())
    call = {"deal": DEAL, "version": 2, "reason": WHY}
    office.refused(VersionUnfit, "process-version.propose", desk(PROPOSER), **call)
    office.act("committee", Role.RATING_AGENCY, run=office.rating_run())  # goes on as it began


def test_what_was_agreed_is_looked_at_again_when_it_happens(office: Office) -> None:
    office.adopted(version(2, mandate={"checked": False}))
    proposal = proposed(office)
    agreed(office, proposal)
    office.act("mandate", Role.ORIGINATOR)
    office.refused(VersionUnfit, "process-version.change", desk(PROPOSER), deal=DEAL, proposal=proposal)
    office.check("mandate", Role.ORIGINATOR)
    assert changed(office, proposal)["version"] == 2


def test_a_step_of_the_version_before_is_not_acted_on(office: Office) -> None:
    office.adopted(version(2, without="review")).mandated()
    proposal = proposed(office)
    agreed(office, proposal)
    changed(office, proposal)
    with pytest.raises(ChainFusionError) as refused:
        office.act("review", Role.LEAD_UNDERWRITER)
    assert not isinstance(refused.value, NotYourTurn)


def test_a_deal_without_a_process_has_no_version_to_change() -> None:
    office = Office()
    office.founded().signed()
    office.adopted().adopted(version(2, extra="second-look")).opened()
    office.refused(NoProcess, "process-version.propose", desk(PROPOSER), deal=DEAL, version=2, reason=WHY)
    office.refused(NoProcess, "process-version.show", desk(PROPOSER), deal=DEAL)


def a_line(number: int, *steps: Step) -> Definition:
    """Steps one after the other, as a version of a process."""
    return Definition("line", number, replace(chain(*(each.id for each in steps)), steps=steps), (), ())


def test_a_figure_that_is_no_date_is_not_counted_from() -> None:
    words = replace(PAY_DAY, kind=FieldKind.TEXT)
    first = a_line(
        1, step("a", Role.ORIGINATOR, template=(words,)), step("b", Role.TRUSTEE), step("c", Role.ORIGINATOR)
    )
    dated = step("c", Role.ORIGINATOR, deadline=Deadline(1, CALENDAR, "a.pay-day"))
    second = a_line(2, step("a", Role.ORIGINATOR, template=(PAY_DAY,)), step("b", Role.TRUSTEE), dated)
    for words_then, fits in (("next spring", False), ("2026-03-02", True)):
        office = Office().running(first).adopted(second)
        office.act("a", Role.ORIGINATOR, pay_day=words_then)
        if fits:
            proposal = proposed(office)
            agreed(office, proposal)
            changed(office, proposal)
            office.act("b", Role.TRUSTEE)
            assert office.awaited()["c"]["due"] is not None
        else:
            call = {"deal": DEAL, "version": 2, "reason": WHY}
            refusal = office.refused(VersionUnfit, "process-version.propose", desk(PROPOSER), **call)
            assert "a.pay-day" in refusal.message()


def test_a_figure_of_a_step_that_lies_behind_is_not_waited_for_in_vain() -> None:
    first = a_line(1, step("a", Role.ORIGINATOR), step("b", Role.TRUSTEE), step("c", Role.ORIGINATOR))
    filled = step("a", Role.ORIGINATOR, template=(COUPON,))
    needs_it = step("c", Role.ORIGINATOR, requires=(Requirement(Need.FIGURE, "a.coupon", None),))
    again = step("b", Role.TRUSTEE, returns=("a",))
    office = Office().running(first).adopted(a_line(2, filled, step("b", Role.TRUSTEE), needs_it))
    office.adopted(a_line(3, filled, again, needs_it))
    assert proposed(office)  # the step that deposits it is still to be done
    office.act("a", Role.ORIGINATOR)
    call = {"deal": DEAL, "version": 2, "reason": WHY}
    refusal = office.refused(VersionUnfit, "process-version.propose", desk(PROPOSER), **call)
    assert "a.coupon" in refusal.message()
    assert proposed(office, 3)  # work can be returned to it
