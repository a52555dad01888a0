"""What the ledger holds of processes: definitions and their adoption, a deal's run, tokens, and signed acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from chainfusion.domain.process.definition import Definition, Process
from chainfusion.domain.roles import Role
from chainfusion.domain.text import check

MAX_ENTRIES, MAX_ENTRY = 100, 1000
MAIN = "main"
"""The run of a deal's main process; that of a sub-process is named by `sub_run`."""


class Adoption(StrEnum):
    """How a consortium stands to a version of a definition."""

    PROPOSED = "proposed"
    ADOPTED = "adopted"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Proposed:
    """A version of a definition before the consortium, and what became of it."""

    definition: Definition
    by: str
    state: Adoption
    changed: datetime
    tx_id: str


@dataclass(frozen=True, slots=True)
class Ballot:
    """One member's vote on a version."""

    process: str
    version: int
    msp: str
    approve: bool
    tx_id: str


@dataclass(frozen=True, slots=True)
class DealProcess:
    """Which version a deal runs on. `ended` is when its process came to the end."""

    deal: str
    process: str
    version: int
    started: datetime
    tx_id: str
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class Token:
    """Work that has come to a place. The transaction that put it there names the work item that it makes."""

    since: datetime
    tx_id: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One filled-in field of a step's template, as text: integers in decimal digits, dates as ISO 8601."""

    field: str
    value: str

    def __post_init__(self) -> None:
        check(len(self.value) <= MAX_ENTRY, f"an entry has at most {MAX_ENTRY} characters")


class ActKind(StrEnum):
    """What somebody did."""

    DONE = "done"
    APPROVED = "approved"
    REJECTED = "rejected"
    COUNTERSIGNED = "countersigned"
    RETURNED = "returned"
    COMPLETED = "completed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Act:
    """A signed act on one work item of a step.

    msp: for which institution; by, person, certificate: who signed, the delegate where the act was delegated. due: the
    day by which it was to be done; late: whether it came after. target: where a return leads.
    """

    deal: str
    run: str
    step: str
    item: str
    kind: ActKind
    msp: str
    role: Role | None
    by: str
    person: str
    certificate: str
    entries: tuple[Entry, ...]
    reason: str | None
    target: str | None
    due: date | None
    late: bool
    at: datetime
    tx_id: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What the last completed pass of a step deposited; later steps and conditions read it."""

    deal: str
    run: str
    step: str
    entries: tuple[Entry, ...]
    tx_id: str


@dataclass(frozen=True, slots=True)
class Delegation:
    """An institution lets another act for it on a step of a deal, until it takes that back."""

    deal: str
    step: str
    msp: str
    delegate: str | None
    tx_id: str


@dataclass(frozen=True, slots=True)
class VersionChange:
    """A proposal that a deal go over from the version that it runs on to another. number: which change of the deal it
    would be, from 1; where one is withdrawn or declined, the next takes its number."""

    deal: str
    number: int
    process: str
    before: int
    after: int
    msp: str
    reason: str
    at: datetime
    tx_id: str


@dataclass(frozen=True, slots=True)
class VersionAnswer:
    """What one party says to a proposal; `reason` where it declines."""

    deal: str
    proposal: str
    msp: str
    agree: bool
    reason: str | None
    tx_id: str


@dataclass(frozen=True, slots=True)
class VersionChanged:
    """A deal has gone over to another version. `proposal` is what its parties agreed to."""

    deal: str
    number: int
    process: str
    before: int
    after: int
    proposal: str
    at: datetime
    tx_id: str


def sub_run(run: str, step: str, msp: str, item: str) -> str:
    """The name of the run of a sub-process, for one institution and one work item of the step that it stands for."""
    return f"{run}/{step}:{msp}:{item[:16]}"


def process_of(definition: Definition, run: str) -> Process:
    """The process, main or sub, that a run is of, by its name as `sub_run` makes it."""
    process = definition.main
    for part in run.split("/")[1:]:
        step = process.step(part.partition(":")[0])
        process = (step and definition.process(step.process or "")) or process
    return process
