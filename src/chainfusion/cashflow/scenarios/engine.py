"""The machine of `domain.waterfall`, compiled: the very same functions over rows of many scenarios.

Compiled once per machine and kept on disk. No new deal needs a compilation, since a deal is data.
"""

from __future__ import annotations

import numba
from numba.extending import register_jitable

from chainfusion.domain.waterfall import machine

for _part in (
    machine.muldiv, machine.rounded, machine.muldivs, machine.compute, machine.move, machine.execute, machine.load,
    machine.set_alike,
):  # fmt: skip
    register_jitable(_part)

run_periods = numba.njit(nogil=True, cache=True, error_model="numpy")(machine.run_periods)
"""`machine.run_periods` on arrays of int64: code (rows, 6), slots (slots, lanes), alike values (periods, n),
collections (inputs, periods, lanes), out (outputs, periods, scenarios)."""
