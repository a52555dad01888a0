"""Numbers that people write into forms and addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.domain.text import whole_number


@given(st.integers(0, 9_999_999))
def test_a_whole_number_is_what_its_digits_say(number: int) -> None:
    assert whole_number(str(number)) == number
    assert whole_number(str(number), len(str(number)) - 1) is None


@pytest.mark.parametrize("word", ["", "-1", "+1", " 1", "1 ", "1_0", "1.0", "1e3", "٣", "²", "12345678", "0x1"])
def test_what_is_none_is_told_so(word: str) -> None:
    assert whole_number(word) is None
