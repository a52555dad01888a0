"""Statistics of a pool (资产池统计): totals, weighted averages and stratification tables, exact and footing.

What `PoolStatistics` holds is fit for the ledger, where every member reads it: totals and averages of the whole pool,
the share of its 5, 10 and 20 largest borrowers, and bands. A figure that speaks of fewer than `K_LOANS` loans is not
in it: a small band is joined to its neighbour (an ordered field) or to the rest (a list of values), and an average
over fewer loans is left out. K_LOANS is 5: with four others in a band nobody reads one borrower's balance off it, and
published pools keep their shape. Two tapes of one deal can still be compared with each other; a pool that was
replaced by dropping one loan tells that loan's balance by the difference of the totals. `PoolDetail` speaks of single
loans and borrowers (extremes, the very largest borrowers, bands of any size): it stays with the tape in the vault.

Amounts are minor units of the currency. Shares are hundredths of a percent and foot to 100.00 in every column, by
largest remainder. Averages are rounded half to even, once, at the end. docs/spec/pool-commitment.md lists the bands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from chainfusion.domain.text import check, check_currency

K_LOANS = 5
MOST_BANDS = 30
WHOLE = 100_00
TOP_BORROWERS = (5, 10, 20)
UNSTATED = ""
"""The part of a band that stands for loans which do not state the field."""


@dataclass(frozen=True)
class Average:
    """A mean weighted by current balance, over the `loans` that state the field; they owe `balance`."""

    value: int
    loans: int
    balance: int


@dataclass(frozen=True)
class Band:
    """One row of a stratification table.

    `parts` are what it covers: half-open ranges "(0,120]" of an ordered field, values of a list, UNSTATED; none of
    them for all values that have no band of their own. Shares are hundredths of a percent of the pool.
    """

    parts: tuple[str, ...]
    loans: int
    loans_share: int
    original_balance: int
    original_share: int
    balance: int
    balance_share: int
    average_balance: int


@dataclass(frozen=True)
class Stratification:
    """The pool split by one field of the loan; the bands hold every loan once."""

    field: str
    bands: tuple[Band, ...]


@dataclass(frozen=True)
class TopShare:
    """What the `borrowers` largest borrowers owe together, and its share of the pool (hundredths of a percent)."""

    borrowers: int
    balance: int
    share: int


@dataclass(frozen=True)
class PoolStatistics:
    """Figures of the whole pool, fit for the ledger.

    `balance` is current, `original_balance` as contracted. `borrowers` counts different borrowers; None where a loan
    names none. `wac` (rate) and `wa_ltv` in parts per million; `wa_original_term`, `wam` (remaining term) and `wala`
    (age, seasoning) in hundredths of a month; `wa_credit_score` in hundredths of a point; None where too few loans
    state the field or nothing is owed. Figures that do not foot are refused (ValueError).
    """

    loans: int
    currency: str
    balance: int
    original_balance: int
    average_balance: int
    average_original_balance: int
    borrowers: int | None = None
    wac: Average | None = None
    wa_original_term: Average | None = None
    wam: Average | None = None
    wala: Average | None = None
    wa_ltv: Average | None = None
    wa_credit_score: Average | None = None
    top_borrowers: tuple[TopShare, ...] = ()
    stratifications: tuple[Stratification, ...] = ()

    def __post_init__(self) -> None:
        check(self.loans >= 1, "a pool has at least one loan")
        check(self.balance >= 0 and self.original_balance >= 0, "a total is negative")
        check_currency(self.currency)
        check(self.average_balance == rounded(self.balance, self.loans), "the average balance is another")
        check(self.average_original_balance == rounded(self.original_balance, self.loans), "the average is another")
        for stratification in self.stratifications:
            _check_foots(self, stratification)


@dataclass(frozen=True)
class BorrowerShare:
    """One borrower's part of the pool. `pseudonym` is HMAC-SHA-256 of the borrower's id under the originator's key."""

    pseudonym: bytes
    loans: int
    balance: int
    share: int


@dataclass(frozen=True)
class PoolDetail:
    """Figures that speak of single loans or borrowers: for those who may read the tape, not for the ledger."""

    as_of: date
    smallest_balance: int
    largest_balance: int
    smallest_original_balance: int
    largest_original_balance: int
    lowest_rate_ppm: int
    highest_rate_ppm: int
    shortest_remaining_term: int | None
    longest_remaining_term: int | None
    largest_borrowers: tuple[BorrowerShare, ...]
    stratifications: tuple[Stratification, ...]


@dataclass(frozen=True)
class Tally:
    """Loans counted and summed under `parts`, before shares."""

    parts: tuple[str, ...]
    loans: int
    original_balance: int
    balance: int

    def joined(self, other: Tally, parts: tuple[str, ...]) -> Tally:
        """Both together, under `parts`."""
        return Tally(
            parts,
            self.loans + other.loans,
            self.original_balance + other.original_balance,
            self.balance + other.balance,
        )


# ------------------------------------------------------------------ what the tables are split by

_MONTHS = (*range(0, 121, 12), *range(180, 361, 60))
BAND_EDGES: dict[str, tuple[int, ...]] = {
    "rate_ppm": (*range(0, 100_000, 5_000), *range(100_000, 200_000, 10_000), *range(200_000, 400_001, 50_000)),
    "original_term": _MONTHS,
    "remaining_term": _MONTHS,
    "seasoning": tuple(range(0, 121, 12)),
    "ltv_ppm": tuple(range(0, 1_200_001, 100_000)),
    "credit_score": tuple(range(300, 851, 50)),
    "days_past_due": tuple(range(0, 181, 30)),
}
"""Ordered fields and their edges: bands are (a, b], with an open one below and above."""
LISTED = ("product", "repayment", "status", "region")
"""Fields whose values are the bands."""


def balance_edges(average: int) -> tuple[int, ...]:
    """Edges for balances: ten steps of 1, 2 or 5 times a power of ten, the smallest not below a quarter of the average.

    They follow from the average alone, which is public, and so tell nothing of the largest loan.
    """
    unit = 1
    while unit * 10 * 4 <= average:
        unit *= 10
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor * 4 >= average or factor == 10)
    return tuple(range(0, 10 * step + 1, step))


def range_parts(edges: tuple[int, ...]) -> tuple[str, ...]:
    """The ranges that edges make, lowest first: "(,0]", "(0,12]", ..., "(120,)"."""
    inner = [f"({low},{high}]" for low, high in pairwise(edges)]
    return (f"(,{edges[0]}]", *inner, f"({edges[-1]},)")


# ------------------------------------------------------------------ exact arithmetic


def rounded(numerator: int, denominator: int) -> int:
    """The quotient rounded half to even, exactly. `denominator` > 0."""
    quotient, rest = divmod(numerator, denominator)
    return quotient + (2 * rest + (quotient & 1) > denominator)


def footing_shares(amounts: list[int], whole: int = WHOLE) -> list[int]:
    """Shares that add up to `whole`, by largest remainder (the earlier of equals first); zeros where the sum is zero.

    `amounts` are not negative.
    """
    total = sum(amounts)
    if total == 0:
        return [0] * len(amounts)
    shares = [amount * whole // total for amount in amounts]
    by_rest = sorted(range(len(amounts)), key=lambda i: -(amounts[i] * whole % total))
    for i in by_rest[: whole - sum(shares)]:
        shares[i] += 1
    return shares


# ------------------------------------------------------------------ tables


def stratification(field: str, tallies: list[Tally]) -> Stratification:
    """The table of the tallies, empty ones left out."""
    held = [tally for tally in tallies if tally.loans]
    columns = zip(
        held,
        footing_shares([tally.loans for tally in held]),
        footing_shares([tally.original_balance for tally in held]),
        footing_shares([tally.balance for tally in held]),
        strict=True,
    )
    return Stratification(field, tuple(_band(*column) for column in columns))


def joined_ranges(tallies: list[Tally], fewest: int = K_LOANS, most: int = MOST_BANDS) -> list[Tally]:
    """Bands of an ordered field with none below `fewest` loans and no more than `most` bands, as far as they go.

    The smallest band joins the smaller of its neighbours until all are large enough. UNSTATED stands last.
    """
    bands = [tally for tally in tallies if tally.loans]
    while len(bands) > 1:
        i = min(range(len(bands)), key=lambda at: bands[at].loans)
        if bands[i].loans >= fewest and len(bands) <= most:
            break
        neighbours = [at for at in (i - 1, i + 1) if 0 <= at < len(bands)]
        low, high = sorted((i, min(neighbours, key=lambda at: bands[at].loans)))
        bands[low : high + 1] = [bands[low].joined(bands[high], bands[low].parts + bands[high].parts)]
    return bands


def joined_values(tallies: list[Tally], fewest: int = K_LOANS, most: int = MOST_BANDS) -> list[Tally]:
    """Bands of a listed field, the most owed first, and behind them one for all values with fewer than `fewest` loans.

    The smallest others go there too where it would itself be smaller, or where there are more than `most`.
    """
    held = sorted((t for t in tallies if t.loans), key=lambda t: -t.loans)
    shown = [t for t in held if t.loans >= fewest]
    if len(shown) < len(held) or len(shown) > most:
        shown = shown[: most - 1]
    rest = _joined(held[len(shown) :])
    while shown and 0 < rest.loans < fewest:
        rest = rest.joined(shown.pop(), ())
    shown.sort(key=lambda t: (-t.balance, t.parts))
    return [*shown, rest] if rest.loans else shown


def _joined(tallies: list[Tally]) -> Tally:
    return Tally(
        (),
        sum(tally.loans for tally in tallies),
        sum(tally.original_balance for tally in tallies),
        sum(tally.balance for tally in tallies),
    )


def _band(tally: Tally, loans_share: int, original_share: int, balance_share: int) -> Band:
    return Band(
        parts=tally.parts,
        loans=tally.loans,
        loans_share=loans_share,
        original_balance=tally.original_balance,
        original_share=original_share,
        balance=tally.balance,
        balance_share=balance_share,
        average_balance=rounded(tally.balance, tally.loans),
    )


def _check_foots(pool: PoolStatistics, table: Stratification) -> None:
    what = f"the table by {table.field}"
    bands = table.bands
    check(sum(b.loans for b in bands) == pool.loans, f"{what} does not hold every loan")
    check(sum(b.balance for b in bands) == pool.balance, f"{what} does not foot to the balance")
    check(sum(b.original_balance for b in bands) == pool.original_balance, f"{what} does not foot to the original")
    check(all(b.loans >= min(K_LOANS, pool.loans) for b in bands), f"{what} has a band of fewer than {K_LOANS} loans")
    retold = stratification(table.field, [Tally(b.parts, b.loans, b.original_balance, b.balance) for b in bands])
    check(retold == table, f"{what} has shares or averages that do not follow from it")
