"""No byte of an evidence file is without meaning: whichever is changed, the verification fails, and never otherwise."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainfusion.domain.canonical import canonical
from chainfusion.ledger.evidence.evidence_file import SubjectKind
from chainfusion.verify import verify
from tests.support.harbour import Harbour, harbour, loan_opening, report_opening

RELAXED = settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))


def subjects(port: Harbour) -> list[bytes]:
    """One evidence file of each kind; the loan's with a bridge to another checkpoint, so that every field is used."""
    bridge = port.builder.checkpoint(7)
    return [
        port.evidence(SubjectKind.LOAN, port.pool, loan=loan_opening(5), trusted=bridge),
        port.evidence(SubjectKind.DOCUMENT, port.report, document=report_opening()),
        port.of_pool(),
        port.of_admission(),
    ]


FILES = subjects(harbour())


def assert_changed_bytes_noticed(count: int, seed: int) -> None:
    port, choice = harbour(), random.Random(seed)
    for _ in range(count):
        whole = choice.choice(FILES)
        at, mask = choice.randrange(len(whole)), choice.randrange(1, 256)
        changed = whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :]
        assert not verify(changed, port.builder.trust).ok, (at, mask, whole[max(0, at - 40) : at + 40])


def test_a_changed_byte_is_always_noticed() -> None:
    assert_changed_bytes_noticed(2_000, seed=1)


@pytest.mark.soak
def test_ten_thousand_changed_bytes_are_all_noticed() -> None:
    assert_changed_bytes_noticed(10_000, seed=2)


def test_every_byte_that_stays_readable_is_noticed() -> None:
    """Every digit of hexadecimal and base64 turned into another: the file still parses, and only proofs can object."""
    port = harbour()
    whole = FILES[0]
    choice = random.Random(3)
    places = [at for at, byte in enumerate(whole) if byte in b"0123456789abcdef"]
    for at in choice.sample(places, 1_500):
        digits = b"0123456789" if whole[at] in b"0123456789" else b"abcdef"
        other = choice.choice([digit for digit in digits if digit != whole[at]])
        changed = whole[:at] + bytes([other]) + whole[at + 1 :]
        assert not verify(changed, port.builder.trust).ok, (at, whole[max(0, at - 40) : at + 40])


@RELAXED
@given(st.binary(max_size=400))
def test_no_bytes_raise(data: bytes) -> None:
    assert not verify(data, harbour().builder.trust).ok
    assert not verify(FILES[2], data).ok


@RELAXED
@given(st.data())
def test_cut_joined_and_repeated_files_do_not_raise(data: st.DataObject) -> None:
    whole = FILES[2]
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(0, len(whole)))
    pieces = whole[:start] + data.draw(st.binary(max_size=8)) + whole[end:]
    assert verify(pieces, harbour().builder.trust).ok == (pieces == whole)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.sampled_from(["00" * 32, "chainfusion-evidence-v1", "2026-01-31T08:00:00.000000Z", "RegistryMSP", "VALID"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "args", "msp"]), inner, max_size=3)
    ),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values in a JSON value."""
    found = [path]
    if isinstance(value, dict):
        found += [each for key, item in value.items() for each in places(item, (*path, key))]
    if isinstance(value, list):
        found += [each for index, item in enumerate(value) for each in places(item, (*path, index))]
    return found


PARSED = {kind: json.loads(data) for kind, data in enumerate(FILES)}
PLACES = {kind: places(value)[1:] for kind, value in PARSED.items()}


@RELAXED
@given(st.data())
def test_any_value_put_anywhere_fails_without_raising(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(PARSED)))
    evidence = json.loads(canonical(PARSED[kind]))
    path = data.draw(st.sampled_from(PLACES[kind]))
    holder = evidence
    for part in path[:-1]:
        holder = holder[part]
    before = holder[path[-1]]
    match data.draw(st.sampled_from(["put", "drop", "twice"])):
        case "put":
            holder[path[-1]] = data.draw(VALUES)
        case "drop":
            del holder[path[-1]]
        case _ if isinstance(holder, list):
            holder.append(before)
        case _:
            holder["another"] = before
    changed = canonical(evidence)
    assert verify(changed, harbour().builder.trust).ok == (changed == canonical(PARSED[kind]))
