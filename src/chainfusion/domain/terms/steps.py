"""The lists of steps as rows: who is paid, how much, from where, and what a reader is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from chainfusion.domain.terms.emit import Emitter
from chainfusion.domain.terms.records import Act, Rank, Step, StepList
from chainfusion.domain.terms.triggers import write_test
from chainfusion.domain.terms.workings import Workings
from chainfusion.domain.waterfall import opcodes as op
from chainfusion.domain.waterfall.program import Comparison, Line, StepRows


def write_lists(work: Workings) -> None:
    """Each state's lists in order; a list that several states have in the same place is written once."""
    depth = max(len(state.lists) for state in work.terms.states)
    lists = {found.id: found for found in work.terms.lists}
    for place in range(depth):
        groups: dict[str, list[str]] = {}
        for state in work.terms.states:
            if place < len(state.lists):
                groups.setdefault(state.lists[place], []).append(state.id)
        for name, states in groups.items():
            work.emit.release()
            guard = _in_states(work, states)
            close = work.emit.skip_unless(guard)
            for step in lists[name].steps:
                _write(work, lists[name], step, guard)
            close()


def _in_states(work: Workings, states: Sequence[str]) -> int:
    if len(states) == len(work.terms.states):
        return work.emit.one
    if len(states) == 1:
        return work.states[states[0]]
    guard = work.emit.zero
    for state in states:
        guard = work.emit.either(guard, work.states[state])
    return work.emit.copy(guard, into=work.emit.state("in " + ", ".join(states)))


def _write(work: Workings, found: StepList, step: Step, state: int) -> None:
    emit = work.emit
    emit.release()
    first = len(emit.code)
    payment = _Payment(work, found.id, step)
    guard = state
    comparisons: tuple[Comparison, ...] = ()
    if step.when is None:
        payment.write(guard)
    else:
        holds, comparisons = work.comparing(lambda: work.scope.formula(step.when or ""))
        guard = emit.both(state, holds)
        close = emit.skip_unless(guard)
        payment.write(guard)
        close()
    rows = (first, len(emit.code), state, guard, payment.amount, payment.cap)
    lines, sources = tuple(payment.lines), tuple(payment.sources.values())
    told = StepRows(found.id, step.id, step.act.value, step.rank.value, *rows, lines, sources, comparisons)
    work.steps.append(told)


@dataclass(slots=True)
class _Claim:
    """What a payee is due now, where the due is kept, and what its payment reduces and adds to."""

    payee: str
    due: int
    kept: bool
    reduces: int
    flow: str
    weight: int
    size: int = -1


class _Payment:
    """One step: its claims, what it may pay, and the rows that pay it."""

    def __init__(self, work: Workings, list_id: str, step: Step) -> None:
        self.work, self.step = work, step
        self.emit: Emitter = work.emit
        self.sources = {name: work.account(name) for name in step.sources}
        self.amount = self.cap = -1
        self.guard = self.emit.one
        self.lines: list[Line] = []
        named = f"{list_id}.{step.id}.paid"
        self.total = work.flow(named) if named in work.mentioned else -1
        work.scope.define("rest", self.available)

    def write(self, guard: int) -> None:
        """The rows of the step where `guard` holds."""
        self.guard = guard
        step = self.step
        if step.act is Act.TEST:
            for name in step.payees:
                write_test(self.work, name, guard)
            return
        if step.amount is not None:
            self.amount = self.kept(self.work.scope.formula(step.amount))
        if step.cap is not None:
            self.cap = self.kept(self.work.scope.formula(step.cap))
        _WRITERS[step.act](self)

    def kept(self, slot: int) -> int:
        """A value as it is before the step pays; a formula may name an account itself, whose cash will change."""
        fixed = slot in self.emit.columns or self.emit.is_temporary(slot)
        return slot if fixed else self.emit.copy(slot, into=self.emit.temp())

    def available(self) -> int:
        """What the sources hold."""
        found = self.emit.zero
        for slot in self.sources.values():
            found = self.emit.add(found, slot)
        return found

    def limit(self) -> int | None:
        """The lesser of amount and cap; None where neither is given."""
        if self.amount < 0 or self.cap < 0:
            found = max(self.amount, self.cap)
            return None if found < 0 else found
        return self.emit.least(self.amount, self.cap)

    def all_or_limit(self) -> int:
        """The limit; all that there is, where there is none. Kept apart, since paying changes what there is."""
        limit = self.limit()
        if limit is None:
            limit = self.available()
        changes = limit in self.sources.values()
        return self.emit.copy(limit, into=self.emit.temp()) if changes else limit

    # -------------------------------------------------------------- claims

    def claims(self) -> list[_Claim]:
        """The payees' claims, in order."""
        return [self.claim(name, n) for n, name in enumerate(self.step.payees)]

    def claim(self, name: str, place: int) -> _Claim:
        work, step = self.work, self.step
        share = self.emit.const(step.shares[place]) if step.shares else -1
        if step.act is Act.FEES:
            due = work.scope.slot(f"{name}.due")
            return _Claim(name, due, True, due, f"{name}.paid", share)
        balance = work.balance(name) if name in work.tranches else -1
        weight = balance if step.rank is Rank.BY_BALANCE else share
        if step.act is Act.INTEREST:
            due = work.scope.slot(f"{name}.interest_due")
            return _Claim(name, due, True, due, f"{name}.interest_paid", weight)
        if step.act is Act.PRINCIPAL:
            t = work.tranches[name]
            due = balance
            if t.schedule is not None and not step.unscheduled:
                due = self.emit.greatest(self.emit.sub(balance, work.scope.slot(t.schedule)), self.emit.zero)
            size = t.size if t.per_hundred else -1
            return _Claim(name, due, due == balance, balance, f"{name}.principal_paid", weight, size)
        flow = f"{name}.return_paid" if name in work.tranches else f"{name}.paid"
        return _Claim(name, self.amount, False, -1, flow, weight)

    # -------------------------------------------------------------- paying

    def pay_claims(self) -> None:
        """Claims by the step's rank."""
        claims = self.claims()
        if self.step.rank is Rank.IN_ORDER:
            self.in_order(claims, self.limit())
        else:
            self.shared(claims)

    def in_order(self, claims: list[_Claim], left: int | None) -> None:
        """Each in full before the next."""
        for claim in claims:
            wanted = claim.due if left is None else self.emit.least(claim.due, left)
            _, used = self.settle(claim, wanted)
            if left is not None and claim is not claims[-1]:
                left = self.emit.sub(left, used)

    def shared(self, claims: list[_Claim]) -> None:
        """By weights: each gets the part of the running total that its weight adds, so that the parts add up."""
        emit = self.emit
        by_due = self.step.rank is Rank.PRO_RATA
        due = self.amount if self.step.act is Act.RETURN else self.sum_of([c.due for c in claims])
        pay = emit.least(due, self.available())
        limit = self.limit()
        if limit is not None:
            pay = emit.greatest(emit.least(pay, limit), emit.zero)
        weights = [c.due if by_due else c.weight for c in claims]
        total = self.sum_of(weights)
        running, before = emit.zero, emit.zero
        parts = []
        for claim, weight in zip(claims, weights, strict=True):
            running = emit.add(running, weight)
            upto = pay if claim is claims[-1] else emit.muldiv(pay, running, total)
            parts.append(emit.sub(upto, before))
            before = upto
        again = not by_due and self.step.act is not Act.RETURN
        settled = [
            self.settle(claim, emit.least(part, claim.due) if again else part)
            for claim, part in zip(claims, parts, strict=True)
        ]
        if again:
            rest = [self.reduced(claim, paid) for claim, (paid, _) in zip(claims, settled, strict=True)]
            self.in_order(rest, emit.sub(pay, self.sum_of([used for _, used in settled])))

    def reduced(self, claim: _Claim, paid: int) -> _Claim:
        """What a claim is due after a payment; where the due is kept, it has been reduced already."""
        return claim if claim.kept else replace(claim, due=self.emit.sub(claim.due, paid))

    def sum_of(self, slots: Sequence[int]) -> int:
        """Their sum."""
        found = self.emit.zero
        for slot in slots:
            found = self.emit.add(found, slot)
        return found

    def settle(self, claim: _Claim, wanted: int) -> tuple[int, int]:
        """Pays one claim from the sources in order; gives the slots of what was paid, and of what that used: with what
        was cut off, which is nobody else's."""
        emit, work = self.emit, self.work
        if claim.size > 0:
            paid, used = self.cut_off(claim, wanted)
        else:
            paid = used = self.draw(wanted, work.cash_out)
        self.lines.append(Line(claim.payee, claim.due, paid, claim.kept))
        if claim.reduces >= 0:
            emit.sub(claim.reduces, paid, into=claim.reduces)
        flow = work.flow(claim.flow)
        emit.add(flow, paid, into=flow)
        self.count(paid)
        return paid, used

    def cut_off(self, claim: _Claim, wanted: int) -> tuple[int, int]:
        """Per 100 of face, cut off to the minor unit, unless the claim is met in full; the rest is carried.

        Gives the slots of what was paid, and of that with what was carried.
        """
        emit, digits = self.emit, self.work.terms.digits
        can = emit.least(wanted, self.available())
        size, hundred = emit.const(claim.size), emit.const(100 * 10**digits)
        each = emit.muldiv(can, hundred, size)
        cut = emit.muldiv(each, size, hundred)
        full = emit.compare(op.AT_MOST, claim.due, can)
        pay = emit.select(full, can, cut)
        paid = self.draw(pay, self.work.cash_out)
        left = emit.sub(can, pay)
        for name, source in self.sources.items():
            left = emit.sub(left, emit.move(source, self.work.carry(name), left, self.guard))
        return paid, can

    def draw(self, wanted: int, target: int) -> int:
        """Moves cash from the sources in order; what a later source gives is also counted as lent."""
        emit = self.emit
        paid = -1
        for name, source in self.sources.items():
            moved = emit.move(source, target, wanted, self.guard)
            if paid < 0:
                paid = moved
            else:
                self.lend(name, moved)
                paid = emit.add(paid, moved)
            if name != self.step.sources[-1]:
                wanted = emit.sub(wanted, moved)
        return paid

    def lend(self, account: str, moved: int) -> None:
        """Counts what an account gave for others, where a formula asks for it."""
        if f"{account}.lent" in self.work.mentioned:
            lent = self.work.flow(f"{account}.lent")
            self.emit.add(lent, moved, into=lent)

    def count(self, paid: int) -> None:
        """Adds to the step's own flow where a formula asks for it."""
        if self.total >= 0:
            self.emit.add(self.total, paid, into=self.total)

    # -------------------------------------------------------------- other acts

    def transfer(self) -> None:
        """From the sources to an account."""
        wanted = self.all_or_limit()
        paid = self.draw(wanted, self.work.account(self.step.to or ""))
        self.lines.append(Line(self.step.to or "", self.amount if self.amount >= 0 else wanted, paid, False))
        self.count(paid)

    def buy(self) -> None:
        """Further assets."""
        wanted = self.all_or_limit()
        paid = self.draw(wanted, self.work.cash_out)
        flow = self.work.flow("assets.paid")
        self.emit.add(flow, paid, into=flow)
        self.lines.append(Line("assets", wanted, paid, False))
        self.count(paid)

    def capitalize(self) -> None:
        """Interest due becomes balance."""
        emit = self.emit
        for name in self.step.payees:
            due, balance = self.work.scope.slot(f"{name}.interest_due"), self.work.balance(name)
            added = emit.select(self.guard, due, emit.zero) if self.guard != emit.one else emit.add(due, emit.zero)
            added = emit.copy(added, into=emit.temp()) if added == due else added
            emit.add(balance, added, into=balance)
            emit.sub(due, added, into=due)
            self.lines.append(Line(name, due, added, True))
            self.count(added)

    def write_down(self) -> None:
        """A loss takes balances in order."""
        emit = self.emit
        left = emit.greatest(self.limit() or emit.zero, emit.zero)
        for name in self.step.payees:
            balance = self.work.balance(name)
            taken = emit.select(self.guard, emit.least(left, balance), emit.zero)
            taken = emit.copy(taken, into=emit.temp()) if taken == balance else taken
            emit.sub(balance, taken, into=balance)
            flow = self.work.flow(f"{name}.written_down")
            emit.add(flow, taken, into=flow)
            left = emit.sub(left, taken)
            self.lines.append(Line(name, balance, taken, True))
            self.count(taken)


_WRITERS: dict[Act, Callable[[_Payment], None]] = {
    Act.FEES: _Payment.pay_claims,
    Act.INTEREST: _Payment.pay_claims,
    Act.PRINCIPAL: _Payment.pay_claims,
    Act.RETURN: _Payment.pay_claims,
    Act.TRANSFER: _Payment.transfer,
    Act.CAPITALIZE: _Payment.capitalize,
    Act.WRITE_DOWN: _Payment.write_down,
    Act.BUY: _Payment.buy,
}


def acts() -> Iterator[Act]:
    """Kinds of steps that pay or move something."""
    return iter(_WRITERS)
