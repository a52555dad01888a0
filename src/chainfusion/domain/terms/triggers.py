"""The rows that test a trigger."""

from __future__ import annotations

from chainfusion.domain.terms.workings import Workings
from chainfusion.domain.waterfall.program import Comparison, TriggerRows


def write_test(work: Workings, name: str, guard: int | None = None) -> None:
    """On if its test holds, or if it was on and is not cured; with a guard, only where that holds."""
    emit, scope = work.emit, work.scope
    trigger = next(t for t in work.terms.triggers if t.id == name)
    if guard is None:
        emit.release()
    first, on = len(emit.code), scope.slot(name)
    test, compared = work.comparing(lambda: scope.formula(trigger.when))
    cure, stays = -1, on
    cures: tuple[Comparison, ...] = ()
    if trigger.cure is not None:
        cure, cures = work.comparing(lambda: scope.formula(trigger.cure or ""))
        stays = emit.both(on, emit.negate(cure))
    found = emit.either(stays, test)
    emit.copy(found if guard is None else emit.select(guard, found, on), into=on)
    for other in trigger.sets:
        emit.copy(emit.either(scope.slot(other), on), into=scope.slot(other))
    found_at, enters = (first, len(emit.code)), trigger.enters or ""
    asked = tuple(work.asked_by.get(name, ()))
    work.triggers.append(TriggerRows(name, *found_at, on, test, cure, compared, cures, enters, trigger.sets, asked))
