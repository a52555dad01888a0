"""Whatever a member sends: a contract answers, or refuses by type and changes nothing. It never breaks."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.contracts.migration.records import Link
from chainfusion.domain.deal import NamedParty, Product
from chainfusion.domain.document_kinds import DocumentKind, default_index
from chainfusion.domain.errors import ChainFusionError, error_from_json
from chainfusion.domain.membership import Change, ChangeKind, Keys
from chainfusion.domain.opinions import DocumentFact, OpinionKind, PoolFact, Statement
from chainfusion.domain.process.records import MAIN
from chainfusion.domain.records import to_json
from chainfusion.domain.review import Ask
from chainfusion.domain.roles import INSTITUTION_ROLES, Role
from tests.cashflow.text.small import small
from tests.contracts.process.office import DEFINITION
from tests.support.world import (
    DEAL,
    World,
    default_founders,
    desk,
    digest,
    genesis,
    member,
    msp_of,
    new_document,
    origin,
    person,
    pool,
    reference,
    representative,
    terms,
)

HUB = "HubMSP"
CALLER = person(HUB, *INSTITUTION_ROLES, Role.REPRESENTATIVE)


def hub_world() -> World:
    """An open deal in which one institution, the caller's, has every role, so that nothing stops at the door."""
    made = World(genesis(member(HUB, *INSTITUTION_ROLES), *default_founders())).founded().signed()
    investor = NamedParty(Role.INVESTOR, msp_of(Role.INVESTOR))
    parties = (*(NamedParty(role, HUB) for role in INSTITUTION_ROLES), investor)
    made.call("deal.open", CALLER, terms=terms(parties=parties))
    made.call("deal.accept", desk(Role.INVESTOR), deal=DEAL, role=Role.INVESTOR)
    return made


WORLD = hub_world()
TAPE = new_document("tape", DocumentKind.LOAN_TAPE)
TEXT = new_document("legal", DocumentKind.LEGAL_OPINION)
WORLD.call("document.register", CALLER, deal=DEAL, document=TAPE)
WORLD.call("document.register", CALLER, deal=DEAL, document=TEXT)
NOTE = new_document("note", DocumentKind.WORKING_PAPER)
WORLD.call("document.register", CALLER, deal=DEAL, document=NOTE)
WORLD.call("process-definition.propose", CALLER, definition=DEFINITION)
for _member in default_founders():
    if WORLD.call("process-definition.show", CALLER, process="small-deal", version=1)["state"] == "proposed":
        WORLD.call(
            "process-definition.vote", representative(_member.msp), process="small-deal", version=1, approve=True
        )
WORLD.call("process.start", CALLER, deal=DEAL, process="small-deal", version=1)
MANDATE = {"deal": DEAL, "run": MAIN, "step": "mandate", "msp": HUB}
WORLD.call("terms.register", CALLER, deal=DEAL, terms=small(), replaces=None)
OLD = "0d" * 16
WORLD.call("migration.name_origin", CALLER, origin=origin(OLD))


def reviewed(fact: PoolFact, note: DocumentFact, loan: str) -> str:
    """A removal that was asked for: its remark's id."""
    if loan == "open":
        WORLD.call("review.share", CALLER, deal=DEAL, pool=fact, guest=HUB, until=None)
    told = {"deal": DEAL, "pool": fact, "ask": Ask.REMOVAL, "loan": digest(loan), "text": note}
    return str(WORLD.call("review.remark", CALLER, **told)["tx_id"])


def valid_arguments() -> dict[str, dict[str, Any]]:
    """Arguments that each operation takes in this world."""
    tape = DocumentFact(TAPE.id, 1, TAPE.fingerprint)
    registered = WORLD.call("pool.register", CALLER, deal=DEAL, pool=pool(tape))
    first = PoolFact(1, bytes.fromhex(registered["record"]["root"]))
    note = DocumentFact(NOTE.id, 1, NOTE.fingerprint)
    open_, done = (reviewed(first, note, loan) for loan in ("open", "done"))
    WORLD.call("review.answer", CALLER, deal=DEAL, version=1, remark=done, accepted=True, reason=note)
    before = reference({"version": 1, "root": registered["record"]["root"], "tx_id": registered["tx_id"]})
    registered = WORLD.call("pool.register", CALLER, deal=DEAL, pool=pool(tape, "second", replaces=before))
    in_force = reference({"version": 2, "root": registered["record"]["root"], "tx_id": registered["tx_id"]})
    fact = PoolFact(2, bytes.fromhex(registered["record"]["root"]))
    WORLD.call("review.share", CALLER, deal=DEAL, pool=fact, guest=HUB, until=None)
    text = DocumentFact(TEXT.id, 1, TEXT.fingerprint)
    party = NamedParty(Role.TRUSTEE, HUB)
    typed: dict[str, dict[str, Any]] = {
        "consortium.found": {"genesis": WORLD.signed_genesis},
        "consortium.propose": {"change": Change(ChangeKind.ADMIT, member=member("NewMSP"))},
        "consortium.vote": {"proposal": "p", "approve": True},
        "consortium.withdraw": {"proposal": "p"},
        "consortium.leave": {},
        "consortium.renew_keys": {"keys": Keys(b"e", (b"i",), b"node", b"notary")},
        "consortium.sign_agreement": {"version": 1, "fingerprint": "a1" * 32},
        "consortium.membership": {},
        "consortium.proposals": {},
        "consortium.agreement": {},
        "consortium.agreement_signatures": {"version": 1},
        "deal.open": {"terms": terms("next")},
        "deal.accept": {"deal": DEAL, "role": Role.TRUSTEE},
        "deal.decline": {"deal": DEAL, "role": Role.TRUSTEE, "reason": "late"},
        "deal.name_party": {"deal": DEAL, "party": party},
        "deal.replace_party": {"deal": DEAL, "party": party, "successor": "TrusteeMSP", "reason": "late"},
        "deal.close": {"deal": DEAL},
        "deal.cancel": {"deal": DEAL, "reason": "late"},
        "deal.show": {"deal": DEAL},
        "deal.overview": {},
        "deal.history": {"deal": DEAL},
        "pool.register": {"deal": DEAL, "pool": pool(tape, "next", replaces=in_force)},
        "pool.acknowledge": {"deal": DEAL, "pool": fact},
        "pool.show": {"deal": DEAL},
        "pool.versions": {"deal": DEAL},
        "pool.acknowledged": {"deal": DEAL},
        "document.require_kinds": {"deal": DEAL, "entries": default_index(Product.AUTO_LOANS)[:2]},
        "document.register": {"deal": DEAL, "document": new_document("new", DocumentKind.WORKING_PAPER, 1, (HUB,))},
        "document.grant": {"deal": DEAL, "document": TAPE.id, "version": 1, "reader": msp_of(Role.INVESTOR)},
        "document.state_opinion": {
            "deal": DEAL,
            "statement": Statement(OpinionKind.LEGAL, "unqualified", text, fact, (tape,)),
        },
        "document.index": {"deal": DEAL},
        "document.show": {"deal": DEAL, "document": TAPE.id},
        "document.overview": {"deal": DEAL},
        "document.opinions": {"deal": DEAL},
        "migration.name_origin": {"origin": origin("e1" * 16)},
        "migration.link": {"ledger": OLD, "deal": DEAL, "part": 1, "links": (Link("1" * 64, 3, 0, "2" * 64),)},
        "migration.origins": {},
        "migration.links": {"deal": DEAL},
        "process-definition.propose": {"definition": replace(DEFINITION, version=2)},
        "process-definition.vote": {"process": "small-deal", "version": 1, "approve": True},
        "process-definition.show": {"process": "small-deal", "version": 1},
        "process-definition.overview": {},
        "process-definition.votes": {"process": "small-deal", "version": 1},
        "process.start": {"deal": DEAL, "process": "small-deal", "version": 1},
        "process.act": {**MANDATE, "entries": ()},
        "process.check": {**MANDATE, "approve": False, "reason": "late"},
        "process.countersign": MANDATE,
        "process.send_back": {**MANDATE, "target": "price", "reason": "late"},
        "process.advance": {"deal": DEAL, "run": MAIN, "step": "mandate"},
        "process.conclude": {"deal": DEAL},
        "process.delegate": {"deal": DEAL, "step": "mandate", "delegate": "TrusteeMSP"},
        "process.awaited": {"deal": DEAL},
        "process.acts": {"deal": DEAL},
        "process.show": {"deal": DEAL},
        "process-version.propose": {"deal": DEAL, "version": 2, "reason": "a new rule"},
        "process-version.answer": {"deal": DEAL, "proposal": "1" * 64, "agree": False, "reason": "late"},
        "process-version.change": {"deal": DEAL, "proposal": "1" * 64},
        "process-version.show": {"deal": DEAL},
        "terms.register": {"deal": DEAL, "terms": small(("3.6%", "3.7%")), "replaces": 1},
        "terms.consent": {"deal": DEAL, "version": 1, "fingerprint": small().fingerprint()},
        "terms.show": {"deal": DEAL, "version": 1},
        "terms.in_force": {"deal": DEAL},
        "terms.overview": {"deal": DEAL},
        "review.share": {"deal": DEAL, "pool": fact, "guest": msp_of(Role.INVESTOR), "until": None},
        "review.remark": {"deal": DEAL, "pool": fact, "ask": Ask.REMOVAL, "loan": digest("loan"), "text": note},
        "review.answer": {"deal": DEAL, "version": 1, "remark": open_, "accepted": True, "reason": note},
        "review.state_removal": {"deal": DEAL, "version": 1, "remark": done, "pool": fact},
        "review.overview": {"deal": DEAL},
    }
    return {name: {key: to_json(value) for key, value in args.items()} for name, args in typed.items()}


VALID = valid_arguments()
OPERATIONS = {operation.full_name: operation for operation in WORLD.contracts.operations()}
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**63 - 1, -(2**63), "", " ", "\x00", "a\x00b", "\U0010ffff", "\u202e", "../x",
    "x" * 5000, "名" * 200, HUB, "TrusteeMSP", DEAL, "0" * 64, "0" * 32, [], {}, [None], {"a": 1}, [[]], "trustee",
    "representative", "legal", "loan-tape", "CNY", 999_999, 1_000_000,
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value, the value itself included."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def spoiled(value: Any, path: tuple[Any, ...], odd: Any, how: str) -> Any:
    """A copy of a value with one place replaced, removed or joined by an unknown neighbour."""
    copied = copy.deepcopy(value)
    holder = copied
    for key in path[:-1]:
        holder = holder[key]
    if how == "replace":
        holder[path[-1]] = odd
    elif how == "remove":
        del holder[path[-1]]
    elif isinstance(holder, dict):
        holder["unknown"] = odd
    else:
        holder.append(odd)
    return copied


def attempt(operation: str, arguments: dict[str, Any]) -> ChainFusionError | None:
    """A call on the ledger as it stands, never committed: its refusal, or None where it was taken."""
    contract, _, name = operation.partition(".")
    ctx = WORLD.ledger.begin(CALLER)
    try:
        WORLD.contracts.invoke(ctx, contract, 1, name, arguments)
    except ChainFusionError as refusal:
        return refusal
    return None


REFUSED_AS_THEY_ARE = {
    "consortium.found", "consortium.vote", "consortium.withdraw", "consortium.leave", "consortium.sign_agreement",
    "deal.accept", "deal.decline", "deal.name_party", "process-definition.vote", "process.start", "process.check",
    "process.countersign", "process.send_back", "process.advance", "process.conclude", "terms.consent",
    "process-version.propose", "process-version.answer", "process-version.change",
}  # fmt: skip
"""Calls whose arguments are well formed, and which do not fit what is on this ledger already."""


@pytest.mark.parametrize("operation", VALID)
def test_the_starting_points_reach_the_rule(operation: str) -> None:
    refusal = attempt(operation, VALID[operation])
    assert (refusal is not None) == (operation in REFUSED_AS_THEY_ARE), refusal


def test_every_operation_is_tried() -> None:
    assert set(VALID) == set(OPERATIONS)


@settings(max_examples=1500, deadline=None)
@given(data=st.data())
def test_spoiled_arguments_are_answered_or_refused_by_type(data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from([name for name, args in VALID.items() if args]))
    where = data.draw(st.sampled_from([path for path in places(VALID[operation]) if path]))
    how = data.draw(st.sampled_from(["replace", "replace", "replace", "remove", "add"]))
    arguments = spoiled(VALID[operation], where, data.draw(st.sampled_from(ODD)), how)
    before = dict(WORLD.ledger.state)
    refusal = attempt(operation, arguments)
    assert WORLD.ledger.state == before
    if refusal is not None:
        assert refusal.message("en") and refusal.message("zh") and refusal.remedy("en") and refusal.remedy("zh")
        assert error_from_json(refusal.to_json()).message("zh") == refusal.message("zh")


@pytest.mark.parametrize("operation", VALID)
def test_a_missing_and_an_unknown_argument_are_refused(operation: str) -> None:
    for name in VALID[operation]:
        less = {key: value for key, value in VALID[operation].items() if key != name}
        assert getattr(attempt(operation, less), "code", None) == "BAD_ARGUMENTS"
    more = attempt(operation, VALID[operation] | {"unknown": 1})
    assert getattr(more, "code", None) == "BAD_ARGUMENTS"
