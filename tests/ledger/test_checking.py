"""Signatures checked in a process of its own: the same answers as here, whatever becomes of the process."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from chainfusion.ledger.embedded.admission import Admitted, admit
from chainfusion.ledger.embedded.checking import WORTH_IT, SignatureChecker, refusals_of
from chainfusion.ledger.embedded.checking_process import READY, serve
from tests.support.ledger import Desk

BATCH = 2 * WORTH_IT


@pytest.fixture
def checker() -> Iterator[SignatureChecker]:
    made = SignatureChecker()
    made._is_wanted = True  # on a machine of one core too
    yield made
    made.close()


def admitted(desk: Desk, bad: frozenset[int] = frozenset(), count: int = BATCH) -> list[Admitted]:
    """Signed calls, some of them signed by something else."""
    found = []
    for number in range(count):
        call = desk.consortium.signed(desk.person, "probe.count_up", key="n")
        if number in bad:
            call = replace(call, signature=desk.person.sign(b"something else"))
        registry = desk.consortium.registry
        found.append(admit(call, desk.person.certificate_der, {}, call.proposal.channel, registry))
    return found


def ready(checker: SignatureChecker, desk: Desk) -> SignatureChecker:
    """The checker once its process answers."""
    end = time.monotonic() + 60
    while not checker._has_process():
        assert time.monotonic() < end
        time.sleep(0.02)
    return checker


def told(checker: SignatureChecker, batch: list[Admitted]) -> list[str | None]:
    return [None if refusal is None else refusal.facts["reason"] for refusal in checker.begin(batch)()]


def test_the_process_finds_what_is_found_here(checker: SignatureChecker, desk: Desk) -> None:
    ready(checker, desk)
    batch = admitted(desk, bad=frozenset({0, 5, BATCH - 1}))
    here = [None if refusal is None else refusal.facts["reason"] for refusal in refusals_of(batch)]
    assert told(checker, batch) == here
    assert here.count("BAD_SIGNATURE") == 3


def test_batches_are_answered_in_the_order_in_which_they_were_begun(checker: SignatureChecker, desk: Desk) -> None:
    ready(checker, desk)
    first, second = admitted(desk, frozenset({1})), admitted(desk, frozenset({2}))
    answers = [checker.begin(batch) for batch in (first, second)]
    assert [[place for place, refusal in enumerate(answer()) if refusal] for answer in answers] == [[1], [2]]


def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next(checker: SignatureChecker, desk: Desk) -> None:
    ready(checker, desk)
    checker.begin(admitted(desk))
    checker.begin(admitted(desk, frozenset({4}), count=BATCH + 3))
    assert [place for place, reason in enumerate(told(checker, admitted(desk, frozenset({2})))) if reason] == [2]


def test_an_answer_asked_for_too_late_is_found_here(checker: SignatureChecker, desk: Desk) -> None:
    ready(checker, desk)
    late = checker.begin(admitted(desk, frozenset({1})))
    told(checker, admitted(desk))
    assert [place for place, refusal in enumerate(late()) if refusal] == [1]


@pytest.mark.parametrize("signature", [b"", b"\x30", b"x" * 300, bytes(72)])
def test_odd_signatures_are_refused_and_harm_no_other(checker: SignatureChecker, desk: Desk, signature: bytes) -> None:
    ready(checker, desk)
    batch = admitted(desk)
    batch[3].transaction = replace(batch[3].transaction, signature=signature)
    assert [place for place, reason in enumerate(told(checker, batch)) if reason] == [3]


def test_a_process_that_ends_is_done_without(checker: SignatureChecker, desk: Desk) -> None:
    ready(checker, desk)
    batch = admitted(desk, bad=frozenset({7}))
    answer = checker.begin(batch)
    process = checker._process
    assert process is not None
    process.kill()
    process.wait()
    assert [place for place, refusal in enumerate(answer()) if refusal] == [7]
    assert [place for place, reason in enumerate(told(checker, batch)) if reason] == [7]


def test_a_few_are_checked_here_and_start_no_process(checker: SignatureChecker, desk: Desk) -> None:
    assert told(checker, admitted(desk, count=WORTH_IT - 1)) == [None] * (WORTH_IT - 1)
    assert checker._process is None


def test_closing_ends_the_process(checker: SignatureChecker, desk: Desk) -> None:
    process = ready(checker, desk)._process
    assert process is not None
    checker.close()
    assert process.returncode is not None


def test_the_process_ends_with_its_input() -> None:
    answers = io.BytesIO()
    serve(io.BytesIO(b""), answers)
    assert answers.getvalue() == READY
