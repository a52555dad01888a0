"""A peer's state for one chaincode, by the shim's questions: committed values, drafts of transactions under way."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from fabric_protos.ledger.queryresult import kv_query_result_pb2 as rows
from fabric_protos.peer import chaincode_shim_pb2 as shim

Type = shim.ChaincodeMessage.Type
PAGE = 3
"""Rows of one answer: few, so that every longer range has several pages."""


@dataclass
class State:
    """Values by collection ("" is the public state) and key; the changes of each public key, oldest first."""

    values: dict[tuple[str, str], bytes] = field(default_factory=dict)
    changes: defaultdict[str, list[rows.KeyModification]] = field(default_factory=lambda: defaultdict(list))
    drafts: dict[str, list[shim.WriteRecord]] = field(default_factory=dict)
    open_queries: dict[str, list[bytes]] = field(default_factory=dict)

    def asked_by(self, tx_id: str) -> Callable[[int, bytes], bytes]:
        """Answers the questions of one transaction, whose writes become its draft."""
        draft = self.drafts.setdefault(tx_id, [])
        draft.clear()
        return lambda kind, payload: self.answer(draft, kind, payload)

    def commit(self, tx_id: str) -> None:
        """Makes a transaction's draft the state."""
        for record in self.drafts[tx_id]:
            deleted = record.type == shim.WriteRecord.Type.DEL_STATE
            if deleted:
                self.values.pop((record.collection, record.key), None)
            else:
                self.values[record.collection, record.key] = record.value
            if not record.collection:
                change = rows.KeyModification(tx_id=tx_id, value=record.value, is_delete=deleted)
                self.changes[record.key].append(change)

    def answer(self, draft: list[shim.WriteRecord], kind: int, payload: bytes) -> bytes:
        """The payload of the RESPONSE to a question."""
        match kind:
            case Type.GET_STATE:
                asked = shim.GetState.FromString(payload)
                return self.values.get((asked.collection, asked.key), b"")
            case Type.GET_STATE_MULTIPLE:
                several = shim.GetStateMultiple.FromString(payload)
                values = [self.values.get((several.collection, key), b"") for key in several.keys]
                return bytes(shim.GetStateMultipleResult(values=values).SerializeToString())
            case Type.GET_PRIVATE_DATA_HASH:
                asked = shim.GetState.FromString(payload)
                value = self.values.get((asked.collection, asked.key))
                return hashlib.sha256(value).digest() if value is not None else b""
            case Type.GET_STATE_BY_RANGE:
                bounds = shim.GetStateByRange.FromString(payload)
                return self._query([row.SerializeToString() for row in self._range(bounds)])
            case Type.GET_HISTORY_FOR_KEY:
                key = shim.GetHistoryForKey.FromString(payload).key
                return self._query([change.SerializeToString() for change in reversed(self.changes[key])])
            case Type.QUERY_STATE_NEXT:
                return self._page(shim.QueryStateNext.FromString(payload).id)
            case Type.QUERY_STATE_CLOSE:
                self.open_queries.pop(shim.QueryStateClose.FromString(payload).id, None)
                return b""
            case Type.PUT_STATE:
                put = shim.PutState.FromString(payload)
                draft.append(shim.WriteRecord(key=put.key, value=put.value, collection=put.collection, type=_PUT))
                return b""
            case Type.DEL_STATE:
                gone = shim.DelState.FromString(payload)
                draft.append(shim.WriteRecord(key=gone.key, collection=gone.collection, type=_DELETE))
                return b""
            case Type.WRITE_BATCH_STATE:
                draft.extend(shim.WriteBatchState.FromString(payload).rec)
                return b""
            case _:
                raise AssertionError(f"no peer is asked {kind}")

    def _range(self, bounds: shim.GetStateByRange) -> list[rows.KV]:
        start, end = bounds.startKey.encode(), bounds.endKey.encode()
        keys = sorted((key.encode(), key) for collection, key in self.values if collection == bounds.collection)
        inside = [key for data, key in keys if data >= start and (not end or data < end)]
        return [rows.KV(key=key, value=self.values[bounds.collection, key]) for key in inside]

    def _query(self, results: list[bytes]) -> bytes:
        name = f"query {len(self.open_queries)}"
        self.open_queries[name] = results
        return self._page(name)

    def _page(self, name: str) -> bytes:
        results = self.open_queries.pop(name)  # with its last page, a peer closes a query by itself
        page = results[:PAGE]
        if len(results) > PAGE:
            self.open_queries[name] = results[PAGE:]
        found = [shim.QueryResultBytes(resultBytes=each) for each in page]
        return bytes(shim.QueryResponse(results=found, has_more=len(results) > PAGE, id=name).SerializeToString())


_PUT = shim.WriteRecord.Type.PUT_STATE
_DELETE = shim.WriteRecord.Type.DEL_STATE
