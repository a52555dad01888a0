"""What a user would otherwise write or install for loan cash flows.

Each returns the pool's defaults, interest and principal by month in currency units, in floats and without rounding to
cents, so that the benchmark can see that they compute the same thing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from benchmarks._cashflow_pool import Columns
from chainfusion.cashflow.assumptions.scenario import Scenario


def rates(assumed: Scenario, months: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """SMM and MDR by month of age as floats."""
    one = assumed.groups[0]
    ages = range(1, months + 1)
    return np.array([float(one.prepayment.exact(k)) for k in ages]), np.array(
        [float(one.default.exact(k)) for k in ages]
    )


def polars_closed_form(given: Columns, assumed: Scenario) -> pl.DataFrame:
    """Loans joined with months in one lazy plan: scheduled balances by formula, survival from the curve's product."""
    smm, mdr = rates(assumed, 481)
    survival = np.concatenate([[1.0], np.cumprod((1 - smm) * (1 - mdr))])
    curve = pl.LazyFrame({"k": np.arange(481), "s": smm, "d": mdr, "q": survival[:481]})
    c, r, n, t = pl.col, pl.col("rate"), pl.col("term"), pl.col("t")
    loans = pl.LazyFrame(
        {
            "balance": given["balance"] / 100,
            "rate": given["rate_ppm"] / 12e6,
            "term": given["term"],
            "age": given["age"],
        }
    ).join(curve.select(age=c("k"), q0=c("q")), on="age")
    flows = (
        loans.with_columns(t=pl.int_ranges(0, n), whole=1 - (1 + r).pow(-n))
        .explode("t")
        .with_columns(k=c("age") + t)
        .join(curve, on="k")
        .with_columns(
            open=c("balance") * c("q") / c("q0") * (1 - (1 + r).pow(t - n)) / c("whole"),
            stays=(1 - (1 + r).pow(t + 1 - n)) / (1 - (1 + r).pow(t - n)),
        )
        .with_columns(performing=c("open") * (1 - c("d")))
        .select(
            "t",
            defaulted=c("open") * c("d"),
            interest=c("performing") * r,
            scheduled=c("performing") * (1 - c("stays")),
            prepaid=c("performing") * c("stays") * c("s"),
        )
    )
    return flows.group_by("t").agg(pl.all().sum()).sort("t").collect(engine="streaming")


def polars_columns(given: Columns, assumed: Scenario) -> pl.DataFrame:
    """One frame of loans, a pass of expressions a month, loans leaving as they mature."""
    smm, mdr = rates(assumed, 481)
    r = given["rate_ppm"] / 12e6
    frame = pl.DataFrame({"b": given["balance"] / 100, "r": r, "n": given["term"], "k": given["age"]}).with_columns(
        pay=pl.col("b") * pl.col("r") / (1 - (1 + pl.col("r")).pow(-pl.col("n")))
    )
    smm_of, mdr_of = pl.Series(smm), pl.Series(mdr)
    rows = []
    for t in range(int(given["term"].max())):
        ages = frame["k"] + t
        d, s = mdr_of.gather(ages), smm_of.gather(ages)
        frame = frame.with_columns(p=pl.col("b") * (1 - d), pay=pl.col("pay") * (1 - d)).with_columns(
            i=pl.col("p") * pl.col("r")
        )
        frame = frame.with_columns(a=pl.min_horizontal(pl.col("pay") - pl.col("i"), pl.col("p")))
        frame = frame.with_columns(v=(pl.col("p") - pl.col("a")) * s)
        rows.append((t, (frame["b"] * d).sum(), frame["i"].sum(), frame["a"].sum(), frame["v"].sum()))
        frame = frame.with_columns(b=pl.col("p") - pl.col("a") - pl.col("v"), pay=pl.col("pay") * (1 - s))
        frame = frame.filter(pl.col("n") > t + 1)
    return pl.DataFrame(rows, schema=["t", "defaulted", "interest", "scheduled", "prepaid"], orient="row")


def numpy_columns(given: Columns, assumed: Scenario) -> pl.DataFrame:
    """Plain numpy: a pass over all loans a month, matured ones at zero."""
    smm, mdr = rates(assumed, 481)
    balance, r, n, age = given["balance"] / 100, given["rate_ppm"] / 12e6, given["term"], given["age"]
    pay = balance * r / (1 - (1 + r) ** -n)
    rows = []
    for t in range(int(n.max())):
        at = np.minimum(age + t, 480)
        defaulted = balance * mdr[at]
        performing, pay = balance - defaulted, pay * (1 - mdr[at])
        interest = performing * r
        scheduled = np.where(t < n - 1, np.minimum(pay - interest, performing), performing)
        prepaid = (performing - scheduled) * smm[at]
        rows.append((t, defaulted.sum(), interest.sum(), scheduled.sum(), prepaid.sum()))
        balance, pay = performing - scheduled - prepaid, pay * (1 - smm[at])
    return pl.DataFrame(rows, schema=["t", "defaulted", "interest", "scheduled", "prepaid"], orient="row")


def quantlib_bonds(given: Columns) -> float:
    """QuantLib's AmortizingFixedRateBond a loan, on notionals by formula: schedules alone; returns all interest."""
    import QuantLib as ql  # noqa: N813

    start, null, month = ql.Date(1, 1, 2026), ql.NullCalendar(), ql.Period(ql.Monthly)
    count, total = ql.Thirty360(ql.Thirty360.BondBasis), 0.0
    for balance, rate, term in zip(*(given[name].tolist() for name in ("balance", "rate_ppm", "term")), strict=True):
        step = rate / 12e6
        left = (1 - (1 + step) ** (np.arange(term) - float(term))) / (1 - (1 + step) ** -term)
        schedule = ql.Schedule(start, start + ql.Period(term, ql.Months), month, null, ql.Unadjusted, ql.Unadjusted,
                               ql.DateGeneration.Forward, False)  # fmt: skip
        bond = ql.AmortizingFixedRateBond(0, (balance / 100 * left).tolist(), schedule, [rate / 1e6], count)
        total += sum(flow.amount() for flow in bond.cashflows())
    return total - float(given["balance"].sum()) / 100
