"""A request is recorded once, however often and however concurrently it is sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from chainfusion.ledger.port import TransactionRefused, TransactionState
from tests.support.ledger import Desk, sign


def test_a_repeat_returns_the_first_receipt(desk: Desk) -> None:
    first = desk.submit("probe.count_up", request="r1", key="n")
    desk.consortium.clock.now += timedelta(minutes=1)
    assert desk.submit("probe.count_up", request="r1", key="n") == first
    assert desk.ledger.state("n") == b"1"
    assert desk.ledger.height() == 2


def test_a_repeat_of_an_invalid_transaction_stays_invalid(desk: Desk) -> None:
    first = desk.submit("probe.refuse", request="r1", what="this")
    assert desk.submit("probe.refuse", request="r1", what="this") == first
    assert first.state is TransactionState.INVALID


def test_the_same_bytes_long_after_return_the_first_receipt(desk: Desk) -> None:
    signed = desk.consortium.signed(desk.person, "probe.count_up", key="n")
    first = desk.ledger.record(signed, desk.person.certificate_der)
    desk.consortium.clock.now += timedelta(days=20_000)  # the certificate is long out of date
    assert desk.ledger.record(signed, desk.person.certificate_der) == first


def test_an_id_stands_for_one_request(desk: Desk) -> None:
    desk.submit("probe.put", request="r1", key="k", value="v")
    with pytest.raises(TransactionRefused, match="DUPLICATE_TXID"):
        desk.submit("probe.put", request="r1", key="k", value="another")
    with pytest.raises(TransactionRefused, match="DUPLICATE_TXID"):
        desk.submit("probe.delete", request="r1", key="k")
    assert desk.ledger.state("k") == b"v"


def test_an_unsigned_repeat_learns_nothing(desk: Desk) -> None:
    desk.submit("probe.put", request="r1", key="k", value="v")
    again = desk.consortium.signed(desk.person, "probe.put", request="r1", key="k", value="v")
    forged = replace(again, signature=again.signature[:-1] + bytes([again.signature[-1] ^ 1]))
    with pytest.raises(TransactionRefused, match="BAD_SIGNATURE"):
        desk.ledger.record(forged, desk.person.certificate_der)


def test_concurrent_repeats_are_one_transaction(desk: Desk) -> None:
    proposal = desk.consortium.proposal(desk.person, "probe.count_up", request="r1", key="n")
    attempts = [sign(desk.person, proposal) for _ in range(64)]
    with ThreadPoolExecutor(64) as pool:
        receipts = list(pool.map(lambda each: desk.ledger.record(each, desk.person.certificate_der), attempts))
    assert len(set(receipts)) == 1
    assert desk.ledger.state("n") == b"1"


def test_repeats_in_one_block_are_one_transaction(desk: Desk) -> None:
    """Other waiting work keeps the committer busy, so that these meet in one batch."""
    proposal = desk.consortium.proposal(desk.person, "probe.count_up", request="r1", key="n")
    other = desk.consortium.proposal(desk.person, "probe.count_up", request="r1", key="m")
    work = [desk.consortium.signed(desk.person, "probe.put", key="k", value=str(number)) for number in range(20)]
    send = desk.ledger.record_soon
    busy = [send(each, desk.person.certificate_der) for each in work]
    repeats = [send(sign(desk.person, proposal), desk.person.certificate_der) for _ in range(20)]
    clash = send(sign(desk.person, other), desk.person.certificate_der)
    assert len({future.result() for future in repeats}) == 1
    assert len({future.result().tx_id for future in busy}) == 20
    with pytest.raises(TransactionRefused, match="DUPLICATE_TXID"):
        clash.result()
    assert (desk.ledger.state("n"), desk.ledger.state("m")) == (b"1", None)


def test_a_forgery_does_not_take_the_place_of_the_true_transaction(desk: Desk) -> None:
    signed = desk.consortium.signed(desk.person, "probe.count_up", request="r1", key="n")
    forged = replace(signed, signature=sign(desk.person, replace(signed.proposal, operation="x")).signature)
    futures = [desk.ledger.record_soon(each, desk.person.certificate_der) for each in (forged, signed, forged)]
    assert futures[1].result().code == "VALID"
    for future in (futures[0], futures[2]):
        with pytest.raises(TransactionRefused, match="BAD_SIGNATURE"):
            future.result()
