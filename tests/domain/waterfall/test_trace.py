"""The inspector: for every yuan which rule paid it, from where, and why not more."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.domain.terms.compile import compile_terms
from chainfusion.domain.waterfall.run import run
from chainfusion.domain.waterfall.trace import Bound, PeriodRecord, StepRecord, trace
from tests.cashflow.text.small import FLOWS, program
from tests.domain.waterfall.deals import FAMILIES, random_deal


def traced(*changes: tuple[str, str], period: int = 1, **flows: list[int]) -> PeriodRecord:
    given = FLOWS | {f"pool.{name}" if f"pool.{name}" in FLOWS else name: values for name, values in flows.items()}
    return trace(program(*changes), given, period)


def step(record: PeriodRecord, name: str) -> StepRecord:
    return next(s for s in record.steps if s.step == name)


def test_a_step_tells_due_paid_and_the_account_before_and_after() -> None:
    senior = step(traced(), "senior")
    (paid,) = senior.payments
    assert (paid.payee, paid.due, paid.paid, paid.unpaid, paid.bound) == ("A", 2_400_00, 2_400_00, 0, Bound.DUE)
    cash, reserve = senior.accounts
    assert (cash.account, cash.before, cash.after) == ("cash", 255_400_00, 253_000_00)
    assert (reserve.account, reserve.before, reserve.after) == ("reserve", 10_000_00, 10_000_00)
    assert senior.available == 265_400_00


def test_the_last_of_the_cash_and_who_came_too_late() -> None:
    principal = step(traced(), "principal")
    assert [(p.payee, p.bound) for p in principal.payments] == [("A", Bound.CASH), ("B", Bound.RANK)]
    assert principal.payments[0].unpaid == 800_000_00 - principal.payments[0].paid


def test_equal_rank_is_told_as_rank() -> None:
    fees = step(traced(("initial: 10_000.00, ", "initial: 0.07, "), interest=[0] * 4, scheduled=[0] * 4), "fees")
    assert [(p.due, p.paid, p.bound) for p in fees.payments] == [(100_00, 1, Bound.RANK), (500_00, 6, Bound.RANK)]


def test_a_cap_an_amount_and_cutting_off_are_told() -> None:
    capped = step(traced(("rank: pro rata", "cap: 150.00 CNY")), "fees")
    assert (capped.cap, [p.bound for p in capped.payments]) == (150_00, [Bound.DUE, Bound.CAP])
    limited = step(
        traced(("principal: [A, B], from: cash", "principal: [A, B], from: cash, amount: 1.00 CNY")), "principal"
    )
    assert (limited.amount, limited.payments[0].bound) == (1_00, Bound.AMOUNT)
    cut = ("coupon: 3.6%", "coupon: 3.6%, per_hundred: yes")
    principal = step(traced(cut, scheduled=[250_001_23] * 4), "principal")
    assert principal.payments[0].paid == 252_000_00


def test_a_condition_that_does_not_hold_shows_both_sides() -> None:
    only = ("interest: B, from: cash", "interest: B, from: cash, when: A.balance < 800_000.00 CNY and losses")
    junior = step(traced(only), "junior")
    assert not junior.applied
    assert [(p.due, p.paid, p.bound) for p in junior.payments] == [(1_000_00, 0, Bound.CONDITION)]
    assert [(s.text, s.left, s.right, s.holds) for s in junior.conditions] == [
        ("A.balance < 800_000.00 CNY", 800_000_00, 800_000_00, False), ("losses", 0, 1, False),
    ]  # fmt: skip


STATES = (
    ("  normal: {waterfall: main}", "  normal: {waterfall: main}\n  bad: {waterfall: bad}"),
    ("states:", "  bad:\n    steps:\n      senior: {interest: A, from: cash, when: losses}\nstates:"),
    ("clause: 7.1", "enters: bad, clause: 7.1"),
)


def test_a_trigger_shows_values_on_both_sides_and_what_it_fired() -> None:
    record = traced(*STATES, period=2, defaulted=[30_000_00, 30_000_00, 0, 0])
    (losses,) = record.triggers
    assert (losses.was, losses.on, losses.test) == (False, True, True)
    (side,) = losses.conditions
    assert (side.text, side.left, side.right, side.kind) == (
        "lifetime(pool.defaulted) / pool.initial > 5%", 6_000_000, 5_000_000, "ratio",
    )  # fmt: skip
    assert losses.actions == ("enters bad", "switches waterfalls.bad.steps.senior.when")
    assert record.state == "bad"
    assert {s.list for s in record.steps} == {"bad"}
    later = traced(*STATES, period=3, defaulted=[30_000_00, 30_000_00, 0, 0])
    assert (later.triggers[0].was, later.triggers[0].actions) == (True, ())


@given(seed=st.integers(0, 2**64 - 1), family=st.sampled_from(FAMILIES), period=st.integers(1, 6))
@settings(max_examples=120, deadline=None)
def test_every_cent_of_a_period_is_told(seed: int, family: str, period: int) -> None:
    deal = random_deal(seed, family)
    p = compile_terms(deal.terms)
    record, whole = trace(p, deal.flows, period), run(p, deal.flows)
    paid = sum(
        x.paid for s in record.steps if s.act not in ("transfer", "capitalize", "write_down") for x in s.payments
    )
    assert paid == record.cash_out
    assert record.cash_in - record.cash_out == sum(a.after - a.before for a in record.accounts)
    for move in record.accounts:
        name = move.account if move.account.endswith("carried") else f"{move.account}.balance"
        assert whole[name][period - 1] == move.after
    for s in record.steps:
        for x in s.payments:
            assert 0 <= x.paid <= x.due
            assert (x.unpaid == 0) == (x.bound is Bound.DUE) or x.bound is Bound.CONDITION
    assert {t.trigger: t.on for t in record.triggers if t.trigger != "inner"} == {
        t.id: bool(whole[t.id][period - 1]) for t in deal.terms.triggers if t.id != "inner"
    } or any(t.sets for t in deal.terms.triggers)


@pytest.mark.parametrize("period", [0, 5, -1])
def test_other_periods_are_refused(period: int) -> None:
    with pytest.raises(IndexError):
        traced(period=period)


def test_a_side_shows_what_was_compared_and_not_what_came_of_it() -> None:
    only = (
        "principal: {principal: [A, B], from: cash}",
        "principal: {principal: [A, B], from: cash, when: A.balance > 5.00 CNY}",
    )
    (side,) = step(traced(only), "principal").conditions
    assert (side.left, side.right, side.holds) == (800_000_00, 5_00, True)
