"""A transaction is sent until a block has it, and a gateway's word that it failed is checked first."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest
from fabric_protos.gateway import gateway_pb2 as gateway
from fabric_protos.peer import transaction_pb2 as transactions

from chainfusion.ledger.fabric.network import lifecycle
from chainfusion.ledger.fabric.network.lifecycle import PeerClient
from chainfusion.ledger.fabric.network.wire import NodeRefused

VALID = gateway.CommitStatusResponse(result=transactions.TxValidationCode.VALID, block_number=7)


class Failed(grpc.RpcError):
    def __init__(self, code: grpc.StatusCode) -> None:
        self._code = code

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return f"it failed with {self._code.name}"

    def trailing_metadata(self) -> tuple[tuple[str, bytes], ...]:
        return (("grpc-status-details-bin", b"\x00orderer 2 is not there\x00"),)


class Gateway:
    """Answers as its script says, and counts what was sent."""

    def __init__(self, submits: list[grpc.StatusCode | None], statuses: list[grpc.StatusCode | None]) -> None:
        self.submits, self.statuses, self.sent = iter(submits), iter(statuses), 0

    def Submit(self, request: gateway.SubmitRequest, timeout: float) -> None:
        self.sent += 1
        _next(self.submits)

    def CommitStatus(self, question: gateway.SignedCommitStatusRequest, timeout: float) -> gateway.CommitStatusResponse:
        _next(self.statuses)
        return VALID


def _next(script: Iterator[grpc.StatusCode | None]) -> None:
    code = next(script)
    if code is not None:
        raise Failed(code)


def recorded(stub: Gateway) -> int:
    peer = PeerClient("peer.A", None, None)
    status = peer._recorded(stub, gateway.SubmitRequest(), gateway.SignedCommitStatusRequest(), "a call")
    return int(status.block_number)


BUSY, LATE, WRONG = grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.PERMISSION_DENIED


def test_what_orderers_took_is_not_sent_again_though_the_gateway_says_it_failed() -> None:
    stub = Gateway([BUSY], [None])
    assert recorded(stub) == 7
    assert stub.sent == 1


def test_what_no_block_has_is_sent_again() -> None:
    stub = Gateway([BUSY, BUSY, None], [LATE, LATE, None])
    assert recorded(stub) == 7
    assert stub.sent == 3


def test_what_will_not_pass_is_refused_with_the_words_of_the_nodes_behind() -> None:
    stub = Gateway([WRONG], [])
    with pytest.raises(NodeRefused, match="PERMISSION_DENIED; orderer 2 is not there"):
        recorded(stub)
    assert stub.sent == 1


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "PATIENCE_SECONDS", -1)
    stub = Gateway([BUSY], [LATE])
    with pytest.raises(NodeRefused, match="UNAVAILABLE"):
        recorded(stub)
