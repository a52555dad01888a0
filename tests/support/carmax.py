"""CarMax Auto Owner Trusts as they reported to note holders, and their terms as far as the reports carry them.

What the file lacks, and where it is from instead:
  - coupons: the only rates of at most five decimals of a per cent that give every reported interest of a class; a
    single number that explains up to 35 months. They are not fitted by class and month;
  - closing dates: the only days that give the first, short interest of every class, by both day counts;
  - the interest of A-2b: it floats over LIBOR, which the file does not carry. Its principal is reproduced;
  - class D of the nine trusts with an A-2b: its balance is not reported, so it is left out;
  - collections, fees, reserve and targets: the file begins at what notes were paid. Total principal is an input;
    interest is assumed to be there, since none was ever left unpaid.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from chainfusion.cashflow.text.reader import read_terms
from chainfusion.domain.terms.records import DealTerms

FILE = Path(__file__).resolve().parents[2] / "../shared/data/reference/carmax_10d_note_payments_2017_2019.csv"
FIELDS = {
    "BeginningNotePrincipalBalance": "opening",
    "EndingNotePrincipalBalance": "closing",
    "InterestDistribution": "interest",
    "PrincipalDistribution": "principal",
}


@dataclass(frozen=True)
class Trust:
    """Closing, and the coupon of each class in per cent (None: not carried by the reports)."""

    closing: date
    coupons: Mapping[str, str | None]


def _trust(closing: str, coupons: str) -> Trust:
    rates = coupons.split()
    split = "-" in rates
    names = ("A1", "A2a", "A2b", "A3", "A4", "B", "C") if split else ("A1", "A2", "A3", "A4", "B", "C", "D")
    return Trust(date.fromisoformat(closing), {n: None if r == "-" else r for n, r in zip(names, rates, strict=True)})


def _trusts() -> dict[str, Trust]:
    found = {}
    for line in """
        2017-1 2017-01-31 0.85 1.54 1.98 2.27 2.54 2.84 3.43
        2017-2 2017-04-19 1.10 1.63 1.93 2.25 2.41 2.60 3.39
        2017-3 2017-07-26 1.35 1.64 - 1.97 2.22 2.44 2.72
        2017-4 2017-10-25 1.35 1.80 - 2.11 2.33 2.46 2.70
        2018-1 2018-01-24 1.70 2.23 - 2.48 2.64 2.83 2.95
        2018-2 2018-04-25 2.30 2.73 2.98 3.16 3.37 3.57 3.99
        2018-3 2018-07-25 2.4333 2.88 - 3.13 3.27 3.44 3.59
        2018-4 2018-10-24 2.59198 3.11 - 3.36 3.48 3.67 3.85
        2019-1 2019-01-23 2.78007 3.02 - 3.05 3.26 3.45 3.74
        2019-2 2019-04-17 2.60448 2.69 - 2.68 2.77 3.01 3.16
        2019-3 2019-07-30 2.25661 2.21 - 2.18 2.30 2.50 2.60
        2019-4 2019-10-23 1.96795 2.01 - 2.02 2.13 2.32 2.60
    """.strip().splitlines():
        name, closing, rates = line.split(maxsplit=2)
        found[name] = _trust(closing, rates)
    return found


TRUSTS = _trusts()


@dataclass(frozen=True)
class Report:
    """What a trust reported for one payment: by class, by field, in cents."""

    period: str
    paid: date
    classes: Mapping[str, Mapping[str, int]]

    @property
    def principal(self) -> int:
        """What all classes were paid."""
        return sum(c["principal"] for c in self.classes.values())


@cache
def reports(trust: str) -> tuple[Report, ...]:
    """A trust's reports in order. January 2018 was filed twice, with the same figures: the first is kept."""
    found: dict[tuple[str, date], dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    with FILE.open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened):
            if row["company"].endswith(trust):
                month, day, year = re.findall("..", row["link"].removesuffix(".htm")[-6:])
                key = (row["period"], date(2000 + int(year), int(month), int(day)))
                cents = Decimal(row["value"]) * 100
                assert cents == int(cents)
                found[key][row["class"].replace("-", "")][FIELDS[row["variable"]]] = int(cents)
    kept: dict[str, Report] = {}
    for (period, paid), classes in sorted(found.items()):
        report = Report(period, paid, {name: dict(values) for name, values in classes.items()})
        assert period not in kept or kept[period].classes == report.classes
        kept.setdefault(period, report)
    return tuple(kept.values())


def terms(trust: str) -> DealTerms:
    """The trust in the deal language: interest of all classes in rank, then principal in sequence, A-2a and A-2b by
    balance."""
    told, first = TRUSTS[trust], reports(trust)[0]
    sizes = {name: first.classes[name]["opening"] for name in told.coupons}
    month, year = first.paid.month, first.paid.year
    last = reports(trust)[-1].paid
    classes = "\n".join(
        f"  {name}:\n    size: {sizes[name] // 100}.{sizes[name] % 100:02d}\n"
        + (f"    coupon: {rate}%\n" if rate else "")
        + ("    day_count: ACT/360\n" if name == "A1" else "")
        for name, rate in told.coupons.items()
    )
    bearing = [name for name, rate in told.coupons.items() if rate]
    seniors = [name for name in bearing if name.startswith("A")]
    second = [name for name in told.coupons if name.startswith("A2")]
    after = [name for name in told.coupons if name not in ("A1", *second)]
    juniors = ", ".join(name for name in bearing if name not in seniors)
    together = "rank: by balance, " if len(second) > 1 else ""
    return read_terms(
        f"""
format: chainfusion-deal-terms-v1
deal: carmax-{trust}
name: CarMax Auto Owner Trust {trust}
source: Form 10-D, exhibit 99.1
currency: USD
day_count: 30/360
pool_balance: {sum(sizes.values()) // 100}.{sum(sizes.values()) % 100:02d}
dates:
  cut_off: {(told.closing.replace(day=1)).isoformat()}
  closing: {told.closing.isoformat()}
  legal_maturity: {last.replace(day=15).isoformat()}
  rules:
    payment: {{cycle: {{first: {year}-{month:02d}-15}}, roll: following, calendar: weekdays}}
accounts:
  interest_funds: {{receives: [interest]}}
  principal_funds: {{receives: [scheduled, prepaid, recovered]}}
tranches:
{classes}
parties:
  certificate: {{title: Certificate holders}}
waterfalls:
  available_funds:
    steps:
      a: {{interest: [{", ".join(seniors)}], from: interest_funds, rank: pro rata, clause: Class A interest}}
      b: {{interest: [{juniors}], from: interest_funds, clause: "Interest of B, C and D"}}
      c: {{principal: A1, from: principal_funds, clause: Class A-1 to zero}}
      d: {{principal: [{", ".join(second)}], from: principal_funds, {together}clause: Class A-2 to zero}}
      e: {{principal: [{", ".join(after)}], from: principal_funds, clause: The others in turn}}
      f: {{return: certificate, from: interest_funds, amount: rest, clause: The rest}}
states:
  normal: {{waterfall: available_funds}}
""".encode()
    )
