"""Formulas in words: how a term sheet reads them, in English and Chinese."""

from __future__ import annotations

from chainfusion.domain.errors import Text
from chainfusion.domain.terms.formula import Apply, Kind, Literal, Name, Tree, literal_text, parse
from chainfusion.domain.terms.records import DealTerms

NAMES = {
    "pool.initial": Text("initial pool balance", "初始起算日资产池余额"),
    "pool.opening": Text("opening pool balance", "期初资产池余额"),
    "pool.closing": Text("closing pool balance", "期末资产池余额"),
    "pool.scheduled": Text("scheduled principal", "正常本金回收款"),
    "pool.prepaid": Text("prepaid principal", "提前偿还本金"),
    "pool.principal": Text("principal collections", "本金回收款"),
    "pool.defaulted": Text("newly defaulted balance", "本期新增违约余额"),
    "pool.recovered": Text("recoveries", "违约回收款"),
    "pool.lost": Text("losses", "本期损失"),
    "pool.interest": Text("interest collections", "利息回收款"),
    "pool.fees": Text("fee collections", "费用回收款"),
    "pool.purchased": Text("balance of assets bought", "持续购买资产余额"),
    "notes.balance": Text("balance of all notes", "全部证券未偿本金余额"),
    "notes.opening": Text("opening balance of all notes", "全部证券期初本金余额"),
    "rest": Text("all that is left", "剩余全部资金"),
    "period": Text("period number", "期数"),
    "year": Text("year since closing", "成立以来年数"),
    "date": Text("payment date", "支付日"),
    "last_period": Text("it is the last period", "为最后一期"),
    "assets.paid": Text("paid for assets", "本期购买支出"),
}
PARTS = {
    "balance": Text("balance of {}", "{}余额"),
    "target": Text("target of {}", "{}目标余额"),
    "lent": Text("lent by {} this period", "{}本期垫付"),
    "carried": Text("carried in {}", "{}转存下期"),
    "size": Text("size of {} at closing", "{}发行规模"),
    "opening": Text("opening balance of {}", "{}期初本金余额"),
    "coupon": Text("coupon of {}", "{}票面利率"),
    "interest_due": Text("interest due on {}", "{}应付利息"),
    "interest_accrued": Text("interest of {} for the period", "{}本期利息"),
    "interest_paid": Text("interest paid on {}", "{}已付利息"),
    "principal_paid": Text("principal paid on {}", "{}已付本金"),
    "return_paid": Text("return paid on {}", "{}已付收益"),
    "written_down": Text("written down on {}", "{}本期减记"),
    "due": Text("due to {}", "{}应付"),
    "accrued": Text("due to {} for the period", "{}本期应付"),
    "paid": Text("paid to {}", "{}已付"),
    "received": Text("received from {}", "自{}收到"),
}
_WORDS = {
    "min": Text("the lesser of ({})", "（{}）中较小者"),
    "max": Text("the greater of ({})", "（{}）中较大者"),
    "earlier": Text("the sum over earlier periods of ({})", "以前各期“{}”之和"),
    "lifetime": Text("the sum to date of ({})", "截至本期“{}”累计"),
    "previous": Text("last period's ({})", "上一期“{}”"),
    "half_up": Text("({}), rounded half up", "{}（四舍五入）"),
    "half_even": Text("({}), rounded half to even", "{}（四舍六入五成双）"),
    "up": Text("({}), rounded up", "{}（进位）"),
    "down": Text("({}), cut off", "{}（去尾）"),
}
_SIGNS = {"*": Text("×", "×"), "/": Text("÷", "÷"), "and": Text("and", "且"), "or": Text("or", "或"),
          "<=": Text("≤", "≤"), ">=": Text("≥", "≥"), "==": Text("=", "＝"), "!=": Text("≠", "≠")}  # fmt: skip


_LOOSE = {"*": ("+", "-"), "/": ("+", "-", "*"), "-": ("+", "-"), "and": ("or",), "or": ("and",), "not": ("and", "or")}
"""Operands that are put in brackets, by the operator around them."""
_NOTHING = Text("", "")
_TRUTHS = {0: Text("never", "否"), 1: Text("always", "是")}


class Reader:
    """Reads one deal's formulas in a language, calling things by their titles."""

    def __init__(self, terms: DealTerms, lang: str) -> None:
        self.lang, self.digits = lang, terms.digits
        self.titles = {
            item.id: item.title
            for group in (
                terms.accounts, terms.fees, terms.tranches, terms.hedges, terms.parties, terms.events, terms.indices,
                terms.tables, terms.private, terms.values, terms.triggers,
            )
            for item in group
        }  # fmt: skip
        self.lists = {found.id: found.title for found in terms.lists}
        self.states = {state.id: state.title for state in terms.states}
        self.steps = {(found.id, step.id): step.title for found in terms.lists for step in found.steps}

    def title(self, name: str) -> str:
        """What something is called; its id where it has no title."""
        return self.say(self.titles.get(name, _NOTHING)) or name

    def list_title(self, name: str) -> str:
        """What a list of steps is called."""
        return self.say(self.lists.get(name, _NOTHING)) or name

    def state_title(self, name: str) -> str:
        """What a state is called."""
        return self.say(self.states.get(name, _NOTHING)) or name

    def say(self, text: Text) -> str:
        """A text in the language."""
        return text.zh if self.lang == "zh" else text.en

    def formula(self, text: str | None) -> str:
        """A formula in words; nothing for None."""
        return "" if text is None else self.tree(parse(text, self.digits))

    def tree(self, tree: Tree, around: str = "") -> str:
        """A tree in words; `around` is the operator of which it is an operand."""
        if isinstance(tree, Literal):
            return self.literal(tree)
        if isinstance(tree, Name):
            return self.name(tree.name)
        around_first = "+" if tree.op == "-" else tree.op
        parts = [self.tree(arg, tree.op if n else around_first) for n, arg in enumerate(tree.args)]
        if tree.op in _WORDS:
            return self.say(_WORDS[tree.op]).format((", " if self.lang == "en" else "，").join(parts))
        return self._applied(tree, parts, around)

    def _applied(self, tree: Apply, parts: list[str], around: str) -> str:
        zh = self.lang == "zh"
        if tree.op == "if":
            return f"若{parts[0]}则{parts[1]}，否则{parts[2]}" if zh else f"{parts[1]} if {parts[0]}, else {parts[2]}"
        if tree.op == "ratio":
            return f"{parts[0]} ÷ {parts[1]}" + (
                f"（分母为零时取 {parts[2]}）" if zh else f" ({parts[2]} where that is 0)"
            )
        if tree.op == "yearly":
            return f"{parts[1]} × 年化 {parts[0]}" if zh else f"{parts[0]} a year on {parts[1]}"
        if tree.op == "recent":
            return f"近 {parts[1]} 期“{parts[0]}”之和" if zh else f"the sum over {parts[1]} periods of ({parts[0]})"
        if tree.op == "not":
            return f"未发生或不满足“{parts[0]}”" if zh else f"not {parts[0]}"
        if tree.op == "neg":
            return f"-{parts[0]}"
        sign = self.say(_SIGNS[tree.op]) if tree.op in _SIGNS else tree.op
        text = f"{parts[0]}{sign}{parts[1]}" if zh and tree.op in ("and", "or") else f"{parts[0]} {sign} {parts[1]}"
        loose = tree.op in _LOOSE.get(around, ())
        return (f"（{text}）" if zh else f"({text})") if loose else text

    def literal(self, tree: Literal) -> str:
        """A number as people write it."""
        if tree.kind is Kind.TRUTH:
            return self.say(_TRUTHS[tree.value])
        text = literal_text(tree, self.digits)
        return text.replace("_", ",") if tree.kind is Kind.MONEY else text

    def name(self, name: str) -> str:
        """What a name stands for."""
        if name in NAMES:
            return self.say(NAMES[name])
        head, _, tail = name.partition(".")
        if head == "state":
            return ("处于" if self.lang == "zh" else "state: ") + self.state_title(tail)
        if "." in tail:
            step = tail.partition(".")[0]
            called = self.say(self.steps.get((head, step), _NOTHING)) or f"{self.list_title(head)} {step}"
            return self.say(PARTS["paid"]).format(called)
        return self.say(PARTS[tail]).format(self.title(head)) if tail else self.title(name)
