"""The machine of `domain.waterfall`, compiled: the very same functions over rows of many scenarios.

Compiled once per machine and kept on disk. No new deal needs a compilation, since a deal is data.
"""

from __future__ import annotations

from collections.abc import Callable

import numba
from numba.extending import overload, register_jitable

from chainfusion.domain.waterfall import machine
from chainfusion.domain.waterfall.opcodes import LARGEST

_BEYOND = 2.0 * LARGEST


@overload(machine.muldiv)
def _muldiv(a: int, b: int, c: int) -> Callable[[int, int, int], int]:  # noqa: ARG001, numba compares the names
    """`machine.muldiv` in 64 bits, exact for quotients below 2**50; at least 2**50, with its sign, for all others.

    The quotient in double precision is off by less than one, and its remainder tells in which direction: it is small,
    so that it is right although the two products that it is the difference of wrap around 2**64.
    """

    def exact(a: int, b: int, c: int) -> int:
        x = float(a) * float(b) / float(c)
        if abs(x) >= _BEYOND:
            return LARGEST if x > 0.0 else -LARGEST
        q = int(x)
        r = a * b - q * c
        if r < 0:
            return q - 1
        return q + 1 if r >= c else q

    return exact


for _part in (
    machine.rounded, machine.muldivs, machine.compute, machine.move, machine.execute, machine.load, machine.set_alike,
):  # fmt: skip
    register_jitable(_part)

run_periods = numba.njit(nogil=True, cache=True, error_model="numpy")(machine.run_periods)
"""`machine.run_periods` on arrays of int64: code (rows, 6), slots (slots, lanes), alike values (periods, n),
collections (inputs, periods, lanes), out (outputs, periods, scenarios)."""
