"""A pool's statistics against an oracle that knows nothing but loans and fractions."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.domain.loan import Loan
from chainfusion.domain.records import from_bytes, to_bytes
from chainfusion.domain.statistics import BAND_EDGES, LISTED, PoolStatistics, Stratification, balance_edges
from chainfusion.tape.measure import FigureTooLarge, pool_detail, pool_statistics
from chainfusion.tape.sums import Column, exact_dot, exact_sum
from tests.tape.pools import PLAIN, made_up, tape_of

KEY = b"k" * 32
LOANS = made_up(400)
POOL = pool_statistics(tape_of(LOANS))
DETAIL = pool_detail(tape_of(LOANS), KEY)


def half_even(value: Fraction) -> int:
    return round(value)  # Fraction rounds half to even


def mean(loans: list[Loan], field: str, scale: int = 1) -> tuple[int, int, int]:
    stated = [loan for loan in loans if getattr(loan, field) is not None]
    owed = sum(loan.current_balance for loan in stated)
    weighted = sum(Fraction(getattr(loan, field)) * loan.current_balance for loan in stated)
    return half_even(scale * weighted / owed), len(stated), owed


def by_borrower(loans: list[Loan]) -> list[int]:
    owed: dict[object, int] = {}
    for number, loan in enumerate(loans):
        key = loan.borrower_id if loan.borrower_id is not None else number
        owed[key] = owed.get(key, 0) + loan.current_balance
    return sorted(owed.values(), reverse=True)


def table(tables: tuple[Stratification, ...], field: str) -> Stratification:
    return next(t for t in tables if t.field == field)


def within(part: str) -> Callable[[int | None], bool]:
    """Reads "(a,b]" as a reader of the specification would."""
    if part == "":
        return lambda value: value is None
    low, high = part[1:-1].split(",")
    return lambda v: v is not None and (low == "" or v > int(low)) and (high == "" or v <= int(high))


def test_totals_and_averages() -> None:
    assert (POOL.loans, POOL.currency) == (400, "CNY")
    assert POOL.balance == sum(loan.current_balance for loan in LOANS)
    assert POOL.original_balance == sum(loan.original_balance for loan in LOANS)
    assert POOL.average_balance == half_even(Fraction(POOL.balance, 400))
    assert POOL.average_original_balance == half_even(Fraction(POOL.original_balance, 400))


@pytest.mark.parametrize(
    ("figure", "field", "scale"),
    [
        ("wac", "rate_ppm", 1),
        ("wa_original_term", "original_term", 100),
        ("wam", "remaining_term", 100),
        ("wala", "seasoning", 100),
        ("wa_ltv", "ltv_ppm", 1),
        ("wa_credit_score", "credit_score", 100),
    ],
)
def test_weighted_averages_are_over_the_loans_that_state_the_field(figure: str, field: str, scale: int) -> None:
    found = getattr(POOL, figure)
    assert (found.value, found.loans, found.balance) == mean(LOANS, field, scale)
    assert (found.loans < 400) == (field != "rate_ppm")


def test_a_weighted_average_by_hand() -> None:
    loans = [replace(PLAIN, current_balance=100, rate_ppm=40_000), replace(PLAIN, current_balance=300, rate_ppm=50_001)]
    wac = pool_statistics(tape_of(loans)).wac
    assert wac is not None
    assert (wac.value, wac.loans, wac.balance) == (47_501, 2, 400)  # 47,500.75


@pytest.mark.parametrize(("rates", "expected"), [((1, 2), 2), ((2, 3), 2), ((0, 1), 0), ((3, 4), 4)])
def test_averages_round_half_to_even(rates: tuple[int, int], expected: int) -> None:
    wac = pool_statistics(tape_of([replace(PLAIN, rate_ppm=rate) for rate in rates])).wac
    assert wac is not None
    assert wac.value == expected


def test_borrowers_are_counted_only_where_every_loan_names_one() -> None:
    named = [replace(loan, borrower_id=loan.borrower_id or "B") for loan in LOANS]
    assert POOL.borrowers is None
    assert pool_statistics(tape_of(named)).borrowers == len({loan.borrower_id for loan in named})


def test_the_largest_borrowers_together() -> None:
    owed = by_borrower(LOANS)
    assert [(top.borrowers, top.balance) for top in POOL.top_borrowers] == [(n, sum(owed[:n])) for n in (5, 10, 20)]
    for top in POOL.top_borrowers:
        assert top.share == half_even(Fraction(top.balance * 10_000, POOL.balance))


def test_the_largest_borrowers_one_by_one_are_in_the_detail_under_pseudonyms() -> None:
    named = [loan for loan in LOANS if loan.borrower_id is not None]
    first = max(
        {loan.borrower_id for loan in named}, key=lambda b: sum(o.current_balance for o in named if o.borrower_id == b)
    )
    found = DETAIL.largest_borrowers[0]
    assert found.pseudonym == hmac.new(KEY, str(first).encode(), hashlib.sha256).digest()
    assert found.balance == sum(loan.current_balance for loan in named if loan.borrower_id == first)
    assert found.loans == sum(loan.borrower_id == first for loan in named)
    assert len(DETAIL.largest_borrowers) == 20
    assert pool_detail(tape_of(LOANS), b"another key").largest_borrowers[0].pseudonym != found.pseudonym


def test_extremes_are_in_the_detail_alone() -> None:
    balances = [loan.current_balance for loan in LOANS]
    terms = [loan.remaining_term for loan in LOANS if loan.remaining_term is not None]
    assert (DETAIL.smallest_balance, DETAIL.largest_balance) == (min(balances), max(balances))
    assert (DETAIL.shortest_remaining_term, DETAIL.longest_remaining_term) == (min(terms), max(terms))
    assert DETAIL.largest_balance not in figures_of(POOL)


def figures_of(record: object) -> set[int]:
    if isinstance(record, int):
        return {record}
    if isinstance(record, (str, bytes)) or record is None:
        return set()
    items = record if isinstance(record, tuple) else vars(record).values()
    return set().union(*(figures_of(item) for item in items)) if items else set()


@pytest.mark.parametrize("field", ["current_balance", *BAND_EDGES])
def test_every_range_holds_the_loans_that_it_says(field: str) -> None:
    for tables in (POOL.stratifications, DETAIL.stratifications):
        for band in table(tables, field).bands:
            held = [loan for loan in LOANS if any(within(part)(getattr(loan, field)) for part in band.parts)]
            assert (band.loans, band.balance, band.original_balance) == (
                len(held),
                sum(loan.current_balance for loan in held),
                sum(loan.original_balance for loan in held),
            )
            assert band.average_balance == half_even(Fraction(band.balance, band.loans))


@pytest.mark.parametrize("field", LISTED)
def test_every_value_holds_the_loans_that_it_says(field: str) -> None:
    for band in table(DETAIL.stratifications, field).bands:
        held = [loan for loan in LOANS if (getattr(loan, field) or "") == band.parts[0]]
        assert (band.loans, band.balance) == (len(held), sum(loan.current_balance for loan in held))


def test_every_table_foots_and_no_band_of_the_ledger_is_small() -> None:
    for strata in POOL.stratifications:
        for column in ("loans_share", "original_share", "balance_share"):
            assert sum(getattr(band, column) for band in strata.bands) == 10_000
        assert all(band.loans >= 5 for band in strata.bands)


def test_a_field_that_no_loan_states_has_no_table_and_no_average() -> None:
    pool = pool_statistics(tape_of([replace(loan, ltv_ppm=None, region=None) for loan in LOANS]))
    assert pool.wa_ltv is None
    assert not {"ltv_ppm", "region"} & {strata.field for strata in pool.stratifications}


def test_an_average_over_four_loans_stays_off_the_ledger() -> None:
    rare = [replace(PLAIN, credit_score=700 if number < 4 else None) for number in range(50)]
    assert pool_statistics(tape_of(rare)).wa_credit_score is None
    found = pool_statistics(tape_of([*rare, PLAIN])).wa_credit_score
    assert found is not None
    assert (found.value, found.loans) == (700_00, 5)


def test_a_pool_that_owes_nothing_has_no_averages() -> None:
    pool = pool_statistics(tape_of([replace(PLAIN, current_balance=0)] * 6))
    assert (pool.balance, pool.wac, pool.top_borrowers) == (0, None, ())


def test_statistics_are_canonical_records_and_do_not_depend_on_the_order_of_loans() -> None:
    assert from_bytes(PoolStatistics, to_bytes(POOL)) == POOL
    assert to_bytes(pool_statistics(tape_of(LOANS[::-1]))) == to_bytes(POOL)
    assert pool_detail(tape_of(LOANS[::-1]), KEY) == DETAIL


def test_products_beyond_any_machine_word_are_exact() -> None:
    most = 2**63 - 1
    frame = tape_of([replace(PLAIN, current_balance=most, rate_ppm=most - number) for number in range(3)]).frame
    balances, rates = frame["current_balance"], frame["rate_ppm"]
    assert exact_sum(balances) == 3 * most
    assert exact_dot(balances, rates) == most * most + most * (most - 1) + most * (most - 2)
    assert exact_dot(balances, rates) > 2**127


def test_a_total_beyond_the_ledger_is_refused_by_name() -> None:
    with pytest.raises(FigureTooLarge) as refusal:
        pool_statistics(tape_of([replace(PLAIN, current_balance=2**62)] * 2))
    assert refusal.value.facts == {"field": "current_balance", "total": str(2**63)}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**50),
            st.integers(0, 1_000_000),
            st.none() | st.integers(-40, 400),
            st.none() | st.sampled_from(["上海市", "Ohio", "CA", "NY"]),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_whatever_the_pool_the_figures_are_those_of_the_oracle(
    rows: list[tuple[int, int, int | None, str | None]],
) -> None:
    loans = [
        replace(PLAIN, current_balance=balance, rate_ppm=rate, remaining_term=term, region=region)
        for balance, rate, term, region in rows
    ]
    pool = pool_statistics(tape_of(loans))  # the record itself checks that every table foots
    assert pool.balance == sum(balance for balance, *_ in rows)
    if pool.balance:
        assert pool.wac is not None
        assert pool.wac.value == mean(loans, "rate_ppm")[0]
    assert all(band.loans >= min(5, len(rows)) for strata in pool.stratifications for band in strata.bands)
    assert pool.average_balance <= balance_edges(pool.average_balance)[-1]


def test_sums_by_band_are_exact_where_no_machine_number_holds_them() -> None:
    values = np.array([2**62, 2**62, 2**62, -1, 2**53 + 1], np.int64)
    bands = np.array([0, 0, 0, 1, 1], np.int64)
    column = Column(values, np.ones(5, np.bool_))
    assert column.totals(bands, 3) == [3 * 2**62, 2**53, 0]
    assert column.total() == 3 * 2**62 + 2**53
    assert column.dot(column) == 3 * 2**124 + 1 + (2**53 + 1) ** 2
