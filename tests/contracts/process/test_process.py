"""The process contract: whose turn it is, with which inputs, twice, late, by the wrong hand, and back again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chainfusion.contracts.process.refusals import (
    ActedAlready,
    CountersignatureRefused,
    EntriesRefused,
    NoProcess,
    NothingToCheck,
    NotReady,
    NotTheActor,
    NotYourTurn,
    ProcessStarted,
    ReasonNeeded,
    RequirementMissing,
    ReturnRefused,
    SecondPersonNeeded,
    UnknownStep,
)
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.process.definition import (
    END,
    START,
    Condition,
    Definition,
    Flow,
    Gateway,
    GatewayKind,
    Holds,
    Quorum,
)
from chainfusion.domain.process.records import MAIN, Entry
from chainfusion.domain.roles import Role
from tests.contracts.process.office import COUPON, DEFINITION, WEIGHED, Office, colleague, process, step
from tests.domain.process.drawn import a_flow
from tests.support.context import START as FIRST_MOMENT
from tests.support.world import DEAL, desk, msp_of, person

RATING = Role.RATING_AGENCY
ARRANGER = Role.LEAD_UNDERWRITER


def at(step_: str, role: Role, run: str = MAIN) -> dict[str, str]:
    return {"deal": DEAL, "run": run, "step": step_, "msp": msp_of(role)}


@pytest.fixture
def office() -> Office:
    return Office().running()


def test_a_deal_begins_with_the_first_step_and_says_whom_it_waits_for(office: Office) -> None:
    awaited = office.awaited()
    assert list(awaited) == ["mandate"]
    assert awaited["mandate"]["waits_for"] == [msp_of(Role.ORIGINATOR)]
    assert awaited["mandate"]["ready"] is False


def test_a_deal_is_started_once(office: Office) -> None:
    office.refused(ProcessStarted, "process.start", desk(Role.ORIGINATOR), deal=DEAL, process="small-deal", version=1)


def test_an_act_out_of_turn_names_what_is_awaited(office: Office) -> None:
    refusal = office.refused(NotYourTurn, "process.act", desk(ARRANGER), **at("review", ARRANGER), entries=())
    assert "mandate" in refusal.message()


def test_an_act_by_the_wrong_role_is_refused(office: Office) -> None:
    office.refused(NotTheActor, "process.act", desk(Role.TRUSTEE), **at("mandate", Role.TRUSTEE), entries=())


def test_an_act_for_another_institution_needs_its_delegation(office: Office) -> None:
    stranger = person(msp_of(Role.TRUSTEE), Role.TRUSTEE, Role.ORIGINATOR)
    office.refused(NotTheActor, "process.act", stranger, **at("mandate", Role.ORIGINATOR), entries=())


def test_a_maker_does_not_check_his_own_work(office: Office) -> None:
    office.act("mandate", Role.ORIGINATOR)
    assert office.awaited()["mandate"]["to_check"] == [msp_of(Role.ORIGINATOR)]
    call = at("mandate", Role.ORIGINATOR)
    office.refused(SecondPersonNeeded, "process.check", desk(Role.ORIGINATOR), **call, approve=True, reason=None)


def test_a_maker_with_a_second_certificate_is_still_the_maker(office: Office) -> None:
    office.act("mandate", Role.ORIGINATOR)
    same = replace(desk(Role.ORIGINATOR), certificate="d" * 64)
    office.refused(
        SecondPersonNeeded, "process.check", same, **at("mandate", Role.ORIGINATOR), approve=True, reason=None
    )


def test_nothing_is_checked_before_it_is_made(office: Office) -> None:
    call = at("mandate", Role.ORIGINATOR)
    office.refused(NothingToCheck, "process.check", colleague(Role.ORIGINATOR), **call, approve=True, reason=None)


def test_a_rejection_needs_a_reason_and_lets_the_maker_act_again(office: Office) -> None:
    office.act("mandate", Role.ORIGINATOR)
    call = at("mandate", Role.ORIGINATOR)
    office.refused(ReasonNeeded, "process.check", colleague(Role.ORIGINATOR), **call, approve=False, reason=None)
    office.check("mandate", Role.ORIGINATOR, approve=False, reason="the quota is not agreed")
    assert office.awaited()["mandate"]["waits_for"] == [msp_of(Role.ORIGINATOR)]
    office.mandated()
    assert "mandate" not in office.awaited()


def test_an_act_done_twice_is_refused(office: Office) -> None:
    office.act("mandate", Role.ORIGINATOR)
    office.refused(ActedAlready, "process.act", desk(Role.ORIGINATOR), **at("mandate", Role.ORIGINATOR), entries=())


def test_both_branches_open_after_the_fork(office: Office) -> None:
    office.mandated()
    run = office.rating_run()
    assert list(office.awaited()) == ["diligence", "ratings", f"{run} analyse"]


def test_a_step_without_its_document_is_refused_and_tells_which(office: Office) -> None:
    office.mandated()
    refusal = office.refused(
        RequirementMissing, "process.act", desk(Role.LAW_FIRM), **at("diligence", Role.LAW_FIRM), entries=()
    )
    assert refusal.facts["missing"] == ["document legal-due-diligence-report"]
    assert office.awaited()["diligence"]["missing"][0]["of"] == "legal-due-diligence-report"


def test_the_document_of_another_party_does_not_count(office: Office) -> None:
    office.mandated()
    call = at("diligence", Role.LAW_FIRM)
    office.call(
        "document.require_kinds", desk(ARRANGER), deal=DEAL, entries=[{"kind": "working-paper", "provider": "trustee"}]
    )
    office.document("other", DocumentKind.LEGAL_DUE_DILIGENCE_REPORT, Role.TRUSTEE)
    office.refused(RequirementMissing, "process.act", desk(Role.LAW_FIRM), **call, entries=())


def test_a_sub_process_runs_for_each_institution_and_ends_the_step(office: Office) -> None:
    office.mandated()
    run = office.rating_run()
    office.refused(NotReady, "process.advance", desk(Role.TRUSTEE), deal=DEAL, run=MAIN, step="ratings")
    office.act("analyse", RATING, run=run)
    office.act("committee", RATING, run=run)
    office.check("committee", RATING, run=run)
    assert office.awaited()["ratings"]["ready"] is True
    office.advance("ratings")
    assert "ratings" not in office.awaited()


def test_a_run_that_is_not_there_is_refused(office: Office) -> None:
    office.mandated()
    for run in ("other", "main/ratings", "main/ratings:TrusteeMSP:0123456789abcdef", "main/diligence:LawFirmMSP:00"):
        office.refused(UnknownStep, "process.act", desk(RATING), **at("analyse", RATING, run), entries=())
    office.refused(UnknownStep, "process.act", desk(RATING), **at("nowhere", RATING), entries=())


def test_a_return_voids_what_followed_and_keeps_the_other_branch(office: Office) -> None:
    office.mandated()
    office.document("dd", DocumentKind.LEGAL_DUE_DILIGENCE_REPORT, Role.LAW_FIRM)
    first = office.awaited()["diligence"]["item"]
    office.act("diligence", Role.LAW_FIRM)
    office.rated()
    office.call(
        "process.send_back",
        desk(ARRANGER),
        **at("review", ARRANGER),
        target="diligence",
        reason="three loans are missing",
    )
    awaited = office.awaited()
    assert list(awaited) == ["diligence"]
    assert awaited["diligence"]["item"] != first
    office.act("diligence", Role.LAW_FIRM)
    assert list(office.awaited()) == ["review"]


def test_a_return_to_where_the_step_may_not_send_is_refused(office: Office) -> None:
    office.mandated().document("dd", DocumentKind.LEGAL_DUE_DILIGENCE_REPORT, Role.LAW_FIRM)
    office.act("diligence", Role.LAW_FIRM)
    office.rated()
    call = at("review", ARRANGER)
    office.refused(ReturnRefused, "process.send_back", desk(ARRANGER), **call, target="price", reason="later")
    office.refused(ReasonNeeded, "process.send_back", desk(ARRANGER), **call, target="mandate", reason=" ")
    office.call("process.send_back", desk(ARRANGER), **call, target="mandate", reason="another structure")
    assert list(office.awaited()) == ["mandate"]


def test_a_countersignature_comes_after_the_work_and_completes_it(office: Office) -> None:
    office.mandated().document("dd", DocumentKind.LEGAL_DUE_DILIGENCE_REPORT, Role.LAW_FIRM)
    office.act("diligence", Role.LAW_FIRM)
    office.rated()
    office.refused(CountersignatureRefused, "process.countersign", desk(Role.TRUSTEE), **at("review", Role.TRUSTEE))
    office.act("review", ARRANGER)
    assert office.awaited()["review"]["to_countersign"] == [msp_of(Role.TRUSTEE)]
    office.refused(NotTheActor, "process.countersign", desk(ARRANGER), **at("review", ARRANGER))
    office.call("process.countersign", desk(Role.TRUSTEE), **at("review", Role.TRUSTEE))
    assert list(office.awaited()) == ["price"]


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ({}, "coupon"),
        ({"coupon": "3.5", "pay-day": "2026-03-26"}, "coupon"),
        ({"coupon": "100001", "pay-day": "2026-03-26"}, "coupon"),
        ({"coupon": "35000", "pay-day": "26 March"}, "pay-day"),
        ({"coupon": "35000", "pay-day": "2026-03-26", "spread": "1"}, "spread"),
    ],
)
def test_entries_that_do_not_fit_the_template_are_refused_by_field(
    office: Office, entries: dict[str, str], field: str
) -> None:
    office.mandated().reviewed()
    filled = tuple(Entry(name, value) for name, value in entries.items())
    refusal = office.refused(EntriesRefused, "process.act", desk(ARRANGER), **at("price", ARRANGER), entries=filled)
    assert refusal.facts["field"] == field


def test_a_figure_decides_which_way_the_deal_goes(office: Office) -> None:
    office.mandated().reviewed()
    office.act("price", ARRANGER, coupon="50000", pay_day="2026-03-26")
    assert list(office.awaited()) == ["reprice"]
    office.act("reprice", ARRANGER)
    office.act("price", ARRANGER, coupon="49999", pay_day="2026-03-26")
    assert list(office.awaited()) == ["orders"]


def test_a_count_of_institutions_moves_on_when_enough_have_acted(office: Office) -> None:
    office.mandated().reviewed()
    office.act("price", ARRANGER, coupon="35000", pay_day="2026-01-02")
    office.act("orders", Role.INVESTOR)
    assert office.awaited()["orders"]["ready"] is False
    office.refused(NotReady, "process.advance", desk(Role.TRUSTEE), deal=DEAL, run=MAIN, step="orders")
    office.act("orders", Role.SERVICER)
    office.advance("orders")
    assert list(office.awaited()) == ["wait"]
    office.advance("wait")
    assert office.awaited() == {}
    ended = office.call("process.conclude", desk(Role.TRUSTEE), deal=DEAL)
    assert ended["ended"] is not None
    office.refused(NoProcess, "process.conclude", desk(Role.TRUSTEE), deal=DEAL)


def test_a_wait_is_over_on_the_day_that_was_stated_and_not_before(office: Office) -> None:
    office.mandated().reviewed()
    office.act("price", ARRANGER, coupon="35000", pay_day="2026-03-26")
    office.act("orders", Role.INVESTOR)
    office.act("orders", Role.CUSTODIAN)
    office.advance("orders")
    office.refused(NotReady, "process.advance", desk(Role.TRUSTEE), deal=DEAL, run=MAIN, step="wait")
    later(office, days=79, hours=14)
    office.refused(NotReady, "process.advance", desk(Role.TRUSTEE), deal=DEAL, run=MAIN, step="wait")
    later(office, days=80)
    office.advance("wait")


def test_a_deadline_that_passes_opens_the_way_for_it_and_lateness_is_on_record(office: Office) -> None:
    office.mandated().reviewed()
    due = office.awaited()["price"]["due"]
    assert due == "2026-01-08"
    office.refused(NotReady, "process.advance", desk(Role.TRUSTEE), deal=DEAL, run=MAIN, step="price")
    later(office, days=4)
    expired = office.advance("price")
    assert (expired["kind"], expired["late"], expired["due"]) == ("expired", True, due)
    assert list(office.awaited()) == ["lapse"]


def test_who_acts_after_the_deadline_is_late(office: Office) -> None:
    office.mandated().reviewed()
    later(office, days=4)
    assert office.act("price", ARRANGER, coupon="35000", pay_day="2026-03-26")["late"] is True


def test_once_the_deadline_has_passed_the_role_that_it_escalates_to_may_act(office: Office) -> None:
    office.mandated().reviewed()
    office.act("price", ARRANGER, coupon="50000", pay_day="2026-03-26")
    office.refused(NotTheActor, "process.act", desk(Role.TRUSTEE), **at("reprice", Role.TRUSTEE), entries=())
    assert office.awaited()["reprice"]["waits_for"] == [msp_of(ARRANGER)]
    later(office, days=3)
    assert office.awaited()["reprice"]["waits_for"] == sorted([msp_of(ARRANGER), msp_of(Role.TRUSTEE)])
    assert office.act("reprice", Role.TRUSTEE)["late"] is True
    assert list(office.awaited()) == ["price"]


def test_nothing_ends_before_its_end(office: Office) -> None:
    office.refused(NotReady, "process.conclude", desk(Role.TRUSTEE), deal=DEAL)


def test_a_cancelled_deal_has_no_process(office: Office) -> None:
    office.call("deal.cancel", desk(Role.ORIGINATOR), deal=DEAL, reason="the market closed")
    office.refused(NoProcess, "process.act", desk(Role.ORIGINATOR), **at("mandate", Role.ORIGINATOR), entries=())


def test_a_delegate_acts_and_signs_in_its_own_name_until_it_is_taken_back() -> None:
    office = Office(signed_genesis=with_two_originators()).running()
    second = person("SecondMSP", Role.ORIGINATOR)
    office.refused(NotTheActor, "process.act", second, **at("mandate", Role.ORIGINATOR), entries=())
    office.call("process.delegate", desk(Role.ORIGINATOR), deal=DEAL, step="mandate", delegate="SecondMSP")
    done = office.call("process.act", second, **at("mandate", Role.ORIGINATOR), entries=())
    assert (done["msp"], done["by"]) == (msp_of(Role.ORIGINATOR), "SecondMSP")
    office.call("process.delegate", desk(Role.ORIGINATOR), deal=DEAL, step="mandate", delegate=None)
    other = replace(second, name="third", certificate="e" * 64)
    office.refused(NotTheActor, "process.check", other, **at("mandate", Role.ORIGINATOR), approve=True, reason=None)


def test_weights_are_counted_by_role() -> None:
    main = process("main", (WEIGHED,), (a_flow(START, "weighed"), a_flow("weighed", END)))
    office = Office().running(Definition("weights", 1, main, (), ()))
    office.act("weighed", Role.INVESTOR)
    assert office.awaited()["weighed"]["ready"] is False
    office.act("weighed", Role.TRUSTEE)
    office.advance("weighed")
    assert office.awaited() == {}


def test_all_of_a_role_must_act() -> None:
    everyone = step("everyone", Role.INVESTOR, Role.TRUSTEE, Role.CUSTODIAN, quorum=Quorum.ALL)
    main = process("main", (everyone,), (a_flow(START, "everyone"), a_flow("everyone", END)))
    office = Office().running(Definition("all", 1, main, (), ()))
    for role in (Role.INVESTOR, Role.TRUSTEE):
        office.act("everyone", role)
        assert office.awaited()["everyone"]["ready"] is False
    office.act("everyone", Role.CUSTODIAN)
    assert office.awaited()["everyone"]["ready"] is True


def test_a_step_that_work_comes_straight_back_to_is_done_again() -> None:
    """As a postponed issue leads back to the book building, and a period's report to the next one's."""
    again = Gateway("again", GatewayKind.ONE)
    begin = Gateway("begin", GatewayKind.ONE)
    flows = (
        a_flow(START, "begin"),
        a_flow("begin", "price"),
        a_flow("price", "again"),
        Flow("again", "begin", (Condition("figure.price.coupon", Holds.AT_LEAST, "50000"),), expired=False),
        a_flow("again", END),
    )
    main = process("main", (step("price", ARRANGER, template=(COUPON,)),), flows, again, begin)
    office = Office().running(Definition("round", 1, main, (), ()))
    first = office.awaited()["price"]
    office.act("price", ARRANGER, coupon="60000")
    second = office.awaited()["price"]
    assert second["item"] != first["item"]
    assert second["since"] > first["since"]
    office.act("price", ARRANGER, coupon="30000")
    assert office.awaited() == {}


def test_acts_in_parallel_branches_touch_no_key_in_common(office: Office) -> None:
    office.mandated().document("dd", DocumentKind.LEGAL_DUE_DILIGENCE_REPORT, Role.LAW_FIRM)
    run = office.rating_run()
    before = dict(office.ledger.state)
    office.act("diligence", Role.LAW_FIRM)
    one = {key for key in office.ledger.state if office.ledger.state[key] != before.get(key)} | (
        before.keys() - office.ledger.state.keys()
    )
    reads_of_one = set(office.last.reads)
    office.ledger.state = before
    office.act("analyse", RATING, run=run)
    other = set(office.last.writes)
    assert not one & other
    assert not reads_of_one & other
    assert not set(office.last.reads) & one


def later(office: Office, **more: int) -> None:
    """Lets time pass on the test's ledger, from its first moment on."""
    minutes = timedelta(**more) // timedelta(minutes=1)
    assert FIRST_MOMENT
    office.ledger.committed = max(office.ledger.committed, minutes)


def with_two_originators():  # type: ignore[no-untyped-def]
    from tests.support.world import default_founders, genesis, member

    return genesis(*default_founders(), member("SecondMSP", Role.ORIGINATOR))


def test_the_definition_of_these_tests_is_sound() -> None:
    from chainfusion.domain.process.form import require_well_formed
    from chainfusion.domain.process.soundness import require_sound

    assert require_sound(require_well_formed(DEFINITION)) is DEFINITION
