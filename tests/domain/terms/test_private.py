"""Private terms: bounds are open, the value is proved by its fingerprint."""

from __future__ import annotations

import pytest

from chainfusion.domain.terms.formula import Kind
from chainfusion.domain.terms.private import PrivateTermDiffers, Side, at_bound, commitment, supplied
from tests.cashflow.text.small import small

SALT = bytes(range(16))
RATE = 350_000


def terms():  # type: ignore[no-untyped-def]
    mark = commitment(RATE, Kind.RATIO, SALT)
    term = f"private:\n  rate: {{at_least: 0%, at_most: 1%, fingerprint: {mark}}}\nparties:"
    return small(("parties:", term), ("yearly: 0.6% * pool.opening", "yearly: rate * pool.opening"))


def test_either_bound_and_the_value_itself() -> None:
    assert at_bound(terms(), Side.LOW) == {"rate": 0}
    assert at_bound(terms(), Side.HIGH) == {"rate": 1_000_000}
    assert supplied(terms(), {"rate": (RATE, SALT)}) == {"rate": RATE}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"rate": (RATE + 1, SALT)}, "fingerprint"),
        ({"rate": (RATE, SALT[::-1])}, "fingerprint"),
        ({"rate": (RATE, b"short")}, "fingerprint"),
        ({"rate": (1_000_001, SALT)}, "bounds"),
        ({"fee": (RATE, SALT)}, "no such"),
    ],
)
def test_another_value_is_refused(given: dict[str, tuple[int, bytes]], why: str) -> None:
    with pytest.raises(PrivateTermDiffers) as refused:
        supplied(terms(), given)
    assert why in refused.value.facts["why"]


def test_the_fingerprint_binds_kind_value_and_salt() -> None:
    marks = {commitment(v, k, s) for v in (1, 2) for k in (Kind.RATIO, Kind.MONEY) for s in (SALT, SALT[::-1])}
    assert len(marks) == 8
    with pytest.raises(ValueError, match="16 random bytes"):
        commitment(1, Kind.RATIO, b"x")


def test_a_fingerprint_without_a_salt_is_refused_by_the_terms() -> None:
    with pytest.raises(Exception, match="fingerprint"):
        small(("parties:", "private:\n  rate: {at_least: 0%, at_most: 1%, fingerprint: abc}\nparties:"))
