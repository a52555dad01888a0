"""A period of a run in words, English and Chinese: for every step what was due, what was there, what was paid and why.

Amounts are minor units of the deal's currency. The command line, the API and the pages read the same records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from chainfusion.cashflow.deal.run import DealRun
from chainfusion.cashflow.deal.why import not_more, step_code, why_step
from chainfusion.cashflow.text.sheet import step_title
from chainfusion.domain.errors import Text
from chainfusion.domain.terms.formula import Kind, Literal
from chainfusion.domain.terms.reading import Reader
from chainfusion.domain.terms.records import Act, DealTerms, Step
from chainfusion.domain.waterfall.trace import AccountMove, PeriodRecord, Side, StepRecord, TriggerRecord

OUT = {Act.FEES: "fee", Act.INTEREST: "interest", Act.PRINCIPAL: "principal", Act.RETURN: "return", Act.BUY: "assets"}
"""Acts that pay cash out of the deal, and what for."""
_FOR = {
    "fee": Text("{}", "{}"),
    "interest": Text("{}, interest", "{} 利息"),
    "principal": Text("{}, principal", "{} 本金"),
    "return": Text("{}, return", "{} 收益"),
    "assets": Text("assets bought", "持续购买资产"),
}
_IN = {
    "scheduled": Text("Scheduled principal", "计划还本"),
    "prepaid": Text("Prepayments", "提前还本"),
    "recovered": Text("Recoveries", "违约处置回收"),
    "interest": Text("Interest", "利息回收"),
    "fees": Text("Fees", "费用回收"),
    "other": Text("Hedges and clean-up call", "对冲与清仓回购"),
    "pool": Text("Collections and others", "归集及其他"),
}


@dataclass(frozen=True, slots=True)
class Amount:
    """Something with a name and an amount."""

    name: str
    title: Text
    amount: int


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account's cash before and after."""

    account: str
    title: Text
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class SideLine:
    """A comparison: its formula, in words, and both sides in units of their kind and as people write them."""

    formula: str
    said: Text
    kind: str
    left: int
    right: int
    left_said: Text
    right_said: Text
    holds: bool


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """One payee of a step. `bound` is the limit that held, `why` the same in words."""

    payee: str
    title: Text
    due: int
    paid: int
    unpaid: int
    bound: str
    why: Text


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step by its number in the period. `available` is what its accounts held before it, `left` after it; `carried`
    what cutting off per 100 of face moved to the next period; `code` the rule as the terms have it."""

    number: int
    list: str
    list_title: Text
    step: str
    title: Text
    act: str
    applied: bool
    why: Text
    due: int
    available: int
    amount: int | None
    cap: int | None
    paid: int
    unpaid: int
    left: int
    carried: int
    amount_said: Text
    cap_said: Text
    when_said: Text
    clause: Text
    code: str
    payments: tuple[PaymentLine, ...]
    accounts: tuple[AccountLine, ...]
    conditions: tuple[SideLine, ...]


@dataclass(frozen=True, slots=True)
class TriggerLine:
    """A test of a trigger with both sides; `actions`: what its turning brought about."""

    trigger: str
    title: Text
    clause: Text
    was: bool
    on: bool
    test: bool
    cured: bool
    when_said: Text
    conditions: tuple[SideLine, ...]
    cures: tuple[SideLine, ...]
    actions: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class PeriodReading:
    """A whole period. What accounts held and `inflows` are as much as `outflows` and what accounts hold; `difference`
    is what is between them, which the machine refuses to be other than nothing."""

    period: int
    periods: int
    payment: date
    collected_after: date
    collected_to: date
    interest_from: date
    interest_to: date
    currency: str
    state: str
    state_title: Text
    inflows: tuple[Amount, ...]
    outflows: tuple[Amount, ...]
    accounts: tuple[AccountLine, ...]
    cash_in: int
    cash_out: int
    difference: int
    steps: tuple[StepLine, ...]
    triggers: tuple[TriggerLine, ...]

    @property
    def held_before(self) -> int:
        """What all accounts held."""
        return sum(each.before for each in self.accounts)

    @property
    def held_after(self) -> int:
        """What all accounts hold."""
        return sum(each.after for each in self.accounts)


def read_period(run: DealRun, period: int) -> PeriodReading:
    """Period `period` (from 1) of a run. Raises: NoSuchPeriod."""
    record, at = run.inspect(period), run.periods[period - 1]
    words = Words(run.terms)
    accounts = tuple(map(words.account, record.accounts))
    held = sum(each.after - each.before for each in accounts)
    return PeriodReading(
        period=period,
        periods=len(run.periods),
        payment=date.fromordinal(record.payment_day),
        collected_after=at.collected_after,
        collected_to=at.collected_to,
        interest_from=at.interest_from,
        interest_to=at.interest_to,
        currency=run.terms.currency,
        state=record.state,
        state_title=words.both(lambda reader: reader.state_title(record.state)),
        inflows=tuple(_inflows(run, record)),
        outflows=tuple(words.outflows(record)),
        accounts=accounts,
        cash_in=record.cash_in,
        cash_out=record.cash_out,
        difference=record.cash_in - record.cash_out - held,
        steps=tuple(words.step(n, step) for n, step in enumerate(record.steps, 1)),
        triggers=tuple(map(words.trigger, record.triggers)),
    )


def _inflows(run: DealRun, record: PeriodRecord) -> Iterable[Amount]:
    """Collections that accounts received, and what came in beside them. Once the pool was bought it brings nothing."""
    received = {flow for account in run.terms.accounts for flow in account.receives}
    found = {name: run.flows[f"pool.{name}"][record.period - 1] for name in _IN if name in received}
    rest = record.cash_in - sum(found.values())
    if rest < 0:
        yield Amount("pool", _IN["pool"], record.cash_in)
        return
    yield from (Amount(name, _IN[name], amount) for name, amount in found.items())
    if rest:
        yield Amount("other", _IN["other"], rest)


class Words:
    """Reads one deal's records in both languages."""

    def __init__(self, terms: DealTerms) -> None:
        self.terms = terms
        self.readers = {"en": Reader(terms, "en"), "zh": Reader(terms, "zh")}
        self.steps: dict[tuple[str, str], Step] = {
            (found.id, step.id): step for found in terms.lists for step in found.steps
        }

    def both(self, say: Callable[[Reader], str]) -> Text:
        """What is said in English and in Chinese."""
        return Text(say(self.readers["en"]), say(self.readers["zh"]))

    def title(self, name: str) -> Text:
        """What something of the deal is called."""
        return self.both(lambda reader: reader.name(name) if "." in name else reader.title(name))

    def formula(self, text: str | None) -> Text:
        """A formula in words; empty for None."""
        return self.both(lambda reader: reader.formula(text))

    def value(self, value: int, kind: str) -> Text:
        """A value of a kind as people write it."""
        literal = Literal(abs(value), Kind(kind), self.terms.currency)
        sign = "\u2212" if value < 0 else ""
        return self.both(lambda reader: sign + reader.literal(literal))

    def account(self, move: AccountMove) -> AccountLine:
        """An account's move with its title."""
        return AccountLine(move.account, self.title(move.account), move.before, move.after)

    def side(self, side: Side) -> SideLine:
        """A comparison in words."""
        left, right = self.value(side.left, side.kind), self.value(side.right, side.kind)
        said = self.formula(side.text)
        return SideLine(side.text, said, side.kind, side.left, side.right, left, right, side.holds)

    def outflows(self, record: PeriodRecord) -> Iterable[Amount]:
        """What left the deal, by payee and what for, in the order of payment."""
        sums: dict[tuple[str, str], int] = {}
        for step in record.steps:
            what = OUT.get(Act(step.act))
            for payment in step.payments if what else ():
                key = (payment.payee, what or "")
                sums[key] = sums.get(key, 0) + payment.paid
        for (payee, what), amount in sums.items():
            name = self.title(payee)
            said = Text(_FOR[what].en.format(name.en), _FOR[what].zh.format(name.zh))
            yield Amount(f"{payee}.{what}", said, amount)

    def step(self, number: int, found: StepRecord) -> StepLine:
        """A step in words."""
        step = self.steps[(found.list, found.step)]
        payments = tuple(
            PaymentLine(p.payee, self._payee(step, p.payee), p.due, p.paid, p.unpaid, p.bound.value,
                        not_more(p, found, step, self.terms))
            for p in found.payments
        )  # fmt: skip
        paid, left = sum(p.paid for p in payments), sum(move.after for move in found.accounts)
        return StepLine(
            number=number,
            list=found.list,
            list_title=self.both(lambda reader: reader.list_title(found.list)),
            step=found.step,
            title=Text(_capital(step_title(self.terms, step, "en")), step_title(self.terms, step, "zh")),
            act=found.act,
            applied=found.applied,
            why=why_step(found, step),
            due=sum(p.due for p in payments),
            available=found.available,
            amount=found.amount,
            cap=found.cap,
            paid=paid,
            unpaid=sum(p.unpaid for p in payments),
            left=left,
            carried=found.available - left - paid if step.act is Act.PRINCIPAL else 0,
            amount_said=self.formula(step.amount),
            cap_said=self.formula(step.cap),
            when_said=self.formula(step.when),
            clause=step.clause,
            code=step_code(step),
            payments=payments,
            accounts=tuple(map(self.account, found.accounts)),
            conditions=tuple(map(self.side, found.conditions)),
        )

    def _payee(self, step: Step, payee: str) -> Text:
        return _FOR["assets"] if step.act is Act.BUY else self.title(payee)

    def trigger(self, found: TriggerRecord) -> TriggerLine:
        """A trigger's test in words."""
        trigger = next(each for each in self.terms.triggers if each.id == found.trigger)
        return TriggerLine(
            trigger=found.trigger,
            title=self.title(found.trigger),
            clause=trigger.clause,
            was=found.was,
            on=found.on,
            test=found.test,
            cured=found.cured,
            when_said=self.formula(trigger.when),
            conditions=tuple(map(self.side, found.conditions)),
            cures=tuple(map(self.side, found.cures)),
            actions=tuple(map(self.action, found.actions)),
        )

    def action(self, told: str) -> Text:
        """What a trigger brought about: a state entered, another trigger set, a formula that changed its answer."""
        verb, _, what = told.partition(" ")
        if verb == "enters":
            state = self.both(lambda reader: reader.state_title(what))
            return Text(f"the deal enters: {state.en}", f"进入状态：{state.zh}")
        if verb == "sets":
            name = self.title(what)
            return Text(f"turns on: {name.en}", f"同时触发：{name.zh}")
        return Text(f"decides: {what}", f"影响：{what}")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
