"""Deal terms as records: the whole contract of who is paid what, when, from which account and under which clause.

Amounts and conditions are formulas in the language of `formula`, kept as its one spelling. Sizes and balances are
minor units of the deal's currency. Every name (accounts, fees, tranches, triggers ...) lives in one name space.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from chainfusion.domain.calendar import DateRule, DayCount
from chainfusion.domain.canonical import fingerprint
from chainfusion.domain.errors import Text
from chainfusion.domain.loan import minor_digits
from chainfusion.domain.records import to_json
from chainfusion.domain.terms.choices import Act as Act
from chainfusion.domain.terms.choices import Amortization as Amortization
from chainfusion.domain.terms.choices import By as By
from chainfusion.domain.terms.choices import Rank as Rank
from chainfusion.domain.terms.choices import Rounding as Rounding
from chainfusion.domain.terms.choices import When as When
from chainfusion.domain.terms.formula import Kind
from chainfusion.domain.text import check, check_currency

FORMAT = "chainfusion-deal-terms-v1"
FLOWS = ("scheduled", "prepaid", "recovered", "interest", "fees")
"""Collections that bring cash; each that occurs is received by one account."""
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
NOTHING = Text("", "")


def check_word(*words: str) -> None:
    """A name of the deal: a letter, then letters, digits and underscores. Raises: ValueError."""
    for word in words:
        check(_WORD.fullmatch(word) is not None, f"{word[:40]!r} is not a name: a letter, then letters, digits and _")


@dataclass(frozen=True, slots=True)
class Dates:
    """The deal's dates. `rules` holds at least `payment`; `interest` (to which interest runs; default: the payment
    date before rolling) and `collection` (the end of the collection period; default: the payment date before rolling)
    if they differ, and any others. In the rules `closing` and `cut_off` are given dates.
    """

    cut_off: date
    closing: date
    legal_maturity: date
    rules: tuple[DateRule, ...]

    def __post_init__(self) -> None:
        check(any(rule.name == "payment" for rule in self.rules), "there is no rule named payment")


@dataclass(frozen=True, slots=True)
class Account:
    """A pot of cash. `receives`: kinds of collections (FLOWS); `initial`: what it holds at closing; `target`: money."""

    id: str
    title: Text
    receives: tuple[str, ...]
    initial: int
    target: str | None

    def __post_init__(self) -> None:
        check_word(self.id)
        check(self.initial >= 0, "an account cannot begin below nothing")
        for flow in self.receives:
            check(flow in FLOWS, f"{flow[:40]!r} is none of {', '.join(FLOWS)}")


@dataclass(frozen=True, slots=True)
class Fee:
    """What somebody is owed each period: `yearly` accrues by the day count, `amount` is for the whole period.

    `first` replaces it in the first period; `at_least` and `at_most` bound it. `carry`: what is unpaid stays due;
    `arrears_rate`: interest on it.
    """

    id: str
    title: Text
    yearly: str | None
    amount: str | None
    first: str | None
    at_least: str | None
    at_most: str | None
    day_count: DayCount
    rounding: Rounding
    carry: bool
    arrears_rate: str | None

    def __post_init__(self) -> None:
        check_word(self.id)
        check((self.yearly is None) != (self.amount is None), "a fee is either yearly or an amount for each period")


@dataclass(frozen=True, slots=True)
class Tranche:
    """A class of notes.

    `coupon` is a formula of a yearly ratio (None: bears none), on `notional` (None: its balance at the period's
    beginning). `schedule`: the table of balances that it amortizes to. `per_hundred`: principal is paid per 100 of
    face, cut off to the minor unit, and what that leaves is carried to the next period (转存下期).
    """

    id: str
    title: Text
    size: int
    rating: str
    amortization: Amortization
    schedule: str | None
    coupon: str | None
    notional: str | None
    day_count: DayCount
    rounding: Rounding
    carry: bool
    arrears_rate: str | None
    per_hundred: bool
    expected: date | None

    def __post_init__(self) -> None:
        check_word(self.id)
        check(self.size >= 0, "a size is not negative")
        check(
            (self.amortization in _SCHEDULED) == (self.schedule is not None), "a schedule goes with a scheduled class"
        )


_SCHEDULED = (Amortization.SCHEDULED, Amortization.PLANNED, Amortization.TARGETED)


@dataclass(frozen=True, slots=True)
class Hedge:
    """A swap, cap or floor: each period `receive` less `pay` (yearly ratios) on `notional`. What comes in goes to
    account `to`; what is owed is due as a fee of this name."""

    id: str
    title: Text
    notional: str
    pay: str
    receive: str
    to: str
    day_count: DayCount
    rounding: Rounding

    def __post_init__(self) -> None:
        check_word(self.id)


@dataclass(frozen=True, slots=True)
class Entry:
    """From this payment, year or date (ordinal) on, the value."""

    start: int
    value: int


@dataclass(frozen=True, slots=True)
class Table:
    """Steps over payments, years since closing or dates; the last row holds for ever."""

    id: str
    title: Text
    by: By
    kind: Kind
    entries: tuple[Entry, ...]

    def __post_init__(self) -> None:
        check_word(self.id)
        check(bool(self.entries), "a table has rows")
        starts = [entry.start for entry in self.entries]
        check(starts == sorted(set(starts)), "the rows of a table rise")

    def at(self, place: int) -> int:
        """The value at a payment, year or date; 0 before the first row."""
        return next((entry.value for entry in reversed(self.entries) if entry.start <= place), 0)


@dataclass(frozen=True, slots=True)
class PrivateTerm:
    """A value known to its parties only: its bounds, and the fingerprint of value and salt (`private.commitment`);
    empty where who wrote the terms down is no party and has none."""

    id: str
    title: Text
    kind: Kind
    at_least: int
    at_most: int
    fingerprint: str

    def __post_init__(self) -> None:
        check_word(self.id)
        check(self.at_least <= self.at_most, "the bounds of a private term are in the wrong order")
        check(re.fullmatch("([0-9a-f]{64})?", self.fingerprint) is not None, "a fingerprint has 64 hexadecimal digits")


@dataclass(frozen=True, slots=True)
class Named:
    """A title for something outside: an event that may happen, an index, a party that can be paid."""

    id: str
    title: Text

    def __post_init__(self) -> None:
        check_word(self.id)


@dataclass(frozen=True, slots=True)
class Value:
    """A named formula, computed anew wherever it is used."""

    id: str
    title: Text
    formula: str

    def __post_init__(self) -> None:
        check_word(self.id)


@dataclass(frozen=True, slots=True)
class Trigger:
    """A test with consequences.

    Once on it stays on, unless `cure` holds when it is tested. `enters`: the state that it puts the deal in;
    `sets`: triggers that it turns on with itself.
    """

    id: str
    title: Text
    when: str
    tested: When
    cure: str | None
    enters: str | None
    sets: tuple[str, ...]
    clause: Text

    def __post_init__(self) -> None:
        check_word(self.id)


@dataclass(frozen=True, slots=True)
class Step:
    """One rule of a list. `sources` are drawn on in order; `payees`, or account `to` of a transfer, are paid.

    `amount`: what is due in all (default: what the payees are due; all there is, for a transfer); `cap`: at most;
    `when`: only where this holds; `unscheduled`: principal without regard to schedules. `clause`: the text of the
    contract that this implements.
    """

    id: str
    act: Act
    title: Text
    payees: tuple[str, ...]
    sources: tuple[str, ...]
    to: str | None
    rank: Rank
    shares: tuple[int, ...]
    amount: str | None
    cap: str | None
    when: str | None
    unscheduled: bool
    clause: Text

    def __post_init__(self) -> None:
        check_word(self.id)
        check((self.rank is Rank.SHARES) == bool(self.shares), "shares are given where the rank is by shares")
        check(not self.shares or len(self.shares) == len(self.payees), "each payee has a share")
        check(all(share > 0 for share in self.shares), "a share is above nothing")


@dataclass(frozen=True, slots=True)
class StepList:
    """Steps in order."""

    id: str
    title: Text
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        check_word(self.id)


@dataclass(frozen=True, slots=True)
class State:
    """What is worked through in a state, in order. The last state of the terms that a trigger has entered holds."""

    id: str
    title: Text
    lists: tuple[str, ...]

    def __post_init__(self) -> None:
        check_word(self.id)


@dataclass(frozen=True, slots=True)
class CleanUp:
    """The originator's option to buy what is left (清仓回购): when, at what price, into which account."""

    when: str
    price: str
    to: str
    clause: Text


@dataclass(frozen=True, slots=True)
class DealTerms:
    """All of a deal's terms. The first state is the one that the deal begins in."""

    id: str
    name: Text
    source: Text
    currency: str
    pool_balance: int
    dates: Dates
    day_count: DayCount
    accounts: tuple[Account, ...]
    fees: tuple[Fee, ...]
    tranches: tuple[Tranche, ...]
    hedges: tuple[Hedge, ...]
    parties: tuple[Named, ...]
    events: tuple[Named, ...]
    indices: tuple[Named, ...]
    tables: tuple[Table, ...]
    private: tuple[PrivateTerm, ...]
    values: tuple[Value, ...]
    triggers: tuple[Trigger, ...]
    lists: tuple[StepList, ...]
    states: tuple[State, ...]
    clean_up: CleanUp | None

    def __post_init__(self) -> None:
        check_currency(self.currency)
        check(self.pool_balance >= 0, "a pool's balance is not negative")
        check(bool(self.states), "there is no state")

    @property
    def claims(self) -> tuple[Fee | Hedge, ...]:
        """What steps pay as fees: fees, and what is owed under hedges."""
        return (*self.fees, *self.hedges)

    @property
    def digits(self) -> int:
        """Decimals of the currency."""
        return minor_digits(self.currency)

    def fingerprint(self) -> str:
        """SHA-256 over the terms' canonical JSON, lower-case hex: equal for documents that say the same."""
        return fingerprint({"format": FORMAT, "terms": to_json(self)})
