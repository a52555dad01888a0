"""Roots of functions of one number, and the largest whole number for which something holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from chainfusion.cashflow.analytics.errors import no_solution
from chainfusion.domain.errors import Text

MAX_STEPS = 200
EPSILON = 1e-15
VALUE = Text("value", "数值")
_NOT_BETWEEN = Text("the target is not between what the ends give", "目标不在两端结果之间")
_NOT_FINITE = Text("the result there is no finite number", "该处结果不是有限数值")
_NOT_EVEN_THE_LEAST = Text("it does not hold for the least", "最小值即不满足")


def root(f: Callable[[float], float], low: float, high: float, what: Text = VALUE) -> float:
    """Where f is zero between `low` and `high`, at which its signs differ: to the last digits of a double.

    The secant through the bracket's ends while it shrinks the bracket by half or more, else its middle (so it takes at
    most twice the steps of bisection). Raises: NoSolution where the signs do not differ or f is not finite.
    """
    f_low, f_high = _finite(f, low, what), _finite(f, high, what)
    if f_low == 0.0 or f_high == 0.0:
        return low if f_low == 0.0 else high
    if (f_low < 0.0) == (f_high < 0.0):
        raise no_solution(what, low, high, _NOT_BETWEEN)
    halve = False
    for _ in range(MAX_STEPS):
        width = high - low
        x = low - f_low * width / (f_high - f_low)
        if halve or not low < x < high:
            x = low + width / 2
        if not low < x < high or width <= EPSILON * max(1.0, abs(x)):
            return low if abs(f_low) < abs(f_high) else high
        f_x = _finite(f, x, what)
        if f_x == 0.0:
            return x
        if (f_x < 0.0) == (f_low < 0.0):
            low, f_low = x, f_x
        else:
            high, f_high = x, f_x
        halve = high - low > width / 2
    return low if abs(f_low) < abs(f_high) else high


def _finite(f: Callable[[float], float], x: float, what: Text) -> float:
    try:
        value = f(x)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise no_solution(what, x, x, _NOT_FINITE)
    return value


def largest(holds: Callable[[int], bool], low: int, high: int, what: Text = VALUE) -> int:
    """The largest number from `low` to `high` for which it holds, where it holds up to some number and not beyond.

    Raises: NoSolution where it does not hold for `low`.
    """
    if high < low or not holds(low):
        raise no_solution(what, low, high, _NOT_EVEN_THE_LEAST)
    if holds(high):
        return high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def first(found: Callable[[Sequence[int]], Sequence[bool]], low: int, high: int, ways: int = 16) -> int | None:
    """The least number above `low` and up to `high` for which it is found, asked in batches of `ways` numbers.

    The first batch is spread over the whole range, so that what comes and goes again is found if it is as wide as a
    `ways`-th of it. `low` itself must not be found; None where nothing is.
    """
    while high - low > 1:
        asked = sorted({low + max(1, (high - low) * k // ways) for k in range(1, ways + 1)})
        answers = found(asked)
        hit = next((k for k, yes in enumerate(answers) if yes), None)
        if hit is None:
            return None
        low, high = (asked[hit - 1] if hit else low), asked[hit]
        if high - low == 1:
            return high
    return high if found([high])[0] else None
