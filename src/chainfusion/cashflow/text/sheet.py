"""A deal's terms as a term sheet (条款清单), in English or Chinese: tables for a page or a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from unicodedata import east_asian_width

from chainfusion.domain.calendar import LABELS, DateRule, Unit
from chainfusion.domain.errors import Text
from chainfusion.domain.terms import records as r
from chainfusion.domain.terms.formula import Kind, Literal, literal_text
from chainfusion.domain.terms.reading import Reader
from chainfusion.domain.waterfall.opcodes import RATIO


@dataclass(frozen=True, slots=True)
class Section:
    """A table under a heading: names of columns (may be empty) and rows of cells."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole term sheet, and the fingerprint of the terms that it reads."""

    title: str
    lang: str
    fingerprint: str
    sections: tuple[Section, ...]

    def text(self) -> str:
        """As plain text, columns aligned (a Chinese character is two wide)."""
        parts = [self.title, "=" * _width(self.title), ""]
        for section in self.sections:
            parts += [section.title, "-" * _width(section.title), *_aligned(section), ""]
        return "\n".join([*parts, self.fingerprint]) + "\n"


def term_sheet(terms: r.DealTerms, lang: str = "en") -> Sheet:
    """The term sheet in `lang` ("en" or "zh")."""
    made = _Sheet(terms, lang)
    sections = tuple(section for section in made.sections() if section.rows)
    return Sheet(made.say(terms.name), lang, terms.fingerprint(), sections)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


def _aligned(section: Section) -> Iterator[str]:
    rows = ([section.columns] if section.columns else []) + list(section.rows)
    widths = [max(_width(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        cells = [cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)]
        yield "  ".join(cells).rstrip()


_ACTS = {
    r.Act.FEES: Text("pay {}", "支付{}"),
    r.Act.INTEREST: Text("pay interest on {}", "支付{}利息"),
    r.Act.PRINCIPAL: Text("pay principal of {}", "偿付{}本金"),
    r.Act.RETURN: Text("distribute to {}", "分配给{}"),
    r.Act.TRANSFER: Text("transfer to {}", "转入{}"),
    r.Act.CAPITALIZE: Text("add interest to the balance of {}", "{}应付利息计入本金"),
    r.Act.WRITE_DOWN: Text("write down {}", "减记{}本金"),
    r.Act.BUY: Text("buy assets", "购买资产"),
    r.Act.TEST: Text("test {}", "测试{}"),
}
_RANKS = {
    r.Rank.IN_ORDER: Text(", in this order", "（依次）"),
    r.Rank.PRO_RATA: Text(", pro rata to amounts due", "（同顺序，按应付金额比例）"),
    r.Rank.BY_BALANCE: Text(", pro rata to balances", "（同顺序，按余额比例）"),
    r.Rank.SHARES: Text(", by shares", "（按约定比例）"),
}
_KINDS = {
    r.Amortization.PASS_THROUGH: Text("pass-through", "过手摊还"),
    r.Amortization.SCHEDULED: Text("scheduled", "固定摊还"),
    r.Amortization.PLANNED: Text("planned (PAC)", "计划摊还（PAC）"),
    r.Amortization.TARGETED: Text("targeted (TAC)", "目标摊还（TAC）"),
    r.Amortization.ACCRUAL: Text("accrual (Z)", "累计计息（Z）"),
    r.Amortization.INTEREST_ONLY: Text("interest only", "仅付利息"),
    r.Amortization.RESIDUAL: Text("residual", "次级"),
}
_FLOWS = {
    "scheduled": Text("scheduled principal", "正常本金"),
    "prepaid": Text("prepayments", "提前偿还"),
    "recovered": Text("recoveries", "违约回收"),
    "interest": Text("interest", "利息"),
    "fees": Text("fees", "费用"),
}


_RULES = {
    "payment": Text("Payment date", "支付日"),
    "interest": Text("Interest day", "计息日"),
    "collection": Text("Calculation date", "计算日"),
    "remittance": Text("Remittance date", "回收款转付日"),
    "custodian_report": Text("Custodian's report", "资金保管机构报告日"),
    "servicer_report": Text("Servicer's report", "服务机构报告日"),
    "allocation": Text("Allocation date", "信托分配日"),
    "trustee_report": Text("Trustee's report", "受托机构报告日"),
    "closing": Text("closing", "信托生效日"),
    "cut_off": Text("cut-off date", "初始起算日"),
    "legal_maturity": Text("legal maturity", "法定到期日"),
}
_STEPS = {"1M": Text("monthly", "每月"), "3M": Text("quarterly", "每季"), "6M": Text("half-yearly", "每半年"),
          "1Y": Text("yearly", "每年")}  # fmt: skip
_UNITS = {Unit.DAYS: Text("days", "日"), Unit.BUSINESS_DAYS: Text("business days", "个工作日"),
          Unit.MONTHS: Text("months", "个月")}  # fmt: skip


class _Sheet:
    def __init__(self, terms: r.DealTerms, lang: str) -> None:
        self.terms, self.lang = terms, lang
        self.read = Reader(terms, lang)

    def say(self, text: Text) -> str:
        return self.read.say(text)

    def two(self, en: str, zh: str) -> str:
        return zh if self.lang == "zh" else en

    def money(self, minor: int) -> str:
        text = literal_text(Literal(minor, Kind.MONEY, self.terms.currency), self.terms.digits)
        return text.replace("_", ",")

    def listed(self, names: tuple[str, ...]) -> str:
        return self.two(", ", "、").join(self.read.title(name) for name in names)

    def sections(self) -> Iterator[Section]:
        yield self.deal()
        yield self.dates()
        yield self.notes()
        yield self.accounts()
        yield self.fees()
        yield self.hedges()
        yield self.tables()
        yield self.private()
        yield self.values()
        yield self.triggers()
        for found in self.terms.lists:
            yield self.waterfall(found)
        yield self.states()
        yield self.clean_up()

    def deal(self) -> Section:
        terms = self.terms
        rows = [
            (self.two("Deal", "项目"), terms.id),
            (self.two("Currency", "币种"), terms.currency),
            (self.two("Pool at cut-off", "初始起算日资产池余额"), self.money(terms.pool_balance)),
            (self.two("Notes issued", "发行规模"), self.money(sum(t.size for t in terms.tranches))),
        ]
        if self.say(terms.source):
            rows.append((self.two("Restates", "依据文件"), self.say(terms.source)))
        return Section(self.two("Deal", "基本信息"), (), tuple(rows))

    def dates(self) -> Section:
        d = self.terms.dates
        rows = [
            (self.two("Cut-off date", "初始起算日"), d.cut_off.isoformat()),
            (self.two("Closing", "信托生效日"), d.closing.isoformat()),
            (self.two("Legal maturity", "法定到期日"), d.legal_maturity.isoformat()),
        ]
        return Section(
            self.two("Dates", "日期"), (), (*rows, *((self.rule_title(rule.name), self.rule(rule)) for rule in d.rules))
        )

    def rule_title(self, name: str) -> str:
        return self.say(_RULES.get(name, Text(name, name)))

    def rule(self, rule: DateRule) -> str:
        if rule.cycle is not None:
            every = self.say(_STEPS.get(rule.cycle.every, Text(f"every {rule.cycle.every}", f"每 {rule.cycle.every}")))
            start = self.two(f"{every} from {rule.cycle.first}", f"自 {rule.cycle.first} 起{every}")
            start += self.two(", month end", "，月末") if rule.cycle.month_end else ""
        else:
            start = self.rule_title(rule.base or "")
            if rule.back:
                start += self.two(f" of {rule.back} earlier", f"（前 {rule.back} 期）")
        if rule.offset.count:
            count, unit = rule.offset.count, rule.offset.unit
            side = self.two("after" if count > 0 else "before", "后" if count > 0 else "前")
            amount = f"{abs(count)} {self.say(_UNITS[unit])}"
            start = self.two(f"{amount} {side} {start}", f"{start}{side} {amount}")
        name = rule.calendar.partition("@")[0]
        if name != "none":
            label = LABELS.get(name)
            start += f", {self.say(label) if label else name}, {self.say(rule.roll.label)}"
        return start

    def notes(self) -> Section:
        columns = ("", "Size", "Share", "Amortization", "Coupon", "Day count", "Rating", "Expected", "Terms")
        zh = ("", "规模", "占比", "还本方式", "票面利率", "计息基准", "评级", "预期到期日", "约定")
        total = sum(t.size for t in self.terms.tranches) or 1
        rows = tuple(
            (
                self.read.title(t.id), self.money(t.size), f"{(t.size * 20000 + total) // (2 * total) / 100:.2f}%",
                self.say(_KINDS[t.amortization]), self.read.formula(t.coupon), t.day_count.value, t.rating,
                t.expected.isoformat() if t.expected else "", self.terms_of(t),
            )
            for t in self.terms.tranches
        )  # fmt: skip
        return Section(self.two("Notes", "证券"), zh if self.lang == "zh" else columns, rows)

    def accounts(self) -> Section:
        columns = (
            "",
            self.two("Receives", "收入来源"),
            self.two("At closing", "初始金额"),
            self.two("Target", "目标余额"),
        )
        rows = tuple(
            (self.read.title(a.id), self.two(", ", "、").join(self.say(_FLOWS[flow]) for flow in a.receives),
             self.money(a.initial) if a.initial else "", self.read.formula(a.target))
            for a in self.terms.accounts
        )  # fmt: skip
        return Section(self.two("Accounts", "账户"), columns, rows)

    def fees(self) -> Section:
        return Section(
            self.two("Taxes and fees", "税费"), (), tuple((self.read.title(f.id), self.fee(f)) for f in self.terms.fees)
        )

    def fee(self, fee: r.Fee) -> str:
        parts = [self.two("{} a year", "每年 {}").format(self.read.formula(fee.yearly)) if fee.yearly
                 else self.two("{} each period", "每期 {}").format(self.read.formula(fee.amount))]  # fmt: skip
        for text, en, zh in ((fee.first, "first {}", "首期 {}"), (fee.at_least, "at least {}", "不低于 {}"),
                             (fee.at_most, "at most {}", "不超过 {}")):  # fmt: skip
            if text is not None:
                parts.append(self.two(en, zh).format(self.read.formula(text)))
        parts += self.unpaid(fee)
        return self.two("; ", "；").join(parts)

    def unpaid(self, claim: r.Fee | r.Tranche) -> list[str]:
        """What becomes of what is unpaid, where it is not simply carried."""
        if not claim.carry:
            return [self.two("not carried", "不结转")]
        if claim.arrears_rate is None:
            return []
        return [self.two("{} a year on arrears", "欠付部分按年 {} 计息").format(self.read.formula(claim.arrears_rate))]

    def terms_of(self, t: r.Tranche) -> str:
        """How principal is cut off, and what becomes of unpaid interest."""
        parts = (
            [self.two("principal per 100 cut off, the rest carried", "每百元本金去尾，余额转存下期")]
            if t.per_hundred
            else []
        )
        return self.two("; ", "；").join([*parts, *self.unpaid(t)])

    def hedges(self) -> Section:
        rows = tuple(
            (self.read.title(h.id), self.two("receives {}, pays {}, on {}", "收 {}，付 {}，名义本金 {}").format(
                *(self.read.formula(x) for x in (h.receive, h.pay, h.notional))))
            for h in self.terms.hedges
        )  # fmt: skip
        return Section(self.two("Hedges", "对冲"), (), rows)

    def tables(self) -> Section:
        return Section(
            self.two("Tables", "附表"), (), tuple((self.read.title(t.id), self.table(t)) for t in self.terms.tables)
        )

    def table(self, table: r.Table) -> str:
        names = {r.By.PAYMENT: ("payment {}", "第 {} 期"), r.By.YEAR: ("year {}", "第 {} 年"), r.By.DATE: ("{}", "{}")}
        form = self.two(*names[table.by])
        shown = table.entries if len(table.entries) <= 12 else (*table.entries[:3], table.entries[-1])
        cells = [
            f"{form.format(literal_text(Literal(e.start, Kind.DATE)) if table.by is r.By.DATE else e.start)}: "
            + self.read.literal(Literal(e.value, table.kind, self.terms.currency))
            for e in shown
        ]
        if len(shown) < len(table.entries):
            cells.insert(3, "…")
        elif len(cells) > 1:
            cells[-1] += self.two(" from then on", "（此后相同）")
        return self.two("; ", "；").join(cells)

    def private(self) -> Section:
        rows = tuple(
            (self.read.title(p.id), " – ".join(self.read.literal(Literal(v, p.kind, self.terms.currency))
                                             for v in (p.at_least, p.at_most)), p.fingerprint)
            for p in self.terms.private
        )  # fmt: skip
        columns = ("", self.two("Between", "区间"), self.two("Fingerprint", "数字指纹"))
        return Section(self.two("Private terms", "非公开条款"), columns, rows)

    def values(self) -> Section:
        rows = tuple((self.read.title(v.id), self.read.formula(v.formula)) for v in self.terms.values)
        return Section(self.two("Definitions", "定义"), (), rows)

    def triggers(self) -> Section:
        columns = ("", self.two("When", "触发条件"), self.two("Cure", "解除"), self.two("Effect", "后果"),
                   self.two("Clause", "条款"))  # fmt: skip
        rows = tuple(
            (self.read.title(t.id), self.read.formula(t.when),
             self.read.formula(t.cure) or self.two("none", "不可恢复"), self.effect(t), self.say(t.clause))
            for t in self.terms.triggers
        )  # fmt: skip
        return Section(self.two("Triggers", "触发事件"), columns, rows)

    def effect(self, trigger: r.Trigger) -> str:
        parts = [self.read.state_title(trigger.enters)] if trigger.enters else []
        if trigger.tested is r.When.END:
            parts.append(self.two("tested after the distribution", "分配后测试"))
        return self.two(", ", "、").join([*parts, *(self.read.title(name) for name in trigger.sets)])

    def waterfall(self, found: r.StepList) -> Section:
        columns = ("", self.two("Step", "步骤"), self.two("From", "资金来源"), self.two("Amount", "金额"),
                   self.two("When", "条件"), self.two("Clause", "条款"))  # fmt: skip
        rows = tuple(
            (step.id, self.step(step), self.listed(step.sources), self.amount(step), self.read.formula(step.when),
             self.say(step.clause))
            for step in found.steps
        )  # fmt: skip
        return Section(self.two("Waterfall: ", "分配顺序：") + self.read.list_title(found.id), columns, rows)

    def step(self, step: r.Step) -> str:
        if self.say(step.title):
            return self.say(step.title)
        names = self.listed(step.payees or ((step.to,) if step.to else ()))
        rank = self.say(_RANKS[step.rank]) if len(step.payees) > 1 and step.act is not r.Act.TEST else ""
        if step.unscheduled:
            rank += self.two(", without regard to schedules", "（不受摊还计划限制）")
        if step.shares:
            rank += " " + " / ".join(f"{share * 100 / RATIO:g}%" for share in step.shares)
        return self.say(_ACTS[step.act]).format(names) + rank

    def amount(self, step: r.Step) -> str:
        parts = [self.read.formula(step.amount)] if step.amount else []
        if step.cap:
            parts.append(self.two("at most {}", "上限 {}").format(self.read.formula(step.cap)))
        return self.two("; ", "；").join(parts)

    def states(self) -> Section:
        then = self.two(", then ", "，随后")
        rows = tuple((self.read.state_title(s.id), then.join(self.read.list_title(name) for name in s.lists))
                     for s in self.terms.states)  # fmt: skip
        return Section(self.two("States", "状态"), (), rows)

    def clean_up(self) -> Section:
        option = self.terms.clean_up
        rows: tuple[tuple[str, ...], ...] = ()
        if option is not None:
            rows = (
                (self.two("When", "条件"), self.read.formula(option.when)),
                (self.two("Price", "价格"), self.read.formula(option.price)),
                (self.two("Into", "转入"), self.read.title(option.to)),
            )
        return Section(self.two("Clean-up call", "清仓回购"), (), rows)


def step_title(terms: r.DealTerms, step: r.Step, lang: str) -> str:
    """What a step does, in words: its title, or its act with those it pays."""
    return _Sheet(terms, lang).step(step)
