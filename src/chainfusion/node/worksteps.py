"""One step of a deal's process as the person sees it who is to work it: what it asks for, and what may be done now."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from chainfusion.contracts.process.refusals import EntriesRefused, NotYourTurn
from chainfusion.contracts.process.view import AwaitedStep
from chainfusion.domain.errors import Text, require
from chainfusion.domain.process.definition import Field, FieldKind, Process, Step
from chainfusion.domain.process.records import Act, DealProcess, Entry, Proposed, process_of
from chainfusion.domain.records import from_json
from chainfusion.node.processes import Item, awaited
from chainfusion.node.session import Session

SCALES = {FieldKind.MONEY: 2, FieldKind.RATE: 4}
"""Decimal places from what people write to the integer on the ledger: yuan and fen; per cent and parts per million."""


@dataclass(frozen=True)
class WorkStep:
    """A reached step: its definition, how it stands, and what was done on this work item, the oldest first."""

    item: Item
    step: Step
    process: Process
    stands: AwaitedStep
    acts: tuple[Act, ...]

    @property
    def awaited(self) -> tuple[str, ...]:
        """The institutions that it waits for, each once."""
        stands = self.stands
        return tuple(dict.fromkeys((*stands.waits_for, *stands.to_check, *stands.to_countersign)))

    def acting(self, msp: str) -> bool:
        """Whether an institution's own act is outstanding."""
        return msp in self.stands.waits_for

    def checking(self, msp: str) -> bool:
        """Whether a colleague's work waits for a second person of an institution."""
        return msp in self.stands.to_check

    def countersigning(self, msp: str) -> bool:
        """Whether an institution may certify the step."""
        return msp in self.stands.to_countersign


def work_step(session: Session, item: Item) -> WorkStep:
    """A step that a deal waits for. Raises: UnknownDeal, NoProcess, NotYourTurn where it is not awaited."""
    record = from_json(DealProcess, session.query("process.show", deal=item.deal))
    shown = session.query("process-definition.show", process=record.process, version=record.version)
    definition = from_json(Proposed, shown).definition
    steps = () if record.ended else awaited(session, item.deal)
    stands = next((each for each in steps if (each.run, each.step) == (item.run, item.step)), None)
    process = process_of(definition, item.run)
    step = process.step(item.step)
    if stands is None or step is None:
        raise NotYourTurn(deal=item.deal, step=item.step[:100], awaited=", ".join(each.step for each in steps) or "—")
    done = from_json(tuple[Act, ...], session.query("process.acts", deal=item.deal))
    on_item = (act for act in done if (act.run, act.step, act.item) == (item.run, item.step, stands.item))
    return WorkStep(item, step, process, stands, tuple(sorted(on_item, key=lambda act: act.at)))


def written(step: Step, entry: Entry) -> tuple[Text, str]:
    """A field's names and its value as `entries_of` takes it: amounts and rates with their decimal point."""
    field = next((each for each in step.template if each.id == entry.field), None)
    if field is None:
        return Text(entry.field, entry.field), entry.value
    scale = SCALES.get(field.kind)
    value = entry.value if scale is None else f"{Decimal(entry.value).scaleb(-scale):,.{scale}f}"
    return Text(field.name, field.name_zh), value


def entries_of(step: Step, written: dict[str, str]) -> tuple[Entry, ...]:
    """What people wrote, field by field, as the ledger takes it: amounts in fen, rates in parts per million.

    An amount or rate is written with its decimal point, so that nobody's fen are taken for yuan. Raises: EntriesRefused
    where it lacks the point, is no number, or is finer than the ledger's unit.
    """
    told = ((each, written.get(each.id, "").strip()) for each in step.template)
    return tuple(Entry(each.id, _as_kept(step, each, word)) for each, word in told if word or not each.optional)


def _as_kept(step: Step, field: Field, word: str) -> str:
    if field.kind not in (*SCALES, FieldKind.INTEGER):
        return word
    try:
        number = Decimal(word.replace(",", "").replace("，", "")).scaleb(SCALES.get(field.kind, 0))
        whole = (
            number.is_finite() and number == number.to_integral_value() and (field.kind not in SCALES or "." in word)
        )
    except InvalidOperation:
        whole = False
    why, why_zh = f"{word[:40]!r} is no number that the ledger's unit takes", f"“{word[:40]}”不是可登记的数值"
    require(whole, EntriesRefused(step=step.id, field=field.id, why=why, why_zh=why_zh))
    return str(int(number))
