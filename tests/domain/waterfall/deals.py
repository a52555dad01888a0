"""Random deals, small enough to run thousands of: every kind of fee, tranche, step, trigger and state occurs.

A family decides what a deal is made of; everything else is drawn.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date

from hypothesis import strategies as st

from chainfusion.domain.calendar import Cycle, DateRule, DayCount
from chainfusion.domain.errors import Text
from chainfusion.domain.terms import records as r
from chainfusion.domain.terms.formula import Kind, parse, unparse

FAMILIES = ("one account", "two accounts", "states", "everything")
PERIODS = 6
NOTHING = Text("", "")
_DAY_COUNTS = (DayCount.ACT_365F, DayCount.THIRTY_360, DayCount.ACT_ACT_ISDA, DayCount.ACT_360)


@dataclass(frozen=True)
class Deal:
    """Terms, and what a run of them brings."""

    terms: r.DealTerms
    flows: dict[str, list[int]]


def f(text: str) -> str:
    """A formula in its one spelling."""
    return unparse(parse(text))


def random_deal(seed: int, family: str = "everything") -> Deal:
    """The deal of a seed. A seed is all that a property draws: thousands of deals are made in the time of a test."""
    return _Maker(random.Random(seed), family).deal()


def deals(family: str = "everything") -> st.SearchStrategy[Deal]:
    """Deals of a family, with their collections."""
    return st.integers(0, 2**64 - 1).map(lambda seed: random_deal(seed, family))


class _Maker:
    def __init__(self, chance: random.Random, family: str) -> None:
        self.chance, self.family = chance, family
        self.two = family != "one account"
        self.rich = family == "everything"
        self.pool = self.one(*((1_000_00, 99_999_99, 1_000_000_00, 7_777_777_77, 10_000_000_000_00)))
        self.tables: list[r.Table] = []

    def one(self, *options):  # type: ignore[no-untyped-def]
        return self.chance.choice(options)

    def number(self, low: int, high: int) -> int:
        return self.chance.randint(low, high)

    def yes(self) -> bool:
        return self.chance.random() < 0.5

    def money(self) -> str:
        return f(f"{self.number(0, self.pool // 50) / 100:.2f} CNY")

    # -------------------------------------------------------------- the deal

    def deal(self) -> Deal:
        self.tranches = self.make_tranches()
        self.fees = self.make_fees()
        self.events = (r.Named("downgrade", NOTHING),) if self.rich else ()
        hedges = self.make_hedges()
        self.claims = [x.id for x in (*self.fees, *hedges)]
        triggers = self.make_triggers()
        lists, states = self.make_lists()
        if len(states) > 1 and not any(t.enters for t in triggers):
            lists, states = lists[:1], states[:1]
        terms = r.DealTerms(
            id="random", name=Text("random", "随机"), source=NOTHING, currency="CNY", pool_balance=self.pool,
            dates=self.make_dates(), day_count=self.one(*_DAY_COUNTS), accounts=self.make_accounts(), fees=self.fees,
            tranches=self.tranches, hedges=hedges, parties=(r.Named("originator", NOTHING),), events=self.events,
            indices=(r.Named("LPR", NOTHING),) if self.rich else (), tables=tuple(self.tables), private=(),
            values=self.make_values(), triggers=triggers, lists=lists, states=states, clean_up=self.make_clean_up(),
        )  # fmt: skip
        return Deal(terms, self.make_flows())

    def make_dates(self) -> r.Dates:
        rule = DateRule("payment", cycle=Cycle(date(2025, 1, 26), self.one("1M", "3M")))
        last = date(2025, 6, 26) if rule.cycle and rule.cycle.every == "1M" else date(2026, 4, 26)
        return r.Dates(date(2024, 12, 31), self.one(date(2024, 12, 31), date(2025, 1, 10)), last, (rule,))

    def make_accounts(self) -> tuple[r.Account, ...]:
        flows = ("scheduled", "prepaid", "recovered", "interest")
        first = r.Account("main", NOTHING, flows if not self.two else flows[3:], 0, None)
        reserve = r.Account("reserve", NOTHING, (), self.number(1, self.pool // 20), f("1% * pool.opening"))
        second = (r.Account("principal", NOTHING, flows[:3], 0, None),) if self.two else ()
        return (first, *second, reserve)

    def make_tranches(self) -> tuple[r.Tranche, ...]:
        return tuple(self.tranche(name, n) for n, name in enumerate("ABCDE"[: self.number(1, 4 if self.rich else 3)]))

    def tranche(self, name: str, n: int) -> r.Tranche:
        size = self.pool * self.number(1, 60) // 100 + self.number(0, 100)
        kinds = [r.Amortization.PASS_THROUGH, r.Amortization.RESIDUAL]
        if self.rich:
            kinds += [r.Amortization.SCHEDULED, r.Amortization.ACCRUAL, r.Amortization.INTEREST_ONLY]
        kind = self.one(*kinds) if n else kinds[0]
        schedule = self.table(f"plan_{name}", size) if kind is r.Amortization.SCHEDULED else None
        notional = f("A.balance") if kind is r.Amortization.INTEREST_ONLY else None
        size = 0 if kind is r.Amortization.INTEREST_ONLY else size
        coupons = ["4.35%", "0%", "12.3456%", "max(6% - 1% * period, 0%)"]
        coupons += ["LPR - 0.25%", "min(max(LPR + 1%, 2%), 5%)"] if self.rich else []
        return r.Tranche(
            id=name, title=NOTHING, size=size, rating="", amortization=kind, schedule=schedule,
            coupon=self.one(*map(f, coupons), None) if n else f("5%"), notional=notional,
            day_count=self.one(*_DAY_COUNTS), rounding=self.one(*r.Rounding), carry=self.yes(),
            arrears_rate=self.one(None, f("6%")), per_hundred=self.yes() and size > 0, expected=None,
        )  # fmt: skip

    def table(self, name: str, size: int) -> str:
        balances = [size * k // 5 for k in range(4, -1, -1)]
        self.tables.append(r.Table(name, NOTHING, r.By.PAYMENT, Kind.MONEY,
                                   tuple(r.Entry(k + 1, b) for k, b in enumerate(balances))))  # fmt: skip
        return name

    def make_fees(self) -> tuple[r.Fee, ...]:
        return tuple(self.fee(f"fee{k}") for k in range(self.number(0, 3)))

    def fee(self, name: str) -> r.Fee:
        yearly = self.one(*map(f, ("0.5% * pool.opening", "0.123% * notes.balance", "120_000.00 CNY")))
        per_period = self.one(self.money(), f("3.26% * pool.interest"), f("half_up(0.1% * A.balance)"))
        is_yearly = self.yes()
        return r.Fee(
            id=name, title=NOTHING, yearly=yearly if is_yearly else None, amount=None if is_yearly else per_period,
            first=self.one(None, self.money()), at_least=self.one(None, self.money()),
            at_most=self.one(None, self.money()), day_count=self.one(*_DAY_COUNTS), rounding=self.one(*r.Rounding),
            carry=self.yes(), arrears_rate=self.one(None, f("5%")),
        )  # fmt: skip

    def make_hedges(self) -> tuple[r.Hedge, ...]:
        if not self.rich or self.yes():
            return ()
        hedge = r.Hedge("swap", NOTHING, f("A.balance"), f("3%"), f("LPR"), "main", self.one(*_DAY_COUNTS),
                        r.Rounding.HALF_UP)  # fmt: skip
        return (hedge,)

    def make_values(self) -> tuple[r.Value, ...]:
        gap = "max(earlier(pool.defaulted) + pool.defaulted - earlier(main.cure.paid), 0.00 CNY)"
        return (r.Value("deficiency", NOTHING, f(gap if self.two else "pool.defaulted")),)

    def make_triggers(self) -> tuple[r.Trigger, ...]:
        tests = (
            "lifetime(pool.defaulted) / pool.initial > limit",
            "pool.closing < 101% * notes.balance",
            "recent(pool.defaulted, 3) > 2% * pool.opening",
            "ratio(A.balance, A.size, 0) < 20%",
            "A.interest_due > 0.00 CNY and period > 2",
            "previous(pool.interest) > pool.interest or date >= 2025-05-01",
        )
        rows = ((1, 2_000_000), (2, 5_000_000))
        limit = r.Table("limit", NOTHING, r.By.YEAR, Kind.RATIO, tuple(r.Entry(*row) for row in rows))
        self.tables.append(limit)
        cures = (None, "pool.closing >= 101% * notes.balance", "period == 4")
        made = []
        for n in range(self.number(1, 3)):
            name = f"trigger{n}"
            made.append(r.Trigger(
                name, NOTHING, f(self.one(*tests)), self.one(r.When.START, r.When.END),
                (lambda cure: cure and f(cure))(self.one(*cures)), "stressed" if self.family in FAMILIES[2:] and n == 0
                else None, (f"trigger{n - 1}",) if n and self.yes() else (), NOTHING,
            ))  # fmt: skip
        if self.rich:
            made.append(
                r.Trigger("inner", NOTHING, f("main.balance < 1_000.00 CNY"), r.When.STEP, None, None, (), NOTHING)
            )
        return tuple(made)

    # -------------------------------------------------------------- steps

    def make_lists(self) -> tuple[tuple[r.StepList, ...], tuple[r.State, ...]]:
        normal = r.StepList("main", NOTHING, self.steps())
        if self.family not in FAMILIES[2:]:
            return (normal,), (r.State("normal", NOTHING, ("main",)),)
        stressed = r.StepList("stressed", NOTHING, self.steps(sequential=True))
        states = (r.State("normal", NOTHING, ("main",)), r.State("stressed", NOTHING, ("stressed",)))
        return (normal, stressed), states

    def steps(self, sequential: bool = False) -> tuple[r.Step, ...]:
        names = [t.id for t in self.tranches]
        principal = "principal" if self.two else "main"
        rank = r.Rank.IN_ORDER if sequential else self.one(r.Rank.PRO_RATA, r.Rank.IN_ORDER)
        made = [self.step("release", r.Act.TRANSFER, (), "reserve", to="main",
                          amount="max(reserve.balance - reserve.target, 0.00 CNY)")]  # fmt: skip
        if self.claims:
            made.append(self.step("fees", r.Act.FEES, self.claims, "main", "reserve", rank=rank,
                                  cap=self.one(None, "900_000.00 CNY", "10% * rest")))  # fmt: skip
        senior = [t.id for t in self.tranches if t.coupon is not None]
        made.append(self.step("interest", r.Act.INTEREST, senior, "main", "reserve",
                              *(("principal",) if self.two else ()), rank=rank))  # fmt: skip
        if self.two:
            made.append(self.step("cure", r.Act.TRANSFER, (), "main", to="principal", amount="deficiency"))
        made += self.exotic()
        made.append(self.step("top_up", r.Act.TRANSFER, (), "main", to="reserve",
                              amount="reserve.target - reserve.balance",
                              when=self.one(None, "not trigger0")))  # fmt: skip
        if self.yes():
            made.append(self.step("turbo", r.Act.PRINCIPAL, names[:1], "main", when="trigger0"))
        paid = [t.id for t in self.tranches if t.size]
        ranks = [r.Rank.IN_ORDER, r.Rank.PRO_RATA, r.Rank.BY_BALANCE] + ([r.Rank.SHARES] if len(paid) > 1 else [])
        made.append(self.step("principal", r.Act.PRINCIPAL, paid, principal, rank=self.one(*ranks),
                              amount=self.one(None, "pool.principal", "50% * rest"),
                              cap=self.one(None, self.money())))  # fmt: skip
        made.append(self.split())
        if self.yes():
            made.append(self.step("residual", r.Act.RETURN, ["originator"], "main", amount="rest"))
        return tuple(made)

    def split(self) -> r.Step:
        payees = ["originator", self.tranches[-1].id]
        return self.step("split", r.Act.RETURN, payees, "main", rank=r.Rank.SHARES, shares=(20_000_000, 80_000_000),
                         amount="half_up(33% * rest)", when=self.one(None, "A.balance == 0.00 CNY"))  # fmt: skip

    def exotic(self) -> list[r.Step]:
        if not self.rich:
            return []
        made = [self.step("test", r.Act.TEST, ["inner"])]
        last = self.tranches[-1].id
        if any(t.amortization is r.Amortization.ACCRUAL for t in self.tranches):
            name = next(t.id for t in self.tranches if t.amortization is r.Amortization.ACCRUAL)
            made.append(self.step("accrete", r.Act.CAPITALIZE, [name], when="period <= 3"))
        if self.yes():
            made.append(self.step("loss", r.Act.WRITE_DOWN, [last, "A"][: 1 + (last != "A")], amount="pool.lost"))
        if self.yes():
            made.append(self.step("buy", r.Act.BUY, (), "principal", when="state.normal and period < 3",
                                  amount=self.one("rest", "30% * rest")))  # fmt: skip
        return made

    def step(self, name: str, act: r.Act, payees, *sources: str, **given) -> r.Step:  # type: ignore[no-untyped-def]
        values = {"to": None, "rank": r.Rank.IN_ORDER, "shares": (), "amount": None, "cap": None, "when": None} | given
        values.setdefault("unscheduled", self.rich and self.chance.random() < 0.2)
        if values["rank"] is r.Rank.SHARES and not values["shares"]:
            parts = [10 * self.number(1, 3) * 10**6 for _ in payees[1:]]
            parts = [p // len(payees) for p in parts]
            values["shares"] = (10**8 - sum(parts), *parts)
        for key in ("amount", "cap", "when"):
            values[key] = values[key] and f(values[key])
        return r.Step(id=name, act=act, title=NOTHING, payees=tuple(payees), sources=sources, clause=NOTHING, **values)

    # -------------------------------------------------------------- collections

    def make_clean_up(self) -> r.CleanUp | None:
        if not self.rich or self.yes():
            return None
        return r.CleanUp(f("pool.closing <= 30% * pool.initial"), f("pool.closing"), "principal", NOTHING)

    def make_flows(self) -> dict[str, list[int]]:
        names = ("opening", "closing", "scheduled", "prepaid", "defaulted", "recovered", "interest", "lost")
        flows: dict[str, list[int]] = {f"pool.{name}": [] for name in names}
        balance = self.pool
        for _ in range(PERIODS):
            opening, parts = balance, {}
            for name in ("scheduled", "prepaid", "defaulted"):
                parts[name] = opening * self.number(0, 30) // 100 if balance else 0
                parts[name] = min(parts[name], balance)
                balance -= parts[name]
            parts["lost"] = parts["defaulted"] * self.number(0, 100) // 100
            parts["recovered"] = parts["defaulted"] - parts["lost"]
            parts |= {"opening": opening, "closing": balance, "interest": opening * self.number(0, 20) // 1000}
            for name in names:
                flows[f"pool.{name}"].append(parts[name])
        if self.rich:
            flows["LPR"] = [self.number(0, 8_000_000) for _ in range(PERIODS)]
            flows["downgrade"] = [int(self.number(0, 5) == 5) for _ in range(PERIODS)]
        return flows
