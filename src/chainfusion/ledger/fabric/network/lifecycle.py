"""A peer's life in a channel, through its own system chaincodes: join; install, approve and commit a chaincode."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from fabric_protos.common import common_pb2 as common
from fabric_protos.gateway import gateway_pb2 as gateway
from fabric_protos.gateway import gateway_pb2_grpc as gateway_services
from fabric_protos.peer import collection_pb2 as collections
from fabric_protos.peer import peer_pb2_grpc as peer_services
from fabric_protos.peer import proposal_response_pb2 as responses
from fabric_protos.peer import transaction_pb2 as transactions
from fabric_protos.peer.lifecycle import lifecycle_pb2 as lifecycle

from chainfusion.ledger.fabric.network.wire import Asked, NodeRefused, propose, serialized, transaction
from chainfusion.ledger.port import Signer

LIFECYCLE, CONFIGURATION = "_lifecycle", "cscc"
PATIENCE_SECONDS, SOON_SECONDS = 60, 3
PASSING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED, grpc.StatusCode.DEADLINE_EXCEEDED)
"""What a gateway answers while orderers elect a leader, or while no block has a transaction yet."""


@dataclass(frozen=True)
class Definition:
    """A chaincode as a channel's members agree on it."""

    name: str
    version: str
    sequence: int
    package_id: str
    collections: bytes = b""
    """A serialized CollectionConfigPackage, empty where no collection is declared."""

    @property
    def shared(self) -> dict[str, Any]:
        """The fields that approval, commit and questions have in common."""
        declared = collections.CollectionConfigPackage.FromString(self.collections)
        fields: dict[str, Any] = {"name": self.name, "version": self.version, "sequence": self.sequence}
        return fields | ({"collections": declared} if self.collections else {})


@dataclass(frozen=True)
class PeerClient:
    """One organisation's peer, spoken to as an administrator of the organisation."""

    name: str
    channel: grpc.Channel
    signer: Signer

    def join(self, block: bytes) -> None:
        """Joins the channel that begins with this block; joining again does nothing. Raises: NodeRefused."""
        asked = propose(self.signer, "", CONFIGURATION, [b"JoinChain", block])
        try:
            self.endorse(asked, "a channel's first block", patient=True)
        except NodeRefused as error:
            if "already exists" not in error.facts["why"]:
                raise

    def install(self, package: bytes) -> None:
        """Installs a chaincode package; installing again does nothing. Raises: NodeRefused."""
        args = lifecycle.InstallChaincodeArgs(chaincode_install_package=package).SerializeToString()
        asked = propose(self.signer, "", LIFECYCLE, [b"InstallChaincode", args])
        try:
            self.endorse(asked, "a chaincode package", patient=True)
        except NodeRefused as error:
            if "already successfully installed" not in error.facts["why"]:
                raise

    def approve(self, channel: str, what: Definition) -> None:
        """Approves a definition for the peer's organisation. Raises: NodeRefused."""
        source = lifecycle.ChaincodeSource(local_package=lifecycle.ChaincodeSource.Local(package_id=what.package_id))
        args = lifecycle.ApproveChaincodeDefinitionForMyOrgArgs(source=source, **what.shared)
        name = b"ApproveChaincodeDefinitionForMyOrg"
        asked = propose(self.signer, channel, LIFECYCLE, [name, args.SerializeToString()])
        self.record(channel, asked, [self.endorse(asked, "an approval")], "an approval")

    def commit(self, channel: str, what: Definition, peers: Sequence[PeerClient]) -> None:
        """Commits a definition that these peers' organisations have approved. Raises: NodeRefused."""
        args = lifecycle.CommitChaincodeDefinitionArgs(**what.shared)
        asked = propose(self.signer, channel, LIFECYCLE, [b"CommitChaincodeDefinition", args.SerializeToString()])
        answers = [peer.endorse(asked, "a chaincode definition") for peer in peers]
        self.record(channel, asked, answers, "a chaincode definition")

    def commit_together(self, channel: str, what: Definition) -> None:
        """Commits a definition with the endorsements that this peer's gateway gathers from the others' peers.

        Peers that have not seen every approval yet endorse other results: they are asked again. Raises: NodeRefused.
        """
        args = lifecycle.CommitChaincodeDefinitionArgs(**what.shared)
        asked = propose(self.signer, channel, LIFECYCLE, [b"CommitChaincodeDefinition", args.SerializeToString()])
        stub = gateway_services.GatewayStub(self.channel)
        request = gateway.EndorseRequest(
            transaction_id=asked.tx_id, channel_id=channel, proposed_transaction=asked.signed
        )
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                prepared = stub.Endorse(request, timeout=PATIENCE_SECONDS).prepared_transaction
                break
            except grpc.RpcError as error:
                if time.monotonic() > end:
                    raise NodeRefused(node=self.name, what="a chaincode definition", why=_why(error)) from None
            time.sleep(0.3)
        prepared.signature = self.signer.sign(prepared.payload)
        self._settle(channel, asked.tx_id, prepared, "a chaincode definition")

    def committed(self, channel: str, name: str) -> int:
        """The sequence of a committed chaincode, 0 where there is none. Raises: NodeRefused."""
        found = self.definition(channel, name)
        return 0 if found is None else found.sequence

    def definition(self, channel: str, name: str) -> Definition | None:
        """The committed definition of a chaincode, as this peer has it; it names no package. Raises: NodeRefused."""
        args = lifecycle.QueryChaincodeDefinitionArgs(name=name).SerializeToString()
        data = self._asked(channel, b"QueryChaincodeDefinition", args, "not defined")
        if data is None:
            return None
        found = lifecycle.QueryChaincodeDefinitionResult.FromString(data)
        declared = found.collections.SerializeToString(deterministic=True)
        return Definition(name, found.version, int(found.sequence), "", declared)

    def has_approved(self, channel: str, what: Definition) -> bool:
        """Whether this peer's organisation has approved a definition, package included. Raises: NodeRefused."""
        args = lifecycle.QueryApprovedChaincodeDefinitionArgs(name=what.name, sequence=what.sequence)
        words = args.SerializeToString()
        data = self._asked(channel, b"QueryApprovedChaincodeDefinition", words, "could not fetch approved")
        if data is None:
            return False
        found = lifecycle.QueryApprovedChaincodeDefinitionResult.FromString(data)
        declared = found.collections.SerializeToString(deterministic=True)
        ours = found.source.local_package.package_id == what.package_id
        return ours and (found.version, declared) == (what.version, what.collections)

    def _asked(self, channel: str, function: bytes, args: bytes, absent: str) -> bytes | None:
        """The answer of a reading call, None where the peer says that it has no such thing. Raises: NodeRefused."""
        try:
            answer = self.endorse(propose(self.signer, channel, LIFECYCLE, [function, args]), "a question")
        except NodeRefused as error:
            if absent in error.facts["why"]:
                return None
            raise
        return bytes(answer.response.payload)

    def await_approved(self, channel: str, what: Definition, msps: Sequence[str]) -> None:
        """Waits until this peer has seen the approvals of these organisations. Raises: NodeRefused.

        Peers that have seen different approvals endorse different results.
        """
        args = lifecycle.CheckCommitReadinessArgs(**what.shared)

        def seen() -> bool:
            words = [b"CheckCommitReadiness", args.SerializeToString()]
            answer = self.endorse(propose(self.signer, channel, LIFECYCLE, words), "a question")
            found = lifecycle.CheckCommitReadinessResult.FromString(answer.response.payload)
            return all(found.approvals[msp] for msp in msps)

        self._await(seen, "approvals are missing")

    def await_committed(self, channel: str, name: str, sequence: int = 1) -> None:
        """Waits until this peer has the chaincode's definition, this one or a later one. Raises: NodeRefused."""
        self._await(lambda: self.committed(channel, name) >= sequence, f"{name} is not committed")

    def _await(self, holds: Callable[[], bool], otherwise: str) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            if time.monotonic() > end:
                raise NodeRefused(node=self.name, what="a question", why=otherwise)
            time.sleep(0.1)

    def endorse(self, asked: Asked, what: str, *, patient: bool = False) -> responses.ProposalResponse:
        """The peer's endorsement; `patient` waits for a peer that is starting. Raises: NodeRefused."""
        stub = peer_services.EndorserStub(self.channel)
        try:
            answer = stub.ProcessProposal(asked.signed, timeout=PATIENCE_SECONDS, wait_for_ready=patient)
        except grpc.RpcError as error:
            raise NodeRefused(node=self.name, what=what, why=str(error.details())) from None
        if not 200 <= answer.response.status < 400:
            raise NodeRefused(node=self.name, what=what, why=answer.response.message)
        return answer

    def record(self, channel: str, asked: Asked, answers: Sequence[responses.ProposalResponse], what: str) -> int:
        """Has an endorsed transaction ordered and waits for its block, whose number it gives. Raises: NodeRefused."""
        return self._settle(channel, asked.tx_id, transaction(self.signer, asked, answers), what)

    def _settle(self, channel: str, tx_id: str, envelope: common.Envelope, what: str) -> int:
        stub = gateway_services.GatewayStub(self.channel)
        request = gateway.SubmitRequest(transaction_id=tx_id, channel_id=channel, prepared_transaction=envelope)
        question = gateway.CommitStatusRequest(
            transaction_id=tx_id, channel_id=channel, identity=serialized(self.signer)
        ).SerializeToString()
        signed = gateway.SignedCommitStatusRequest(request=question, signature=self.signer.sign(question))
        status = self._recorded(stub, request, signed, what)
        if status.result != transactions.TxValidationCode.VALID:
            why = transactions.TxValidationCode.Name(status.result)
            raise NodeRefused(node=self.name, what=what, why=why)
        return int(status.block_number)

    def _recorded(
        self,
        stub: gateway_services.GatewayStub,
        request: gateway.SubmitRequest,
        question: gateway.SignedCommitStatusRequest,
        what: str,
    ) -> gateway.CommitStatusResponse:
        """Sends until a block has it. A gateway says "insufficient number of orderers" of what they have taken as well:
        so its word is checked by asking for the status before sending again, which the transaction's id makes harmless.
        """
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            error = _failure(lambda: stub.Submit(request, timeout=PATIENCE_SECONDS))
            if error is not None and error.code() not in PASSING:
                raise NodeRefused(node=self.name, what=what, why=_why(error))
            try:
                return stub.CommitStatus(question, timeout=PATIENCE_SECONDS if error is None else SOON_SECONDS)
            except grpc.RpcError as unknown:
                if error is None or unknown.code() not in PASSING or time.monotonic() > end:
                    raise NodeRefused(node=self.name, what=what, why=_why(error or unknown)) from None


def _failure(call: Callable[[], object]) -> grpc.RpcError | None:
    try:
        call()
    except grpc.RpcError as error:
        return error
    return None


def _why(error: grpc.RpcError) -> str:
    """What a gateway says, with what the nodes behind it said."""
    details = [str(error.details())]
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            details += [part.decode(errors="replace") for part in _printable(value)]
    return "; ".join(details)[:600]


def _printable(data: bytes) -> list[bytes]:
    return re.findall(rb"[ -~]{12,}", data)
