"""A deal on its pool: months into payments, every cent read back, files that repeat a run, nonsense refused."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from importlib.resources import files as resources
from pathlib import Path

import numpy as np
import openpyxl  # type: ignore[import-untyped]
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.cashflow.collections import Collections, collections_of
from chainfusion.cashflow.deal.assumed import Assumed, BadScenario, assumed, from_query, read_scenario
from chainfusion.cashflow.deal.files import table
from chainfusion.cashflow.deal.published import BadCollectionsFile, flows_of, read_collections
from chainfusion.cashflow.deal.reading import PeriodReading, read_period
from chainfusion.cashflow.deal.run import AssumedUnknown, DealRun, IndexNeeded, by_period, run_deal
from chainfusion.cashflow.deal.summary import summaries
from chainfusion.cashflow.export.files import FileKindUnknown, content
from chainfusion.cashflow.scenarios.inspector import NoSuchPeriod
from chainfusion.cashflow.scenarios.payments import month_end
from chainfusion.cashflow.text.reader import load_terms, read_terms
from chainfusion.domain.terms.formula import Kind
from chainfusion.domain.terms.private import PrivateTermDiffers, Side, commitment
from chainfusion.domain.terms.records import DealTerms
from chainfusion.domain.terms.schedule import schedule

AUTO = read_terms(resources("chainfusion").joinpath("demo/data/auto-terms.yaml").read_bytes())
HEXIANG = Path(__file__).parents[3] / "examples" / "hexiang-2017-5" / "terms.yaml"
BALANCE = AUTO.pool_balance
FLOWS = ("scheduled", "prepaid", "defaulted", "recovered", "lost", "interest")


def monthly(months: int = 60, prepaid: int = 100_000_00, defaulted: int = 0, recovered: int = 0) -> Collections:
    """A pool that pays back the same amount each month, as long as it lasts."""
    left, rows = BALANCE, []
    for _ in range(months):
        lost = min(defaulted, left)
        early = min(prepaid, left - lost)
        paid = min(600_000_00, left - lost - early)
        rows.append((paid, early, lost, min(recovered, lost), lost - min(recovered, lost), left * 5 // 1200))
        left -= paid + early + lost
    columns = np.array(rows, np.int64).T[:, None, :]
    return collections_of("USD", ["one"], np.array([BALANCE]), dict(zip(FLOWS, columns, strict=True)))


def ran(**pool: int) -> DealRun:
    return run_deal(AUTO, monthly(**pool))


def adds_up(run: DealRun, n: int) -> PeriodReading:
    """A payment, once what is read of it is known to add up to the cent."""
    found = read_period(run, n)
    assert found.difference == 0
    assert found.cash_in == sum(each.amount for each in found.inflows)
    assert found.cash_out == sum(each.amount for each in found.outflows)
    assert found.held_before + found.cash_in == found.held_after + found.cash_out
    for step in found.steps:
        assert step.paid + step.carried == step.available - step.left or step.act in (
            "capitalize",
            "write_down",
            "test",
        )
        assert step.due == step.paid + step.unpaid
        assert (step.title.en, step.title.zh, step.why.en, step.why.zh) > ("", "", "", "")
    return found


# ------------------------------------------------------------------ months and payments


def test_a_month_belongs_to_the_payment_in_whose_collection_period_it_ends() -> None:
    quarterly = load_terms(HEXIANG)
    first = schedule(quarterly.dates)[0]
    assert (first.collected_after, first.collected_to) == (date(2017, 10, 1), date(2017, 12, 31))
    flows, after = by_period(monthly(4), quarterly, schedule(quarterly.dates))
    assert flows["pool.scheduled"][:3] == [3 * 600_000_00, 600_000_00, 0]
    assert after == 0


@pytest.mark.parametrize(
    ("cut_off", "ends"),
    [
        (date(2017, 10, 1), [date(2017, 10, 31), date(2017, 11, 30), date(2017, 12, 31)]),
        (date(2019, 8, 31), [date(2019, 9, 30), date(2019, 10, 31), date(2019, 11, 30)]),
        (date(2025, 2, 10), [date(2025, 3, 10), date(2025, 4, 10), date(2025, 5, 10)]),
    ],
)
def test_months_after_a_cut_off_on_the_first_end_with_the_calendars(cut_off: date, ends: list[date]) -> None:
    assert [month_end(cut_off, n) for n in (1, 2, 3)] == ends


@given(st.integers(1, 110), st.integers(0, 3_000_000_00), st.integers(0, 1_000_000_00), st.integers(0, 2_000_000_00))
@settings(max_examples=60, deadline=None)
def test_nothing_is_lost_between_months_and_payments(months: int, prepaid: int, defaulted: int, recovered: int) -> None:
    pool, periods = monthly(months, prepaid, defaulted, recovered), schedule(AUTO.dates)
    flows, after = by_period(pool, AUTO, periods)
    cash = ("scheduled", "prepaid", "recovered", "interest")
    assert sum(int(getattr(pool, name).sum()) for name in cash) == after + sum(sum(flows[f"pool.{n}"]) for n in cash)
    assert flows["pool.opening"][0] == BALANCE
    assert flows["pool.opening"][1:] == flows["pool.closing"][:-1]
    assert min(flows["pool.closing"]) >= 0


def test_what_comes_in_after_the_last_payment_is_told() -> None:
    late = monthly(120, prepaid=0)
    notes = tuple(replace(tranche, expected=None) for tranche in AUTO.tranches)
    short = replace(AUTO, tranches=notes, dates=replace(AUTO.dates, legal_maturity=date(2020, 1, 15)))
    run = run_deal(short, late)
    assert len(run.periods) == 4
    assert run.after_end == int((late.principal + late.interest)[0, 4:].sum())


# ------------------------------------------------------------------ every cent read back


@pytest.mark.parametrize("pool", [{}, {"defaulted": 300_000_00, "recovered": 50_000_00}, {"prepaid": 9_000_000_00}])
def test_every_payment_adds_up(pool: dict[str, int]) -> None:
    run = ran(**pool)
    for n in range(1, run.last + 1):
        adds_up(run, n)


def test_a_reading_is_the_run_s() -> None:
    run = ran(defaulted=200_000_00)
    columns, rows = tuple(table(run).frame.columns), table(run).frame.rows()
    for n, row in enumerate(rows, 1):
        told, found = dict(zip(columns, row, strict=True)), read_period(run, n)
        paid = {each.name: each.amount for each in found.outflows}
        for name in ("A1", "A2", "B"):
            assert paid[f"{name}.principal"] == told[f"{name}.principal_paid"]
            assert paid[f"{name}.interest"] == told[f"{name}.interest_paid"]
        assert found.payment.isoformat() == told["payment"]
        assert found.state == told["state"]


def test_losses_above_their_limit_accelerate_the_deal_and_both_sides_are_told() -> None:
    run = ran(defaulted=200_000_00)
    turned = next(n for n in range(1, run.last) if read_period(run, n).state == "accelerated")
    found = adds_up(run, turned)
    losses = next(each for each in found.triggers if each.trigger == "losses")
    (side,) = losses.conditions
    assert (losses.was, losses.on, losses.test) == (False, True, True)
    assert (side.left, side.right) == (200_000_00 * turned, BALANCE * 15 // 1000)
    assert (side.left_said.zh, side.holds) == (f"{2000 * turned * 100:,}.00 USD", True)
    assert [action.zh for action in losses.actions] == ["进入状态：加速清偿"]
    assert {step.list for step in found.steps} == {"acceleration"}
    before = next(each for each in adds_up(run, turned - 1).triggers if each.trigger == "losses")
    assert not before.on
    assert not before.conditions[0].holds


def test_the_limit_that_held_is_told_in_words() -> None:
    steps = {step.step: step for step in adds_up(ran(), 1).steps}
    principal = steps["f"]
    first, second, _ = principal.payments
    assert (first.bound, second.bound) == ("cash", "rank")
    assert f"{first.due / 100:,.2f} USD" in first.why.en
    assert f"{principal.available / 100:,.2f} USD" in first.why.zh
    assert (steps["h"].applied, steps["h"].why.zh) == (False, "条件不成立")
    assert steps["f"].code.splitlines()[0] == "principal: A1, A2, B"
    assert steps["f"].clause.zh == "第5.2(f)条"


def test_a_cap_and_an_amount_are_told() -> None:
    fees = tuple(replace(fee, amount="5_000.00 USD") if fee.id == "trustee" else fee for fee in AUTO.fees)
    run = run_deal(replace(AUTO, fees=fees), monthly())
    first = adds_up(run, 1).steps[0]
    assert (first.cap, first.paid, first.unpaid, first.payments[0].bound) == (2_000_00, 2_000_00, 3_000_00, "cap")
    assert adds_up(run, 2).steps[0].due == 8_000_00, "what is unpaid stays due"


def test_classes_are_summed_up() -> None:
    run = ran()
    for each in summaries(run):
        assert each.principal + run.run[f"{each.name}.balance"][-1] == each.size
        assert each.unpaid == 0
        assert each.first is not None
        assert each.last is not None
        assert AUTO.dates.closing < each.first <= each.last
        life = each.life_days
        assert life is not None
        assert (each.first - AUTO.dates.closing).days <= life <= (each.last - AUTO.dates.closing).days


def test_a_period_that_is_not_there_is_refused() -> None:
    run = ran()
    for period in (0, -1, len(run.periods) + 1):
        with pytest.raises(NoSuchPeriod):
            read_period(run, period)


# ------------------------------------------------------------------ private terms, indices, events


def test_private_terms_are_run_at_either_bound_or_supplied_and_proved() -> None:
    low, high = (run_deal(AUTO, monthly(), Assumed(bound=side)) for side in Side)
    assert sum(low.run["backup.paid"]) == 0 < sum(high.run["backup.paid"])
    salt = bytes(range(16))
    letter = replace(AUTO.private[0], fingerprint=commitment(100_000, Kind.RATIO, salt))
    sealed = replace(AUTO, private=(letter,))
    told = run_deal(sealed, monthly(), Assumed(private={"backup_fee": ("0.1%", salt.hex())}))
    assert sum(low.run["backup.paid"]) < sum(told.run["backup.paid"]) < sum(high.run["backup.paid"])
    for value in ("0.2%", "0.3%"):
        with pytest.raises(PrivateTermDiffers):
            run_deal(sealed, monthly(), Assumed(private={"backup_fee": (value, salt.hex())}))


def hexiang(**told: object) -> DealRun:
    terms = load_terms(HEXIANG)
    flows = flows_of(["scheduled", "prepaid", "interest"], [[1_000_000_000_00, 0, 10_000_000_00]] * 12, terms)
    return run_deal(terms, flows, Assumed(**told))  # type: ignore[arg-type]


def test_an_index_must_be_assumed_and_an_event_happens_from_its_payment_on() -> None:
    with pytest.raises(IndexNeeded) as refusal:
        hexiang()
    assert refusal.value.facts["index"] == "PBOC1Y"
    for wrong in ({"indices": {"LIBOR": ()}}, {"events": {"flood": 1}}):
        with pytest.raises(AssumedUnknown):
            hexiang(**wrong)
    told = from_query([("index.PBOC1Y", "4.35,5"), ("event.vote_to_accelerate", "3")])
    run = hexiang(indices=told.indices, events=told.events)
    assert run.run["acceleration"][:4] == (0, 0, 1, 1)
    assert adds_up(run, 3).triggers[0].on


# ------------------------------------------------------------------ assumptions as people write them


def test_an_address_a_file_and_words_say_the_same() -> None:
    words = assumed({"cpr": "8", "cdr": " 1.5", "recovery": "40", "lag": "6", "bound": "high"})
    file = read_scenario(b"cpr: 8\ncdr: 1.5\nrecovery: 40\nlag: 6\nbound: high\n")
    assert words == file == from_query(words.query)
    assert words.key == file.key
    full = read_scenario(b"indices: {PBOC1Y: [4.35, 5]}\nevents: {call_notice: 24}\n")
    assert from_query(full.query) == full
    assert read_scenario(b'{"cpr": 8, "cdr": 1.5, "recovery": 40, "lag": 6, "bound": "high"}') == words


@pytest.mark.parametrize(
    ("name", "word"),
    [("cpr", w) for w in ("-1", "100.1", "1e1", "nan", "inf", "٣", "8%", "0x8", "1_0", "9" * 400, "<b>")]
    + [("lag", "241"), ("lag", "1.5"), ("lag", "-1"), ("bound", "middle"), ("index.X", "1,,2"), ("event.X", "0")],
)
def test_words_that_are_no_assumption_are_refused(name: str, word: str) -> None:
    with pytest.raises(BadScenario) as refusal:
        from_query([(name, word)])
    assert len(str(refusal.value.facts["given"])) <= 40


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"- 1",
        b"cpr: [1]",
        b"speed: 8",
        b"cpr: 8\ncpr: 9",
        b"cpr: &a 8",
        b"\xff",
        b"private: {x: {value: 1}}",
        b"private: {x: {value: 1%, salt: 00}}",
        b"events: {a: soon}",
        b"x: " + b"[" * 50,
    ],
)
def test_a_file_that_is_no_scenario_is_refused(text: bytes) -> None:
    with pytest.raises(BadScenario):
        read_scenario(text)


# ------------------------------------------------------------------ files


@pytest.mark.parametrize("kind", [".csv", ".parquet"])
def test_a_run_is_repeated_from_its_own_file(kind: str, tmp_path: Path) -> None:
    run = ran(defaulted=150_000_00, recovered=40_000_00)
    file = tmp_path / f"run{kind}"
    file.write_bytes(content(table(run), file.name))
    again = run_deal(AUTO, read_collections(file, AUTO))
    assert table(again).frame.equals(table(run).frame)


def test_the_kinds_of_files_hold_the_same(tmp_path: Path) -> None:
    run = ran()
    columns, rows = tuple(table(run).frame.columns), table(run).frame.rows()
    sheet = openpyxl.load_workbook(io.BytesIO(content(table(run), "run.xlsx"))).active
    assert [tuple(cell.value for cell in row) for row in sheet.iter_rows()] == [columns, *rows]
    frame = pl.read_parquet(io.BytesIO(content(table(run), "run.parquet")))
    assert (tuple(frame.columns), frame.rows()) == (columns, rows)
    with pytest.raises(FileKindUnknown):
        content(table(run), "run.pdf")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "scheduled,prepaid\n1,2\n",
        "scheduled,prepaid,interest\n1,2\n",
        "scheduled,prepaid,interest\n1,2,-3\n",
        "scheduled,prepaid,interest\n1,2,3.5\n",
        "scheduled,prepaid,interest\n1,2,٣\n",
        f"scheduled,prepaid,interest\n1,2,{2**50}\n",
        f"scheduled,prepaid,interest\n{BALANCE},1,3\n",
        "scheduled,prepaid,interest\n" + "1,1,1\n" * 200,
        'scheduled,prepaid,interest\n"1,2,3\n',
        "PAR1",
    ],
)
def test_a_table_that_is_no_collections_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "collections.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadCollectionsFile):
        read_collections(file, AUTO)


def test_all_terms_are_read_in_both_languages() -> None:
    terms: DealTerms = load_terms(HEXIANG)
    run = hexiang(indices=from_query([("index.PBOC1Y", "4.35")]).indices)
    found = adds_up(run, 2)
    assert {step.list_title.zh for step in found.steps} == {found.title.zh for found in terms.lists[:2]}
