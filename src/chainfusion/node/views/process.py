"""A deal's way, drawn from what is on the ledger: what is done, what is under way, what lies ahead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chainfusion.domain.deal import Deal, DealState, PartyStatus
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.errors import Text
from chainfusion.domain.opinions import OPINION_DOCUMENTS, OPINION_KIND_NAMES, OpinionKind
from chainfusion.node.views.documents import DocumentsView, IndexRow, OpinionRow
from chainfusion.node.views.facts import Institution
from chainfusion.node.views.parties import PartyRow
from chainfusion.node.views.pools import PoolBrief
from chainfusion.verify.verdict import tell


class StepStatus(StrEnum):
    """How a step stands; `BACK` was done and has to be done again."""

    DONE = "done"
    NOW = "now"
    BACK = "back"
    TODO = "todo"


@dataclass(frozen=True)
class ProcessStep:
    """One step: what, by whom, how it stands, since when."""

    name: Text
    who: Text
    status: StepStatus
    note: Text
    at: datetime | None


@dataclass(frozen=True)
class Picture:
    """All that a deal's standing is read from."""

    deal: Deal
    opener: Institution
    parties: tuple[PartyRow, ...]
    pool: PoolBrief | None
    documents: DocumentsView

    @property
    def live(self) -> bool:
        """Whether documents and pool can come."""
        return self.deal.state is DealState.OPEN

    @property
    def unanswered(self) -> tuple[PartyRow, ...]:
        """Parties that have not accepted and were not replaced."""
        return tuple(row for row in self.parties if row.status in (PartyStatus.NAMED, PartyStatus.DECLINED))

    @property
    def missing(self) -> tuple[IndexRow, ...]:
        """Lines of the index with nothing there."""
        return tuple(row for row in self.documents.index if row.missing)

    @property
    def aged(self) -> tuple[OpinionRow, ...]:
        """Opinions that stand no more, with none by the same institution of the same kind that does."""
        standing = {(row.kind, row.by.msp) for row in self.documents.opinions if row.current}
        newest: dict[tuple[OpinionKind, str], OpinionRow] = {}
        for row in self.documents.opinions:
            newest.setdefault((row.kind, row.by.msp), row)
        return tuple(row for key, row in newest.items() if key not in standing)


def process(picture: Picture) -> tuple[tuple[ProcessStep, ...], ...]:
    """Columns of steps in order; the steps of a column may go on side by side."""
    return (
        (ProcessStep(_OPENED, picture.opener.name, StepStatus.DONE, _DONE, picture.deal.opened),),
        (_acceptance(picture),),
        (_diligence(picture), _registration(picture)),
        tuple(_opinion(picture, kind) for kind in _opinion_kinds(picture)),
        (_closing(picture),),
    )


_OPENED = Text("Deal opened", "项目设立")
_DONE, _AHEAD = Text("Done", "完成"), Text("Not begun", "未开始")


def _counted(part: int, whole: int) -> Text:
    return Text(f"{part} of {whole}", f"{part} / {whole}")


def _acceptance(picture: Picture) -> ProcessStep:
    name, outstanding = Text("Parties accept", "参与方接受"), len(picture.unanswered)
    asked = [row for row in picture.parties if row.status is not PartyStatus.REPLACED]
    who = Text(f"{len(asked)} roles", f"{len(asked)} 个角色")
    if outstanding:
        return ProcessStep(name, who, StepStatus.NOW, _counted(len(asked) - outstanding, len(asked)), None)
    last = max((row.changed.time for row in asked), default=None)
    return ProcessStep(name, who, StepStatus.DONE, _DONE, last)


def _diligence(picture: Picture) -> ProcessStep:
    kinds = (DocumentKind.LEGAL_DUE_DILIGENCE_REPORT, DocumentKind.AGREED_UPON_PROCEDURES_REPORT)
    rows = [row for row in picture.documents.index if row.kind in kinds and row.provider]
    there = [row for row in rows if not row.missing]
    name, who = Text("Due diligence", "尽职调查"), _joined([each for row in rows for each in row.providers])
    if rows and len(there) == len(rows):
        last = max(document.registered.time for row in there for document in row.documents)
        return ProcessStep(name, who, StepStatus.DONE, _DONE, last)
    return ProcessStep(name, who, _open_status(picture), _counted(len(there), len(rows)), None)


def _registration(picture: Picture) -> ProcessStep:
    name, pool = Text("Pool registered", "资产池登记"), picture.pool
    if pool:
        note = Text(f"Version {pool.version}", f"第 {pool.version} 版")
        return ProcessStep(name, pool.registered.by.name, StepStatus.DONE, note, pool.registered.time)
    return ProcessStep(name, picture.opener.name, _open_status(picture), _AHEAD, None)


def _opinion_kinds(picture: Picture) -> tuple[OpinionKind, ...]:
    wanted = {row.kind for row in picture.documents.index if row.provider}
    stated = {row.kind for row in picture.documents.opinions}
    return tuple(kind for kind in OpinionKind if OPINION_DOCUMENTS[kind] in wanted or kind in stated)


def _opinion(picture: Picture, kind: OpinionKind) -> ProcessStep:
    name = OPINION_KIND_NAMES[kind]
    rows = [row for row in picture.documents.opinions if row.kind is kind]
    current = [row for row in rows if row.current]
    if current:
        return ProcessStep(
            name, current[0].by.name, StepStatus.DONE, current[0].conclusion_name, current[0].stated.time
        )
    if rows:
        return ProcessStep(name, rows[0].by.name, StepStatus.BACK, Text("On replaced facts", "所依据内容已更新"), None)
    index = (row for row in picture.documents.index if row.kind is OPINION_DOCUMENTS[kind])
    who = _joined([each for row in index for each in row.providers])
    begun = picture.live and picture.pool is not None
    return ProcessStep(name, who, StepStatus.NOW if begun else StepStatus.TODO, _WAITING if begun else _AHEAD, None)


_WAITING = Text("Waiting", "等待")


def _closing(picture: Picture) -> ProcessStep:
    name, state = Text("Deal closed", "项目封闭"), picture.deal.state
    done = state is DealState.CLOSED
    note = _DONE if done else Text("Cancelled", "已取消") if state is DealState.CANCELLED else _AHEAD
    return ProcessStep(name, picture.opener.name, StepStatus.DONE if done else StepStatus.TODO, note, None)


def _open_status(picture: Picture) -> StepStatus:
    return StepStatus.NOW if picture.live else StepStatus.TODO


def _joined(institutions: list[Institution]) -> Text:
    names = tuple({each.msp: each.name for each in institutions}.values())
    if len(names) > MOST_NAMED:
        return Text(f"{len(names)} parties", f"{len(names)} 家机构")
    return Text(", ".join(name.en for name in names) or "—", "、".join(name.zh for name in names) or "—")


MOST_NAMED = 3
"""So many institutions are named in one breath; more are counted, and the table below names them."""


# ------------------------------------------------------------------ the sentence


def standing(picture: Picture) -> Text:
    """What stands and who must act, in one or two sentences."""
    state = picture.deal.state
    if state is DealState.CANCELLED:
        return tell(Text("Cancelled: {reason}", "已取消：{reason}"), reason=picture.deal.reason)
    if state is DealState.DRAFT:
        return _awaiting_answers(picture)
    stands = _stands(picture)
    return Text(f"{stands.en} {_awaits(picture).en}".strip(), f"{stands.zh}{_awaits(picture).zh}")


def _awaiting_answers(picture: Picture) -> Text:
    template = Text(
        "Nothing can be registered yet: waiting for {count} acceptances, {who}.",
        "尚不能登记任何内容：还需 {count} 项接受，{who}。",
    )
    said = [
        tell(Text("{party} ({role})", "{party}（{role}）"), party=row.institution.name, role=row.role_name)
        for row in picture.unanswered
    ]
    more = len(said) - 2 * MOST_NAMED
    shown = said[: 2 * MOST_NAMED]
    others = Text(f" and {more} more", f"等 {len(said)} 项") if more > 0 else Text("", "")
    who = Text(", ".join(each.en for each in shown) + others.en, "、".join(each.zh for each in shown) + others.zh)
    return tell(template, count=len(said), who=who)


def _stands(picture: Picture) -> Text:
    pool = picture.pool
    if pool is None:
        return Text("All parties have accepted; no pool is registered yet.", "各方均已接受，资产池尚未登记。")
    template = Text(
        "Version {version} of the pool stands under one root, {loans} loans, registered by {by}.",
        "资产池第 {version} 版由{by}登记，{loans} 笔贷款同在一个根之下。",
    )
    if picture.deal.state is DealState.CLOSED:
        template = Text(
            "Closed: version {version} of the pool is final, {loans} loans.",
            "项目已封闭：资产池第 {version} 版为最终版，{loans} 笔贷款。",
        )
    return tell(template, version=pool.version, loans=f"{pool.loans:,}", by=pool.registered.by.name)


def _awaits(picture: Picture) -> Text:
    waits = []
    if picture.pool is None and picture.live:
        waits.append(tell(Text("the pool from {by}", "{by}登记资产池"), by=picture.opener.name))
    for row in picture.aged:
        template = Text("a new {kind} from {by}", "{by}重新出具{kind}")
        kind = Text(row.kind_name.en.lower(), row.kind_name.zh)
        waits.append(tell(template, kind=kind, by=row.by.name))
    if picture.missing:
        who = _joined([each for row in picture.missing for each in row.providers])
        template = Text("{count} documents of the index from {who}", "底稿目录中的 {count} 份文件（{who}）")
        waits.append(tell(template, count=len(picture.missing), who=who))
    if not waits:
        return Text("Nothing is awaited.", "没有待办事项。")
    return Text(f"Waiting for {_and(waits)}.", f"等待：{'；'.join(each.zh for each in waits)}。")


def _and(waits: list[Text]) -> str:
    said = [each.en for each in waits]
    return said[0] if len(said) == 1 else f"{'; '.join(said[:-1])}; and {said[-1]}"
