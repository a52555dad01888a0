"""Who acts: roles by performers, by the lane, by what the steps of an embedded sub-process stand in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chainfusion.domain.errors import Text
from chainfusion.domain.roles import Role
from chainfusion.processes.bpmn.notes import Notes
from chainfusion.processes.bpmn.subset import PERFORMERS
from chainfusion.processes.bpmn.vocabulary import MODEL, own_id, role_named
from chainfusion.processes.bpmn.xml import Element


class Performers:
    """Who acts in the steps of a file."""

    def __init__(self, root: Element, roles: Mapping[str, Role], otherwise: Role | None) -> None:
        self._resources = {each.id: each for each in root.within("resource")}
        self._roles = {name.strip(): role for name, role in roles.items()}
        self._otherwise = otherwise

    def of_step(self, step: Element, lane: Element | None, around: tuple[Role, ...], notes: Notes) -> tuple[Role, ...]:
        """The acting roles of a step. around: those of the sub-process that it is drawn in."""
        named = tuple(self._named(each, notes) for each in step.children if _is_performer(each))
        found = tuple(role for role in named if role is not None)
        if named and lane is not None and found and self.of_lane(lane) not in (None, *found):
            notes.tell(step, Text("its lane is of none of its performers", "所在泳道与执行者不一致"))
        if named:
            return found
        if lane is None:
            return around or (() if self._otherwise is None else (self._otherwise,))
        role = self.of_lane(lane)
        if role is None:
            name = lane.attributes.get("name", "")
            notes.tell(lane, Text(f"the lane {name!r} is named after no role", f"泳道 {name!r} 不是已知角色"))
        return () if role is None else (role,)

    def of_lane(self, lane: Element) -> Role | None:
        """The role that a lane is named after."""
        return self._role(lane.attributes.get("name", ""))

    def _named(self, performer: Element, notes: Notes) -> Role | None:
        notes.inspect(performer)
        reference = next(performer.within("resourceRef"), None)
        xml = reference.text.strip().rpartition(":")[2] if reference is not None else ""
        resource = self._resources.get(xml)
        name = (resource if resource is not None else performer).attributes.get("name", "")
        role = self._role(name) or self._role(own_id(xml, "resource") or "")
        if role is None:
            notes.tell(
                performer,
                Text(f"the performer {name or xml!r} is named after no role", f"执行者 {name or xml!r} 不是已知角色"),
            )
        return role

    def _role(self, name: str) -> Role | None:
        return self._roles.get(name.strip()) or role_named(name)


def lanes_in(process: Element, notes: Notes) -> dict[str, Element]:
    """The innermost lane of every node, by XML id."""
    return {node: lane for lane in _lanes(process, "laneSet", notes) for node in _members(lane)}


def _lanes(holder: Element, name: str, notes: Notes) -> Iterator[Element]:
    for lanes in holder.within(name):
        notes.inspect(lanes)
        for lane in lanes.within("lane"):
            notes.inspect(lane)
            yield lane
            yield from _lanes(lane, "childLaneSet", notes)


def _members(lane: Element) -> Iterator[str]:
    return (reference.text.strip() for reference in lane.within("flowNodeRef"))


def _is_performer(element: Element) -> bool:
    return element.space == MODEL and element.name in PERFORMERS
