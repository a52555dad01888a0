"""The inspector: one period of one run, step by step, with the reason for every amount.

It runs the same rows as every other run and looks at the slots between them; nothing is recorded where nobody asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from chainfusion.domain.waterfall.machine import execute
from chainfusion.domain.waterfall.program import Comparison, Line, Program, StepRows, TriggerRows
from chainfusion.domain.waterfall.run import Flows, checked, open_period

Slots = list[int]


class Bound(StrEnum):
    """Why a payee got this and not more."""

    DUE = "due"
    """It was due no more."""
    CONDITION = "condition"
    """The step's condition does not hold."""
    CASH = "cash"
    """It took the last of the cash."""
    RANK = "rank"
    """Payees that rank before it, or equally with it, took what it lacks."""
    CAP = "cap"
    """The step's cap."""
    AMOUNT = "amount"
    """The step's amount, less than what the payees are due."""
    CUT_OFF = "cut_off"
    """Per 100 of face, cut off; the rest is carried to the next period."""


@dataclass(frozen=True, slots=True)
class Side:
    """A comparison with the values on both sides, in units of their kind."""

    text: str
    left: int
    right: int
    kind: str
    holds: bool


@dataclass(frozen=True, slots=True)
class AccountMove:
    """An account's cash before and after."""

    account: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Payment:
    """One payee of a step; minor units."""

    payee: str
    due: int
    paid: int
    unpaid: int
    bound: Bound


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What a step did. `amount` and `cap` are None where it has none or was not applied."""

    list: str
    step: str
    act: str
    applied: bool
    available: int
    amount: int | None
    cap: int | None
    payments: tuple[Payment, ...]
    accounts: tuple[AccountMove, ...]
    conditions: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class TriggerRecord:
    """A test of a trigger: before and after, both sides of what it compared, and, where it turned on or off, what that
    brought about: the state entered, triggers set, paths of formulas that ask for it."""

    trigger: str
    was: bool
    on: bool
    test: bool
    cured: bool
    conditions: tuple[Side, ...]
    cures: tuple[Side, ...]
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeriodRecord:
    """A whole period: `brought` is what the run brought, `accounts` what they held before it and after it."""

    period: int
    payment_day: int
    state: str
    brought: tuple[AccountMove, ...]
    accounts: tuple[AccountMove, ...]
    cash_in: int
    cash_out: int
    steps: tuple[StepRecord, ...]
    triggers: tuple[TriggerRecord, ...]

    def paid(self, payee: str) -> tuple[StepRecord, ...]:
        """The steps that paid somebody."""
        return tuple(s for s in self.steps if any(p.payee == payee and p.paid for p in s.payments))


def trace(program: Program, flows: Flows, period: int) -> PeriodRecord:
    """Period `period` (from 1) of a run. Raises: BadCollections, IndexError."""
    if not 1 <= period <= program.periods:
        raise IndexError(f"period {period} of {program.periods}")
    brought = [[[value] for value in values] for values in checked(program, flows)]
    v = [[value] for value in program.start]
    for t in range(period - 1):
        open_period(program, v, brought, t)
        execute(program.code, 0, len(program.code), v, 1)
    before = _flat(v)
    open_period(program, v, brought, period - 1)
    return _Tracer(program, v).whole(before, period)


def _flat(v: Sequence[Sequence[int]]) -> Slots:
    return [held[0] for held in v]


class _Tracer:
    """Runs a period from boundary to boundary and keeps what the slots held at each."""

    def __init__(self, program: Program, v: list[list[int]]) -> None:
        self.program, self.v = program, v
        self.seen: dict[int, Slots] = {}

    def whole(self, before: Slots, period: int) -> PeriodRecord:
        """Runs the period and tells it."""
        self.run()
        p, after = self.program, _flat(self.v)
        steps = tuple(self.step(rows) for rows in p.steps if self.reached(rows))
        triggers = tuple(self.trigger(rows) for rows in p.triggers if self.visited(rows.first, rows.last))
        brought = tuple(AccountMove(i.name, 0, after[i.slot]) for i in p.inputs)
        accounts = tuple(AccountMove(_name(p, slot), before[slot], after[slot]) for slot in p.accounts)
        cash_in, cash_out = (after[slot] - before[slot] for slot in (p.cash_in, p.cash_out))
        state = next(name for name, slot in zip(p.states, p.state_slots, strict=True) if after[slot])
        day = p.payment_days[period - 1]
        return PeriodRecord(period, day, state, brought, accounts, cash_in, cash_out, steps, triggers)

    def run(self) -> None:
        """Stops at every boundary that the program does not skip."""
        code = self.program.code
        marks = {len(code)}
        marks.update(*((rows.first, rows.last) for rows in self.program.steps))
        marks.update(*((rows.first, rows.last) for rows in self.program.triggers))
        stops = sorted(marks)
        at = 0
        while True:
            self.seen[at] = _flat(self.v)
            if at >= len(code):
                return
            at = execute(code, at, next(stop for stop in stops if stop > at), self.v, 1)

    def visited(self, first: int, last: int) -> bool:
        """Whether the program came through these rows."""
        return first in self.seen and last in self.seen

    def reached(self, rows: StepRows) -> bool:
        """Whether a step belongs to the state that the deal is in."""
        return self.visited(rows.first, rows.last) and bool(self.seen[rows.first][rows.state])

    def step(self, rows: StepRows) -> StepRecord:
        """What a step did."""
        before, after = self.seen[rows.first], self.seen[rows.last]
        applied = bool(after[rows.guard])
        moves = tuple(AccountMove(_name(self.program, s), before[s], after[s]) for s in rows.sources)
        amount = after[rows.amount] if applied and rows.amount >= 0 else None
        cap = after[rows.cap] if applied and rows.cap >= 0 else None
        payments = _payments(rows, before, after, amount, cap) if applied else _idle(rows, before)
        available = sum(move.before for move in moves)
        sides = self.sides(rows.comparisons, before, after)
        return StepRecord(
            rows.list, rows.step, rows.act, applied, available, amount, cap, payments, moves, sides
        )  # fmt: skip

    def trigger(self, rows: TriggerRows) -> TriggerRecord:
        """What a test found."""
        before, after = self.seen[rows.first], self.seen[rows.last]
        was, on = bool(before[rows.on]), bool(after[rows.on])
        cured = rows.cure >= 0 and bool(after[rows.cure])
        actions: tuple[str, ...] = ()
        if on and not was:
            enters = (f"enters {rows.enters}",) if rows.enters else ()
            actions = (*enters, *(f"sets {name}" for name in rows.sets))
        if on != was:
            actions += tuple(f"switches {path}" for path in rows.asked_by)
        sides = self.sides(rows.comparisons, before, after)
        cures = self.sides(rows.cures, before, after)
        return TriggerRecord(rows.trigger, was, on, bool(after[rows.test]), cured, sides, cures, actions)

    def sides(self, found: Sequence[Comparison], before: Slots, after: Slots) -> tuple[Side, ...]:
        """Both sides of comparisons as they were compared: what the condition computed is in temporary slots, and what
        it only read has the value from before the step."""

        def value(slot: int) -> int:
            return (after if self.program.slots[slot].startswith("#") else before)[slot]

        pairs = [(c, value(c.left), value(c.right)) for c in found]
        return tuple(Side(c.text, left, right, c.kind, _HOLDS[c.op](left, right)) for c, left, right in pairs)


def _name(program: Program, slot: int) -> str:
    return program.slots[slot].removesuffix(".balance")


_HOLDS = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def _idle(rows: StepRows, before: Slots) -> tuple[Payment, ...]:
    """Where a condition does not hold, amounts due that are kept are known; others were not computed."""
    dues = [(line.payee, before[line.due] if line.before else 0) for line in rows.lines]
    return tuple(Payment(payee, due, 0, due, Bound.CONDITION) for payee, due in dues)


def _payments(rows: StepRows, before: Slots, after: Slots, amount: int | None, cap: int | None) -> tuple[Payment, ...]:
    paid_by: dict[str, int] = {}
    due_of: dict[str, int] = {}
    for line in rows.lines:
        due_of.setdefault(line.payee, _due(line, before, after))
        paid_by[line.payee] = paid_by.get(line.payee, 0) + after[line.paid]
    total = sum(paid_by.values())
    empty = all(after[slot] <= 0 for slot in rows.sources)
    found = []
    taken = 0
    for payee, paid in paid_by.items():
        taken += paid
        due = max(due_of[payee], 0)
        bound = _bound(
            rows, due - paid, last=paid > 0 and taken == total, empty=empty, total=total, amount=amount, cap=cap
        )
        found.append(Payment(payee, due, paid, max(due - paid, 0), bound))
    return tuple(found)


def _due(line: Line, before: Slots, after: Slots) -> int:
    return before[line.due] if line.before else after[line.due]


def _bound(
    rows: StepRows, unpaid: int, *, last: bool, empty: bool, total: int, amount: int | None, cap: int | None
) -> Bound:
    if unpaid <= 0:
        return Bound.DUE
    if cap is not None and total >= cap:
        return Bound.CAP
    if amount is not None and total >= amount:
        return Bound.AMOUNT
    if empty:
        return Bound.CASH if last and rows.rank == "in_order" else Bound.RANK
    return Bound.CUT_OFF
