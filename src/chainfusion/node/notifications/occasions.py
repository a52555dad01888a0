"""What is worth telling: a step that has come to the institution, its due day near or past, a role it is asked to take,
a vote that awaits it. Read off the same views as the pages, so that both say the same.

An occasion has a key that stays the same as long as it is the same occasion: whoever has been told is not told again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from chainfusion.contracts.process.work import BEIJING
from chainfusion.domain.calendar import add_business_days, named
from chainfusion.domain.errors import Text
from chainfusion.node.views import Workspace
from chainfusion.node.views.waits import WaitLine
from chainfusion.verify.verdict import tell

WEEKDAYS = "weekdays"
"""The calendar by which reminders count: it needs to know no holidays of a year to come."""
_TITLES = {
    "act": Text("Awaits you: {step}", "待您办理：{step}"),
    "check": Text("Awaits your check: {step}", "待您复核：{step}"),
    "countersign": Text("Awaits your countersignature: {step}", "待您会签：{step}"),
    "due": Text("Due {due}: {step}", "{due} 到期：{step}"),
    "overdue": Text("Overdue since {due}: {step}", "{due} 已逾期：{step}"),
    "asked": Text("Asked of you: {what}", "请您处理：{what}"),
    "vote": Text("A vote awaits your institution: {what}", "待贵机构表决：{what}"),
}


@dataclass(frozen=True)
class Occasion:
    """One thing to tell. `about`: the deal's name, or what is voted on; `path`: the page where it is done."""

    key: str
    kind: str
    title: Text
    about: Text
    path: str


def occasions(workspace: Workspace, now: datetime, remind_days: int) -> tuple[Occasion, ...]:
    """Everything that is worth telling now."""
    return (*_steps(workspace, now, remind_days), *_asked(workspace), *_votes(workspace))


def _steps(workspace: Workspace, now: datetime, remind_days: int) -> Iterator[Occasion]:
    today = (now + BEIJING).date()
    for line in workspace.inbox().mine:
        assert line.mine is not None
        item = f"{line.deal.id}|{line.run}|{line.step}|{line.since.isoformat()}|{line.mine}"
        yield _of_step(line, line.mine.value, item)
        if line.due is not None and line.overdue:
            yield _of_step(line, "overdue", item)
        elif line.due is not None and _is_near(line.due, today, remind_days):
            yield _of_step(line, "due", item)


def _is_near(due: date, today: date, days: int) -> bool:
    return add_business_days(today, days, named(WEEKDAYS)) >= due if days else today >= due


def _of_step(line: WaitLine, kind: str, item: str) -> Occasion:
    place = urlencode({"run": line.run, "step": line.step})
    title = tell(_TITLES[kind], step=line.name, due=line.due.isoformat() if line.due else "")
    return Occasion(f"{kind}|{item}", kind, title, line.deal.name, f"/deals/{line.deal.id}/step?{place}")


def _asked(workspace: Workspace) -> Iterator[Occasion]:
    for line in workspace.inbox().asked:
        title = tell(_TITLES["asked"], what=line.what)
        yield Occasion(f"asked|{line.page}|{line.what.en}", "asked", title, line.deal.name, line.page)


def _votes(workspace: Workspace) -> Iterator[Occasion]:
    for proposal in workspace.consortium().proposals:
        if proposal.may_vote:
            title = tell(_TITLES["vote"], what=Text("the consortium", "联盟事项"))
            yield Occasion(f"vote|{proposal.id}", "vote", title, proposal.kind_name, "/consortium")
    for row in workspace.definitions().definitions:
        if row.may_vote:
            title = tell(_TITLES["vote"], what=Text("a process", "流程"))
            yield Occasion(f"vote|{row.process}|{row.version}", "vote", title, row.name, "/processes")
