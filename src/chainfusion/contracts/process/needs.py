"""What a step asks for: facts on the ledger, entries of the right form, and what conditions read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from chainfusion.contracts.deal.state import accepted_roles, require_deal
from chainfusion.contracts.document.state import documents
from chainfusion.contracts.framework import Context
from chainfusion.contracts.pool.state import pool_ids, pools
from chainfusion.contracts.process.refusals import EntriesRefused, RequirementMissing
from chainfusion.contracts.process.state import figures
from chainfusion.contracts.terms.state import in_force
from chainfusion.domain.document_records import Document
from chainfusion.domain.errors import Text
from chainfusion.domain.process.definition import (
    Condition,
    Field,
    FieldKind,
    Flow,
    Gateway,
    Holds,
    Need,
    Process,
    Requirement,
    Step,
)
from chainfusion.domain.process.records import MAX_ENTRIES, Entry
from chainfusion.domain.process.run import Choose

_INTEGERS = frozenset({FieldKind.INTEGER, FieldKind.MONEY, FieldKind.RATE})


# ------------------------------------------------------------------ requirements


def require_met(ctx: Context, deal: str, run: str, step: Step) -> None:
    """Refuses a step whose inputs are not all on the ledger. Raises: RequirementMissing with every one that lacks."""
    missing = missing_for(ctx, deal, run, step)
    if missing:
        listed = [f"{each.need.value}{f' {each.of}' if each.of else ''}" for each in missing]
        raise RequirementMissing(deal=deal, step=step.id, listed=", ".join(listed), missing=listed)


def missing_for(ctx: Context, deal: str, run: str, step: Step) -> tuple[Requirement, ...]:
    """The requirements of a step that are not met."""
    return tuple(each for each in step.requires if not _is_met(ctx, deal, run, each))


def _is_met(ctx: Context, deal: str, run: str, requirement: Requirement) -> bool:
    match requirement.need:
        case Need.DOCUMENT:
            return any(_is_by(ctx, deal, each, requirement) for each in documents.all(ctx, deal))
        case Need.POOL:
            return require_deal(ctx, deal).pool is not None
        case Need.FIGURE:
            return figure(ctx, deal, run, requirement.of) is not None
        case Need.TERMS:
            return in_force(ctx, deal) is not None


def _is_by(ctx: Context, deal: str, document: Document, requirement: Requirement) -> bool:
    right = document.kind.value == requirement.of
    return right and (requirement.by is None or requirement.by in accepted_roles(ctx, deal, document.owner))


# ------------------------------------------------------------------ facts and conditions


def chooser(ctx: Context, deal: str, run: str, process: Process, fresh: Mapping[str, str]) -> Choose:
    """How the `one` gateways of a run choose: the first flow whose conditions hold, else the last.

    `fresh` holds facts that this transaction states, which a read of the ledger does not see.
    """

    def holds(condition: Condition) -> bool:
        value = fresh.get(condition.fact)
        return _holds(condition, fact(ctx, deal, run, condition.fact) if value is None else value)

    def choose(gateway: Gateway) -> Flow:
        out = process.out_of(gateway.id)
        return next((flow for flow in out[:-1] if all(map(holds, flow.when))), out[-1])

    return choose


def fact(ctx: Context, deal: str, run: str, name: str) -> str | None:
    """A fact of the deal as text, or None where there is none yet."""
    kind, _, rest = name.partition(".")
    if kind == "figure":
        return figure(ctx, deal, run, rest)
    record = require_deal(ctx, deal)
    if kind == "deal":
        return {"product": record.product.value, "currency": record.currency, "state": record.state.value}[rest]
    if kind == "terms":
        version = in_force(ctx, deal)
        return None if version is None else str(version)
    if record.pool is None:
        return None
    if rest == "version":
        return str(record.pool.version)
    pool = pools.get(ctx, *pool_ids(deal, record.pool.version))
    return None if pool is None else str(getattr(pool.record.statistics, rest))


def figure(ctx: Context, deal: str, run: str, name: str) -> str | None:
    """What a step deposited when it was last completed: `name` is step.field."""
    step, _, field = name.partition(".")
    found = figures.get(ctx, deal, run, step)
    return next((entry.value for entry in found.entries if entry.field == field), None) if found else None


def _holds(condition: Condition, value: str | None) -> bool:
    match condition.holds:
        case Holds.IS:
            return value == condition.value
        case Holds.IS_NOT:
            return value != condition.value
        case _ if value is None or not _is_integer(value):
            return False
        case Holds.AT_LEAST:
            return int(value) >= int(condition.value)
        case _:
            return int(value) <= int(condition.value)


# ------------------------------------------------------------------ entries


def require_entries(step: Step, entries: tuple[Entry, ...]) -> None:
    """Refuses entries that do not fit the step's template. Raises: EntriesRefused with the first that does not."""
    given = {entry.field: entry.value for entry in entries}
    known = {field.id for field in step.template}
    if len(given) != len(entries) or len(entries) > MAX_ENTRIES:
        _refuse(step, "*", Text("a field is filled in twice", "字段重复填写"))
    for name in sorted(given.keys() - known):
        _refuse(step, name, Text("the step asks for no such field", "该步骤没有此字段"))
    for field in step.template:
        if field.id in given:
            _require_value(step, field, given[field.id])
        elif not field.optional:
            _refuse(step, field.id, Text("nothing is filled in", "尚未填写"))


def _require_value(step: Step, field: Field, value: str) -> None:
    if field.kind in _INTEGERS:
        _require_integer(step, field, value)
    elif field.kind is FieldKind.DATE and not _is_date(value):
        _refuse(step, field.id, Text("a date (YYYY-MM-DD) is needed", "须为日期（YYYY-MM-DD）"))
    elif field.kind is FieldKind.CHOICE and value not in field.choices:
        options = ", ".join(field.choices)
        _refuse(step, field.id, Text(f"one of {options} is needed", f"须为 {options} 之一"))
    elif field.kind is FieldKind.FINGERPRINT and not _is_fingerprint(value):
        _refuse(step, field.id, Text("64 hexadecimal characters are needed", "须为 64 位十六进制字符"))
    elif field.kind is FieldKind.TEXT and not value.strip():
        _refuse(step, field.id, Text("the text is blank", "内容为空"))


def _require_integer(step: Step, field: Field, value: str) -> None:
    if not _is_integer(value):
        _refuse(step, field.id, Text("an integer is needed", "须为整数"))
    if (field.lowest is not None and int(value) < field.lowest) or (
        field.highest is not None and int(value) > field.highest
    ):
        bounds = f"{field.lowest}–{field.highest}"
        _refuse(step, field.id, Text(f"outside {bounds}", f"超出范围 {bounds}"))


def _refuse(step: Step, field: str, why: Text) -> None:
    raise EntriesRefused(step=step.id, field=field, why=why.en, why_zh=why.zh)


def _is_integer(text: str) -> bool:
    digits = text.removeprefix("-")
    return 0 < len(digits) <= 30 and digits.isascii() and digits.isdigit()


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_fingerprint(text: str) -> bool:
    return len(text) == 64 and all(character in "0123456789abcdef" for character in text)
