"""Process definitions before the consortium: read from a text or a diagram, put to the vote, voted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chainfusion.domain.process.definition import Definition
from chainfusion.domain.process.records import Adoption, Ballot, Proposed
from chainfusion.domain.records import from_json
from chainfusion.domain.roles import Role
from chainfusion.ledger.port import Receipt
from chainfusion.node.desk import Desk
from chainfusion.processes import library
from chainfusion.processes.bpmn import is_xml, read_bpmn
from chainfusion.processes.text import read_definition


@dataclass(frozen=True)
class Voted:
    """A version before the consortium, with the votes on it."""

    proposed: Proposed
    ballots: tuple[Ballot, ...]


def read(data: bytes, roles: Mapping[str, Role] | None = None, otherwise: Role | None = None) -> Definition:
    """The definition in a file, a text or a BPMN diagram by its content. `roles`: of a diagram's own names of lanes;
    `otherwise`: of its steps in no lane. Raises: BadProcessFile, NotBpmn, BpmnRefused."""
    return read_bpmn(data, roles, otherwise) if is_xml(data) else read_definition(data)


def propose(desk: Desk, definition: Definition, *, request: str | None = None) -> Receipt:
    """Puts a version to the vote, with the proposer's yes.

    Raises: DefinitionRefused, DefinitionUnsound with a path that shows it, DefinitionExists.
    """
    return desk.session.call("process-definition.propose", request=request, definition=definition)


def vote(desk: Desk, process: str, version: int, *, approve: bool, request: str | None = None) -> Receipt:
    """Votes on a version, once. Raises: UnknownDefinition, DefinitionClosed, BallotCast."""
    return desk.session.call(
        "process-definition.vote", request=request, process=process, version=version, approve=approve
    )


def overview(desk: Desk) -> tuple[Proposed, ...]:
    """Every version of every process, by name and version."""
    return from_json(tuple[Proposed, ...], desk.session.query("process-definition.overview"))


def voted(desk: Desk) -> tuple[Voted, ...]:
    """The same with the votes."""
    return tuple(Voted(each, _ballots(desk, each.definition)) for each in overview(desk))


def _ballots(desk: Desk, definition: Definition) -> tuple[Ballot, ...]:
    given = desk.session.query("process-definition.votes", process=definition.id, version=definition.version)
    return from_json(tuple[Ballot, ...], given)


def show(desk: Desk, process: str, version: int) -> Proposed:
    """A version. Raises: UnknownDefinition."""
    return from_json(Proposed, desk.session.query("process-definition.show", process=process, version=version))


def adopted(desk: Desk) -> tuple[Proposed, ...]:
    """The newest adopted version of every process."""
    return tuple({each.definition.id: each for each in overview(desk) if each.state is Adoption.ADOPTED}.values())


def offered(desk: Desk) -> tuple[Definition, ...]:
    """Definitions that come with the program and follow what the consortium has."""
    newest: dict[str, int] = {}
    for each in overview(desk):
        newest[each.definition.id] = max(newest.get(each.definition.id, 0), each.definition.version)
    found = (library.definition(name) for name in library.names())
    return tuple(each for each in found if each.version == newest.get(each.id, 0) + 1)
