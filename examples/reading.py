"""What every example shows of its runs: classes, triggers and balances as tables, and all flows as files."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.collections import Collections
from chainfusion.cashflow.scenarios.inspector import inspect
from chainfusion.cashflow.scenarios.run import Result
from chainfusion.domain.terms.records import DealTerms
from chainfusion.domain.waterfall.trace import Side

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a reading: its name is the name of its file."""

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def text(self) -> str:
        """As Markdown, which the README holds word for word."""
        lines = [self.head, ("---",) * len(self.head), *self.rows]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)


@dataclass(frozen=True, slots=True)
class Ran:
    """A deal that was run: its terms, what its pool brought, the result, and the scenarios' names in their order."""

    terms: DealTerms
    pool: Collections
    result: Result
    names: tuple[str, ...]

    @property
    def payments(self) -> list[date]:
        """The payment dates."""
        return [date.fromordinal(day) for day in self.result.program.payment_days]


def money(minor: int) -> str:
    """Minor units of a currency with two digits, as people write them."""
    return f"{minor // 100:,}.{minor % 100:02d}"


def classes(ran: Ran) -> Table:
    """What each class got in each scenario: sums, what stays unpaid, average life (actual/365 from closing), last
    principal."""
    rows = [_class(ran, place, tranche.id) for place in range(len(ran.names)) for tranche in ran.terms.tranches]
    return Table(
        "classes",
        ("scenario", "class", "principal", "interest and return", "unpaid", "average life", "last principal"),
        tuple(rows),
    )


def _class(ran: Ran, place: int, name: str) -> tuple[str, ...]:
    paid = _flow(ran, place, f"{name}.principal_paid")
    income = _flow(ran, place, f"{name}.interest_paid") + _flow(ran, place, f"{name}.return_paid")
    unpaid = int(ran.result[f"{name}.balance"][place, -1])
    if f"{name}.interest_due" in ran.result.names:
        unpaid += int(ran.result[f"{name}.interest_due"][place, -1])
    last = np.flatnonzero(paid)
    ended = ran.payments[int(last[-1])].isoformat() if len(last) else "-"
    return (ran.names[place], name, money(int(paid.sum())), money(int(income.sum())), money(unpaid),
            f"{average_life(ran, place, name):.2f}", ended)  # fmt: skip


def average_life(ran: Ran, place: int, name: str) -> float:
    """Years from closing to payments of principal, weighted by them, actual/365; 0 where none is paid."""
    paid = _flow(ran, place, f"{name}.principal_paid")
    days = np.array(ran.result.program.payment_days) - ran.terms.dates.closing.toordinal()
    total = int(paid.sum())
    return float((paid * days).sum() / total / 365) if total else 0.0


def _flow(ran: Ran, place: int, name: str) -> NDArray[np.int64]:
    """A flow of a scenario by period; nothing where the deal does not have it."""
    known = name in ran.result.names
    return ran.result[name][place] if known else np.zeros(ran.result.program.periods, np.int64)


def triggers(ran: Ran) -> Table:
    """When each trigger first turned on in each scenario, with both sides of what decided it."""
    rows = [row for place in range(len(ran.names)) for trigger in ran.terms.triggers
            if (row := _trigger(ran, place, trigger.id)) is not None]  # fmt: skip
    return Table("triggers", ("scenario", "trigger", "payment", "date", "what held"), tuple(rows))


def _trigger(ran: Ran, place: int, name: str) -> tuple[str, ...] | None:
    on = np.flatnonzero(ran.result[name][place])
    if not len(on):
        return None
    period = int(on[0]) + 1
    record = inspect(ran.result, place, period)
    happened = {move.account for move in record.brought if move.after > move.before}
    when = next(t.when for t in ran.terms.triggers if t.id == name)
    events = [event.id for event in ran.terms.events if event.id in happened and event.id in when]
    turned = [t for t in record.triggers if t.trigger == name and t.test and not t.was]
    sides = [_side(c) for t in turned for c in t.conditions if c.holds and c.kind in ("money", "count")]
    held = "; ".join(events or sides) or "another trigger"
    return (ran.names[place], name, str(period), ran.payments[period - 1].isoformat(), held)


def _side(side: Side) -> str:
    """A comparison of amounts or counts with its figures."""
    operator = next(o for o in (">=", "<=", "==", "!=", ">", "<") if o in side.text)
    left, right = (money(x) if side.kind == "money" else str(x) for x in (side.left, side.right))
    return f"{left} {operator} {right}"


def balances(ran: Ran, place: int, every: int = 12) -> Table:
    """Pool and classes in one scenario after every `every`th payment, up to the first after which nothing is left."""
    names = [tranche.id for tranche in ran.terms.tranches]
    loans = np.zeros(ran.result.program.periods, np.int64)
    loans[: ran.pool.periods] = ran.pool.closing[place, : len(loans)]
    columns = [loans, *(ran.result[f"{name}.balance"][place] for name in names)]
    left = np.flatnonzero(sum(columns))
    until = min((int(left[-1]) // every + 1) * every if len(left) else every, ran.result.program.periods)
    rows = [(str(n), ran.payments[n - 1].isoformat(), *(money(int(column[n - 1])) for column in columns))
            for n in range(every, until + 1, every)]  # fmt: skip
    return Table("balances", ("payment", "date", "pool", *names), tuple(rows))


def save(folder: Path, ran: Ran, tables: Sequence[Table]) -> list[Path]:
    """Tables and every flow and balance of each scenario (minor units) as CSV files. Returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [_written(folder / f"{table.name}.csv", [table.head, *table.rows]) for table in tables]
    for place, name in enumerate(ran.names):
        columns = ["payment", "date", *ran.result.flows, *ran.result.names]
        rows: list[Sequence[object]] = [columns]
        for n, day in enumerate(ran.payments):
            brought = [int(np.atleast_2d(flow)[place if np.ndim(flow) == 2 else 0, n])
                       for flow in ran.result.flows.values()]  # fmt: skip
            rows.append([n + 1, day.isoformat(), *brought, *(int(ran.result[o][place, n]) for o in ran.result.names)])
        files.append(_written(folder / f"flows-{name.replace(' ', '-')}.csv", rows))
    return files


def _written(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        csv.writer(out).writerows(rows)
    return path


def show(name: str, ran: Ran, tables: Sequence[Table]) -> None:
    """Prints the reading and writes its files under build/examples."""
    print(f"{ran.terms.name.zh}  {ran.terms.name.en}\nterms {ran.terms.fingerprint()}\n")
    for table in tables:
        print(f"{table.name}\n{table.text()}\n")
    files = save(ROOT / "build" / "examples" / name, ran, tables)
    print(f"{len(files)} files in {files[0].parent}")
