"""Every operation of the API, asked with what its description allows and with what it does not."""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from chainfusion.domain.roles import Role
from tests.support.consortium import Consortium
from tests.web.conftest import workspace_of

EXAMPLES = 4
CHECKS = (
    schemathesis.checks.not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)


def test_no_operation_fails_or_answers_what_it_does_not_describe(growing: Consortium) -> None:
    """Whatever is sent: never a server's error, never a status, media type or body that the description lacks."""
    asked = workspace_of(growing, Role.ORIGINATOR)
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", asked.app, headers={"Host": "workspace.test"})
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            answer = case.call(headers={"Host": "workspace.test"})
            case.validate_response(answer, checks=CHECKS)

        ask()
        tried += 1
    assert tried > 100
