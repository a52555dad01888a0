"""Two versions differ where their documents do, and nowhere exactly if they have one fingerprint."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chainfusion.cashflow.text.difference import Change, differences
from tests.support.scene import TERMS


def test_a_value_a_part_and_an_order_are_changes() -> None:
    assert differences(TERMS, TERMS) == ()
    richer = replace(TERMS, pool_balance=TERMS.pool_balance + 1)
    assert differences(TERMS, richer) == (Change("pool_balance", "37_193_021.80", "37_193_021.81"),)
    without = replace(TERMS, parties=TERMS.parties[:1])
    paths = [each.path for each in differences(TERMS, without)]
    assert paths and all(path.startswith("parties.backup") for path in paths)
    assert all(each.after is None for each in differences(TERMS, without))
    assert all(each.before is None for each in differences(without, TERMS))


def test_steps_in_another_order_are_a_change() -> None:
    normal = TERMS.lists[0]
    turned = replace(TERMS, lists=(replace(normal, steps=normal.steps[::-1]), *TERMS.lists[1:]))
    assert turned.fingerprint() != TERMS.fingerprint()
    assert [each.path for each in differences(TERMS, turned)] == ["waterfalls.normal.steps"]


@given(st.permutations(TERMS.tranches), st.permutations(TERMS.fees), st.integers(1, 2))
def test_no_change_is_the_same_fingerprint(tranches: list[object], fees: list[object], extra: int) -> None:
    other = replace(TERMS, tranches=tuple(tranches), fees=tuple(fees), pool_balance=TERMS.pool_balance + extra - 1)
    assert (differences(TERMS, other) == ()) == (TERMS.fingerprint() == other.fingerprint())
