"""Canonical JSON: one spelling for each value, and no other is read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.domain.canonical import NotCanonical, canonical, fingerprint, parse_canonical

INTEGERS = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.text(st.characters(max_codepoint=127))
VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_reads_back_what_it_wrote(value: object) -> None:
    assert parse_canonical(canonical(value)) == value


@given(VALUES, st.data())
def test_every_changed_byte_is_refused_or_another_value(value: object, data: st.DataObject) -> None:
    encoded = bytearray(canonical(value))
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] ^= data.draw(st.integers(1, 255))
    try:
        changed = parse_canonical(bytes(encoded))
    except NotCanonical:
        return
    assert canonical(changed) != canonical(value)


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    try:
        value = parse_canonical(data)
    except NotCanonical:
        return
    assert canonical(value) == data


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": 1}',
        b'{"b":1,"a":1}',
        b'{"a":1,"a":1}',
        b"1.0",
        b"1e3",
        b"-0",
        b"NaN",
        b"01",
        b'"\\u0041"',
        b'"\\ud800"',
        b" 1",
        b"1\n",
        b"",
        b"\xff",
        b"9223372036854775808",
        b"[" * 100_000,
        b"1" * 5000,
    ],
)
def test_other_spellings_are_refused(data: bytes) -> None:
    with pytest.raises(NotCanonical):
        parse_canonical(data)


@pytest.mark.parametrize("value", [1.5, {"键": 1}, {1: 2}, 2**63, "\ud800", b"bytes", {1, 2}, float("nan")])
def test_values_without_a_canonical_form_are_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


def test_known_answers() -> None:
    value = {"b": [1, True, None], "a": '东海\n"\\\u0001', "A": -1}
    assert canonical(value) == '{"A":-1,"a":"东海\\n\\"\\\\\\u0001","b":[1,true,null]}'.encode()
    assert json.loads(canonical(value)) == value
    assert fingerprint({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize("depth", [66, 900, 1500, 100_000])
def test_deep_nesting_is_refused_whatever_stack_is_left(depth: int) -> None:
    with pytest.raises(NotCanonical):
        parse_canonical(b"[" * depth + b"]" * depth)


@given(st.sampled_from(["%s", "[%s]", '{"a":%s}', "[1,%s]", '{"a":[0,%s,1]}']), st.integers(2**63, 10**40))
def test_integers_beyond_64_bits_are_refused_wherever_they_stand(where: str, beyond: int) -> None:
    for number in (beyond, -beyond - 1):
        with pytest.raises(NotCanonical, match="64 bits"):
            parse_canonical((where % number).encode())


@pytest.mark.parametrize("where", ["%s", "[%s]", '{"a":%s}', "[1,%s]"])
def test_digits_in_a_text_are_no_integer(where: str) -> None:
    data = (where % f'"{"9" * 64}"').encode()
    assert canonical(parse_canonical(data)) == data
