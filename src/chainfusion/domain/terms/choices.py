"""What deal terms choose from: how to round, amortize, rank; what a step does; when a trigger is tested."""

from __future__ import annotations

from enum import StrEnum


class Rounding(StrEnum):
    """How a quotient becomes a whole number of minor units."""

    DOWN = "down"
    HALF_UP = "half_up"
    UP = "up"
    HALF_EVEN = "half_even"


class Amortization(StrEnum):
    """What principal a tranche is due."""

    PASS_THROUGH = "pass_through"  # noqa: S105
    """Its whole balance, as soon as there is cash."""
    SCHEDULED = "scheduled"
    """Down to the balance that its table states for the payment (固定摊还, 计划摊还)."""
    PLANNED = "planned"
    """As scheduled: a planned amortization class, with support from others (PAC)."""
    TARGETED = "targeted"
    """As scheduled: a targeted amortization class (TAC)."""
    ACCRUAL = "accrual"
    """Interest is added to the balance while a step capitalizes it (Z)."""
    INTEREST_ONLY = "interest_only"
    """None: interest on a notional amount."""
    RESIDUAL = "residual"
    """What is left (次级)."""


class Rank(StrEnum):
    """How payees of one step share."""

    IN_ORDER = "in_order"
    PRO_RATA = "pro_rata"
    """By amounts due (同顺序按应付比例)."""
    BY_BALANCE = "by_balance"
    """By balances; what exceeds an amount due goes to the others in order."""
    SHARES = "shares"
    """By stated shares."""


class Act(StrEnum):
    """What a step does."""

    FEES = "fees"
    INTEREST = "interest"
    PRINCIPAL = "principal"
    RETURN = "return"
    """An amount that is due only here and is not carried (期间收益, residual)."""
    TRANSFER = "transfer"
    CAPITALIZE = "capitalize"
    """Interest due becomes balance; no cash moves."""
    WRITE_DOWN = "write_down"
    """A loss reduces balances; no cash moves."""
    BUY = "buy"
    """Cash for further assets (持续购买)."""
    TEST = "test"


class When(StrEnum):
    """When a trigger is tested."""

    START = "start"
    END = "end"
    STEP = "step"
    """Where a step of kind `test` names it."""


class By(StrEnum):
    """What the left column of a table counts."""

    PAYMENT = "payment"
    YEAR = "year"
    """Years since closing, the first being 1."""
    DATE = "date"
