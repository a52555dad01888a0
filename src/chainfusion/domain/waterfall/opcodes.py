"""What the machine can do: a dozen operations on rows of integers.

A row of a program is (op, d, a, b, c, m). Letters are slots: places of the machine that hold one integer for every
scenario. Money is in minor units, a ratio in units of 1e-8, a truth is 0 or 1. Only MOVE and the inflow of collections
touch money, so that cash cannot appear or vanish in any program.
"""

from __future__ import annotations

COPY = 0
"""d = a"""
ADD = 1
"""d = a + b"""
SUB = 2
"""d = a - b"""
MIN = 3
"""d = the lesser of a and b; of truths: both"""
MAX = 4
"""d = the greater of a and b; of truths: either"""
MULDIV = 5
"""d = a * b / c, rounded as m says; 0 where c is 0"""
LESS = 6
"""d = whether a < b"""
AT_MOST = 7
"""d = whether a <= b"""
EQUAL = 8
"""d = whether a = b"""
SELECT = 9
"""d = b where a is true, else c"""
MOVE = 10
"""moves c, or what there is if less, from a to b where slot m is true; d = what was moved"""
SKIP = 11
"""goes on at row m where a is true in no scenario"""
CLEAR = 12
"""sets slots d to a - 1 to 0"""

DOWN, HALF_UP, UP, HALF_EVEN = 0, 1, 2, 3
"""Ways to round a quotient: towards minus infinity, to the nearest (halves up, or to the even one), towards plus."""

RATIO = 10**8
"""Units of a ratio in 1."""
LARGEST = 2**50
"""No product or quotient of a program may reach this: about eleven million million in units of a hundredth."""

Row = tuple[int, int, int, int, int, int]
