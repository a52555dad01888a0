"""Answers for programs carry a tag; who has the answer already is told so, and only then."""

from __future__ import annotations

import pytest

from chainfusion.domain.roles import Role
from tests.support.consortium import Consortium
from tests.support.scene import DEAL
from tests.web.conftest import Asked, workspace_of

PATHS = ("/api/v1/deals", f"/api/v1/deals/{DEAL}/pool", f"/deals/{DEAL}/pool.json", f"/deals/{DEAL}/pool.csv")


@pytest.mark.parametrize("path", PATHS)
def test_what_has_not_changed_is_not_sent_again(trustee: Asked, path: str) -> None:
    first = trustee.get(path)
    tag = first.headers["etag"]
    for asked in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = trustee.get(path, **{"if-none-match": asked})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert "content-length" not in again.headers
    other = trustee.get(path, **{"if-none-match": '"other"'})
    assert (other.status_code, other.content) == (200, first.content)


def test_what_has_changed_is_sent_under_another_tag(growing: Consortium) -> None:
    asked = workspace_of(growing, Role.TRUSTEE)
    tag = asked.get("/api/v1/deals").headers["etag"]
    growing.draft("TAGGED-1")
    again = asked.get("/api/v1/deals", **{"if-none-match": tag})
    assert again.status_code == 200
    assert again.headers["etag"] != tag


def test_pages_refusals_and_acts_carry_no_tag(trustee: Asked) -> None:
    assert "etag" not in trustee.get("/deals").headers
    assert "etag" not in trustee.get("/api/v1/deals/none").headers
    answer = trustee.post("/api/v1/queries/deal.overview", json={}, headers={"if-none-match": "*"})
    assert (answer.status_code, "etag" in answer.headers) == (200, False)
