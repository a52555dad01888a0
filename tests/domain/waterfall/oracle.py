"""A second waterfall, written to be read: deal terms straight to payments, with fractions and dictionaries.

It shares with the machine the records, the reading of formulas and the dates of the periods, and nothing of how they
are worked through. Amounts are whole minor units; every quotient is an exact fraction, rounded where the terms say.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from chainfusion.domain.calendar import fraction
from chainfusion.domain.terms.formula import Apply, Kind, Literal, Name, Tree, parse
from chainfusion.domain.terms.kinds import Typing
from chainfusion.domain.terms.records import Act, DealTerms, Rank, Step, When
from chainfusion.domain.terms.schedule import DealPeriod, schedule, year_of

RATIO = 10**8
ROUND: dict[str, Callable[[Fraction], int]] = {
    "down": math.floor,
    "up": math.ceil,
    "half_up": lambda x: math.floor(x + Fraction(1, 2)),
    "half_even": round,
}


class Oracle:
    """One scenario of a deal; `periods` lists what was paid and held in each."""

    def __init__(self, terms: DealTerms, flows: Mapping[str, Sequence[int]], private: Mapping[str, int] | None = None):
        self.terms, self.flows, self.private = terms, flows, dict(private or {})
        self.typing = Typing(terms)
        self.dates = schedule(terms.dates)
        self.cash = {a.id: a.initial for a in terms.accounts}
        self.carried = dict.fromkeys(self.cash, 0)
        self.balance = {t.id: t.size for t in terms.tranches}
        self.due = {c.id: 0 for c in terms.claims} | {f"{t.id} interest": 0 for t in terms.tranches}
        self.on = {t.id: False for t in terms.triggers}
        self.held = True
        self.history: dict[str, list[int]] = {}
        self.cash_in = self.cash_out = 0
        self.periods: list[dict[str, int]] = []
        for n, dates in enumerate(self.dates):
            self.period(n, dates)

    # ---------------------------------------------------------- formulas

    def value(self, tree: Tree, way: str = "down") -> Any:
        if isinstance(tree, Literal):
            return tree.value
        if isinstance(tree, Name):
            return self.named(tree.name)
        op, args = tree.op, tree.args
        if op in ("down", "up", "half_up", "half_even"):
            return self.value(args[0], op)
        if op in ("earlier", "lifetime", "previous", "recent"):
            past = self.history.setdefault(str(args[0]), [])
            if op == "earlier":
                return sum(past)
            if op == "previous":
                return past[-1] if past else 0
            now = self.value(args[0])
            back = len(past) if op == "lifetime" else args[1].value - 1  # type: ignore[union-attr]
            return now + sum(past[len(past) - min(back, len(past)) :])
        if op == "if":
            a, b = self.pair(args[1], args[2])
            return a if self.value(args[0]) else b
        if op == "not":
            return not self.value(args[0])
        if op in ("and", "or"):
            a, b = self.value(args[0]), self.value(args[1])
            return (a and b) if op == "and" else (a or b)
        if op == "neg":
            return -self.value(args[0])
        if op in ("min", "max"):
            ratio = any(self.typing.of(x) is Kind.RATIO for x in args)
            return (min if op == "min" else max)(self.scaled(x, ratio) for x in args)
        if op in ("*", "/", "ratio", "yearly"):
            return self.product(tree, way)
        a, b = self.pair(*args)
        return {"+": a + b, "-": a - b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[
            op
        ]

    def scaled(self, tree: Tree, ratio: bool) -> int:
        return self.value(tree) * (RATIO if ratio and self.typing.of(tree) is Kind.COUNT else 1)

    def pair(self, *args: Tree) -> tuple[Any, Any]:
        ratio = any(self.typing.of(x) is Kind.RATIO for x in args)
        return self.scaled(args[0], ratio), self.scaled(args[1], ratio)

    def unit(self, tree: Tree) -> Fraction:
        """A value as the number that it means: a ratio of 1 is 1."""
        return Fraction(self.value(tree), RATIO if self.typing.of(tree) is Kind.RATIO else 1)

    def product(self, tree: Apply, way: str) -> int:
        args = tree.args
        scale = RATIO if self.typing.of(tree) is Kind.RATIO else 1
        if tree.op == "yearly":
            part = fraction(self.terms.day_count, self.now.interest_from, self.now.interest_to)
            return ROUND[way](self.unit(args[0]) * self.unit(args[1]) * part)
        if tree.op == "*":
            return ROUND[way](self.unit(args[0]) * self.unit(args[1]) * scale)
        if tree.op == "ratio" and self.value(args[1]) == 0:
            return self.scaled(args[2], True)
        return ROUND[way](self.unit(args[0]) / self.unit(args[1]) * scale)

    def formula(self, text: str, ratio: bool = False) -> Any:
        return self.scaled(parse(text, self.terms.digits), ratio)

    def named(self, name: str) -> Any:
        terms, head, _, tail = self.terms, *name.partition(".")
        for value in terms.values:
            if value.id == name:
                return self.formula(value.formula)
        for table in terms.tables:
            if table.id == name:
                place = {"payment": self.now.number, "year": self.year, "date": self.now.payment.toordinal()}
                return table.at(place[table.by.value])
        if name in self.known:
            return self.known[name]
        if tail == "balance" and head in self.cash:
            return self.cash[head]
        if tail == "balance" and head in self.balance:
            return self.balance[head]
        if tail == "interest_due":
            return self.due[f"{head} interest"]
        if tail == "due":
            return self.due[head]
        if name == "notes.balance":
            return sum(self.balance.values())
        if tail == "target":
            return self.formula(next(a.target for a in terms.accounts if a.id == head) or "")
        if name == "rest":
            return self.rest
        if name in self.on:
            return self.on[name]
        return self.paid.get(name, 0)

    # ---------------------------------------------------------- one period

    def period(self, n: int, dates: DealPeriod) -> None:
        terms = self.terms
        self.now, self.year, self.rest = dates, year_of(terms.dates.closing, dates.payment), 0
        self.paid: dict[str, int] = {}
        self.known: dict[str, Any] = {
            "period": n + 1, "year": self.year, "date": dates.payment.toordinal(), "pool.initial": terms.pool_balance,
            "last_period": n + 1 == len(self.dates),
        }  # fmt: skip
        self.known |= {f"{t.id}.size": t.size for t in terms.tranches} | self.private
        for name, values in self.flows.items():
            self.known[name] = values[n] if self.held or not name.startswith("pool.") else 0
        for event in terms.events:
            self.known[event.id] = bool(self.known.get(event.id, 0))
        self.known["pool.principal"] = self.known.get("pool.scheduled", 0) + self.known.get("pool.prepaid", 0)
        for name in self.cash:
            self.cash[name] += self.carried[name]
            self.carried[name] = 0
        for account in terms.accounts:
            for flow in account.receives:
                self.receive(account.id, self.known.get(f"pool.{flow}", 0))
        self.option()
        self.accrue(dates)
        self.test(When.START)
        state = next(
            (s for s in reversed(terms.states) if any(t.enters == s.id and self.on[t.id] for t in terms.triggers)),
            terms.states[0],
        )
        for s in terms.states:
            self.known[f"state.{s.id}"] = s is state
        for name in state.lists:
            found = next(x for x in terms.lists if x.id == name)
            for step in found.steps:
                self.step(found.id, step)
        self.test(When.END)
        now = {key: self.value(self.tree_of[key]) for key in self.tree_of}
        for key, value in now.items():
            self.history.setdefault(key, []).append(value)
        self.record(terms.states.index(state))

    @property
    def tree_of(self) -> dict[str, Tree]:
        """Every value of which a formula asks for history."""
        if not hasattr(self, "_trees"):
            from chainfusion.domain.terms.uses import formulas

            self._trees: dict[str, Tree] = {}
            for text in formulas(self.terms):
                self.find_history(parse(text, self.terms.digits))
        return self._trees

    def find_history(self, tree: Tree) -> None:
        if isinstance(tree, Apply):
            if tree.op in ("earlier", "lifetime", "previous", "recent"):
                self._trees[str(tree.args[0])] = tree.args[0]
            for arg in tree.args:
                self.find_history(arg)

    def receive(self, account: str, amount: int) -> None:
        self.cash[account] += amount
        self.cash_in += amount

    def option(self) -> None:
        clean_up = self.terms.clean_up
        if clean_up is not None and self.held and self.formula(clean_up.when):
            price = max(self.formula(clean_up.price), 0)
            self.paid["clean_up.received"] = price
            self.receive(clean_up.to, price)
            self.held = False
            self.known["pool.closing"] = 0

    def accrue(self, dates: DealPeriod) -> None:
        for t in self.terms.tranches:
            self.known[f"{t.id}.opening"] = self.balance[t.id]
            accrued, key = 0, f"{t.id} interest"
            if t.coupon is not None:
                part = fraction(t.day_count, dates.interest_from, dates.interest_to)
                rate = max(self.formula(t.coupon, ratio=True), 0)
                self.known[f"{t.id}.coupon"] = rate
                base = self.balance[t.id] if t.notional is None else self.formula(t.notional)
                accrued = ROUND[t.rounding](Fraction(base * rate, RATIO) * part)
                self.claim(key, accrued, t, part)
            self.known[f"{t.id}.interest_accrued"] = accrued
        self.known["notes.opening"] = sum(self.balance.values())
        for fee in self.terms.fees:
            part = fraction(fee.day_count, dates.interest_from, dates.interest_to)
            if fee.amount is not None:
                amount = self.formula(fee.amount)
            else:
                amount = ROUND[fee.rounding](self.formula(fee.yearly or "") * part)
            if fee.first is not None and dates.number == 1:
                amount = self.formula(fee.first)
            amount = max(amount, self.formula(fee.at_least)) if fee.at_least is not None else amount
            amount = min(amount, self.formula(fee.at_most)) if fee.at_most is not None else amount
            amount = max(amount, 0)
            self.claim(fee.id, amount, fee, part)
            self.known[f"{fee.id}.accrued"] = amount
        for hedge in self.terms.hedges:
            part, base = fraction(hedge.day_count, dates.interest_from, dates.interest_to), self.formula(hedge.notional)
            legs = [ROUND[hedge.rounding](Fraction(base * self.formula(x, ratio=True), RATIO) * part)
                    for x in (hedge.receive, hedge.pay)]  # fmt: skip
            self.receive(hedge.to, max(legs[0] - legs[1], 0))
            self.paid[f"{hedge.id}.received"] = max(legs[0] - legs[1], 0)
            self.due[hedge.id] += max(legs[1] - legs[0], 0)
            self.known[f"{hedge.id}.accrued"] = max(legs[1] - legs[0], 0)

    def claim(self, key: str, accrued: int, of: Any, part: Fraction) -> None:
        if not of.carry:
            self.due[key] = accrued
            return
        if of.arrears_rate is not None:
            rate = self.formula(of.arrears_rate, ratio=True)
            accrued += ROUND[of.rounding](Fraction(self.due[key] * rate, RATIO) * part)
        self.due[key] += accrued

    def test(self, tested: When, only: str | None = None) -> None:
        for t in self.terms.triggers:
            if t.tested is not tested or (only is not None and t.id != only):
                continue
            stays = self.on[t.id] and not (t.cure is not None and self.formula(t.cure))
            self.on[t.id] = bool(stays or self.formula(t.when))
            for other in t.sets:
                self.on[other] = self.on[other] or self.on[t.id]

    # ---------------------------------------------------------- one step

    def step(self, list_id: str, step: Step) -> None:
        self.rest = sum(self.cash[name] for name in step.sources)
        if step.when is not None and not self.formula(step.when):
            return
        if step.act is Act.TEST:
            for name in step.payees:
                self.test(When.STEP, name)
            return
        amount = None if step.amount is None else self.formula(step.amount)
        cap = None if step.cap is None else self.formula(step.cap)
        limits = [x for x in (amount, cap) if x is not None]
        limit = min(limits) if limits else None
        total = self.pay(step, amount, limit)
        self.add(f"{list_id}.{step.id}.paid", total)

    def pay(self, step: Step, amount: int | None, limit: int | None) -> int:
        if step.act is Act.TRANSFER:
            return self.draw(step, self.rest if limit is None else limit, step.to)
        if step.act is Act.BUY:
            paid = self.draw(step, self.rest if limit is None else limit, None)
            self.add("assets.paid", paid)
            return paid
        if step.act in (Act.CAPITALIZE, Act.WRITE_DOWN):
            return self.without_cash(step, limit or 0)
        if step.rank is Rank.IN_ORDER:
            return self.in_order(step, amount, limit)
        return self.shared(step, amount, limit)

    def without_cash(self, step: Step, left: int) -> int:
        total, left = 0, max(left, 0)
        for name in step.payees:
            if step.act is Act.CAPITALIZE:
                moved = self.due[f"{name} interest"]
                self.due[f"{name} interest"] = 0
                self.balance[name] += moved
            else:
                moved = min(left, self.balance[name])
                self.balance[name] -= moved
                left -= moved
                self.add(f"{name}.written_down", moved)
            total += moved
        return total

    def owed(self, step: Step, name: str, amount: int | None) -> int:
        if step.act is Act.FEES:
            return self.due[name]
        if step.act is Act.INTEREST:
            return self.due[f"{name} interest"]
        if step.act is Act.RETURN:
            return amount or 0
        schedule_name = next(t.schedule for t in self.terms.tranches if t.id == name)
        return (
            self.balance[name]
            if schedule_name is None or step.unscheduled
            else max(0, self.balance[name] - self.named(schedule_name))
        )

    def in_order(self, step: Step, amount: int | None, limit: int | None) -> int:
        total = used = 0
        for name in step.payees:
            wanted = self.owed(step, name, amount)
            wanted = wanted if limit is None else min(wanted, limit - used)
            paid, cut = self.settle(step, name, wanted, self.owed(step, name, amount))
            total, used = total + paid, used + paid + cut
        return total

    def shared(self, step: Step, amount: int | None, limit: int | None) -> int:
        dues = {name: self.owed(step, name, amount) for name in step.payees}
        pay = min(amount or 0 if step.act is Act.RETURN else sum(dues.values()), self.rest)
        pay = pay if limit is None else max(min(pay, limit), 0)
        weights = list(dues.values()) if step.rank is Rank.PRO_RATA else list(step.shares)
        if step.rank is Rank.BY_BALANCE:
            weights = [self.balance[name] for name in step.payees]
        ends = [math.floor(Fraction(pay * sum(weights[: k + 1]), sum(weights))) if sum(weights) else 0
                for k in range(len(weights))]  # fmt: skip
        ends[-1] = pay
        parts = [end - start for end, start in zip(ends, [0, *ends], strict=False)]
        again = step.rank is not Rank.PRO_RATA and step.act is not Act.RETURN
        total = used = 0
        for (name, due), part in zip(dues.items(), parts, strict=True):
            paid, cut = self.settle(step, name, min(part, due) if again else part, due)
            dues[name] = due - paid
            total, used = total + paid, used + paid + cut
        if again:
            for name, due in dues.items():
                paid, cut = self.settle(step, name, min(due, pay - used), due)
                total, used = total + paid, used + paid + cut
        return total

    def settle(self, step: Step, name: str, wanted: int, due: int) -> tuple[int, int]:
        t = next((t for t in self.terms.tranches if t.id == name), None)
        if step.act is Act.PRINCIPAL and t is not None and t.per_hundred:
            paid, cut = self.cut_off(step, wanted, due, t.size)
        else:
            paid, cut = self.draw(step, wanted, None), 0
        if step.act is Act.FEES:
            self.due[name] -= paid
        elif step.act is Act.INTEREST:
            self.due[f"{name} interest"] -= paid
        elif step.act is Act.PRINCIPAL:
            self.balance[name] -= paid
        kind = {Act.INTEREST: "interest_paid", Act.PRINCIPAL: "principal_paid", Act.RETURN: "return_paid"}.get(step.act)
        self.add(f"{name}.{kind}" if kind and t is not None else f"{name}.paid", paid)
        return paid, cut

    def cut_off(self, step: Step, wanted: int, due: int, size: int) -> tuple[int, int]:
        can = min(wanted, sum(self.cash[name] for name in step.sources))
        face = 100 * 10**self.terms.digits
        each = math.floor(Fraction(can * face, size)) if size else 0
        pay = can if can >= due else math.floor(Fraction(each * size, face))
        paid, left = self.draw(step, pay, None), can - pay
        for name in step.sources:
            moved = max(0, min(left, self.cash[name]))
            self.cash[name] -= moved
            self.carried[name] += moved
            left -= moved
        return paid, max(can - paid, 0)

    def draw(self, step: Step, wanted: int, to: str | None) -> int:
        total = 0
        for n, name in enumerate(step.sources):
            moved = max(0, min(wanted - total, self.cash[name]))
            self.cash[name] -= moved
            total += moved
            if n:
                self.add(f"{name}.lent", moved)
            if to is not None:
                self.cash[to] += moved
            else:
                self.cash_out += moved
        return total

    def add(self, name: str, amount: int) -> None:
        self.paid[name] = self.paid.get(name, 0) + amount

    def record(self, state: int) -> None:
        kept = dict(self.paid)
        kept |= {f"{n}.balance": v for n, v in (self.cash | self.balance).items()}
        kept |= {f"{n}.carried": v for n, v in self.carried.items()}
        kept |= {f"{n.replace(' ', '.')}_due" if " " in n else f"{n}.due": v for n, v in self.due.items()}
        kept |= {n: int(v) for n, v in self.on.items()} | {"state": state, "pool_held": int(self.held)}
        self.periods.append(kept)
