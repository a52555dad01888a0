"""What every page names beside what it is about: whose workspace it is, and where else there is to go."""

from __future__ import annotations

from dataclasses import dataclass

from chainfusion.domain.roles import Role
from chainfusion.node.views.facts import Institution
from chainfusion.node.views.waits import DealName


@dataclass(frozen=True)
class Me:
    """Whose workspace this is."""

    institution: Institution
    roles: tuple[Role, ...]
    person: str


@dataclass(frozen=True)
class Nav:
    """What every page names beside what it is about: how many deals there are, the newest, what awaits the reader."""

    height: int
    deals: int
    newest: tuple[DealName, ...]
    awaiting: int
