"""How likely losses are: many random paths around the base case."""

from __future__ import annotations

import numpy as np

from chainfusion.cashflow.analytics.monte_carlo import Simulation, simulate
from chainfusion.cashflow.inquiry.answer import CLASS, Row, Table, count, money, number, share
from chainfusion.cashflow.inquiry.inquiry import Case, Parameter, Question, Work
from chainfusion.cashflow.inquiry.words import Given
from chainfusion.domain.errors import Text
from chainfusion.domain.terms.records import DealTerms

BARS = 20
"""Stretches of default shares, of one width, in which paths are counted."""


def _simulate(given: Given, terms: DealTerms) -> Work:  # noqa: ARG001 - read alike
    paths, seed = given.whole("paths", 1, 1_000_000), given.whole("seed", 0, 2**31)
    correlation = given.decimal("correlation", 0, 99) / 100

    def answer(case: Case) -> tuple[Table, ...]:
        found = simulate(
            case.study, case.base, paths=paths, seed=seed, correlation=float(correlation), progress=case.progress
        )
        return _losses(found), _spread(found)

    return answer


def _losses(found: Simulation) -> Table:
    frame = found.frame().rename({"tranche": "class"}).select([column.name for column in _LOSSES])
    return Table("losses", Text("Losses by class", "各档次损失"), _LOSSES, tuple(frame.iter_rows()))


_LOSSES = (
    CLASS,
    share("expected_loss", "Expected loss", "预期损失率"),
    share("standard_error", "Standard error", "标准误"),
    share("probability", "Probability of a loss", "损失概率"),
    money("loss_0.95", "Loss, 95% of paths", "损失（95% 分位）"),
    money("loss_0.99", "Loss, 99% of paths", "损失（99% 分位）"),
    money("loss_0.999", "Loss, 99.9% of paths", "损失（99.9% 分位）"),
    number("average_life", "Average life (years)", "加权平均期限（年）"),
)


def _spread(found: Simulation) -> Table:
    """How many paths fall into each stretch of the pool's default share, and on how many of them each class loses."""
    top = max(float(found.defaults.max()), 1e-9)
    edges = np.linspace(0.0, top, BARS + 1)
    place = np.minimum((found.defaults / top * BARS).astype(np.int64), BARS - 1)
    names = list(found.losses)
    rows: list[Row] = []
    for bar in range(BARS):
        here = place == bar
        losing = (int((found.losses[name][here] > 0).sum()) for name in names)
        rows.append((float(edges[bar]), float(edges[bar + 1]), int(here.sum()), *losing))
    head = (
        share("from", "Defaults from", "累计违约率自"),
        share("to", "to", "至"),
        count("paths", "Paths", "路径数"),
        *(count(name, f"{name} loses", f"{name} 损失") for name in names),
    )
    return Table("spread", Text("Paths by defaults", "违约率分布"), head, tuple(rows))


SIMULATION = Question(
    "simulation",
    Text("Random paths", "随机模拟"),
    Text(
        "Expected loss and its distribution by class, on random paths whose defaults share one factor.",
        "在违约受单一共同因子驱动的随机路径上，各档次的预期损失及其分布。",
    ),
    (
        Parameter("paths", Text("Paths", "路径数"), Text("How many, up to 1,000,000", "至多 1,000,000"), "2000"),
        Parameter(
            "seed", Text("Seed", "随机种子"), Text("The same seed gives the same paths", "相同种子得到相同路径"), "1"
        ),
        Parameter(
            "correlation",
            Text("Correlation", "相关系数"),
            Text("Of any two loans, per cent", "任意两笔贷款之间，百分数"),
            "15",
        ),
    ),
    _simulate,
)
