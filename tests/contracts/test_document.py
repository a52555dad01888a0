"""Documents: the index of kinds, versions, readers, and opinions with the facts they rely on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chainfusion.contracts.document.refusals import (
    AlreadyGranted,
    DocumentExists,
    DocumentUnknown,
    IndexRefused,
    KindDiffers,
    NotTheOwner,
    NotTheProvider,
    OpinionExists,
    OpinionRoleNeeded,
    ReaderNotAParty,
)
from chainfusion.contracts.facts import StaleFact, UnknownFact
from chainfusion.contracts.framework.contract import BadArguments
from chainfusion.contracts.terms.state import CONSENTING
from chainfusion.domain.deal import Product
from chainfusion.domain.document_kinds import (
    DOCUMENT_KIND_NAMES,
    DocumentKind,
    IndexEntry,
    default_index,
)
from chainfusion.domain.errors import Text
from chainfusion.domain.opinions import (
    OPINION_DOCUMENTS,
    DocumentFact,
    OpinionKind,
    PoolFact,
    Statement,
    TermsFact,
)
from chainfusion.domain.records import to_json
from chainfusion.domain.roles import INSTITUTION_ROLES, Role
from tests.cashflow.text.small import small
from tests.support.world import DEAL, World, desk, digest, msp_of, new_document, opaque

ORIGINATOR, TRUSTEE, UNDERWRITER, LAW_FIRM, ACCOUNTANT, RATER = (
    desk(role)
    for role in (
        Role.ORIGINATOR,
        Role.TRUSTEE,
        Role.LEAD_UNDERWRITER,
        Role.LAW_FIRM,
        Role.ACCOUNTANT,
        Role.RATING_AGENCY,
    )
)

# Who provides what by default, written out once more.
PROVIDERS = {
    "loan-tape": "originator",
    "eligibility-criteria": "originator",
    "static-pool-data": "originator",
    "legal-due-diligence-report": "law-firm",
    "agreed-upon-procedures-report": "accountant",
    "master-definitions": "law-firm",
    "trust-contract": "trustee",
    "service-contract": "servicer",
    "custody-contract": "custodian",
    "underwriting-agreement": "lead-underwriter",
    "syndicate-agreement": "lead-underwriter",
    "paying-agency-agreement": "registrar",
    "cash-flow-model": "lead-underwriter",
    "legal-opinion": "law-firm",
    "accounting-opinion": "accountant",
    "tax-opinion": "accountant",
    "rating-report": "rating-agency",
    "surveillance-plan": "rating-agency",
    "prospectus": "trustee",
    "offering-method": "lead-underwriter",
    "product-registration": "originator",
}


@pytest.fixture
def world() -> World:
    """An open deal without documents."""
    return World().founded().signed().opened()


def index(world: World) -> dict[str, dict[str, Any]]:
    return {line["kind"]: line for line in world.call("document.index", TRUSTEE, deal=DEAL)}


def register(world: World, caller: Any, document: Any) -> Any:
    return world.call("document.register", caller, deal=DEAL, document=document)


# ------------------------------------------------------------------ the index


def test_the_default_index_shows_all_as_missing(world: World) -> None:
    lines = index(world)
    assert {kind: line["provider"] for kind, line in lines.items()} == PROVIDERS
    assert all(line["missing"] and line["documents"] == [] for line in lines.values())


def test_a_special_plan_has_no_interbank_documents() -> None:
    credit = {entry.kind for entry in default_index(Product.AUTO_LOANS)}
    plan = {entry.kind for entry in default_index(Product.RECEIVABLES)}
    assert {kind.value for kind in credit - plan} == {"syndicate-agreement", "offering-method", "product-registration"}


def test_the_index_shows_what_is_there_in_its_current_version(world: World) -> None:
    world.document("tape", DocumentKind.LOAN_TAPE, Role.ORIGINATOR)
    world.document("tape", DocumentKind.LOAN_TAPE, Role.ORIGINATOR, version=2)
    line = index(world)["loan-tape"]
    assert not line["missing"]
    assert [document["version"] for document in line["documents"]] == [2]


def test_documents_beyond_the_index_stand_behind_it(world: World) -> None:
    world.document("paper", DocumentKind.WORKING_PAPER, Role.INVESTOR)
    lines = world.call("document.index", TRUSTEE, deal=DEAL)
    assert (lines[-1]["kind"], lines[-1]["provider"], lines[-1]["missing"]) == ("working-paper", None, False)


def test_arrangers_set_what_the_deal_needs(world: World) -> None:
    entries = (
        IndexEntry(DocumentKind.RATING_REPORT, Role.RATING_AGENCY),
        IndexEntry(DocumentKind.TAX_OPINION, Role.LAW_FIRM),
        IndexEntry(DocumentKind.TAX_OPINION, Role.ACCOUNTANT),
    )
    world.document("old", DocumentKind.LOAN_TAPE, Role.ORIGINATOR)
    world.call("document.require_kinds", UNDERWRITER, deal=DEAL, entries=entries)
    world.document("tax", DocumentKind.TAX_OPINION, Role.LAW_FIRM)
    lines = world.call("document.index", TRUSTEE, deal=DEAL)
    told = [(line["kind"], line["provider"], line["missing"]) for line in lines]
    assert told == [
        ("rating-report", "rating-agency", True),
        ("tax-opinion", "law-firm", False),
        ("tax-opinion", "accountant", True),
        ("loan-tape", None, False),
    ]


def test_an_index_names_each_entry_once(world: World) -> None:
    entry = IndexEntry(DocumentKind.PROSPECTUS, Role.TRUSTEE)
    world.refused(IndexRefused, "document.require_kinds", ORIGINATOR, deal=DEAL, entries=(entry, entry))
    world.refused(IndexRefused, "document.require_kinds", ORIGINATOR, deal=DEAL, entries=())
    nobody = {"kind": "prospectus", "provider": "representative"}
    world.refused(BadArguments, "document.require_kinds", ORIGINATOR, deal=DEAL, entries=[nobody])
    unknown = {"kind": "secret-title.pdf", "provider": "trustee"}
    world.refused(BadArguments, "document.require_kinds", ORIGINATOR, deal=DEAL, entries=[unknown])


def test_every_kind_has_a_name_in_both_languages() -> None:
    assert set(DOCUMENT_KIND_NAMES) == set(DocumentKind)
    assert all(name.en and name.zh for name in DOCUMENT_KIND_NAMES.values())


# ------------------------------------------------------------------ documents


@pytest.mark.parametrize("kind", PROVIDERS)
@pytest.mark.parametrize("role", INSTITUTION_ROLES)
def test_each_kind_is_provided_by_its_role(world_once: World, kind: str, role: Role) -> None:
    document = new_document(f"{kind} {role}", DocumentKind(kind))
    if PROVIDERS[kind] == role:
        registered = world_once.call("document.register", desk(role), deal=DEAL, document=document)
        assert registered["owner"] == msp_of(role)
    else:
        world_once.refused(NotTheProvider, "document.register", desk(role), deal=DEAL, document=document)


@pytest.fixture(scope="module")
def world_once() -> World:
    """An open deal that the table of providers is tried on."""
    return World().founded().signed().opened()


def test_nothing_readable_of_a_document_is_on_the_ledger(world: World) -> None:
    register(world, ORIGINATOR, new_document("Secret title", DocumentKind.LOAN_TAPE))
    written = b"".join(value or b"" for value in world.last.writes.values())
    assert b"Secret" not in written
    for spoil in ({"id": "report.pdf"}, {"object": "vault/report.pdf"}, {"title": "x"}, {"fingerprint": "00"}):
        document = to_json(new_document("d", DocumentKind.LOAN_TAPE)) | spoil
        world.refused(BadArguments, "document.register", ORIGINATOR, deal=DEAL, document=document)


def test_versions_follow_each_other_by_the_same_owner_and_kind(world: World) -> None:
    def refused(refusal: Any, caller: Any, version: int, kind: DocumentKind = DocumentKind.WORKING_PAPER) -> None:
        document = new_document("paper", kind, version)
        world.refused(refusal, "document.register", caller, deal=DEAL, document=document)

    refused(DocumentUnknown, TRUSTEE, 2)
    world.document("paper", DocumentKind.WORKING_PAPER, Role.TRUSTEE)
    refused(DocumentExists, TRUSTEE, 1)
    refused(DocumentExists, LAW_FIRM, 1)
    refused(DocumentUnknown, TRUSTEE, 3)
    refused(NotTheOwner, LAW_FIRM, 2)
    refused(KindDiffers, TRUSTEE, 2, DocumentKind.TRUST_CONTRACT)
    world.document("paper", DocumentKind.WORKING_PAPER, Role.TRUSTEE, version=2)
    shown = world.call("document.show", LAW_FIRM, deal=DEAL, document=opaque("paper"))
    assert [(view["document"]["version"], view["document"]["supersedes"]) for view in shown] == [(1, None), (2, 1)]


@pytest.mark.parametrize(
    "spoil",
    [{"version": 0}, {"version": 2}, {"version": 1, "supersedes": 0}, {"version": 2, "supersedes": 2},
     {"version": 10**6, "supersedes": 10**6 - 1}, {"readers": ["TrusteeMSP", "TrusteeMSP"]}, {"readers": [""]},
     {"readers": ["M" * 65]}],
)  # fmt: skip
def test_a_document_record_is_checked(world: World, spoil: dict[str, Any]) -> None:
    document = to_json(new_document("d", DocumentKind.LOAN_TAPE)) | spoil
    world.refused(BadArguments, "document.register", ORIGINATOR, deal=DEAL, document=document)


def test_readers_are_the_owner_and_whom_it_names(world: World) -> None:
    readers = (LAW_FIRM.msp, RATER.msp)
    register(world, ORIGINATOR, new_document("tape", DocumentKind.LOAN_TAPE, readers=readers))
    shown = world.call("document.overview", TRUSTEE, deal=DEAL)
    assert shown[0]["readers"] == sorted([ORIGINATOR.msp, *readers])


def test_readers_are_accepted_parties(world: World) -> None:
    world.drafted("draft")
    stranger = new_document("tape", DocumentKind.LOAN_TAPE, readers=("StrangerMSP",))
    world.refused(ReaderNotAParty, "document.register", ORIGINATOR, deal=DEAL, document=stranger)
    fact = world.taped()
    given = {"deal": DEAL, "document": fact.document, "version": 1}
    world.refused(ReaderNotAParty, "document.grant", ORIGINATOR, reader="StrangerMSP", **given)


def test_the_owner_grants_a_version_to_one_more_party_once(world: World) -> None:
    fact = world.taped()
    given = {"deal": DEAL, "document": fact.document, "version": 1, "reader": RATER.msp}
    world.refused(NotTheOwner, "document.grant", TRUSTEE, **given)
    world.refused(DocumentUnknown, "document.grant", ORIGINATOR, **given | {"version": 2})
    assert world.call("document.grant", ORIGINATOR, **given)["reader"] == RATER.msp
    world.refused(AlreadyGranted, "document.grant", ORIGINATOR, **given)
    world.refused(AlreadyGranted, "document.grant", ORIGINATOR, **given | {"reader": ORIGINATOR.msp})


def test_a_new_version_starts_with_its_own_readers(world: World) -> None:
    world.document("paper", DocumentKind.WORKING_PAPER, Role.TRUSTEE, readers=(RATER.msp,))
    world.document("paper", DocumentKind.WORKING_PAPER, Role.TRUSTEE, version=2)
    shown = world.call("document.show", TRUSTEE, deal=DEAL, document=opaque("paper"))
    assert [view["readers"] for view in shown] == [[RATER.msp, TRUSTEE.msp], [TRUSTEE.msp]]


def test_registering_writes_keys_that_nobody_else_writes(world: World) -> None:
    world.taped()
    assert len(world.last.writes) == 2  # the version, and its owner's grant
    first = set(world.last.writes)
    world.document("tape", DocumentKind.LOAN_TAPE, Role.ORIGINATOR, version=2)
    assert not first & set(world.last.writes)


# ------------------------------------------------------------------ opinions

AUTHORS = {
    OpinionKind.LEGAL: {Role.LAW_FIRM},
    OpinionKind.ACCOUNTING: {Role.ACCOUNTANT},
    OpinionKind.TAX: {Role.ACCOUNTANT, Role.LAW_FIRM},
    OpinionKind.RATING: {Role.RATING_AGENCY},
}


def statement(
    text: DocumentFact, kind: OpinionKind = OpinionKind.LEGAL, pool: PoolFact | None = None, *facts: DocumentFact
) -> Statement:
    conclusion = "AAAsf" if kind is OpinionKind.RATING else "unqualified"
    return Statement(kind, conclusion, text, pool, facts)


def legal_text(world: World, name: str = "legal opinion", version: int = 1) -> DocumentFact:
    return world.document(name, DocumentKind.LEGAL_OPINION, Role.LAW_FIRM, version=version)


def test_an_opinion_names_the_pool_and_the_documents_it_relies_on(world: World) -> None:
    pool = world.pooled()
    report = world.document("report", DocumentKind.LEGAL_DUE_DILIGENCE_REPORT, Role.LAW_FIRM)
    stated = statement(legal_text(world), OpinionKind.LEGAL, pool, report)
    opinion = world.call("document.state_opinion", LAW_FIRM, deal=DEAL, statement=stated)
    assert (opinion["by"], opinion["statement"]) == (LAW_FIRM.msp, to_json(stated))
    assert world.call("document.opinions", TRUSTEE, deal=DEAL) == [{"current": True, "opinion": opinion}]


@pytest.mark.parametrize("kind", OpinionKind)
@pytest.mark.parametrize("role", [Role.LAW_FIRM, Role.ACCOUNTANT, Role.RATING_AGENCY])
def test_each_kind_of_opinion_has_its_author(world: World, kind: OpinionKind, role: Role) -> None:
    entries = tuple(IndexEntry(OPINION_DOCUMENTS[kind], each) for each in INSTITUTION_ROLES)
    world.call("document.require_kinds", ORIGINATOR, deal=DEAL, entries=entries)
    pool = world.pooled()
    text = world.document("text", OPINION_DOCUMENTS[kind], role)
    call = {"deal": DEAL, "statement": statement(text, kind, pool)}
    if role in AUTHORS[kind]:
        world.call("document.state_opinion", desk(role), **call)
    else:
        world.refused(OpinionRoleNeeded, "document.state_opinion", desk(role), **call)


def test_an_opinion_relies_on_current_facts_alone(world: World) -> None:
    def refused(refusal: Any, *facts: DocumentFact, pool: PoolFact | None = None) -> None:
        stated = statement(text, OpinionKind.LEGAL, pool, *facts)
        world.refused(refusal, "document.state_opinion", LAW_FIRM, deal=DEAL, statement=stated)

    text = legal_text(world)
    report = world.document("report", DocumentKind.WORKING_PAPER, Role.TRUSTEE)
    refused(UnknownFact, pool=PoolFact(1, digest("pool")))
    refused(UnknownFact, replace(report, fingerprint=digest("x")))
    refused(UnknownFact, report, replace(report, document=opaque("nothing")))
    first = world.pooled()
    world.pooled("pool 2", "tape 2")
    refused(StaleFact, report, pool=first)
    world.document("report", DocumentKind.WORKING_PAPER, Role.TRUSTEE, version=2)
    refusal = world.refused(
        StaleFact,
        "document.state_opinion",
        LAW_FIRM,
        deal=DEAL,
        statement=statement(text, OpinionKind.LEGAL, None, report),
    )
    assert refusal.facts["current"] == 2


def test_an_opinion_on_the_terms_stands_until_others_are_in_force(world: World) -> None:
    def registered(note: str, replaces: int | None) -> TermsFact:
        terms = replace(small(), name=Text(note, note))
        found = world.call("terms.register", UNDERWRITER, deal=DEAL, terms=terms, replaces=replaces)
        return TermsFact(found["version"], bytes.fromhex(found["fingerprint"]))

    def agreed(fact: TermsFact) -> None:
        for role in set(CONSENTING) - {Role.LEAD_UNDERWRITER}:
            at = {"version": fact.version, "fingerprint": fact.fingerprint.hex()}
            world.call("terms.consent", desk(role), deal=DEAL, **at)

    def stands() -> list[bool]:
        return [each["current"] for each in world.call("document.opinions", TRUSTEE, deal=DEAL)]

    def call(text: DocumentFact, terms: TermsFact) -> dict[str, Any]:
        return {"deal": DEAL, "statement": replace(statement(text, OpinionKind.LEGAL, PoolFact(1, digest("x"))),
                                                   pool=None, terms=terms)}  # fmt: skip

    text = legal_text(world)
    world.refused(UnknownFact, "document.state_opinion", LAW_FIRM, **call(text, TermsFact(1, digest("terms"))))
    first = registered("First", None)
    world.refused(UnknownFact, "document.state_opinion", LAW_FIRM, **call(text, replace(first, version=2)))
    agreed(first)
    world.call("document.state_opinion", LAW_FIRM, **call(text, first))
    second = registered("Second", 1)
    assert stands() == [True]
    world.call("document.state_opinion", LAW_FIRM, **call(legal_text(world, "on the second"), second))
    assert stands() == [True, True]
    agreed(second)
    assert sorted(stands()) == [False, True]
    refusal = world.refused(StaleFact, "document.state_opinion", LAW_FIRM, **call(legal_text(world, "late"), first))
    assert refusal.facts["current"] == 2


def test_the_text_of_an_opinion_is_the_authors_own_document_of_its_kind(world: World) -> None:
    pool = world.pooled()
    paper = world.document("paper", DocumentKind.WORKING_PAPER, Role.LAW_FIRM)
    foreign = world.document("foreign", DocumentKind.WORKING_PAPER, Role.TRUSTEE)
    for refusal, text in ((KindDiffers, paper), (NotTheOwner, foreign), (UnknownFact, replace(paper, version=9))):
        stated = statement(text, OpinionKind.LEGAL, pool)
        world.refused(refusal, "document.state_opinion", LAW_FIRM, deal=DEAL, statement=stated)


def test_an_opinion_is_stated_once_for_a_version_of_its_text(world: World) -> None:
    pool = world.pooled()
    stated = statement(legal_text(world), OpinionKind.LEGAL, pool)
    world.call("document.state_opinion", LAW_FIRM, deal=DEAL, statement=stated)
    changed = replace(stated, conclusion="adverse")
    world.refused(OpinionExists, "document.state_opinion", LAW_FIRM, deal=DEAL, statement=changed)
    second = statement(legal_text(world, version=2), OpinionKind.LEGAL, pool)
    world.call("document.state_opinion", LAW_FIRM, deal=DEAL, statement=second)
    views = world.call("document.opinions", TRUSTEE, deal=DEAL)
    assert [view["current"] for view in views] == [False, True]


@pytest.mark.parametrize("replaced", ["pool", "report", "nothing"])
def test_an_opinion_shows_when_its_ground_has_moved(world: World, replaced: str) -> None:
    pool = world.pooled()
    report = world.document("report", DocumentKind.WORKING_PAPER, Role.TRUSTEE)
    stated = statement(legal_text(world), OpinionKind.LEGAL, pool, report)
    world.call("document.state_opinion", LAW_FIRM, deal=DEAL, statement=stated)
    if replaced == "pool":
        world.pooled("pool 2", "tape 2")
    elif replaced == "report":
        world.document("report", DocumentKind.WORKING_PAPER, Role.TRUSTEE, version=2)
    views = world.call("document.opinions", TRUSTEE, deal=DEAL)
    assert [view["current"] for view in views] == [replaced == "nothing"]


@pytest.mark.parametrize(
    "spoil",
    [
        {"conclusion": "Probably fine."}, {"conclusion": ""}, {"conclusion": "AAAsf"}, {"pool": None},
        {"kind": "moral"}, {"pool": {"version": 0, "root": "00" * 32}}, {"pool": {"version": 1, "root": "00"}},
    ],
)  # fmt: skip
def test_a_statement_is_checked(world: World, spoil: dict[str, Any]) -> None:
    text = DocumentFact(opaque("text"), 1, digest("text 1"))
    stated = to_json(statement(text, OpinionKind.LEGAL, PoolFact(1, digest("pool")))) | spoil
    world.refused(BadArguments, "document.state_opinion", LAW_FIRM, deal=DEAL, statement=stated)


def test_an_opinion_does_not_rely_on_itself_or_twice_on_one_document() -> None:
    text, other = (DocumentFact(opaque(name), 1, digest(name)) for name in ("text", "other"))
    with pytest.raises(ValueError, match="itself"):
        statement(text, OpinionKind.LEGAL, None, text)
    with pytest.raises(ValueError, match="twice"):
        statement(text, OpinionKind.LEGAL, None, other, replace(other, version=2))
