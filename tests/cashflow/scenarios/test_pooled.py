"""A pool's collections into a deal."""

from __future__ import annotations

import numpy as np
import pytest

from chainfusion.cashflow.collections import COLUMNS, Collections
from chainfusion.cashflow.scenarios.pooled import flows_of
from chainfusion.cashflow.scenarios.run import run
from chainfusion.domain.waterfall.run import BadCollections
from tests.cashflow.text.small import FLOWS, program


def pool(periods: int) -> Collections:
    """The small deal's collections as a pool's, in one scenario and so many periods."""
    rows = {name: np.zeros((1, periods), np.int64) for name in COLUMNS}
    for name, values in FLOWS.items():
        row = rows[name.removeprefix("pool.")]
        row[0, : min(4, periods)] = values[:periods]
    return Collections("CNY", ("base",), **rows)


@pytest.mark.parametrize("periods", [3, 4, 9])
def test_collections_fill_the_deals_periods(periods: int) -> None:
    p = program()
    result = run(p, flows_of(p, pool(periods)))
    assert result["A.balance"].shape == (1, 4)
    if periods >= 4:
        assert np.array_equal(result["A.balance"], run(p, {k: np.array(v) for k, v in FLOWS.items()})["A.balance"])


def test_cash_after_the_last_period_is_refused_and_not_lost() -> None:
    late = pool(9)
    late.scheduled[0, 6] = 1
    with pytest.raises(BadCollections) as refused:
        flows_of(program(), late)
    assert refused.value.facts["name"] == "pool.scheduled"


def test_a_pools_model_tells_no_fees() -> None:
    asks = program(("recovered, interest]", "recovered, interest, fees]"))
    flows = flows_of(asks, pool(4))
    assert not flows["pool.fees"].any()
    assert np.array_equal(run(asks, flows)["A.balance"], run(program(), flows_of(program(), pool(4)))["A.balance"])
