"""A minimal chaincode in Python, as one writes it on Fabric's messages and gRPC alone, without a rule or a check.

It answers `document@1.register` with the very questions and writes that our contract makes. `python -m
benchmarks._fabric_bare` serves it with the settings of our own server.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeAlias

import grpc
from fabric_protos.peer import chaincode_event_pb2 as events
from fabric_protos.peer import chaincode_pb2 as chaincode
from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_protos.peer import chaincode_shim_pb2_grpc as services
from fabric_protos.peer import proposal_response_pb2 as responses

from benchmarks._fabric_stage import ORIGINATOR

Message: TypeAlias = shim.ChaincodeMessage
Type = Message.Type
Ask = Callable[[int, Any], bytes]
LARGE = 100 << 20


def key(*parts: str) -> str:
    """A composite key."""
    return "\x00" + "\x00".join(parts) + "\x00"


def register(ask: Ask, tx_id: str, call: dict[str, Any]) -> tuple[bytes, bytes]:
    """The reads and writes of a registration; the values are as long as the contract's."""
    deal, new = call["deal"], call["document"]
    first = [key("member", ORIGINATOR), key("agreement"), key("deal", deal)]
    ask(Type.GET_STATE_MULTIPLE, shim.GetStateMultiple(keys=first))
    parties = key("party", deal, ORIGINATOR)
    ask(Type.GET_STATE_BY_RANGE, shim.GetStateByRange(startKey=parties, endKey=parties + "\U0010ffff"))
    version = key("document", deal, new["id"], f"{new['version']:06d}")
    for read in (key("document-index", deal), version):
        ask(Type.GET_STATE, shim.GetState(key=read))
    record = json.dumps(new | {"deal": deal, "owner": ORIGINATOR, "registered": "2025-06-30", "tx_id": tx_id}).encode()
    grant = json.dumps({"deal": deal, "document": new["id"], "reader": ORIGINATOR, "tx_id": tx_id}).encode()
    granted = key("grant", deal, new["id"], f"{new['version']:06d}", ORIGINATOR)
    put = shim.WriteRecord.Type.PUT_STATE
    writes = [
        shim.WriteRecord(key=name, value=value, type=put) for name, value in ((version, record), (granted, grant))
    ]
    ask(Type.WRITE_BATCH_STATE, shim.WriteBatchState(rec=writes))
    return record, record + grant


class Bare(services.ChaincodeServicer):  # type: ignore[misc]
    """One peer's stream: a writer, and a thread for each transaction."""

    def __init__(self, package_id: str) -> None:
        self._package_id = package_id
        self._workers = ThreadPoolExecutor(64)

    def Connect(self, incoming: Any, context: Any) -> Iterator[Message]:  # noqa: ARG002, N802 - the service's name
        """Registers, and runs what comes."""
        outgoing: SimpleQueue[Message] = SimpleQueue()
        waiting: dict[str, SimpleQueue[bytes]] = {}
        yield Message(type=Type.REGISTER, payload=chaincode.ChaincodeID(name=self._package_id).SerializeToString())
        Thread(target=self._read, args=(incoming, outgoing, waiting), daemon=True).start()
        while True:
            yield outgoing.get()

    def _read(self, incoming: Any, outgoing: SimpleQueue[Message], waiting: dict[str, SimpleQueue[bytes]]) -> None:
        for message in incoming:
            if message.type == Type.TRANSACTION:
                waiting[message.txid] = SimpleQueue()
                self._workers.submit(self._run, message, outgoing, waiting)
            elif message.type == Type.RESPONSE:
                waiting[message.txid].put(message.payload)

    def _run(self, message: Message, outgoing: SimpleQueue[Message], waiting: dict[str, SimpleQueue[bytes]]) -> None:
        place = {"txid": message.txid, "channel_id": message.channel_id}

        def ask(kind: int, question: Any) -> bytes:
            outgoing.put(Message(type=kind, payload=question.SerializeToString(), **place))
            return waiting[message.txid].get()

        call = json.loads(chaincode.ChaincodeInput.FromString(message.payload).args[1])
        payload, event = register(ask, message.txid, call)
        del waiting[message.txid]
        told = events.ChaincodeEvent(tx_id=message.txid, event_name="bare", payload=event)
        response = responses.Response(status=200, payload=payload).SerializeToString()
        outgoing.put(Message(type=Type.COMPLETED, payload=response, chaincode_event=told, **place))


def main() -> None:
    """Serves until it is ended."""
    key_file, certificate, roots = (
        Path(os.environ[f"CHAINCODE_TLS_{name}"]).read_bytes() for name in ("KEY", "CERT", "CLIENT_CA")
    )
    options = [("grpc.max_receive_message_length", LARGE), ("grpc.max_send_message_length", LARGE)]
    server = grpc.server(ThreadPoolExecutor(8), options=options)
    services.add_ChaincodeServicer_to_server(Bare(os.environ["CHAINCODE_ID"]), server)
    credentials = grpc.ssl_server_credentials([(key_file, certificate)], roots, require_client_auth=True)
    server.add_secure_port(os.environ["CHAINCODE_ADDRESS"], credentials)
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
