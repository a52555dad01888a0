"""A small auto deal of three classes on a pool of eight loans, for the tests of analytics."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from chainfusion.cashflow.analytics.deal import Deal, deal_of
from chainfusion.cashflow.analytics.study import Study
from chainfusion.cashflow.assumptions import default, prepayment, recovery
from chainfusion.cashflow.assumptions.scenario import Assumption, Scenario, scenario
from chainfusion.cashflow.collections import Collections
from chainfusion.cashflow.pool.columns import pool
from chainfusion.cashflow.scale.run import project
from chainfusion.cashflow.scale.workers import Threads
from chainfusion.cashflow.text.reader import read_terms

TERMS = """\
format: chainfusion-deal-terms-v1
deal: auto
name: An auto deal
currency: CNY
day_count: 30/360
pool_balance: 4_000_000.00
dates:
  cut_off: 2025-01-01
  closing: 2025-01-01
  legal_maturity: 2029-01-01
  rules:
    payment: {cycle: {first: 2025-02-01}}
accounts:
  cash: {receives: [scheduled, prepaid, recovered, interest]}
  reserve: {initial: 40_000.00, target: "min(1% * pool.initial, notes.balance)"}
fees:
  servicer: {yearly: 0.5% * pool.opening}
tranches:
  A: {size: 3_200_000.00, rating: AAAsf, coupon: 3%}
  B: {size: 400_000.00, rating: AAsf, coupon: 4.2%}
  Sub: {size: 380_000.00, amortization: residual}
waterfalls:
  main:
    steps:
      release: {transfer: cash, from: reserve, amount: "max(reserve.balance - reserve.target, 0.00 CNY)"}
      fees: {fees: servicer, from: [cash, reserve]}
      senior: {interest: A, from: [cash, reserve]}
      junior: {interest: B, from: [cash, reserve]}
      top_up: {transfer: reserve, from: cash, amount: "max(reserve.target - reserve.balance, 0.00 CNY)"}
      principal: {principal: [A, B, Sub], from: cash}
      rest: {return: Sub, from: cash, amount: rest}
states:
  normal: {waterfall: main}
"""


@cache
def deal(*changes: tuple[str, str]) -> Deal:
    text = TERMS
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return deal_of(read_terms(text.encode()))


def collected(scenarios: Sequence[Scenario]) -> Collections:
    """Eight loans of 500,000.00 at 6%, 29 to 36 months."""
    eight = np.full(8, 500_000_00)
    loans = pool("CNY", eight, np.full(8, 60_000), np.arange(29, 37))
    return project(loans, scenarios, workers=Threads(1)).total


def study(*changes: tuple[str, str]) -> Study:
    return Study(deal(*changes), collected)


BASE = scenario("base", Assumption(prepayment.cpr("0.06"), default.cdr("0.02"), recovery.recovery("0.4", 3)))
