"""`tape map`: a mapping proposed from a tape's header and values, with a confidence and the reasons for each field.

What is not clear is left open with `?`, which the mapping's reader refuses: a person decides, never a guess.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from dataclasses import field as dataclass_field

import polars as pl

from chainfusion.domain.errors import Text
from chainfusion.domain.loan import FIELD, LOAN_FIELDS, Kind, LoanField
from chainfusion.tape.csvfile import DELIMITERS, read_csv
from chainfusion.tape.mapping import REQUIRED, FileForm
from chainfusion.tape.report import Findings
from chainfusion.tape.rows import Rows
from chainfusion.tape.synonyms import AS_OF, CODES, CURRENCIES, NULL_MARKERS, SYNONYMS, plain
from chainfusion.tape.values import parse_date
from chainfusion.tape.xlsx import read_xlsx

SURE, POSSIBLE, MARGIN = 75, 50, 10
"""A column is taken from SURE on when the next one is MARGIN behind; from POSSIBLE on it is mentioned."""
OPEN = "?"
_FORMS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y.%m.%d", "%m-%d-%Y", "%d-%m-%Y", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y",
          "%Y-%m-%d %H:%M:%S", "%Y-%m", "%Y/%m", "%m/%Y", "%m-%Y", "%b-%Y", "%b-%y", "%Y年%m月%d日",
          "%Y年%m月")  # fmt: skip
_BRACKETS = dict.fromkeys(map(ord, "()（）"), " ")
_NUMBER = r"^[+-]?[0-9]{0,20}(?:\.[0-9]*)?$"
_GROUPED = r"^-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?$"


@dataclass(frozen=True)
class Candidate:
    """A column for a field: how sure (0 to 100), why, and how it would be read (`how`: keys and values of the rule)."""

    field: str
    column: str
    confidence: int
    reasons: tuple[Text, ...]
    how: dict[str, str | dict[str, str]] = dataclass_field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """What is proposed for a field: the column that is clear (or None), and all candidates, the best first."""

    field: str
    chosen: Candidate | None
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Proposal:
    """A proposed mapping: a choice for each canonical field and `as_of`, and how the file is written."""

    source_name: str
    form: FileForm
    header: tuple[str, ...]
    rows: int
    nulls: tuple[str, ...]
    choices: tuple[Choice, ...]

    @property
    def open(self) -> tuple[str, ...]:
        """Needed fields that a person has to decide."""
        needed = {*REQUIRED, AS_OF}
        return tuple(
            c.field for c in self.choices if c.field in needed and (c.chosen is None or OPEN in _flat(c.chosen))
        )

    def choice(self, name: str) -> Choice:
        """The choice for a field."""
        return next(choice for choice in self.choices if choice.field == name)


def _flat(candidate: Candidate) -> list[str]:
    return [v for value in candidate.how.values() for v in (value.values() if isinstance(value, dict) else [value])]


def propose(data: bytes, name: str, *, encoding: str = "auto", sheet: str = "") -> Proposal:
    """The proposal for a tape. Raises: TapeFileError where there is no table."""
    return propose_rows(*read_unmapped(data, name, encoding, sheet), name)


def propose_rows(form: FileForm, rows: Rows, name: str) -> Proposal:
    """The proposal for a tape that was read already."""
    columns = {column: _Column(rows.frame[column]) for column in rows.header}
    found = {c for column in columns.values() for c in column.markers}
    nulls = tuple(marker for marker in NULL_MARKERS if marker in found or marker == "")
    names = [f.name for f in LOAN_FIELDS] + [AS_OF]
    ranked = {field: _rank(field, columns) for field in names}
    taken: dict[str, int] = {}
    for candidates in ranked.values():
        for candidate in candidates:
            taken[candidate.column] = max(taken.get(candidate.column, 0), candidate.confidence)
    choices = tuple(_choose(field, candidates, taken) for field, candidates in ranked.items())
    return Proposal(name, form, tuple(rows.header), rows.frame.height, nulls, choices)


def read_unmapped(data: bytes, name: str, encoding: str = "auto", sheet: str = "") -> tuple[FileForm, Rows]:
    """A file's rows before there is a mapping, and how it seems to be written. Raises: TapeFileError."""
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return FileForm("xlsx", sheet=sheet), read_xlsx(data, name, Findings(), sheet=sheet)
    first_line = data[: data.find(b"\n") + 1 or None]
    delimiter = max(DELIMITERS, key=lambda d: first_line.count(d.encode()))
    return FileForm("csv", encoding, delimiter), read_csv(
        data, name, Findings(), encoding=encoding, delimiter=delimiter
    )


class _Column:
    """A column's different values, and what they look like."""

    def __init__(self, texts: pl.Series) -> None:
        distinct = texts.str.strip_chars().unique()
        marked = distinct.is_in(list(NULL_MARKERS))
        self.markers: list[str] = distinct.filter(marked).to_list()
        self.values = distinct.filter(~marked)
        self.is_unique = len(distinct) == len(texts) and not self.markers

    @property
    def is_empty(self) -> bool:
        return len(self.values) == 0

    def numbers(self) -> pl.Series | None:
        """The values as numbers, for judging their size only; None where any is none."""
        if self.is_empty:
            return None
        plain_ = self.values if not self.grouped() else self.values.str.replace_all(",", "", literal=True)
        stripped = plain_.str.strip_suffix("%")
        whole = bool(stripped.str.contains(_NUMBER).all()) and "" not in stripped
        return stripped.cast(pl.Float64, strict=False).drop_nulls() if whole else None

    def grouped(self) -> bool:
        return bool(self.values.str.contains(_GROUPED).any())

    def forms(self) -> list[str]:
        """The date forms that every value has."""
        if self.is_empty:
            return []
        frame = self.values.to_frame("t")
        return [
            form for form in _FORMS if frame.select(parse_date(pl.col("t"), form, "first").is_not_null().all()).item()
        ]


# ------------------------------------------------------------------ judging


def _rank(name: str, columns: dict[str, _Column]) -> tuple[Candidate, ...]:
    found = []
    for column, values in columns.items():
        likeness, why = _likeness(name, column)
        if likeness < POSSIBLE:
            continue
        candidate = _judge(name, column, values, likeness, why)
        if candidate.confidence >= POSSIBLE:
            found.append(candidate)
    return tuple(sorted(found, key=lambda c: -c.confidence))


def _likeness(name: str, column: str) -> tuple[int, Text]:
    folded = plain(column)
    if folded in SYNONYMS[name] or folded == plain(name):
        return 80, Text("the column's name is a known one", "列名为已知名称")
    best = max((difflib.SequenceMatcher(None, folded, known).ratio() for known in SYNONYMS[name]), default=0.0)
    return int(best * 70), Text(f"the column's name is {best:.0%} like a known one", f"列名与已知名称相似度 {best:.0%}")


def _judge(name: str, column: str, values: _Column, likeness: int, why: Text) -> Candidate:
    field = FIELD.get(name)
    kind = Kind.DATE if field is None else field.kind
    if values.is_empty:
        return Candidate(name, column, 0, (why, Text("the column is empty", "该列为空")))
    if kind is Kind.DATE:
        gain, reason, how = _judge_date(values)
        if name == AS_OF and gain > 0 and len(values.values) > 1:
            gain, reason = -20, _HISTORY
    elif name == "currency" or (field and field.codes):
        gain, reason, how = _judge_code(name, values)
    elif kind is Kind.TEXT:
        gain, reason, how = _judge_text(name, values)
    else:
        gain, reason, how = _judge_number(field, values)  # type: ignore[arg-type]
    return Candidate(name, column, max(0, min(99, likeness + gain)), (why, reason), how)


_HISTORY = Text(
    "several dates: a history; state the cut-off date, and rows: latest or keep",
    "有多个日期：多期历史数据，请声明封包日及 rows: latest 或 keep",
)


def _judge_date(values: _Column) -> tuple[int, Text, dict[str, str | dict[str, str]]]:
    forms = values.forms()
    if not forms:
        return -60, Text("its values are no dates", "其值不是日期"), {}
    if len(forms) > 1:
        shown = ", ".join(forms)
        return 10, Text(f"dates that could be {shown}: decide", f"日期可能为 {shown}，请确认"), {"dates": OPEN}
    return 15, Text(f"every value is a date as {forms[0]}", f"所有值均为 {forms[0]} 格式的日期"), {"dates": forms[0]}


def _judge_code(name: str, values: _Column) -> tuple[int, Text, dict[str, str | dict[str, str]]]:
    known = CURRENCIES if name == "currency" else CODES[name]
    codes: dict[str, str | dict[str, str]] = {}
    if len(values.values) > 40:
        return -40, Text("too many different values for a code", "取值过多，不像代码"), {}
    ours = FIELD[name].codes
    translation = {
        v: v if v in ours else known.get(plain(v.translate(_BRACKETS)), OPEN) for v in values.values.sort().to_list()
    }
    if name == "currency":
        translation = {v: v if len(v) == 3 and v.isupper() and v.isascii() else c for v, c in translation.items()}
    codes = {"values": translation} if any(k != v for k, v in translation.items()) else {}
    unknown = list(translation.values()).count(OPEN)
    if unknown:
        return 0, Text(f"codes still to be translated: {unknown}", f"有 {unknown} 个代码待对应"), codes
    return 15, Text("every code is known", "所有代码均已知"), codes


def _judge_text(name: str, values: _Column) -> tuple[int, Text, dict[str, str | dict[str, str]]]:
    if name != "loan_id":
        return 10, Text(f"{len(values.values)} different values", f"有 {len(values.values)} 个不同取值"), {}
    if values.is_unique:
        return 15, Text("every row has another value", "每行取值唯一"), {}
    return -20, Text("values come more than once: a history of several periods, or no loan number",
                     "取值重复：可能为多期历史数据，或不是借据号"), {}  # fmt: skip


def _judge_number(field: LoanField, values: _Column) -> tuple[int, Text, dict[str, str | dict[str, str]]]:
    numbers = values.numbers()
    if numbers is None:
        return -60, Text("its values are no numbers", "其值不是数字"), {}
    how: dict[str, str | dict[str, str]] = {"thousands": ","} if values.grouped() else {}
    if bool(values.values.str.ends_with("%").any()):
        how["strip"] = "%"
    if field.kind is Kind.RATE:
        return _judge_rate(field, numbers, how)
    if field.kind is Kind.INTEGER and not bool((numbers == numbers.round()).all()):
        return -40, Text("its values are not whole", "其值不是整数"), how
    return 15, Text("every value is a number", "所有值均为数字"), how


def _judge_rate(field: LoanField, numbers: pl.Series, how: dict[str, str | dict[str, str]],
                ) -> tuple[int, Text, dict[str, str | dict[str, str]]]:  # fmt: skip
    top = float(numbers.max() or 0)  # type: ignore[arg-type]
    limit = 5.0 if field.name == "ltv_ppm" else 1.0
    unit = "percent" if "strip" in how or limit < top <= 40 * limit else OPEN
    if "strip" not in how and top <= limit * 0.6:
        unit = "fraction"
    if top > 100 and field.name == "rate_ppm" and "strip" not in how:
        unit = "basis-points"
    text = Text(f"its largest value is {top:g}: {unit}", f"最大值为 {top:g}：{unit}")
    return (15 if unit != OPEN else 5), text, how | {"unit": unit}


def _choose(field: str, candidates: tuple[Candidate, ...], taken: dict[str, int]) -> Choice:
    """The best candidate where it is sure, clear of the next, and no other field claims its column more surely."""
    candidates = tuple(c for c in candidates if taken[c.column] == c.confidence)
    if not candidates or candidates[0].confidence < SURE:
        return Choice(field, None, candidates)
    close = len(candidates) > 1 and candidates[1].confidence > candidates[0].confidence - MARGIN
    return Choice(field, None if close else candidates[0], candidates)
