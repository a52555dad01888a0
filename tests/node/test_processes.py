"""A deal's process on a real ledger: what follows from an act, the agent, and sixty-four members at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chainfusion.contracts.catalogue import registry
from chainfusion.contracts.process.refusals import NoProcess
from chainfusion.demo.institutions import INSTITUTIONS, ORDERER
from chainfusion.domain.deal import DealTerms, NamedParty, Product
from chainfusion.domain.process.definition import END, START, Definition, Gateway, GatewayKind, Process, Quorum
from chainfusion.domain.process.records import MAIN
from chainfusion.domain.roles import Role
from chainfusion.node import processes
from chainfusion.node.processes import Item
from chainfusion.node.session import Session
from tests.contracts.process.office import step
from tests.domain.process.drawn import a_flow
from tests.support.consortium import Clock, Consortium

DEAL = "harbour-1"
MEMBERS = 64


def parallel(names: list[str], *roles: Role, quorum: Quorum = Quorum.ONE) -> Definition:
    """Steps side by side, then a last one."""
    steps = (*(step(name, *roles, quorum=quorum) for name in names), step("last", Role.ORIGINATOR))
    flows = [a_flow(START, "fork"), a_flow("join", "last"), a_flow("last", END)]
    flows += [a_flow("fork", name) for name in names] + [a_flow(name, "join") for name in names]
    gateways = (Gateway("fork", GatewayKind.ALL), Gateway("join", GatewayKind.ALL))
    main = Process("main", "Side by side", "并行", steps, gateways, tuple(flows))
    return Definition("side-by-side", 1, main, (), ())


def start(consortium: Consortium) -> None:
    consortium.desk(ORDERER).session.call("process.start", deal=DEAL, process="side-by-side", version=1)


def test_an_act_moves_the_deal_on_and_the_last_one_ends_it(tmp_path: Path) -> None:
    consortium = Consortium(tmp_path)
    consortium.adopt(parallel(["a", "b"], Role.TRUSTEE, Role.CUSTODIAN, quorum=Quorum.ALL))
    consortium.draft(DEAL)
    consortium.accept(DEAL)
    start(consortium)
    trustee, custodian = (consortium.desk_of(role).session for role in (Role.TRUSTEE, Role.CUSTODIAN))
    for name in ("a", "b"):
        processes.act(trustee, Item(DEAL, MAIN, name))
    assert {each.step for each in processes.awaited(trustee, DEAL)} == {"a", "b"}
    for name in ("a", "b"):
        processes.act(custodian, Item(DEAL, MAIN, name))
    assert [each.step for each in processes.awaited(trustee, DEAL)] == ["last"]
    processes.act(consortium.desk(ORDERER).session, Item(DEAL, MAIN, "last"))
    with pytest.raises(NoProcess):
        processes.awaited(trustee, DEAL)


def test_the_agent_moves_on_what_others_left_ready_and_does_nothing_twice(tmp_path: Path) -> None:
    consortium = Consortium(tmp_path)
    consortium.adopt(parallel(["a", "b"], Role.TRUSTEE, Role.CUSTODIAN, quorum=Quorum.ALL))
    consortium.draft(DEAL)
    consortium.accept(DEAL)
    start(consortium)
    for role in (Role.TRUSTEE, Role.CUSTODIAN):
        session = consortium.desk_of(role).session
        for name in ("a", "b"):
            session.call("process.act", deal=DEAL, run=MAIN, step=name, msp=session.msp, entries=())
    agent = consortium.desk_of(Role.RATING_AGENCY).session
    assert len(processes.tend(agent)) == 2
    assert processes.tend(agent) == ()
    assert [each.step for each in processes.awaited(agent, DEAL)] == ["last"]


class QuickClock(Clock):
    """Moves on by a millisecond at each look, since many look at once."""

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


MORE = (f"Investor{number}MSP" for number in range(MEMBERS - len(INSTITUTIONS)))
LARGE = (*INSTITUTIONS, *(replace(INSTITUTIONS[-1], msp=msp, roles=(Role.INVESTOR,)) for msp in MORE))
"""The harbour's institutions with more investors, so that there are MEMBERS."""


class LargeConsortium(Consortium):
    """Theirs."""

    def session(self, msp: str) -> Session:
        member = self.members[msp]
        return Session(self.ledger, registry(), member.user("desk"), self.clock)


def test_sixty_four_members_act_at_once_on_parallel_branches_and_none_is_lost(tmp_path: Path) -> None:
    consortium = LargeConsortium(tmp_path, QuickClock(), LARGE)
    institutions = consortium.institutions
    branches = {each.msp: f"branch-{number}" for number, each in enumerate(institutions)}
    roles = tuple({role for each in institutions for role in each.roles})
    consortium.adopt(parallel(list(branches.values()), *roles))
    parties = tuple(NamedParty(role, each.msp) for each in institutions for role in each.roles)
    terms = DealTerms(DEAL, "Large", "大项目", Product.AUTO_LOANS, "USD", parties)
    consortium.session(ORDERER).call("deal.open", terms=terms)
    for each in institutions:
        for role in each.roles if each.msp != ORDERER else ():
            consortium.session(each.msp).call("deal.accept", deal=DEAL, role=role)
    start_session = consortium.session(ORDERER)
    start_session.call("process.start", deal=DEAL, process="side-by-side", version=1)

    def act(msp: str) -> str:
        call = {"deal": DEAL, "run": MAIN, "step": branches[msp], "msp": msp, "entries": ()}
        return consortium.session(msp).call("process.act", **call).tx_id

    with ThreadPoolExecutor(MEMBERS) as pool:
        acts = list(pool.map(act, branches))
    assert len(set(acts)) == MEMBERS
    assert [each.step for each in processes.awaited(start_session, DEAL)] == ["last"]
    consortium.ledger.close()
