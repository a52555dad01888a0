"""What one transaction asks of its peer, in the messages of Fabric's shim protocol.

Every question is answered by a RESPONSE or an ERROR that carries the transaction's channel and id; a transaction asks
one question at a time. An ERROR is raised and never taken for a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from fabric_protos.ledger.queryresult import kv_query_result_pb2 as rows
from fabric_protos.peer import chaincode_shim_pb2 as shim
from google.protobuf.message import DecodeError, Message

from chainfusion.domain.errors import ChainFusionError, Text

Type = shim.ChaincodeMessage.Type
Ask = Callable[[int, bytes], bytes]
"""Sends a question of a message type with its payload and waits for the answer's payload. Raises: PeerRefused."""


class PeerRefused(ChainFusionError):
    """The peer answered a contract's question with an error, or the stream ended before it answered."""

    code = "PEER_REFUSED"
    says = Text("The peer did not answer {question}: {why}.", "对等节点未能应答 {question}：{why}。")
    do = Text(
        "Send the transaction again; if it stays so, look at the peer's log.",
        "请重新提交；若仍失败，请查看对等节点日志。",
    )


@dataclass(frozen=True)
class Limits:
    """What the peer takes in one message, as it said when the stream began; 0: one by one."""

    writes_in_a_batch: int = 0
    keys_in_a_question: int = 0


@dataclass
class Peer:
    """The peer of one transaction, and how many questions it was asked."""

    ask: Ask
    limits: Limits
    questions: int = 0

    def state(self, key: str, collection: str = "") -> bytes:
        """A value, empty where there is none."""
        return self._ask(Type.GET_STATE, shim.GetState(key=key, collection=collection))

    def states(self, keys: Sequence[str]) -> dict[str, bytes | None]:
        """Public values by key, None where there is none, as far as the peer answers for many at once; else nothing."""
        if len(keys) > self.limits.keys_in_a_question:
            return {}
        answer = shim.GetStateMultipleResult.FromString(
            self._ask(Type.GET_STATE_MULTIPLE, shim.GetStateMultiple(keys=keys))
        )
        values = [value or None for value in answer.values]
        return dict(zip(keys, values, strict=True)) if len(values) == len(keys) else {}

    def private_hash(self, collection: str, key: str) -> bytes:
        """SHA-256 of a private value, empty where there is none."""
        return self._ask(Type.GET_PRIVATE_DATA_HASH, shim.GetState(key=key, collection=collection))

    def range(self, start: str, end: str, collection: str = "") -> Iterator[tuple[str, bytes]]:
        """Keys and values from `start` to `end`, as the peer orders them."""
        question = shim.GetStateByRange(startKey=start, endKey=end, collection=collection)
        for result in self._results(Type.GET_STATE_BY_RANGE, question):
            row = rows.KV.FromString(result)
            yield row.key, row.value

    def history(self, key: str) -> Iterator[rows.KeyModification]:
        """Changes of a key, newest first."""
        for result in self._results(Type.GET_HISTORY_FOR_KEY, shim.GetHistoryForKey(key=key)):
            yield rows.KeyModification.FromString(result)

    def write(self, records: list[shim.WriteRecord]) -> None:
        """Hands over a transaction's writes, in batches where the peer takes them."""
        size = self.limits.writes_in_a_batch
        if size == 0:
            for record in records:
                self._write_one(record)
            return
        for begin in range(0, len(records), size):
            self._ask(Type.WRITE_BATCH_STATE, shim.WriteBatchState(rec=records[begin : begin + size]))

    def _write_one(self, record: shim.WriteRecord) -> None:
        place = {"key": record.key, "collection": record.collection}
        match record.type:
            case shim.WriteRecord.Type.DEL_STATE:
                self._ask(Type.DEL_STATE, shim.DelState(**place))
            case shim.WriteRecord.Type.PUT_STATE_METADATA:
                self._ask(Type.PUT_STATE_METADATA, shim.PutStateMetadata(metadata=record.metadata, **place))
            case _:
                self._ask(Type.PUT_STATE, shim.PutState(value=record.value, **place))

    def _results(self, kind: int, question: Message) -> Iterator[bytes]:
        """The rows of a query, fetched as they are used.

        The peer closes its iterator with the last page; it is told to where the reader stops before.
        """
        page = _page(self._ask(kind, question))
        try:
            while True:
                yield from (result.resultBytes for result in page.results)
                if not page.has_more:
                    return
                page = _page(self._ask(Type.QUERY_STATE_NEXT, shim.QueryStateNext(id=page.id)))
        finally:
            if page.has_more:
                self._ask(Type.QUERY_STATE_CLOSE, shim.QueryStateClose(id=page.id))

    def _ask(self, kind: int, question: Message) -> bytes:
        self.questions += 1
        return self.ask(kind, question.SerializeToString())


def _page(answer: bytes) -> shim.QueryResponse:
    try:
        return shim.QueryResponse.FromString(answer)
    except DecodeError:
        raise PeerRefused(question="a query", why="the answer cannot be read") from None
