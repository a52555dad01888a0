"""Computes a pool's statistics over its tape: whole columns at a time, and exact whatever the amounts.

The definitions are those of `domain.statistics`; here is only how a table of a million loans is summed.
"""

from __future__ import annotations

import hashlib
import hmac

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
from chainfusion.tape.sums import Numbers, exact_sum

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
    numbers = Numbers(frame)
    balance, original = _total(frame, "current_balance"), _total(frame, "original_balance")
    names_all = not frame["borrower_id"].null_count()
    owed = _owed(frame, "borrower_id")
    return PoolStatistics(
        loans=len(tape),
        currency=tape.currency,
        balance=balance,
        original_balance=original,
        average_balance=rounded(balance, len(tape)),
        average_original_balance=rounded(original, len(tape)),
        borrowers=owed.height if names_all else None,
        wac=weighted_average(numbers, "rate_ppm"),
        wa_original_term=weighted_average(numbers, "original_term", 100),
        wam=weighted_average(numbers, "remaining_term", 100),
        wala=weighted_average(numbers, "seasoning", 100),
        wa_ltv=weighted_average(numbers, "ltv_ppm"),
        wa_credit_score=weighted_average(numbers, "credit_score", 100),
        top_borrowers=_top_borrowers(owed["balance"], balance),
        stratifications=_tables(numbers, rounded(balance, len(tape)), K_LOANS, MOST_BANDS),
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
        stratifications=_tables(Numbers(frame), rounded(balance, len(tape)), 1, DETAIL_BANDS),
    )


# ------------------------------------------------------------------ sums and averages


def weighted_average(numbers: Numbers, field: str, scale: int = 1, fewest: int = K_LOANS) -> Average | None:
    """The field's mean weighted by current balance, times `scale`, over the loans that state it.

    None where fewer than `fewest` loans state it (all of them, in a smaller pool) or they owe nothing.
    """
    value, owed = numbers[field], numbers["current_balance"]
    stated = value.stated & owed.stated
    loans = int(np.count_nonzero(stated))
    weights = owed.among(stated)
    weight = weights.total()
    if loans < min(fewest, len(stated)) or weight <= 0:
        return None
    weighted = value.among(stated).dot(weights)
    return Average(value=rounded(scale * weighted, weight), loans=loans, balance=weight)


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
    return _owed(frame, field).sort("balance", "value", descending=[True, False])


def _owed(frame: pl.DataFrame, field: str) -> pl.DataFrame:
    """`owed_by` in any order."""
    owed = pl.col("current_balance").cast(pl.Int128)
    apart = pl.col(field).is_null() & (field == "borrower_id")
    absent = frame[field].null_count() if field == "borrower_id" else 0
    groups = (frame.filter(~apart) if absent else frame).lazy().group_by(value=field)
    grouped = groups.agg(pl.len().cast(pl.Int64).alias("loans"), owed.sum().alias("balance"))
    alone = (
        frame.lazy()
        .filter(apart)
        .select(pl.lit(None, pl.String).alias("value"), pl.lit(1, pl.Int64).alias("loans"), owed.alias("balance"))
    )
    if absent == frame.height:
        return alone.collect()
    return (pl.concat([grouped, alone]) if absent else grouped).collect()


def _top_borrowers(balances: pl.Series, balance: int) -> tuple[TopShare, ...]:
    if balance <= 0:
        return ()
    largest = sorted(map(int, balances.top_k(max(TOP_BORROWERS))), reverse=True)
    tops = [(count, sum(largest[:count])) for count in TOP_BORROWERS if len(balances) >= count]
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


def _tables(numbers: Numbers, average: int, fewest: int, most: int) -> tuple[Stratification, ...]:
    """One table for each field that some loan states, its bands joined to hold `fewest` loans or more."""
    tables = []
    for field, edges in {"current_balance": balance_edges(average), **BAND_EDGES}.items():
        if numbers[field].stated.any():
            ranges = _range_tallies(numbers, field, edges)
            tables.append(stratification(field, joined_ranges(ranges, fewest, most)))
    for field, values in _value_tallies(numbers.frame).items():
        tables.append(stratification(field, joined_values(values, fewest, most)))
    return tuple(tables)


def _range_tallies(numbers: Numbers, field: str, edges: tuple[int, ...]) -> list[Tally]:
    """A tally for each range, (a, b], lowest first, and one for the loans that do not state the field."""
    parts = (*range_parts(edges), UNSTATED)
    column = numbers[field]
    place = column.places(edges)
    place[~column.stated] = len(parts) - 1
    loans = np.bincount(place, minlength=len(parts)).tolist()
    original, current = (numbers[name].totals(place, len(parts)) for name in ("original_balance", "current_balance"))
    return [Tally((parts[i],), loans[i], original[i], current[i]) for i in range(len(parts)) if loans[i]]


def _value_tallies(frame: pl.DataFrame) -> dict[str, list[Tally]]:
    """For each listed field that some loan states, a tally for each value, the most owed first."""
    fields = [field for field in LISTED if frame[field].null_count() < frame.height]
    amounts = pl.col("original_balance", "current_balance").cast(pl.Int128).sum()
    tables = pl.collect_all(
        [frame.lazy().group_by(pl.col(field).fill_null(UNSTATED)).agg(pl.len(), amounts) for field in fields]
    )
    return {field: _by_balance(table) for field, table in zip(fields, tables, strict=True)}


def _by_balance(table: pl.DataFrame) -> list[Tally]:
    rows = table.iter_rows()
    tallies = [Tally((value,), loans, int(original), int(current)) for value, loans, original, current in rows]
    return sorted(tallies, key=lambda tally: (-tally.balance, tally.parts))
