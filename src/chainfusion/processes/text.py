"""A process definition as a text: steps in their order, with blocks for what is done beside, instead or again.

    do:
      - step: mandate            a piece of work
      - all: [[...], [...]]      branches that are all done, before what follows
      - one: [{when:, do:}, ...] the first branch whose conditions hold; the last has none
      - repeat: {do:, again:}    done, and done again while the conditions hold

Blocks make the graph of `domain.process.definition` with gateways named by their kind and number. docs/spec/process.md
describes every key.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.process.definition import (
    END,
    START,
    Condition,
    Definition,
    Flow,
    Gateway,
    GatewayKind,
    Holds,
    Process,
    Step,
)
from chainfusion.domain.process.form import faults_of
from chainfusion.processes.refusals import BadProcessFile
from chainfusion.processes.steps import STEP_KEYS, read_step
from chainfusion.processes.values import given, integer, keys, word, words
from chainfusion.yamlfile import Node, parse_yaml

MAX_BYTES = 1 << 20
MAX_DEPTH = 48


def read_definition(data: bytes) -> Definition:
    """The definition in a text. Raises: BadProcessFile with the line of the first fault."""
    root = parse_yaml(data, BadProcessFile, MAX_BYTES, MAX_DEPTH)
    items = keys(root, "process version main", "inside documents")
    lines: dict[str, Node] = {}
    definition = Definition(
        id=items["process"].text(),
        version=integer(items["version"]),
        main=_process("main", items["main"], lines),
        inside=given(items, "inside", lambda node: _inside(node, lines), ()),
        documents=given(items, "documents", words(DocumentKind), ()),
    )
    for fault in faults_of(definition):
        named = (lines[part] for part in reversed(fault.at.split(".")) if part in lines)
        raise next(named, root).refuse(f"{fault.at}: {fault.why.en}")
    return definition


def _inside(node: Node, lines: dict[str, Node]) -> tuple[Process, ...]:
    return tuple(_process(name, each, lines) for name, each in node.items().items())


def _process(name: str, node: Node, lines: dict[str, Node]) -> Process:
    items = keys(node, "name name-zh do")
    graph = _Graph(lines)
    first, loose = graph.sequence(items["do"])
    graph.lead([_Loose(START)], first)
    graph.lead(loose, END)
    names = items["name"].text(), items["name-zh"].text()
    return Process(name, *names, tuple(graph.steps), tuple(graph.gateways), tuple(graph.flows))


@dataclass(frozen=True)
class _Loose:
    """A flow that has left a node and does not yet lead anywhere."""

    source: str
    when: tuple[Condition, ...] = ()
    expired: bool = False


class _Graph:
    """Nodes and flows under way. A block gives the node that it begins with, and the flows that lead out of it."""

    def __init__(self, lines: dict[str, Node]) -> None:
        self.lines = lines
        self.steps: list[Step] = []
        self.gateways: list[Gateway] = []
        self.flows: list[Flow] = []
        self._ends: list[_Loose] = []

    def lead(self, loose: Iterable[_Loose], target: str) -> None:
        """Ends loose flows at a node; flows that were to end the process go there with the last ones."""
        ending = self._ends if target == END else []
        self.flows += [Flow(each.source, target, each.when, each.expired) for each in (*loose, *ending)]

    def sequence(self, node: Node) -> tuple[str, list[_Loose]]:
        """One block after the other."""
        if not node.parts() or isinstance(node.value, str):
            raise node.refuse("a list of steps and blocks is needed")
        first, loose = self._block(node.parts()[0])
        for part in node.parts()[1:]:
            begin, following = self._block(part)
            self.lead(loose, self._met(loose, begin))
            loose = following
        return first, loose

    def _met(self, loose: list[_Loose], begin: str) -> str:
        """The node itself where one flow reaches it; else a gateway before it, at which several flows meet."""
        if len(loose) == 1:
            return begin
        gateway = self._gateway("met", GatewayKind.ONE)
        self.lead([_Loose(gateway)], begin)
        return gateway

    def _block(self, node: Node) -> tuple[str, list[_Loose]]:
        kinds = {"step": self._step, "all": self._all, "one": self._one, "repeat": self._repeat}
        found = next((kind for kind in kinds if kind in node.items()), None)
        if found is None:
            raise node.refuse(f"one of {', '.join(kinds)} is needed")
        return kinds[found](node)

    def _step(self, node: Node) -> tuple[str, list[_Loose]]:
        items = keys(node, *STEP_KEYS)
        step = read_step(items)
        self.steps.append(step)
        self.lines[step.id] = node
        loose = [_Loose(step.id)]
        if "expired" in items:
            loose += self._expired(step.id, items["expired"])
        return step.id, loose

    def _expired(self, step: str, node: Node) -> list[_Loose]:
        """What is done when the deadline has passed; after it the process goes on, or ends."""
        items = keys(node, "then", "do")
        loose = [_Loose(step, expired=True)]
        if "do" in items:
            begin, following = self.sequence(items["do"])
            self.lead(loose, begin)
            loose = following
        if items["then"].text() not in ("next", "end"):
            raise items["then"].refuse("`next` or `end` is needed")
        if items["then"].text() == "next":
            return loose
        self._ends += loose
        return []

    def _all(self, node: Node) -> tuple[str, list[_Loose]]:
        fork, join = self._gateway("fork", GatewayKind.ALL), self._gateway("join", GatewayKind.ALL)
        for branch in keys(node, "all")["all"].parts():
            begin, loose = self.sequence(branch)
            self.lead([_Loose(fork)], begin)
            self.lead(loose if len(loose) == 1 else [_Loose(self._met_at(loose))], join)
        return fork, [_Loose(join)]

    def _one(self, node: Node) -> tuple[str, list[_Loose]]:
        choice = self._gateway("choice", GatewayKind.ONE)
        out: list[_Loose] = []
        for branch in keys(node, "one")["one"].parts():
            items = keys(branch, "", "when do")
            leaves = _Loose(choice, given(items, "when", _conditions, ()))
            if "do" not in items:
                out.append(leaves)
                continue
            begin, loose = self.sequence(items["do"])
            self.lead([leaves], begin)
            out += loose
        return choice, [_Loose(self._met_at(out))]

    def _repeat(self, node: Node) -> tuple[str, list[_Loose]]:
        items = keys(keys(node, "repeat")["repeat"], "do again")
        enter, leave = self._gateway("begin", GatewayKind.ONE), self._gateway("again", GatewayKind.ONE)
        begin, loose = self.sequence(items["do"])
        self.lead([_Loose(enter)], begin)
        self.lead(loose, leave)
        self.lead([_Loose(leave, _conditions(items["again"]))], enter)
        return enter, [_Loose(leave)]

    def _met_at(self, loose: list[_Loose]) -> str:
        gateway = self._gateway("met", GatewayKind.ONE)
        self.lead(loose, gateway)
        return gateway

    def _gateway(self, kind: str, takes: GatewayKind) -> str:
        number = sum(each.id.startswith(f"{kind}-") for each in self.gateways) + 1
        self.gateways.append(Gateway(f"{kind}-{number}", takes))
        return self.gateways[-1].id


def _conditions(node: Node) -> tuple[Condition, ...]:
    """`fact: value`, or `fact: {is | is-not | at-least | at-most: value}`; all must hold."""
    found = []
    for fact, value in node.items().items():
        if isinstance(value.value, str):
            found.append(Condition(fact, Holds.IS, value.text()))
            continue
        for holds, limit in value.items().items():
            kind = word(Holds)(Node(holds, limit.line, limit.path, limit.refusal))
            found.append(Condition(fact, kind, limit.text()))
    if not found:
        raise node.refuse("a condition is needed")
    return tuple(found)
