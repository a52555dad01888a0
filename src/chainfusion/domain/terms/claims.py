"""The beginning of a period: cash comes in, and interest, fees and hedges become due."""

from __future__ import annotations

from chainfusion.domain.terms.formula import Kind
from chainfusion.domain.terms.kinds import POOL
from chainfusion.domain.terms.records import Act, Fee, Hedge, Rounding, Tranche
from chainfusion.domain.terms.schedule import year_fractions
from chainfusion.domain.terms.workings import Workings
from chainfusion.domain.waterfall import opcodes as op

_WAYS = {Rounding.DOWN: op.DOWN, Rounding.HALF_UP: op.HALF_UP, Rounding.UP: op.UP, Rounding.HALF_EVEN: op.HALF_EVEN}


def open_period(work: Workings) -> None:
    """Flows are emptied, carried cash comes back, collections are received, an option to buy the pool is used."""
    emit, scope = work.emit, work.scope
    emit.clear_flows()
    for step in work.steps_of(Act.PRINCIPAL):
        if any(work.tranches[name].per_hundred for name in step.payees):
            for source in step.sources:
                _carried_back(work, source)
    _pool(work)
    notes = [f"{t.id}.balance" for t in work.terms.tranches]
    scope.define("notes.balance", lambda: _total(work, notes))
    for account in work.terms.accounts:
        for flow in account.receives:
            _received(work, account.id, scope.slot(f"pool.{flow}"))
    if work.terms.clean_up is not None:
        _clean_up(work)


def _carried_back(work: Workings, account: str) -> None:
    if account in work.carried:
        return
    emit = work.emit
    pot = work.end(f"{account}.carried", emit.state(f"{account}.carried"))
    work.carried[account] = pot
    emit.release()
    emit.move(pot, work.account(account), pot, emit.one)


def _pool(work: Workings) -> None:
    """Collections by name; after the pool was bought they are nothing."""
    received = {flow for account in work.terms.accounts for flow in account.receives}
    if "pool.principal" in work.mentioned:
        received |= {"scheduled", "prepaid"}
    needed = [name for name in POOL if name in received or f"pool.{name}" in work.mentioned]
    for name in needed:
        work.input(f"pool.{name}", optional=False)
    work.scope.define("pool.principal", lambda: work.emit.add(*(work.scope.slot(f"pool.{n}") for n in _PRINCIPAL)))
    if work.terms.clean_up is None:
        return
    alive = work.end("pool_held", work.emit.state("pool_held", 1), kind="truth")
    for name in needed:
        raw = work.scope.slot(f"pool.{name}")
        masked = work.emit.state(f"pool.{name} while held")
        work.scope.bind(f"pool.{name}", work.emit.select(alive, raw, work.emit.zero, into=masked))


_PRINCIPAL = ("scheduled", "prepaid")


def _received(work: Workings, account: str, amount: int) -> None:
    emit = work.emit
    emit.add(work.account(account), amount, into=work.account(account))
    emit.add(work.cash_in, amount, into=work.cash_in)


def _clean_up(work: Workings) -> None:
    emit, scope, option = work.emit, work.scope, work.terms.clean_up
    if option is None:
        return
    emit.release()
    held = scope.slot("pool_held")
    used = emit.both(held, scope.formula(option.when))
    price = emit.select(used, emit.greatest(scope.formula(option.price), emit.zero), emit.zero)
    paid = emit.add(work.flow("clean_up.received"), price, into=work.flow("clean_up.received"))
    _received(work, option.to, paid)
    emit.copy(emit.both(held, emit.negate(used)), into=held)
    if "pool.closing" in work.mentioned:
        closing = scope.slot("pool.closing")
        emit.select(used, emit.zero, closing, into=closing)


def accrue(work: Workings) -> None:
    """What each tranche, fee and hedge is due for the period is added to what it is still due."""
    _openings(work)
    for tranche in work.terms.tranches:
        work.emit.release()
        _interest(work, tranche)
    for fee in work.terms.fees:
        work.emit.release()
        _fee(work, fee)
    for hedge in work.terms.hedges:
        work.emit.release()
        _hedge(work, hedge)


def _openings(work: Workings) -> None:
    for tranche in work.terms.tranches:
        work.kept_if_mentioned(f"{tranche.id}.opening", work.balance(tranche.id))
    if "notes.opening" in work.mentioned:
        work.emit.release()
        work.kept_if_mentioned("notes.opening", work.scope.slot("notes.balance"))


def _total(work: Workings, names: list[str]) -> int:
    found = work.emit.zero
    for name in names:
        found = work.emit.add(found, work.scope.slot(name))
    return found


def _interest(work: Workings, t: Tranche) -> None:
    emit, scope = work.emit, work.scope
    accrued = emit.zero
    if t.coupon is not None:
        rate = emit.greatest(scope.formula(t.coupon, Kind.RATIO), emit.zero)
        work.kept_if_mentioned(f"{t.id}.coupon", rate)
        base = work.balance(t.id) if t.notional is None else scope.formula(t.notional)
        accrued = scope.accrued(rate, base, year_fractions(t.day_count, work.periods), _WAYS[t.rounding])
    else:
        scope.bind(f"{t.id}.coupon", emit.zero)
    due = scope.slot(f"{t.id}.interest_due")
    if t.coupon is not None:
        _claim(work, due, accrued, t)
    work.kept_if_mentioned(f"{t.id}.interest_accrued", accrued)


def _claim(work: Workings, due: int, accrued: int, of: Tranche | Fee) -> None:
    emit = work.emit
    if not of.carry:
        emit.copy(accrued, into=due)
        return
    if of.arrears_rate is not None:
        rate, parts = work.scope.formula(of.arrears_rate, Kind.RATIO), year_fractions(of.day_count, work.periods)
        accrued = emit.add(accrued, work.scope.accrued(rate, due, parts, _WAYS[of.rounding]))
    emit.add(due, accrued, into=due)


def _fee(work: Workings, fee: Fee) -> None:
    emit, scope = work.emit, work.scope
    if fee.amount is not None:
        amount = scope.formula(fee.amount)
    else:
        parts = year_fractions(fee.day_count, work.periods)
        part = emit.column(parts[0])
        amount = emit.muldiv(scope.formula(fee.yearly or ""), part, emit.const(parts[1]), _WAYS[fee.rounding])
    if fee.first is not None:
        amount = emit.select(emit.compare(op.EQUAL, scope.slot("period"), emit.one), scope.formula(fee.first), amount)
    if fee.at_least is not None:
        amount = emit.greatest(amount, scope.formula(fee.at_least))
    if fee.at_most is not None:
        amount = emit.least(amount, scope.formula(fee.at_most))
    amount = emit.greatest(amount, emit.zero)
    due = scope.slot(f"{fee.id}.due")
    _claim(work, due, amount, fee)
    work.kept_if_mentioned(f"{fee.id}.accrued", amount)


def _hedge(work: Workings, hedge: Hedge) -> None:
    emit, scope = work.emit, work.scope
    parts, way = year_fractions(hedge.day_count, work.periods), _WAYS[hedge.rounding]
    base = scope.formula(hedge.notional)
    receive = scope.accrued(scope.formula(hedge.receive, Kind.RATIO), base, parts, way)
    pay = scope.accrued(scope.formula(hedge.pay, Kind.RATIO), base, parts, way)
    net = emit.sub(receive, pay)
    got = emit.add(
        work.flow(f"{hedge.id}.received"), emit.greatest(net, emit.zero), into=work.flow(f"{hedge.id}.received")
    )
    _received(work, hedge.to, got)
    due = scope.slot(f"{hedge.id}.due")
    owed = emit.greatest(emit.sub(emit.zero, net), emit.zero)
    emit.add(due, owed, into=due)
    work.kept_if_mentioned(f"{hedge.id}.accrued", owed)
