"""SHA-256 of many messages at once: sixteen side by side, so that the compiler puts them into vector registers.

`hashlib` hashes one message after the other under the interpreter's lock; these loops run outside it, on every
core, and give the same digests. Digests travel as eight 32-bit words a row, in the machine's own byte order.
Compiled once per machine and kept on disk; a machine where that is not possible is told by the import failing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]
Places = NDArray[np.int64]
F = TypeVar("F", bound=Callable[..., Any])

LANES = 16
_SMALL = 4096  # messages below which handing work to a second thread costs more than it saves


def kernel(function: F) -> F:
    """Compiles `function` to run without the interpreter's lock; the compiled form is kept on disk."""
    return cast(F, numba.njit(nogil=True, cache=True)(function))


def _inlined(function: F) -> F:
    return cast(F, numba.njit(inline="always")(function))


_u = np.uint32


def _root_fraction(prime: int, degree: int) -> int:
    """The first 32 bits behind the point of the `degree`-th root of a prime: FIPS 180-4's "nothing up my sleeve"."""
    scaled, low, high = prime << 32 * degree, 0, prime << 32
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= scaled else (low, middle - 1)
    return low & 0xFFFFFFFF


_PRIMES = [n for n in range(2, 312) if all(n % d for d in range(2, n))]
_START = np.array([_root_fraction(prime, 2) for prime in _PRIMES[:8]], np.uint32)
_ROUND = np.array([_root_fraction(prime, 3) for prime in _PRIMES], np.uint32)


# ------------------------------------------------------------------ what callers use


def hash_messages(blocks: Words, first: Places, out: Words) -> None:
    """SHA-256 of messages already padded to whole blocks, into `out` (n, 8).

    `blocks` (m, 16) holds them one after the other, as their bytes lie in memory; message i fills the blocks
    first[i] up to first[i + 1].
    """
    counts = np.diff(first)
    _hash_messages(blocks, first, counts, np.argsort(counts, kind="stable"), out)


def tree_levels(leaves: Words) -> list[Words]:
    """The hashes of all full subtrees of an RFC 9162 tree, level by level, from the leaf hashes (n, 8) upwards."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        above = np.empty((len(levels[-1]) // 2, 8), np.uint32)
        _in_parts(_hash_pairs, len(above), levels[-1], above)
        levels.append(above)
    return levels


def digest(words: Words) -> bytes:
    """Digests as bytes, 32 a row."""
    return words.astype(">u4").tobytes()


@cache
def workers() -> ThreadPoolExecutor:
    """The threads that run kernels: one a core, four at most."""
    return ThreadPoolExecutor(min(4, os.cpu_count() or 1), thread_name_prefix="lanes")


def _in_parts(run: Callable[..., None], count: int, *arrays: Words) -> None:
    if count < _SMALL:
        run(*arrays, 0, count)
        return
    step = -(-count // 4 // LANES) * LANES
    bounds = [(begin, min(begin + step, count)) for begin in range(0, count, step)]
    list(workers().map(lambda part: run(*arrays, *part), bounds))


# ------------------------------------------------------------------ kernels


@_inlined
def _rotated(word: Any, bits: int) -> Any:
    return (word >> _u(bits)) | (word << _u(32 - bits))


@kernel
def _hash_messages(blocks: Words, first: Places, counts: Places, order: Places, out: Words) -> None:
    """Messages in `order` of their length, so that the sixteen of a group end at the same block as far as may be."""
    state, words, a, e = _workspace()
    for group in range(0, len(order), LANES):
        rows = order[group : group + LANES]
        _start(state)
        for block in range(counts[rows[-1]]):
            for lane in range(len(rows)):
                if block < counts[rows[lane]]:
                    message = blocks[first[rows[lane]] + block]
                    for k in range(16):
                        words[k * LANES + lane] = message[k]
            for i in range(16 * LANES):
                x = words[i]
                words[i] = (x << _u(24)) | ((x & _u(0xFF00)) << _u(8)) | ((x >> _u(8)) & _u(0xFF00)) | (x >> _u(24))
            _compress(state, words, a, e)
            for lane in range(len(rows)):
                if block == counts[rows[lane]] - 1:
                    for k in range(8):
                        out[rows[lane], k] = state[k * LANES + lane]


@kernel
def _hash_pairs(below: Words, above: Words, begin: int, end: int) -> None:
    """SHA-256(0x01, left, right) for the pairs `begin` up to `end`: 65 bytes, hence two blocks, shifted by one byte."""
    state, words, a, e = _workspace()
    for group in range(begin, end, LANES):
        lanes = min(LANES, end - group)
        _start(state)
        for lane in range(lanes):
            before = _u(1)
            for k in range(16):
                word = below[2 * (group + lane) + k // 8, k % 8]
                words[k * LANES + lane] = (before << _u(24)) | (word >> _u(8))
                before = word
        _compress(state, words, a, e)
        words[: 16 * LANES] = 0
        for lane in range(lanes):
            words[lane] = (below[2 * (group + lane) + 1, 7] << _u(24)) | _u(0x800000)
            words[15 * LANES + lane] = _u(65 * 8)
        _compress(state, words, a, e)
        for lane in range(lanes):
            for k in range(8):
                above[group + lane, k] = state[k * LANES + lane]


@kernel
def _workspace() -> tuple[Words, Words, Words, Words]:
    return (
        np.empty(8 * LANES, np.uint32),
        np.zeros(64 * LANES, np.uint32),
        np.empty(68 * LANES, np.uint32),
        np.empty(68 * LANES, np.uint32),
    )


@kernel
def _start(state: Words) -> None:
    for k in range(8):
        for lane in range(LANES):
            state[k * LANES + lane] = _START[k]


@kernel
def _compress(state: Words, words: Words, a: Words, e: Words) -> None:
    """FIPS 180-4, 6.2.2, for one block of each lane.

    The eight working variables are two sequences seen at four moments (a, b, c, d = a[t+3] ... a[t]; the same for e),
    so a round stores two rows and moves none. Rows stand a constant 16 words apart: the compiler sees that no row
    overlaps another, and each inner loop becomes vector instructions.
    """
    for t in range(16, 64):
        for lane in range(LANES):
            i = t * LANES + lane
            x, y = words[i - 15 * LANES], words[i - 2 * LANES]
            words[i] = (
                words[i - 16 * LANES]
                + words[i - 7 * LANES]
                + (_rotated(x, 7) ^ _rotated(x, 18) ^ (x >> _u(3)))
                + (_rotated(y, 17) ^ _rotated(y, 19) ^ (y >> _u(10)))
            )
    for k in range(4):
        for lane in range(LANES):
            a[k * LANES + lane] = state[(3 - k) * LANES + lane]
            e[k * LANES + lane] = state[(7 - k) * LANES + lane]
    for t in range(64):
        for lane in range(LANES):
            i = t * LANES + lane
            e1, e2, e3 = e[i + LANES], e[i + 2 * LANES], e[i + 3 * LANES]
            a1, a2, a3 = a[i + LANES], a[i + 2 * LANES], a[i + 3 * LANES]
            turned = _rotated(e3, 6) ^ _rotated(e3, 11) ^ _rotated(e3, 25)
            mixed = e[i] + turned + (e1 ^ (e3 & (e2 ^ e1))) + _ROUND[t] + words[i]
            turned = _rotated(a3, 2) ^ _rotated(a3, 13) ^ _rotated(a3, 22)
            e[i + 4 * LANES] = a[i] + mixed
            a[i + 4 * LANES] = mixed + turned + ((a3 & a2) | (a1 & (a3 | a2)))
    for k in range(4):
        for lane in range(LANES):
            state[(3 - k) * LANES + lane] += a[(64 + k) * LANES + lane]
            state[(7 - k) * LANES + lane] += e[(64 + k) * LANES + lane]
