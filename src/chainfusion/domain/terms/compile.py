"""Deal terms to a program of the machine.

A period runs: collections flow in; interest, fees and hedges become due; triggers are tested and the state found; the
state's lists of steps; triggers tested at the end; history is carried on. Interest is on the balance before the
day's principal, fees are computed before anything is paid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chainfusion.domain.terms import claims, steps
from chainfusion.domain.terms.emit import Emitter
from chainfusion.domain.terms.kinds import Typing
from chainfusion.domain.terms.lint import refuse_nonsense
from chainfusion.domain.terms.records import DealTerms, When
from chainfusion.domain.terms.refusals import BadRun
from chainfusion.domain.terms.schedule import DealPeriod, schedule, table_column, year_fractions, year_of
from chainfusion.domain.terms.scope import Scope
from chainfusion.domain.terms.triggers import write_test
from chainfusion.domain.terms.workings import Workings
from chainfusion.domain.waterfall.program import Comparison, Input, Output, Program, StepRows, TriggerRows


def compile_terms(
    terms: DealTerms,
    *,
    periods: Sequence[DealPeriod] | None = None,
    indices: Mapping[str, Sequence[int]] | None = None,
    private: Mapping[str, int] | None = None,
) -> Program:
    """The program of a deal.

    `periods`: default, those of the terms' date rules. `indices`: fixings of an index for each period, in units of
    1e-8; an index left out is asked of the run, which may give each scenario its own path. `private`: the values that
    the terms do not tell, in the units of their kind (see `private.bound` and `private.supplied`).
    Raises: BadTerms with findings where the terms make no sense, BadRun.
    """
    refuse_nonsense(terms)
    found = tuple(periods) if periods is not None else schedule(terms.dates)
    work = _begun(terms, found, indices or {}, private or {})
    claims.open_period(work)
    claims.accrue(work)
    _test_all(work, When.START)
    _find_state(work)
    steps.write_lists(work)
    _test_all(work, When.END)
    work.scope.remember()
    return _program(work)


def _begun(
    terms: DealTerms, periods: tuple[DealPeriod, ...], indices: Mapping[str, Sequence[int]], private: Mapping[str, int]
) -> Workings:
    emit, typing = Emitter(len(periods)), Typing(terms)
    scope = Scope(emit, typing, year_fractions(terms.day_count, periods))
    work = Workings(terms, periods, emit, scope)
    for name, value in typing.constants.items():
        scope.bind(name, emit.const(value))
    closing = terms.dates.closing
    scope.bind("period", emit.column(tuple(p.number for p in periods)))
    scope.bind("year", emit.column(tuple(year_of(closing, p.payment) for p in periods)))
    scope.bind("date", emit.column(tuple(p.payment.toordinal() for p in periods)))
    scope.bind("last_period", emit.column(tuple(int(p is periods[-1]) for p in periods)))
    for table in terms.tables:
        scope.bind(table.id, emit.column(table_column(table, closing, periods)))
    for index in terms.indices:
        _bind_index(work, index.id, indices.get(index.id))
    for event in terms.events:
        work.input(event.id, optional=True)
    for term in terms.private:
        if term.id not in private:
            raise BadRun(why=f"{term.id} is private: run at a bound of it, or supply its value")
        scope.bind(term.id, emit.const(private[term.id]))
    return work


def _bind_index(work: Workings, name: str, fixings: Sequence[int] | None) -> None:
    if fixings is None:
        work.input(name, optional=False)
        return
    if len(fixings) != len(work.periods):
        raise BadRun(why=f"{name} has {len(fixings)} fixings for {len(work.periods)} periods")
    work.scope.bind(name, work.emit.column(tuple(fixings)))


def _test_all(work: Workings, tested: When) -> None:
    for trigger in work.terms.triggers:
        if trigger.tested is tested:
            write_test(work, trigger.id)


def _find_state(work: Workings) -> None:
    """A state holds where a trigger has entered it and no later one."""
    emit, scope = work.emit, work.scope
    if len(work.terms.states) == 1:
        emit.copy(emit.one, into=work.states[work.terms.states[0].id])
        return
    emit.copy(emit.zero, into=work.later)
    for place, state in reversed(list(enumerate(work.terms.states))):
        emit.release()
        entered = emit.one if place == 0 else emit.zero
        for trigger in work.terms.triggers:
            if trigger.enters == state.id:
                entered = emit.either(entered, scope.slot(trigger.id))
        holds = work.states[state.id]
        emit.copy(emit.both(entered, emit.negate(work.later)), into=holds)
        emit.copy(emit.either(work.later, holds), into=work.later)
        emit.select(holds, emit.const(place), work.number, into=work.number)


def _program(work: Workings) -> Program:
    emit = work.emit
    places = emit.layout()
    start = [0] * len(places)
    names = [""] * len(places)
    for slot, place in enumerate(places):
        start[place], names[place] = emit.start[slot], emit.names[slot]
    alike = [slot for slot, column in emit.columns.items() if len(column) > 1]
    return Program(
        terms=work.terms.fingerprint(),
        code=emit.placed(places),
        start=tuple(start),
        slots=tuple(names),
        alike=tuple(places[slot] for slot in alike),
        alike_values=tuple(tuple(emit.columns[slot][t] for slot in alike) for t in range(emit.periods)),
        states=tuple(work.states),
        state_slots=tuple(places[slot] for slot in work.states.values()),
        inputs=tuple(Input(i.name, places[i.slot], i.optional) for i in work.inputs),
        outputs=tuple(Output(o.name, places[o.slot], o.kind, o.flow) for o in work.outputs()),
        accounts=tuple(places[slot] for slot in work.accounts()),
        cash_in=places[work.cash_in],
        cash_out=places[work.cash_out],
        steps=tuple(_placed_step(step, places) for step in work.steps),
        triggers=tuple(_placed_trigger(trigger, places) for trigger in work.triggers),
        payment_days=tuple(p.payment.toordinal() for p in work.periods),
    )


def _placed_step(step: StepRows, places: Sequence[int]) -> StepRows:
    def at(slot: int) -> int:
        return slot if slot < 0 else places[slot]

    return replace(
        step,
        state=at(step.state),
        guard=at(step.guard),
        amount=at(step.amount),
        cap=at(step.cap),
        lines=tuple(replace(line, due=at(line.due), paid=at(line.paid)) for line in step.lines),
        sources=tuple(at(slot) for slot in step.sources),
        comparisons=_placed_all(step.comparisons, places),
    )


def _placed_trigger(found: TriggerRows, places: Sequence[int]) -> TriggerRows:
    return replace(
        found,
        on=places[found.on],
        test=places[found.test],
        cure=found.cure if found.cure < 0 else places[found.cure],
        comparisons=_placed_all(found.comparisons, places),
        cures=_placed_all(found.cures, places),
    )


def _placed_all(found: Sequence[Comparison], places: Sequence[int]) -> tuple[Comparison, ...]:
    return tuple(Comparison(c.text, c.op, places[c.left], places[c.right], c.kind) for c in found)
