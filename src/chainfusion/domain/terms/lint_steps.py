"""What can be wrong with steps: payees, accounts, shares, circles, and claims that nothing ever pays."""

from __future__ import annotations

from collections.abc import Iterator

from chainfusion.domain.terms.findings import Finding
from chainfusion.domain.terms.records import Act, Amortization, DealTerms, Rank, Step
from chainfusion.domain.waterfall.opcodes import RATIO

_CASH = (Act.FEES, Act.INTEREST, Act.PRINCIPAL, Act.RETURN, Act.TRANSFER, Act.BUY)
_STATED = (Act.RETURN, Act.WRITE_DOWN, Act.BUY)


def step_findings(terms: DealTerms) -> Iterator[Finding]:
    """Every finding about steps and lists."""
    for found in terms.lists:
        for step in found.steps:
            yield from _step(terms, step, f"waterfalls.{found.id}.steps.{step.id}")
    yield from _circular_transfers(terms)
    yield from _never_paid(terms)


def _payable(terms: DealTerms, act: Act) -> set[str]:
    tranches = {t.id for t in terms.tranches}
    fees = {x.id for x in terms.claims}
    if act is Act.FEES:
        return fees
    if act is Act.RETURN:
        return tranches | {f.id for f in terms.fees} | {p.id for p in terms.parties}
    return {t.id for t in terms.triggers} if act is Act.TEST else tranches


def _step(terms: DealTerms, step: Step, path: str) -> Iterator[Finding]:
    known = _payable(terms, step.act)
    for name in step.payees:
        if name not in known:
            yield Finding("name", path, f"{step.act.value} cannot go to {name}")
    for name in {name for name in step.payees if step.payees.count(name) > 1}:
        yield Finding("twice", path, f"{name} is paid twice by one rule")
    if step.act not in (Act.TRANSFER, Act.BUY) and not step.payees:
        yield Finding("step", path, "it names nobody")
    yield from _sources(terms, step, path)
    if step.act in _STATED and step.amount is None:
        yield Finding("step", path, f"{step.act.value} needs an amount")
    if step.shares and sum(step.shares) != RATIO:
        yield Finding("step", f"{path}.shares", "the shares do not add up to 100%")
    if step.act is Act.RETURN and step.rank in (Rank.PRO_RATA, Rank.BY_BALANCE):
        yield Finding("step", f"{path}.rank", "a return goes in order or by shares")
    if step.rank is Rank.BY_BALANCE and step.act is Act.FEES:
        yield Finding("step", f"{path}.rank", "fees have no balances")
    if step.act is Act.TEST and (step.amount or step.cap or step.sources):
        yield Finding("step", path, "a test pays nothing: it has neither accounts nor amounts")


def _sources(terms: DealTerms, step: Step, path: str) -> Iterator[Finding]:
    accounts = {a.id for a in terms.accounts}
    if step.act in _CASH and not step.sources:
        yield Finding("unfunded", path, "no account pays this")
    if step.act not in _CASH and step.sources:
        yield Finding("step", f"{path}.from", "no cash moves here")
    funded = _funded(terms)
    for name in step.sources:
        if name not in accounts:
            yield Finding("name", f"{path}.from", f"there is no account {name}")
        elif name not in funded:
            yield Finding("unfunded", f"{path}.from", f"nothing ever comes into {name}")
    for name in {name for name in step.sources if step.sources.count(name) > 1}:
        yield Finding("twice", f"{path}.from", f"{name} is drawn on twice by one rule")
    if step.act is Act.TRANSFER:
        if step.to not in accounts:
            yield Finding("name", path, f"there is no account {step.to}")
        elif step.to in step.sources:
            yield Finding("circular", path, f"{step.to} pays itself")


def _funded(terms: DealTerms) -> set[str]:
    """Accounts into which something can come."""
    found = {a.id for a in terms.accounts if a.receives or a.initial} | {h.to for h in terms.hedges}
    if terms.clean_up is not None:
        found.add(terms.clean_up.to)
    moves = [(s.sources, s.to) for x in terms.lists for s in x.steps if s.act is Act.TRANSFER and s.to is not None]
    for _ in moves:
        found |= {to for sources, to in moves if to is not None and any(name in found for name in sources)}
    return found


def _circular_transfers(terms: DealTerms) -> Iterator[Finding]:
    """Accounts that pass everything on to each other in one state: cash would go round and reach nobody."""
    lists = {x.id: x for x in terms.lists}
    told = set()
    for state in terms.states:
        ways: dict[str, set[str]] = {}
        where: dict[str, str] = {}
        for name in state.lists:
            for step in lists[name].steps if name in lists else ():
                if (
                    step.act is Act.TRANSFER
                    and step.when is None
                    and step.cap is None
                    and step.amount in (None, "rest")
                ):
                    for source in step.sources:
                        ways.setdefault(source, set()).add(step.to or "")
                        where[source] = f"waterfalls.{name}.steps.{step.id}"
        for start, path in where.items():
            if path not in told and start in _reached(ways, start):
                told.add(path)
                yield Finding("circular", path, f"all of {start} comes back to {start}")


def _reached(ways: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    ahead = set(ways.get(start, ()))
    while ahead:
        place = ahead.pop()
        if place not in seen:
            seen.add(place)
            ahead |= ways.get(place, set())
    return seen


def _never_paid(terms: DealTerms) -> Iterator[Finding]:
    """Claims that no step of any state pays."""
    used = {name for state in terms.states for name in state.lists}
    steps = [step for found in terms.lists if found.id in used for step in found.steps]

    def paid(*acts: Act) -> set[str]:
        return {name for step in steps if step.act in acts for name in step.payees}

    fees, interest = paid(Act.FEES, Act.RETURN), paid(Act.INTEREST, Act.CAPITALIZE)
    principal = paid(Act.PRINCIPAL, Act.WRITE_DOWN)
    for claim in terms.claims:
        if claim.id not in fees:
            place = "fees" if claim in terms.fees else "hedges"
            yield Finding("unpaid", f"{place}.{claim.id}", f"no step pays {claim.id}")
    for t in terms.tranches:
        if t.coupon is not None and t.id not in interest:
            yield Finding("unpaid", f"tranches.{t.id}", f"no step pays the interest of {t.id}")
        if t.size and t.amortization is not Amortization.RESIDUAL and t.id not in principal:
            yield Finding("unpaid", f"tranches.{t.id}", f"no step pays the principal of {t.id}")
