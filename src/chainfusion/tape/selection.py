"""Which loans of a tape go into the pool: those that meet every eligibility criterion (入池)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from chainfusion.domain.criteria import Criteria
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.tape.evaluate import meets
from chainfusion.tape.schema import Tape
from chainfusion.tape.sums import exact_sum


class NothingEligible(ChainFusionError):
    """A tape of which no loan meets the criteria."""

    code = "NOTHING_ELIGIBLE"
    says = Text("No loan of {name} meets every criterion.", "{name} 中没有任何贷款符合全部合格标准。")
    do = Text("Check the criteria, and the mapping's units.", "请检查合格标准以及字段映射的单位。")


@dataclass(frozen=True, eq=False)
class Selection:
    """The eligible part of a tape, and how many loans with what balance (minor units) were left out."""

    tape: Tape
    left_out: int
    left_out_balance: int


def select(tape: Tape, criteria: Criteria) -> Selection:
    """The loans that meet every eligibility criterion, in tape order. Raises: NothingEligible."""
    keep = pl.Series([True]).new_from_index(0, len(tape))
    for criterion in criteria.eligibility:
        keep &= meets(tape.frame, criterion.condition)
    require(bool(keep.any()), NothingEligible(name=tape.source_name))
    dropped = tape.frame.filter(~keep)["current_balance"]
    return Selection(replace(tape, frame=tape.frame.filter(keep)), len(dropped), exact_sum(dropped))
