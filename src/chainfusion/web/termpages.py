"""What the pages of terms and cash flow need beside their views: the term sheet, drawings, which step is open."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import Request

from chainfusion.api.problems import BadAddress
from chainfusion.api.routes import whole
from chainfusion.cashflow.deal.reading import StepLine
from chainfusion.cashflow.text.sheet import term_sheet
from chainfusion.domain.errors import Text, require
from chainfusion.node.views.terms import CashflowView, PaymentView, TermsPage
from chainfusion.web.drawings import Series, bars, cash_bars, columns


def terms_facts(request: Request, view: TermsPage, lang: str) -> dict[str, Any]:
    """The term sheet in the reader's language."""
    del request
    return {"sheet": term_sheet(view.terms, lang)}


def cashflow_facts(request: Request, view: CashflowView, lang: str) -> dict[str, Any]:
    """Three drawings: balances of the classes, collections by kind, losses."""
    del lang
    days = [each.payment for each in view.payments]
    classes = [
        Series(each.title, tuple(p.classes[n].balance for p in view.payments)) for n, each in enumerate(view.classes)
    ]
    kinds = [Series(title, tuple(getattr(p, name) for p in view.payments)) for name, title in _KINDS]
    lost, total = [], 0
    for each in view.payments:
        total += each.lost
        lost.append(total)
    return {
        "given": {each.name: each.value for each in view.assumed},
        "query": query(request, view),
        "charts": {
            "balances": columns(days, classes),
            "collections": columns(days, kinds),
            "losses": columns(days, [Series(Text("Losses to date", "累计损失"), tuple(lost))]),
        },
        "lost": lost,
    }


_KINDS = (
    ("scheduled", Text("Scheduled principal", "计划还本")),
    ("prepaid", Text("Prepayments", "提前还本")),
    ("recovered", Text("Recoveries", "违约处置回收")),
    ("interest", Text("Interest", "利息")),
)


def payment_facts(request: Request, view: PaymentView, lang: str) -> dict[str, Any]:
    """Which step is open, how the cash ran down, and where money came from and went."""
    del lang
    reading = view.reading
    return {
        "query": query(request, view),
        "open": _open(request, reading.steps),
        "cash": cash_bars(reading.steps),
        "flows_in": bars([each.before for each in reading.accounts] + [each.amount for each in reading.inflows]),
        "flows_out": bars([each.amount for each in reading.outflows] + [each.after for each in reading.accounts]),
    }


def query(request: Request, view: CashflowView | PaymentView) -> str:
    """The assumptions and the version as parameters, for links to this run."""
    version = request.query_params.get("version")
    pairs = [(each.name, each.value) for each in view.assumed]
    return "?" + urlencode([*pairs, *([("version", version)] if version else [])])


def _open(request: Request, steps: tuple[StepLine, ...]) -> int:
    """The step that was asked for; else the first that cash kept from paying all, else the last that paid."""
    asked = request.query_params.get("step")
    if asked is not None:
        number = whole("step", asked)
        require(number <= len(steps), BadAddress(where="step", why=f"this payment has {len(steps)} steps"))
        return number
    short = (s.number for s in steps if s.applied and s.paid and s.unpaid)
    paid = (s.number for s in reversed(steps) if s.paid)
    return next(short, next(paid, 1))
