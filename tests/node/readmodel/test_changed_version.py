"""A deal that goes over to another version of its process: its times are the same however the ledger is followed, and
the last consent counts though the work cannot be carried over yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from chainfusion.domain.process.definition import Definition
from chainfusion.domain.roles import Role
from chainfusion.node import processes, versions
from chainfusion.node.processes import Item
from chainfusion.node.readmodel import schema
from chainfusion.node.views import Workspace
from tests.contracts.process.office import step
from tests.domain.process.drawn import chain
from tests.support.consortium import Consortium

DEAL = "GOES-OVER"
FIRST = ("a", "b", "c")


def version(number: int, *names: str) -> Definition:
    steps = tuple(step(each, Role.TRUSTEE) for each in names)
    return Definition("line", number, replace(chain(*names), steps=steps), (), ())


@pytest.fixture
def consortium(tmp_path: Path) -> Iterator[Consortium]:
    made = Consortium(tmp_path)
    made.draft(DEAL)
    made.accept(DEAL)
    made.adopt(version(1, *FIRST))
    made.desk_of(Role.ORIGINATOR).session.call("process.start", deal=DEAL, process="line", version=1)
    yield made
    made.ledger.close()


def proposed(consortium: Consortium) -> tuple[str, list[str]]:
    """A proposal by the trustee, and who has still to agree."""
    session = consortium.desk_of(Role.TRUSTEE).session
    versions.propose(session, DEAL, 2, "a second look")
    stands = versions.stands(session, DEAL)
    assert stands.proposed is not None
    return stands.proposed.tx_id, list(stands.outstanding)


def done(consortium: Consortium, name: str) -> None:
    processes.act(consortium.desk_of(Role.TRUSTEE).session, Item(DEAL, "main", name))


def steps_timed(workspace: Workspace) -> list[str]:
    workspace.height()
    with workspace.model.database.engine.connect() as connection:
        asked = select(schema.step_times.c.step).where(schema.step_times.c.deal == DEAL)
        return sorted(connection.execute(asked).scalars())


def read_by(consortium: Consortium) -> Workspace:
    return Workspace(consortium.desk_of(Role.LAW_FIRM), consortium.ledger, consortium.trust)


def test_times_come_to_the_same_block_by_block_and_in_one_go(consortium: Consortium) -> None:
    consortium.adopt(version(2, "a", "b", "new", "c"))
    followed = read_by(consortium)
    done(consortium, "a")
    steps_timed(followed)
    proposal, outstanding = proposed(consortium)
    for msp in outstanding:
        versions.answer(consortium.desk(msp).session, DEAL, proposal, agree=True)
        steps_timed(followed)
    for name in ("b", "new"):
        done(consortium, name)
        steps_timed(followed)
    assert "new" in steps_timed(followed)
    assert steps_timed(read_by(consortium)) == steps_timed(followed)


def test_the_last_consent_stands_though_the_work_cannot_be_carried_over_yet(consortium: Consortium) -> None:
    consortium.adopt(version(2, "a", "c"))
    proposal, outstanding = proposed(consortium)
    *others, last = outstanding
    for msp in others:
        versions.answer(consortium.desk(msp).session, DEAL, proposal, agree=True)
    done(consortium, "a")
    receipt = versions.answer(consortium.desk(last).session, DEAL, proposal, agree=True)
    stands = versions.stands(consortium.desk(last).session, DEAL)
    assert (stands.outstanding, stands.done) == ((), ())
    assert receipt.tx_id in {each.tx_id for each in stands.answers}
