"""A process definition: the steps of a deal, who takes them, in which order, and what each needs. Data, not code.

A definition is a graph. Its nodes are steps and gateways, its flows lead from `START` to `END`. A step has one flow in
and one out (and may have a second one out, for when its deadline has passed); what forks or joins is a gateway:

    all   every flow out is taken; as a join it waits for every flow in
    one   the first flow whose conditions hold is taken; as a join each arrival passes

A step may send the work back: `returns` names earlier steps, and all that was done after such a step is void and is
done again. `domain.process.net` gives the graph its exact meaning, `domain.process.soundness` proves it fit for use.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.roles import Role

START, END = "start", "end"


class Quorum(StrEnum):
    """How many of the deal's institutions in the acting role must act before a step is done."""

    ONE = "one"
    ALL = "all"
    COUNT = "count"
    WEIGHT = "weight"


class Need(StrEnum):
    """What a step can require beside the order of steps."""

    DOCUMENT = "document"
    POOL = "pool"
    TERMS = "terms"
    FIGURE = "figure"


class FieldKind(StrEnum):
    """What can be filled into a field of a step's template."""

    TEXT = "text"
    INTEGER = "integer"
    MONEY = "money"
    RATE = "rate"
    DATE = "date"
    CHOICE = "choice"
    FINGERPRINT = "fingerprint"


class Holds(StrEnum):
    """How a condition compares a fact with its value."""

    IS = "is"
    IS_NOT = "is-not"
    AT_LEAST = "at-least"
    AT_MOST = "at-most"


class GatewayKind(StrEnum):
    """Whether a gateway takes all of its flows, or one."""

    ALL = "all"
    ONE = "one"


@dataclass(frozen=True, slots=True)
class Requirement:
    """A fact that must be on the ledger: a current document of kind `of`, stated by a party in role `by` where named;
    the pool; terms in force; or a figure, `of` being `step.field`."""

    need: Need
    of: str
    by: Role | None


@dataclass(frozen=True, slots=True)
class Field:
    """One entry of what a step deposits. Money in minor units, rates in parts per million; bounds are inclusive."""

    id: str
    name: str
    name_zh: str
    kind: FieldKind
    optional: bool
    choices: tuple[str, ...]
    lowest: int | None
    highest: int | None


@dataclass(frozen=True, slots=True)
class Deadline:
    """`days` business days of a calendar after the step is reached, or after the date that another step deposited.

    `calendar` is a name with its version (`domain.calendar`); `after` is "" or `step.field`. Negative days count back.
    """

    days: int
    calendar: str
    after: str


@dataclass(frozen=True, slots=True)
class Weight:
    """How much one institution's act counts towards a weighted quorum."""

    role: Role
    weight: int


@dataclass(frozen=True, slots=True)
class Step:
    """A piece of work that institutions do, or a process of its own that runs in its place.

    by: the roles of which an institution acts in one; with none, the step is done of itself as soon as what it requires
    is there and its deadline, if it has one, has come. quorum, threshold, weights: how many must. checked: another
    person of the same institution confirms. countersign: a party in this role signs as well. process: the sub-process
    that is run for every institution in the acting roles, instead of one act.
    """

    id: str
    name: str
    name_zh: str
    by: tuple[Role, ...]
    quorum: Quorum
    threshold: int
    weights: tuple[Weight, ...]
    checked: bool
    countersign: Role | None
    requires: tuple[Requirement, ...]
    template: tuple[Field, ...]
    deadline: Deadline | None
    escalate: Role | None
    returns: tuple[str, ...]
    process: str | None


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where flows part or meet."""

    id: str
    kind: GatewayKind


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison with a fact of the deal, such as `pool.loans` or `figure.pricing.coupon`.

    `value` is text; for `at-least` and `at-most` a decimal integer.
    """

    fact: str
    holds: Holds
    value: str


@dataclass(frozen=True, slots=True)
class Flow:
    """From a node to a node. Out of a `one` gateway it has conditions, all of which must hold, or none at all (the last
    resort); out of a step, `expired` marks the flow that is taken when the deadline has passed."""

    source: str
    target: str
    when: tuple[Condition, ...]
    expired: bool

    @property
    def place(self) -> str:
        """Where the token stands that has left `source` and has not reached the node behind it."""
        return END if self.ends else f"{self.source}>{self.target}"

    @property
    def ends(self) -> bool:
        """Whether it leads to the end."""
        return self.target == END


@dataclass(frozen=True, slots=True)
class Process:
    """A graph of steps and gateways, from START to END."""

    id: str
    name: str
    name_zh: str
    steps: tuple[Step, ...]
    gateways: tuple[Gateway, ...]
    flows: tuple[Flow, ...]

    def out_of(self, node: str) -> tuple[Flow, ...]:
        """The flows that leave a node, in the definition's order."""
        return tuple(flow for flow in self.flows if flow.source == node)

    def into(self, node: str) -> tuple[Flow, ...]:
        """The flows that reach a node, in the definition's order."""
        return tuple(flow for flow in self.flows if flow.target == node)

    def step(self, node: str) -> Step | None:
        """The step of that id, or None where it is a gateway or nothing."""
        return next((step for step in self.steps if step.id == node), None)


@dataclass(frozen=True, slots=True)
class Definition:
    """A version of a process as a consortium adopts it: the main process, and those that run inside its steps.

    documents: kinds that a deal of this process needs on its index, in order. `id` and `version` name it for ever.
    """

    id: str
    version: int
    main: Process
    inside: tuple[Process, ...]
    documents: tuple[DocumentKind, ...]

    def process(self, name: str) -> Process | None:
        """The process of that id, or None."""
        return next((each for each in (self.main, *self.inside) if each.id == name), None)
