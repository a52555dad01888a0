"""Where formulas stand in deal terms, with their paths in the document and the kind that each must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chainfusion.domain.terms.formula import Kind
from chainfusion.domain.terms.records import Act, DealTerms, Step


@dataclass(frozen=True, slots=True)
class Use:
    """A formula, where it stands, what kind it must be (None: any), and whether it stands in a step (`rest`)."""

    path: str
    formula: str
    kind: Kind | None
    in_step: bool = False


def uses(terms: DealTerms) -> Iterator[Use]:
    """Every formula of the terms."""
    yield from (Use(f"values.{v.id}.formula", v.formula, None, in_step=True) for v in terms.values)
    for a in terms.accounts:
        yield from _given("accounts", a.id, {"target": (a.target, Kind.MONEY)})
    for fee in terms.fees:
        money = {"amount": fee.amount, "yearly": fee.yearly, "first": fee.first}
        money |= {"at_least": fee.at_least, "at_most": fee.at_most}
        parts = {key: (text, Kind.MONEY) for key, text in money.items()}
        yield from _given("fees", fee.id, parts | {"arrears_rate": (fee.arrears_rate, Kind.RATIO)})
    for t in terms.tranches:
        ratios = {"coupon": (t.coupon, Kind.RATIO), "arrears_rate": (t.arrears_rate, Kind.RATIO)}
        yield from _given("tranches", t.id, ratios | {"notional": (t.notional, Kind.MONEY)})
    for h in terms.hedges:
        swap = {"pay": (h.pay, Kind.RATIO), "receive": (h.receive, Kind.RATIO), "notional": (h.notional, Kind.MONEY)}
        yield from _given("hedges", h.id, dict(swap))
    for trigger in terms.triggers:
        truths = {"when": (trigger.when, Kind.TRUTH), "cure": (trigger.cure, Kind.TRUTH)}
        yield from _given("triggers", trigger.id, dict(truths))
    for found in terms.lists:
        for step in found.steps:
            yield from _of_step(f"waterfalls.{found.id}.steps.{step.id}", step)
    if terms.clean_up is not None:
        yield Use("clean_up.when", terms.clean_up.when, Kind.TRUTH)
        yield Use("clean_up.price", terms.clean_up.price, Kind.MONEY)


def _given(place: str, name: str, parts: Mapping[str, tuple[str | None, Kind]]) -> Iterator[Use]:
    for key, (text, kind) in parts.items():
        if text is not None:
            yield Use(f"{place}.{name}.{key}", text, kind)


def _of_step(path: str, step: Step) -> Iterator[Use]:
    for key, text in (("amount", step.amount), ("cap", step.cap)):
        if text is not None:
            yield Use(f"{path}.{key}", text, Kind.MONEY, in_step=True)
    if step.when is not None:
        yield Use(f"{path}.when", step.when, Kind.TRUTH, in_step=step.act is not Act.TEST)


def formulas(terms: DealTerms) -> Iterator[str]:
    """The text of every formula."""
    return (use.formula for use in uses(terms))
