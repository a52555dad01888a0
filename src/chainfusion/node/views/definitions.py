"""Process definitions as members see them: what each says, how the consortium stands to it, who voted how."""

from __future__ import annotations

from dataclasses import dataclass

from chainfusion.domain.errors import Text
from chainfusion.domain.process.definition import Definition
from chainfusion.domain.process.records import Adoption
from chainfusion.node import definitions
from chainfusion.node.definitions import Voted
from chainfusion.node.desk import Desk
from chainfusion.node.views.acts import Acts
from chainfusion.node.views.facts import Institution, Place

STATE_NAMES: dict[Adoption, Text] = {
    Adoption.PROPOSED: Text("Under vote", "表决中"),
    Adoption.ADOPTED: Text("Adopted", "已通过"),
    Adoption.DECLINED: Text("Declined", "未通过"),
}


@dataclass(frozen=True)
class DefinitionRow:
    """A version of a process. `steps` counts those of its sub-processes too."""

    process: str
    version: int
    name: Text
    steps: int
    state: Adoption
    state_name: Text
    by: Institution
    proposed: Place
    yes: tuple[Institution, ...]
    no: tuple[Institution, ...]
    may_vote: bool


@dataclass(frozen=True)
class DefinitionsView:
    """Every version, by name and version."""

    height: int
    definitions: tuple[DefinitionRow, ...]


def definitions_view(desk: Desk, acts: Acts, height: int) -> DefinitionsView:
    """As the ledger has them now, for the institution of the desk."""
    return DefinitionsView(height, tuple(_row(each, acts, desk.msp) for each in definitions.voted(desk)))


def steps_of(definition: Definition) -> int:
    """How many steps there are, those of sub-processes too."""
    return sum(len(process.steps) for process in (definition.main, *definition.inside))


def name_of(definition: Definition) -> Text:
    """What people call it."""
    return Text(definition.main.name, definition.main.name_zh)


def _row(found: Voted, acts: Acts, msp: str) -> DefinitionRow:
    proposed, definition = found.proposed, found.proposed.definition
    return DefinitionRow(
        process=definition.id,
        version=definition.version,
        name=name_of(definition),
        steps=steps_of(definition),
        state=proposed.state,
        state_name=STATE_NAMES[proposed.state],
        by=acts.institution(proposed.by),
        proposed=acts.place(proposed.tx_id),
        yes=tuple(acts.institution(each.msp) for each in found.ballots if each.approve),
        no=tuple(acts.institution(each.msp) for each in found.ballots if not each.approve),
        may_vote=proposed.state is Adoption.PROPOSED and all(each.msp != msp for each in found.ballots),
    )
