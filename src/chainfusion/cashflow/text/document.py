"""The document as a whole: which keys it has, and what each becomes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from chainfusion.cashflow.text.located import unfit
from chainfusion.cashflow.text.parts import Exceptions, OffsetText, PrivateShape, StepShape, Switches, TableShape
from chainfusion.cashflow.text.scalars import (
    Bilingual,
    Choice,
    Context,
    Day,
    Formula,
    Line,
    Money,
    Number,
    Plain,
    Schema,
    Whole,
    Word,
    YesNo,
)
from chainfusion.cashflow.text.shapes import DEAL, ById, Key, Many, Record
from chainfusion.domain.calendar import Cycle, DateRule, DayCount, Offset, Roll
from chainfusion.domain.errors import Text
from chainfusion.domain.terms import records as r
from chainfusion.domain.terms.formula import Kind
from chainfusion.yamlfile import Node

_NOTHING = Text("", "")
_TITLE = Key("title", "title", Bilingual(), _NOTHING)
_CLAUSE = Key("clause", "clause", Bilingual(), _NOTHING, "the text of the contract that this implements")
_DAY_COUNT = Key("day_count", "day_count", Choice(DayCount), DEAL)
_ROUNDING = Key("rounding", "rounding", Choice(r.Rounding), r.Rounding.HALF_UP)
_CARRY = Key("carry", "carry", YesNo(), True, "whether what is unpaid stays due")
_ARREARS = Key("arrears_rate", "arrears_rate", Formula("yearly ratio on what is unpaid"), None)
_MONEY, _RATIO, _TRUTH = Formula("a formula of money"), Formula("a formula of a ratio"), Formula("a condition")

RULE = Record(
    DateRule,
    (
        Key("cycle", "cycle", Record(Cycle, (
            Key("first", "first", Day()), Key("every", "every", Line(), "1M"),
            Key("month_end", "month_end", YesNo(), False),
        )), None, "period 1 falls on `first`, each later one a step after it"),
        Key("base", "base", Word(), None, "another rule, or cut_off, closing, legal_maturity"),
        Key("back", "back", Whole(0, 12), 0, "so many periods earlier"),
        Key("unrolled_base", "unrolled_base", YesNo(), False),
        Key("offset", "offset", OffsetText(), Offset()),
        Key("roll", "roll", Choice(Roll), Roll.NONE),
        Key("calendar", "calendar", Line(80), "none@1"),
        Key("exceptions", "exceptions", Exceptions(), ()),
        Key("switches", "switches", Switches(), ()),
    ),
)  # fmt: skip
DATES = Record(r.Dates, (
    Key("cut_off", "cut_off", Day()),
    Key("closing", "closing", Day()),
    Key("legal_maturity", "legal_maturity", Day()),
    Key("rules", "rules", ById(RULE, "name"), says="payment, and interest and collection where they differ from it"),
))  # fmt: skip
ACCOUNT = Record(r.Account, (
    _TITLE,
    Key("receives", "receives", Many(Line()), (), "kinds of collections: " + ", ".join(r.FLOWS)),
    Key("initial", "initial", Money(), 0),
    Key("target", "target", _MONEY, None),
))  # fmt: skip
FEE = Record(r.Fee, (
    _TITLE,
    Key("yearly", "yearly", _MONEY, None, "money a year; accrues by the day count"),
    Key("amount", "amount", _MONEY, None, "money for each period"),
    Key("first", "first", _MONEY, None, "instead, in the first period"),
    Key("at_least", "at_least", _MONEY, None),
    Key("at_most", "at_most", _MONEY, None),
    _DAY_COUNT, _ROUNDING, _CARRY, _ARREARS,
))  # fmt: skip
TRANCHE = Record(r.Tranche, (
    _TITLE,
    Key("size", "size", Money()),
    Key("rating", "rating", Line(), ""),
    Key("amortization", "amortization", Choice(r.Amortization), r.Amortization.PASS_THROUGH),
    Key("schedule", "schedule", Word(), None, "the table of balances to amortize to"),
    Key("coupon", "coupon", _RATIO, None, "yearly; min and max make caps and floors"),
    Key("notional", "notional", _MONEY, None, "what the coupon is on; default: the balance at the beginning"),
    _DAY_COUNT, _ROUNDING, _CARRY, _ARREARS,
    Key("per_hundred", "per_hundred", YesNo(), False, "principal per 100 of face, cut off, the rest carried"),
    Key("expected", "expected", Day(), None),
))  # fmt: skip
HEDGE = Record(r.Hedge, (
    _TITLE,
    Key("notional", "notional", _MONEY),
    Key("pay", "pay", _RATIO),
    Key("receive", "receive", _RATIO),
    Key("to", "to", Word()),
    _DAY_COUNT, _ROUNDING,
))  # fmt: skip
NAMED = Record(r.Named, (_TITLE,))
TABLE = TableShape(Record(r.Table, (_TITLE, Key("by", "by", Choice(r.By)))))
PRIVATE = PrivateShape(
    Record(r.PrivateTerm, (_TITLE, Key("fingerprint", "fingerprint", Line(64), "", "of value and salt")))
)
VALUE = Record(r.Value, (_TITLE, Key("formula", "formula", Formula())))
TRIGGER = Record(r.Trigger, (
    _TITLE,
    Key("when", "when", _TRUTH),
    Key("tested", "tested", Choice(r.When), r.When.START),
    Key("cure", "cure", _TRUTH, None, "what turns it off; left out: it stays on"),
    Key("enters", "enters", Word(), None, "the state that it puts the deal in"),
    Key("sets", "sets", Many(Word()), (), "triggers that it turns on with itself"),
    _CLAUSE,
))  # fmt: skip
STEP = StepShape(Record(r.Step, (
    _TITLE,
    Key("from", "sources", Many(Word()), (), "accounts, drawn on in this order"),
    Key("rank", "rank", Choice(r.Rank), r.Rank.IN_ORDER),
    Key("shares", "shares", Many(Number(Kind.RATIO)), ()),
    Key("amount", "amount", _MONEY, None, "what is due in all; `rest` is all there is"),
    Key("cap", "cap", _MONEY, None),
    Key("when", "when", _TRUTH, None),
    Key("unscheduled", "unscheduled", YesNo(), False, "principal without regard to schedules"),
    _CLAUSE,
)))  # fmt: skip
LIST = Record(r.StepList, (_TITLE, Key("steps", "steps", ById(STEP))))  # type: ignore[arg-type]
STATE = Record(r.State, (_TITLE, Key("waterfall", "lists", Many(Word()), says="lists of steps, in order")))
CLEAN_UP = Record(r.CleanUp, (
    Key("when", "when", _TRUTH), Key("price", "price", _MONEY), Key("to", "to", Word()), _CLAUSE,
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Format:
    """The format's name: a document of another format is refused."""

    def read(self, node: Node, _context: Context) -> str:
        """The name."""
        if node.text() != r.FORMAT:
            raise unfit(node, f"the format is {r.FORMAT}")
        return r.FORMAT

    def write(self, _value: str, _context: Context) -> Plain:
        """The name."""
        return r.FORMAT

    def schema(self) -> Schema:
        """A constant."""
        return {"const": r.FORMAT}


TERMS = Record(
    r.DealTerms,
    (
        Key("deal", "id", Line(64)),
        Key("name", "name", Bilingual()),
        Key("source", "source", Bilingual(), _NOTHING, "the papers that these terms restate"),
        Key("currency", "currency", Line(3), says="ISO 4217"),
        Key("day_count", "day_count", Choice(DayCount)),
        Key("pool_balance", "pool_balance", Money(), says="at the cut-off date"),
        Key("dates", "dates", DATES),
        Key("accounts", "accounts", ById(ACCOUNT)),
        Key("fees", "fees", ById(FEE), ()),
        Key("tranches", "tranches", ById(TRANCHE)),
        Key("hedges", "hedges", ById(HEDGE), ()),
        Key("parties", "parties", ById(NAMED), ()),
        Key("events", "events", ById(NAMED), (), "outside events that a run or a contract reports"),
        Key("indices", "indices", ById(NAMED), ()),
        Key("tables", "tables", ById(TABLE), ()),  # type: ignore[arg-type]
        Key("private", "private", ById(PRIVATE), (), "values known to their parties only"),  # type: ignore[arg-type]
        Key("values", "values", ById(VALUE), (), "named formulas"),
        Key("triggers", "triggers", ById(TRIGGER), ()),
        Key("waterfalls", "lists", ById(LIST)),
        Key("states", "states", ById(STATE), says="the first is the one the deal begins in; the last entered holds"),
        Key("clean_up", "clean_up", CLEAN_UP, None),
    ),
    "A deal's terms: accounts, fees, tranches, triggers, and who is paid in what order.",
)
FORMAT_KEY = Key("format", "format", Format())


def described() -> dict[str, Any]:
    """The whole document's JSON Schema, without its head."""
    schema = TERMS.schema()
    return schema | {
        "properties": {"format": Format().schema()} | schema["properties"],
        "required": ["format", *schema["required"]],
    }


def without_format(root: Node, context: Context) -> Node:
    """The document below its format. Raises: Unfit where the format is missing or another one."""
    items = dict(root.items())
    if "format" not in items:
        raise unfit(root, f"format is missing: {r.FORMAT}")
    Format().read(items.pop("format"), context)
    return replace(root, value=items)
