"""A plan is read strictly: what is written is what is meant, and what is wrong is told with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.domain.roles import Role
from chainfusion.ledger.fabric.network.plan import Consensus, Database, Ordering, OrganisationPlan, Plan, PlanRefused
from chainfusion.ledger.fabric.network.planfile import read_plan, write_plan
from tests.fabric.network_stage import small_plan

PLAN = """\
consortium: {name: Bohai consortium, name_zh: 渤海联盟}
channel: deals
ordering: {consensus: raft, batch: 200 ms, batch_size: 4 MiB, leader_timeout: 2 s}
database: couchdb
organisations:
  - {msp: DonghaiMSP, name: Donghai, name_zh: 东海银行, roles: [originator, servicer], host: 127.0.0.1, port: 7000}
  - {msp: YunjinMSP, name: Yunjin, name_zh: 云津信托, roles: trustee, host: yunjin.example, port: 7000, orders: no}
"""


def test_a_plan_says_what_it_says() -> None:
    plan = read_plan(PLAN.encode())
    first, second = plan.organisations
    assert (plan.name, plan.name_zh, plan.channel, plan.database) == (
        "Bohai consortium",
        "渤海联盟",
        "deals",
        Database.COUCHDB,
    )
    assert plan.ordering == Ordering(Consensus.RAFT, 200, 500, 4 * 1024 * 1024, leader_timeout_ms=2000)
    assert first.roles == (Role.ORIGINATOR, Role.SERVICER)
    assert (first.peer, first.orderer, second.peer) == ("127.0.0.1:7000", "127.0.0.1:7002", "yunjin.example:7000")
    assert plan.orderers == (first,)


def test_an_organisation_s_addresses_are_all_its_own() -> None:
    one = small_plan().organisations[0]
    addresses = [
        one.peer,
        one.peer_operations,
        one.orderer,
        one.orderer_admin,
        one.orderer_operations,
        one.chaincode,
        one.peer_chaincode,
        one.couchdb,
    ]
    assert len(set(addresses)) == len(addresses)
    assert max(int(each.rpartition(":")[2]) for each in addresses) < small_plan().organisations[1].port


@pytest.mark.parametrize(
    ("old", "new", "line", "path"),
    [
        ("channel: deals", "channel: Deals", 2, "channel"),
        ("channel: deals", "chanel: deals", 2, "chanel"),
        ("consensus: raft", "consensus: solo", 3, "ordering.consensus"),
        ("consensus: raft", "consensus: smartbft", 3, "ordering.consensus"),
        ("batch: 200 ms", "batch: 200", 3, "ordering.batch"),
        ("batch: 200 ms", "batch: -1 ms", 3, "ordering.batch"),
        ("batch_size: 4 MiB", "batch_size: 4 MB", 3, "ordering.batch_size"),
        ("database: couchdb", "database: sqlite", 4, "database"),
        ("[originator, servicer]", "[originator, banker]", 6, "organisations[0].roles[1]"),
        ("msp: DonghaiMSP", "msp: ../etc", 6, "organisations[0].msp"),
        ("host: 127.0.0.1", "host: 'a b'", 6, "organisations[0].host"),
        ("host: 127.0.0.1", "host: -flag", 6, "organisations[0].host"),
        ("port: 7000}", "port: 70000}", 6, "organisations[0].port"),
        ("port: 7000}", "port: 80}", 6, "organisations[0].port"),
        ("port: 7000}", "port: 0x1b58}", 6, "organisations[0].port"),
        ("msp: YunjinMSP", "msp: DonghaiMSP", 6, "organisations"),
        ("host: yunjin.example, port: 7000", "host: 127.0.0.1, port: 7005", 6, "organisations"),
        ("orders: no", "orders: false", 7, "organisations[1].orders"),
        ("name_zh: 云津信托, ", "", 7, "organisations[1]"),
        ("channel: deals", "channel: &x deals", 2, "channel"),
        ("channel: deals", "channel: deals\nchannel: more", 3, "$"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(old: str, new: str, line: int, path: str) -> None:
    with pytest.raises(PlanRefused) as refused:
        read_plan(PLAN.replace(old, new, 1).encode())
    assert (refused.value.facts["line"], refused.value.facts["path"]) == (line, path)


@pytest.mark.parametrize("data", [b"", b"[]", b"x", b"\xff", b"consortium: 1", b"organisations: []"])
def test_what_is_no_plan_is_refused(data: bytes) -> None:
    with pytest.raises(PlanRefused):
        read_plan(data)


def test_smartbft_needs_four_that_order() -> None:
    with pytest.raises(PlanRefused, match="needs 4"):
        small_plan(count=3)
    assert len(small_plan(ordering=Ordering(Consensus.RAFT), count=1).orderers) == 1


names = st.text(st.sampled_from("Az09éß東海银行yesno"), min_size=1, max_size=12)
organisations = st.builds(
    OrganisationPlan,
    msp=st.sampled_from(["A", "B.c-9MSP", "no", "Yes0"]),
    name=names,
    name_zh=names,
    roles=st.lists(st.sampled_from(Role), min_size=1, max_size=3).map(tuple),
    host=st.sampled_from(["127.0.0.1", "a.example"]),
    port=st.integers(1024, 65000),
    orders=st.booleans(),
)
orderings = st.builds(
    Ordering,
    consensus=st.just(Consensus.RAFT),
    batch_ms=st.integers(1, 99_999),
    batch_count=st.integers(1, 99_999),
    batch_bytes=st.integers(1, 99_999).map(lambda k: k * 1024),
    max_bytes=st.integers(1, 99_999).map(lambda k: k * 1024),
    leader_timeout_ms=st.integers(1, 99_999),
)


@given(names, names, st.lists(organisations, min_size=1, max_size=4), orderings, st.sampled_from(Database))
def test_a_written_plan_is_read_as_the_same(
    name: str, name_zh: str, members: list[OrganisationPlan], ordering: Ordering, database: Database
) -> None:
    try:
        plan = Plan(name, name_zh, "deals", tuple(members), ordering, database)
    except PlanRefused:
        return
    assert read_plan(write_plan(plan).encode()) == plan
