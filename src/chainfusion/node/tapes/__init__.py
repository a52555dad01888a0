"""Loan tapes on their way from a file into a registered pool, kept between the steps."""

from __future__ import annotations

from chainfusion.node.tapes.records import Checked, Column, Draft, Guess, NoDraft, Prepared, Seen
from chainfusion.node.tapes.tapes import CHECK, LOOK, REGISTER, Tapes

__all__ = ["CHECK", "LOOK", "REGISTER", "Checked", "Column", "Draft", "Guess", "NoDraft", "Prepared", "Seen", "Tapes"]
