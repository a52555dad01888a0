"""What one period of one scenario did, and why: the run is repeated, step by step, and held against the result."""

from __future__ import annotations

from chainfusion.cashflow.scenarios.run import Result, checked
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.domain.waterfall.trace import PeriodRecord, trace


class NoSuchPeriod(ChainFusionError):
    """A scenario or period that was not run."""

    code = "NO_SUCH_PERIOD"
    says = Text("There is no period {period} of scenario {scenario}.", "没有情景 {scenario} 的第 {period} 期。")
    do = Text("Scenarios count from 0, periods from 1.", "情景从 0 开始编号，期次从 1 开始编号。")


def inspect(result: Result, scenario: int, period: int) -> PeriodRecord:
    """Period `period` (from 1) of scenario `scenario` (from 0): every step, payee and trigger. Raises: NoSuchPeriod."""
    program = result.program
    if not (0 <= scenario < result.scenarios and 1 <= period <= program.periods):
        raise NoSuchPeriod(scenario=scenario, period=period)
    flows = {}
    for found, values in zip(program.inputs, checked(program, result.flows), strict=True):
        row = values[scenario] if len(values) > 1 else values[0]
        flows[found.name] = [int(value) for value in row[: program.periods]]
    return trace(program, flows, period)
