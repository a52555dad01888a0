"""Whether deal terms make sense: every finding, with the path of what it is about (docs/spec/terms.md lists them)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.terms.findings import Finding, refuse
from chainfusion.domain.terms.formula import FUNCTIONS, WORDS, Kind, Literal, unparse
from chainfusion.domain.terms.kinds import Typing
from chainfusion.domain.terms.lint_steps import step_findings
from chainfusion.domain.terms.records import Amortization, By, DealTerms, Table, When
from chainfusion.domain.terms.refusals import BadFormula
from chainfusion.domain.terms.schedule import schedule
from chainfusion.domain.terms.uses import uses
from chainfusion.domain.waterfall.opcodes import RATIO

RESERVED = frozenset({"pool", "notes", "rest", "period", "year", "date", "assets", "state", "last_period", "clean_up"})


def lint(terms: DealTerms) -> tuple[Finding, ...]:
    """All findings; formulas and steps are only judged further where all names are sound."""
    names = tuple(_names(terms))
    if names:
        return names
    formulas = tuple(_formulas(terms))
    found = [*formulas, *_dates(terms), *_accounts(terms), *_tranches(terms), *_states(terms), *step_findings(terms)]
    if not any(f.severity == "error" for f in formulas):
        found += [*_unknown_yet(terms), *_unused(terms)]
    return tuple(found)


def refuse_nonsense(terms: DealTerms) -> None:
    """Raises: BadTerms with all errors, where there are any."""
    refuse(lint(terms))


# ------------------------------------------------------------------ names and formulas


def named(terms: DealTerms) -> Iterator[tuple[str, str]]:
    """Every name of the deal's one name space, with its path."""
    for place, found in (
        ("accounts", terms.accounts), ("fees", terms.fees), ("tranches", terms.tranches), ("hedges", terms.hedges),
        ("parties", terms.parties), ("events", terms.events), ("indices", terms.indices), ("tables", terms.tables),
        ("private", terms.private), ("values", terms.values), ("triggers", terms.triggers),
    ):  # fmt: skip
        for item in found:
            yield item.id, f"{place}.{item.id}"


def _names(terms: DealTerms) -> Iterator[Finding]:
    taken: dict[str, str] = {}
    for name, path in named(terms):
        if name in RESERVED or name in FUNCTIONS or name in WORDS:
            yield Finding("name", path, f"{name} is a word of the language")
        if name in taken:
            yield Finding("name", path, f"{name} is also {taken[name]}")
        taken[name] = path
    for place, ids in (("waterfalls", [x.id for x in terms.lists]), ("states", [x.id for x in terms.states])):
        for name in {name for name in ids if ids.count(name) > 1}:
            yield Finding("name", f"{place}.{name}", f"there are two of {name}")
    for found in terms.lists:
        steps = [step.id for step in found.steps]
        for name in {name for name in steps if steps.count(name) > 1}:
            yield Finding("name", f"waterfalls.{found.id}.steps.{name}", f"there are two steps {name}")


def _formulas(terms: DealTerms) -> Iterator[Finding]:
    typing = Typing(terms)
    circles = dict(_circles(terms, typing))
    for use in uses(terms):
        if use.path in circles:
            yield Finding("circular", use.path, circles[use.path])
            continue
        try:
            tree = typing.tree(use.formula)
            if use.kind is None:
                typing.of(tree)
            else:
                typing.require(use.formula, use.kind)
            if unparse(tree, terms.digits) != use.formula:
                yield Finding("spelling", use.path, f"not in its one spelling: {use.formula}")
            if not use.in_step and "rest" in set(typing.all_names(tree)):
                yield Finding("formula", use.path, "rest is what a step's accounts hold: it has no meaning here")
            if isinstance(tree, Literal) and tree.value < 0:
                yield Finding("negative", use.path, f"{use.formula} is below nothing")
            if isinstance(tree, Literal) and use.kind is Kind.RATIO and _as_ratio(tree) > RATIO:
                yield Finding(
                    "rate", use.path, f"a rate of {use.formula} a year: a percentage has its sign, such as 3.6%"
                )
        except BadFormula as error:
            yield Finding("formula", use.path, f"{error.facts['formula']}: {error.facts['why']}")


_LATER = ("coupon", "interest_accrued", "accrued")


def _unknown_yet(terms: DealTerms) -> Iterator[Finding]:
    """Interest, fees and hedges become due in the order of the document: what comes later is not known before."""
    typing = Typing(terms)
    order = [t.id for t in terms.tranches] + [claim.id for claim in terms.claims]
    for use in uses(terms):
        place, _, rest = use.path.partition(".")
        if place not in ("tranches", "fees", "hedges", "clean_up"):
            continue
        own = -1 if place == "clean_up" else order.index(rest.partition(".")[0])
        for name in typing.all_names(typing.tree(use.formula)):
            head, _, tail = name.partition(".")
            if tail in _LATER and head in order and order.index(head) >= own:
                yield Finding("order", use.path, f"{name} is not known yet where this is computed")


def _as_ratio(tree: Literal) -> int:
    return tree.value * RATIO if tree.kind is Kind.COUNT else tree.value


def _circles(terms: DealTerms, typing: Typing) -> Iterator[tuple[str, str]]:
    """Values and targets that are defined by themselves."""
    formulas = {v.id: (f"values.{v.id}.formula", v.formula) for v in terms.values}
    formulas |= {
        f"{a.id}.target": (f"accounts.{a.id}.target", a.target) for a in terms.accounts if a.target is not None
    }
    needs: dict[str, set[str]] = {}
    for name, (_, text) in formulas.items():
        try:
            needs[name] = {found for found in typing.direct_names(text) if found in formulas}
        except BadFormula:
            needs[name] = set()
    for name, (path, _) in formulas.items():
        seen: set[str] = set()
        ahead = set(needs[name])
        while ahead:
            other = ahead.pop()
            if other not in seen:
                seen.add(other)
                ahead |= needs[other]
        if name in seen:
            yield path, f"{name} is defined by itself"


# ------------------------------------------------------------------ parts


def _dates(terms: DealTerms) -> Iterator[Finding]:
    dates = terms.dates
    if dates.closing < dates.cut_off:
        yield Finding("dates", "dates.closing", "closing lies before the cut-off date")
    if dates.legal_maturity <= dates.closing:
        yield Finding("dates", "dates.legal_maturity", "the legal maturity does not lie after closing")
        return
    for t in terms.tranches:
        if t.expected is not None and not dates.closing < t.expected <= dates.legal_maturity:
            yield Finding("dates", f"tranches.{t.id}.expected", "expected outside closing to legal maturity")
    events = {e.id for e in terms.events} | {t.id for t in terms.triggers}
    for rule in dates.rules:
        for switch in rule.switches:
            if switch.event not in events:
                yield Finding("name", f"dates.rules.{rule.name}.switches", f"there is no event {switch.event}")
    try:
        schedule(dates)
    except ChainFusionError as error:
        yield Finding("dates", "dates.rules", str(error))


def _accounts(terms: DealTerms) -> Iterator[Finding]:
    by_flow: dict[str, list[str]] = {}
    for account in terms.accounts:
        for flow in account.receives:
            by_flow.setdefault(flow, []).append(account.id)
    for flow, accounts in by_flow.items():
        if len(accounts) > 1:
            yield Finding("received", f"accounts.{accounts[1]}.receives", f"{flow} is also received by {accounts[0]}")
    for flow in ("scheduled", "prepaid", "interest", "recovered"):
        if flow not in by_flow:
            severity = "warning" if flow == "recovered" else "error"
            yield Finding("received", "accounts", f"no account receives {flow}", severity)
    known = {a.id for a in terms.accounts}
    for path, name in [(f"hedges.{h.id}.to", h.to) for h in terms.hedges] + [
        ("clean_up.to", c.to) for c in (terms.clean_up,) if c is not None
    ]:
        if name not in known:
            yield Finding("name", path, f"there is no account {name}")


def _tranches(terms: DealTerms) -> Iterator[Finding]:
    tables = {t.id: t for t in terms.tables}
    for table in terms.tables:
        if table.by is not By.DATE and table.entries[0].start != 1:
            yield Finding("table", f"tables.{table.id}.rows", f"the first row is for {table.by.value} 1")
    for t in terms.tranches:
        path = f"tranches.{t.id}"
        if t.schedule is not None:
            yield from _schedule(tables.get(t.schedule), t.schedule, f"{path}.schedule")
        if t.amortization is Amortization.INTEREST_ONLY and (t.size or t.notional is None):
            yield Finding("tranche", path, "an interest-only class has size 0 and a notional amount")
    issued = sum(t.size for t in terms.tranches)
    funded = terms.pool_balance + sum(a.initial for a in terms.accounts)
    if issued > funded:
        why = f"notes of {issued} minor units stand on assets of {funded}"
        yield Finding("issue", "tranches", why, "warning")


def _schedule(table: Table | None, name: str, path: str) -> Iterator[Finding]:
    if table is None:
        yield Finding("name", path, f"there is no table {name}")
    elif table.kind is not Kind.MONEY:
        yield Finding("table", path, f"{name} is not a table of money")
    elif any(b.value > a.value for a, b in pairwise(table.entries)):
        yield Finding("table", f"tables.{name}.rows", "a balance to amortize to rises")


def _states(terms: DealTerms) -> Iterator[Finding]:
    lists, states = {x.id for x in terms.lists}, {s.id for s in terms.states}
    entered = {t.enters for t in terms.triggers}
    for n, state in enumerate(terms.states):
        path = f"states.{state.id}"
        if n and state.id not in entered:
            yield Finding("state", path, "no trigger enters this state")
        for name in state.lists:
            if name not in lists:
                yield Finding("name", f"{path}.waterfall", f"there is no list {name}")
            if state.lists.count(name) > 1:
                yield Finding("circular", f"{path}.waterfall", f"{name} is worked through twice")
    for found in terms.lists:
        if not any(found.id in state.lists for state in terms.states):
            yield Finding("unused", f"waterfalls.{found.id}", "no state works through this list", "warning")
    triggers = {t.id: t for t in terms.triggers}
    tested = {name for found in terms.lists for s in found.steps if s.act.value == "test" for name in s.payees}
    for trigger in terms.triggers:
        path = f"triggers.{trigger.id}"
        if trigger.enters is not None and trigger.enters not in states:
            yield Finding("name", f"{path}.enters", f"there is no state {trigger.enters}")
        for name in trigger.sets:
            if name not in triggers:
                yield Finding("name", f"{path}.sets", f"there is no trigger {name}")
            elif trigger.id in triggers[name].sets:
                yield Finding("circular", f"{path}.sets", f"{name} and {trigger.id} set each other")
        if (trigger.tested is When.STEP) != (trigger.id in tested):
            yield Finding("trigger", f"{path}.tested", "a step tests it if, and only if, it is tested in a step")


def _unused(terms: DealTerms) -> Iterator[Finding]:
    typing = Typing(terms)
    used = {name for use in uses(terms) for name in typing.direct_names(use.formula)}
    used |= {t.schedule for t in terms.tranches if t.schedule} | {
        s.event for r in terms.dates.rules for s in r.switches
    }
    for place, found in (("events", terms.events), ("tables", terms.tables), ("private", terms.private),
                         ("values", terms.values), ("indices", terms.indices)):  # fmt: skip
        for item in found:
            if item.id not in used:
                yield Finding("unused", f"{place}.{item.id}", f"nothing uses {item.id}", "warning")
