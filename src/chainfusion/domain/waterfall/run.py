"""One run of a program, as it is: lists and Python's integers. What contracts and tests use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.domain.waterfall.machine import execute, load, set_alike
from chainfusion.domain.waterfall.opcodes import LARGEST
from chainfusion.domain.waterfall.program import Program

Flows = Mapping[str, Sequence[int]]


class BadCollections(ChainFusionError):
    """What a run was given does not fit its program."""

    code = "BAD_COLLECTIONS"
    says = Text("{name}: {why}.", "{name}：{why_zh}。")
    do = Text("Give each period of the deal a whole number of minor units.", "请为每一期提供以最小货币单位计的整数。")


class CashDiffers(ChainFusionError):
    """Cash in does not equal cash out and balances: never seen unless a program was tampered with."""

    code = "CASH_DIFFERS"
    says = Text(
        "Cash in and out differ by {difference} in scenario {scenario}.", "情景 {scenario} 收支相差 {difference}。"
    )
    do = Text("Compile the program from its terms again.", "请由条款重新编译程序。")


class AmountTooLarge(ChainFusionError):
    """A product or quotient beyond what the machine computes exactly."""

    code = "AMOUNT_TOO_LARGE"
    says = Text("An amount in scenario {scenario} reaches 2^50.", "情景 {scenario} 中有金额达到 2 的 50 次方。")
    do = Text("Use amounts below eleven million million units of a hundredth.", "请使用较小的金额。")


@dataclass(frozen=True, slots=True)
class Run:
    """One scenario: for each output its value in each period, and the slots as the last period left them."""

    program: Program
    values: Mapping[str, tuple[int, ...]]
    last: tuple[int, ...]

    def __getitem__(self, name: str) -> tuple[int, ...]:
        return self.values[name]


def run(program: Program, flows: Flows) -> Run:
    """All periods. `flows`: for each input of the program its value in each period.

    Raises: BadCollections, AmountTooLarge, CashDiffers.
    """
    brought = [[[value] for value in values] for values in checked(program, flows)]
    v = [[value] for value in program.start]
    kept: dict[str, list[int]] = {output.name: [] for output in program.outputs}
    for t in range(program.periods):
        open_period(program, v, brought, t)
        execute(program.code, 0, len(program.code), v, 1)
        for output in program.outputs:
            kept[output.name].append(v[output.slot][0])
    last = tuple(held[0] for held in v)
    check_cash(program, last, 0)
    return Run(program, {name: tuple(values) for name, values in kept.items()}, last)


def open_period(program: Program, v: list[list[int]], brought: Sequence[Sequence[Sequence[int]]], t: int) -> None:
    """Sets what period `t` brings: brought[i][t][0] is input i."""
    set_alike(v, program.alike, program.alike_values, t, 1)
    load(v, [i.slot for i in program.inputs], brought, t, 1)


def checked(program: Program, flows: Flows) -> list[Sequence[int]]:
    """The inputs in the program's order; events that are not given never happen. Raises: BadCollections."""
    known = {i.name for i in program.inputs}
    for name in flows:
        if name not in known and not name.startswith("pool."):
            raise BadCollections(name=name, why="the deal does not ask for it", why_zh="交易不需要该项")
    return [_checked(program, i.name, flows.get(i.name), optional=i.optional) for i in program.inputs]


def _checked(program: Program, name: str, values: Sequence[int] | None, *, optional: bool) -> Sequence[int]:
    if values is None:
        if not optional:
            raise BadCollections(name=name, why="it is missing", why_zh="缺失")
        return [0] * program.periods
    if len(values) < program.periods:
        raise BadCollections(
            name=name,
            why=f"{len(values)} periods are given, {program.periods} are needed",
            why_zh=f"给出 {len(values)} 期，须为 {program.periods} 期",
        )
    for value in values:
        if type(value) is not int or not 0 <= value < LARGEST:
            raise BadCollections(
                name=name,
                why=f"{value!r} is not a whole number from 0 to 2^50",
                why_zh=f"{value!r} 不是 0 至 2^50 的整数",
            )
    return values


def check_cash(program: Program, last: Sequence[int], scenario: int) -> None:
    """Cash in and the accounts' beginning equal cash out and the accounts' end. Raises: AmountTooLarge, CashDiffers."""
    if last[0]:
        raise AmountTooLarge(scenario=scenario)
    held = sum(last[slot] - program.start[slot] for slot in program.accounts)
    difference = last[program.cash_in] - last[program.cash_out] - held
    if difference:
        raise CashDiffers(scenario=scenario, difference=difference)
