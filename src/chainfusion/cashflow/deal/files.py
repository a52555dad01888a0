"""A run as a table, a row a payment. Amounts are minor units in every kind of file, so that a run can be repeated from
its own (`published.read_collections`)."""

from __future__ import annotations

import polars as pl

from chainfusion.cashflow.deal.run import SUMS, DealRun
from chainfusion.cashflow.export.tables import Table


def table(run: DealRun) -> Table:
    """Up to the last payment at which anything moves: dates, collections by kind, then every flow and balance of the
    waterfall by its name in the terms."""
    pool = tuple(f"pool.{name}" for name in ("opening", *SUMS, "closing"))
    kept = [o.name for o in run.program.outputs if o.kind in ("money", "truth")]
    columns: dict[str, list[int] | list[str]] = {
        "period": list(range(1, run.last + 1)),
        "payment": [at.payment.isoformat() for at in run.periods[: run.last]],
        "collected_to": [at.collected_to.isoformat() for at in run.periods[: run.last]],
        "state": [state_of(run, n) for n in range(run.last)],
        **{name.removeprefix("pool."): list(run.flows[name][: run.last]) for name in pool},
        **{name: list(run.run[name][: run.last]) for name in kept},
    }
    return Table("run", pl.DataFrame(columns), run.terms.currency)


def state_of(run: DealRun, n: int) -> str:
    """The state that the deal is in at payment n (from 0)."""
    states = run.program.states
    return states[run.run["state"][n]] if len(states) > 1 else states[0]
