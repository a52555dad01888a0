"""Random deals: the machine pays what the oracle pays, cash adds up, and nothing is below nothing."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainfusion.domain.terms.compile import compile_terms
from chainfusion.domain.terms.lint import lint
from chainfusion.domain.waterfall.run import Run, run
from tests.domain.waterfall.deals import FAMILIES, Deal, random_deal
from tests.domain.waterfall.oracle import Oracle

RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def differences(deal: Deal, found: Run) -> list[str]:
    """Where the machine and the oracle do not agree."""
    oracle = Oracle(deal.terms, deal.flows)
    return [
        f"{output.name} of period {t + 1}: {found[output.name][t]}, not {kept.get(output.name, 0)}"
        for t, kept in enumerate(oracle.periods)
        for output in found.program.outputs
        if found[output.name][t] != kept.get(output.name, 0)
    ]


@pytest.mark.parametrize("family", FAMILIES)
@given(seed=st.integers(0, 2**64 - 1))
@settings(max_examples=100, **RELAXED)
def test_the_machine_pays_what_the_oracle_pays(family: str, seed: int) -> None:
    deal = random_deal(seed, family)
    assert [f for f in lint(deal.terms) if f.severity == "error"] == []
    found = run(compile_terms(deal.terms), deal.flows)
    assert differences(deal, found) == []
