"""A deal that can be run: its terms, the periods that follow from them, and its program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.analytics.errors import BadAnalysis
from chainfusion.cashflow.collections import Collections
from chainfusion.cashflow.scenarios.pooled import flows_of
from chainfusion.cashflow.scenarios.run import Result, run
from chainfusion.domain.terms.compile import compile_terms
from chainfusion.domain.terms.records import DealTerms, Tranche
from chainfusion.domain.terms.schedule import DealPeriod, schedule
from chainfusion.domain.waterfall.program import Program

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Deal:
    """Terms, their periods and their program; `private` are values that the terms do not tell."""

    terms: DealTerms
    periods: tuple[DealPeriod, ...]
    program: Program
    private: Mapping[str, int]

    def tranche(self, name: str) -> Tranche:
        """A class of notes. Raises: BadAnalysis."""
        for tranche in self.terms.tranches:
            if tranche.id == name:
                return tranche
        known = ", ".join(t.id for t in self.terms.tranches)
        raise BadAnalysis(where="tranche", value=name, why=f"the deal has {known}", why_zh=f"交易的档次为 {known}")

    def flow(self, result: Result, name: str) -> Ints:
        """An output (scenarios, periods) of a run; nothing where the deal has no such output.

        Raises: BadAnalysis where the deal has it and the run did not keep it.
        """
        if name in result.names:
            return result[name]
        if any(output.name == name for output in self.program.outputs):
            raise BadAnalysis(where="result", value=name, why="the run did not keep it", why_zh="测算未保留该项")
        return np.zeros((result.scenarios, self.program.periods), np.int64)

    def run(
        self,
        collections: Collections,
        given: Mapping[str, Ints] | None = None,
        *,
        keep: Sequence[str] | None = None,
        threads: int | None = None,
    ) -> Result:
        """The deal on a pool's collections; `given` are events and indices. The result's flows hold the pool's
        closing balance, whether the deal asks for it or not. Raises: BadCollections and others."""
        last = np.zeros((collections.scenarios, self.program.periods), np.int64)
        told = collections.closing[:, : self.program.periods]
        last[:, : told.shape[1]] = told
        flows = {"pool.closing": last} | flows_of(self.program, collections) | dict(given or {})
        return run(self.program, flows, keep=keep, threads=threads)

    def again(self, terms: DealTerms) -> Deal:
        """The same deal with other terms (sizes, coupons), and the same dates. Raises: BadTerms."""
        program = compile_terms(terms, periods=self.periods, private=self.private)
        return Deal(terms, self.periods, program, self.private)


def deal_of(terms: DealTerms, private: Mapping[str, int] | None = None) -> Deal:
    """A deal from its terms. Indices are asked of each run. Raises: BadTerms, BadRun, and the calendar's refusals."""
    periods = schedule(terms.dates)
    return Deal(terms, periods, compile_terms(terms, periods=periods, private=private), dict(private or {}))
