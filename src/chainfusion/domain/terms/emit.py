"""Writes rows of a program: hands out slots, computes what is the same in all scenarios once, and lays slots out."""

from __future__ import annotations

from collections.abc import Callable

from chainfusion.domain.waterfall import opcodes as op
from chainfusion.domain.waterfall.machine import compute
from chainfusion.domain.waterfall.opcodes import Row

Column = tuple[int, ...]


TEMPORARY = "#"
"""How names of slots begin that are written over and over; no name of a deal begins so."""


class Emitter:
    """A program in the making. Slots are numbers; a temporary one is given out again after `release`."""

    def __init__(self, periods: int) -> None:
        self.periods = periods
        self.code: list[Row] = []
        self.names: list[str] = ["flaw"]
        self.start: list[int] = [0]
        self.flows: list[int] = []
        self.columns: dict[int, Column] = {}
        self._of_column: dict[Column, int] = {}
        self._temps: list[int] = []
        self._used = 0
        self.zero, self.one = self.const(0), self.const(1)

    # -------------------------------------------------------------- slots

    def state(self, name: str, initial: int = 0) -> int:
        """A slot that keeps its value from period to period."""
        self.names.append(name)
        self.start.append(initial)
        return len(self.names) - 1

    def flow(self, name: str) -> int:
        """A slot that is nothing at the beginning of each period."""
        slot = self.state(name)
        self.flows.append(slot)
        return slot

    def column(self, values: Column) -> int:
        """A slot that holds values[t] in period t (from 0) of every scenario; one value stands for all periods."""
        if len(set(values)) == 1:
            values = values[:1]
        if values not in self._of_column:
            slot = self.state(f"={values[0]}" if len(values) == 1 else "by period", values[0])
            self._of_column[values], self.columns[slot] = slot, values
        return self._of_column[values]

    def const(self, value: int) -> int:
        """A slot that always holds `value`."""
        return self.column((value,))

    def temp(self) -> int:
        """A slot for a while."""
        if self._used == len(self._temps):
            self._temps.append(self.state(f"{TEMPORARY}{self._used}"))
        self._used += 1
        return self._temps[self._used - 1]

    def is_temporary(self, slot: int) -> bool:
        """Whether a slot was given out for a while: nothing but its own row writes it until `release`."""
        return self.names[slot].startswith(TEMPORARY)

    def release(self) -> None:
        """From here on temporary slots may be written over."""
        self._used = 0

    # -------------------------------------------------------------- rows

    def row(self, code: int, d: int, a: int = 0, b: int = 0, c: int = 0, m: int = 0) -> int:
        """One row; returns d."""
        self.code.append((code, d, a, b, c, m))
        return d

    def _value(self, code: int, a: int, b: int = 0, c: int = 0, m: int = 0, into: int | None = None) -> int:
        read = (a,) if code == op.COPY else (a, b, c) if code in (op.MULDIV, op.SELECT) else (a, b)
        if into is None and all(slot in self.columns for slot in read):
            return self._folded(code, a, b if len(read) > 1 else a, c if len(read) > 2 else a, m)
        return self.row(code, self.temp() if into is None else into, a, b, c, m)

    def _folded(self, code: int, a: int, b: int, c: int, m: int) -> int:
        columns = [self.columns[slot] for slot in (a, b, c)]
        length = max(len(column) for column in columns)
        rows: list[list[int]] = [[0] * length, [0] * length]
        rows += [list(column) if len(column) == length else list(column) * length for column in columns]
        compute((code, 1, 2, 3, 4, m), rows, length)
        return self.column(tuple(rows[1]))

    def add(self, a: int, b: int, into: int | None = None) -> int:
        """a + b."""
        if into is None and self.zero in (a, b):
            return b if a == self.zero else a
        return self._value(op.ADD, a, b, into=into)

    def sub(self, a: int, b: int, into: int | None = None) -> int:
        """a - b."""
        return a if into is None and b == self.zero else self._value(op.SUB, a, b, into=into)

    def least(self, a: int, b: int) -> int:
        """The lesser; of truths: both."""
        return a if a == b else self._value(op.MIN, a, b)

    def greatest(self, a: int, b: int) -> int:
        """The greater; of truths: either."""
        return a if a == b else self._value(op.MAX, a, b)

    def muldiv(self, a: int, b: int, c: int, way: int = op.DOWN) -> int:
        """a * b / c, rounded."""
        if c == b and b in self.columns and 0 not in self.columns[b]:
            return a
        return self._value(op.MULDIV, a, b, c, way)

    def compare(self, code: int, a: int, b: int) -> int:
        """A truth."""
        return self._value(code, a, b)

    def negate(self, truth: int) -> int:
        """Whether a truth is false."""
        return self._value(op.SUB, self.one, truth)

    def both(self, a: int, b: int) -> int:
        """Both truths."""
        return b if a == self.one else a if b == self.one else self.least(a, b)

    def either(self, a: int, b: int) -> int:
        """Either truth."""
        return b if a == self.zero else a if b == self.zero else self.greatest(a, b)

    def select(self, truth: int, yes: int, no: int, into: int | None = None) -> int:
        """One or the other."""
        if into is None and truth in (self.one, self.zero):
            return yes if truth == self.one else no
        return self._value(op.SELECT, truth, yes, no, into=into)

    def copy(self, a: int, into: int) -> int:
        """a, into a slot."""
        return self._value(op.COPY, a, into=into)

    def move(self, source: int, target: int, wanted: int, guard: int) -> int:
        """Cash; gives the slot of what was moved."""
        return self.row(op.MOVE, self.temp(), source, target, wanted, guard)

    def skip_unless(self, guard: int) -> Callable[[], None]:
        """The rows up to the call of the result are left out where `guard` holds in no scenario."""
        at = len(self.code)
        if guard == self.one:
            return lambda: None
        self.row(op.SKIP, 0, guard)

        def close() -> None:
            self.code[at] = (op.SKIP, 0, guard, 0, 0, len(self.code))

        return close

    # -------------------------------------------------------------- layout

    def clear_flows(self) -> None:
        """Empties the flows; their slots are laid side by side by `layout`."""
        self.row(op.CLEAR, 0, 0)

    def layout(self) -> list[int]:
        """The place of each slot: the flaw, then all flows, then the rest, so that one row empties all flows."""
        order = [0, *self.flows]
        taken = set(order)
        order += [slot for slot in range(len(self.names)) if slot not in taken]
        places = [0] * len(order)
        for place, slot in enumerate(order):
            places[slot] = place
        return places

    def placed(self, places: list[int]) -> tuple[Row, ...]:
        """The rows with slots as `layout` placed them."""
        return tuple(self._placed(row, places) for row in self.code)

    def _placed(self, row: Row, places: list[int]) -> Row:
        code, d, a, b, c, m = row
        if code == op.CLEAR:
            return (code, 1, len(self.flows) + 1, 0, 0, 0)
        m = places[m] if code == op.MOVE else m
        return (code, places[d], places[a], places[b], places[c], m)
