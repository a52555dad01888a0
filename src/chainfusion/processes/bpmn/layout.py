"""Where everything of a process is drawn: a pool with a lane for each role, nodes in columns, flows at right angles.

A node stands in the column after the last that leads to it, and in the lane of who acts. Between columns are gutters
and under each row a channel; flows that pass over a column, or lead back, run in these, and never through a node.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainfusion.domain.process.definition import END, START, Flow, Process, Step
from chainfusion.domain.process.layout import columns
from chainfusion.domain.roles import Role

TASK_WIDTH, TASK_HEIGHT, GATEWAY, EVENT = 100, 80, 50, 36
GUTTER, ROW, HEADER, APART = 70, 150, 30, 60
COLUMN = TASK_WIDTH + GUTTER
Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; y grows downwards."""

    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> Point:
        """Its centre."""
        return self.x + self.width // 2, self.y + self.height // 2


@dataclass(frozen=True, slots=True)
class Drawing:
    """A process as it is drawn. lanes: by role, None for what is done of itself, from the top; nodes: by id, START and
    END among them; expiries: the timers at the border of steps; flows: the waypoints of each, by its place's ends."""

    pool: Box
    lanes: dict[Role | None, Box]
    members: dict[Role | None, tuple[str, ...]]
    nodes: dict[str, Box]
    expiries: dict[str, Box]
    flows: dict[Flow, tuple[Point, ...]]


def drawn(process: Process, top: int) -> Drawing:
    """The drawing of a process whose pool begins at `top`."""
    return _Sheet(process, top).drawing()


def lanes_of(process: Process) -> dict[str, Role | None]:
    """The lane of START, END and every node: that of the first acting role; gateways and events by what leads there."""
    place = columns(process, of_gateways=True)
    lanes: dict[str, Role | None] = {step.id: _first_role(step) for step in process.steps}
    found = {START: lanes[process.steps[0].id] if process.steps else None}
    for node in sorted(place, key=lambda each: place[each]):
        if node not in lanes:
            before = (lanes[flow.source] for flow in process.into(node) if flow.source in lanes)
            lanes[node] = found[START] if node == START else next(before, found[START])
    lanes[END] = next((lanes[flow.source] for flow in process.into(END)), None)
    return lanes


def is_event(process: Process, step: Step) -> bool:
    """Whether a step is drawn as an event that is waited for: nobody acts, and there is no other way out."""
    return not step.by and not any(flow.expired for flow in process.out_of(step.id))


def _first_role(step: Step) -> Role | None:
    return step.by[0] if step.by else None


class _Sheet:
    """A drawing under way."""

    def __init__(self, process: Process, top: int) -> None:
        self.process, self.top = process, top
        self.steps = {step.id for step in process.steps}
        self.column = columns(process, of_gateways=True)
        self.column[END] = max(self.column.values()) + 1
        self.lane = lanes_of(process)
        self.order = [START, *self.steps_and_gateways(), END]
        self.row: dict[str, int] = {}
        self.height: dict[Role | None, int] = {}
        self._stack()

    def steps_and_gateways(self) -> list[str]:
        return [*(step.id for step in self.process.steps), *(gateway.id for gateway in self.process.gateways)]

    def _stack(self) -> None:
        """Numbers the nodes that share a column and a lane from the top, in the definition's order."""
        filled: dict[tuple[int, Role | None], int] = {}
        for node in self.order:
            cell = self.column[node], self.lane[node]
            self.row[node] = filled.get(cell, 0)
            filled[cell] = self.row[node] + 1
        for node in self.order:
            lane = self.lane[node]
            self.height[lane] = max(self.height.get(lane, 0), self.row[node] + 1)

    def drawing(self) -> Drawing:
        lanes, below = {}, self.top
        width = (self.column[END] + 1) * COLUMN + GUTTER
        for lane, rows in self.height.items():
            lanes[lane] = Box(HEADER, below, width, rows * ROW)
            below += rows * ROW
        nodes = {node: self._box(node, lanes[self.lane[node]]) for node in self.order}
        expired = [flow for flow in self.process.flows if flow.expired]
        expiries = {flow.source: _at_border(nodes[flow.source]) for flow in expired}
        return Drawing(
            pool=Box(0, self.top, HEADER + width, below - self.top),
            lanes=lanes,
            members={lane: tuple(node for node in self.order if self.lane[node] == lane) for lane in lanes},
            nodes=nodes,
            expiries=expiries,
            flows={flow: self._way(number, flow, nodes, expiries) for number, flow in enumerate(self.process.flows)},
        )

    def _box(self, node: str, lane: Box) -> Box:
        width, height = self._size(node)
        x = lane.x + GUTTER + self.column[node] * COLUMN + (TASK_WIDTH - width) // 2
        return Box(x, lane.y + self.row[node] * ROW + 20 + (TASK_HEIGHT - height) // 2, width, height)

    def _size(self, node: str) -> Point:
        if node in (START, END):
            return EVENT, EVENT
        step = self.process.step(node)
        if step is None:
            return GATEWAY, GATEWAY
        return (EVENT, EVENT) if is_event(self.process, step) else (TASK_WIDTH, TASK_HEIGHT)

    # -------------------------------------------------------------- flows

    def _way(self, number: int, flow: Flow, nodes: dict[str, Box], expiries: dict[str, Box]) -> tuple[Point, ...]:
        """Out at the right, in at the left; an expiry leaves its timer downwards. Flows in one gutter keep apart."""
        source, target = nodes[flow.source], nodes[flow.target]
        aside = (number % 5 - 2) * 6
        (x, y), (to_x, to_y) = _right(source), _left(target)
        before = target.middle[0] - COLUMN // 2 + aside
        channel = source.middle[1] + TASK_HEIGHT // 2 + 34 + aside
        if flow.expired:
            timer = expiries[flow.source]
            x = timer.middle[0]
            return (x, timer.y + timer.height), (x, channel), (before, channel), (before, to_y), (to_x, to_y)
        if self.column[flow.target] == self.column[flow.source] + 1:
            return ((x, y), (to_x, to_y)) if y == to_y else ((x, y), (before, y), (before, to_y), (to_x, to_y))
        after = source.middle[0] + COLUMN // 2 + aside
        return (x, y), (after, y), (after, channel), (before, channel), (before, to_y), (to_x, to_y)


def _right(box: Box) -> Point:
    return box.x + box.width, box.middle[1]


def _left(box: Box) -> Point:
    return box.x, box.middle[1]


def _at_border(step: Box) -> Box:
    return Box(step.x + step.width - EVENT - 8, step.y + step.height - EVENT // 2, EVENT, EVENT)
