"""Formulas as rows: every name's slot, every operator's rows, and the sums of history that formulas ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from chainfusion.domain.terms.emit import Emitter
from chainfusion.domain.terms.formula import COMPARISONS, Apply, Kind, Literal, Name, Tree, unparse
from chainfusion.domain.terms.kinds import HISTORY, ROUNDINGS, Typing
from chainfusion.domain.terms.refusals import BadRun
from chainfusion.domain.waterfall import opcodes as op
from chainfusion.domain.waterfall.program import Comparison

FLOWS = ("paid", "interest_paid", "principal_paid", "return_paid", "written_down", "received", "lent", "carried")
"""Last parts of names of what is nothing until a step has paid it."""
WAYS = {"down": op.DOWN, "up": op.UP, "half_up": op.HALF_UP, "half_even": op.HALF_EVEN}
_COMPARE = {"<": (op.LESS, False), "<=": (op.AT_MOST, False), ">": (op.LESS, True), ">=": (op.AT_MOST, True)}


@dataclass(slots=True)
class Past:
    """A value of which history is kept: its tree, the slot of its sum over earlier periods, and those of its last
    values, newest first."""

    tree: Tree
    earlier: int = -1
    last: list[int] = field(default_factory=list)


class Scope:
    """Where names are found. `bind` gives a name its slot, `define` a way to compute it when it is asked for."""

    def __init__(self, emit: Emitter, typing: Typing, yearly: tuple[tuple[int, ...], int]) -> None:
        self.emit, self.typing = emit, typing
        self.yearly_parts = yearly
        self._slots: dict[str, int] = {}
        self._rules: dict[str, Callable[[], int]] = {}
        self.past: dict[str, Past] = {}
        self.comparisons: list[Comparison] = []

    def bind(self, name: str, slot: int) -> int:
        """From here on `name` is in `slot`."""
        self._slots[name] = slot
        return slot

    def define(self, name: str, rule: Callable[[], int]) -> None:
        """`name` is computed anew by `rule` at each use."""
        self._rules[name] = rule

    def slot(self, name: str) -> int:
        """Where the value of a name is now; rows may be written to compute it."""
        if name in self._slots:
            return self._slots[name]
        if name in self.typing.values:
            return self.formula(self.typing.values[name])
        if name in self._rules:
            return self._rules[name]()
        if name.rsplit(".", 1)[-1] in FLOWS:
            return self.emit.zero
        raise BadRun(why=f"{name} is asked for before it is known")

    def formula(self, text: str, kind: Kind | None = None) -> int:
        """The slot of a formula's value; a whole number stands for a ratio where `kind` wants one."""
        tree = self.typing.tree(text)
        slot = self.value(tree)
        return self._as_ratio(slot, tree) if kind is Kind.RATIO else slot

    def value(self, tree: Tree, way: int = op.DOWN) -> int:
        """The slot of a tree's value."""
        if isinstance(tree, Literal):
            return self.emit.const(tree.value)
        if isinstance(tree, Name):
            return self._named(tree.name)
        if tree.op in HISTORY:
            return self._history(tree)
        if tree.op in ROUNDINGS:
            return self.value(tree.args[0], WAYS[tree.op])
        if tree.op in COMPARISONS:
            return self._comparison(tree)
        return _APPLIED[tree.op](self, tree, way)

    def _named(self, name: str) -> int:
        """A name inside a formula; a truth by itself is told as a comparison."""
        slot = self.slot(name)
        if self.typing.kinds.get(name) is Kind.TRUTH:
            self.comparisons.append(Comparison(name, "==", slot, self.emit.one, Kind.TRUTH.value))
        return slot

    # -------------------------------------------------------------- operators

    def _pair(self, tree: Apply) -> tuple[int, int]:
        """Two operands that stand for the same kind."""
        left, right = tree.args
        kinds = (self.typing.of(left), self.typing.of(right))
        a, b = self.value(left), self.value(right)
        if kinds[0] is not kinds[1] and Kind.RATIO in kinds:
            return self._as_ratio(a, left), self._as_ratio(b, right)
        return a, b

    def _as_ratio(self, slot: int, tree: Tree) -> int:
        if self.typing.of(tree) is not Kind.COUNT:
            return slot
        return self.emit.muldiv(slot, self.emit.const(op.RATIO), self.emit.one)

    def _comparison(self, tree: Apply) -> int:
        a, b = self._pair(tree)
        emit = self.emit
        if tree.op in _COMPARE:
            code, turned = _COMPARE[tree.op]
            found = emit.compare(code, b, a) if turned else emit.compare(code, a, b)
        else:
            found = emit.compare(op.EQUAL, a, b)
            found = emit.negate(found) if tree.op == "!=" else found
        kinds = {self.typing.of(arg) for arg in tree.args}
        kind = Kind.RATIO if Kind.RATIO in kinds else kinds.pop()
        self.comparisons.append(Comparison(unparse(tree, self.typing.digits), tree.op, a, b, kind.value))
        return found

    def _sum(self, tree: Apply, _way: int) -> int:
        a, b = self._pair(tree)
        return self.emit.add(a, b) if tree.op == "+" else self.emit.sub(a, b)

    def _extreme(self, tree: Apply, _way: int) -> int:
        pick = self.emit.least if tree.op == "min" else self.emit.greatest
        found, first = -1, tree.args[0]
        ratio = any(self.typing.of(arg) is Kind.RATIO for arg in tree.args)
        for arg in tree.args:
            slot = self.value(arg)
            slot = self._as_ratio(slot, arg) if ratio else slot
            found = slot if arg is first else pick(found, slot)
        return found

    def _if(self, tree: Apply, _way: int) -> int:
        truth = self.value(tree.args[0])
        yes, no = self._pair(Apply("+", tree.args[1:]))
        return self.emit.select(truth, yes, no)

    def _truth(self, tree: Apply, _way: int) -> int:
        a, b = self.value(tree.args[0]), self.value(tree.args[1])
        return self.emit.both(a, b) if tree.op == "and" else self.emit.either(a, b)

    def _not(self, tree: Apply, _way: int) -> int:
        return self.emit.negate(self.value(tree.args[0]))

    def _negative(self, tree: Apply, _way: int) -> int:
        return self.emit.sub(self.emit.zero, self.value(tree.args[0]))

    def _product(self, tree: Apply, way: int) -> int:
        ratios = sum(self.typing.of(arg) is Kind.RATIO for arg in tree.args)
        counts = any(self.typing.of(arg) is Kind.COUNT for arg in tree.args)
        below = op.RATIO if ratios and not counts else 1
        return self.emit.muldiv(self.value(tree.args[0]), self.value(tree.args[1]), self.emit.const(below), way)

    def _quotient(self, tree: Apply, way: int) -> int:
        left, right = (self.typing.of(arg) for arg in tree.args)
        scaled = left is right or right is Kind.RATIO or left is Kind.COUNT
        times = op.RATIO if scaled else 1
        a, b = self.value(tree.args[0]), self.value(tree.args[1])
        if left is Kind.COUNT and right is Kind.RATIO:
            a = self.emit.muldiv(a, self.emit.const(op.RATIO), self.emit.one)
        return self.emit.muldiv(a, self.emit.const(times), b, way)

    def _ratio(self, tree: Apply, way: int) -> int:
        a, b, instead = (self.value(arg) for arg in tree.args)
        instead = self._as_ratio(instead, tree.args[2])
        found = self.emit.muldiv(a, self.emit.const(op.RATIO), b, way)
        return self.emit.select(self.emit.compare(op.EQUAL, b, self.emit.zero), instead, found)

    def _yearly(self, tree: Apply, way: int) -> int:
        return self.accrued(self.value(tree.args[0]), self.value(tree.args[1]), self.yearly_parts, way)

    def accrued(self, rate: int, base: int, parts: tuple[tuple[int, ...], int], way: int) -> int:
        """`base` times a yearly ratio times the part of a year: one product, one rounding."""
        factor = self.emit.muldiv(rate, self.emit.column(parts[0]), self.emit.one)
        return self.emit.muldiv(base, factor, self.emit.const(op.RATIO * parts[1]), way)

    # -------------------------------------------------------------- history

    def _history(self, tree: Apply) -> int:
        inner = tree.args[0]
        past = self.past.setdefault(unparse(inner, self.typing.digits), Past(inner))
        if tree.op in ("earlier", "lifetime"):
            if past.earlier < 0:
                past.earlier = self.emit.state(f"earlier({unparse(inner)})")
            return past.earlier if tree.op == "earlier" else self.emit.add(past.earlier, self.value(inner))
        back = 1 if tree.op == "previous" else tree.args[1].value - 1  # type: ignore[union-attr]
        while len(past.last) < back:
            past.last.append(self.emit.state(f"{len(past.last) + 1} before: {unparse(inner)}"))
        if tree.op == "previous":
            return past.last[0]
        found = self.value(inner)
        for slot in past.last[:back]:
            found = self.emit.add(found, slot)
        return found

    def remember(self) -> None:
        """The rows at a period's end that carry history on: all are read before one is written."""
        for past in self.past.values():
            self.emit.release()
            value = self.value(past.tree)
            if past.earlier >= 0:
                self.emit.add(past.earlier, value, into=past.earlier)
            for newer, older in zip(reversed(past.last[:-1]), reversed(past.last[1:]), strict=True):
                self.emit.copy(newer, into=older)
            if past.last:
                self.emit.copy(value, into=past.last[0])


_APPLIED: dict[str, Callable[[Scope, Apply, int], int]] = {
    "+": Scope._sum,
    "-": Scope._sum,
    "*": Scope._product,
    "/": Scope._quotient,
    "min": Scope._extreme,
    "max": Scope._extreme,
    "if": Scope._if,
    "and": Scope._truth,
    "or": Scope._truth,
    "not": Scope._not,
    "neg": Scope._negative,
    "ratio": Scope._ratio,
    "yearly": Scope._yearly,
}
