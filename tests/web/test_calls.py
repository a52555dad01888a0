"""Contract operations called over HTTP: what is refused, and how, equals the contracts' own answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chainfusion.api.problems import status_of
from chainfusion.api.schemas import COMPONENTS, Schemas
from chainfusion.contracts.catalogue import registry
from chainfusion.domain.deal import NamedParty
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.records import to_json
from chainfusion.domain.roles import INSTITUTION_ROLES, Role
from tests.support.consortium import Consortium
from tests.support.scene import DEAL, DRAFT
from tests.web.conftest import Asked, workspace_of

ARGUMENTS: dict[str, dict[str, Any]] = {
    "deal.accept": {"deal": DRAFT, "role": "trustee"},
    "deal.cancel": {"deal": DRAFT, "reason": "No market."},
    "deal.close": {"deal": DEAL},
    "deal.decline": {"deal": DRAFT, "role": "custodian", "reason": "No capacity."},
    "deal.name_party": {"deal": DRAFT, "party": to_json(NamedParty(Role.INVESTOR, "HarbourRatingMSP"))},
    "document.grant": {"deal": DEAL, "document": "0" * 32, "version": 1, "reader": "X"},
    "document.require_kinds": {"deal": DRAFT, "entries": []},
    "pool.acknowledge": {"deal": DEAL, "pool": {"version": 1, "root": "00" * 32}},
    "process.act": {"deal": DEAL, "run": "main", "step": "approval", "msp": "X", "entries": []},
    "process.conclude": {"deal": DEAL},
    "process.start": {"deal": DRAFT, "process": "interbank-credit-abs", "version": 1},
    "process-version.propose": {"deal": DEAL, "version": 2, "reason": "A new rule."},
    "process-version.answer": {"deal": DEAL, "proposal": "0" * 64, "agree": True, "reason": None},
    "terms.consent": {"deal": DEAL, "version": 2, "fingerprint": "00" * 32},
    "consortium.leave": {},
    "consortium.vote": {"proposal": "0" * 64, "approve": True},
    "consortium.sign_agreement": {"version": 9, "fingerprint": "00" * 32},
}


@pytest.mark.parametrize("role", INSTITUTION_ROLES)
def test_every_role_is_answered_over_http_as_by_the_contract(consortium: Consortium, role: Role) -> None:
    try:
        asked = workspace_of(consortium, role)
    except StopIteration:
        pytest.skip(f"nobody is {role.value} here")
    session = consortium.desk_of(role).session
    height = consortium.ledger.height()
    for operation, arguments in ARGUMENTS.items():
        answer = asked.post(f"/api/v1/checks/{operation}", json=arguments)
        try:
            session.check(operation, **arguments)
        except ChainFusionError as refusal:
            told = answer.json()
            assert (told["code"], told["facts"]) == (refusal.code, refusal.facts), operation
            assert answer.status_code == status_of(refusal) >= 400, refusal.code
            assert answer.headers["content-type"] == "application/problem+json"
        else:
            assert answer.status_code == 204, (operation, answer.text)
    assert consortium.ledger.height() == height


def test_a_call_is_recorded_once_however_often_it_is_sent(growing: Consortium) -> None:
    trustee = workspace_of(growing, Role.TRUSTEE)
    body = {"deal": DRAFT, "role": "trustee"}
    first = trustee.post("/api/v1/calls/deal.accept", json=body, headers={"Idempotency-Key": "accept-1"})
    height = growing.ledger.height()
    again = trustee.post("/api/v1/calls/deal.accept", json=body, headers={"Idempotency-Key": "accept-1"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.headers["location"] == f"/api/v1/ledger/transactions/{first.json()['transaction']}"
    assert trustee.get(first.headers["location"]).json()["act"]["operation"] == "deal.accept"
    assert growing.ledger.height() == height
    other = {"deal": DRAFT, "role": "custodian"}
    reused = trustee.post("/api/v1/calls/deal.accept", json=other, headers={"Idempotency-Key": "accept-1"})
    assert (reused.status_code, reused.json()["code"]) == (409, "REQUEST_REUSED")


def test_reading_operations_answer_what_the_contract_answers(trustee: Asked, consortium: Consortium) -> None:
    session = consortium.desk_of(Role.TRUSTEE).session
    for operation, arguments in (
        ("deal.show", {"deal": DEAL}),
        ("pool.show", {"deal": DEAL}),
        ("consortium.membership", {}),
    ):
        answer = trustee.post(f"/api/v1/queries/{operation}", json=arguments)
        assert answer.json() == session.query(operation, **arguments)


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{", "application/json", 422, "NOT_JSON"),
        (b"[]", "application/json", 422, "NOT_JSON"),
        (b'{"deal":"a","deal":"b"}', "application/json", 422, "NOT_JSON"),
        (b'{"deal":NaN}', "application/json", 422, "NOT_JSON"),
        (b"[" * 100_000, "application/json", 422, "NOT_JSON"),
        (b"\xff\xfe", "application/json", 422, "NOT_JSON"),
        (b"{}", "application/json", 422, "BAD_ARGUMENTS"),
        (b'{"deal":1.5,"role":"trustee"}', "application/json", 422, "BAD_ARGUMENTS"),
        (b'{"deal":"a","role":"pope"}', "application/json", 422, "BAD_ARGUMENTS"),
        (b"deal=a", "text/plain", 415, "MEDIA_TYPE_REFUSED"),
        (b'{"deal":"' + b"a" * (4 << 20) + b'"}', "application/json", 413, "BODY_TOO_LARGE"),
    ],
)
def test_what_is_no_call_is_refused(trustee: Asked, body: bytes, kind: str, status: int, code: str) -> None:
    height = trustee.workspace.height()
    answer = trustee.post("/api/v1/calls/deal.accept", content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert trustee.workspace.height() == height


@pytest.mark.parametrize("key", ["", "a" * 256, "a b"])
def test_a_key_is_visible_characters(trustee: Asked, key: str) -> None:
    body = {"deal": DEAL, "role": "trustee"}
    answer = trustee.post("/api/v1/calls/deal.accept", json=body, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (422, "FORM_REFUSED")


def test_every_operation_is_described_with_all_that_it_names(trustee: Asked) -> None:
    found = trustee.get("/api/v1/openapi.json").json()
    assert found["openapi"].startswith("3.1")
    for operation in registry().operations():
        families = ("queries",) if operation.reads_only else ("calls", "checks")
        for family in families:
            described = found["paths"][f"/api/v1/{family}/{operation.full_name}"]["post"]
            schema = described["requestBody"]["content"]["application/json"]["schema"]
            assert set(schema["properties"]) == set(operation.parameters)
    named = {part.split('"')[0] for part in json.dumps(found).split(f'"$ref": "{COMPONENTS}')[1:]}
    assert named <= set(found["components"]["schemas"])


def test_schemas_of_records_are_those_of_their_types() -> None:
    schemas = Schemas()
    assert schemas.of(tuple[int, ...]) == {"type": "array", "items": schemas.of(int)}
    assert schemas.of(str | None) == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    party = schemas.components[schemas.of(NamedParty)["$ref"].removeprefix(COMPONENTS)]
    assert party["properties"]["role"]["enum"] == [each.value for each in Role]
    assert schemas.of(DocumentKind)["type"] == "string"
    with pytest.raises(TypeError):
        schemas.of(float)
