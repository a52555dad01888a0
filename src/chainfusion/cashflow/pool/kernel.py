"""How this package compiles: once a machine, kept on disk, run outside the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compiles a function of a module. Arithmetic is neither reordered nor fused: every machine gives the same."""
    return cast(F, numba.njit(nogil=True, cache=True, error_model="numpy")(function))


def exact_kernel(function: F) -> F:
    """The same, for functions in which every product that is added to something is exact: there, one instruction that
    multiplies and adds gives what two give, where the processor has it.
    """
    return cast(F, numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})(function))
