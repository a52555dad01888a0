"""Cycle times: how long steps take, and institutions at them, over all deals or those of one product."""

from __future__ import annotations

import json
from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median_low
from threading import Lock
from typing import Any

from sqlalchemy import and_, or_, select

from chainfusion.domain.deal import PRODUCT_NAMES, Product
from chainfusion.domain.errors import Text
from chainfusion.domain.process.definition import Definition
from chainfusion.domain.records import from_json
from chainfusion.node.readmodel.model import State
from chainfusion.node.readmodel.schema import definitions, step_times
from chainfusion.node.views.acts import Acts
from chainfusion.node.views.dealslist import Facet
from chainfusion.node.views.facts import Institution

Group = tuple[str, str, str, str, str]
"""A product, a process, the part of it, a step, and an institution, "" for the step as a whole."""


@dataclass(frozen=True)
class EfficiencyAsked:
    """Which work: of deals of a product, of one process."""

    product: Product | None = None
    process: str | None = None


@dataclass(frozen=True)
class Took:
    """How long something took, in seconds: how often it was done, the lower median, the longest; how often late."""

    count: int
    median: int
    longest: int
    late: int


@dataclass(frozen=True)
class InstitutionTook:
    """How long an institution took, from its turn to its last act on the step."""

    institution: Institution
    took: Took


@dataclass(frozen=True)
class StepTook:
    """How long a step took from the moment it was reached; `whole` is None where it was never left."""

    process: str
    part: Text
    step: str
    name: Text
    whole: Took | None
    institutions: tuple[InstitutionTook, ...]


@dataclass(frozen=True)
class EfficiencyView:
    """Cycle times by step, those that take longest first, and by institution over all steps."""

    height: int
    asked: EfficiencyAsked
    products: tuple[Facet, ...]
    processes: tuple[Facet, ...]
    steps: tuple[StepTook, ...]
    institutions: tuple[InstitutionTook, ...]


@dataclass
class Times:
    """Durations in order of length, and how many of them were late."""

    seconds: list[int] = field(default_factory=list)
    late: int = 0

    def add(self, seconds: int, *, late: bool) -> None:
        """One more."""
        insort(self.seconds, seconds)
        self.late += late


@dataclass
class Efficiency:
    """Keeps every group's durations in order and adds what is new, so that no question reads them all again."""

    acts: Acts
    _groups: dict[Group, Times] = field(default_factory=lambda: defaultdict(Times))
    _built: str = ""
    _after: tuple[int, int] = (-1, -1)
    _names: dict[tuple[str, str], Text] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def view(self, asked: EfficiencyAsked, height: int) -> EfficiencyView:
        """Cycle times of the work that is asked for."""
        with self._lock:
            self._follow(self.acts.model.state)
            chosen = [(group, times) for group, times in self._groups.items() if _answers(group, asked)]
            steps = self._steps(chosen)
            institutions = self._institutions((group[4], times) for group, times in chosen if group[4])
            return EfficiencyView(
                height=height,
                asked=asked,
                products=self._products(asked),
                processes=self._processes(asked),
                steps=steps,
                institutions=institutions,
            )

    # ------------------------------------------------------------------ following

    def _follow(self, state: State) -> None:
        if state.built != self._built:
            self._groups, self._built, self._after = defaultdict(Times), state.built, (-1, -1)
        block, position = self._after
        rows = step_times.c
        new = or_(rows.block > block, and_(rows.block == block, rows.position > position))
        with self.acts.model.database.reading() as connection:
            found = connection.execute(select(step_times).where(new).order_by(rows.block, rows.position)).all()
        for row in found:
            group = (row.product, row.process, row.part, row.step, row.msp)
            self._groups[group].add(_seconds(row), late=row.late)
        if found:
            self._after = (found[-1].block, found[-1].position)

    def _name(self, process: str, part: str, step: str) -> tuple[Text, Text]:
        """What a part and a step are called in the newest version that has them."""
        if (part_key := (process, part)) not in self._names or (process, f"{part}/{step}") not in self._names:
            self._read_names(process)
        nothing = Text(part, part), Text(step, step)
        return self._names.get(part_key, nothing[0]), self._names.get((process, f"{part}/{step}"), nothing[1])

    def _read_names(self, process: str) -> None:
        asked = select(definitions.c.record).where(definitions.c.process == process).order_by(definitions.c.version)
        with self.acts.model.database.reading() as connection:
            records = connection.execute(asked).scalars().all()
        for record in records:
            definition = from_json(Definition, json.loads(record))
            for each in (definition.main, *definition.inside):
                self._names[process, each.id] = Text(each.name, each.name_zh)
                for step in each.steps:
                    self._names[process, f"{each.id}/{step.id}"] = Text(step.name, step.name_zh)
            self._names[process, ""] = Text(definition.main.name, definition.main.name_zh)

    # ------------------------------------------------------------------ telling

    def _steps(self, chosen: Sequence[tuple[Group, Times]]) -> tuple[StepTook, ...]:
        by_step: dict[tuple[str, str, str], list[tuple[str, Times]]] = defaultdict(list)
        for (_, process, part, step, msp), times in chosen:
            by_step[process, part, step].append((msp, times))
        found = [self._step(key, each) for key, each in by_step.items()]
        return tuple(sorted(found, key=lambda s: (-(s.whole.median if s.whole else 0), s.process, s.step)))

    def _step(self, key: tuple[str, str, str], found: Sequence[tuple[str, Times]]) -> StepTook:
        part, name = self._name(*key)
        whole = [times for msp, times in found if not msp]
        institutions = self._institutions((msp, times) for msp, times in found if msp)
        return StepTook(key[0], part, key[2], name, _took(whole) if whole else None, institutions)

    def _institutions(self, found: Iterable[tuple[str, Times]]) -> tuple[InstitutionTook, ...]:
        by_member: dict[str, list[Times]] = defaultdict(list)
        for msp, times in found:
            by_member[msp].append(times)
        took = [InstitutionTook(self.acts.institution(msp), _took(times)) for msp, times in by_member.items()]
        return tuple(sorted(took, key=lambda each: (-each.took.median, each.institution.msp)))

    def _products(self, asked: EfficiencyAsked) -> tuple[Facet, ...]:
        counts = self._counts(0, EfficiencyAsked(None, asked.process))
        names = {str(product): name for product, name in PRODUCT_NAMES.items()}
        return tuple(Facet(key, names[key], n, key == asked.product) for key, n in sorted(counts.items()))

    def _processes(self, asked: EfficiencyAsked) -> tuple[Facet, ...]:
        counts = self._counts(1, EfficiencyAsked(asked.product, None))
        return tuple(
            Facet(key, self._name(key, "", "")[0], n, key == asked.process) for key, n in sorted(counts.items())
        )

    def _counts(self, part: int, asked: EfficiencyAsked) -> dict[str, int]:
        """How many steps were left, by product or process."""
        counts: dict[str, int] = defaultdict(int)
        for group, times in self._groups.items():
            if not group[4] and _answers(group, asked):
                counts[group[part]] += len(times.seconds)
        return counts


def _answers(group: Group, asked: EfficiencyAsked) -> bool:
    return asked.product in (None, group[0]) and asked.process in (None, group[1])


def _took(found: Sequence[Times]) -> Took:
    seconds = found[0].seconds if len(found) == 1 else sorted(each for times in found for each in times.seconds)
    return Took(len(seconds), median_low(seconds), seconds[-1], sum(times.late for times in found))


def _seconds(row: Any) -> int:
    """Whole seconds from the beginning; none where a signer's clock was behind another's."""
    took = datetime.fromisoformat(row.closed) - datetime.fromisoformat(row.opened)
    return max(0, round(took.total_seconds()))
