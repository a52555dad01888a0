"""Cycle times, read off the signed acts on steps: when a step was reached, when an institution's turn came, when each
was through.

A work item is named by the transaction that made it, so a step's beginning is that transaction's time. An institution's
turn begins with the step; a certifying party's when the last of the others was through. What is undone by a return
counts as work that was done.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select

from chainfusion.domain.process.definition import Definition, Process, Quorum, Step
from chainfusion.domain.process.records import ActKind, process_of
from chainfusion.domain.records import from_json
from chainfusion.node.readmodel import schema
from chainfusion.node.readmodel.batch import Batch, Row

CLOSING = frozenset({ActKind.COUNTERSIGNED, ActKind.RETURNED, ActKind.COMPLETED, ActKind.EXPIRED})
"""Acts that move the deal on, whatever the step asks for."""
OF_NOBODY = frozenset({ActKind.COMPLETED, ActKind.EXPIRED})
"""Acts that anybody's agent submits: they close a step and are nobody's work."""


@dataclass(frozen=True)
class Stands:
    """A step in its definition."""

    process: str
    part: Process
    step: Step

    @property
    def finishing(self) -> ActKind:
        """The act with which an institution is through."""
        return ActKind.APPROVED if self.step.checked else ActKind.DONE

    @property
    def alone(self) -> bool:
        """Whether one institution's last act moves the deal on."""
        return self.step.quorum is Quorum.ONE and self.step.countersign is None


@dataclass
class StepTimes:
    """Adds the times that acts close to a batch."""

    connection: Connection
    batch: Batch
    _definitions: dict[tuple[str, int], Definition] = field(default_factory=dict)
    _running: dict[str, tuple[str, tuple[str, int]]] = field(default_factory=dict)

    def take(self, act: dict[str, Any], block: int, index: int) -> None:
        """Takes in a signed act, as the contract's event has it."""
        kind, found = ActKind(act["kind"]), self._stands(act)
        if found is None:
            return
        row = {
            "block": block,
            "position": index,
            "deal": act["deal"],
            "product": self._running[act["deal"]][0],
            "process": found.process,
            "part": found.part.id,
            "step": act["step"],
            "item": act["item"],
            "kind": kind.value,
            "closed": act["at"],
            "late": act["late"],
        }
        reached = self._time(act["item"])
        if kind not in OF_NOBODY and (kind is found.finishing or kind in CLOSING):
            turn = self._others_through(act) if kind is ActKind.COUNTERSIGNED else None
            self.batch.step_times.append(row | {"whole": False, "msp": act["msp"], "opened": turn or reached})
        if kind in CLOSING or (found.alone and kind is found.finishing):
            self.batch.step_times.append(row | {"whole": True, "msp": "", "opened": reached})

    def runs_on(self, deal: str) -> None:
        """A deal has begun its process, or gone over to another version of it."""
        self._running.pop(deal, None)

    def _stands(self, act: dict[str, Any]) -> Stands | None:
        deal = act["deal"]
        if deal not in self._running:
            product, process = self._on(deal)
            self._running[deal] = (product, process)
        key = self._running[deal][1]
        if key not in self._definitions:
            self._definitions[key] = self._definition(key)
        definition = self._definitions[key]
        part = process_of(definition, act["run"])
        step = part.step(act["step"])
        return None if step is None else Stands(definition.id, part, step)

    def _on(self, deal: str) -> tuple[str, tuple[str, int]]:
        """A deal's product, and the process that it runs on."""
        deals, new = schema.deals.c, self.batch.deals.get(deal)
        row = None
        if new is None or deal not in self.batch.running:
            asked = select(deals.product, deals.process, deals.process_version).where(deals.id == deal)
            row = self.connection.execute(asked).one_or_none()
        product = new["product"] if new else row.product if row else ""
        running = self.batch.running.get(deal) or (row and (row.process, row.process_version))
        assert running is not None, "the contract takes acts of a deal whose process was started"
        return str(product), running

    def _definition(self, key: tuple[str, int]) -> Definition:
        new = self.batch.definitions.get(key)
        asked = select(schema.definitions.c.record).where(
            schema.definitions.c.process == key[0], schema.definitions.c.version == key[1]
        )
        record = new["record"] if new else self.connection.execute(asked).scalar_one()
        return from_json(Definition, json.loads(record))

    def _time(self, tx_id: str) -> str:
        asked = select(schema.acts.c.time).where(schema.acts.c.tx_id == tx_id)
        return self.batch.times.get(tx_id) or str(self.connection.execute(asked).scalar_one())

    def _others_through(self, act: dict[str, Any]) -> str | None:
        times = schema.step_times.c
        asked = select(func.max(times.closed)).where(
            times.item == act["item"], times.step == act["step"], times.whole.is_(False)
        )
        here = [row["closed"] for row in self.batch.step_times if _same_item(row, act) and not row["whole"]]
        return max((each for each in (*here, self.connection.execute(asked).scalar()) if each), default=None)


def _same_item(row: Row, act: dict[str, Any]) -> bool:
    return (row["item"], row["step"]) == (act["item"], act["step"])
