"""Whose signature counts on an envelope: a person's of that member, whose certificate the ledger knows."""

from __future__ import annotations

from typing import Any

import pytest

from chainfusion.domain.membership_refusals import NotAMember
from chainfusion.ledger.port import NotOnLedger
from chainfusion.node.members import Members
from tests.support.consortium import Consortium
from tests.support.identities import make_member

MESSAGE = b"an envelope"


class Knowing:
    """A ledger that knows some more certificates than were recorded."""

    def __init__(self, ledger: Any, *certificates: Any) -> None:
        self._ledger = ledger
        self._more = {each.certificate_fingerprint: each.certificate_der for each in certificates}

    def certificate(self, fingerprint: str) -> bytes:
        return self._more.get(fingerprint) or self._ledger.certificate(fingerprint)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


def test_a_person_whose_transaction_was_recorded_signs(consortium: Consortium) -> None:
    signer = consortium.members["YunjinMSP"].user("representative", ["representative"])  # type: ignore[list-item]
    members = Members(consortium.ledger)
    fingerprint = signer.certificate_fingerprint
    assert members.signed("YunjinMSP", fingerprint, MESSAGE, signer.sign(MESSAGE))
    assert not members.signed("YunjinMSP", fingerprint, b"another", signer.sign(MESSAGE))
    assert not members.signed("DonghaiMSP", fingerprint, MESSAGE, signer.sign(MESSAGE))
    assert not members.signed("StrangerMSP", fingerprint, MESSAGE, signer.sign(MESSAGE))


def test_a_certificate_that_the_ledger_does_not_know_signs_nothing(consortium: Consortium) -> None:
    signer = consortium.members["YunjinMSP"].user("nobody-yet")
    with pytest.raises(NotOnLedger):
        consortium.ledger.certificate(signer.certificate_fingerprint)
    signature = signer.sign(MESSAGE)
    assert not Members(consortium.ledger).signed("YunjinMSP", signer.certificate_fingerprint, MESSAGE, signature)


def test_a_node_s_key_signs_blocks_and_no_documents(consortium: Consortium) -> None:
    node = consortium.members["YunjinMSP"].node
    members = Members(Knowing(consortium.ledger, node))
    assert not members.signed("YunjinMSP", node.certificate_fingerprint, MESSAGE, node.sign(MESSAGE))


def test_a_certificate_of_another_ca_of_the_same_name_signs_nothing(consortium: Consortium) -> None:
    impostor = make_member("YunjinMSP").user("YJ-0077")
    members = Members(Knowing(consortium.ledger, impostor))
    assert not members.signed("YunjinMSP", impostor.certificate_fingerprint, MESSAGE, impostor.sign(MESSAGE))


def test_members_are_found_by_id_and_strangers_refused(consortium: Consortium) -> None:
    members = Members(consortium.ledger)
    assert members.member("YunjinMSP").name == "Yunjin Trust"
    with pytest.raises(NotAMember):
        members.encryption_key("StrangerMSP")
