"""What the parts of the compiler share while they write one program."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chainfusion.domain.terms.emit import Emitter
from chainfusion.domain.terms.records import Act, DealTerms, Step, Tranche
from chainfusion.domain.terms.schedule import DealPeriod
from chainfusion.domain.terms.scope import Scope
from chainfusion.domain.terms.uses import uses
from chainfusion.domain.waterfall.program import Comparison, Input, Output, StepRows, TriggerRows


class Workings:
    """Slots of accounts, claims, triggers and flows by name, and the step and trigger maps so far."""

    def __init__(self, terms: DealTerms, periods: tuple[DealPeriod, ...], emit: Emitter, scope: Scope) -> None:
        self.terms, self.periods, self.emit, self.scope = terms, periods, emit, scope
        self.inputs: list[Input] = []
        self.steps: list[StepRows] = []
        self.triggers: list[TriggerRows] = []
        self.kept: dict[str, Output] = {}
        self.carried: dict[str, int] = {}
        self.due: dict[str, int] = {}
        self.tranches: dict[str, Tranche] = {t.id: t for t in terms.tranches}
        self.cash_in, self.cash_out = emit.state("cash in"), emit.state("cash out")
        self.asked_by = _asked_by(terms, scope)
        self.mentioned = self.asked_by.keys()
        self._accounts = [self._account(a.id, a.initial) for a in terms.accounts]
        for account in terms.accounts:
            if account.target is not None:
                scope.define(f"{account.id}.target", _formula_of(scope, account.target))
        for tranche in terms.tranches:
            self.end(f"{tranche.id}.balance", emit.state(f"{tranche.id}.balance", tranche.size))
            self.end(f"{tranche.id}.interest_due", emit.state(f"{tranche.id}.interest_due"))
        for claim in terms.claims:
            self.end(f"{claim.id}.due", emit.state(f"{claim.id}.due"))
        for trigger in terms.triggers:
            self.end(trigger.id, emit.state(trigger.id), kind="truth")
        self._states()

    def _account(self, name: str, initial: int) -> int:
        return self.end(f"{name}.balance", self.emit.state(f"{name}.balance", initial))

    def _states(self) -> None:
        emit, scope = self.emit, self.scope
        self.states = {s.id: emit.state(f"state.{s.id}", int(n == 0)) for n, s in enumerate(self.terms.states)}
        for name, slot in self.states.items():
            scope.bind(f"state.{name}", slot)
        self.later, self.number = emit.state("a later state"), emit.state("state")
        if len(self.states) > 1:
            self.kept["state"] = Output("state", self.number, "count", False)

    # -------------------------------------------------------------- names

    def input(self, name: str, *, optional: bool) -> int:
        """A slot that each run fills for each period."""
        slot = self.emit.state(name)
        self.inputs.append(Input(name, slot, optional))
        return self.scope.bind(name, slot)

    def end(self, name: str, slot: int, kind: str = "money") -> int:
        """A value that a run can keep as it is at the end of each period."""
        self.kept[name] = Output(name, slot, kind, False)
        return self.scope.bind(name, slot)

    def flow(self, name: str) -> int:
        """A flow of the period; made when it is first asked for."""
        if name not in self.kept:
            self.kept[name] = Output(name, self.scope.bind(name, self.emit.flow(name)), "money", True)
        return self.kept[name].slot

    def kept_if_mentioned(self, name: str, value: int) -> None:
        """Binds a name to what it is now: a formula that asks later shall find this and not what came of it."""
        if name in self.mentioned:
            slot = value if value in self.emit.columns else self.emit.copy(value, into=self.emit.state(name))
            self.scope.bind(name, slot)

    def carry(self, account: str) -> int:
        """The pot in which an account keeps what cutting off left, until the next period."""
        return self.carried[account]

    def account(self, name: str) -> int:
        """The slot of an account's cash."""
        return self.scope.slot(f"{name}.balance")

    def balance(self, tranche: str) -> int:
        """The slot of a tranche's balance."""
        return self.scope.slot(f"{tranche}.balance")

    def accounts(self) -> list[int]:
        """All slots that hold cash."""
        return [*self._accounts, *self.carried.values()]

    def outputs(self) -> list[Output]:
        """What a run can keep, in order of making."""
        return list(self.kept.values())

    def comparing(self, write: Callable[[], int]) -> tuple[int, tuple[Comparison, ...]]:
        """Writes a condition; also gives the comparisons inside it."""
        self.scope.comparisons.clear()
        slot = write()
        return slot, tuple(self.scope.comparisons)

    def all_steps(self) -> Iterable[Step]:
        """Every step of every list."""
        return (step for found in self.terms.lists for step in found.steps)

    def steps_of(self, act: Act) -> Iterable[Step]:
        """Every step of a kind."""
        return (step for step in self.all_steps() if step.act is act)


def _asked_by(terms: DealTerms, scope: Scope) -> dict[str, list[str]]:
    """For every name that a formula mentions, itself or through a value, the paths of those formulas."""
    found: dict[str, list[str]] = {}
    for use in uses(terms):
        for name in set(scope.typing.all_names(scope.typing.tree(use.formula))):
            found.setdefault(name, []).append(use.path)
    return found


def _formula_of(scope: Scope, text: str) -> Callable[[], int]:
    return lambda: scope.formula(text)
