"""Why a step paid what it paid and not more: the limit that held, in words."""

from __future__ import annotations

from chainfusion.domain.errors import Text
from chainfusion.domain.terms.formula import Kind, Literal, literal_text
from chainfusion.domain.terms.records import Act, DealTerms, Step
from chainfusion.domain.waterfall.trace import Bound, Payment, StepRecord

SHORT = {
    Bound.DUE: Text("paid in full", "全额支付"),
    Bound.CONDITION: Text("its condition does not hold", "条件不成立"),
    Bound.CASH: Text("limited by the cash in the account", "受限于账户中的钱"),
    Bound.RANK: Text("the cash went to what ranks before it or beside it", "资金已用于在先或同顺序的支付"),
    Bound.CAP: Text("limited by the step's cap", "达到上限"),
    Bound.AMOUNT: Text("limited to the step's amount", "以本步骤金额为限"),
    Bound.CUT_OFF: Text("cut off per 100 of face, the rest is carried", "按每百元面值去尾，余数转存下期"),
}
"""The limit that held, for a line of a table."""
NOTHING_DUE = Text("nothing is due", "本期无应付")
ALL_THERE_IS = Text("all that is left", "其余全部")
MOVES = {
    Act.CAPITALIZE: Text("added to the balance, no cash", "计入本金，不动用资金"),
    Act.WRITE_DOWN: Text("written down, no cash", "减记本金，不动用资金"),
    Act.TEST: Text("tests triggers", "测试触发事件"),
}


def why_step(found: StepRecord, step: Step) -> Text:
    """One line for a whole step."""
    if not found.applied:
        return SHORT[Bound.CONDITION]
    if step.act in MOVES:
        return MOVES[step.act]
    short = next((p for p in found.payments if p.unpaid), None)
    if short is not None:
        return SHORT[short.bound]
    if step.act is Act.TRANSFER and step.amount in (None, "rest"):
        return ALL_THERE_IS
    return SHORT[Bound.DUE] if sum(p.paid for p in found.payments) else NOTHING_DUE


def not_more(paid: Payment, found: StepRecord, step: Step, terms: DealTerms) -> Text:
    """Why one payee got this and not more, with the figures."""
    due, there = _money(paid.due, terms), _money(found.available, terms)
    match paid.bound:
        case Bound.DUE if paid.due == 0:
            return NOTHING_DUE
        case Bound.DUE:
            return Text(f"It was due {due} and no more.", f"应付为 {due}，已全额支付。")
        case Bound.CONDITION:
            return Text(f"The condition does not hold: {step.when}", f"条件不成立：{step.when}")
        case Bound.CASH:
            return Text(f"It was due {due}; the accounts held {there}.", f"应付为 {due}，账户中只有 {there}。")
        case Bound.RANK:
            return Text(
                f"It was due {due}; what ranks before it, or equally with it, took the {there} that was there.",
                f"应付为 {due}；账户中的 {there} 已用于在先或同顺序的支付。",
            )
        case Bound.CAP:
            cap = _money(found.cap or 0, terms)
            return Text(f"It was due {due}; the step pays at most {cap}.", f"应付为 {due}，本步骤上限为 {cap}。")
        case Bound.AMOUNT:
            amount = _money(found.amount or 0, terms)
            return Text(f"It was due {due}; the step pays {amount} in all.", f"应付为 {due}，本步骤合计支付 {amount}。")
        case Bound.CUT_OFF:
            return Text(
                "Each 100 of face gets an amount cut off to the minor unit; what that leaves comes back next period.",
                "每百元面值的金额去尾至最小货币单位，余数转存下期。",
            )


def step_code(step: Step) -> str:
    """A rule as the terms have it, a line each."""
    fields = {
        step.act.value: ", ".join(step.payees) or step.to,
        "from": ", ".join(step.sources),
        "rank": step.rank.value.replace("_", " ") if len(step.payees) > 1 else None,
        "amount": step.amount,
        "cap": step.cap,
        "when": step.when,
        "unscheduled": "yes" if step.unscheduled else None,
    }
    return "\n".join(f"{name}: {value}" for name, value in fields.items() if value)


def _money(minor: int, terms: DealTerms) -> str:
    return literal_text(Literal(minor, Kind.MONEY, terms.currency), terms.digits).replace("_", ",")
