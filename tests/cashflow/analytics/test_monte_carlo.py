"""Random paths: the distributions they come from, exactness, and the same bytes for any cut."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.cashflow.analytics.copula import Copula, cumulative_of
from chainfusion.cashflow.analytics.draws import Draws
from chainfusion.cashflow.analytics.errors import BadAnalysis
from chainfusion.cashflow.analytics.monte_carlo import simulate
from chainfusion.cashflow.analytics.normal import cdf, inverse
from chainfusion.cashflow.analytics.pool_paths import pool_paths
from chainfusion.cashflow.analytics.rates import HullWhite, Index, Vasicek, from_forwards
from chainfusion.cashflow.analytics.study import Study
from chainfusion.cashflow.assumptions import default, recovery
from chainfusion.cashflow.assumptions.errors import BadAssumption
from chainfusion.cashflow.assumptions.scenario import Assumption, scenario
from chainfusion.cashflow.collections import COLUMNS
from chainfusion.cashflow.scale.run import ProjectionCancelled
from tests.cashflow.analytics.deals import BASE, collected, deal, study

NORMAL = NormalDist()
FLOATER = ("  B: {size: 400_000.00, rating: AAsf, coupon: 4.2%}", "  B: {size: 400_000.00, coupon: LPR + 0.7%}")
INDICES = ("waterfalls:\n", "indices: {LPR: {}}\nwaterfalls:\n")


@settings(deadline=None)
@given(st.lists(st.floats(1e-300, 1 - 1e-12), min_size=1, max_size=50))
def test_the_inverse_is_the_inverse(shares: list[float]) -> None:
    p = np.array(shares)
    found = inverse(p)
    assert np.allclose(cdf(found), p, rtol=1e-11, atol=0)
    for x, share in zip(found, shares, strict=True):
        if share > 1e-15:
            assert x == pytest.approx(NORMAL.inv_cdf(share), rel=1e-12, abs=1e-13)


def test_the_normal_distribution_s_published_quantiles() -> None:
    found = inverse(np.array([0.975, 0.999, 0.5, 0.0, 1.0]))
    assert found[:2] == pytest.approx([1.959963984540054, 3.090232306167814], abs=1e-14)
    assert found[2] == 0.0
    assert list(found[3:]) == [-math.inf, math.inf]
    assert cdf(np.array([1.0]))[0] == pytest.approx(0.8413447460685429, abs=1e-15)


@settings(deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(1, 13), st.lists(st.integers(0, 60), min_size=1, max_size=6))
def test_any_cut_of_the_paths_draws_the_same_numbers(seed: int, each: int, cuts: list[int]) -> None:
    draws = Draws(seed, each)
    places = sorted({0, 60, *cuts})
    parts = [draws.normal(a, b) for a, b in pairwise(places)]
    assert np.concatenate(parts).tobytes() == draws.normal(0, 60).tobytes()


def test_drawn_numbers_are_pinned_and_normal() -> None:
    """The first numbers of a seed never change, or results would not be reproduced."""
    first = Draws(7, 2).normal(0, 2)
    raw = np.random.Philox(key=7).random_raw(8)
    shares = [((int(raw[k]) >> 11) + 0.5) / 2**53 for k in (0, 1, 4, 5)]
    assert first.reshape(-1) == pytest.approx([NORMAL.inv_cdf(s) for s in shares], rel=1e-12)
    many = Draws(1, 1).normal(0, 40_000)[:, 0]
    error = 1 / math.sqrt(40_000)
    assert abs(many.mean()) < 4 * error
    assert abs(many.var() - 1) < 4 * math.sqrt(2) * error
    assert abs((many < -1.6448536).mean() - 0.05) < 4 * math.sqrt(0.05 * 0.95) * error


def test_the_mean_over_the_factor_is_the_unconditional_curve() -> None:
    curve = np.array([0.01, 0.02, 0.05, 0.05, 0.12])
    factor = Draws(3, 1).normal(0, 40_000)[:, 0]
    for correlation in (0.0, 0.05, 0.3):
        shares = Copula(curve, correlation).given(factor)
        error = shares.std(axis=0, ddof=1) / math.sqrt(40_000)
        assert (abs(shares.mean(axis=0) - curve) <= 4 * error + 1e-12).all()
        assert (np.diff(shares, axis=1) >= 0).all()


def test_quantiles_of_the_loss_are_those_of_the_large_pool() -> None:
    """P(share <= x): the quantile at a is N((N^-1(p) + sqrt(rho) N^-1(a)) / sqrt(1 - rho)); at p 1%, rho 12%, 99.9%
    it is the figure of the Basel formula, 10.4% before maturity adjustments."""
    p, rho = 0.01, 0.12
    bad = inverse(np.array([0.001]))
    exact = NORMAL.cdf((NORMAL.inv_cdf(p) + math.sqrt(rho) * NORMAL.inv_cdf(0.999)) / math.sqrt(1 - rho))
    assert Copula(np.array([p]), rho).given(bad)[0, 0] == pytest.approx(exact, rel=1e-12)
    factor = Draws(5, 1).normal(0, 40_000)[:, 0]
    drawn = np.sort(Copula(np.array([p]), rho).given(factor)[:, 0])
    inside = (drawn <= exact).sum()
    assert abs(inside - 39_960) < 4 * math.sqrt(40)


def test_monthly_rates_lead_back_to_the_cumulative_curve() -> None:
    monthly = Copula(np.array([0.01, 0.03, 0.03, 1.0, 1.0]), 0.2).monthly(np.array([-2.0, 0.0, 2.0]))
    again = np.array([cumulative_of(row) for row in monthly])
    assert np.allclose(again, Copula(np.array([0.01, 0.03, 0.03, 1.0, 1.0]), 0.2).given(np.array([-2.0, 0.0, 2.0])))
    assert ((monthly >= 0) & (monthly <= 1)).all()


def test_vasicek_and_hull_white_have_their_moments() -> None:
    normal = Draws(11, 60).normal(0, 20_000)
    model = Vasicek("0.03", "0.045", "0.4", "0.008")
    paths, error = model.paths(normal), 1 / math.sqrt(20_000)
    for t in (0, 11, 59):
        years = (t + 1) / 12
        mean = 0.045 + (0.03 - 0.045) * math.exp(-0.4 * years)
        variance = 0.008**2 * (1 - math.exp(-0.8 * years)) / 0.8
        assert model.expected(60)[t] == pytest.approx(mean, rel=1e-12)
        assert abs(paths[:, t].mean() - mean) < 4 * math.sqrt(variance) * error
        assert abs(paths[:, t].var() / variance - 1) < 4 * math.sqrt(2) * error
    mean_path = tuple(0.03 + 0.0001 * n for n in range(60))
    shifted = HullWhite(mean_path, "0.4", "0.008").paths(normal) - np.array(mean_path)
    assert np.allclose(shifted, paths - model.expected(60), atol=1e-15)
    fitted = from_forwards(["0.03"] * 60, "0.1", "0.01")
    assert fitted.mean[59] == pytest.approx(0.03 + 0.01**2 / 0.02 * (1 - math.exp(-0.5)) ** 2, rel=1e-12)
    flat = from_forwards(["0.03"], 0, "0.01", step=1)
    assert flat.mean[0] == pytest.approx(0.03 + 0.5e-4)


def test_a_published_rate_keeps_its_ticks_its_floor_and_its_dates() -> None:
    index = Index("LPR", Vasicek("0.01", "0.01", "0.1", "0.02"), tick="0.0005", floor="0.005", every=3)
    found = index.published(Draws(1, 12).normal(0, 50))
    assert (found % 50_000 == 0).all()
    assert found.min() == 500_000
    assert (found[:, 0] == found[:, 2]).all()
    assert (found[:, 2] != found[:, 3]).any()


def test_paths_at_the_base_case_s_defaults_are_the_projection_itself() -> None:
    for recovers in (recovery.recovery("0.4", 3), recovery.recoveries("0.7", [(0, "0.2"), (5, "0.8")]), recovery.NONE):
        base = scenario("b", replace(BASE.groups[0], recovery=recovers))
        projected = collected([base])
        pool = pool_paths(projected, recovers)
        monthly = np.repeat(pool.defaults[None, :], 2, axis=0)
        found = pool.collections(monthly, np.zeros((1, projected.periods)), 0.0).checked()
        for column in COLUMNS:
            assert (getattr(found, column) == getattr(projected, column)).all(), column


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=39, max_size=39), st.floats(-0.1, 0.1))
def test_collections_on_any_path_conserve_cash(rates: list[float], move: float) -> None:
    projected = collected([BASE])
    pool = pool_paths(projected, BASE.groups[0].recovery)
    found = pool.collections(np.array([rates]), np.full((1, 39), move), 0.5).checked()
    assert found.closing[0, -1] == 0
    assert found.outstanding[0, -1] == 0


def test_without_correlation_every_path_is_the_base_case() -> None:
    found = simulate(study(), BASE.stressed("x", default=8), paths=5, seed=1, correlation=0.0)
    one = study().outcomes([BASE.stressed("x", default=8)])
    for name in ("A", "B", "Sub"):
        assert found.losses[name].tolist() == [int(one.loss(name)[0])] * 5
        assert found.standard_error(name) == 0
        life = one.lives(name)[0]
        assert found.lives[name][0] == pytest.approx(life or 0.0, rel=1e-12)
    assert found.defaults == pytest.approx([one.default_shares[0]] * 5)


def test_any_batch_and_any_threads_give_the_same_bytes() -> None:
    floating = Study(deal(FLOATER, INDICES), collected)
    index = Index("LPR", Vasicek("0.035", "0.03", "0.2", "0.01"), tick="0.0005")
    base = replace(BASE.stressed("x", default=5), indices={"LPR": (35_000,)})
    told: list[tuple[int, int]] = []

    def bytes_of(batch: int, threads: int) -> bytes:
        found = simulate(
            floating, base, paths=300, seed=9, correlation=0.2, index=index, floating_share="0.5", batch=batch,
            threads=threads, progress=lambda done, of: told.append((done, of)),
        )  # fmt: skip
        assert found.probability("A") < found.probability("B") < found.probability("Sub") < 1
        parts = [found.factor, found.defaults, *found.losses.values(), *found.lives.values()]
        return b"".join(part.tobytes() for part in parts)

    whole = bytes_of(300, 1)
    assert told == [(300, 300)]
    assert whole == bytes_of(7, 2) == bytes_of(256, 2) == bytes_of(1, 1)


def test_a_rate_drawn_beside_them_leaves_the_factors_alone() -> None:
    floating = Study(deal(FLOATER, INDICES), collected)
    index = Index("LPR", Vasicek("0.035", "0.03", "0.2", "0.01"))
    beside = simulate(floating, BASE, paths=9, seed=5, correlation=0.1, index=index)
    alone = simulate(study(), BASE, paths=9, seed=5, correlation=0.1)
    assert beside.factor.tobytes() == alone.factor.tobytes()
    assert beside.defaults.tobytes() == alone.defaults.tobytes()
    rates = Draws(5, 9, 1).normal(0, 2000)[:, 0]
    factors = Draws(5, 9, 0).normal(0, 2000)[:, 0]
    assert abs(np.corrcoef(rates, factors)[0, 1]) < 4 / math.sqrt(2000)


def test_a_stop_is_obeyed_after_the_batch() -> None:
    told: list[int] = []
    with pytest.raises(ProjectionCancelled) as stopped:
        simulate(
            study(), BASE, paths=40, seed=1, correlation=0.1, batch=10, threads=1,
            progress=lambda done, of: told.append(done), cancelled=lambda: told[-1] >= 20,
        )  # fmt: skip
    assert stopped.value.facts == {"done": 20, "of": 40}
    assert told == [10, 20]


def test_expected_defaults_are_the_base_case_s_within_the_standard_error() -> None:
    bullet = scenario("b", Assumption(default=BASE.groups[0].default))
    found = simulate(study(), bullet, paths=4000, seed=4, correlation=0.1)
    pool = pool_paths(collected([bullet]), recovery.NONE)
    cumulative = Copula(pool.cumulative, 0.1).given(found.factor)[:, -4]
    error = cumulative.std(ddof=1) / math.sqrt(4000)
    assert abs(cumulative.mean() - pool.cumulative[-4]) < 4 * error
    assert found.percentile("Sub", "0.5") <= found.percentile("Sub", "0.99") == max(sorted(found.losses["Sub"])[:3960])
    frame = found.frame()
    assert frame["tranche"].to_list() == ["A", "B", "Sub"]
    assert found.by_path().height == 4000
    assert float(found.expected_loss("Sub")) == pytest.approx(found.losses["Sub"].mean() / 380_000_00, rel=1e-12)


def test_more_correlation_fattens_the_tail() -> None:
    tails = [
        simulate(study(), BASE.stressed("x", default=3), paths=2000, seed=2, correlation=rho).percentile("B", "0.999")
        for rho in (0.02, 0.15, 0.4)
    ]
    assert tails == sorted(tails)
    assert tails[0] < tails[2]


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"paths": 0}, "paths"), ({"paths": 1.5}, "paths"), ({"batch": 0}, "batch"), ({"seed": -1}, "seed"),
        ({"correlation": 1}, "correlation"), ({"correlation": float("nan")}, "correlation"),
        ({"correlation": -0.1}, "correlation"),
        ({"index": Index("LPR", Vasicek("0.03", "0.03", "-1", "0.01"))}, "speed"),
        ({"index": Index("LPR", Vasicek("0.03", "0.03", 1, "0.01"), every=0)}, "every"),
        ({"index": Index("LPR", HullWhite((), 1, "0.01"))}, "mean path"),
        ({"index": Index("LPR", HullWhite((0.1,), 1, "0.01")), "floating_share": 1}, "base scenario"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_where_it_stands(changed: dict[str, object], where: str) -> None:
    given = {"paths": 3, "seed": 1, "correlation": 0.1} | changed
    with pytest.raises(BadAnalysis) as refused:
        simulate(Study(deal(FLOATER, INDICES), collected), BASE, **given)  # type: ignore[arg-type]
    assert refused.value.facts["where"] == where


def test_nonsense_numbers_are_refused() -> None:
    for number in (float("nan"), float("inf"), "word"):
        with pytest.raises(BadAssumption):
            Vasicek(number, 0, 0, 0).paths(np.zeros((1, 1)))
    with pytest.raises(BadAnalysis, match="rise"):
        Copula(np.array([0.2, 0.1]), 0.1)
    with pytest.raises(BadAnalysis, match="rise"):
        Copula(np.array([0.2, math.nan]), 0.1)
    groups = (BASE.groups[0], replace(BASE.groups[0], recovery=recovery.NONE))
    with pytest.raises(BadAnalysis, match="recover alike"):
        simulate(study(), replace(BASE, groups=groups), paths=1, seed=1, correlation=0.1)
    gone = scenario("gone", Assumption(default=default.cdr(1)))
    with pytest.raises(BadAnalysis, match="nothing of it is scheduled"):
        simulate(study(), gone, paths=1, seed=1, correlation=0.1)
    with pytest.raises(BadAnalysis, match="buys nothing"):
        pool_paths(collected([BASE, BASE.stressed("y", default=2)]), recovery.NONE)
