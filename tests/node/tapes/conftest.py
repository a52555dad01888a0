"""Tapes on their way at one institution's node, and helpers that wait for its jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest

from chainfusion.domain.roles import Role
from chainfusion.node.desk import Desk
from chainfusion.node.jobs import Job, Jobs
from chainfusion.node.loanbooks import LoanBooks
from chainfusion.node.tapes import Draft, Tapes
from chainfusion.tape.criteria_file import AUTO_LOAN
from chainfusion.tape.mapping_text import mapping_text
from tests.support.consortium import Consortium

ROOT = Path(__file__).parents[3]
TAPE = ROOT / "src/chainfusion/demo/data/ally-auto-2019-08.csv"
MAPPING = ROOT / "src/chainfusion/tape/mappings/ally-auto-aart-2019.yaml"
CRITERIA = AUTO_LOAN.read_text()
SOON = 60.0


@dataclass
class Node:
    """One institution's drafts, jobs and books, in a home; `restart` is what the end of the process leaves."""

    home: Path
    desk: Desk
    jobs: Jobs
    tapes: Tapes

    @classmethod
    def at(cls, home: Path, desk: Desk) -> Node:
        jobs = Jobs(home)
        return cls(home, desk, jobs, Tapes.of(home, jobs, LoanBooks(desk, jobs)))

    def restart(self) -> Node:
        self.jobs.close()
        return Node.at(self.home, self.desk)

    def ended(self, job: Job) -> Job:
        return self.jobs.awaited(job.id, SOON)

    def bring(self, deal: str, data: bytes, name: str = "tape.csv") -> Draft:
        self.ended(self.tapes.bring(self.desk, "lin", deal, name, BytesIO(data)))
        return self.tapes.folder.draft(deal)

    def check(self, deal: str, mapping: str = "", criteria: str = CRITERIA, leave_out: bool = True) -> Job:
        draft = self.tapes.folder.draft(deal)
        assert draft.mapping is not None
        return self.ended(
            self.tapes.decide(
                self.desk,
                "lin",
                deal,
                draft.number,
                mapping=mapping or mapping_text(draft.mapping),
                criteria=criteria,
                leave_out=leave_out,
            )
        )

    def register(self, deal: str, request: str = "", readers: tuple[str, ...] = (), failing: bool = True) -> Job:
        draft = self.tapes.folder.draft(deal)
        root = self.tapes.ready(draft).root
        return self.ended(
            self.tapes.register(
                self.desk,
                "lin",
                deal,
                draft.number,
                root,
                readers=readers,
                though_failing=failing,
                request=request or f"register {deal}",
            )
        )


@pytest.fixture
def consortium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    made = _shared(tmp_path_factory)
    yield made


_MADE: list[Consortium] = []


def _shared(factory: pytest.TempPathFactory) -> Consortium:
    if not _MADE:
        _MADE.append(Consortium(factory.mktemp("tapes")))
        assert _MADE[0].ledger.height() > 1
    return _MADE[0]


@pytest.fixture
def deal(consortium: Consortium) -> str:
    name = f"T{consortium.ledger.height()}"
    consortium.draft(name)
    consortium.accept(name)
    return name


@pytest.fixture
def node(consortium: Consortium, tmp_path: Path) -> Iterator[Node]:
    made = Node.at(tmp_path, consortium.desk_of(Role.ORIGINATOR))
    yield made
    made.jobs.close()


@pytest.fixture
def at(consortium: Consortium, tmp_path: Path) -> Callable[[Role], Node]:
    return lambda role: Node.at(tmp_path / role.value, consortium.desk_of(role))
