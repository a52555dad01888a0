"""Many scenarios of one program: exact to the cent, the same integers as the run of one by `domain.waterfall.run`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.scenarios.engine import run_periods
from chainfusion.domain.waterfall.opcodes import LARGEST
from chainfusion.domain.waterfall.program import Program
from chainfusion.domain.waterfall.run import BadCollections, check_cash

Ints = NDArray[np.int64]
LANES = 256
"""Scenarios side by side: enough that reading a row of the program costs little, few enough for the nearest cache."""


@dataclass(frozen=True, slots=True)
class Result:
    """Flows and balances of all scenarios. `result[name]`: (scenarios, periods), minor units or the output's kind."""

    program: Program
    names: tuple[str, ...]
    values: Ints
    flows: Mapping[str, Ints]

    def __getitem__(self, name: str) -> Ints:
        found: Ints = self.values[self.names.index(name)].T
        return found

    @property
    def scenarios(self) -> int:
        """How many scenarios were run."""
        return int(self.values.shape[2])


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all periods, for grids whose flows need not be kept. `sums[name]`: (scenarios,), exact; `mean_days`:
    days from a date to payment, weighted by the amounts (0 where nothing was paid), in double precision."""

    program: Program
    sums: Mapping[str, Ints]
    mean_days: Mapping[str, NDArray[np.float64]]


def run(
    program: Program,
    flows: Mapping[str, Ints],
    *,
    keep: Sequence[str] | None = None,
    threads: int | None = None,
    into: Ints | None = None,
) -> Result:
    """All scenarios. `flows`: for each input of the program an array (scenarios, periods), or (periods,) for all alike.

    `keep`: names of outputs (default: all); `into`: an array (outputs, periods, scenarios) of an earlier result that
    may be written over. Raises: BadCollections, AmountTooLarge, CashDiffers.
    """
    names = tuple(o.name for o in program.outputs) if keep is None else tuple(keep)
    brought = checked(program, flows)
    scenarios = _scenarios(brought)
    shape = (len(names), program.periods, scenarios)
    out = into if into is not None and into.shape == shape else np.empty(shape, np.int64)
    work = _Work(program, brought, [program.output(name).slot for name in names], out)
    _each_block(scenarios, threads, work.block)
    return Result(program, names, out, flows)


def run_totals(
    program: Program,
    flows: Mapping[str, Ints],
    since: date,
    *,
    keep: Sequence[str] | None = None,
    threads: int | None = None,
) -> Totals:
    """All scenarios, of which only sums and mean days since `since` are kept. Raises: as `run`."""
    names = tuple(o.name for o in program.outputs if o.flow) if keep is None else tuple(keep)
    brought = checked(program, flows)
    scenarios = _scenarios(brought)
    slots = [program.output(name).slot for name in names]
    days = np.array(program.payment_days, np.float64) - since.toordinal()
    sums = np.zeros((len(names), scenarios), np.int64)
    weighted = np.zeros((len(names), scenarios))

    def block(start: int) -> None:
        end = min(start + LANES, scenarios)
        part = [given[start:end] if len(given) > 1 else given for given in brought]
        out = np.empty((len(names), program.periods, end - start), np.int64)
        _Work(program, part, slots, out).block(0, start)
        sums[:, start:end] = out.sum(axis=1)
        weighted[:, start:end] = np.einsum("jts,t->js", out, days)

    _each_block(scenarios, threads, block)
    mean = np.divide(weighted, sums, out=np.zeros_like(weighted), where=sums != 0)
    return Totals(program, dict(zip(names, sums, strict=True)), dict(zip(names, mean, strict=True)))


def _scenarios(brought: Sequence[Ints]) -> int:
    return max((len(a) for a in brought), default=1)


def _each_block(scenarios: int, threads: int | None, block: Callable[[int], None]) -> None:
    blocks = range(0, scenarios, LANES)
    count = threads or os.cpu_count() or 1
    if count == 1 or len(blocks) == 1:
        for start in blocks:
            block(start)
        return
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(block, blocks))


def checked(program: Program, flows: Mapping[str, Ints]) -> list[Ints]:
    """The inputs in the program's order, each (scenarios or 1, periods). Raises: BadCollections."""
    known = {i.name for i in program.inputs}
    for name in flows:
        if name not in known and not name.startswith("pool."):
            raise BadCollections(name=name, why="the deal does not ask for it", why_zh="交易不需要该项")
    found = [_checked(program, i.name, flows.get(i.name), optional=i.optional) for i in program.inputs]
    sizes = {len(a) for a in found if len(a) > 1}
    if len(sizes) > 1:
        raise BadCollections(
            name="flows",
            why=f"they have {', '.join(map(str, sorted(sizes)))} scenarios",
            why_zh=f"各项情景数不一：{', '.join(map(str, sorted(sizes)))}",
        )
    return found


def _checked(program: Program, name: str, values: Ints | None, *, optional: bool) -> Ints:
    if values is None:
        if not optional:
            raise BadCollections(name=name, why="it is missing", why_zh="缺失")
        return np.zeros((1, program.periods), np.int64)
    found = np.atleast_2d(np.asarray(values))
    if found.dtype.kind not in "iub" or found.ndim != 2:
        raise BadCollections(
            name=name,
            why="an array of whole numbers (scenarios, periods) is needed",
            why_zh="须为整数数组（情景 × 期次）",
        )
    if found.shape[1] < program.periods:
        raise BadCollections(
            name=name,
            why=f"{found.shape[1]} periods are given, {program.periods} are needed",
            why_zh=f"给出 {found.shape[1]} 期，须为 {program.periods} 期",
        )
    if found.size and (found.min() < 0 or found.max() >= LARGEST):
        raise BadCollections(name=name, why="every number is from 0 to 2^50", why_zh="每个数须在 0 至 2^50 之间")
    return found


class _Work:
    """What all blocks share: the program's tables as arrays."""

    def __init__(self, program: Program, brought: list[Ints], kept: list[int], out: Ints) -> None:
        self.program, self.brought, self.out = program, brought, out
        self.code = np.array(program.code, np.int64).reshape(-1, 6)
        self.start = np.array(program.start, np.int64)
        self.alike = np.array(program.alike, np.int64)
        self.alike_values = np.array(program.alike_values, np.int64).reshape(program.periods, len(program.alike))
        self.inputs = np.array([i.slot for i in program.inputs], np.int64)
        self.kept = np.array(kept, np.int64)

    def block(self, start: int, number: int | None = None) -> None:
        """Scenarios from `start` on, as many as there are lanes; `number`: what a refusal calls the first of them."""
        lanes = min(LANES, self.out.shape[2] - start)
        v = np.repeat(self.start[:, None], lanes, axis=1)
        brought = np.empty((len(self.brought), self.program.periods, lanes), np.int64)
        for place, given in zip(brought, self.brought, strict=True):
            part = given[start : start + lanes] if len(given) > 1 else given
            place[:] = part[:, : self.program.periods].T
        run_periods(
            self.code, v, self.alike, self.alike_values, self.inputs, brought, self.kept, self.out, start, lanes
        )
        self._check(v, start if number is None else number)

    def _check(self, v: Ints, start: int) -> None:
        p = self.program
        opening = sum(p.start[slot] for slot in p.accounts)
        held = sum((v[slot] for slot in p.accounts), start=np.zeros(v.shape[1], np.int64))
        wrong = np.flatnonzero((v[0] != 0) | (v[p.cash_in] + opening != v[p.cash_out] + held))
        if len(wrong):
            check_cash(p, [int(x) for x in v[:, wrong[0]]], start + int(wrong[0]))
