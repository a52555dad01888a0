"""A small deal as text, and what a run of it brings; tests change a line of it."""

from __future__ import annotations

from chainfusion.cashflow.text.reader import read_terms
from chainfusion.domain.terms.compile import compile_terms
from chainfusion.domain.terms.records import DealTerms
from chainfusion.domain.waterfall.program import Program
from chainfusion.domain.waterfall.run import Run, run

SMALL = """\
format: chainfusion-deal-terms-v1
deal: small
name: {zh: 小项目, en: A small deal}
currency: CNY
day_count: 30/360
pool_balance: 1,000,000.00
dates:
  cut_off: 2025-01-01
  closing: 2025-01-01
  legal_maturity: 2025-05-01
  rules:
    payment: {cycle: {first: 2025-02-01}}
accounts:
  cash: {title: {zh: 信托账户, en: Trust account}, receives: [scheduled, prepaid, recovered, interest]}
  reserve: {initial: 10_000.00, target: 1% * pool.opening}
fees:
  trustee: {title: {zh: 受托机构报酬, en: Trustee}, amount: 100.00 CNY}
  servicer: {yearly: 0.6% * pool.opening}
tranches:
  A: {title: {zh: 优先档, en: Senior}, size: 800_000.00, coupon: 3.6%}
  B: {size: 200_000.00, coupon: 6%, amortization: residual}
parties:
  originator: {}
triggers:
  losses: {when: lifetime(pool.defaulted) / pool.initial > 5%, clause: 7.1}
waterfalls:
  main:
    steps:
      fees: {fees: [trustee, servicer], from: [cash, reserve], rank: pro rata}
      senior: {interest: A, from: [cash, reserve], clause: {zh: 第八条, en: Clause 8}}
      junior: {interest: B, from: cash}
      top_up: {transfer: reserve, from: cash, amount: reserve.target - reserve.balance}
      principal: {principal: [A, B], from: cash}
      residual: {return: originator, from: cash, amount: rest}
states:
  normal: {waterfall: main}
"""
FLOWS = {
    "pool.opening": [1_000_000_00, 750_000_00, 500_000_00, 250_000_00],
    "pool.scheduled": [250_000_00] * 4,
    "pool.prepaid": [0] * 4,
    "pool.recovered": [0] * 4,
    "pool.interest": [6_000_00, 4_500_00, 3_000_00, 1_500_00],
    "pool.defaulted": [0] * 4,
    "pool.closing": [750_000_00, 500_000_00, 250_000_00, 0],
    "pool.lost": [0] * 4,
}


def text(*changes: tuple[str, str]) -> bytes:
    """The small deal with pieces of it replaced; a piece that is not there fails the test that names it."""
    found = SMALL
    for old, new in changes:
        assert old in found, old
        found = found.replace(old, new, 1)
    return found.encode()


def line_of(piece: str, *changes: tuple[str, str]) -> int:
    """The line on which a piece of the changed deal stands."""
    return text(*changes).decode().split(piece)[0].count("\n") + 1


def small(*changes: tuple[str, str]) -> DealTerms:
    """Its terms."""
    return read_terms(text(*changes))


def program(*changes: tuple[str, str]) -> Program:
    """Its program."""
    return compile_terms(small(*changes))


def ran(*changes: tuple[str, str], **flows: list[int]) -> Run:
    """Its run; flows are given by the last part of their name."""
    given = FLOWS | {f"pool.{name}" if f"pool.{name}" in FLOWS else name: values for name, values in flows.items()}
    return run(program(*changes), given)
