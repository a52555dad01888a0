"""What is kept of a tape on its way into a pool: what the file shows, what was decided, what checking it found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from chainfusion.domain.criteria import CriteriaResults
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.domain.statistics import PoolStatistics
from chainfusion.tape.compare import Compared
from chainfusion.tape.mapping import FileForm, Mapping


@dataclass(frozen=True)
class Column:
    """A column of the file: its name and letter (as spreadsheets have it), some of its different values; `codes` are
    all of them, where they are few."""

    name: str
    letter: str
    samples: tuple[str, ...]
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Guess:
    """A column that a field may come from: how sure that is (0 to 100), and why."""

    field: str
    column: str
    confidence: int
    reasons: tuple[Text, ...]


@dataclass(frozen=True)
class Seen:
    """What a file shows before anything is decided. `proposed` is the mapping that header and values propose; `known`
    the originator of a mapping all of whose columns it has, empty where there is none."""

    form: FileForm
    rows: int
    columns: tuple[Column, ...]
    guesses: tuple[Guess, ...]
    proposed: Mapping | None = None
    known: str = ""


@dataclass(frozen=True)
class RuleCount:
    """How often a rule is broken in a column, and the first place."""

    rule: str
    column: str
    severity: str
    count: int
    first_row: int
    first_value: str
    first_note: str


@dataclass(frozen=True)
class LeftOut:
    """Rows that the mapping leaves out, and why."""

    because: str
    rows: int


@dataclass(frozen=True)
class Prepared:
    """The pool that would be registered: its root under salts that are kept with the draft, figures, criteria.

    `left_out` loans of `left_out_balance` (minor units) were left out as not eligible. `changes`: how it differs from
    the pool in force, None where there is none that can be opened here.
    """

    root: str
    loans: int
    balance: int
    currency: str
    cut_off: date
    statistics: PoolStatistics
    results: CriteriaResults
    left_out: int
    left_out_balance: int
    changes: Compared | None


@dataclass(frozen=True)
class Checked:
    """What checking found. `errors` 0: the tape is accepted; `pool` then, unless `refused` tells why it is none.

    Amounts are minor units; None where there are no loans to speak of.
    """

    at: datetime
    by: str
    rows: int
    blank_rows: int
    loans: int
    balance: int | None
    original_balance: int | None
    currency: str | None
    errors: int
    warnings: int
    header_row: int
    counts: tuple[RuleCount, ...]
    left_out: tuple[LeftOut, ...]
    pool: Prepared | None
    refused: tuple[Text, ...]

    @property
    def accepted(self) -> bool:
        """Whether no rule was broken."""
        return self.errors == 0


@dataclass(frozen=True)
class Draft:
    """A tape on its way. `number` rises with every change, so that work on an older one is dropped.

    `mapping` may still hold `?` where a person is to decide; `criteria` is YAML, empty where none were chosen.
    `encoding` and `sheet` tell how the file is to be read where it does not. `leave_out`: loans that are not
    eligible stay out of the pool. `job` is the latest.
    """

    deal: str
    number: int
    account: str
    name: str
    size: int
    sha256: str
    uploaded: datetime
    encoding: str
    sheet: str
    mapping: Mapping | None
    criteria: str
    leave_out: bool
    job: str


class NoDraft(ChainFusionError):
    """A deal for which no tape lies ready."""

    code = "NO_DRAFT"
    says = Text("No tape of deal {deal} lies ready here.", "本节点没有项目 {deal} 待处理的资产清单。")
    do = Text("Upload a tape first.", "请先上传资产清单。")


class DraftChanged(ChainFusionError):
    """A step on a draft that somebody has changed since."""

    code = "DRAFT_CHANGED"
    says = Text("The tape or its mapping was changed since this page was made.", "该页面打开后，清单或映射已被更改。")
    do = Text("Open the page again; nothing was done.", "请重新打开页面；未执行任何操作。")


class NotTheOriginator(ChainFusionError):
    """A tape brought by an institution that does not originate the deal."""

    code = "NOT_THE_ORIGINATOR"
    says = Text("The tape of deal {deal} is brought by {originator}.", "项目 {deal} 的资产清单由 {originator} 提供。")
    do = Text("Ask the originator; what is registered you see on the pool's page.",
              "请联系发起机构；登记后可在资产池页面查看。")  # fmt: skip


class NotReady(ChainFusionError):
    """A registration of what has not passed."""

    code = "TAPE_NOT_READY"
    says = Text("The tape is not ready: {why}.", "资产清单尚未就绪：{why_zh}。")
    do = Text("Complete the step that is named; nothing was registered.", "请先完成所述步骤；未登记任何内容。")
