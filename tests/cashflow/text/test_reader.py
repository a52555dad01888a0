"""Reading a document: everything that is wrong is told, each with its line and path."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.cashflow.text.reader import lint_text, read_terms
from chainfusion.domain.calendar import DayCount
from chainfusion.domain.terms.records import Rank
from chainfusion.domain.terms.refusals import BadTerms
from tests.cashflow.text.small import SMALL, line_of, small, text

ACCOUNTS, STEPS = "accounts:\n", "    steps:\n"


def findings(*changes: tuple[str, str]) -> list[tuple[str, str, int]]:
    """Rule, path and line of each error."""
    return [(f.rule, f.path, f.line) for f in lint_text(text(*changes)) if f.severity == "error"]


def test_the_small_deal_is_sound() -> None:
    assert lint_text(SMALL.encode()) == ()
    terms = small()
    assert [t.size for t in terms.tranches] == [800_000_00, 200_000_00]
    assert terms.lists[0].steps[0].rank is Rank.PRO_RATA
    assert terms.tranches[0].day_count is DayCount.THIRTY_360
    assert terms.lists[0].steps[1].clause.zh == "第八条"


@pytest.mark.parametrize(
    ("old", "new", "rule", "path"),
    [
        ("size: 800_000.00", "size: 8e5", "form", "tranches.A.size"),
        ("size: 800_000.00", "size: 800_000.001", "form", "tranches.A.size"),
        ("size: 800_000.00", "size: -1", "form", "tranches.A.size"),
        ("coupon: 3.6%", "coupon: 3.6", "rate", "tranches.A.coupon"),
        ("coupon: 3.6%", "coupon: -3.6%", "negative", "tranches.A.coupon"),
        ("coupon: 3.6%", "coupon: LPR + 1%", "formula", "tranches.A.coupon"),
        ("coupon: 3.6%", "cuopon: 3.6%", "form", "tranches.A.cuopon"),
        ("amount: 100.00 CNY", "amount: 100", "formula", "fees.trustee.amount"),
        ("amount: 100.00 CNY", "amount: 100.00 USD", "formula", "fees.trustee.amount"),
        ("rank: pro rata", "rank: by luck", "form", "waterfalls.main.steps.fees.rank"),
        ("rank: pro rata", "cap: 500_000", "formula", "waterfalls.main.steps.fees.cap"),
        ("rank: pro rata", "cap: 5%", "formula", "waterfalls.main.steps.fees.cap"),
        ("fees: [trustee, servicer]", "fees: [trustee, nobody]", "name", "waterfalls.main.steps.fees"),
        ("fees: [trustee, servicer]", "fees: [trustee, servicer, trustee]", "twice", "waterfalls.main.steps.fees"),
        ("principal: [A, B]", "principal: [A, B, A]", "twice", "waterfalls.main.steps.principal"),
        ("interest: B, from: cash", "interest: B", "unfunded", "waterfalls.main.steps.junior"),
        ("interest: B, from: cash", "interest: B, from: vault", "name", "waterfalls.main.steps.junior.from"),
        ("interest: B, from: cash", "interest: B, from: [cash, cash]", "twice", "waterfalls.main.steps.junior.from"),
        ("transfer: reserve, from: cash", "transfer: cash, from: cash", "circular", "waterfalls.main.steps.top_up"),
        ("target: 1% * pool.opening", "target: reserve.target + 1.00 CNY", "circular", "accounts.reserve.target"),
        ("target: 1% * pool.opening", "target: rest", "formula", "accounts.reserve.target"),
        ("target: 1% * pool.opening", "target: cash.target", "formula", "accounts.reserve.target"),
        ("coupon: 3.6%", "coupon: B.coupon", "order", "tranches.A.coupon"),
        ("coupon: 3.6%", "coupon: A.coupon", "order", "tranches.A.coupon"),
        ("amount: 100.00 CNY", "amount: 10% * servicer.accrued", "order", "fees.trustee.amount"),
        (", amount: rest", "", "step", "waterfalls.main.steps.residual"),
        ("amount: rest", "amount: rest, rank: shares, shares: 90%", "step", "waterfalls.main.steps.residual.shares"),
        ("  normal: {waterfall: main}", "  normal: {waterfall: other}", "name", "states.normal.waterfall"),
        ("  normal: {waterfall: main}", "  normal: {waterfall: main}\n  bad: {waterfall: main}", "state", "states.bad"),
        ("  normal: {waterfall: main}", "  normal: {waterfall: [main, main]}", "circular", "states.normal.waterfall"),
        ("clause: 7.1", "enters: chaos", "name", "triggers.losses.enters"),
        ("clause: 7.1", "sets: chaos", "name", "triggers.losses.sets"),
        ("clause: 7.1", "tested: step", "trigger", "triggers.losses.tested"),
        ("/ pool.initial > 5%", "> 5%", "formula", "triggers.losses.when"),
        ("/ pool.initial > 5%", "/ pool.closing > 5%", "formula", "triggers.losses.when"),
        ("cut_off: 2025-01-01", "cut_off: 2025-03-01", "dates", "dates.closing"),
        ("legal_maturity: 2025-05-01", "legal_maturity: 2024-05-01", "dates", "dates.legal_maturity"),
        ("closing: 2025-01-01", "closing: 2025-02-30", "form", "dates.closing"),
        ("first: 2025-02-01}", "first: 2025-02-01}, calendar: mars", "dates", "dates.rules"),
        ("first: 2025-02-01}", "first: 2024-02-01}", "dates", "dates.rules"),
        (", recovered, interest]", "]", "received", "accounts"),
        ("initial: 10_000.00,", "initial: 10_000.00, receives: interest,", "received", "accounts.reserve.receives"),
        ("currency: CNY", "currency: cny", "form", "$"),
        ("originator: {}", "A: {}", "name", "parties.A"),
        ("originator: {}", "min: {}", "name", "parties.min"),
        ("originator: {}", "bad-name: {}", "form", "parties.bad-name"),
        ("residual}", "planned}", "form", "tranches.B"),
        ("residual}", "planned, schedule: plan}", "name", "tranches.B.schedule"),
        ("      junior: {interest: B, from: cash}\n", "", "unpaid", "tranches.B"),
        ("[trustee, servicer]", "trustee", "unpaid", "fees.servicer"),
        ("junior: {interest: B, from: cash}", "junior: {interest: B, fees: trustee, from: cash}", "form", None),
        ("format: chainfusion-deal-terms-v1", "format: other", "form", "format"),
        ("deal: small", "deal: &x small", "form", "deal"),
        ("deal: small", "deal: !!python/name:os.system small", "form", "deal"),
        ("deal: small", "deal: small\ndeal: twice", "form", "$"),
        ("parties:", "\tparties:", "form", "$"),
    ],
)  # fmt: skip
def test_nonsense_is_located(old: str, new: str, rule: str, path: str | None) -> None:
    change = (old, new)
    with pytest.raises(BadTerms) as refused:
        read_terms(text(change))
    found = {(f["rule"], f["path"], f["line"]) for f in refused.value.facts["findings"]}
    told = [(p, line) for r, p, line in found if r == rule and path in (None, p)]
    assert told, found
    near = {line_of(new.split("\n")[-1] or old.split("\n")[0], change)} if new else set()
    last = text(change).count(b"\n") + 1
    assert all(1 <= line <= last for _, line in told)
    if path is not None and "." in path and near and "\n" not in new and not path.startswith("dates.closing"):
        assert any(abs(line - min(near)) <= 1 for _, line in told), (told, near)


def test_all_errors_are_told_at_once() -> None:
    found = findings(("size: 800_000.00", "size: x"), ("size: 200_000.00", "size: y"), ("rank: pro rata", "rank: no"))
    assert [path for _, path, _ in found] == ["tranches.A.size", "tranches.B.size", "waterfalls.main.steps.fees.rank"]
    assert [line for _, _, line in found] == sorted({line for _, _, line in found})


def test_accounts_that_pass_everything_to_each_other_are_circular() -> None:
    steps = "      on: {transfer: reserve, from: cash}\n      back: {transfer: cash, from: reserve}\n"
    found = findings((STEPS, STEPS + steps))
    assert ("circular", "waterfalls.main.steps.on", line_of("on: {transfer", (STEPS, STEPS + steps))) in found


def test_an_account_into_which_nothing_comes_pays_nobody() -> None:
    found = findings((ACCOUNTS, ACCOUNTS + "  empty: {}\n"), ("interest: B, from: cash", "interest: B, from: empty"))
    assert [(rule, path) for rule, path, _ in found] == [("unfunded", "waterfalls.main.steps.junior.from")]


def test_values_defined_by_each_other_are_circular() -> None:
    values = "values:\n  x: {formula: y + 1.00 CNY}\n  y: {formula: x}\n"
    assert {(rule, path) for rule, path, _ in findings(("states:", values + "states:"))} == {
        ("circular", "values.x.formula"), ("circular", "values.y.formula"),
    }  # fmt: skip


def test_what_nothing_uses_is_a_warning() -> None:
    found = lint_text(text(("parties:", "events:\n  strike: {}\nparties:")))
    assert [(f.rule, f.path, f.severity) for f in found] == [("unused", "events.strike", "warning")]
    read_terms(text(("parties:", "events:\n  strike: {}\nparties:")))


def test_more_notes_than_assets_is_a_warning() -> None:
    found = lint_text(text(("pool_balance: 1,000,000.00", "pool_balance: 900,000.00")))
    assert [(f.rule, f.severity) for f in found] == [("issue", "warning")]


@pytest.mark.parametrize("data", [b"", b"- a", b"x", b"\xff\xfe", b"a: b", b"[" * 100, b"a: " + b"x" * 2**21])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(BadTerms):
        read_terms(data)


@given(st.integers(0, len(SMALL) - 1), st.sampled_from(["", "0", "x", " ", "\n", "%", "{", "}", ":", ",", "é", "\x00"]))
@settings(max_examples=400, deadline=None)
def test_any_changed_character_is_read_or_refused_with_findings(place: int, other: str) -> None:
    data = (SMALL[:place] + other + SMALL[place + 1 :]).encode()
    try:
        read_terms(data)
    except BadTerms as refused:
        assert refused.facts["findings"]
        assert all(f["line"] >= 0 and f["path"] and f["why"] for f in refused.facts["findings"])


def test_an_amount_may_be_written_with_its_currency() -> None:
    assert small(("size: 800_000.00", "size: 800_000.00 CNY")) == small()
    assert small(("pool_balance: 1,000,000.00", "pool_balance: 1000000")) == small()
