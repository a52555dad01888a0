"""How one originator's tape is read: which column is which field, in what unit, and which rows belong.

A mapping is data: a small YAML file (mapping_reader.py) that a person keeps per originator. What it can say is a
closed set, so that a mapping can be read, compared and fingerprinted, and never runs anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from chainfusion.domain.canonical import fingerprint
from chainfusion.domain.loan import LOAN_FIELDS, Kind
from chainfusion.domain.records import to_json

FORMAT = "chainfusion-mapping-v1"

UNITS: dict[Kind, dict[str, int]] = {
    Kind.MONEY: {"units": 0, "thousands": 3, "ten-thousands": 4, "millions": 6},
    Kind.RATE: {"fraction": 6, "percent": 4, "basis-points": 2},
    Kind.INTEGER: {"count": 0, "months": 0, "days": 0},
}
"""Units by kind: by what power of ten a value is multiplied; money also by its currency's digits, but for MINOR."""
MINOR = "minor"
YEARS = "years"

DERIVATIONS: dict[str, tuple[int, frozenset[Kind]]] = {
    "row_number": (0, frozenset({Kind.TEXT})),
    "months_between": (2, frozenset({Kind.INTEGER})),
    "days_between": (2, frozenset({Kind.INTEGER})),
    "difference": (2, frozenset({Kind.INTEGER, Kind.MONEY})),
    "ratio": (2, frozenset({Kind.RATE})),
    "add_months": (2, frozenset({Kind.DATE})),
    "bands": (1, frozenset({Kind.CODE})),
}
"""What a field may be computed with: how many fields it takes, and for which kinds."""
AS_OF = "as_of"
"""Stands for the cut-off date in `of`."""


@dataclass(frozen=True)
class FileForm:
    """How the file is written. `kind` is csv or xlsx; `sheet` empty: the only one."""

    kind: str = "csv"
    encoding: str = "auto"
    delimiter: str = ","
    header_row: int = 1
    sheet: str = ""


@dataclass(frozen=True)
class FieldRule:
    """Where a field's value comes from and how it is read; exactly one of columns, joined, constant, derive is given.

    columns: names that the column may have; the first that the file has is read.
    first_of: columns whose first value that is not null is taken. join: columns put together with `join_with`.
    unit: see UNITS. decimal, thousands, strip: how a number is written. rounding: half-even, or empty: refuse.
    dates: forms as strptime knows them; day: the day of a form without one (first or last of the month).
    values: the tape's text to ours; otherwise: what any other text becomes (empty: refused).
    derive, of: a function of DERIVATIONS and its fields. bands: (from, code) rising.
    """

    columns: tuple[str, ...] = ()
    first_of: tuple[str, ...] = ()
    join: tuple[str, ...] = ()
    join_with: str = "/"
    constant: str = ""
    derive: str = ""
    of: tuple[str, ...] = ()
    bands: tuple[Band, ...] = ()
    unit: str = ""
    decimal: str = "."
    thousands: str = ""
    strip: tuple[str, ...] = ()
    rounding: str = ""
    dates: tuple[str, ...] = ()
    day: str = "first"
    nulls: tuple[str, ...] = ()
    values: tuple[Translation, ...] = ()
    otherwise: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """Columns that must be there, all of them; alternatives (`columns`) not among them."""
        return self.first_of + self.join


@dataclass(frozen=True)
class Translation:
    """The tape's text and ours."""

    theirs: str
    ours: str


@dataclass(frozen=True)
class Band:
    """From this number on, the code."""

    start: int
    code: str


@dataclass(frozen=True)
class Condition:
    """Rows that meet a condition: text of a `column` among `values`, or a canonical `field` absent, below or above.

    `holds` is "in", "not-in", "missing", "below" or "above"; for the last two `limit` is in the field's unit (money
    in minor units, rates in ppm, dates in days).
    """

    holds: str
    because: str
    column: str = ""
    field: str = ""
    values: tuple[str, ...] = ()
    limit: int = 0


@dataclass(frozen=True)
class LatestRow:
    """A history tape: of each loan the row with the latest date in `column` counts."""

    column: str
    dates: tuple[str, ...]
    day: str = "first"


@dataclass(frozen=True)
class Expected:
    """Totals that somebody stated, to hold the tape against; None: not stated. Money in minor units."""

    loans: int | None = None
    current_balance: int | None = None
    original_balance: int | None = None


@dataclass(frozen=True)
class AsOf:
    """The cut-off date: stated, or read from a column in which every row must agree."""

    day: date | None = None
    column: str = ""
    dates: tuple[str, ...] = ()
    month_day: str = "first"


@dataclass(frozen=True)
class Mapping:
    """All of a mapping. `fields` has a rule for each canonical field that the tape can fill; the rest stay absent."""

    originator: str
    file: FileForm
    as_of: AsOf
    fields: tuple[MappedField, ...]
    keep: tuple[Condition, ...] = ()
    exclude: tuple[Condition, ...] = ()
    latest: LatestRow | None = None
    tolerate: tuple[str, ...] = ()
    expect: Expected = field(default_factory=Expected)
    source: str = ""

    def rule(self, name: str) -> FieldRule | None:
        """The rule of a canonical field."""
        return next((mapped.rule for mapped in self.fields if mapped.name == name), None)

    def fingerprint(self) -> str:
        """SHA-256 over the mapping's canonical JSON, lower-case hex: equal for files that say the same."""
        return fingerprint({"format": FORMAT, "mapping": to_json(self)})

    def dated(self, as_of: date) -> Mapping:
        """The same mapping for another cut-off date."""
        return replace(self, as_of=AsOf(day=as_of))


@dataclass(frozen=True)
class MappedField:
    """A canonical field's name and its rule."""

    name: str
    rule: FieldRule


REQUIRED = tuple(f.name for f in LOAN_FIELDS if not f.nullable)
"""Fields that every mapping must fill."""
