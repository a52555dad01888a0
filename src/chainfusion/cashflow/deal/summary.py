"""What each class of notes gets over a whole run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from chainfusion.cashflow.deal.run import DealRun
from chainfusion.domain.errors import Text


@dataclass(frozen=True, slots=True)
class Summary:
    """A class over a run, minor units. `life_days`: days from closing to each payment of principal, weighted by it and
    cut off, None where none is paid; `unpaid`: principal and interest that are still due at the end."""

    name: str
    title: Text
    size: int
    rating: str
    principal: int
    interest: int
    returns: int
    unpaid: int
    life_days: int | None
    first: date | None
    last: date | None


def summaries(run: DealRun) -> tuple[Summary, ...]:
    """Every class, in the order of the terms."""
    return tuple(_summary(run, tranche.id) for tranche in run.terms.tranches)


def _summary(run: DealRun, name: str) -> Summary:
    tranche = next(t for t in run.terms.tranches if t.id == name)
    values = run.run.values

    def flow(what: str) -> tuple[int, ...]:
        return values.get(f"{name}.{what}", (0,) * len(run.periods))

    principal, closing = flow("principal_paid"), run.terms.dates.closing
    days = sum(paid * (at.payment - closing).days for paid, at in zip(principal, run.periods, strict=True))
    paying = [at.payment for paid, at in zip(principal, run.periods, strict=True) if paid]
    return Summary(
        name=name,
        title=tranche.title if tranche.title.en or tranche.title.zh else Text(name, name),
        size=tranche.size,
        rating=tranche.rating,
        principal=sum(principal),
        interest=sum(flow("interest_paid")),
        returns=sum(flow("return_paid")),
        unpaid=values[f"{name}.balance"][-1] + values[f"{name}.interest_due"][-1],
        life_days=days // sum(principal) if sum(principal) else None,
        first=paying[0] if paying else None,
        last=paying[-1] if paying else None,
    )
