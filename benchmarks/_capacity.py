"""What a platform's nodes need, from measured costs of a transaction: `python -m benchmarks._capacity [VOLUME ...]`.

A small simulation. It draws a year of deals, minute by minute of working time: a deal's documents come towards its
closing, every deal's report in the same days of each month. The busiest minute says how much processor time the nodes
need; the year says how much they store. Costs come from `benchmarks/_capacity.json`, measured by
`benchmarks._capacity_measure`; all else that is assumed stands in `Platform`.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

MEASURED = Path(__file__).with_suffix(".json")
DAYS, MINUTES = 250, 480
"""Working days of a year, working minutes of a day."""
VOLUMES = (78_000_000_000, 780_000_000_000)


@dataclass(frozen=True)
class Platform:
    """What is assumed of a platform. Money in yuan."""

    volume: int
    """Deals issued in a year."""
    institutions: int = 200
    deal: int = 3_000_000_000
    parties: int = 8
    documents: int = 150
    readers: int = 3
    opinions: int = 4
    months: int = 36
    """How long a deal is serviced: in a steady year, so many months' deals report."""
    reports: int = 12
    """Documents and confirmations of a deal in a month."""
    report_days: int = 3
    """In which days of a month all deals report."""
    preparation: int = 15
    """Working days before closing in which half of a deal's documents come."""
    loan: int = 100_000

    @property
    def deals(self) -> int:
        """Deals a year."""
        return max(1, round(self.volume / self.deal))

    @property
    def kinds(self) -> Counter[str]:
        """Transactions of one deal up to its closing, by kind."""
        return Counter(
            {
                "deal.open, 4 parties": 1,
                "deal.accept": self.parties - 1,
                "document.register, 3 readers": self.documents + self.opinions,
                "document.grant": self.documents // 3,
                "pool.register": 2,
                "pool.acknowledge": 2 * (self.parties - 1),
            }
        )

    @property
    def monthly(self) -> Counter[str]:
        """Transactions of one deal in a month of its life, by kind."""
        return Counter({"document.register, 3 readers": self.reports})


@dataclass(frozen=True)
class Year:
    """A simulated year: transactions by kind, and those of its busiest minute."""

    by_kind: Counter[str]
    busiest: int

    @property
    def transactions(self) -> int:
        """All of them."""
        return self.by_kind.total()


@lru_cache(maxsize=16)
def simulate(platform: Platform, seed: int = 2026) -> Year:
    """Draws a year; the same for the same seed."""
    pick = random.Random(seed)
    minutes: Counter[int] = Counter()
    by_kind: Counter[str] = Counter()
    kinds, monthly = platform.kinds, platform.monthly
    for _ in range(platform.deals):
        closing = pick.randrange(DAYS)
        by_kind.update(kinds)
        for _ in range(kinds.total()):
            before = int(pick.expovariate(0.693 / platform.preparation))
            minutes[_minute(pick, max(0, closing - before))] += 1
    serviced = platform.deals * platform.months // 12
    for month in range(12):
        first = month * DAYS // 12
        for _ in range(serviced):
            by_kind.update(monthly)
            for _ in range(monthly.total()):
                minutes[_minute(pick, first + pick.randrange(platform.report_days))] += 1
    return Year(by_kind, max(minutes.values()))


def _minute(pick: random.Random, day: int) -> int:
    """A minute of a working day; mornings and afternoons have a peak."""
    return day * MINUTES + int(MINUTES * pick.triangular(0, 1, pick.choice((0.3, 0.7))))


@dataclass(frozen=True)
class Design:
    """How a platform is laid out: how many organisations share a channel, and how many of them must endorse."""

    name: str
    members: int
    endorsers: int
    implicit: bool
    """Whether the majority is Fabric's implicit one, which evaluates each organisation's own policy in turn."""
    share: float
    """The part of the platform's transactions that one institution's peer sees."""


def designs(platform: Platform) -> tuple[Design, ...]:
    """One channel for all with the implicit majority; one for all with few named endorsers; one for each deal."""
    everyone, few = platform.institutions, platform.parties
    own = few / everyone
    return (
        Design("one channel, majority of all", everyone, everyone // 2 + 1, implicit=True, share=1),
        Design("one channel, 5 of 9 named endorsers", everyone, 5, implicit=False, share=1),
        Design("a channel for each deal", few, few // 2 + 1, implicit=True, share=own),
    )


@dataclass(frozen=True)
class Needs:
    """What one institution's peer needs: its part of transactions, milliseconds and bytes of each, cores, gigabytes."""

    milliseconds: float
    bytes: float
    cores: float
    gigabytes: float


def needs(design: Design, year: Year, cost: dict[str, Any]) -> Needs:
    """A peer's needs, from the costs on a network of four with three endorsements.

    Signature checks are what grows with endorsers: each policy that is evaluated checks every endorsement again. At the
    rates that come out every transaction has a block of its own, so that a block's cost is counted with each.
    """
    checks = design.endorsers * (design.endorsers if design.implicit else 1)
    fixed = cost["milliseconds"]["peer"]["transaction"] - cost["verification_milliseconds"] * 3 * 3
    fixed -= cost["endorsement_milliseconds"]["peer"] * 3 / 4
    endorsing = cost["endorsement_milliseconds"]["peer"] + cost["endorsement_milliseconds"]["chaincode"]
    part = min(1.0, design.endorsers / (9 if not design.implicit else design.members))
    milliseconds = max(0.0, fixed) + checks * cost["verification_milliseconds"] + part * endorsing
    block = cost["milliseconds"]["peer"]["block"]
    mean = sum(cost["bytes"][kind] * count for kind, count in year.by_kind.items()) / year.transactions
    further = cost["endorsement_bytes"] * (design.endorsers - 3)
    on_disk = cost["disk_bytes_per_transaction"]["peer"] - cost["bytes"]["document.register, no reader"]
    size = mean + further + max(0.0, on_disk)
    seconds = year.busiest * design.share * (milliseconds + block) / 1000
    return Needs(milliseconds, size, seconds / 60, year.transactions * design.share * size / 1e9)


def orderer_needs(year: Year, cost: dict[str, Any]) -> tuple[float, float]:
    """Cores at the peak and gigabytes a year of an orderer that sees everything; it keeps each transaction in its log
    and in its ledger, as often as was measured."""
    spent = cost["milliseconds"]["orderer"]
    mean = sum(cost["bytes"][kind] * count for kind, count in year.by_kind.items()) / year.transactions
    kept = cost["disk_bytes_per_transaction"]["orderer"] / cost["bytes"]["document.register, no reader"]
    seconds = year.busiest * (spent["block"] + spent["transaction"]) / 1000
    return seconds / 60, year.transactions * mean * kept / 1e9


def most_for_a_peer(design: Design, year: Year, cost: dict[str, Any], cores: int = 8) -> float:
    """Transactions a second, in full blocks, at which a peer of so many cores is busy all the time."""
    return cores * 1000 / needs(design, year, cost).milliseconds


def show(console: Console, platform: Platform, cost: dict[str, Any]) -> None:
    """The page for one platform."""
    year = simulate(platform)
    loans = platform.volume * platform.months // 12 // platform.loan
    console.print(
        f"\n{platform.volume / 1e9:,.0f} billion yuan a year: {platform.deals} deals, {platform.institutions} "
        f"institutions; {year.transactions:,} transactions, {year.busiest} in the busiest minute"
    )
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("layout", "ms/tx of a peer", "bytes/tx", "cores at the peak", "GB a year", "full at tx/s, 8 cores"):
        table.add_column(column, justify="left" if column == "layout" else "right")
    for design in designs(platform):
        need, most = needs(design, year, cost), most_for_a_peer(design, year, cost)
        figures = (need.milliseconds, need.bytes, need.cores, need.gigabytes, most)
        table.add_row(design.name, *(f"{each:,.{0 if each > 100 else 3}f}" for each in figures))
    console.print(table)
    cores, gigabytes = orderer_needs(year, cost)
    console.print(f"An orderer of one channel for all: {cores:.3f} cores at the peak, {gigabytes:.1f} GB a year.")
    rate = loans * 12 / (DAYS * MINUTES * 60)
    console.print(f"Were each loan's monthly payment a transaction: {loans:,} loans, {rate:,.0f} a second on average.")


def main(volumes: list[str]) -> None:
    """Shows what each volume needs."""
    cost, console = json.loads(MEASURED.read_text(encoding="utf-8")), Console(width=140)
    for volume in map(int, volumes) if volumes else VOLUMES:
        show(console, Platform(volume), cost)


if __name__ == "__main__":
    main(sys.argv[1:])
