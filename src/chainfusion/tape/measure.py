"""Computes a pool's statistics over its tape: whole columns at a time, and exact whatever the amounts.

The definitions are those of `domain.statistics`; here is only how a table of a million loans is summed.
"""

from __future__ import annotations

import hashlib
import hmac
from operator import mul
from typing import Any

import numpy as np
import polars as pl

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.statistics import (
    BAND_EDGES,
    K_LOANS,
    LISTED,
    MOST_BANDS,
    TOP_BORROWERS,
    UNSTATED,
    WHOLE,
    Average,
    BorrowerShare,
    PoolDetail,
    PoolStatistics,
    Stratification,
    Tally,
    TopShare,
    balance_edges,
    joined_ranges,
    joined_values,
    range_parts,
    rounded,
    stratification,
)
from chainfusion.tape.schema import Tape

LARGEST_BORROWERS = 20
DETAIL_BANDS = 1000


class FigureTooLarge(ChainFusionError):
    """A total that no ledger record can hold."""

    code = "FIGURE_TOO_LARGE"
    says = Text("The total of {field} does not fit into 64 bits: {total}.", "{field} 的合计超出 64 位：{total}。")
    do = Text("Check the tape's unit of amounts in its mapping.", "请检查映射中金额的单位。")


def pool_statistics(tape: Tape) -> PoolStatistics:
    """The pool's figures that are fit for the ledger. Raises: FigureTooLarge."""
    frame = tape.frame
    balance, original = _total(frame, "current_balance"), _total(frame, "original_balance")
    owed = owed_by(frame, "borrower_id")
    return PoolStatistics(
        loans=len(tape),
        currency=tape.currency,
        balance=balance,
        original_balance=original,
        average_balance=rounded(balance, len(tape)),
        average_original_balance=rounded(original, len(tape)),
        borrowers=None if frame["borrower_id"].null_count() else owed.height,
        wac=weighted_average(frame, "rate_ppm"),
        wa_original_term=weighted_average(frame, "original_term", 100),
        wam=weighted_average(frame, "remaining_term", 100),
        wala=weighted_average(frame, "seasoning", 100),
        wa_ltv=weighted_average(frame, "ltv_ppm"),
        wa_credit_score=weighted_average(frame, "credit_score", 100),
        top_borrowers=_top_borrowers(owed, balance),
        stratifications=_tables(frame, rounded(balance, len(tape)), K_LOANS, MOST_BANDS),
    )


def pool_detail(tape: Tape, borrower_key: bytes) -> PoolDetail:
    """The pool's figures that speak of single loans: for the vault.

    `borrower_key` (32 secret bytes of the originator) makes the pseudonyms of borrowers. Raises: FigureTooLarge.
    """
    frame = tape.frame
    balance = _total(frame, "current_balance")
    return PoolDetail(
        as_of=tape.as_of,
        smallest_balance=_extreme(frame, "current_balance", "min") or 0,
        largest_balance=_extreme(frame, "current_balance", "max") or 0,
        smallest_original_balance=_extreme(frame, "original_balance", "min") or 0,
        largest_original_balance=_extreme(frame, "original_balance", "max") or 0,
        lowest_rate_ppm=_extreme(frame, "rate_ppm", "min") or 0,
        highest_rate_ppm=_extreme(frame, "rate_ppm", "max") or 0,
        shortest_remaining_term=_extreme(frame, "remaining_term", "min"),
        longest_remaining_term=_extreme(frame, "remaining_term", "max"),
        largest_borrowers=_largest_borrowers(owed_by(frame, "borrower_id"), balance, borrower_key),
        stratifications=_tables(frame, rounded(balance, len(tape)), 1, DETAIL_BANDS),
    )


# ------------------------------------------------------------------ sums and averages


def weighted_average(frame: pl.DataFrame, field: str, scale: int = 1, fewest: int = K_LOANS) -> Average | None:
    """The field's mean weighted by current balance, times `scale`, over the loans that state it.

    None where fewer than `fewest` loans state it (all of them, in a smaller pool) or they owe nothing.
    """
    stated = frame.select(pl.col(field).alias("value"), pl.col("current_balance").alias("weight")).drop_nulls()
    weight = exact_sum(stated["weight"])
    if stated.height < min(fewest, frame.height) or weight <= 0:
        return None
    weighted = exact_dot(stated["value"], stated["weight"])
    return Average(value=rounded(scale * weighted, weight), loans=stated.height, balance=weight)


def exact_sum(numbers: pl.Series) -> int:
    """The sum of whole numbers, which 64 bits may not hold."""
    return int(numbers.cast(pl.Int128).sum())


def exact_dot(left: pl.Series, right: pl.Series) -> int:
    """The sum of products: in 128 bits where the largest values prove that they suffice, else in Python's integers."""
    if _magnitude(left) * _magnitude(right) * max(1, len(left)) < 2**127:
        return int((left.cast(pl.Int128) * right.cast(pl.Int128)).sum())
    return sum(map(mul, left.to_list(), right.to_list()))


def _magnitude(numbers: pl.Series) -> int:
    found = numbers.to_frame("number").select(low=pl.col("number").min(), high=pl.col("number").max()).row(0)
    return max(abs(int(number or 0)) for number in found)


def _total(frame: pl.DataFrame, field: str) -> int:
    total = exact_sum(frame[field])
    require(abs(total) < 2**63, FigureTooLarge(field=field, total=str(total)))
    return total


def _extreme(frame: pl.DataFrame, field: str, which: str) -> int | None:
    found = frame[field].min() if which == "min" else frame[field].max()
    return found if isinstance(found, int) else None


# ------------------------------------------------------------------ borrowers


def owed_by(frame: pl.DataFrame, field: str) -> pl.DataFrame:
    """value, loans, balance of each value of `field`, the most owed first.

    Loans that do not state it stand together, but for borrowers: a loan that names none stands for one of its own.
    """
    owed = pl.col("current_balance").cast(pl.Int128).sum().alias("balance")
    apart = pl.col(field).is_null() & (field == "borrower_id")
    groups = frame.filter(~apart).group_by(value=field).agg(pl.len().cast(pl.Int64).alias("loans"), owed)
    alone = frame.filter(apart).select(
        pl.lit(None, pl.String).alias("value"),
        pl.lit(1, pl.Int64).alias("loans"),
        pl.col("current_balance").cast(pl.Int128).alias("balance"),
    )
    return pl.concat([groups, alone]).sort("balance", "value", descending=[True, False])


def _top_borrowers(owed: pl.DataFrame, balance: int) -> tuple[TopShare, ...]:
    if balance <= 0:
        return ()
    tops = [(count, exact_sum(owed["balance"].head(count))) for count in TOP_BORROWERS if owed.height >= count]
    return tuple(TopShare(count, amount, rounded(amount * WHOLE, balance)) for count, amount in tops)


def _largest_borrowers(owed: pl.DataFrame, balance: int, key: bytes) -> tuple[BorrowerShare, ...]:
    named = owed.filter(pl.col("value").is_not_null()).head(LARGEST_BORROWERS)
    return tuple(
        BorrowerShare(
            pseudonym=hmac.digest(key, borrower.encode(), hashlib.sha256),
            loans=loans,
            balance=int(amount),
            share=rounded(int(amount) * WHOLE, balance) if balance else 0,
        )
        for borrower, loans, amount in named.iter_rows()
    )


# ------------------------------------------------------------------ tables


def _tables(frame: pl.DataFrame, average: int, fewest: int, most: int) -> tuple[Stratification, ...]:
    """One table for each field that some loan states, its bands joined to hold `fewest` loans or more."""
    tables = []
    for field, edges in {"current_balance": balance_edges(average), **BAND_EDGES}.items():
        if frame[field].null_count() < frame.height:
            ranges = _range_tallies(frame, field, edges)
            tables.append(stratification(field, joined_ranges(ranges, fewest, most)))
    for field in LISTED:
        if frame[field].null_count() < frame.height:
            values = _value_tallies(frame, field)
            tables.append(stratification(field, joined_values(values, fewest, most)))
    return tuple(tables)


def _range_tallies(frame: pl.DataFrame, field: str, edges: tuple[int, ...]) -> list[Tally]:
    """A tally for each range, (a, b], lowest first, and one for the loans that do not state the field."""
    parts = (*range_parts(edges), UNSTATED)
    place = np.searchsorted(np.array(edges, np.int64), frame[field].fill_null(0).to_numpy(), side="left")
    place[frame[field].is_null().to_numpy()] = len(parts) - 1
    sums = _sums(frame, pl.Series("band", place.astype(np.int64)))
    return [Tally((parts[band],), *sums[band]) for band in sorted(sums)]


def _value_tallies(frame: pl.DataFrame, field: str) -> list[Tally]:
    """A tally for each value, the most owed first."""
    sums = _sums(frame, frame[field].fill_null(UNSTATED).alias("band"))
    tallies = [Tally((value,), *figures) for value, figures in sums.items()]
    return sorted(tallies, key=lambda tally: (-tally.balance, tally.parts))


def _sums(frame: pl.DataFrame, bands: pl.Series) -> dict[Any, tuple[int, int, int]]:
    """Loans, original and current balance of each band."""
    amounts = frame.select("original_balance", "current_balance").with_columns(bands)
    sums = amounts.group_by("band").agg(
        pl.len().cast(pl.Int64), pl.col("original_balance", "current_balance").cast(pl.Int128).sum()
    )
    return {band: (loans, int(original), int(current)) for band, loans, original, current in sums.iter_rows()}
