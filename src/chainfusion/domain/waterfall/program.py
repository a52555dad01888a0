"""A deal as the machine runs it: integer tables, and what a reader needs to understand them."""

from __future__ import annotations

from dataclasses import dataclass

from chainfusion.domain.waterfall.opcodes import Row


@dataclass(frozen=True, slots=True)
class Input:
    """What a run brings for each period: its name and its slot. `cash`: it flows into the deal."""

    name: str
    slot: int
    optional: bool


@dataclass(frozen=True, slots=True)
class Output:
    """What a run can keep of each period. `kind`: money, ratio, count or truth; `flow`: of the period, not its end."""

    name: str
    slot: int
    kind: str
    flow: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison inside a condition: its text, and where the machine holds both sides."""

    text: str
    op: str
    left: int
    right: int
    kind: str


@dataclass(frozen=True, slots=True)
class Line:
    """One payee of a step: what it was due (before the step, where `before`) and what it got."""

    payee: str
    due: int
    paid: int
    before: bool


@dataclass(frozen=True, slots=True)
class StepRows:
    """Where a step lies in the program and which slots tell what it did; -1: none."""

    list: str
    step: str
    act: str
    rank: str
    first: int
    last: int
    state: int
    guard: int
    amount: int
    cap: int
    lines: tuple[Line, ...]
    sources: tuple[int, ...]
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class TriggerRows:
    """Where a trigger is tested, the slots of its state, its test and its cure (-1: none), and what it brings about:
    the state that it enters, triggers that it sets, and the paths of formulas that ask for it."""

    trigger: str
    first: int
    last: int
    on: int
    test: int
    cure: int
    comparisons: tuple[Comparison, ...]
    cures: tuple[Comparison, ...]
    enters: str
    sets: tuple[str, ...]
    asked_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """The tables. `start` is what every slot holds before the first period; `alike` are slots set to `alike_values`
    of the period, the same in all scenarios; `accounts` hold cash, `cash_in` and `cash_out` what came and went."""

    terms: str
    code: tuple[Row, ...]
    start: tuple[int, ...]
    slots: tuple[str, ...]
    alike: tuple[int, ...]
    alike_values: tuple[tuple[int, ...], ...]
    states: tuple[str, ...]
    state_slots: tuple[int, ...]
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    accounts: tuple[int, ...]
    cash_in: int
    cash_out: int
    steps: tuple[StepRows, ...]
    triggers: tuple[TriggerRows, ...]
    payment_days: tuple[int, ...]

    @property
    def periods(self) -> int:
        """How many periods the program has."""
        return len(self.alike_values)

    def output(self, name: str) -> Output:
        """The output of a name. Raises: KeyError."""
        return next(o for o in self.outputs if o.name == name)
