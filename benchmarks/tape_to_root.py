"""How long a tape takes from its file to a root, beside bare hashlib on the same loans, and what one proof costs.

Measured: reading, mapping, validating, committing and the pool's statistics, in a process that has loaded the compiled
loops before (compiling them takes some seconds, once a machine). The peer has the salted records in memory and does
nothing but SHA-256: one leaf hash a loan and the RFC 9162 root, by hashlib.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.generated_tape import MAPPING, write_tape
from chainfusion.domain.records import to_bytes
from chainfusion.ledger.evidence import merkle
from chainfusion.tape.commit import CommittedTape, commit, engine_for
from chainfusion.tape.intake import read_tape
from chainfusion.tape.mapping_reader import load_mapping
from chainfusion.tape.measure import pool_statistics

ROUNDS = 3
SIZES = (100_000, 1_000_000)
PEER = "hashlib: salted leaves and root alone"
_PROJECT = Path(__file__).parents[1]
_TAPES = _PROJECT.parent / "shared" / "data" / "tapes"
_MAPPINGS = _PROJECT / "src" / "chainfusion" / "tape" / "mappings"
REAL = (
    (_TAPES / "lendingclub_openintro_loans_full_schema_10000.csv", _MAPPINGS / "lendingclub-2018.yaml"),
    (_PROJECT / "src/chainfusion/demo/data/ally-auto-2019-08.csv", _MAPPINGS / "ally-auto-aart-2019.yaml"),
)
"""Real tapes, the largest first; the last one is carried with the project."""

Row = dict[str, Any]


def run() -> list[Row]:
    """Rows `tape_to_root` (seconds; a real tape and generated ones), its memory and growth, and those of one proof."""
    real = next((tape, mapping) for tape, mapping in REAL if tape.exists())
    with tempfile.TemporaryDirectory() as folder:
        mapping = Path(folder, "generated.yaml")
        mapping.write_bytes(MAPPING)
        rows = _in_own_process(*real)
        for loans in SIZES:
            tape = Path(folder, f"generated-{loans}.csv")
            write_tape(tape, loans)
            rows += _in_own_process(tape, mapping)
            tape.unlink()
    small, large = (row for row in rows if row["name"] == "tape_to_root" and row["size"] in SIZES)
    each = [row["value"] / row["size"] * 1e6 for row in (small, large)]
    growth = _row("tape_to_root_per_loan", each[1], "us", SIZES[1], f"the same at {SIZES[0]:,} loans", each[0])
    return [*(row for row in rows if row["name"] == "tape_to_root" or row["size"] == SIZES[1]), growth]


def _in_own_process(tape: Path, mapping: Path) -> list[Row]:
    with ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, tape, mapping).result()


def _measured(tape: Path, mapping: Path) -> list[Row]:
    _warm_up(tape, mapping)
    ours, bare = [], []
    memory = 0.0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        committed = _tape_to_root(tape, mapping)
        ours.append(time.perf_counter() - began)
        memory = memory or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # before the peer's lists
        bare.append(_bare_hashlib(committed))
    size = len(committed.tape)
    return [
        _row("tape_to_root", statistics.median(ours), "s", size, PEER, statistics.median(bare)),
        _row("tape_to_root_memory", memory, "MiB peak", size, "limit", 4096.0),
        *_proof(committed),
    ]


def _tape_to_root(tape: Path, mapping: Path) -> CommittedTape:
    committed = commit(read_tape(tape, load_mapping(mapping)))
    pool_statistics(committed.tape)
    return committed


def _warm_up(tape: Path, mapping: Path) -> None:
    """Loads what the measured run loads: the compiled loops where the tape is large enough for them."""
    if tape.stat().st_size < 10_000_000:
        _tape_to_root(tape, mapping)
        return
    few = tape.with_name("few.csv")
    pl.read_csv(tape, infer_schema=False, n_rows=1000).write_csv(few)
    part = read_tape(few, load_mapping(mapping))
    commit(part, engine=engine_for(10**9))
    pool_statistics(part)


def _bare_hashlib(committed: CommittedTape) -> float:
    loans = list(committed.leaf_data())
    began = time.perf_counter()
    root = merkle.root([hashlib.sha256(b"\x00" + data).digest() for data in loans])
    took = time.perf_counter() - began
    if root != committed.root:
        raise ValueError("the two roots differ")
    return took


def _proof(committed: CommittedTape) -> list[Row]:
    opening, commitment = committed.opening(len(committed.tape) // 3), committed.commitment
    size = len(committed.tape)
    took = _each(lambda: opening.verify(commitment), 200)
    return [
        _row("loan_proof_bytes", len(to_bytes(opening)), "bytes", size, "limit", 2048),
        _row("loan_proof_verify", took * 1000, "ms", size, "limit", 5.0),
    ]


def _each(work: Callable[[], object], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - began) / times


def _row(name: str, value: float, unit: str, size: int, peer: str, peer_value: float) -> Row:
    return {
        "name": name,
        "value": round(value, 4),
        "unit": unit,
        "size": size,
        "peer": peer,
        "peer_value": round(peer_value, 4),
        "ratio": round(value / peer_value, 3),
    }
