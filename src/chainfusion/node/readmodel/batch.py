"""What some blocks add to the read model, gathered before it is written in one transaction."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, update

from chainfusion.domain.membership import Membership
from chainfusion.domain.records import to_bytes
from chainfusion.node.readmodel import schema
from chainfusion.node.readmodel.database import add, insert, put

Row = dict[str, Any]


@dataclass
class Batch:
    """Rows by table. `deals` holds those that are new, `touched` the last block with a valid transaction of a deal."""

    blocks: list[Row] = field(default_factory=list)
    acts: list[Row] = field(default_factory=list)
    marks: dict[tuple[str, str], Row] = field(default_factory=dict)
    tallies: Counter[tuple[str, str, bool, str]] = field(default_factory=Counter)
    documents: dict[str, str] = field(default_factory=dict)
    definitions: dict[tuple[str, int], Row] = field(default_factory=dict)
    deals: dict[str, Row] = field(default_factory=dict)
    touched: dict[str, int] = field(default_factory=dict)
    named_by: Counter[str] = field(default_factory=Counter)
    """How many transactions name a deal, or what they take for one."""
    running: dict[str, tuple[str, int]] = field(default_factory=dict)
    """The process that a deal was put on, and its version."""
    step_times: list[Row] = field(default_factory=list)
    times: dict[str, str] = field(default_factory=dict)
    """When each transaction was signed: step times begin at one."""
    membership: Membership | None = None
    renamed: int | None = None
    """The block that changed a member's name."""

    def mark(self, mark: str, page: str, kind: str) -> None:
        """Lets a hash or an id be found."""
        self.marks[mark, page] = {"mark": mark, "page": page, "kind": kind}

    def write(self, connection: Connection) -> None:
        """Writes it all but the height."""
        add(connection, schema.blocks, self.blocks)
        add(connection, schema.acts, self.acts)
        put(connection, schema.marks, list(self.marks.values()))
        put(connection, schema.documents, [{"id": id_, "kind": kind} for id_, kind in self.documents.items()])
        put(connection, schema.definitions, list(self.definitions.values()))
        put(connection, schema.deals, list(self.deals.values()))
        add(connection, schema.step_times, self.step_times)
        self._count(connection)
        self._note_deals(connection)
        self._note_members(connection)

    def _count(self, connection: Connection) -> None:
        rows = [
            {"contract": contract, "msp": msp, "valid": valid, "day": day, "number": number}
            for (contract, msp, valid, day), number in self.tallies.items()
        ]
        statement = insert(connection, schema.tallies)
        keys = [column.name for column in schema.tallies.primary_key]
        more = {"number": schema.tallies.c.number + statement.excluded.number}
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=more), rows)

    def _note_deals(self, connection: Connection) -> None:
        deals = schema.deals
        one = update(deals).where(deals.c.id == bindparam("deal"))
        for values, rows in (
            ({"acts": deals.c.acts + bindparam("n")}, [{"deal": d, "n": n} for d, n in self.named_by.items()]),
            ({"touched": bindparam("n")}, [{"deal": d, "n": n} for d, n in self.touched.items()]),
            (
                {"process": bindparam("p"), "process_version": bindparam("n")},
                [{"deal": d, "p": process, "n": version} for d, (process, version) in self.running.items()],
            ),
        ):
            if rows:
                connection.execute(one.values(values), rows)

    def _note_members(self, connection: Connection) -> None:
        if self.membership is None:
            return
        record = to_bytes(self.membership).decode()
        put(connection, schema.membership, [{"id": 1, "record": record}])
        names = [
            {"msp": each.msp, "name": each.name, "name_zh": each.name_zh} for each in self.membership.members.values()
        ]
        put(connection, schema.members, names)
        if self.renamed is not None:
            connection.execute(update(schema.deals).values(read=None))
