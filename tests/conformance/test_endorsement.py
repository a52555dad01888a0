"""Demands for endorsements of a key, the same on every engine as far as one node for all can tell."""

from __future__ import annotations

from typing import Any

import pytest

from chainfusion.contracts.framework.refusals import StateRefused
from tests.conformance.conftest import MSPS


def test_a_key_whose_parties_endorse_is_changed_as_any_other(engine: Any) -> None:
    engine.submit("put_endorsed", key="k", value="first", parties=[MSPS[2]], members=list(MSPS))
    assert engine.ask("get", key="k") == "first"
    engine.submit("put", key="k", value="second")
    engine.submit("put_endorsed", key="k", value="third", parties=list(MSPS), members=list(MSPS))
    assert engine.ask("get", key="k") == "third"
    engine.submit("delete", key="k")
    assert engine.ask("get", key="k") is None
    assert [each["value"] for each in engine.ask("history", key="k")] == [None, "third", "second", "first"]


@pytest.mark.parametrize(("parties", "why"), [([], "no party"), (["StrangeMSP", MSPS[0]], "StrangeMSP")])
def test_a_demand_that_none_could_meet_is_refused(engine: Any, parties: list[str], why: str) -> None:
    with pytest.raises(StateRefused, match=why):
        engine.submit("put_endorsed", key="k", value="v", parties=parties, members=list(MSPS))
    assert engine.ask("get", key="k") is None
