"""A consortium in memory with one institution for each role, its people, and a deal at any stage."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest

from chainfusion.contracts.catalogue import registry
from chainfusion.contracts.framework import Caller, Registry
from chainfusion.contracts.migration.records import Origin
from chainfusion.domain.deal import DealTerms, NamedParty, PoolReference, Product
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.document_records import NewDocument
from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.membership import (
    GENESIS_FORMAT,
    Agreement,
    FounderSignature,
    Genesis,
    Member,
    Rules,
    SignedGenesis,
    Threshold,
)
from chainfusion.domain.opinions import DocumentFact, PoolFact
from chainfusion.domain.pool import PoolRecord
from chainfusion.domain.records import to_json
from chainfusion.domain.roles import INSTITUTION_ROLES, Role
from tests.support.context import MemoryContext, MemoryLedger
from tests.support.figures import statistics

DEAL = "ruiying-2026-1"
TWO_THIRDS = Threshold(2, 3)
AGREEMENT = Agreement(1, "a1" * 32)


def digest(text: str) -> bytes:
    """Any 32 bytes, the same for the same text."""
    return hashlib.sha256(text.encode()).digest()


def opaque(text: str) -> str:
    """An opaque document id, the same for the same text."""
    return digest(text).hex()[:32]


def msp_of(role: Role) -> str:
    """The institution that plays a role in these tests."""
    return f"{role.value.title().replace('-', '')}MSP"


def member(msp: str, *roles: Role) -> Member:
    """An active member with made-up keys."""
    return Member(
        msp=msp,
        name=f"{msp} Ltd",
        name_zh=f"{msp} 公司",
        roles=roles or (Role.INVESTOR,),
        root_certificates=(b"root " + msp.encode(),),
        intermediate_certificates=(),
        encryption_key=b"encryption " + msp.encode(),
        notary_certificate=b"notary " + msp.encode(),
        node_certificate=b"node " + msp.encode(),
    )


def rules(orderer: str, threshold: Threshold = TWO_THIRDS) -> Rules:
    """The same threshold for everything."""
    return Rules(threshold, threshold, threshold, threshold, threshold, orderer)


def genesis(*members: Member, threshold: Threshold = TWO_THIRDS) -> SignedGenesis:
    """A genesis with a signature by each founder; the first one orders."""
    body = Genesis(
        format=GENESIS_FORMAT,
        name="Harbour Consortium",
        name_zh="港湾联盟",
        founded=datetime(2026, 1, 5, tzinfo=UTC),
        members=members,
        rules=rules(members[0].msp, threshold),
        agreement=AGREEMENT,
    )
    return SignedGenesis(body, tuple(FounderSignature(each.msp, b"certificate", b"signature") for each in members))


def person(msp: str, *roles: Role) -> Caller:
    """Someone of an institution whose certificate states these roles."""
    return Caller(msp, f"{msp} desk", frozenset(roles), digest(msp + str(sorted(roles))).hex())


def representative(msp: str) -> Caller:
    """The person who acts for a member in the consortium."""
    return person(msp, Role.REPRESENTATIVE)


def desk(role: Role) -> Caller:
    """The person who works in a role, of the institution that plays it."""
    return person(msp_of(role), role)


def default_founders() -> tuple[Member, ...]:
    """One institution for each role."""
    return tuple(member(msp_of(role), role) for role in INSTITUTION_ROLES)


@dataclass(frozen=True)
class Asked:
    """A call: of whom it was asked, by whom, with what, as JSON values."""

    operation: str
    caller: Caller
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Said:
    """A call and what came of it: an answer with what was written, or a refusal."""

    asked: Asked
    time: datetime
    tx_id: str = ""
    response: bytes = b""
    writes: Mapping[str, bytes | None] = field(default_factory=dict)
    refusal: ChainFusionError | None = None


@dataclass
class World:
    """A ledger in memory with the contracts in force, and shorthand to call them."""

    signed_genesis: SignedGenesis = field(default_factory=lambda: genesis(*default_founders()))
    contracts: Registry = field(default_factory=registry)
    ledger: MemoryLedger = field(init=False)
    last: MemoryContext = field(init=False)
    said: list[Said] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ledger = MemoryLedger(self.signed_genesis.genesis.ledger_id)

    def call(self, operation: str, caller: Caller, **arguments: Any) -> Any:
        """The JSON answer of a call, which is committed unless it only reads."""
        asked = Asked(operation, caller, {key: to_json(value) for key, value in arguments.items()})
        time = self.ledger.begin(caller).timestamp
        try:
            response, self.last = self.ledger.invoke(self.contracts, operation, caller, **asked.arguments)
        except ChainFusionError as refusal:
            self.said.append(Said(asked, time, refusal=refusal))
            raise
        self.said.append(Said(asked, time, self.last.tx_id, response, dict(self.last.writes)))
        return json.loads(response)

    def refused(
        self, refusal: type[ChainFusionError], operation: str, caller: Caller, **arguments: Any
    ) -> ChainFusionError:
        """Asserts that a call is refused with exactly this type and changes nothing; returns the refusal."""
        before = dict(self.ledger.state)
        with pytest.raises(ChainFusionError) as caught:
            self.call(operation, caller, **arguments)
        assert type(caught.value) is refusal, f"{operation}: {caught.value!r}"
        assert self.ledger.state == before
        assert "{" not in caught.value.message("en") + caught.value.message("zh"), caught.value.message("en")
        return caught.value

    # ------------------------------------------------------------------ stages

    def founded(self) -> World:
        """The consortium exists; nobody has signed the agreement."""
        founder = self.signed_genesis.genesis.members[0].msp
        self.call("consortium.found", representative(founder), genesis=self.signed_genesis)
        return self

    def signed(self, msps: Iterable[str] | None = None) -> World:
        """Members have signed the agreement in force."""
        in_force = self.call("consortium.agreement", representative(self.signed_genesis.genesis.members[0].msp))
        for msp in msps or [each.msp for each in self.signed_genesis.genesis.members]:
            self.call("consortium.sign_agreement", representative(msp), **in_force)
        return self

    def drafted(self, deal: str = DEAL) -> World:
        """A deal with a party in every role, none of which has answered."""
        self.call("deal.open", desk(Role.ORIGINATOR), terms=terms(deal))
        return self

    def opened(self, deal: str = DEAL) -> World:
        """All parties have accepted."""
        self.drafted(deal)
        for role in INSTITUTION_ROLES[1:]:
            self.call("deal.accept", desk(role), deal=deal, role=role)
        return self

    def taped(self, name: str = "tape", deal: str = DEAL) -> DocumentFact:
        """The originator has registered a tape as a document."""
        return self.document(name, DocumentKind.LOAN_TAPE, Role.ORIGINATOR, deal=deal)

    def document(
        self,
        name: str,
        kind: DocumentKind,
        by: Role,
        *,
        version: int = 1,
        deal: str = DEAL,
        readers: tuple[str, ...] = (),
    ) -> DocumentFact:
        """Registers a version of a document; the fact names it."""
        document = new_document(name, kind, version, readers)
        self.call("document.register", desk(by), deal=deal, document=document)
        return DocumentFact(document.id, version, document.fingerprint)

    def pooled(self, name: str = "pool", tape: str = "tape", deal: str = DEAL) -> PoolFact:
        """A tape and the deal's next pool are registered."""
        in_force = self.call("deal.show", desk(Role.ORIGINATOR), deal=deal)["deal"]["pool"]
        record = pool(self.taped(tape, deal), name, replaces=reference(in_force))
        registered = self.call("pool.register", desk(Role.ORIGINATOR), deal=deal, pool=record)
        return PoolFact(registered["version"], record.root)


def terms(deal: str = DEAL, parties: tuple[NamedParty, ...] | None = None, currency: str = "CNY") -> DealTerms:
    """Terms that name every role."""
    everyone = tuple(NamedParty(role, msp_of(role)) for role in INSTITUTION_ROLES)
    return DealTerms(deal, "Ruiying 2026-1", "瑞盈2026年第一期", Product.AUTO_LOANS, currency, parties or everyone)


def new_document(name: str, kind: DocumentKind, version: int = 1, readers: tuple[str, ...] = ()) -> NewDocument:
    """A version of a document, the same for the same name."""
    return NewDocument(
        id=opaque(name),
        kind=kind,
        version=version,
        fingerprint=digest(f"{name} {version}"),
        object=digest(f"object {name} {version}").hex(),
        readers=readers,
        supersedes=version - 1 or None,
    )


def pool(tape: DocumentFact, name: str = "pool", replaces: PoolReference | None = None, **changes: Any) -> PoolRecord:
    """A pool of 1,000 loans in CNY on a tape."""
    values: dict[str, Any] = {
        "root": digest(name),
        "loans": 1000,
        "tape": tape,
        "cut_off": date(2025, 12, 31),
        "currency": "CNY",
        "statistics": statistics(1000, "CNY"),
        "criteria": digest("criteria"),
        "replaces": replaces,
    }
    return PoolRecord(**(values | changes))


def origin(ledger: str, size: int = 40) -> Origin:
    """An earlier ledger with a checkpoint that two notaries signed, as far as a contract can tell."""
    root = base64.b64encode(digest(ledger)).decode()
    lines = "\u2014 HubMSP AAAA\n\u2014 TrusteeMSP AAAA\n"
    return Origin(ledger, f"chainfusion/{ledger}\n{size}\n{root}\n\n{lines}", size)


def reference(value: dict[str, Any] | None) -> PoolReference | None:
    """A pool reference out of a JSON answer."""
    return PoolReference(value["version"], bytes.fromhex(value["root"]), value["tx_id"]) if value else None
